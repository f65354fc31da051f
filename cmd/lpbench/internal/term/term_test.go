package term

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	var b strings.Builder
	table := Table{Head: []string{"a", "größe", "c"}}
	table.Add("long", "1", "2")
	table.Add("x", "22 222", "–")
	table.Add("one")
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	const want = "a      größe  c\nlong       1  2\nx     22 222  –\none\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	b.Reset()
	table = Table{Head: []string{"a", "b", "c"}, Left: 2, Colour: true}
	table.AddStyled(Bad, "x", "left", "1")
	table.Add("y", "l", "22")
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	const painted = "\x1b[1ma  b      c\x1b[0m\n\x1b[31mx  left   1\x1b[0m\ny  l     22\n"
	if b.String() != painted {
		t.Errorf("got\n%qwant\n%q", b.String(), painted)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1000: "-1 000", -100: "-100"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 0.5: "0.50", 12.34: "12.3", 1234.5: "1 235"} {
		if got := Figure(v); got != want {
			t.Errorf("Figure(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{-1: "–", 0.0009: "0", 0.5: "0.50"} {
		if got := Count(v); got != want {
			t.Errorf("Count(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.123456: "0.123", 8: "8", 25.44: "25.4", 1234: "1 234"} {
		if got := Ratio(v); got != want {
			t.Errorf("Ratio(%v) = %q, want %q", v, got, want)
		}
	}
	for d, want := range map[time.Duration]string{5: "5 ns", 1234: "1.23 µs", 12_345_678: "12.3 ms", 2_500_000_000: "2.5 s"} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	b := Bar{what: "x", done: 1, of: 4}
	if got, want := b.text(3*time.Second), "x [======                  ]  25 %, 9s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.note = "encode"
	if got, want := b.text(3*time.Second), "x [======                  ]  25 %, 9s left, encode"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.of = 0
	if got, want := b.text(3*time.Second), "x: encode, 1, 3s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.note = ""
	if got, want := b.text(3*time.Second), "x: 1, 3s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{{"größe", 3, "grö"}, {"größe", 5, "größe"}, {"größe", 9, "größe"}, {"", 3, ""}, {"x", 0, ""}} {
		if got := cut(c.s, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q", c.s, c.n, got)
		}
	}
	var b strings.Builder
	p := &Progress{w: &b, terminal: true}
	p.Start(strings.Repeat("long ", 40), 10).End()
	for line := range strings.SplitSeq(b.String(), "\r\x1b[K") {
		if len(line) > maxWidth {
			t.Errorf("a line of %d characters", len(line))
		}
	}
}

// TestProgress compares what is shown on a terminal and elsewhere.
func TestProgress(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var b strings.Builder
		p := &Progress{w: &b, terminal: terminal}
		bar := p.Start("step", 4)
		bar.Add(1)
		bar.Set(2)
		bar.Note("n")
		bar.End()
		if got := strings.Contains(b.String(), "\x1b"); got != terminal {
			t.Errorf("terminal %v: %q", terminal, &b)
		}
		if terminal != strings.HasSuffix(b.String(), "\r\x1b[K") || terminal == (b.String() == "step …\n") {
			t.Errorf("terminal %v: %q", terminal, &b)
		}
	}
}

func TestColour(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if IsTerminal(f) || Colour(f) || NewProgress(f).terminal {
		t.Error("a file is taken for a terminal")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if IsTerminal(null) {
		t.Error("the null device is taken for a terminal")
	}
	// A terminal of this machine, where there is one.
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo terminal: ", err)
	}
	defer tty.Close()
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		if got := Colour(tty); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q: %v", c.noColor, c.term, got)
		}
	}
}
