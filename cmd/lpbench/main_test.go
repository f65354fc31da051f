package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/workload"
)

func silent() *progress { return &progress{w: io.Discard} }

func TestQuick(t *testing.T) {
	var out bytes.Buffer
	if err := run(context.Background(), []string{"-quick", "-count", "1", "-benchtime", "1us"}, &out, silent(), false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 000", "encode", "write", "query", "AppendFloat, sensor", "rows of trades"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestMismatch flips one bit of one value of each kind, and leaves out a point.
func TestMismatch(t *testing.T) {
	url, stop, err := replayServer(recorded)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, c := range []struct {
		name  string
		alter func(v []workload.Trade) []workload.Trade
		says  string
	}{
		{"nothing", func(v []workload.Trade) []workload.Trade { return v }, ""},
		{"float", func(v []workload.Trade) []workload.Trade {
			v[4000].Price = math.Float64frombits(math.Float64bits(v[4000].Price) ^ 1)
			return v
		}, "Price"},
		{"integer", func(v []workload.Trade) []workload.Trade { v[0].Size++; return v }, "Size"},
		{"string", func(v []workload.Trade) []workload.Trade { v[17].TradeID += " "; return v }, "TradeID"},
		{"tag", func(v []workload.Trade) []workload.Trade { v[18].Side = "SWAP"; return v }, "Side"},
		{"timestamp", func(v []workload.Trade) []workload.Trade { v[4999].Timestamp++; return v }, "Timestamp"},
		{"missing", func(v []workload.Trade) []workload.Trade { return v[:4999] }, "wrote 4999 points, read 5000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, err := open(url)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var out bytes.Buffer
			kinds := []kind{newPoints(c.alter(workload.Trades(recordedTrades, 1)))}
			_, err = roundTrip(context.Background(), client.WithDatabase("x"), kinds, &out, silent())
			if c.says == "" {
				if err != nil {
					t.Fatalf("%v\n%s", err, &out)
				}
				return
			}
			if !errors.Is(err, errMismatch) || !strings.Contains(out.String(), c.says) {
				t.Errorf("error %v, said %q, want %q", err, &out, c.says)
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run(ctx, []string{"-quick"}, io.Discard, silent(), false); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-trades", "0"}, {"-count", "0"}, {"-quick", "-url", "http://x"}, {"surplus"}, {"-nonsense"}} {
		if err := run(context.Background(), args, io.Discard, silent(), false); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
	const secret = "http://u:se%zcret@x"
	if _, err := withGzip(secret); err == nil || strings.Contains(err.Error(), "cret") {
		t.Errorf("error %v", err)
	}
	if u, err := withGzip("http://x/?database=d&gzip=off"); err != nil || !strings.Contains(u, "gzip=off") {
		t.Errorf("%q, %v", u, err)
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	table := table{head: []string{"a", "größe", "c"}}
	table.add("long", "1", "2")
	table.add("x", "22 222", "–")
	if err := table.write(&b); err != nil {
		t.Fatal(err)
	}
	const want = "a      größe  c\nlong       1  2\nx     22 222  –\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	b := bar{what: "x", done: 1, of: 4}
	if got, want := b.text(3*time.Second), "x [======                  ]  25 %, 9s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.of = 0
	if got, want := b.text(3*time.Second), "x: 1, 3s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestResults reads what the bench module's command prints, and writes it.
func TestResults(t *testing.T) {
	const lines = `{"suite":"encode","case":"trade","contender":"pointwire","version":"this tree","unit":"point","ns_per_unit":50,"base":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25,"rounds":5}
{"suite":"encode","case":"trade","contender":"peer","version":"2.2.1","unit":"point","ns_per_unit":400,"base":"peer","ratio":1,"rounds":5}
{"suite":"encode","case":"trade","contender":"other","version":"1","unit":"point","base":"peer","wrong":"loses a tag"}
`
	results, err := readResults(strings.NewReader(lines))
	if err != nil || len(results) != 3 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	var out strings.Builder
	if err := writeResultTables(&out, results, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"8 (7.5–8.25)", "wrong", "ns/point"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	file := filepath.Join(t.TempDir(), "r.json")
	if err := writeResults(file, results); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	again, err := readResults(f)
	if err != nil || len(again) != 3 || again[0] != results[0] || again[2] != results[2] {
		t.Errorf("read back %+v, %v", again, err)
	}
	if _, err := readResults(strings.NewReader(lines[:100])); err == nil {
		t.Error("half a line was taken")
	}
}

func TestFollow(t *testing.T) {
	said := follow(strings.NewReader("{\"suite\":\"encode\",\"done\":1,\"of\":2}\npanic: x\n"), silent())
	if said != "panic: x\n" {
		t.Errorf("said %q", said)
	}
}
