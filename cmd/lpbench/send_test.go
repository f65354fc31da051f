package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/workload"
)

// A lockedBuffer is written to by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// sendTo runs send to a server and returns its exit status and what it said, on both outputs.
func sendTo(ctx context.Context, stdin io.Reader, url string, args ...string) (int, string) {
	var out lockedBuffer
	c := console{in: stdin, out: &out, progress: term.Lines(&out)}
	err := run(ctx, c, append([]string{"send", "-url", url, "-flush", "1ms"}, args...))
	return status(err, &out), out.String()
}

// sent fails unless said has these rows of the account.
func sent(t *testing.T, said string, read, stored, refused, dead, left int) {
	t.Helper()
	text := strings.Join(strings.Fields(said), " ")
	want := "lines"
	for i, name := range []string{"read", "stored", "refused", "dead", "left"} {
		want += " " + name + " " + term.Number(int64([]int{read, stored, refused, dead, left}[i]))
	}
	if !strings.Contains(text, want+" ") {
		t.Errorf("no %q in\n%s", want, said)
	}
}

func inFile(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// written returns the lines that a server got, in sorted order, with the parameters of
// their requests if asked for.
func written(s *influxtest.Server, parameters bool) (list []string) {
	for _, r := range s.Requests() {
		for line := range strings.Lines(string(r.Body)) {
			if parameters {
				line = r.Query.Encode() + " " + line
			}
			list = append(list, line)
		}
	}
	slices.Sort(list)
	return list
}

func zstdOf(t testing.TB, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

// TestSend sends what goodLines are in every form.
func TestSend(t *testing.T) {
	skipped := "\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
	for name, text := range map[string]string{
		"plain": goodLines, "gzip": compress(t, goodLines), "gzip, two members": compress(t, goodLines[:9]) + compress(t, goodLines[9:]),
		"zstd": zstdOf(t, goodLines), "zstd, skipped frame": skipped + zstdOf(t, goodLines),
	} {
		for _, from := range []string{"file", "standard input", "-", "byte by byte"} {
			s := influxtest.New(t)
			var stdin io.Reader = strings.NewReader(text)
			args := []string{"-db", "d", "-precision", "s", "-parallel", "1"}
			switch from {
			case "file":
				args = append(args, inFile(t, text))
				stdin = nil
			case "-":
				args = append(args, "-")
			case "byte by byte":
				stdin = bytewise{stdin}
			}
			got, said := sendTo(t.Context(), stdin, s.URL, args...)
			if got != 0 {
				t.Errorf("%s, %s: status %d\n%s", name, from, got, said)
			}
			sent(t, said, 3, 3, 0, 0, 0)
			var all string
			for _, r := range s.Requests() {
				all += string(r.Body)
				if q := r.Query.Encode(); r.Path != "/write" || q != "db=d&precision=s" {
					t.Errorf("%s, %s: %s?%s", name, from, r.Path, q)
				}
			}
			if want := "m v=1i 1\nm,host=a v=\"x\ny\" 2\nlast v=t "; !strings.HasPrefix(all, want) || strings.Count(all, "\n") != 4 {
				t.Errorf("%s, %s: sent %q", name, from, all)
			}
		}
	}
}

// bytewise reads a byte at a time.
type bytewise struct{ r io.Reader }

func (b bytewise) Read(p []byte) (int, error) { return b.r.Read(p[:min(len(p), 1)]) }

// TestSendRefused has lines refused by the check and by the server, with and without a file
// that keeps them, and sends that file again.
func TestSendRefused(t *testing.T) {
	const text = "m v=1i 1\nm v=\nrefuse v=1 2\nm,a=1,a=2 v=1 3\nm v=4i 4\n"
	s, stored := refuses(t, "refuse")
	got, said := sendTo(t.Context(), nil, s.URL, "-db", "d", inFile(t, text))
	if got != 1 {
		t.Errorf("status %d", got)
	}
	sent(t, said, 5, 2, 3, 0, 0)
	contains(t, said, "lines:2: missing field value", "lines:4: duplicate tag", "bad timestamp", "lpbench: 3 lines refused")
	if list := stored(); !slices.Equal(list, []string{"m v=1i 1", "m v=4i 4"}) {
		t.Errorf("stored %q", list)
	}
	dead := filepath.Join(t.TempDir(), "dead")
	got, said = sendTo(t.Context(), strings.NewReader(text), s.URL, "-db", "d", "-dead", dead, "-max", "1")
	if got != 1 {
		t.Errorf("status %d", got)
	}
	sent(t, said, 5, 2, 0, 3, 0)
	contains(t, said, "standard input:2: missing field value", "1 more faults are not shown", "lpbench: 3 lines refused, kept in "+dead)
	kept, err := os.ReadFile(dead)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(kept), "\nm v=\n", "\nm,a=1,a=2 v=1 3\n", "\nrefuse v=1 2\n", `message="standard input:4: duplicate tag"`)
	if got, said = sendTo(t.Context(), nil, s.URL, "-db", "d", "-dead", dead, dead); got != 2 {
		t.Errorf("the dead file read and written: status %d\n%s", got, said)
	}
	mended := strings.NewReplacer("m v=\n", "m v=2i 2\n", "a=1,a=2", "a=1", "refuse v", "mended v").Replace(string(kept))
	got, said = sendTo(t.Context(), nil, s.URL, "-db", "d", inFile(t, mended))
	if got != 0 {
		t.Errorf("again: status %d", got)
	}
	sent(t, said, 3, 3, 0, 0, 0)
}

// TestSendPipe holds that lines reach the server while the pipe stays open, and that an
// interrupt sends what was read, without a line that is not complete.
func TestSendPipe(t *testing.T) {
	arrived := make(chan string, 9)
	s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		influxtest.Status(204).Play(c, r)
		arrived <- string(r.Body)
	}))
	for _, form := range []string{"plain", "gzip"} {
		ctx, interrupt := context.WithCancel(t.Context())
		from, to := io.Pipe()
		type result struct {
			status int
			said   string
		}
		done := make(chan result)
		go func() {
			status, said := sendTo(ctx, from, s.URL, "-db", "d")
			done <- result{status, said}
		}()
		write := func(text string) {
			if form == "gzip" {
				text = compress(t, text)
			}
			if _, err := io.WriteString(to, text); err != nil {
				t.Error(err)
			}
		}
		write("m v=1 1\n")
		if body := <-arrived; body != "m v=1 1\n" {
			t.Errorf("%s: first %q", form, body)
		}
		write("m v=2 2\nm v=3 31")
		if body := <-arrived; body != "m v=2 2\n" {
			t.Errorf("%s: second %q", form, body)
		}
		interrupt()
		r := <-done
		to.Close()
		if r.status != 2 || len(arrived) > 0 {
			t.Errorf("%s: status %d, %d more requests", form, r.status, len(arrived))
		}
		sent(t, r.said, 2, 2, 0, 0, 0)
		contains(t, r.said, "standard input was read up to line 3: context canceled")
	}
}

// TestSendCut holds that the lines before the place where a file is cut are sent, and not
// the one that was cut.
func TestSendCut(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "m,host=h%d v=%di %d\n", i*7919%10_000, i, i)
	}
	for name, text := range map[string]string{"gzip": compress(t, b.String()), "zstd": zstdOf(t, b.String())} {
		s := influxtest.New(t)
		got, said := sendTo(t.Context(), nil, s.URL, "-db", "d", inFile(t, text[:len(text)*2/3]))
		if got != 2 {
			t.Errorf("%s: status %d", name, got)
		}
		contains(t, said, "lines was read up to line ")
		lines := 0
		for _, r := range s.Requests() {
			lines += bytes.Count(r.Body, []byte("\n"))
			for line := range strings.Lines(string(r.Body)) {
				if !strings.Contains(b.String(), line) {
					t.Errorf("%s: sent %q", name, line)
				}
			}
		}
		if name == "gzip" && lines < 1000 {
			t.Errorf("%s: only %d lines", name, lines)
		}
		sent(t, said, lines, lines, 0, 0, 0)
	}
	got, said := sendTo(t.Context(), nil, "http://127.0.0.1:1", "-db", "d", filepath.Join(t.TempDir(), "absent"))
	if got != 2 {
		t.Errorf("status %d\n%s", got, said)
	}
}

// TestSendDown has no server: lines are left, kept, or on disk for the next run.
func TestSendDown(t *testing.T) {
	const text = "m v=1 1\nm v=2 2\n"
	down := "http://127.0.0.1:1"
	got, said := sendTo(t.Context(), strings.NewReader(text), down, "-db", "d", "-retry", "0", "-wait", "10ms")
	if got != 2 {
		t.Errorf("status %d", got)
	}
	sent(t, said, 2, 0, 0, 0, 2)
	contains(t, said, "the server takes no lines and is tried again: ", "the server took no lines for as long as -retry says", "2 lines not sent and not kept")

	dead := filepath.Join(t.TempDir(), "dead")
	got, said = sendTo(t.Context(), strings.NewReader(text), down, "-db", "d", "-retry", "0", "-wait", "10ms", "-dead", dead)
	if got != 2 {
		t.Errorf("status %d", got)
	}
	sent(t, said, 2, 0, 0, 2, 0)
	if kept, err := os.ReadFile(dead); err != nil || !bytes.Contains(kept, []byte("\n"+text)) {
		t.Errorf("%v, kept %q", err, kept)
	}

	dir := filepath.Join(t.TempDir(), "spool")
	got, said = sendTo(t.Context(), strings.NewReader(text), down, "-db", "d", "-retry", "0", "-spool", dir)
	if got != 2 {
		t.Errorf("status %d", got)
	}
	sent(t, said, 2, 0, 0, 0, 2)
	contains(t, said, "2 lines left in the spool; the next run")
	s := influxtest.New(t)
	if got, said = sendTo(t.Context(), strings.NewReader("m v=3 3\n"), influxtest.New(t).URL, "-db", "other", "-spool", dir); got != 2 || strings.Contains(said, "next run") {
		t.Errorf("status %d\n%s", got, said)
	}
	contains(t, said, "2 lines left in the spool for another database; lpbench replay")
	got, said = sendTo(t.Context(), strings.NewReader("m v=3 3\n"), s.URL, "-db", "d", "-spool", dir)
	if got != 0 {
		t.Errorf("status %d", got)
	}
	contains(t, strings.Join(strings.Fields(said), " "), "read 1 found in the spool 2 stored 3 refused 0 dead 0 left 0")
	if list := written(s, false); !slices.Equal(list, []string{"m v=1 1\n", "m v=2 2\n", "m v=3 3\n"}) {
		t.Errorf("sent %q", list)
	}
	// Without input, a spool is sent too.
	sendTo(t.Context(), strings.NewReader(text), down, "-db", "d", "-retry", "0", "-spool", dir)
	if got, said = sendTo(t.Context(), strings.NewReader(""), s.URL, "-db", "d", "-spool", dir); got != 0 {
		t.Errorf("status %d\n%s", got, said)
	}
}

// TestSendMissing holds that a missing database ends a send at once, or is made.
func TestSendMissing(t *testing.T) {
	missing := influxtest.Error(404, `database not found: "d"`)
	s := influxtest.New(t, missing)
	got, said := sendTo(t.Context(), strings.NewReader("m v=1 1\n"), s.URL, "-db", "d", "-wait", "0")
	if got != 2 {
		t.Errorf("status %d", got)
	}
	contains(t, said, errMissing.Error())
	s = influxtest.New(t, missing, influxtest.JSON(`{"results":[{"statement_id":0}]}`), ok)
	if got, said = sendTo(t.Context(), strings.NewReader("m v=1 1\n"), s.URL, "-db", "d", "-create"); got != 0 {
		t.Errorf("status %d\n%s", got, said)
	}
	if r := s.Requests(); len(r) != 3 || r[1].Form.Get("q") != `CREATE DATABASE "d"` {
		t.Errorf("%d requests", len(r))
	}
}

// TestSendRate holds that -rate spreads the lines, and that an interrupt does not wait for it.
func TestSendRate(t *testing.T) {
	s := influxtest.New(t)
	ctx, interrupt := context.WithCancel(t.Context())
	timer := time.AfterFunc(50*time.Millisecond, interrupt)
	defer timer.Stop()
	got, said := sendTo(ctx, nil, s.URL, "-db", "d", "-rate", "0.001", inFile(t, "m v=1 1\nm v=2 2\nm v=3 3\n"))
	if got != 2 {
		t.Errorf("status %d", got)
	}
	contains(t, said, context.Canceled.Error())
	if n := len(written(s, false)); n == 0 || n > 3 {
		t.Errorf("%d lines", n)
	}
	if got, said := sendTo(t.Context(), nil, s.URL, "-db", "d", "-rate", "1e9", inFile(t, "m v=1 1\nm v=2 2\nm v=3 3\n")); got != 0 {
		t.Errorf("status %d\n%s", got, said)
	}
}

// TestSendUsage holds that arguments are checked, and that no secret is printed.
func TestSendUsage(t *testing.T) {
	s := influxtest.New(t, influxtest.Error(401, "unauthorized"))
	empty := inFile(t, "")
	for _, args := range [][]string{
		{"-db", "d", "-", "-"}, {"-rate", "-1"}, {"-rate", "NaN"}, {"-flush", "0"}, {"-batch", "0"}, {"-parallel", "0"}, {"-max", "-1"},
		{"-precision", "d"}, {"-bucket", "b", "-db", "d"}, {"-spool", "x", "-spool-bytes", "1"}, {"-spool", "x", "-dead", "y", "-precision", "u"},
		{"-token", "sesame"}, {"-token", "sesame:x"}, {"-token", "env:"}, {"-password", "sesame"}, {"-token", "env:POINTWIRE_NO_SUCH"},
		{"-token", "file:" + empty}, {"-token", "file:" + empty + ".not"}, {}, {"-bucket", "b", "-rp", "r"}, {"-nosuch"},
	} {
		if got, said := sendTo(t.Context(), strings.NewReader("m v=1 1\n"), s.URL, args...); got != 2 || strings.Contains(said, "sesame") {
			t.Errorf("%q: status %d, %s", args, got, said)
		}
	}
	if len(s.Requests()) > 0 {
		t.Error("something was sent")
	}
	t.Setenv("POINTWIRE_TOKEN", "sesame\n")
	got, said := sendTo(t.Context(), strings.NewReader("m v=1 1\n"), s.URL, "-bucket", "b", "-org", "o", "-token", "env:POINTWIRE_TOKEN", "-retry", "0", "-wait", "0")
	if got != 2 || strings.Contains(said, "sesame") {
		t.Errorf("status %d\n%s", got, said)
	}
	if r := s.Last(); r == nil || r.Header.Get("Authorization") != "Token sesame" || r.Query.Encode() != "bucket=b&org=o&precision=ns" {
		t.Errorf("%+v", r)
	}
	sendTo(t.Context(), strings.NewReader("m v=1 1\n"), s.URL, "-db", "d", "-user", "root", "-password", "file:"+inFile(t, "sesame\n"), "-retry", "0", "-wait", "0")
	if user, password, _ := basic(s.Last()); user != "root" || password != "sesame" {
		t.Errorf("%q, %q", user, password)
	}
}

// TestSendProgress holds that progress is shown where it was asked for.
func TestSendProgress(t *testing.T) {
	s := influxtest.New(t)
	for _, always := range []bool{true, false} {
		_, said := sendTo(t.Context(), strings.NewReader("m v=1 1\nm\n"), s.URL, "-db", "d", fmt.Sprintf("-progress=%t", always))
		if strings.Contains(said, "sending …") != always || !strings.Contains(said, "lpbench: standard input:2: ") {
			t.Errorf("%t: %s", always, said)
		}
	}
}

// TestSendDeadFails holds that lines are not counted as kept if they are not.
func TestSendDeadFails(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	s := influxtest.New(t)
	if got, said := sendTo(t.Context(), strings.NewReader("m\n"), s.URL, "-db", "d", "-dead", "/dev/full"); got != 2 {
		t.Errorf("status %d\n%s", got, said)
	}
	if !errors.Is(failure(io.EOF), io.EOF) || failure(nil) != nil {
		t.Error("failure hides its cause")
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSendMemory holds that memory does not grow with the input, whatever is in it.
func TestSendMemory(t *testing.T) {
	size := int64(32 << 20)
	if testing.Short() {
		size = 16 << 20
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	trade, _ := workload.FindLineSet("trade")
	good := string(workload.LineBodies(trade, 5000, 5000, 1)[0])
	url := "http://" + influxtest.NewSink(t)
	for _, c := range []struct{ name, text string }{
		{"good lines", good},
		{"a fault in a hundred lines", good[:13_500] + "\nm v=1 x\n"},
		{"comments", "# a comment\n"},
		{"a comment without end", "#" + strings.Repeat("x", 1<<20)},
		{"a line without end", `m v="` + strings.Repeat("x", 1<<20)},
		{"contexts", good + "# CONTEXT-RETENTION-POLICY:a\n" + good + "# CONTEXT-RETENTION-POLICY:b\n"},
	} {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		in := &endless{text: c.text, n: size}
		_, said := sendTo(t.Context(), in, url, "-db", "d", "-max", "3", "-gzip=false")
		if !strings.Contains(said, "lines/s") {
			t.Errorf("%s: %s", c.name, said)
		}
		// A Writer may hold 64 MiB of lines, and a decoder remembers 5 MiB of shapes.
		if grown := max(in.largest, m.HeapAlloc) - m.HeapAlloc; grown > 90<<20 {
			t.Errorf("%s: the heap grew by %d bytes", c.name, grown)
		} else {
			t.Logf("%s: the heap grew by %d bytes", c.name, grown)
		}
	}
}
