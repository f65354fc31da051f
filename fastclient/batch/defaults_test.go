package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func TestWriterDefaults(t *testing.T) {
	for _, api := range []seam.API{seam.V1, seam.V2, seam.V3} {
		o, err := Options{}.withDefaults(api)
		lines := 5000
		if api == seam.V3 {
			lines = 10_000
		}
		if err != nil || o.BatchBytes != 1<<20 || o.BatchLines != lines || o.MaxDelay != time.Second ||
			o.MaxMemory != 64<<20 || o.MaxInFlight != 2 || o.RequestTimeout != 30*time.Second || o.RetryFor != 3*time.Minute {
			t.Errorf("%v: %+v, %v", api, o, err)
		}
	}
	if o, _ := (Options{Ordered: true, MaxInFlight: 5}).withDefaults(seam.V1); o.MaxInFlight != 1 {
		t.Errorf("ordered: %d in flight", o.MaxInFlight)
	}
}

// TestBatchesAreSealed: by lines, by bytes and by age, give or take a tenth.
func TestBatchesAreSealed(t *testing.T) {
	for _, c := range []struct {
		name, line string
		o          fastclient.Options
		n, sent    int // lines appended, and in the first request
	}{
		{"lines", "m v=1 1\n", fastclient.Options{}, 5001, 5000},
		{"lines of version 3", "m v=1 1\n", fastclient.Options{API: fastclient.V3}, 10_001, 10_000},
		{"bytes", "m v=\"" + strings.Repeat("x", 1015) + "\" 1\n", fastclient.Options{}, 1025, 1024},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s, end := pipeWriter(t, c.o, Options{}, influxtest.Status(204))
				mustAppend(t, w, strings.Repeat(c.line, c.n))
				synctest.Wait()
				if got := bodies(s); len(got) != 1 || got[0] != strings.Repeat(c.line, c.sent) {
					t.Errorf("%d requests", len(got))
				}
				end()
			})
		})
	}
	for spread, want := range map[int64]time.Duration{0: 900 * time.Millisecond, -1: 1100 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var at time.Time
			w, err := newWriter(testConfig(t, Options{}, seam.V1, func(ctx context.Context, b *seam.Body, r *seam.Response) {
				at = time.Now()
				acker(ctx, b, r)
			}))
			if err != nil {
				t.Fatal(err)
			}
			w.spread = func(n int64) int64 { return (spread + n) % n }
			w.startAll()
			start := time.Now()
			mustAppend(t, w, "m v=1 1\n")
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if d := at.Sub(start); d != want {
				t.Errorf("sent after %v, want %v", d, want)
			}
			mustClose(t, w)
		})
	}
}

// TestNoStamp: with NoStamp, lines without a timestamp are sent as they are.
func TestNoStamp(t *testing.T) {
	for _, noStamp := range []bool{false, true} {
		s := newScript(acker)
		inBubble(t, Options{NoStamp: noStamp}, s, func(t *testing.T, w *Writer) {
			const lines = "m v=1\nm v=2 7\n"
			mustAppend(t, w, lines)
			if err := w.Flush(context.Background()); err != nil {
				t.Error(err)
			}
			want := lines
			if !noStamp {
				want = fmt.Sprintf("m v=1 %d\nm v=2 7\n", time.Now().UnixNano())
			}
			if got := s.seen(); !slices.Equal(got, []string{want}) {
				t.Errorf("NoStamp %v: %q, want %q", noStamp, got, want)
			}
		})
	}
}

// TestCompressionIsInTheBudget: slabs, compressed bodies and encoders together take at most
// MaxMemory, and an idle Writer gives slabs back.
func TestCompressionIsInTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testConfig(t, Options{BatchBytes: 64 << 10, MaxMemory: 1<<20 + deflate.EncoderSize}, seam.V1, senderFunc(func(ctx context.Context, b *seam.Body, r *seam.Response) {
			time.Sleep(time.Second)
			acker(ctx, b, r)
		}))
		p.compressor = compress.Gzip(1)
		w, err := newWriter(p)
		if err != nil {
			t.Fatal(err)
		}
		compression := 2*compressedSize(w.o.BatchBytes) + deflate.EncoderSize
		if most := w.slabs.budget*w.o.BatchBytes + compression; most > w.o.MaxMemory || most < w.o.MaxMemory-w.o.BatchBytes {
			t.Errorf("up to %d bytes of %d", most, w.o.MaxMemory)
		}
		w.startAll()
		mustAppend(t, w, strings.Repeat("m v=1 1\n", 60_000))
		if st := w.Stats(); st.Memory < 480_000+compression {
			t.Errorf("%d bytes of memory", st.Memory)
		}
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if st := w.Stats(); st.Memory > 4*w.o.BatchBytes+compression {
			t.Errorf("an idle Writer holds %d bytes", st.Memory)
		}
		mustClose(t, w)
	})
}

// TestTooOldIsFound: lines older than the retention policy keeps are not stored, and a few
// requests tell them from the others.
func TestTooOldIsFound(t *testing.T) {
	beyond := response(400, "partial write: points beyond retention policy dropped=2")
	s := newScript(beyond, acker, beyond)
	inBubble(t, Options{MaxInFlight: 1}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 9\nm v=2 1\nm v=3 8\nm v=4 2\nm v=5 7\n")
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonRetention || be.Lines != 2 {
			t.Error(err)
		}
		if st := w.Stats(); st.Acked.Lines != 3 || st.ByReason[ReasonRetention].Lines != 2 || st.Rejected.Lines != 2 {
			t.Errorf("stats %+v", st)
		}
	})
	if got, want := fmt.Sprintf("%q", s.seen()[1:]), `["m v=1 9\nm v=3 8\nm v=5 7\n" "m v=2 1\nm v=4 2\n"]`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// TestKnownLimitSplitsBeforeSending: if the server has refused a batch of the same size, a
// batch that was sealed before that is halved and never sent whole.
func TestKnownLimitSplitsBeforeSending(t *testing.T) {
	var sizes []int
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, Options{MaxInFlight: 1, BatchBytes: 64 << 10, BatchLines: 10_000}, func(_ context.Context, b *seam.Body, r *seam.Response) {
			sizes = append(sizes, len(b.Data))
			if r.Status = 204; len(b.Data) > 40_000 {
				r.Status = 413
			}
			time.Sleep(time.Second)
		})
		mustAppend(t, w, strings.Repeat("m v=1 1\n", 3*8192)) // three batches are sealed at once
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		large := slices.DeleteFunc(slices.Clone(sizes), func(n int) bool { return n <= 40_000 })
		if st := w.Stats(); len(large) != 1 || st.Acked.Lines != 3*8192 {
			t.Errorf("requests of %d bytes, stats %+v", sizes, st)
		}
		mustClose(t, w)
	})
}

// TestCloseTriesOnceMore: however long the pause between attempts has become, a server that
// is back gets the pending lines.
func TestCloseTriesOnceMore(t *testing.T) {
	for _, batch := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(response(503, ""))
			w := LineWriter(nil)
			p := testConfig(t, Options{RetryFor: time.Minute}, seam.V1, s.Send)
			if batch {
				b, err := newSyncWriter(p)
				if err != nil {
					t.Fatal(err)
				}
				w = b
			} else {
				a, err := newWriter(p)
				if err != nil {
					t.Fatal(err)
				}
				a.startAll()
				w = a
			}
			mustAppend(t, w, "m v=1 1\n")
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			if err := w.Flush(ctx); !isPending(err) {
				t.Errorf("Flush: %v", err)
			}
			s.mu.Lock()
			s.steps = []senderFunc{acker}
			s.mu.Unlock()
			start := time.Now()
			mustClose(t, w)
			if d := time.Since(start); d > time.Second {
				t.Errorf("batch %v: closed after %v", batch, d)
			}
		})
	}
}

// TestTooOldIsDroppedInTime: lines are dropped after MaxAge even while the server asked for
// a longer pause, and Flush does not wait for that pause.
func TestTooOldIsDroppedInTime(t *testing.T) {
	s := newScript(func(_ context.Context, _ *seam.Body, r *seam.Response) {
		r.Status, r.RetryAfter = 503, 10*time.Minute
	})
	inBubble(t, Options{MaxAge: 5 * time.Second}, s, func(t *testing.T, w *Writer) {
		start := time.Now()
		for range 3 {
			mustAppend(t, w, "m v=1 1\n")
			time.Sleep(time.Second)
		}
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonAge {
			t.Errorf("Flush: %v", err)
		}
		if d := time.Since(start); d > 10*time.Second || w.Stats().Dropped.Lines != 3 {
			t.Errorf("%+v after %v", w.Stats(), d)
		}
	})
}

// TestClientClosedBeforeTheWriter: when the client is closed, nobody waits any longer, and
// Close hands the lines back.
func TestClientClosedBeforeTheWriter(t *testing.T) {
	for _, batch := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, dial := influxtest.NewPipe(t, influxtest.Silent())
			c, err := fastclient.New(fastclient.Options{Addr: s.URL, Dial: dial, Database: "d"})
			if err != nil {
				t.Fatal(err)
			}
			w, err := lineWriter(c, Options{RetryFor: -1}, batch)
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, w, "m v=1 1\n")
			time.AfterFunc(time.Second, func() { c.Close() })
			if err := w.Flush(context.Background()); !isPending(err) || !errors.Is(err, fastclient.ErrClosed) {
				t.Errorf("batch %v: Flush: %v", batch, err)
			}
			if !batch {
				if err := w.Append(context.Background(), []byte("m v=2 1\n")); !errors.Is(err, fastclient.ErrClosed) {
					t.Errorf("Append: %v", err)
				}
			}
			var unsent *UnsentError
			if err := w.Close(context.Background()); !errors.As(err, &unsent) || !errors.Is(err, fastclient.ErrClosed) || string(unsent.Batches[0].Data) != "m v=1 1\n" {
				t.Errorf("batch %v: Close: %v", batch, err)
			}
			s.Close()
		})
	}
}

// TestLongResponseIsCounted: if a response names more lines than the message keeps, every
// one of them is counted.
func TestLongResponseIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quoted strings.Builder
		var lines []byte
		for i := range 1000 {
			lines = fmt.Appendf(lines, "m,host=a%d v=1u 1\n", i)
			if i%3 == 1 && i < 900 {
				fmt.Fprintf(&quoted, "\\nunable to parse 'm,host=a%d v=1u 1': invalid number", i)
			}
		}
		w, _, end := pipeWriter(t, fastclient.Options{}, Options{}, influxtest.Body(400, `{"error":"partial write: `+quoted.String()[2:]+` dropped=0"}`))
		mustAppend(t, w, string(lines))
		if err := w.Flush(context.Background()); err == nil {
			t.Error("Flush returns no error")
		}
		if st := w.Stats(); st.Acked.Lines != 700 || st.Rejected.Lines != 300 {
			t.Errorf("stats %+v", st)
		}
		end()
	})
}

// TestRequestTimeoutIsNamed: an event says why a request ended.
func TestRequestTimeoutIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down []Event
		o := Options{RequestTimeout: 5 * time.Second, MaxInFlight: 1, OnEvent: func(e Event) {
			if e.Kind == EventDown {
				down = append(down, e)
			}
		}}
		w := testWriter(t, o, black)
		start := time.Now()
		mustAppend(t, w, strings.Repeat("m v=1 1\n", 5000)) // 40 KB are sent in 0.4 s more
		time.Sleep(5500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		w.Close(ctx)
		cancel()
		want := start.Add(5*time.Second + 40_000*time.Second/(100<<10))
		if len(down) == 0 || !down[0].Time.Equal(want) || !strings.Contains(fmt.Sprint(down[0].Err), "RequestTimeout") {
			t.Errorf("%+v", down)
		}
	})
}
