package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/timescale/tsbs/pkg/targets/influx"

	"github.com/pointwire/pointwire/bench/tsbs/pointwire"
	"github.com/pointwire/pointwire/internal/measure"
)

// TestRun runs a case of each kind on little data, with the real programs and server.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds TSBS and InfluxDB")
	}
	var out bytes.Buffer
	args := []string{"-json", "-progress", "-rounds", "1", "-turn", "1us", "-size", "0.01",
		"-case", "^(encode-devops|load-devops-gzip-8|load-cpu-only-plain-1|query-cpu-max-all-8)$"}
	var progress bytes.Buffer
	if err := run(args, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	type line struct {
		Case, Contender, Wrong string
		CPU                    float64 `json:"cpu_ns_per_unit"`
		Extra                  float64
	}
	found := map[string]int{}
	for d := json.NewDecoder(&out); ; {
		var l line
		if err := d.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if l.Case == "" {
			continue // the environment, or a goal
		}
		if l.Wrong != "" || l.CPU <= 0 || strings.HasPrefix(l.Case, "query") && l.Extra <= 0 {
			t.Errorf("%+v", l)
		}
		found[l.Case]++
	}
	for name, n := range map[string]int{"encode-devops": 2, "load-devops-gzip-8": 4, "load-cpu-only-plain-1": 3, "query-cpu-max-all-8": 4} {
		if found[name] != n {
			t.Errorf("%d contenders of %s, want %d", found[name], name, n)
		}
	}
	if n := strings.Count(progress.String(), `"suite":"tsbs"`); n != 13 {
		t.Errorf("%d lines of progress, want one per turn:\n%s", n, &progress)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-size", "2"}, {"-case", "("}, {"x"}} {
		if run(args, io.Discard, io.Discard) == nil {
			t.Errorf("%q is no error", args)
		}
	}
}

// TestList holds that a list needs no server.
func TestList(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-list", "-case", "^load-.*-8$"}, &out, io.Discard); err != nil || strings.Count(out.String(), "\n") != 4 {
		t.Errorf("%v\n%s", err, &out)
	}
	out.Reset()
	if err := run([]string{"-list", "-suite", "encode"}, &out, io.Discard); err != nil || out.Len() > 0 {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestSamePoints holds that the check of lines finds what changed.
func TestSamePoints(t *testing.T) {
	for _, use := range []string{cpuOnly, devops} {
		points := simulated(use, 300)
		var lines bytes.Buffer
		var s influx.Serializer
		for _, p := range points {
			if err := s.Serialize(p, &lines); err != nil {
				t.Fatal(err)
			}
		}
		if err := samePoints(lines.Bytes(), points); err != nil {
			t.Error(err)
		}
		for i, b := range lines.Bytes() {
			if b != '1' {
				continue
			}
			changed := bytes.Clone(lines.Bytes())
			changed[i] = '2'
			if err := samePoints(changed, points); !errors.Is(err, measure.ErrWrong) {
				// A digit beyond those that a float64 has may be any.
				if at := bytes.IndexByte(changed[i:], ','); at > 2 && at < 20 && !bytes.ContainsRune(changed[i:i+at], ' ') {
					t.Errorf("%s: byte %d changed, and the check says %v", use, i, err)
				}
			}
			if i > 2000 {
				break
			}
		}
		if err := samePoints(lines.Bytes(), points[1:]); err == nil {
			t.Error("a point too many is not found")
		}
	}
}

// TestAddJSON holds what the sum of a response is, and that errors in it are found.
func TestAddJSON(t *testing.T) {
	var sum pointwire.Sum
	body := `{"results":[{"series":[{"values":[[5,1.5,"a",null]]}]}]}`
	if err := addJSON(&sum, []byte(body)); err != nil {
		t.Fatal(err)
	}
	want := pointwire.Sum{Rows: 1, Bits: 5}
	want.AddNumber(1.5)
	want.AddText([]byte("a"))
	if sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
	for _, body := range []string{`{"error":"x"}`, `{"results":[{"error":"x"}]}`, `{`, `{"results":[{"series":[{"values":[["a"]]}]}]}`} {
		if err := addJSON(&sum, []byte(body)); err == nil && !strings.Contains(body, `{"error":"x"}`) {
			t.Errorf("%s is no error", body)
		}
	}
}
