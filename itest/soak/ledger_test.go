package soak

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/itest"
)

// A mark says what became of a point.
type mark uint8

const (
	tried    mark = iota // an append has it, or was cancelled: it may be accepted
	accepted             // an append took it
	refused              // an append did not
	stored               // the server has it, and it was accepted
)

// A point is one line that was appended. Its place in the ledger is its id.
type point struct {
	at      int64 // timestamp; of a line without one, the earliest that it may get
	mark    mark
	stamped bool // the line has no timestamp
}

// A ledger holds the points of one Writer in one round.
type ledger struct {
	mu     sync.Mutex
	points []point
}

// reserve adds points with the timestamp at, or without one, and returns the first id. The
// timestamps of a reservation differ in their last six digits, as ids do.
func (l *ledger) reserve(n int, at int64, stamped bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := len(l.points)
	for i := range n {
		p := point{at: at, stamped: stamped}
		if !stamped {
			p.at = timeOf(at, first+i)
		}
		l.points = append(l.points, p)
	}
	return first
}

// timeOf returns the timestamp of a point that is made at the time at: no two ids have the
// same within a millisecond.
func timeOf(at int64, id int) int64 { return at/1e6*1e6 + int64(id%1e6) }

// settle marks the points from first on: so many accepted, the rest refused.
func (l *ledger) settle(first, took, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range n {
		m := accepted
		if i >= took {
			m = refused
		}
		l.points[first+i].mark = m
	}
}

// valueOf is the value of a point: 62 bits that tell it from others.
func valueOf(id int) int64 {
	hi, lo := bits.Mul64(uint64(id)+0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return int64((hi ^ lo) >> 2)
}

// floatOf is a value with all digits.
func floatOf(id int) float64 {
	return math.Float64frombits(uint64(valueOf(id))&(1<<52-1) | 1023<<52)
}

// A verdict counts what a server has.
type verdict struct {
	accepted, stored, lost, wrong int
}

// compare reads all points of a Writer back, each with its value and time.
func (l *ledger) compare(t *testing.T, s *itest.Server, db, name string) (v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	complain := func(format string, args ...any) {
		if v.wrong++; v.wrong < 5 {
			t.Errorf(name+": "+format, args...)
		}
	}
	latest := time.Now().Add(time.Minute).UnixNano()
	eachRow(t, s, db, `SELECT id, v, f FROM soak WHERE w = '`+name+`'`, func(row []json.Number) {
		id, err := strconv.Atoi(string(row[1]))
		if err != nil || id < 0 || id >= len(l.points) {
			complain("%v is stored, which was never appended", row)
			return
		}
		p := &l.points[id]
		at, _ := row[0].Int64()
		value, _ := row[2].Int64()
		f, _ := row[3].Float64()
		switch {
		case value != valueOf(id) || f != floatOf(id):
			complain("point %d is stored as %v, want %d and %v", id, row, valueOf(id), floatOf(id))
		case !p.stamped && at != p.at || p.stamped && (at < p.at || at > latest):
			complain("point %d is stored at %d, want %d", id, at, p.at)
		case p.mark == stored:
			complain("point %d is stored twice, once at %d", id, at)
		case p.mark != accepted:
			complain("point %d is stored, which was not accepted", id)
		default:
			p.mark = stored
			v.stored++
		}
	})
	for id := range l.points {
		switch l.points[id].mark {
		case accepted:
			v.accepted++
			if v.lost++; v.lost < 5 {
				t.Errorf("%s: point %d is lost", name, id)
			}
		case stored:
			v.accepted++
		case tried:
			complain("point %d has no outcome", id)
		}
	}
	if v.lost > 0 || v.wrong > 0 {
		t.Errorf("%s: %d lost, %d wrong of %d", name, v.lost, v.wrong, v.accepted)
	}
	return v
}

// eachRow calls f for every row of a query. It uses net/http and encoding/json, not the
// client that is tested.
func eachRow(t *testing.T, s *itest.Server, db, q string, f func(row []json.Number)) {
	t.Helper()
	resp, err := s.HTTPClient().PostForm(s.URL()+"/query", url.Values{"db": {db}, "q": {q}, "epoch": {"ns"}, "chunked": {"true"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var last bool
	for d := json.NewDecoder(resp.Body); d.More(); {
		var chunk struct {
			Error   string
			Results []struct {
				Error   string
				Partial bool
				Series  []struct{ Values [][]json.Number }
			}
		}
		if err := d.Decode(&chunk); err != nil {
			t.Fatal(err)
		}
		last = false
		for _, r := range chunk.Results {
			if chunk.Error+r.Error != "" {
				t.Fatalf("%s: %s%s", q, chunk.Error, r.Error)
			}
			last = !r.Partial
			for _, series := range r.Series {
				for _, row := range series.Values {
					f(row)
				}
			}
		}
	}
	if resp.StatusCode != http.StatusOK || !last {
		t.Fatalf("%s: status %d, complete: %v", q, resp.StatusCode, last)
	}
}

func countRows(t *testing.T, s *itest.Server, db, q string) (n int) {
	t.Helper()
	eachRow(t, s, db, q, func([]json.Number) { n++ })
	return n
}

// mustWrite writes lines.
func mustWrite(t *testing.T, s *itest.Server, db, lines string) {
	t.Helper()
	resp, err := s.HTTPClient().Post(s.URL()+"/write?db="+db, "", strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("status %d", resp.StatusCode)
	}
}

// statement runs a statement without rows.
func statement(t *testing.T, s *itest.Server, format string, args ...any) {
	t.Helper()
	eachRow(t, s, "", fmt.Sprintf(format, args...), func([]json.Number) {})
}
