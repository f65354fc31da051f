package batch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/lp"
)

// TestModel plays random histories against a Writer under a fake clock: random
// servers, appenders, flushes and closes. At every step the accounts must add
// up. In the end every line that an append accepted must be stored, handed to the dead
// letter, or handed back by Close, and no other line may be.
//
// POINTWIRE_SEED repeats the histories of a run, POINTWIRE_HISTORIES sets their
// number.
func TestModel(t *testing.T) {
	runHistories(t, modelHistories, func(t *testing.T, seed uint64) { newHistory(t, seed).play() })
}

// TestModelSyncWriter does the same with a SyncWriter.
func TestModelSyncWriter(t *testing.T) {
	runHistories(t, modelHistories/5, func(t *testing.T, seed uint64) { newHistory(t, seed).playSyncWriter() })
}

func runHistories(t *testing.T, n int, play func(t *testing.T, seed uint64)) {
	if testing.Short() {
		n /= 20
	}
	if s := os.Getenv("POINTWIRE_HISTORIES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	base := rand.Uint64()
	if s := os.Getenv("POINTWIRE_SEED"); s != "" {
		base, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("%d histories, POINTWIRE_SEED=%d", n, base)
	const shards = 4
	for shard := range shards {
		t.Run(fmt.Sprint("shard", shard), func(t *testing.T) {
			t.Parallel()
			for i := shard; i < n; i += shards {
				playOne(t, base+uint64(i), play)
			}
		})
	}
}

// playOne plays one history. A failure ends the goroutine, so the seed is printed on the way.
func playOne(t *testing.T, seed uint64, play func(t *testing.T, seed uint64)) {
	defer func() {
		if t.Failed() {
			t.Logf("history failed: POINTWIRE_SEED=%d POINTWIRE_HISTORIES=1", seed)
		}
	}()
	synctest.Test(t, func(t *testing.T) { play(t, seed) })
}

// A history is one run of the model.
type history struct {
	t      *testing.T
	rng    *rand.Rand
	server *moodyServer
	config config
	routes *routeModel // nil: all lines go to one place

	mu       sync.Mutex
	nextID   int
	first    int            // of the ids of this Writer
	removed  bool           // somebody may remove the directory of the spool
	accepted map[int]string // text, or its start when the Writer stamps it
	refused  map[int]bool
	dead     map[int]bool
	rejected map[int]bool   // of dead: the server refused these lines, and no others
	lost     map[Reason]int // lines in dead letters
}

func newHistory(t *testing.T, seed uint64) *history {
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	api := seam.API(rng.IntN(3))
	h := &history{
		t: t, rng: rng, accepted: map[int]string{}, refused: map[int]bool{}, dead: map[int]bool{}, rejected: map[int]bool{}, lost: map[Reason]int{},
		server: &moodyServer{
			rng: rand.New(rand.NewPCG(seed, 1)), api: api, stored: map[int]string{}, letGo: map[int]bool{},
			trust: []float64{0, 0.3, 0.7, 0.95, 1}[rng.IntN(5)], limit: pick(0, 0, 100, 600),
			noGzip: rng.IntN(3) == 0, strict: rng.IntN(2) == 0,
		},
	}
	o := Options{
		BatchBytes: 1024, BatchLines: pick(1, 3, 10, 5000), MaxMemory: pick(1, 3, 16, 64) << 10, MaxInFlight: pick(1, 2, 3),
		MaxDelay: time.Duration(pick(1, 100, 1000)) * time.Millisecond, Overflow: OverflowPolicy(rng.IntN(3)),
		Ordered: rng.IntN(4) == 0, MaxAge: time.Duration(pick(0, 0, 5)) * time.Second, Isolate: Isolation(rng.IntN(3)),
		DeadLetter: h, OnEvent: func(Event) {},
	}
	o, err := o.withDefaults(api)
	if err != nil {
		t.Fatal(err)
	}
	h.config = config{o: o, minCompress: 200}
	if rng.IntN(2) == 0 {
		h.config.compressor = testDeflater
		h.config.o.MaxMemory += deflate.EncoderSize
	}
	targets := 1 + rng.IntN(2)
	h.config.o.MaxMemory += targets * o.MaxInFlight * (1024 + compressedSize(1024))
	for range targets {
		h.config.targets = append(h.config.targets, &target{api: api, server: fakeTarget{h.server}})
	}
	return h
}

// Put makes the history the dead letter.
func (h *history) Put(l *LostLines) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost[l.Reason] += l.Lines
	if l.NotStored != l.Lines && l.Reason != ReasonUncertain || l.NotStored > l.Lines {
		h.t.Errorf("%d lines are lost of %d, by %v", l.NotStored, l.Lines, l.Reason)
	}
	n := 0
	eachLine(l.Data, func(id int, line string) {
		n++
		h.dead[id] = true
		h.rejected[id] = l.Reason.Rejected()
		if h.accepted[id] == "" && !h.inFlightAppend(id) {
			h.t.Errorf("line %d, which no append accepted, is in a dead letter", id)
		}
		if (l.Reason == ReasonLine || l.Reason == ReasonRetention) && !isBad(line) && h.server.trust == 1 {
			h.t.Errorf("good line %q is rejected", line)
		}
	})
	if n != l.Lines {
		h.t.Errorf("a dead letter of %d lines says %d", n, l.Lines)
	}
	return nil
}

// inFlightAppend reports whether an append that has not returned holds id.
func (h *history) inFlightAppend(id int) bool { return !h.refused[id] }

// modelPhrases are words of servers that users may have in their lines.
var modelPhrases = []string{
	"points beyond retention policy", "partial write: x dropped=9", " dropped=1", "unable to parse 'm': missing fields",
	"a': missing fields\nunable to parse 'b", "hinted handoff queue not empty", "retention policy not found: x",
	"partial write of line protocol occurred", "field type conflict",
}

// lines makes n lines.
func (h *history) lines(rng *rand.Rand, n int) (ids []int, text []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range n {
		id := h.nextID
		h.nextID++
		s := fmt.Sprintf("m,id=%d", id)
		if rng.IntN(10) == 0 {
			s += ",bad=" + []string{"1", "2", "3"}[rng.IntN(3)]
		}
		switch rng.IntN(4) {
		case 0:
			s += ` v="a\"b` + "\n" + `c # d"`
		case 1:
			s += fmt.Sprintf(` v=%di,w="%s"`, id, modelPhrases[rng.IntN(len(modelPhrases))])
		default:
			s += ` v=` + strings.Repeat("1", 1+rng.IntN(30))
		}
		if rng.IntN(3) > 0 {
			s += fmt.Sprintf(" %d", 1_000_000+id)
		}
		if h.routes != nil {
			s = h.routes.tag(rng, id, s)
		}
		ids, text = append(ids, id), append(text, s)
	}
	return ids, text
}

// append makes one random append.
func (h *history) append(ctx context.Context, rng *rand.Rand, w LineWriter) {
	ids, text := h.lines(rng, 1+rng.IntN(8))
	var err error
	invalid := 0
	switch rng.IntN(3) {
	case 0:
		body := strings.Join(text, "\n")
		if rng.IntN(2) == 0 {
			body += "\n"
		}
		if rng.IntN(5) == 0 {
			body = "m,id=x no_field\n# comment\n\n" + body
			invalid = 1
		}
		err = w.Append(ctx, []byte(body))
	case 1:
		var points []lp.Appender
		for _, s := range text {
			points = append(points, textPoint(s))
		}
		err = w.AppendPoints(ctx, points...)
	default:
		err = w.Encode(ctx, func(e *lp.Encoder) {
			for _, s := range text {
				e.Append(textPoint(s))
			}
		})
	}
	accepted := len(ids)
	var ae *AppendError
	if errors.As(err, &ae) {
		accepted = ae.Accepted
		if ae.Refused != len(ids)-accepted+invalid {
			h.t.Errorf("%d of %d lines accepted, %d invalid, but %d refused: %v", accepted, len(ids), invalid, ae.Refused, err)
		}
	} else if err != nil || invalid > 0 {
		h.t.Errorf("append: %v, invalid %d", err, invalid)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, id := range ids {
		switch {
		case h.routes != nil && h.routes.homeless[id]:
			h.refused[id] = true
		case accepted > 0:
			accepted--
			h.accepted[id] = h.routes.sent(id, text[i])
		default:
			h.refused[id] = true
		}
	}
}

type textPoint string

func (p textPoint) AppendLP(dst []byte) ([]byte, error) {
	return append(append(dst, p...), '\n'), nil
}

func (h *history) play() {
	w, err := newWriter(h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	w.startAll()
	h.compare(h.live(w))
}

// live uses w from several goroutines, closes it, and returns how that ended.
func (h *history) live(w *Writer) (Stats, error) {
	var wg sync.WaitGroup
	for range 1 + h.rng.IntN(3) {
		rng := rand.New(rand.NewPCG(h.rng.Uint64(), 2))
		wg.Go(func() {
			for range 5 + rng.IntN(20) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rng.Int64N(int64(3*time.Second))))
				switch rng.IntN(12) {
				case 0:
					h.flush(ctx, w)
				default:
					h.append(ctx, rng, w)
				}
				cancel()
				if rng.IntN(2) == 0 {
					time.Sleep(time.Duration(rng.Int64N(int64(400 * time.Millisecond))))
				}
				audit(h.t, &w.engine)
			}
		})
	}
	time.Sleep(time.Duration(h.rng.Int64N(int64(6 * time.Second))))
	audit(h.t, &w.engine)
	if h.rng.IntN(2) == 0 {
		wg.Wait() // otherwise appends continue during and after Close
	}
	if h.rng.IntN(8) == 0 {
		time.Sleep(time.Hour) // nothing may get stuck
		audit(h.t, &w.engine)
	}
	limit := []time.Duration{0, time.Millisecond, time.Second, time.Minute, time.Hour}[h.rng.IntN(5)]
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	start := time.Now()
	err := w.Close(ctx)
	if late := time.Since(start) - limit; late > 100*time.Millisecond {
		h.t.Errorf("Close returned %v after its context", late)
	}
	cancel()
	wg.Wait()
	audit(h.t, &w.engine)
	if again := w.Close(context.Background()); fmt.Sprint(again) != fmt.Sprint(err) {
		h.t.Errorf("second Close: %v, want %v", again, err)
	}
	if err := w.Append(context.Background(), []byte("m,db=d,r\\ p=x v=1\n")); !errors.Is(err, ErrWriterClosed) {
		h.t.Errorf("append after Close: %v", err)
	}
	return w.Stats(), err
}

// flush flushes. If that succeeds, every line that was accepted before must be stored or
// known to be lost.
func (h *history) flush(ctx context.Context, w LineWriter) {
	h.mu.Lock()
	before := maps.Clone(h.accepted)
	h.mu.Unlock()
	if w.Flush(ctx) != nil {
		return
	}
	h.mu.Lock()
	h.server.mu.Lock()
	defer h.mu.Unlock()
	defer h.server.mu.Unlock()
	for id := range before {
		if id < h.first || h.removed {
			continue // an earlier Writer had it, or the disk may have lost it
		}
		if h.server.stored[id] == "" && !h.dead[id] && !h.server.letGo[id] {
			h.t.Errorf("Flush succeeded and line %d is neither stored nor lost", id)
		}
	}
}

// compare compares the outcome of every line with what the Writer says.
func (h *history) compare(s Stats, closeErr error) {
	unsent := map[int]bool{}
	var ue *UnsentError
	if errors.As(closeErr, &ue) {
		for _, b := range ue.Batches {
			eachLine(b.Data, func(id int, _ string) { unsent[id] = true })
		}
		if uint64(len(unsent)) != ue.Lines {
			h.t.Errorf("Close handed back %d lines, says %d", len(unsent), ue.Lines)
		}
	}
	if s.Pending != (Count{}) {
		h.t.Errorf("pending after Close: %v", s.Pending)
	}
	if s.Appended.Lines != uint64(len(h.accepted)) {
		h.t.Errorf("appended %d lines, accepted %d", s.Appended.Lines, len(h.accepted))
	}
	bytes := 0
	for id, text := range h.accepted {
		got, stored := h.server.stored[id]
		if !stored && !h.dead[id] && !unsent[id] && !h.server.letGo[id] {
			h.t.Errorf("line %d is gone", id)
		}
		if stored && !strings.HasPrefix(got, text) {
			h.t.Errorf("line %d arrived as %q, was %q", id, got, text)
		}
		if stored && h.rejected[id] && h.server.trust == 1 {
			h.t.Errorf("line %d is rejected and stored", id)
		}
		if h.dead[id] && unsent[id] {
			h.t.Errorf("line %d is in a dead letter and handed back", id)
		}
		bytes += len(text) + 1
	}
	if s.Appended.Bytes < uint64(bytes) {
		h.t.Errorf("appended %d bytes, accepted at least %d", s.Appended.Bytes, bytes)
	}
	for id := range h.refused {
		if h.server.stored[id] != "" || h.dead[id] || unsent[id] {
			h.t.Errorf("line %d was refused and sent nonetheless", id)
		}
	}
	for reason := ReasonLine; reason < numReasons; reason++ {
		want := h.lost[reason]
		if reason == ReasonUnsent {
			want = len(unsent)
		}
		if s.ByReason[reason].Lines != uint64(want) {
			h.t.Errorf("lost %d lines by %v, dead letters say %d", s.ByReason[reason].Lines, reason, want)
		}
	}
	if h.server.trust == 1 && h.config.o.Isolate != IsolateNone && s.Uncertain.Lines > 0 {
		h.t.Errorf("the outcome of %d lines is not known", s.Uncertain.Lines)
	}
}

func (h *history) playSyncWriter() {
	h.config.targets = h.config.targets[:1]
	w, err := newSyncWriter(h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	for range 5 + h.rng.IntN(20) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(h.rng.Int64N(int64(20*time.Second))))
		if h.rng.IntN(6) == 0 {
			h.flush(ctx, w)
		} else {
			h.append(ctx, h.rng, w)
		}
		cancel()
		audit(h.t, &w.engine)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(h.rng.Int64N(int64(time.Minute))))
	err = w.Close(ctx)
	cancel()
	audit(h.t, &w.engine)
	h.compare(w.Stats(), err)
}

var testDeflater = compress.Gzip(1)
