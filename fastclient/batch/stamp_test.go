package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

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
		s.setClock(nil, "", 0)
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

// TestStampsOfSeveralWriters: lines of one series never get the same timestamp from the Writers
// of one client, at once or one after the other, also from its views and from a SyncWriter.
func TestStampsOfSeveralWriters(t *testing.T) {
	const n = 8
	synctest.Test(t, func(t *testing.T) {
		for p := fastclient.Nanosecond; p <= fastclient.Second; p++ {
			server, dial := influxtest.NewPipe(t)
			c, err := fastclient.New(fastclient.Options{Addr: server.URL, Database: "d", Precision: p, Dial: dial})
			if err != nil {
				t.Fatal(err)
			}
			open := func(c *fastclient.Client, o Options) *Writer {
				w, err := NewWriter(c, o)
				if err != nil {
					t.Fatal(err)
				}
				return w
			}
			write := func(writers ...LineWriter) {
				for range n {
					for _, w := range writers {
						if err := w.Append(t.Context(), []byte("m,a=1 v=1")); err != nil {
							t.Error(err)
						}
					}
				}
				for _, w := range writers {
					if err := w.Close(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
			sync, err := NewSyncWriter(c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			write(open(c, Options{}), open(c, Options{MaxMemory: 64 << 20}), sync)
			write(open(c.WithDatabase("d"), Options{}))
			seen := map[string]bool{}
			for _, r := range server.Requests() {
				for _, text := range bytes.SplitAfter(r.Body, []byte("\n")) {
					if len(text) > 0 {
						seen[string(text)] = true
					}
				}
			}
			if len(seen) != 4*n {
				t.Errorf("%v: %d lines differ", p, len(seen))
			}
			c.Close()
			server.Close()
		}
	})
}

// TestStampsOfClosedWriter: appends that a closed Writer refuses take no time from another one, and
// Writers one after the other have room for their series each.
func TestStampsOfClosedWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, dial := influxtest.NewPipe(t)
		defer server.Close()
		c, err := fastclient.New(fastclient.Options{Addr: server.URL, Database: "d", Precision: fastclient.Minute, Dial: dial})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open := func() *Writer {
			w, err := NewWriter(c, Options{BatchBytes: 64 << 10, MaxMemory: 1 << 20, MaxInFlight: 1})
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		closed, w := open(), open()
		closed.Close(t.Context())
		for range 100 {
			if err := closed.Append(t.Context(), []byte("m v=1")); !errors.Is(err, ErrWriterClosed) {
				t.Fatal(err)
			}
		}
		mustAppend(t, w, "m v=1\n")
		mustClose(t, w)
		for i := range 10 {
			w := open()
			for k := range 4000 {
				if err := w.Append(t.Context(), fmt.Appendf(nil, "m,i=%d,k=%d v=1", i, k)); err != nil {
					t.Fatalf("Writer %d, series %d: %v", i, k, err)
				}
			}
			mustClose(t, w)
		}
	})
}

// TestStampsOfDroppedWriter: a SyncWriter that is dropped without Close leaves its clock.
func TestStampsOfDroppedWriter(t *testing.T) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://127.0.0.1:1", Database: "d", Precision: fastclient.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ended := make(chan struct{})
	func() {
		w, err := NewSyncWriter(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		context.AfterFunc(w.ctx, func() { close(ended) })
	}()
	for range 2_000 {
		runtime.GC()
		select {
		case <-ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Error("the SyncWriter is not collected")
}
