package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/internal/influxtest"
)

const recorded = "../../internal/hostproc/testdata/proc"

// testMonitor returns a monitor of recorded counters that samples fast.
func testMonitor(t *testing.T, s *influxtest.Server, out *bytes.Buffer) *monitor {
	return &monitor{
		url: s.URL + "?database=hosts", every: time.Millisecond, patience: time.Minute,
		keep: filepath.Join(t.TempDir(), "kept.lp"), out: out, sampler: hostproc.Sampler{Root: recorded},
	}
}

// TestNothingIsLost runs it against a server that fails in several ways and
// recovers, and interrupts it: every point collected is stored.
func TestNothingIsLost(t *testing.T) {
	refused := make(chan struct{})
	s := influxtest.New(t,
		influxtest.Error(404, "database not found: \"hosts\""),
		influxtest.JSON(`{"results":[{"statement_id":0}]}`), // CREATE DATABASE
		influxtest.Drop(), influxtest.DropHard(), influxtest.Status(503),
		influxtest.Func(func(c *influxtest.Conn, _ *influxtest.Request) {
			close(refused)
			c.Send("HTTP/1.1 204 No Content\r\n\r\n")
		}),
		influxtest.Status(204))
	var out bytes.Buffer
	m := testMonitor(t, s, &out)
	m.live = true
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-refused
		cancel()
	}()
	if err := m.run(ctx); err != nil {
		t.Fatal(err)
	}
	want := m.samples * m.sample.Points()
	last := fmt.Sprintf("\n%d samples, %d points: %d stored, 0 refused, 0 dropped, 0 pending\n", m.samples, want, want)
	if !strings.HasSuffix(out.String(), last) {
		t.Errorf("it ends with %q, want %q", out.String()[max(0, out.Len()-200):], last)
	}
	if !strings.Contains(out.String(), "\r1 samples of ") {
		t.Errorf("no status line in %q", out.String())
	}
	stored := map[string]bool{}
	for _, r := range s.Requests() {
		if r.Path != "/write" {
			if q := r.Form.Get("q"); q != `CREATE DATABASE "hosts"` {
				t.Errorf("query %q", q)
			}
			continue
		}
		for line := range strings.Lines(string(r.Body)) {
			stored[line] = true
		}
	}
	if len(stored) != want {
		t.Errorf("the server saw %d different lines, want %d", len(stored), want)
	}
	if _, err := os.Stat(m.keep); err == nil {
		t.Error("something was kept")
	}
}

// TestUnsentIsKept stops it while the server is down: the file holds every
// point.
func TestUnsentIsKept(t *testing.T) {
	s := influxtest.New(t, influxtest.Status(503))
	var out bytes.Buffer
	m := testMonitor(t, s, &out)
	m.patience = 10 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	var unsent *batch.UnsentError
	if err := m.run(ctx); !errors.As(err, &unsent) {
		t.Fatalf("run: %v", err)
	}
	kept, err := os.ReadFile(m.keep)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(kept)) {
		if !strings.HasPrefix(line, "#") {
			lines++
		}
	}
	if want := m.samples * m.sample.Points(); lines != want {
		t.Errorf("%d lines are kept, want %d", lines, want)
	}
	if end := fmt.Sprintf("; %d lines are in %s\n", lines, m.keep); !strings.HasSuffix(out.String(), end) {
		t.Errorf("it says %q", out.String())
	}
}

// TestOutageGoesToDisk stops it while the server is down, and runs it again when the server
// is back: every point of both runs is stored.
func TestOutageGoesToDisk(t *testing.T) {
	s := influxtest.New(t, influxtest.Status(503))
	var out bytes.Buffer
	m := testMonitor(t, s, &out)
	m.spool = filepath.Join(t.TempDir(), "spool")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := m.run(ctx); err != nil {
		t.Fatal(err)
	}
	want := m.samples * m.sample.Points()
	if end := fmt.Sprintf(", %d on disk of these and 0 from before\n", want); !strings.HasSuffix(out.String(), end) {
		t.Errorf("it says %q", out.String())
	}
	up := influxtest.New(t, influxtest.Status(204))
	n := testMonitor(t, up, &out)
	n.spool = m.spool
	again, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for len(linesOf(up)) < want { // Close leaves to the disk what it has not sent
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if err := n.run(again); err != nil {
		t.Fatal(err)
	}
	stored := linesOf(up)
	if want += n.samples * n.sample.Points(); len(stored) != want {
		t.Errorf("the server saw %d different lines, want %d", len(stored), want)
	}
	if _, err := os.Stat(m.keep); err == nil {
		t.Error("something was kept")
	}
}

// linesOf returns the lines that a server saw.
func linesOf(s *influxtest.Server) map[string]bool {
	lines := map[string]bool{}
	for _, r := range s.Requests() {
		for line := range strings.Lines(string(r.Body)) {
			lines[line] = true
		}
	}
	return lines
}

// TestSecondInterrupt holds that a second interrupt ends the wait for a server that does not
// respond, and loses nothing.
func TestSecondInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot interrupt itself")
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	// A late interrupt must not end the test.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)

	var out bytes.Buffer
	m := testMonitor(t, influxtest.New(t, influxtest.Silent()), &out)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // the first interrupt
	done := make(chan error)
	go func() { done <- m.run(ctx) }()
	for {
		select {
		case err := <-done:
			var unsent *batch.UnsentError
			if !errors.As(err, &unsent) || !strings.Contains(out.String(), "lines are in "+m.keep) {
				t.Errorf("%v, %s", err, out.String())
			}
			return
		default:
			if err := self.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, m := range []*monitor{{url: "http://h:1?database=d"}, {url: "nowhere", every: 1}, {url: "http://h:1?nonsense=1", every: 1}} {
		if m.run(context.Background()) == nil {
			t.Errorf("%+v runs", m)
		}
	}
}
