package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// lintOf runs lint over a standard input and returns its exit status and what it said.
func lintOf(t *testing.T, stdin string, args ...string) (int, string) {
	t.Helper()
	c, out := quiet()
	c.in = strings.NewReader(stdin)
	err := run(context.Background(), c, append([]string{"lint"}, args...))
	return status(err, out), out.String()
}

func compress(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	goodLines = "m v=1i 1\n# comment\n\nm,host=a v=\"x\ny\" 2\nlast v=t"
	badLines  = "good v=1i 1\nbad v=2\" 1\n\ngood v=3i 1\nm,a=1,a=2 v=1 1\nm v=1 99999999999999999999\n"
)

func TestLint(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good, bad, zipped := write("good", goodLines), write("bad", badLines), write("bad.gz", compress(t, badLines))
	for _, c := range []struct {
		name  string
		stdin string
		args  []string
		want  int
		says  []string
		not   []string
	}{
		{"good", "", []string{good}, 0, []string{good + "      6       3       0     47\n"}, []string{"all", "lpbench:"}},
		{"bad", "", []string{bad}, 1, []string{
			bad + ":2: offset 18: invalid field value: \"bad v=2\\\" 1\"\n",
			bad + ":5: offset 45: duplicate tag: \"m,a=1,a=2 v=1 1\"\n",
			bad + ":6: offset 58: time out of range: ",
			bad + "      6       2       3     79\n",
			"lpbench: 3 of 5 points have a fault\n",
		}, []string{"all", "more faults"}},
		{"gzip", "", []string{zipped}, 1, []string{zipped + ":5: offset 45: duplicate tag", zipped + "      6       2       3     79\n"}, nil},
		{"standard input", badLines, []string{"-"}, 1, []string{"standard input:5: offset 45: ", "-         6       2       3     79\n"}, nil},
		{"standard input, gzip", compress(t, badLines), []string{"-"}, 1, []string{"standard input:5: offset 45: "}, nil},
		{"several", badLines, []string{good, "-", "-max", "4", zipped}, 1, []string{
			"standard input:6: ", zipped + ":2: ", "2 more faults are not shown", "18       7       6    205\n", "6 of 13 points",
		}, []string{zipped + ":5: "}},
		{"nothing shown", badLines, []string{"-max", "0", "-"}, 1, []string{"3 more faults are not shown"}, []string{":2: "}},
		{"carriage returns", "m v=1 1\r\nm v=2 2\r\n", []string{"-"}, 1, []string{"carriage return"}, nil},
		{"-trim-cr", "m v=1 1\r\nm v=2 2\r\n", []string{"-trim-cr", "-"}, 0, []string{"2       2       0"}, nil},
		{"nanoseconds", "m v=1 1540184368785\n", []string{"-"}, 0, nil, nil},
		{"seconds", "m v=1 1540184368785\n", []string{"-precision", "s", "-"}, 1, []string{"time out of range"}, nil},
		{"empty", "", []string{"-"}, 0, []string{"-         0       0       0      0\n"}, nil},
		{"short", "\x1f", []string{"-"}, 1, []string{`"\x1f"`}, nil},
		{"terminal escapes", "m v=\x1b[2J\u202e\n", []string{"-"}, 1, []string{`m v=\x1b[2J\u202e"`}, []string{"\x1b", "\u202e"}},
		{"no such file", badLines, []string{filepath.Join(dir, "absent"), "-"}, 1, []string{"absent: no such file", "standard input:5: "}, []string{"absent  "}},
		{"half a gzip file", compress(t, goodLines)[:40], []string{"-"}, 1, []string{"standard input: inflate: input ends early at byte 40"}, nil},
		{"no gzip header", "\x1f\x8b\x08", []string{"-"}, 1, []string{"standard input: "}, nil},
	} {
		got, said := lintOf(t, c.stdin, c.args...)
		if got != c.want {
			t.Errorf("%s: status %d", c.name, got)
		}
		for _, part := range c.says {
			if !strings.Contains(said, part) {
				t.Errorf("%s: no %q in\n%s", c.name, part, said)
			}
		}
		for _, part := range c.not {
			if strings.Contains(said, part) {
				t.Errorf("%s: %q in\n%s", c.name, part, said)
			}
		}
	}
	if got := printable("a\x1b[2Jb"); got != `"a\x1b[2Jb"` || printable("ä b") != "ä b" {
		t.Errorf("printable gives %s", got)
	}
}

// TestLintInterrupt holds that an interrupt ends a wait for input that does not come.
func TestLintInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	from, to := io.Pipe()
	defer to.Close()
	c, _ := quiet()
	c.in = from
	done := make(chan error)
	go func() { done <- run(ctx, c, []string{"lint", "-"}) }()
	if _, err := io.WriteString(to, "m v=1 1\n"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	c, out := quiet()
	if err := run(ctx, c, []string{"lint", filepath.Join(t.TempDir(), "absent")}); !errors.Is(err, context.Canceled) && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, said %q", err, out)
	}
}

// An endless reader gives a text again and again, n bytes or a few more, and looks how
// large the heap is.
type endless struct {
	text    string
	at      int
	n       int64
	largest uint64
	reads   int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 && e.at == 0 {
		return 0, io.EOF
	}
	if e.reads++; e.reads%256 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		e.largest = max(e.largest, m.HeapAlloc)
	}
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	e.n -= int64(n)
	return n, nil
}

// TestLintMemory holds that memory does not grow with the input, whatever is in it.
func TestLintMemory(t *testing.T) {
	size := int64(64 << 20)
	if testing.Short() {
		size = 16 << 20
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	trade, _ := workload.FindLineSet("trade")
	good := string(workload.LineBodies(trade, 5000, 5000, 1)[0])
	for _, c := range []struct {
		name, text string
		most       uint64
	}{
		{"good lines", good, 4 << 20},
		{"a fault in a hundred lines", good[:13_500] + "\nm v=1 x\n", 4 << 20},
		{"many names", string(workload.LineBodies(workload.LineSet{Make: workload.NamedLines(50_000)}, 100_000, 100_000, 1)[0]), 14 << 20},
		{"a line without end", `m v="` + strings.Repeat("x", 1<<20), 100 << 20},
	} {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		in := &endless{text: c.text, n: size}
		console, out := quiet()
		console.in = in
		err := run(context.Background(), console, []string{"lint", "-max", "3", "-"})
		if (err == nil) != (c.name == "good lines" || c.name == "many names") || !strings.Contains(out.String(), "bytes") {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
		if grown := max(in.largest, m.HeapAlloc) - m.HeapAlloc; grown > c.most {
			t.Errorf("%s: the heap grew by %d bytes", c.name, grown)
		} else {
			t.Logf("%s: the heap grew by %d bytes", c.name, grown)
		}
	}
}
