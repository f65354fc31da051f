package transport_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
	"github.com/pointwire/pointwire/internal/transport/std"
)

func TestCancelInEveryPhase(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		t.Run("before", func(t *testing.T) {
			s := influxtest.New(t)
			d := open(doertest.To(s))
			defer d.Close()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := doertest.Do(d, doertest.Post("m f=1"))(ctx)
			if !errors.Is(err, context.Canceled) || s.Accepted() != 0 {
				t.Errorf("%v, %d connections", err, s.Accepted())
			}
			doertest.MustPhase(t, err, transport.PhaseWait)
		})
		t.Run("wait", func(t *testing.T) {
			s := influxtest.New(t, influxtest.Silent(), influxtest.Status(204))
			o := doertest.To(s)
			o.MaxConns, o.PoolTimeout = 1, -1
			d := open(o)
			defer d.Close()
			hold, release := context.WithCancel(t.Context())
			held := make(chan error, 1)
			go func() { held <- doertest.Do(d, doertest.Post("m f=1"))(hold) }()
			<-s.Stalled()
			waiting := make(chan struct{})
			go func() {
				for d.Stats().Waits == 0 {
					runtime.Gosched()
				}
				close(waiting)
			}()
			doertest.Canceled(t, waiting, transport.PhaseWait, doertest.Do(d, doertest.Post("m f=1")))
			release()
			<-held
			// The connection that the request waited for is free again.
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Error(err)
			}
		})
		t.Run("dial", func(t *testing.T) {
			begun := make(chan struct{}, 1)
			o := transport.Options{Network: "tcp", Addr: "192.0.2.1:8086", Host: "192.0.2.1:8086", DialTimeout: -1}
			o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				begun <- struct{}{}
				<-ctx.Done()
				return nil, ctx.Err()
			}
			d := open(o)
			defer d.Close()
			doertest.Canceled(t, begun, transport.PhaseDial, doertest.Do(d, doertest.Post("m f=1")))
		})
		t.Run("tls", func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			begun := make(chan struct{}, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				io.ReadFull(c, make([]byte, 16)) // of the client's hello
				begun <- struct{}{}
				io.Copy(io.Discard, c)
			}()
			o := transport.Options{Network: "tcp", Addr: l.Addr().String(), Host: l.Addr().String(), TLSTimeout: -1}
			o.TLS = doertest.ClientTLS(influxtest.NewCert(t, "server"))
			d := open(o)
			defer d.Close()
			want := transport.PhaseTLS
			if _, ok := d.(*std.Transport); ok {
				want = transport.PhaseDial // net/http does not tell them apart
			}
			doertest.Canceled(t, begun, want, doertest.Do(d, doertest.Post("m f=1")))
		})
		t.Run("write", func(t *testing.T) {
			s := influxtest.New(t, influxtest.Deaf())
			o := doertest.To(s)
			o.WriteTimeout = -1
			d := open(o)
			defer d.Close()
			doertest.Canceled(t, s.Stalled(), transport.PhaseWrite, doertest.Do(d, doertest.Post(strings.Repeat("m f=1 1\n", 4<<20))))
		})
		for name, reply := range map[string]influxtest.Reply{"no response": influxtest.Silent(), "half header": influxtest.StallHeader()} {
			t.Run(name, func(t *testing.T) {
				s := influxtest.New(t, reply)
				o := doertest.To(s)
				o.HeaderTimeout = -1
				d := open(o)
				defer d.Close()
				doertest.Canceled(t, s.Stalled(), transport.PhaseHeader, doertest.Do(d, doertest.Post("m f=1")))
			})
		}
		t.Run("body", func(t *testing.T) {
			s := influxtest.New(t, influxtest.StallBody(doertest.Doc))
			o := doertest.To(s)
			o.ReadTimeout = -1
			d := open(o)
			defer d.Close()
			begun := make(chan struct{}, 1)
			doertest.Canceled(t, begun, transport.PhaseBody, func(ctx context.Context) error {
				var resp transport.Response
				if err := d.Do(ctx, doertest.Query(), &resp); err != nil {
					return err
				}
				defer resp.Close()
				begun <- struct{}{}
				_, err := io.ReadAll(resp.Stream)
				return err
			})
		})
	})
}

// TestRandomCancels ends contexts at random moments and checks that every connection is
// given back, and none while its context may still close it.
func TestRandomCancels(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		before := runtime.NumGoroutine()
		replies := []influxtest.Reply{
			influxtest.Status(204), influxtest.JSON(doertest.Doc), influxtest.Chunked(doertest.Doc[:9], doertest.Doc[9:]), influxtest.StallBody(doertest.Doc),
			influxtest.Silent(), influxtest.Drop(), influxtest.ThenClose(influxtest.Status(204)),
			influxtest.StallHeader(), influxtest.Error(503, "busy"), influxtest.Chunked(strings.Repeat(doertest.Doc, 1000)),
		}
		var turn atomic.Uint64
		var playing atomic.Int64
		s, err := influxtest.Start(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			playing.Add(1)
			defer playing.Add(-1)
			replies[turn.Add(1)%uint64(len(replies))].Play(c, r)
		}))
		if err != nil {
			t.Fatal(err)
		}
		o := doertest.To(s)
		o.MaxConns, o.PoolTimeout = 8, -1
		d := open(o)
		const workers, each = 16, 125 // 2,000 in all
		var wg sync.WaitGroup
		for w := range workers {
			rnd := rand.New(rand.NewPCG(1, uint64(w)))
			wg.Go(func() {
				for range each {
					ctx, cancel := context.WithCancel(context.Background())
					after := time.Duration(rnd.IntN(2000)) * time.Microsecond
					timer := time.AfterFunc(after, cancel)
					req := doertest.Post("m f=1 1\n")
					req.Stream = rnd.IntN(2) == 0
					_, _, err := doertest.Fetch(ctx, d, req)
					var e *transport.Error
					if err != nil && !errors.As(err, &e) {
						t.Errorf("%T %v", err, err)
					}
					if n := d.Stats().Conns; n > o.MaxConns {
						t.Errorf("%d connections", n)
					}
					timer.Stop()
					cancel()
				}
			})
		}
		wg.Wait()
		s.Play(influxtest.Status(204))
		for playing.Load() > 0 { // until then a connection about to be closed looks idle
			runtime.Gosched()
		}
		for range 3 * o.MaxConns {
			if _, _, err := doertest.Fetch(context.Background(), d, doertest.Post("m f=1")); err != nil {
				t.Errorf("after the cancels: %v", err)
			}
		}
		d.Close()
		s.Close()
		settled(t, before)
		if n := d.Stats().Conns; n != 0 {
			t.Errorf("%d connections after Close", n)
		}
	})
}

// TestCancelledDials checks that a dial counts as a connection of the pool even when its
// request no longer waits for it.
func TestCancelledDials(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t, influxtest.Status(204))
		o := doertest.To(s)
		o.MaxConns, o.PoolTimeout = 2, -1
		var at, most atomic.Int64
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			n := at.Add(1)
			defer at.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			for range 1000 {
				runtime.Gosched() // the dial takes longer than the requests wait
			}
			return new(net.Dialer).DialContext(context.WithoutCancel(ctx), network, addr)
		}
		d := open(o)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range 50 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*10*time.Microsecond)
					doertest.Fetch(ctx, d, doertest.Post("m f=1 1\n"))
					cancel()
				}
			})
		}
		all.Wait()
		if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1 1\n")); err != nil {
			t.Error(err)
		}
		if n := most.Load(); n > 2 || n == 0 {
			t.Errorf("%d dials at once", n)
		}
		if n := d.Stats(); n.Conns > 2 || n.Idle > n.Conns {
			t.Errorf("%d connections, %d idle", n.Conns, n.Idle)
		}
		d.Close()
	})
}

// TestCancelMeetsSuccess checks that a context that ends while the response arrives does
// not spoil the connection for the next request.
func TestCancelMeetsSuccess(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		ends := make(chan context.CancelFunc, 1)
		s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			influxtest.Status(204).Play(c, r)
			select {
			case cancel := <-ends:
				cancel()
			default:
			}
		}))
		d := open(doertest.To(s))
		defer d.Close()
		for i := range 1200 {
			ctx, cancel := context.WithCancel(t.Context())
			ends <- cancel
			_, _, err := doertest.Fetch(ctx, d, doertest.Post("m f=1"))
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("try %d: %v", i, err)
			}
			cancel()
			select {
			case <-ends:
			default:
			}
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Fatalf("after try %d: %v", i, err)
			}
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		before := runtime.NumGoroutine()
		s, err := influxtest.Start(influxtest.Silent(), influxtest.StallBody(doertest.Doc), influxtest.Silent())
		if err != nil {
			t.Fatal(err)
		}
		o := doertest.To(s)
		o.MaxConns, o.PoolTimeout, o.ReadTimeout = 2, -1, -1
		d := open(o)
		errs := make(chan error, 3)
		go func() { errs <- doertest.Do(d, doertest.Post("m f=1"))(context.Background()) }()
		<-s.Stalled()
		go func() { errs <- doertest.Do(d, doertest.Query())(context.Background()) }()
		<-s.Stalled()
		go func() { errs <- doertest.Do(d, doertest.Post("m f=1"))(context.Background()) }()
		for d.Stats().Waits == 0 {
			runtime.Gosched()
		}
		d.Close()
		for range 3 {
			if err := <-errs; !errors.Is(err, transport.ErrClosed) {
				t.Errorf("%v, want ErrClosed", err)
			}
		}
		if err := doertest.Do(d, doertest.Post("m f=1"))(context.Background()); !errors.Is(err, transport.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		d.Close()
		s.Close()
		settled(t, before)
	})
}

func TestBodyClosedWhileRead(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t, influxtest.StallBody(doertest.Doc))
		o := doertest.To(s)
		o.ReadTimeout = -1
		d := open(o)
		defer d.Close()
		var resp transport.Response
		if err := d.Do(t.Context(), doertest.Query(), &resp); err != nil {
			t.Fatal(err)
		}
		stream := resp.Stream
		read := make(chan error, 1)
		go func() {
			_, err := io.ReadAll(stream)
			read <- err
		}()
		<-s.Stalled()
		stream.Close()
		if err := <-read; !errors.Is(err, transport.ErrBodyClosed) {
			t.Errorf("%v, want ErrBodyClosed", err)
		}
		if _, err := stream.Read(make([]byte, 1)); !errors.Is(err, transport.ErrBodyClosed) {
			t.Errorf("%v, want ErrBodyClosed", err)
		}
		if n := d.Stats().Conns; n != 0 {
			t.Errorf("%d connections after the body was given up", n)
		}
	})
}
