package batch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestModelRoute plays the histories of TestModel with lines for many places. Every line must
// arrive at the place that its tag names, and at no other.
func TestModelRoute(t *testing.T) {
	runHistories(t, modelHistories/2, func(t *testing.T, seed uint64) {
		h := newHistory(t, seed)
		h.routeOptions()
		h.play()
	})
}

// TestModelRouteSpool plays those of TestModelSpool.
func TestModelRouteSpool(t *testing.T) {
	runHistories(t, modelHistories/20, func(t *testing.T, seed uint64) {
		h := newHistory(t, seed)
		h.routeOptions()
		h.spoolOptions()
		h.playSpool()
	})
}

// fakeRoute has the places of a client with the database d.
func fakeRoute(api seam.API) seam.Route {
	r := seam.Route{API: api}
	r.Place = func(db, rp, bucket string) (*seam.Place, error) {
		p := &seam.Place{Database: db, RetentionPolicy: rp, Bucket: bucket}
		if db == "" && bucket == "" {
			p.Database = "d"
		}
		p.Lasting = "/write?" + url.Values{"db": {p.Database}, "rp": {rp}, "bucket": {bucket}}.Encode()
		p.Paths[api] = []byte(p.Lasting)
		return p, nil
	}
	r.PlaceOf = func(lasting string) *seam.Place {
		_, query, _ := strings.Cut(lasting, "?")
		q, err := url.ParseQuery(query)
		if err != nil {
			return nil
		}
		p, _ := r.Place(q.Get("db"), q.Get("rp"), q.Get("bucket"))
		return p
	}
	r.Path = "/write?bucket=&db=d&rp="
	return r
}

// routed makes c the config of a Writer with the given options.
func routed(tb testing.TB, c *config, o RouteOptions) {
	tb.Helper()
	r := fakeRoute(c.targets[0].api)
	c.o.Route = o
	if field, reason := o.check(r.API); field != "" {
		tb.Fatal(field, reason)
	}
	router, err := newRouter(o, &r)
	if err != nil {
		tb.Fatal(err)
	}
	c.router, c.place, c.placeOf, c.path = router, r.Place, r.PlaceOf, r.Path
}

// A routeModel knows where lines go. It does not use the code under test.
type routeModel struct {
	h    *history
	o    RouteOptions
	v1   bool
	next seam.Sender
	many int // names

	mu       sync.Mutex
	rng      *rand.Rand
	place    map[int]string // of each line, db and rp
	text     map[int]string // as it is sent
	homeless map[int]bool   // lines that have no place
	absent   map[string]int // responses that the place does not exist which are left
}

func (h *history) routeOptions() {
	rng := h.rng
	o := RouteOptions{DatabaseTag: "db", Keep: rng.IntN(3) == 0, Required: rng.IntN(4) == 0, Max: rng.IntN(4)}
	if h.server.api != seam.V3 && rng.IntN(2) == 0 {
		o.RetentionPolicyTag = "r p"
	}
	m := &routeModel{
		h: h, o: o, v1: h.server.api == seam.V1, next: h.server, many: 1 + rng.IntN(40), rng: rand.New(rand.NewPCG(rng.Uint64(), 4)),
		place: map[int]string{}, text: map[int]string{}, homeless: map[int]bool{}, absent: map[string]int{},
	}
	h.routes = m
	for _, t := range h.config.targets {
		t.server = fakeTarget{m}
	}
	routed(h.t, &h.config, o)
	h.config.o.MaxMemory += (2 + 2*o.Max) << 10
	h.config.o.MaxMemory += h.config.o.MaxMemory/15 + 16
}

var (
	goodNames = []string{"metrics", "a b", "x,y", "k=v", "=,= ", "Zürich", "a.b", "名", "%2F&db=x", strings.Repeat("n", 255)}
	badNames  = []string{strings.Repeat("n", 256), "a\x01b", "\xff", "\x7f", "tab\there", "nul\x00"}
	backslash = []string{`C:\tmp`, "a/b", "..", "."} // bad for V1 alone
	escaper   = strings.NewReplacer(",", `\,`, "=", `\=`, " ", `\ `)
)

// name returns a value for a tag, and whether it is good. A tag cannot end in a backslash.
func (m *routeModel) name(rng *rand.Rand) (name string, good bool) {
	switch rng.IntN(12) {
	case 0:
		return badNames[rng.IntN(len(badNames))], false
	case 1:
		return backslash[rng.IntN(len(backslash))], !m.v1
	case 2:
		return "", true // without the tag
	case 3, 4:
		return goodNames[rng.IntN(len(goodNames))], true
	}
	return fmt.Sprint("db", rng.IntN(m.many)), true
}

// tag puts tags into the line of id.
func (m *routeModel) tag(rng *rand.Rand, id int, s string) string {
	db, good := m.name(rng)
	rp := ""
	if m.o.RetentionPolicyTag != "" {
		var ok bool
		if rp, ok = m.name(rng); !ok {
			good = false
		}
		if rp == "" && m.o.Required {
			good = false
		}
	}
	if db == "" && m.o.Required {
		good = false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.homeless[id] = !good
	head := fmt.Sprintf("m,id=%d", id)
	rest := strings.TrimPrefix(s, head)
	tags := []string{`o\ dd=r\=p\,db`}
	if db != "" {
		tags = append(tags, "db="+escaper.Replace(db))
	} else {
		db = "d"
	}
	if rp != "" {
		tags = append(tags, `r\ p=`+escaper.Replace(rp))
	}
	m.place[id] = db + "\n" + rp
	kept := tags[0]
	rng.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
	full := head + "," + strings.Join(tags, ",") + rest
	if m.text[id] = full; !m.o.Keep {
		m.text[id] = head + "," + kept + rest
	}
	return full
}

// sent returns the line of id as it is sent.
func (m *routeModel) sent(id int, text string) string {
	if m == nil {
		return text
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text[id]
}

// Send looks whether lines are at their place. Some places do not exist for a while.
func (m *routeModel) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	m.mu.Lock()
	if b.Place == nil || len(b.Place.Paths[m.h.server.api]) == 0 {
		m.h.t.Error("a request without a place")
		m.mu.Unlock()
		return
	}
	at := b.Place.Database + "\n" + b.Place.RetentionPolicy
	eachLine(decompressed(b), func(id int, line string) {
		if m.place[id] != at {
			m.h.t.Errorf("line %q is for %q, sent to %q", line, m.place[id], at)
		}
	})
	left, known := m.absent[at]
	if !known && m.rng.IntN(4) == 0 && m.h.server.trust < 1 {
		left = 1 + m.rng.IntN(5)
	}
	if m.absent[at] = max(left-1, 0); left > 0 {
		m.mu.Unlock()
		r.API, r.Status, r.Message = m.h.server.api, 404, `database not found: "x"`
		return
	}
	m.mu.Unlock()
	m.next.Send(ctx, b, r)
}

// auditRoutes fails the test unless the routes of w agree with its batches.
func auditRoutes(t *testing.T, w *engine, parts map[*slabBatch]int, refs map[*slab]int) {
	t.Helper()
	x := w.routing
	if x == nil {
		return
	}
	if len(x.table) > x.max {
		t.Errorf("%d routes are open, want %d at most", len(x.table), x.max)
	}
	held := map[*route]int{}
	size, ring := 0, 0
	for r := x.recent.next; r != &x.recent; r = r.next {
		ring++
		held[r] = 0
		if x.table[r.key] != r || !r.inTable {
			t.Errorf("the ring has %q, the table does not", r.key)
		}
	}
	if ring != len(x.table) {
		t.Errorf("the ring has %d routes, the table %d", ring, len(x.table))
	}
	for b := range parts {
		held[b.route]++
		size += batchBytes
	}
	w.eachOpen(func(b *slabBatch) bool {
		held[b.route]++
		size += batchBytes
		return true
	})
	if d := w.disk; d != nil && d.reading != nil && d.reading.seq > 0 && d.reading.parts == 0 {
		return // it is freed later
	}
	if w.aborted {
		return
	}
	for r, n := range held {
		size += r.size()
		if r.refs != n {
			t.Errorf("the place %q has %d batches, says %d", r.key, n, r.refs)
		}
	}
	if size != x.bytes {
		t.Errorf("routes and batches take %d bytes, says %d", size, x.bytes)
	}
	for _, s := range x.rooms {
		if refs[s] == 0 {
			t.Error("a slab with room has no batch")
		}
	}
	w.eachOpen(func(b *slabBatch) bool {
		for _, s := range x.rooms {
			if s == b.slab {
				t.Error("a slab with an open batch is offered to another one")
			}
		}
		return true
	})
}
