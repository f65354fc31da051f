package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// linesOf returns the lines of b, read by another implementation.
func linesOf(b *Sealed) []byte {
	if b.Encoding == "" {
		return bytes.Clone(b.Body)
	}
	z, err := gzip.NewReader(bytes.NewReader(b.Body))
	if err != nil {
		panic(err)
	}
	lines, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return lines
}

// A moodySink stores lines in the moodyServer, refuses what that cannot store, or fails.
type moodySink struct {
	*moodyServer
	t    *testing.T
	seen map[[16]byte]string
}

func (s *moodySink) Put(ctx context.Context, b *Sealed) error {
	s.mu.Lock()
	delay := time.Duration(s.rng.Int64N(int64(2 * time.Second)))
	if s.rng.IntN(200) == 0 {
		delay = time.Hour
	}
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	lines := linesOf(b)
	if before, ok := s.seen[b.ID]; ok && before != string(lines) {
		s.t.Errorf("one id for %q and %q", before, lines)
	}
	s.seen[b.ID] = string(lines)
	refused := new(RefusedError)
	n := 0
	eachLine(lines, func(_ int, line string) {
		if n++; isBad(line) {
			refused.Lines = append(refused.Lines, RefusedLine{Line: n, Message: "unable to parse 'x': missing fields"})
		}
	})
	if n != b.Lines || len(lines) != b.Bytes {
		s.t.Errorf("%d lines of %d bytes, want %d of %d", b.Lines, b.Bytes, n, len(lines))
	}
	if s.limit > 0 && len(b.Body) > s.limit {
		return fmt.Errorf("sink: %w", ErrTooLarge)
	}
	if s.rng.Float64() >= s.trust {
		if s.rng.IntN(2) == 0 {
			s.store(lines) // and the answer is lost
		}
		if s.rng.IntN(4) == 0 {
			return &RefusedError{Lines: []RefusedLine{{Line: n + 1}}} // a fault of the sink
		}
		return errReset
	}
	s.store(lines)
	if len(refused.Lines) > 0 {
		s.rng.Shuffle(len(refused.Lines), func(i, j int) {
			refused.Lines[i], refused.Lines[j] = refused.Lines[j], refused.Lines[i]
		})
		return refused
	}
	return nil
}

// useSink makes the Writers of h send to a Sink.
func (h *history) useSink() {
	h.config.o.NoStamp = false
	sink := &moodySink{moodyServer: h.server, t: h.t, seen: map[[16]byte]string{}}
	for i := range h.config.targets {
		h.config.targets[i] = &target{server: newSinkTarget(sink, &seam.Route{Database: "d"})}
	}
}

// TestModelSink plays the histories of TestModel and TestModelSpool against a Sink.
func TestModelSink(t *testing.T) {
	runHistories(t, modelHistories/20, func(t *testing.T, seed uint64) {
		h := newHistory(t, seed)
		if h.rng.IntN(2) == 0 {
			h.useSink()
			h.play()
			return
		}
		h.spoolOptions()
		h.useSink()
		h.playSpool()
	})
}

// sinkClient returns a client that no server is behind.
func sinkClient(t *testing.T, o fastclient.Options) *fastclient.Client {
	t.Helper()
	o.Dial = nil
	o.Addr = "http://127.0.0.1:1"
	c, err := fastclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A Sink gets what a request would carry: the place, the unit of the wire, the compression.
func TestSealed(t *testing.T) {
	line := "cpu,host=a load=0.5 7\n"
	lines := strings.Repeat(line, 500)
	for _, c := range []struct {
		name string
		o    fastclient.Options
		view func(c *fastclient.Client) *fastclient.Client
		want Sealed
		line string
	}{
		{name: "defaults", o: fastclient.Options{Database: "d"}, want: Sealed{Database: "d"}, line: line},
		{name: "policy", o: fastclient.Options{Database: "d", RetentionPolicy: "r", Precision: fastclient.Second, Compression: fastclient.Compression{Always: true}},
			want: Sealed{Database: "d", RetentionPolicy: "r", Precision: fastclient.Second, Encoding: "gzip"}, line: line},
		{name: "unit of the wire", o: fastclient.Options{Database: "d", Precision: fastclient.Microsecond},
			want: Sealed{Database: "d"}, line: "cpu,host=a load=0.5 7000\n"},
		{name: "bucket", o: fastclient.Options{API: fastclient.V2, Org: "o", Bucket: "b", Precision: fastclient.Microsecond},
			want: Sealed{Database: "b", Precision: fastclient.Microsecond}, line: line},
		{name: "view", o: fastclient.Options{API: fastclient.V2, Org: "o", Bucket: "b"},
			view: func(c *fastclient.Client) *fastclient.Client { return c.WithDatabase("e").WithRetentionPolicy("r") },
			want: Sealed{Database: "e", RetentionPolicy: "r"}, line: line},
		{name: "several servers", o: fastclient.Options{Database: "d", Addrs: []string{"http://127.0.0.1:2"}, Balance: fastclient.RoundRobin},
			want: Sealed{Database: "d"}, line: line},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := sinkClient(t, c.o)
			if c.view != nil {
				client = c.view(client)
			}
			for _, sync := range []bool{false, true} {
				var got Sealed
				var body []byte
				calls := 0
				o := Options{Sink: SinkFunc(func(_ context.Context, b *Sealed) error {
					calls++
					got, body = *b, linesOf(b)
					return nil
				})}
				var w LineWriter
				var err error
				if w, err = NewWriter(client, o); sync {
					w.Close(t.Context())
					w, err = NewSyncWriter(client, o)
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(w.Append(t.Context(), []byte(lines)), w.Close(t.Context())); err != nil {
					t.Fatal(err)
				}
				want := c.want
				want.ID, want.Body, want.Lines, want.Bytes = got.ID, nil, 500, 500*len(c.line)
				got.Body = nil
				if calls != 1 || string(body) != strings.Repeat(c.line, 500) || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%d calls, %+v, want %+v; body %.60q", calls, got, want, body)
				}
				if s := w.Stats(); s.Acked != s.Appended || s.Acked.Lines != 500 || s.Status[2] != 1 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// A batch keeps its id over retries and in the spool, and shares it with none of equal lines.
func TestSealedID(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	client := sinkClient(t, fastclient.Options{Database: "d", Compression: fastclient.Compression{Always: true}})
	var mu sync.Mutex
	up := false
	calls := map[[16]byte]int{}
	stored := map[[16]byte]bool{}
	sink := SinkFunc(func(_ context.Context, b *Sealed) error {
		mu.Lock()
		defer mu.Unlock()
		calls[b.ID]++
		if !up {
			return errReset
		}
		stored[b.ID] = true
		return nil
	})
	o := Options{Sink: sink, BatchLines: 10, Overflow: WriteAhead, MaxInFlight: 1, Spool: SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 1 << 26}}}
	w, err := NewWriter(client, o)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.Append(t.Context(), []byte(strings.Repeat("cpu,host=a load=0.5 7\n", 10))); err != nil {
			t.Fatal(err)
		}
	}
	for w.Stats().Retried == 0 {
		time.Sleep(time.Millisecond)
	}
	w.Close(t.Context())
	if w.Stats().Spooled.Lines != 30 || len(calls) == 0 {
		t.Fatalf("%+v", w.Stats())
	}
	mu.Lock()
	up = true
	mu.Unlock()
	if w, err = NewWriter(client, o); err != nil {
		t.Fatal(err)
	}
	for w.Stats().Acked.Lines < 30 {
		time.Sleep(time.Millisecond)
	}
	w.Close(t.Context())
	if len(stored) != 3 {
		t.Errorf("%d ids for three batches of equal lines", len(stored))
	}
	for id := range calls {
		if !stored[id] {
			t.Errorf("a batch had the id %x before the restart and another one after it", id)
		}
	}
}

// What a Sink returns decides about lines as the response of a server does.
func TestSinkOutcomes(t *testing.T) {
	line := func(i int) string { return fmt.Sprintf("m,id=%d v=1 1\n", i) }
	var all string
	for i := range 8 {
		all += line(i)
	}
	hidden := "unable to parse 'm,id=0 v=1 1': missing fields"
	for _, c := range []struct {
		name  string
		put   func(call int, b *Sealed, lines string) error
		calls int
		want  [3]uint64 // acked, rejected, retried
		lost  map[string]string
	}{
		{"refused", func(int, *Sealed, string) error {
			return fmt.Errorf("wrapped: %w", &RefusedError{[]RefusedLine{{8, "last"}, {1, hidden}}})
		}, 1, [3]uint64{6, 2, 0}, map[string]string{line(0): hidden, line(7): "last"}},
		{"wrong lists", func(call int, _ *Sealed, _ string) error {
			return [...]error{&RefusedError{}, &RefusedError{[]RefusedLine{{9, ""}}}, &RefusedError{[]RefusedLine{{2, ""}, {2, ""}}}, &RefusedError{[]RefusedLine{{0, ""}}}, nil}[call-1]
		}, 5, [3]uint64{8, 0, 4}, nil},
		{"too large", func(_ int, b *Sealed, lines string) error {
			if b.Lines > 2 || strings.Contains(lines, "id=3") {
				return ErrTooLarge
			}
			return nil
		}, 7 + 2, [3]uint64{7, 1, 0}, map[string]string{line(3): ErrTooLarge.Error()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				lost := map[string]string{}
				o := Options{MaxInFlight: 1, Sink: SinkFunc(func(_ context.Context, b *Sealed) error {
					calls++
					return c.put(calls, b, string(linesOf(b)))
				}), DeadLetter: deadLetterFunc(func(l *LostLines) error {
					lost[string(l.Data)] = l.Message
					return nil
				})}
				o, err := o.withDefaults(seam.V1)
				if err != nil {
					t.Fatal(err)
				}
				w, err := newWriter(config{o: o, targets: []*target{{server: newSinkTarget(o.Sink, &seam.Route{})}}})
				if err != nil {
					t.Fatal(err)
				}
				w.startAll()
				w.Append(t.Context(), []byte(all))
				w.Flush(t.Context())
				audit(t, &w.engine)
				s := w.Stats()
				if got := [3]uint64{s.Acked.Lines, s.Rejected.Lines, s.Retried}; got != c.want || calls != c.calls {
					t.Errorf("acked, rejected, retried: %v, want %v; %d calls, want %d", got, c.want, calls, c.calls)
				}
				if fmt.Sprint(lost) != fmt.Sprint(c.lost) {
					t.Errorf("lost %q, want %q", lost, c.lost)
				}
				w.Close(t.Context())
			})
		})
	}
}

type deadLetterFunc func(l *LostLines) error

func (f deadLetterFunc) Put(l *LostLines) error { return f(l) }

// A Sink that never answers delays Close by no more than its context.
func TestSinkHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := newWriter(config{o: must(Options{Sink: SinkFunc(func(ctx context.Context, _ *Sealed) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})}.withDefaults(seam.V1)), targets: []*target{{}}})
		if err != nil {
			t.Fatal(err)
		}
		w.targets[0].server = newSinkTarget(w.o.Sink, &seam.Route{})
		w.startAll()
		w.Append(t.Context(), []byte("m v=1 1\n"))
		time.Sleep(40 * time.Second)
		if f := w.Stats().LastErrors; len(f) != 1 || !errors.Is(f[0].Err, errRequestTimeout) || f[0].Addr != "sink" {
			t.Errorf("last errors %v", f)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var unsent *UnsentError
		if err := w.Close(ctx); !errors.As(err, &unsent) || unsent.Lines != 1 || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestSinkOptions(t *testing.T) {
	client := sinkClient(t, fastclient.Options{Database: "d"})
	sink := SinkFunc(func(context.Context, *Sealed) error { return nil })
	_, stamp := NewWriter(client, Options{Sink: sink, NoStamp: true})
	_, replicas := NewReplicaWriter(client, Options{Sink: sink}, NeedAll)
	sharded := sinkClient(t, fastclient.Options{Database: "d", Addrs: []string{"http://127.0.0.1:2"}, Balance: fastclient.Shard})
	_, shards := NewShardWriter(sharded, Options{Sink: sink})
	for _, err := range []error{stamp, replicas, shards} {
		var option *fastclient.OptionError
		if !errors.As(err, &option) {
			t.Error(err)
		}
	}
}

// TestSinkRoute: a Sink gets the place that a route chose, and the same lines for another
// place have another ID.
func TestSinkRoute(t *testing.T) {
	for _, c := range []struct {
		o    fastclient.Options
		r    RouteOptions
		line string
		want []string
	}{
		{fastclient.Options{Database: "d", RetentionPolicy: "r"}, RouteOptions{DatabaseTag: "t"}, "m,t=%s v=1 1\n", []string{"a.r", "b.r"}},
		{fastclient.Options{Database: "d"}, RouteOptions{RetentionPolicyTag: "t"}, "m,t=%s v=1 1\n", []string{"d.a", "d.b"}},
		{fastclient.Options{API: fastclient.V2, Org: "o", Bucket: "d"}, RouteOptions{BucketTag: "t"}, "m,t=%s v=1 1\n", []string{"a.", "b."}},
	} {
		var mu sync.Mutex
		places := map[string]string{}
		ids := map[[16]byte]bool{}
		o := Options{Route: c.r, Sink: SinkFunc(func(_ context.Context, b *Sealed) error {
			mu.Lock()
			defer mu.Unlock()
			places[b.Database+"."+b.RetentionPolicy] = string(linesOf(b))
			ids[b.ID] = true
			return nil
		})}
		w, err := NewWriter(sinkClient(t, c.o), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a", "b"} {
			if err := w.Append(t.Context(), fmt.Appendf(nil, c.line, name)); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, w)
		for _, at := range c.want {
			if places[at] != "m v=1 1\n" {
				t.Errorf("%+v: %q, want it at %q", c.r, places, at)
			}
		}
		if len(ids) != 2 {
			t.Errorf("%+v: %d ids for the same lines in two places", c.r, len(ids))
		}
	}
}

// TestSinkErrClosed: a Sink may pass batches on by a client of its own. That this one is closed
// ends nothing here.
func TestSinkErrClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pipeSet(t, fastclient.Options{}, make([]atomic.Bool, 1))
		defer c.Close()
		calls := 0
		w, err := NewWriter(c, Options{MaxInFlight: 1, Sink: SinkFunc(func(context.Context, *Sealed) error {
			if calls++; calls == 1 {
				return fmt.Errorf("forward: %w", fastclient.ErrClosed)
			}
			return nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, w, "m v=1 1\n")
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		mustAppend(t, w, "m v=1 2\n")
		mustClose(t, w)
	})
}
