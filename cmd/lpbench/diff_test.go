package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samplesOf returns a line of a contender whose rounds are these.
func samplesOf(suite, name, contender string, allocs float64, rounds ...float64) string {
	text := strings.Join(strings.Fields(fmt.Sprint(rounds)), ",")
	return fmt.Sprintf(`{"suite":%q,"case":%q,"contender":%q,"unit":"point","base":"peer","ns_per_unit":%v,"allocs_per_unit":%v,"samples":%s}`+"\n",
		suite, name, contender, rounds[len(rounds)/2], allocs, text)
}

func keepLines(t *testing.T, name string, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "")), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// row returns the cells of the line that begins with id.
func rowOf(t *testing.T, text, id string) []string {
	t.Helper()
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 && words[0] == id {
			return words
		}
	}
	t.Errorf("no %s in\n%s", id, text)
	return nil
}

func TestDiff(t *testing.T) {
	before := keepLines(t, "old",
		`{"environment":{"cpu":"one","cores":2}}`+"\n",
		samplesOf("s", "c", "peer", 3, 100, 101, 102, 103, 104),
		samplesOf("s", "c", "pointwire-slower", 0, 10, 11, 12, 13, 14),
		samplesOf("s", "c", "pointwire-faster", 0, 20, 21, 22, 23, 24),
		samplesOf("s", "c", "pointwire-noisy", 0, 10, 20, 30, 40, 50),
		samplesOf("s", "c", "pointwire-little", 0, 1000, 1001, 1002, 1003, 1004),
		samplesOf("s", "c", "pointwire-greedy", 0, 10, 11, 12, 13, 14),
		samplesOf("s", "c", "pointwire-gone", 0, 10, 11, 12, 13, 14),
		samplesOf("s", "c", "pointwire-few", 0, 10, 11),
		samplesOf("s", "c", "pointwire-broken", 0, 10),
		`{"suite":"s","case":"c","contender":"pointwire-mended","wrong":"was"}`+"\n",
		`{"suite":"s","case":"c","contender":"pointwire-none","ns_per_unit":5}`+"\n",
	)
	after := keepLines(t, "new",
		`{"environment":{"cpu":"another","cores":2}}`+"\n",
		samplesOf("s", "c", "peer", 3, 102, 103, 101, 104, 100),
		samplesOf("s", "c", "pointwire-slower", 0, 15, 16, 17, 18, 19),
		samplesOf("s", "c", "pointwire-faster", 0, 15, 16, 17, 18, 19),
		samplesOf("s", "c", "pointwire-noisy", 0, 15, 25, 35, 45, 55),
		samplesOf("s", "c", "pointwire-little", 0, 1005, 1006, 1007, 1008, 1009),
		samplesOf("s", "c", "pointwire-greedy", 1, 10, 11, 12, 13, 14),
		samplesOf("s", "c", "pointwire-few", 0, 20, 21),
		`{"suite":"s","case":"c","contender":"pointwire-broken","wrong":"is"}`+"\n",
		samplesOf("s", "c", "pointwire-mended", 0, 10),
		`{"suite":"s","case":"c","contender":"pointwire-none","ns_per_unit":5}`+"\n",
		samplesOf("s", "c", "pointwire-added", 0, 10),
	)
	c, out := quiet()
	if err := run(context.Background(), c, []string{"diff", before, after}); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"s/c/pointwire-slower": "s/c/pointwire-slower 12.0 17.0 +41.7 % 0.008 5+5 0 slower",
		"s/c/pointwire-faster": "s/c/pointwire-faster 22.0 17.0 -22.7 % 0.008 5+5 0 faster",
		"s/c/pointwire-greedy": "s/c/pointwire-greedy 12.0 12.0 +0.0 % 1.000 5+5 0 → 1.00 same, allocates more",
		"s/c/pointwire-gone":   "s/c/pointwire-gone 12.0 gone",
		"s/c/pointwire-few":    "s/c/pointwire-few 11.0 20.0", // p follows; two rounds tell nothing
		"s/c/pointwire-broken": "s/c/pointwire-broken wrong now",
		"s/c/pointwire-mended": "s/c/pointwire-mended right now",
		"s/c/pointwire-none":   "s/c/pointwire-none 0+0 0 no test",
		"s/c/pointwire-added":  "s/c/pointwire-added 10.0 0 new",
	} {
		got := strings.Join(rowOf(t, out.String(), id), " ")
		if id == "s/c/pointwire-few" {
			if !strings.HasSuffix(got, "2+2 0 no test") {
				t.Errorf("got %q", got)
			}
		} else if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, not := range []string{"pointwire-noisy", "pointwire-little", "s/c/peer"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%s is shown in\n%s", not, out)
		}
	}
	for _, part := range []string{"different machines: one, 2 cores", "another, 2 cores", "12 compared: 1 slower, 1 faster, 4 same, 1 wrong now, 1 right now, 2 no test, 1 new, 1 gone, 1 allocating more (changes need p < 0.05 and more than 2 %)"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}

	for _, k := range []struct {
		args string
		says string // a row or a part of it
		fail bool
	}{
		{"-all", "s/c/pointwire-noisy", false},
		{"-threshold 0", "s/c/pointwire-little", false},
		{"-threshold 50", "4 no test", false},
		{"-alpha 0.005", "no test", false},
		{"-fail", "slower", true},
		{"-fail -only peer", "1 compared: 1 same", false},
		{"-fail -only pointwire-gree", "allocates more", true},
		{"-fail -only pointwire-brok", "wrong now", true},
		{"-fail -only pointwire-fast", "faster", false},
		// The base is as it was: fewer times as fast is slower.
		{"-fail -metric ratio -only pointwire-slow", "slower", true},
		{"-fail -metric ratio -only pointwire-fast", "faster", false},
		{"-metric cpu -only pointwire-slow", "no test", false},
	} {
		c, out := quiet()
		err := run(context.Background(), c, append(append([]string{"diff"}, strings.Fields(k.args)...), before, after))
		if errors.Is(err, errSlower) != k.fail || !k.fail && err != nil {
			t.Errorf("%s: error %v", k.args, err)
		}
		if want := map[bool]int{true: 1}[k.fail]; status(err, new(strings.Builder)) != want {
			t.Errorf("%s: status %d", k.args, status(err, new(strings.Builder)))
		}
		if k.args != "-threshold 50" && !strings.Contains(out.String(), k.says) {
			t.Errorf("%s: no %q in\n%s", k.args, k.says, out)
		}
		if k.args == "-threshold 50" && (strings.Contains(out.String(), "slower") || strings.Contains(out.String(), "faster")) {
			t.Errorf("%s:\n%s", k.args, out)
		}
	}
}

// TestDiffRatio takes a machine that is slower as a whole: the ratios stay.
func TestDiffRatio(t *testing.T) {
	before := keepLines(t, "old", samplesOf("s", "c", "peer", 0, 100, 110, 120, 130, 140), samplesOf("s", "c", "pointwire", 0, 10, 11, 12, 13, 14))
	after := keepLines(t, "new", samplesOf("s", "c", "peer", 0, 200, 220, 240, 260, 280), samplesOf("s", "c", "pointwire", 0, 20, 22, 24, 26, 28))
	for metric, slower := range map[string]bool{"ns": true, "ratio": false} {
		c, out := quiet()
		err := run(context.Background(), c, []string{"diff", "-fail", "-metric", metric, before, after})
		if errors.Is(err, errSlower) != slower {
			t.Errorf("%s: %v\n%s", metric, err, out)
		}
	}
}

func TestDiffArguments(t *testing.T) {
	file := keepLines(t, "f", samplesOf("s", "c", "peer", 0, 1))
	for _, args := range []string{"diff", "diff " + file, "diff a b c", "diff -metric x a b", "diff -alpha 0 a b", "diff -alpha 1 a b", "diff -threshold -1 a b", "diff -nonsense a b"} {
		c, out := quiet()
		if err := run(context.Background(), c, strings.Fields(args)); status(err, out) != 2 {
			t.Errorf("%s: %v", args, err)
		}
	}
	for _, args := range []string{"diff " + file + " " + file + "x", "diff " + file + "x " + file} {
		c, out := quiet()
		if err := run(context.Background(), c, strings.Fields(args)); status(err, out) != 1 {
			t.Errorf("%s: %v", args, err)
		}
	}
	c, out := quiet()
	if err := run(context.Background(), c, []string{"diff", "-fail", file, file}); err != nil || !strings.Contains(out.String(), "1 compared: 1 no test") {
		t.Errorf("%v\n%s", err, out)
	}
}
