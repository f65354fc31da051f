package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

func TestChoose(t *testing.T) {
	const list = "encode trade\nencode cpu\nquery trade\nquery small\n"
	all := []caseName{{"encode", "trade"}, {"encode", "cpu"}, {"query", "trade"}, {"query", "small"}}
	for _, c := range []struct {
		what []string
		want []caseName
	}{
		{nil, all},
		{[]string{"encode"}, all[:2]},
		{[]string{"query/trade", "encode/cpu"}, all[1:3]},
		{[]string{"query", "query/trade"}, all[2:]},
		{[]string{"encode", "nothing"}, nil},
		{[]string{"encode/small"}, nil},
	} {
		got, err := choose(list, c.what)
		if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%q: %v, %v", c.what, got, err)
		}
		if err != nil && status(err, io.Discard) != 2 {
			t.Errorf("%q: status of %v", c.what, err)
		}
	}
	if got := pattern(all, "query"); got != "^(trade|small)$" {
		t.Errorf("pattern %q", got)
	}
}

func TestShare(t *testing.T) {
	names := []caseName{{"a", "1"}, {"a", "2"}, {"a", "3"}, {"b", "1"}}
	for _, c := range [][4]int{{0, 0, 30, 0}, {0, 15, 30, 3750}, {0, 40, 30, 7500}, {1, 0, 0, 7500}, {1, 5, 10, 8750}, {1, 10, 10, overall}} {
		if got := shareOf(names, c[0], c[1], c[2]); got != c[3] {
			t.Errorf("suite %d, %d of %d: %d, want %d", c[0], c[1], c[2], got, c[3])
		}
	}
}

func TestFollow(t *testing.T) {
	bar := term.Lines(io.Discard).Start("x", overall)
	var shares [][2]int
	const lines = "{\"suite\":\"encode\",\"case\":\"trade\",\"done\":1,\"of\":2}\npanic: x\n"
	said := follow(strings.NewReader(lines), bar, func(done, of int) { shares = append(shares, [2]int{done, of}) })
	if said != "panic: x\n" || !reflect.DeepEqual(shares, [][2]int{{1, 2}}) {
		t.Errorf("said %q, %v", said, shares)
	}
}

// TestRunBench reads what a child prints, and hands on how it failed.
func TestRunBench(t *testing.T) {
	sh := filepath.Join(t.TempDir(), "bench")
	const script = `#!/bin/sh
echo '{"environment":{"cores":3}}'
echo '{"suite":"s","case":"c","contender":"pointwire","ratio":2}'
echo '{"suite":"s","case":"c","done":1,"of":1}' >&2
if [ "$1" = fail ]; then echo 'it broke' >&2; exit 3; fi
if [ "$1" = half ]; then printf '{"suite"'; fi
`
	if err := os.WriteFile(sh, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	bar := term.Lines(io.Discard).Start("x", overall)
	for arg, says := range map[string]string{"well": "", "fail": "it broke", "half": "EOF"} {
		var r results.Report
		err := (&bench{file: sh}).runSuite(context.Background(), []string{arg}, &r, bar, func(int, int) {})
		if len(r.Results) != 1 || r.Environment.Get("cores") != "3" {
			t.Errorf("%s: %+v", arg, r)
		}
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v", arg, err)
		}
	}
	if err := (&bench{file: sh + "x"}).runSuite(context.Background(), nil, new(results.Report), bar, nil); err == nil {
		t.Error("a child that is not there was run")
	}
}

// TestTables shows ratios, goals, and who is wrong.
func TestTables(t *testing.T) {
	const lines = `{"suite":"encode","case":"trade","contender":"pointwire","version":"this tree","unit":"point","ns_per_unit":50,"base":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25,"rounds":5}
{"suite":"encode","case":"trade","contender":"peer","version":"2.2.1","unit":"point","ns_per_unit":400,"base":"peer","ratio":1,"rounds":5}
{"suite":"encode","case":"trade","contender":"other","version":"1","unit":"point","base":"peer","wrong":"loses a tag"}
{"suite":"encode","case":"trade","contender":"python","unit":"point","base":"peer","skipped":"not installed"}
{"suite":"transport","case":"write","contender":"pointwire","version":"this tree","unit":"request","ns_per_unit":900,"cpu_ns_per_unit":100,"base":"peer","ratio":2,"ratio_lo":1,"ratio_hi":3,"cpu_samples":[100],"extra":0.5,"extra_unit":"MB of heap"}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire","against":["peer"],"factor":9,"fastest":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25}}
{"goal":{"suite":"encode","case":"cpu","contender":"pointwire","against":["peer","other"],"factor":2}}
{"goal":{"suite":"transport","case":"write","contender":"pointwire","against":null,"factor":0,"unit":"allocations","ratio":0,"ratio_lo":0,"ratio_hi":0,"value":0,"met":true}}
{"goal":{"suite":"transport","case":"stream","contender":"pointwire","factor":0,"unit":"MB of heap","most":1,"value":1.25}}
{"goal":{"suite":"transport","case":"stream","contender":"pointwire","factor":0,"unit":"MB of heap","most":1}}
{"goal":{"suite":"encode","case":"decoder","contender":"pointwire-decoder","against":["peer"],"factor":3,"absent":true}}
`

	var r results.Report
	if err := r.Read(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	for _, colour := range []bool{false, true} {
		c, out := quiet()
		c.colour = colour
		if err := showCases(c, r.Cases()); err != nil {
			t.Fatal(err)
		}
		if err := showGoals(c, &r); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"8 (7.5–8.25)", "wrong", "other is wrong: loses a tag", "not run", "python did not run: not installed", "ns/point", "CPU ns/request  wall ns", "× peer in CPU time", "1 of 3 met, 3 without a figure", "≥9", "≤0 allocations", "≤1 MB of heap", "1.25", "not built yet", "pointwire: 0.5 MB of heap", "not met", "peer, other", "not measured"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		if strings.Contains(out.String(), "\x1b[") != colour {
			t.Errorf("colour %v:\n%q", colour, out)
		}
	}
}
