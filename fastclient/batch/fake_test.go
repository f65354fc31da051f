package batch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// A fakeTarget has one sender.
type fakeTarget struct{ seam.Sender }

func (t fakeTarget) NewSender(seam.Observer) seam.Sender { return t }
func (fakeTarget) Downgrade(seam.API) bool               { return false }

// Send calls the function and sets the error that a client would return for its response.
func (t fakeTarget) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	t.Sender.Send(ctx, b, r)
	switch {
	case r.Err != nil:
		r.Failure = r.Err
	case verdict.Judge(r) != verdict.ActAck:
		r.Failure = &fastclient.ServerError{Op: "write", Status: r.Status, Message: r.Message, Foreign: r.Foreign, RetryAfter: r.RetryAfter}
	}
}

// A senderFunc is a seam.Sender made of a function.
type senderFunc func(ctx context.Context, b *seam.Body, r *seam.Response)

func (f senderFunc) Send(ctx context.Context, b *seam.Body, r *seam.Response) { f(ctx, b, r) }

// acker acknowledges every request and stores nothing.
func acker(_ context.Context, _ *seam.Body, r *seam.Response) { r.Status = 204 }

// black is a server that accepts requests and never responds.
func black(ctx context.Context, _ *seam.Body, r *seam.Response) {
	<-ctx.Done()
	r.Err = ctx.Err()
}

// testConfig is the config of a Writer over f.
func testConfig(tb testing.TB, o Options, api seam.API, f senderFunc) config {
	tb.Helper()
	o, err := o.withDefaults(api)
	if err != nil {
		tb.Fatal(err)
	}
	return config{o: o, targets: []*target{{api: api, server: fakeTarget{f}}}}
}

// testWriter starts a Writer over f. The test closes it.
func testWriter(tb testing.TB, o Options, f senderFunc) *Writer {
	tb.Helper()
	w, err := newWriter(testConfig(tb, o, seam.V1, f))
	if err != nil {
		tb.Fatal(err)
	}
	w.startAll()
	return w
}

// audit fails the test unless the accounts add up and agree with what the
// Writer really holds.
func audit(t *testing.T, w *engine) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var s Stats
	w.ledger.copyTo(&s)
	if sum := s.Acked.plus(s.Rejected).plus(s.Uncertain).plus(s.Dropped).plus(s.Pending).plus(s.Spooled); sum != s.Appended.plus(s.Recovered) {
		t.Errorf("appended %v + recovered %v, but acked %v + rejected %v + uncertain %v + dropped %v + pending %v + spooled %v = %v",
			s.Appended, s.Recovered, s.Acked, s.Rejected, s.Uncertain, s.Dropped, s.Pending, s.Spooled, sum)
	}
	var held Count
	parts := map[*slabBatch]int{}
	lists := []*partList{&w.queue, &w.flying}
	if w.disk != nil {
		lists = append(lists, &w.disk.moving, &w.disk.replays)
	}
	for _, l := range lists {
		n, count := 0, Count{}
		var before *part
		for p := l.head; p != nil; p = p.next {
			n++
			parts[p.batch]++
			count.add(p.lines, len(p.data))
			if line.Count(p.data) != p.lines {
				t.Errorf("part of batch %d holds %d lines, says %d", p.batch.seq, line.Count(p.data), p.lines)
			}
			if before != nil && !before.before(p) {
				t.Error("a list of parts is out of order")
			}
			before = p
		}
		if n != l.n || count != l.count {
			t.Errorf("a list holds %d parts %v, says %d %v", n, count, l.n, l.count)
		}
		held = held.plus(count)
	}
	for b, n := range parts {
		if b.parts != n {
			t.Errorf("batch %d has %d parts, says %d", b.seq, n, b.parts)
		}
	}
	if len(parts) != w.live {
		t.Errorf("%d batches are live, says %d", len(parts), w.live)
	}
	w.eachOpen(func(b *slabBatch) bool {
		held.add(b.lines, len(b.buf))
		if b.lines == 0 {
			t.Error("an open batch is empty")
		}
		return true
	})
	if held != s.Pending {
		t.Errorf("holds %v, pending says %v", held, s.Pending)
	}
	refs := map[*slab]int{}
	for b := range parts {
		if b.replay == nil {
			refs[b.slab]++
		}
	}
	if d := w.disk; d != nil && d.reading != nil && d.reading.seq > 0 && d.reading.parts == 0 {
		refs[d.reading.slab]++
	}
	w.eachOpen(func(b *slabBatch) bool {
		refs[b.slab]++
		return true
	})
	auditRoutes(t, w, parts, refs)
	for s, n := range refs {
		if s.refs != n && !w.aborted {
			t.Errorf("a slab holds %d batches, says %d", n, s.refs)
		}
	}
	if !w.aborted && w.slabs.made-len(w.slabs.free) != len(refs) {
		t.Errorf("%d slabs in use, %d hold batches", w.slabs.made-len(w.slabs.free), len(refs))
	}
	if w.slabs.made > w.slabs.budget {
		t.Errorf("%d slabs over a budget of %d", w.slabs.made, w.slabs.budget)
	}
}

// eachLine calls f with the number and the text of every line of body that has the form of
// the tests, "m,id=<number>…". It does not use the code under test.
func eachLine(body []byte, f func(id int, line string)) {
	const mark = "m,id="
	text := string(body)
	for len(text) > 0 {
		end := strings.Index(text, "\n"+mark) + 1
		if end == 0 {
			end = len(text)
		}
		digits := strings.TrimPrefix(text[:end], mark)
		id, _ := strconv.Atoi(digits[:strings.IndexAny(digits, ", ")])
		f(id, text[:end])
		text = text[end:]
	}
}

func decompressed(b *seam.Body) []byte {
	if b.Encoding == "" {
		return b.Data
	}
	z, err := gzip.NewReader(bytes.NewReader(b.Data))
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return body
}

// A moodyServer stores lines in memory, or does anything else that a server can do. It never
// stores a line with the tag bad: it cannot parse bad=1, bad=2 has a field of the wrong
// type, and bad=3 is too old.
type moodyServer struct {
	mu     sync.Mutex
	rng    *rand.Rand
	api    seam.API
	trust  float64 // share of the requests that it treats as it should
	limit  int     // bytes of a body
	noGzip bool
	strict bool // version 3: all or nothing
	stored map[int]string
	letGo  map[int]bool // of a response that is an acknowledgement
	calls  int
}

var errReset = errors.New("connection reset")

func (s *moodyServer) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	s.mu.Lock()
	delay := time.Duration(0)
	if s.rng.IntN(3) == 0 {
		delay = time.Duration(s.rng.Int64N(int64(2 * time.Second)))
	}
	if s.rng.IntN(200) == 0 {
		delay = time.Hour
	}
	s.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			r.Err = ctx.Err()
			return
		}
	} else if r.Err = ctx.Err(); r.Err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	r.API = s.api
	switch {
	case b.Encoding != "" && s.noGzip:
		r.Status = 415
		return
	case s.limit > 0 && len(b.Data) > s.limit:
		r.Status = 413
		return
	case s.rng.Float64() < s.trust:
		s.take(decompressed(b), r)
		return
	}
	s.misbehave(b, r)
}

// take responds as the server of its API does, with the words of 1.8.10, 2.8.0 and 3.
func (s *moodyServer) take(body []byte, r *seam.Response) {
	var quotes []string
	shards := [3]int{} // lines of the wrong type
	beyond, n := 0, 0
	conflict := ""
	eachLine(body, func(id int, line string) {
		n++
		if isBad(line) && s.api == seam.V3 {
			r.Refused = append(r.Refused, seam.RefusedLine{Number: n, Message: "bad line", Text: line[:min(len(line), 20)]})
		}
		switch badness(line) {
		case '1':
			quotes = append(quotes, "unable to parse '"+strings.TrimSuffix(line, "\n")+"': missing fields")
		case '2':
			shards[id%3]++
			if conflict == "" {
				conflict = `field type conflict: input field "v" on measurement "m" is type float, already exists as type string`
			}
		case '3':
			beyond++
		}
	})
	r.Status = 204
	if len(quotes)+beyond+shards[0]+shards[1]+shards[2] == 0 {
		s.store(body)
		return
	}
	r.Status = 400
	if s.api == seam.V3 {
		if r.Message = "partial write of line protocol occurred"; s.strict {
			r.Message = "line protocol parsing error"
			return
		}
		s.store(body)
		return
	}
	unparsed := strings.Join(quotes, "\n")
	if len(quotes) == n || s.api == seam.V2 && len(quotes) > 0 {
		r.Message = unparsed
		return // and stores no line
	}
	s.store(body)
	prefix := ""
	if s.api == seam.V2 {
		r.Status, prefix = 422, "failure writing points to database: "
	}
	from := s.rng.IntN(3) // the shard whose error the response gives
	for i := range shards {
		if k := shards[(from+i)%3]; k > 0 {
			r.Message = fmt.Sprintf("%spartial write: %s dropped=%d", prefix, conflict, k)
			return
		}
	}
	if beyond == 0 {
		r.Message = "partial write: " + unparsed + " dropped=0"
	} else if s.api == seam.V2 {
		r.Message = fmt.Sprintf("%spartial write: dropped %d points outside retention policy of duration 1h0m0s - oldest point m at 1970, newest point m at 1970 dropped=%[2]d for database: 0123 for retention policy: autogen", prefix, beyond)
	} else {
		r.Message = fmt.Sprintf("partial write: points beyond retention policy dropped=%d", beyond)
	}
}

func (s *moodyServer) store(body []byte) {
	eachLine(body, func(id int, line string) {
		if !isBad(line) {
			s.stored[id] = line
		}
	})
}

// storeAll stores the lines of a request that is acknowledged as a whole. Lines that it
// cannot store are discarded.
func (s *moodyServer) storeAll(body []byte) {
	s.store(body)
	eachLine(body, func(id int, line string) {
		if isBad(line) {
			s.letGo[id] = true
		}
	})
}

func isBad(line string) bool { return badness(line) != 0 }

// badness returns the value of the tag bad, 0 if there is none.
func badness(line string) byte {
	_, after, found := strings.Cut(line, ",bad=")
	if !found {
		return 0
	}
	return after[0]
}

// misbehave fails in some way, with the lines stored or not.
func (s *moodyServer) misbehave(b *seam.Body, r *seam.Response) {
	if s.rng.IntN(4) == 0 {
		s.store(decompressed(b)) // and the response is lost or wrong
	}
	if s.rng.IntN(4) == 0 {
		r.RetryAfter = time.Duration(s.rng.Int64N(int64(3 * time.Second)))
	}
	if s.rng.IntN(4) == 0 {
		s.page(r)
		return
	}
	statuses := []int{0, 0, 0, 100, 302, 401, 403, 404, 405, 408, 425, 429, 500, 500, 501, 502, 503, 503, 504, 505, 507, 509, 523, 524, 529, 599, 400, 406, 409, 422}
	switch r.Status = statuses[s.rng.IntN(len(statuses))]; r.Status {
	case 0:
		r.Err = errReset
		if s.rng.IntN(4) == 0 {
			r.Err, r.Unreadable = fastclient.ErrResponseTooLarge, true
		}
	case 400, 422:
		s.refuse(b, r)
	case 500:
		switch s.rng.IntN(4) {
		case 0:
			r.Message = "retention policy not found: x"
		case 1:
			r.Message = "hinted handoff queue not empty"
			s.storeAll(decompressed(b))
		default:
			r.Message = "timeout"
		}
	}
}

// page responds as something in place of the server would: it neither accepts nor refuses.
func (s *moodyServer) page(r *seam.Response) {
	statuses := []int{200, 200, 201, 202, 400, 400, 405, 407, 421, 422, 451, 404, 500, 501}
	words := []string{
		"", "<html>log in</html>", "partial write: points beyond retention policy dropped=1",
		"unable to parse 'm': missing fields", "hinted handoff queue not empty", "database is required",
	}
	r.Status, r.Message, r.Foreign = statuses[s.rng.IntN(len(statuses))], words[s.rng.IntN(len(words))], true
}

func (s *moodyServer) refuse(b *seam.Body, r *seam.Response) {
	body := decompressed(b)
	switch s.rng.IntN(3) {
	case 0: // one line is too old
		r.Message = "partial write: points beyond retention policy dropped=1"
		first := true
		eachLine(body, func(id int, line string) {
			if !first && !isBad(line) {
				s.stored[id] = line
			}
			first = false
		})
	case 1:
		r.Message = "unable to parse 'x': missing fields"
	default:
		r.Message = "database is required"
	}
}
