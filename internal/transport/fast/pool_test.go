package fast

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

func TestUnprobedConnectionsAreTrustedBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o := doertest.Piped(t)
		defer s.Close()
		d := New(o)
		defer d.Close()
		for _, pause := range []time.Duration{0, unprobed - 1, unprobed} {
			time.Sleep(pause)
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.Accepted(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
		if n := d.Stats().Stale; n != 1 {
			t.Errorf("%d stale, want 1", n)
		}
	})
}

// TestIdleConnectionsAreClosed checks that the connections of a burst fall idle and are
// closed, while one connection serves all later requests.
func TestIdleConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var held atomic.Int32
		s, o := doertest.Piped(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			if held.Add(1) <= 5 {
				<-gate
			}
			influxtest.Status(204).Play(c, r)
		}))
		defer s.Close()
		d := New(o)
		defer d.Close()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(gate)
		wg.Wait()
		if st := d.Stats(); st.Conns != 5 || st.Idle != 5 {
			t.Fatalf("%+v, want 5 idle connections", st)
		}
		for range 80 { // 40 s, always over the connection given back last
			time.Sleep(500 * time.Millisecond)
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Fatal(err)
			}
		}
		if st := d.Stats(); st.Conns != 1 || st.Dials != 5 {
			t.Errorf("%+v, want one connection of five", st)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if st := d.Stats(); st.Conns != 0 {
			t.Errorf("%+v, want no connection", st)
		}
	})
}

func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o := doertest.Piped(t)
		defer s.Close()
		o.Lifetime = 10 * time.Second
		d := New(o)
		defer d.Close()
		for range 41 {
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
		}
		if n := s.Accepted(); n != 2 {
			t.Errorf("%d connections in 20 s, want 2", n)
		}
	})
}

// TestWaiterDials checks that when a connection is discarded, the waiter that has waited
// longest dials, in its own goroutine and under its own context.
func TestWaiterDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o := doertest.Piped(t, influxtest.Silent(), influxtest.Status(204))
		defer s.Close()
		o.MaxConns, o.PoolTimeout, o.HeaderTimeout = 1, -1, time.Second
		d := New(o)
		defer d.Close()
		var wg sync.WaitGroup
		wg.Go(func() { doertest.Fetch(t.Context(), d, doertest.Post("m f=1")) })
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := s.Accepted(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
}

// TestWaitersLoseNothing checks that a waiter that gives up while it is served hands on
// the connection or the slot.
func TestWaitersLoseNothing(t *testing.T) {
	var n transport.Counters
	o := transport.Options{MaxConns: 2, PoolTimeout: -1, Dial: func(context.Context, string, string) (net.Conn, error) {
		c, _ := net.Pipe()
		return c, nil
	}}.WithDefaults()
	p := newPool(&o, &n)
	defer p.shut()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				ctx, cancel := context.WithCancel(context.Background())
				if i%3 == 0 {
					go cancel()
				}
				c, _, err := p.acquire(ctx)
				if err == nil {
					if i%5 == 0 {
						p.discard(c)
					} else {
						p.release(c)
					}
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if open, idle := p.size(); open != idle || open > 2 || len(p.waiters) != 0 || len(p.open) != open {
		t.Errorf("%d open, %d idle, %d in the list, %d waiting", open, idle, len(p.open), len(p.waiters))
	}
}

func TestCloseDuringDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := transport.Options{Addr: "x:1", Host: "x:1", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		d := New(o)
		done := make(chan error, 1)
		go func() { done <- doertest.Do(d, doertest.Post("m f=1"))(context.Background()) }()
		synctest.Wait()
		doertest.Took(t, 0, func() {
			d.Close()
			doertest.MustPhase(t, <-done, transport.PhaseDial)
		})
	})
}
