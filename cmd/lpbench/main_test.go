package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/workload"
)

// quiet returns a console that keeps what is said.
func quiet() (console, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return console{out: out, progress: term.Lines(io.Discard)}, out
}

func TestQuick(t *testing.T) {
	c, out := quiet()
	file := filepath.Join(t.TempDir(), "r")
	args := []string{"-quick", "-count", "2", "-benchtime", "1us", "-size", "0.01", "-json", file + ".json", "-html", file + ".html"}
	if err := run(context.Background(), c, args); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 000", "encode", "write", "query", "quick, append-float-sensor", "× encoding/json", "goals of the design"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	r, err := results.ReadFile(file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Results, func(r results.Result) bool { return r.ID() == "quick/rows-trade/pointwire" })
	if i < 0 {
		t.Fatalf("no rows in %+v", r.Results)
	}
	if v := r.Results[i]; v.Ns <= 0 || v.MBps <= 0 || v.Ratio <= 0 || v.RatioLo > v.Ratio || v.RatioHi < v.Ratio || len(v.Samples) != 2 || v.Base != "encoding/json" {
		t.Errorf("%+v", v)
	}
	if len(r.Goals) != 5 || r.Environment.Get("rounds") != "2" || r.Environment.Get("turn_ns") != "1000" {
		t.Errorf("goals %+v, environment %v", r.Goals, r.Environment)
	}
	for _, g := range r.Goals {
		if g.Met != (g.Ratio >= g.Factor) {
			t.Errorf("%+v", g)
		}
	}
	text, err := os.ReadFile(file + ".html")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"append-float-geo6", "<code>go run ./cmd/lpbench -quick -count 2 -benchtime 1µs -size 0.01</code>", "<code>go run ./cmd/lpbench roundtrip -quick</code>"} {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("no %q in a page of %d bytes", part, len(text))
		}
	}
	// What was kept is shown again.
	c, again := quiet()
	if err := run(context.Background(), c, []string{"report", file + ".json", "-html", file + "2.html", "-benchtext", file + ".txt"}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file + ".txt"); err != nil || bytes.Count(text, []byte("\nBenchmarkQuick/case=rows-trade/lib=pointwire-")) != 2 {
		t.Errorf("rounds as text, %v:\n%s", err, text)
	}
	for _, part := range []string{"quick, rows-trade", "goals of the design", "roundtrip, replayed", "pointwire-encode"} {
		if !strings.Contains(again.String(), part) {
			t.Errorf("no %q in\n%s", part, again)
		}
	}
	one, _ := os.ReadFile(file + ".html")
	two, err := os.ReadFile(file + "2.html")
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("the page of report differs, %v", err)
	}
}

// TestNoCheckout runs where the nested modules are not at hand: what needs none
// is run, and what was left out is said.
func TestNoCheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	c, out := quiet()
	if err := run(context.Background(), c, []string{"-count", "1", "-benchtime", "1us", "-size", "0.01"}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Not measured are the round trip with a real server", "spool, python and whole", "proved identical", "quick, rows-trade"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	for _, args := range [][]string{{"compare"}, {"roundtrip"}} {
		c, out := quiet()
		if err := run(context.Background(), c, args); !errors.Is(err, errNoCheckout) || status(err, out) != 1 {
			t.Errorf("%q: %v", args, err)
		}
	}
	c, out = quiet()
	url, stop, err := replayServer(recorded)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := run(context.Background(), c, []string{"-url", url, "-trades", "5000", "-counters", "0"}); err != nil || !strings.Contains(out.String(), "beside other libraries, the suites encode,") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRoundTripQuick leaves out the comparison.
func TestRoundTripQuick(t *testing.T) {
	c, out := quiet()
	if err := run(context.Background(), c, []string{"roundtrip", "-quick"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "proved identical") || strings.Contains(out.String(), "append-float") {
		t.Errorf("said\n%s", out)
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
			_, err = roundTrip(context.Background(), client.WithDatabase("x"), kinds, &out, term.Lines(io.Discard))
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
	for _, args := range [][]string{{"-quick"}, {"roundtrip", "-quick"}, {}} {
		c, _ := quiet()
		if err := run(ctx, c, args); !errors.Is(err, context.Canceled) {
			t.Errorf("%q: error %v", args, err)
		}
	}
}

// TestArguments holds the exit status of arguments that make no sense.
func TestArguments(t *testing.T) {
	for _, args := range [][]string{
		{"-trades", "0"}, {"-counters", "-1"}, {"-count", "0"}, {"-benchtime", "0s"}, {"-size", "2"}, {"-processes", "0"}, {"-quick", "-url", "http://x"},
		{"-quick", "-record", "x"}, {"-quick", "-trades", "5"}, {"-counters", "5", "-quick"}, {"surplus"}, {"-nonsense"},
		{"roundtrip", "-trades", "0"}, {"roundtrip", "x"}, {"roundtrip", "-quick", "-url", "http://x"}, {"roundtrip", "-quick", "-trades", "100000"},
		{"compare", "-count", "0"}, {"compare", "-nonsense"}, {"encode", "-size", "-1"},
		{"lint"}, {"lint", "-precision", "us", "x"}, {"lint", "-max", "-1", "x"}, {"lint", "-", "x", "-"}, {"lint", "-nonsense", "x"},
		{"report"}, {"report", "a", "b"}, {"report", "-nonsense", "a"},
	} {
		c, _ := quiet()
		err := run(context.Background(), c, args)
		var said strings.Builder
		if got := status(err, &said); got != 2 || !strings.HasPrefix(said.String(), "lpbench: ") {
			t.Errorf("%q: status %d, %v", args, got, err)
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

// TestFilesFirst holds that a file that cannot be written is an error before
// anything runs, and that one that can is left alone until there is something to
// put into it.
func TestFilesFirst(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "absent", "file")
	for _, args := range [][]string{
		{"-quick", "-json", bad}, {"-quick", "-html", bad}, {"roundtrip", "-quick", "-json", bad}, {"compare", "-html", bad}, {"compare", "-html", dir},
		{"write", "-url", "http://127.0.0.1:1", "-json", bad}, {"query", "-url", "http://127.0.0.1:1", "-json", bad},
	} {
		c, out := quiet()
		var where *os.PathError
		if err := run(context.Background(), c, args); !errors.As(err, &where) || !strings.HasPrefix(err.Error(), "-") || out.Len() > 0 {
			t.Errorf("%q: %v, said %q", args, err, out)
		}
	}
	old, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "fresh")
	if err := os.WriteFile(old, []byte("kept"), 0o666); err != nil {
		t.Fatal(err)
	}
	k := keepOptions{json: old, html: fresh}
	if err := k.check(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(old); string(text) != "kept" {
		t.Errorf("the old file holds %q, %v", text, err)
	}
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("the new file: %v", err)
	}
	k = keepOptions{json: dir}
	if want := filepath.Join(dir, results.FileName(results.Here(time.Now()).Kind())); k.check() != nil || k.json != want {
		t.Errorf("in a directory the file is %s, want %s", k.json, want)
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
		says string
	}{
		{nil, 0, ""},
		{flag.ErrHelp, 0, ""},
		{errMismatch, 1, "lpbench: values changed on the way\n"},
		{fmt.Errorf("x: %w", context.Canceled), 1, "lpbench: x: context canceled\n"},
		{usage("no %s", "way"), 2, "lpbench: no way; -h says what there is\n"},
		{errors.Join(nil, usage("no")), 2, "lpbench: no; -h says what there is\n"},
	} {
		var said strings.Builder
		if got := status(c.err, &said); got != c.want || said.String() != c.says {
			t.Errorf("%v: status %d, said %q", c.err, got, &said)
		}
	}
}

func TestGiven(t *testing.T) {
	f := flags("x")
	var o loadOptions
	o.define(f, "points")
	f.String("q", "", "")
	f.Int("batch", 5, "")
	if _, err := parse(console{}, f, help{}, []string{"-url", "http://u:secret@x", "-q", "SELECT 'a' FROM b", "-duration", "60s", "-keep", "-rate", "1e5", "-json", filepath.Join(t.TempDir(), "x")}); err != nil {
		t.Fatal(err)
	}
	if err := o.check(f, nil); err != nil {
		t.Fatal(err)
	}
	if want := `-duration 1m0s -keep -q 'SELECT '\''a'\'' FROM b' -rate 100000 -url URL`; o.flags != want {
		t.Errorf("%s, want %s", o.flags, want)
	}
}

// TestHelp holds that each command explains itself, with examples that name it
// and with nothing but flags that it has.
func TestHelp(t *testing.T) {
	names := []string{""}
	for _, cmd := range commands() {
		names = append(names, cmd.name)
	}
	for _, name := range names {
		c, out := quiet()
		args := strings.Fields(name + " -h")
		if err := run(context.Background(), c, args); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q: %v", args, err)
			continue
		}
		for _, part := range []string{"usage: lpbench", "flags:", "examples:", "go run ./cmd/lpbench " + name} {
			if !strings.Contains(out.String(), strings.TrimSpace(part)) {
				t.Errorf("%q: no %q in\n%s", args, part, out)
			}
		}
		_, examples, _ := strings.Cut(out.String(), "examples:")
		described, _, _ := strings.Cut(out.String(), "examples:")
		for line := range strings.Lines(examples) {
			if words := strings.Fields(line); len(words) < 4 || name != "" && words[3] != name || name == "" && !strings.HasPrefix(words[3], "-") {
				continue // that of another command
			}
			own, _, _ := strings.Cut(line, " | ") // the rest is for another command
			for _, word := range strings.Fields(own) {
				if strings.HasPrefix(word, "-") && !strings.Contains(described, "  "+word) {
					t.Errorf("%q: an example has %s, which is no flag", args, word)
				}
			}
		}
	}
}
