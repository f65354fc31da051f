//go:build linux

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

const (
	series     = 16
	batchLines = 5000
	epoch      = 1_700_000_000_000_000_000 // timestamp of id 0
)

// A load writes points with the ids 0, 1, … at a constant rate, and looks at the account
// ten times a second.
type load struct {
	t        *testing.T
	c        *fastclient.Client
	w        *batch.Writer
	appended int
	running  sync.WaitGroup
	stop     context.CancelFunc

	looks   int
	stall   time.Duration // the longest without an ack while lines were pending
	stallAt string        // what was going on when it began
	mu      sync.Mutex
	event   string
	events  []moment
	began   time.Time
	witness *witness // nil without one
}

// newLoad starts to write through both sqls.
func newLoad(t *testing.T, g *group, balance fastclient.Balance, rate int) *load {
	l := &load{t: t, began: time.Now()}
	addrs := []string{g.url(0), g.url(1)}
	if os.Getenv("POINTWIRE_CLUSTER_DIRECT") != "1" {
		l.witness = newWitness(l.now)
		for i, a := range addrs {
			addrs[i] = l.witness.watch(t, a)
		}
	}
	c, err := fastclient.New(fastclient.Options{
		Addr: addrs[0], Addrs: addrs[1:], Balance: balance, Database: database,
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := batch.NewWriter(c, batch.Options{BatchLines: batchLines, MaxMemory: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l.c, l.w, l.stop = c, w, stop
	l.running.Go(func() { l.write(ctx, rate) })
	l.running.Go(func() { l.watch(ctx) })
	return l
}

// write appends a hundredth of rate every 10 ms, without catching up.
func (l *load) write(ctx context.Context, rate int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var lines []byte
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		lines = lines[:0]
		for range rate / 100 {
			lines = appendPoint(lines, l.appended)
			l.appended++
		}
		if err := l.w.Append(context.Background(), lines); err != nil {
			l.t.Errorf("append: %v", err)
			return
		}
	}
}

func appendPoint(b []byte, id int) []byte {
	b = strconv.AppendInt(append(b, "chaos,a="...), int64(id%series), 10)
	b = strconv.AppendInt(append(b, " id="...), int64(id), 10)
	b = strconv.AppendInt(append(b, "i,v="...), valueOf(id), 10)
	return append(strconv.AppendInt(append(b, 'i', ' '), int64(epoch+id), 10), '\n')
}

// valueOf is the value of a point: 52 bits that tell it from others. 1.3.1 rounds larger
// integers in columns with empty cells.
func valueOf(id int) int64 {
	hi, lo := bits.Mul64(uint64(id)+0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return int64((hi ^ lo) >> 12)
}

// during notes what is going on.
func (l *load) during(event string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.event = event
	l.events = append(l.events, moment{time.Now(), event})
}

// now returns what is going on.
func (l *load) now() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.event
}

// watch checks the account until ctx ends.
func (l *load) watch(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var acked uint64
	grew, during := time.Now(), ""
	for {
		s := l.w.Stats()
		l.looks++
		if fault := unbalanced(&s); fault != "" {
			l.t.Error(fault)
		}
		now := time.Now()
		if s.Acked.Lines > acked || s.Pending.Lines == 0 {
			l.mu.Lock()
			acked, grew, during = s.Acked.Lines, now, l.event
			l.mu.Unlock()
		}
		if d := now.Sub(grew); d > l.stall {
			l.stall, l.stallAt = d, during
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// unbalanced says how an account does not add up, or that good lines are not stored.
func unbalanced(s *batch.Stats) string {
	var lines, bytes uint64
	for _, c := range []batch.Count{s.Acked, s.Rejected, s.Uncertain, s.Dropped, s.Pending} {
		lines += c.Lines
		bytes += c.Bytes
	}
	if lines != s.Appended.Lines || bytes != s.Appended.Bytes {
		return fmt.Sprintf("%d lines and %d bytes have an outcome: %+v", lines, bytes, *s)
	}
	if s.Rejected.Lines+s.Uncertain.Lines+s.Dropped.Lines > 0 {
		return fmt.Sprintf("good lines are not stored: %+v", *s)
	}
	return ""
}

// finish stops writing and waits until everything is acked.
func (l *load) finish() batch.Stats {
	l.during("the end")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := l.w.Flush(ctx); err != nil {
		l.t.Errorf("flush: %v", err)
	}
	l.stop()
	l.running.Wait()
	if err := l.w.Close(ctx); err != nil {
		l.t.Errorf("close: %v", err)
	}
	s := l.w.Stats()
	if s.Acked.Lines != uint64(l.appended) {
		l.t.Errorf("%d of %d lines acked: %+v", s.Acked.Lines, l.appended, s)
	}
	if err := l.c.Close(); err != nil {
		l.t.Error(err)
	}
	return s
}

// abandon ends writing to a cluster that takes nothing any more, and checks that no point is
// acked but those of which a sql said so.
func (l *load) abandon() {
	l.stop()
	l.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	l.w.Close(ctx)
	s := l.w.Stats()
	unsent := s.ByReason[batch.ReasonUnsent].Lines
	if s.Acked.Lines+unsent != uint64(l.appended) || s.Pending.Lines != 0 {
		l.t.Errorf("%d lines appended: %+v", l.appended, s)
	}
	if l.witness != nil {
		l.t.Log(l.witness)
		if told := l.witness.acknowledged(); s.Acked.Lines > uint64(told) {
			l.t.Errorf("%d lines are acked, and the sqls acknowledged %d", s.Acked.Lines, told)
		}
	}
	if err := l.c.Close(); err != nil {
		l.t.Error(err)
	}
}

// compare reads every point back through a sql, each with its value and time. Rows are
// visible up to a few seconds after the write.
func (l *load) compare(g *group, sql int) (lost []int, repeated int) {
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		lost, repeated = l.missing(g, sql)
		if len(lost) == 0 || time.Now().After(end) {
			return lost, repeated
		}
	}
}

func (l *load) missing(g *group, sql int) (lost []int, repeated int) {
	seen := make([]bool, l.appended)
	wrong := 0
	for a := range series {
		rows, err := g.query(sql, database, fmt.Sprintf(`SELECT id, v FROM chaos WHERE a = '%d'`, a))
		if err != nil {
			l.t.Logf("through %v: %v", g.sql[sql], err)
			break // what was not read is lost
		}
		for _, row := range rows {
			at, id, v := number(row[0]), number(row[1]), number(row[2])
			if id < 0 || id >= int64(l.appended) || at != epoch+id || v != valueOf(int(id)) {
				if wrong++; wrong < 5 {
					l.t.Errorf("through %v: %v is stored, which was never appended", g.sql[sql], row)
				}
				continue
			}
			if seen[id] {
				repeated++
			}
			seen[id] = true
		}
	}
	for id, s := range seen {
		if !s {
			lost = append(lost, id)
		}
	}
	return lost, repeated
}

func number(n json.Number) int64 {
	v, err := n.Int64()
	if err != nil {
		return -1
	}
	return v
}

// judge fails the test for lost points which no sql acknowledged, and describes the others:
// they are the cluster's loss, which a Writer cannot know of. Without a witness each lost
// point fails the test.
func (l *load) judge(through string, lost []int) {
	acknowledged, text := 0, ""
	if l.witness != nil {
		acknowledged, text = l.witness.sort(lost, l.began, l.events)
	}
	if n := len(lost) - acknowledged; n > 0 {
		l.t.Errorf("through %s: %d points are lost of %d which no sql acknowledged", through, n, l.appended)
	}
	if acknowledged > 0 {
		l.t.Logf("through %s: THE CLUSTER LOST %d points of %d which a sql acknowledged with the status 204", through, acknowledged, l.appended)
	}
	if text != "" {
		l.t.Log(text)
	}
}
