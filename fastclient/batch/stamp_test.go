package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// TestStampsOfOneMoment: lines of one series that are stamped at the same moment get
// different times, in all goroutines, up to a minute ahead of the clock. In nanoseconds and
// microseconds no two lines get the same time. In coarser units a series does not change
// the times of another.
func TestStampsOfOneMoment(t *testing.T) {
	const each = 100 // lines of each of two series
	lines := [...][]byte{[]byte("m,a=1,b=2 v=1\n"), []byte("m,b=3,a=1"), []byte("m,b=2,a=1"), []byte("m,a=1,b=3 v=2,a=1 \n")}
	synctest.Test(t, func(t *testing.T) {
		for p := fastclient.Nanosecond; p.Valid(); p++ {
			var s stager
			s.init(&Options{}, p, seam.V1)
			first := time.Now().UnixNano() / p.Unit()
			var mu sync.Mutex
			var wg sync.WaitGroup
			seen := map[int64]int{}
			refused := 0
			for range 4 {
				wg.Go(func() {
					for i := range 2 * each / 4 {
						ts, ok := s.clock.stamp(lines[i%4])
						mu.Lock()
						if ok {
							seen[ts]++
						} else {
							refused++
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			series, times := 2, min(each, 1+int64(time.Minute)/p.Unit())
			if p <= fastclient.Microsecond {
				series, times = 1, 2*each
			}
			want := map[int64]int{}
			for i := range times {
				want[first+i] = series
			}
			if !maps.Equal(seen, want) || refused != 2*each-series*int(times) {
				t.Errorf("%v: %v, %d refused, want %v", p, seen, refused, want)
			}
		}
	})
}

// TestStampsAreKeptApart: lines of one series never get the same timestamp, in whichever way
// they are appended, and lines for which no time is left are refused.
func TestStampsAreKeptApart(t *testing.T) {
	const n = 70
	ways := map[string]func(w *Writer) error{
		"raw":      func(w *Writer) error { return w.Append(t.Context(), []byte(strings.Repeat("m,a=1 v=1\n", n))) },
		"one each": nil,
		"encoded": func(w *Writer) error {
			return w.Encode(t.Context(), func(e *lp.Encoder) {
				for range n {
					e.Point("m")
					e.Tag("a", "1")
					e.Int("v", 1)
					e.EndNoTimestamp()
				}
			})
		},
	}
	ways["one each"] = func(w *Writer) (err error) {
		for range n {
			err = errors.Join(err, w.Append(t.Context(), []byte("m,a=1 v=1")))
		}
		return err
	}
	synctest.Test(t, func(t *testing.T) {
		for p := fastclient.Nanosecond; p.Valid(); p++ {
			for way, appendTo := range ways {
				w, s, end := pipeWriter(t, fastclient.Options{Precision: p}, Options{})
				err := appendTo(w)
				taken := int(min(n, 1+int64(time.Minute)/p.Unit()))
				if (err == nil) != (taken == n) || err != nil && !errors.Is(err, ErrNoTimeLeft) {
					t.Errorf("%v, %s: %v", p, way, err)
				}
				if err := w.Flush(context.Background()); err != nil {
					t.Error(err)
				}
				seen := map[string]bool{}
				for _, r := range s.Requests() {
					for _, text := range bytes.SplitAfter(r.Body, []byte("\n")) {
						if len(text) > 0 {
							seen[string(text)] = true
						}
					}
				}
				if st := w.Stats(); len(seen) != taken || st.Appended.Lines != uint64(taken) || st.Acked.Lines != uint64(taken) || st.RefusedOther != uint64(n-taken) {
					t.Errorf("%v, %s: %d lines differ, %+v", p, way, len(seen), st)
				}
				end()
			}
		}
	})
}

// TestStampOrder: refused lines do not change the lines around them.
func TestStampOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s stager
		s.init(&Options{}, fastclient.Hour, seam.V1)
		now := time.Now().Unix() / 3600
		for range 2 {
			sc := s.get()
			var r points.Refusal
			data := "m v=1\nk v=1 7\nm v=2\nm v=3\n  k v=2 8\nk v=3"
			want := fmt.Sprintf("m v=1 %d\nk v=1 7\nk v=2 8\nk v=3 %d\n", now, now)
			out, n := s.raw(sc, []byte(data), &r)
			if string(out) != want || n != 4 || r.N != 2 || line.Count(out) != 4 {
				t.Errorf("%q, %d, %d refused", out, n, r.N)
			}
			time.Sleep(time.Hour)
			now++
			r = points.Refusal{}
			out, n = s.encoded(sc, []byte("m v=1\nk v=1 7\nm v=2\nm v=3\nk v=2 8\nk v=3\n"), 6, &r)
			want = fmt.Sprintf("m v=1 %d\nk v=1 7\nk v=2 8\nk v=3 %d\n", now, now)
			if string(out) != want || n != 4 || r.N != 2 {
				t.Errorf("%q, %d, %d refused", out, n, r.N)
			}
			time.Sleep(time.Hour)
			now++
		}
	})
}

// TestStampMemory: the number of series within one unit is bounded, and series of earlier
// units are removed for others.
func TestStampMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c stampClock
		c.init(fastclient.Second, 0)
		for range 3 {
			for i := range 3 * minStampSeries {
				_, ok := c.stamp(fmt.Appendf(nil, "m,i=%d v=1", i))
				if ok != (i < minStampSeries) || len(c.series) > minStampSeries {
					t.Fatalf("series %d: %v, %d are held", i, ok, len(c.series))
				}
			}
			time.Sleep(time.Second)
		}
	})
}

// TestStampClockPutBack: after a small step back of the clock, stamps still differ; a large
// step is followed.
func TestStampClockPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for step, want := range map[time.Duration]time.Duration{time.Second: time.Second + time.Millisecond, time.Hour: 0} {
			var c stampClock
			c.init(fastclient.Millisecond, 0)
			c.stamp([]byte("m v=1"))
			now := time.Now().UnixMilli()
			for s := range c.series {
				c.series[s] = now + step.Milliseconds()
			}
			c.latest = now + step.Milliseconds()
			if ts, ok := c.stamp([]byte("m v=1")); !ok || ts != now+want.Milliseconds() {
				t.Errorf("after %v: %d ms, %v", step, ts-now, ok)
			}
		}
	})
}

// TestSeriesHash: the order of tags does not matter, and everything else does.
func TestSeriesHash(t *testing.T) {
	seed := maphash.MakeSeed()
	seen := map[uint64]string{}
	for _, same := range [][]string{
		{"m,a=1,b=2 v=1", "m,b=2,a=1", "m,b=2,a=1 v=1,b=3 5\n"},
		{"m", "m v=1", "m \n"}, {"a=1,m=2", "a=1,m=2 v=1"}, {"m=2,a=1"}, {`m,a=1\,b=2`}, {`m,b=2\ c=3,a=1`, `m,a=1,b=2\ c=3 v=1`}, {`m\ v=1`, `m\ v=1 v=1`},
	} {
		first := seriesHash(seed, []byte(same[0]))
		if other, ok := seen[first]; ok {
			t.Errorf("%q and %q", other, same[0])
		}
		seen[first] = same[0]
		for _, text := range same {
			if seriesHash(seed, []byte(text)) != first {
				t.Errorf("%q is not %q", text, same[0])
			}
		}
	}
}
