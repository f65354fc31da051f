package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func init() { countPause = time.Millisecond }

// A store is a server that counts what it is given.
type store struct {
	influxtest.Reply
	lines, writes, queries atomic.Int64
	// off is added to what it counts; short is taken from the rows of responses.
	off, short int64
	// refuse makes it refuse the write of that number, from 1.
	refuse int64
	// onWrite and onQuery are called before the responses.
	onWrite, onQuery func()

	mu         sync.Mutex
	statements []string
}

func newStore(t *testing.T, s *store) (url string) {
	s.Reply = influxtest.Func(s.response)
	return influxtest.New(t, s.Reply).URL
}

func (s *store) response(c *influxtest.Conn, r *influxtest.Request) {
	switch r.Path {
	case "/ping":
		influxtest.Status(204, "X-Influxdb-Version", "1.8.10").Play(c, r)
	case "/write":
		n := s.writes.Add(1)
		if s.onWrite != nil {
			s.onWrite()
		}
		if n == s.refuse {
			influxtest.Error(400, "unable to parse").Play(c, r)
			return
		}
		s.lines.Add(int64(bytes.Count(r.Body, []byte("\n"))))
		influxtest.Status(204).Play(c, r)
	default:
		influxtest.JSON(s.query(r.Query.Get("q")+r.Form.Get("q"))).Play(c, r)
	}
}

func (s *store) query(q string) string {
	switch word, _, _ := strings.Cut(q, " "); {
	case strings.HasPrefix(q, "SELECT count"):
		return fmt.Sprintf(`{"results":[{"statement_id":0,"series":[{"name":"Trade","columns":["time","count"],"values":[[0,%d]]}]}]}`+"\n", s.lines.Load()+s.off)
	case word == "SELECT":
		s.queries.Add(1)
		if s.onQuery != nil {
			s.onQuery()
		}
		row := `[1540184368785116000,"AAPL",219.23,"BUY",100,"NASDAQ","34a1e085"],`
		rows := strings.Repeat(row, int(s.lines.Load()-s.short))
		return `{"results":[{"statement_id":0,"series":[{"name":"Trade","columns":["time","instrument","price","side","size","source","trade_id"],"values":[` + strings.TrimSuffix(rows, ",") + `]}]}]}` + "\n"
	}
	s.mu.Lock()
	s.statements = append(s.statements, q)
	s.mu.Unlock()
	return `{"results":[{"statement_id":0}]}` + "\n"
}

// said reports whether a statement that begins so was among those that change
// something.
func (s *store) said(begin string) bool {
	return slices.ContainsFunc(s.statements, func(q string) bool { return strings.HasPrefix(q, begin) })
}

func TestWriteLoad(t *testing.T) {
	s := new(store)
	url := newStore(t, s)
	file := filepath.Join(t.TempDir(), "w.json")
	c, out := quiet()
	args := []string{"write", "-url", url, "-duration", "150ms", "-rate", "20000", "-workers", "3", "-batch", "100", "-json", file}
	if err := run(context.Background(), c, args); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, part := range []string{"InfluxDB 1.8.10: 3 workers, 100 points a request, compressed with gzip, 20 000 points/s", "acknowledged", "schedule to stored", "points, as acknowledged"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	// 150 ms of 200 batches a second are 30 batches.
	if n := s.lines.Load(); n == 0 || n > 3000 || n%100 != 0 {
		t.Errorf("%d lines arrived", n)
	}
	if !s.said("CREATE DATABASE") || !s.said("DROP DATABASE") {
		t.Errorf("statements %q", s.statements)
	}
	r, err := results.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Results[0]; v.ID() != "load/write/pointwire-writer" || v.Ns <= 0 || v.Latency == nil || v.Latency.P50 <= 0 || v.Latency.Max < v.Latency.P99 || r.Environment.Get("server") != "InfluxDB 1.8.10" {
		t.Errorf("%+v, %v", v, r.Environment)
	}
	if got := r.Command("load", "write"); got != "go run ./cmd/lpbench write -batch 100 -duration 150ms -rate 20000 -url URL -workers 3" {
		t.Errorf("command %q", got)
	}
}

// TestWriteLoadPoints holds that no two points of a load replace each other.
func TestWriteLoadPoints(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	twice := 0
	url := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		if r.Path != "/write" {
			new(store).response(c, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for line := range bytes.Lines(r.Body) {
			at := string(line[bytes.LastIndexByte(line, ' '):])
			if seen[at] {
				twice++
			}
			seen[at] = true
		}
		influxtest.Status(204).Play(c, r)
	})).URL
	c, _ := quiet()
	// The count of this server is 0: only the points matter.
	if err := run(context.Background(), c, []string{"write", "-url", url, "-duration", "1s", "-batch", "70000"}); !errors.Is(err, errCount) {
		t.Error(err)
	}
	if twice > 0 || len(seen) < 70_000 {
		t.Errorf("%d moments, %d twice", len(seen), twice)
	}
}

// TestWriteLoadInterrupt ends a load of an hour in the middle: what was taken is
// stored and counted, and the status is 0.
func TestWriteLoadInterrupt(t *testing.T) {
	for _, rate := range []string{"0", "100000"} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		s := new(store)
		s.onWrite = func() {
			if s.writes.Load() == 4 {
				cancel()
			}
		}
		c, out := quiet()
		err := run(ctx, c, []string{"write", "-url", newStore(t, s), "-duration", "1h", "-batch", "10", "-rate", rate})
		if err != nil || !strings.Contains(out.String(), "points, as acknowledged") || !s.said("DROP DATABASE") {
			t.Errorf("rate %s: %v\n%s", rate, err, out)
		}
		if status(err, out) != 0 || s.lines.Load() < 40 {
			t.Errorf("rate %s: %d lines", rate, s.lines.Load())
		}
	}
}

// TestWriteLoadWorkers holds that workers do not wait for each other, and that a
// request that is refused is one that failed: while the first hangs the other worker
// goes on, until it has made 20 more.
func TestWriteLoadWorkers(t *testing.T) {
	s := &store{refuse: 5}
	free := make(chan struct{})
	var once sync.Once
	s.onWrite = func() {
		if n := s.writes.Load(); n == 1 {
			<-free
		} else if n > 20 {
			once.Do(func() { close(free) })
		}
	}
	c, out := quiet()
	err := run(context.Background(), c, []string{"write", "-url", newStore(t, s), "-duration", "500ms", "-batch", "10", "-workers", "2"})
	select {
	case <-free:
	default:
		once.Do(func() { close(free) })
		t.Error("a request that hangs holds all workers")
	}
	if err == nil || !strings.HasPrefix(err.Error(), "1 of ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWriteLoadFails holds that what the server refuses, and what it does not
// have, is an error with status 1.
func TestWriteLoadFails(t *testing.T) {
	for name, k := range map[string]struct {
		refuse, off int64
		want        error
		says        string
	}{
		"refused": {2, 0, nil, ""},
		"lost":    {0, -1, errCount, "NOT as acknowledged"},
		"more":    {0, 1, errCount, "NOT as acknowledged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{refuse: k.refuse, off: k.off}
			c, out := quiet()
			err := run(context.Background(), c, []string{"write", "-url", newStore(t, s), "-duration", "400ms", "-batch", "10", "-workers", "1"})
			if err == nil || k.want != nil && !errors.Is(err, k.want) {
				t.Fatalf("error %v\n%s", err, out)
			}
			if status(err, out) != 1 || !strings.Contains(out.String(), k.says) {
				t.Errorf("said\n%s", out)
			}
			if !s.said("DROP DATABASE") {
				t.Error("the database stays")
			}
		})
	}
}

// TestLoadPlace holds where the points of a load go and that only these go away.
func TestLoadPlace(t *testing.T) {
	for _, k := range []struct {
		args       []string
		says, sayx string
	}{
		{[]string{"-keep"}, "CREATE DATABASE", "DROP"},
		{[]string{"-database", "mine"}, "DROP MEASUREMENT", "DROP DATABASE"},
		{[]string{"-database", "mine"}, "DROP MEASUREMENT", "CREATE"},
	} {
		for _, name := range []string{"write", "query"} {
			s := new(store)
			args := append([]string{name, "-url", newStore(t, s), "-duration", "1ms"}, k.args...)
			if name == "query" {
				args = append(args, "-points", "10")
			} else {
				args = append(args, "-batch", "10")
			}
			c, out := quiet()
			if err := run(context.Background(), c, args); err != nil {
				t.Errorf("%q: %v\n%s", args, err, out)
			}
			if !s.said(k.says) || s.said(k.sayx) || slices.Contains(k.args, "-keep") != strings.Contains(out.String(), "kept: measurement") {
				t.Errorf("%q: statements %q\n%s", args, s.statements, out)
			}
		}
	}
}

func TestQueryLoad(t *testing.T) {
	s := new(store)
	file := filepath.Join(t.TempDir(), "q.json")
	c, out := quiet()
	args := []string{"query", "-url", newStore(t, s), "-duration", "100ms", "-rate", "50", "-points", "700", "-chunk", "0", "-json", file}
	if err := run(context.Background(), c, args); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, part := range []string{"50.0 queries/s", "SELECT * FROM \"Trade\"", "schedule to last row", "start to first row", "each response had 700 rows, as the server counts"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	r, err := results.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Results[0]; v.ID() != "load/query/pointwire" || v.Unit != "row" || v.MBps <= 0 || v.Latency == nil {
		t.Errorf("%+v", v)
	}
	c, again := quiet()
	if err := run(context.Background(), c, []string{"report", file}); err != nil || !strings.Contains(again.String(), "latency of pointwire: p50 ") {
		t.Errorf("%v\n%s", err, again)
	}
}

func TestQueryLoadOwnQuery(t *testing.T) {
	s := new(store)
	s.lines.Store(3)
	s.onQuery = func() {
		if s.queries.Load() == 2 {
			s.lines.Store(5)
		}
	}
	c, out := quiet()
	if err := run(context.Background(), c, []string{"query", "-url", newStore(t, s), "-duration", "1s", "-database", "mine", "-q", "SELECT x FROM y"}); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "responses had 3 to 5 rows") || len(s.statements) > 0 || s.writes.Load() > 0 {
		t.Errorf("statements %q, %d writes\n%s", s.statements, s.writes.Load(), out)
	}
}

func TestQueryLoadInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &store{onQuery: cancel}
	c, out := quiet()
	err := run(ctx, c, []string{"query", "-url", newStore(t, s), "-duration", "1h", "-points", "5", "-workers", "1"})
	if err != nil || !strings.Contains(out.String(), "each response had 5 rows") || !s.said("DROP DATABASE") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestQueryLoadShort(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &store{short: 1, onQuery: cancel} // after one query, however long that takes
	c, out := quiet()
	err := run(ctx, c, []string{"query", "-url", newStore(t, s), "-duration", "1h", "-points", "5", "-workers", "1"})
	if !errors.Is(err, errRows) || !strings.Contains(out.String(), "responses had 4 to 4 rows, the server counts 5") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestLoadArguments(t *testing.T) {
	for _, args := range []string{
		"write", "write -url http://x surplus", "write -url http://x -rate -1", "write -url http://x -workers 0", "write -url http://x -duration 0s",
		"write -url http://x -batch 0", "write -url http://x -rate 100 -duration 3s -batch 5000", "write -nonsense", "query", "query -url http://x -q SELECT", "query -url http://x -points 0", "query -url http://x -chunk -1",
	} {
		c, out := quiet()
		if err := run(context.Background(), c, strings.Fields(args)); status(err, out) != 2 {
			t.Errorf("%s: %v", args, err)
		}
	}
	c, out := quiet()
	if err := run(context.Background(), c, []string{"write", "-url", "http://u:secret@127.0.0.1:1"}); status(err, out) != 1 || strings.Contains(out.String(), "secret") {
		t.Errorf("said %s", out)
	}
}
