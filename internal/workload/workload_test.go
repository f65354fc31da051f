package workload

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestPointsAreReproducible(t *testing.T) {
	if a, b := CPUs(1000, 1), CPUs(1000, 1); !slices.Equal(a, b) || a[0] == CPUs(1000, 2)[0] {
		t.Error("CPUs does not follow its seed")
	}
	if a, b := Servers(1000, 1), Servers(1000, 1); !slices.Equal(a, b) || a[0] == Servers(1000, 2)[0] {
		t.Error("Servers does not follow its seed")
	}
	if a, b := Logs(1000, 1), Logs(1000, 1); !slices.Equal(a, b) || a[0] == Logs(1000, 2)[0] {
		t.Error("Logs does not follow its seed")
	}
}

func TestPathsThatHaveNoText(t *testing.T) {
	const n = 20_000
	a := Paths(n, 1)
	if !slices.Equal(a, Paths(n, 1)) || a[0] == Paths(1, 2)[0] {
		t.Error("Paths does not follow its seed")
	}
	bad := 0
	for i := range a {
		if !a[i].Representable() {
			bad++
		}
	}
	if share := float64(bad) / n; share < 0.13 || share > 0.16 {
		t.Errorf("%.3f of the points cannot be represented, want 1 in 7", share)
	}
}

func TestKeysAreSorted(t *testing.T) {
	servers := slices.Concat(ServerFloats, ServerInts, ServerBools, ServerStrings)
	if len(servers) != 50 {
		t.Errorf("Server has %d fields, want 50", len(servers))
	}
	for _, keys := range [][]string{CPUTags, CPUFields, servers} {
		if !slices.IsSorted(keys) {
			t.Errorf("not in order: %q", keys)
		}
	}
}

func TestLogsNeedEscapes(t *testing.T) {
	const n = 20_000
	total, escapes, kinds := 0, 0, map[int]int{}
	for _, l := range Logs(n, 1) {
		total += len(l.Message)
		k := strings.Count(l.Message, `"`) + strings.Count(l.Message, `\`)
		escapes += k
		kinds[min(k, 1)]++
		if strings.ContainsAny(l.Message, "\n\r\t") {
			t.Fatalf("control character in %q", l.Message)
		}
	}
	if mean := float64(total) / n; mean < 180 || mean > 220 {
		t.Errorf("messages are %.0f bytes long, want about 200", mean)
	}
	if kinds[0] != 0 {
		t.Errorf("%d messages of %d need no escape", kinds[0], n)
	}
	t.Logf("%.0f bytes and %.1f escapes per message", float64(total)/n, float64(escapes)/n)
}

func TestNumberSets(t *testing.T) {
	const n = 131_072
	for _, set := range FloatSets {
		vs := set.Make(n, 1)
		distinct := map[float64]bool{}
		for _, v := range vs {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s holds %v", set.Name, v)
			}
			distinct[v] = true
		}
		if !slices.Equal(vs, set.Make(n, 1)) {
			t.Errorf("%s does not follow its seed", set.Name)
		}
		t.Logf("%s: %d distinct values, %v", set.Name, len(distinct), vs[:5])
	}
	for _, set := range IntSets {
		vs := set.Make(n, 1)
		if !slices.Equal(vs, set.Make(n, 1)) {
			t.Errorf("%s does not follow its seed", set.Name)
		}
		t.Logf("%s: %v", set.Name, vs[:5])
	}
}

func TestBodiesAreResponses(t *testing.T) {
	for _, b := range Bodies {
		rows := map[int]int{}
		for _, chunk := range []int{0, 10} {
			body := b.Make(0.01, chunk)
			d := json.NewDecoder(bytes.NewReader(body))
			d.DisallowUnknownFields()
			docs := 0
			for ; ; docs++ {
				var doc struct {
					Results []struct {
						StatementID int `json:"statement_id"`
						Series      []struct {
							Name    string
							Tags    map[string]string
							Columns []string
							Values  [][]any
							Partial bool
						}
						Partial bool
					}
				}
				err := d.Decode(&doc)
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s, chunk %d: %v", b.Name, chunk, err)
				}
				for _, s := range doc.Results[0].Series {
					rows[chunk] += len(s.Values)
					for _, v := range s.Values {
						if len(v) != len(s.Columns) {
							t.Fatalf("%s: a row of %d cells under %d columns", b.Name, len(v), len(s.Columns))
						}
					}
				}
			}
			if chunk == 0 && docs != 1 {
				t.Errorf("%s: %d documents", b.Name, docs)
			}
		}
		if rows[0] == 0 || rows[0] != rows[10] {
			t.Errorf("%s: %d rows in one document, %d in chunks", b.Name, rows[0], rows[10])
		}
		if _, ok := FindBody(b.Name); !ok {
			t.Errorf("FindBody does not find %s", b.Name)
		}
	}
}

func TestBodySizes(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 90 MB")
	}
	want := map[string]float64{"cpugb": 29e6, "cpu2gb": 11e6, "trade": 14e6, "wide": 12e6, "logs": 7e6, "logs_escaped": 12e6, "mix": 12e6, "small_mean": 50e3, "small_last": 5e3}
	for _, b := range Bodies {
		if n := float64(len(b.Make(1, 0))); n < 0.85*want[b.Name] || n > 1.15*want[b.Name] {
			t.Errorf("%s is %.0f bytes, want about %.0f", b.Name, n, want[b.Name])
		}
	}
}
