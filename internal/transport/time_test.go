package transport_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// timed runs a test with both implementations, under a fake clock.
func timed(t *testing.T, f func(t *testing.T, open maker)) {
	over(t, func(t *testing.T, open maker) {
		synctest.Test(t, func(t *testing.T) { f(t, open) })
	})
}

func TestTimeLimits(t *testing.T) {
	tests := []struct {
		name  string
		reply influxtest.Reply
		req   *transport.Request
		set   func(*transport.Options)
		phase transport.Phase
		after time.Duration
	}{
		{"header", influxtest.Silent(), doertest.Post("m f=1"), func(o *transport.Options) { o.HeaderTimeout = 700 * time.Millisecond }, transport.PhaseHeader, 700 * time.Millisecond},
		{"header, default", influxtest.Silent(), doertest.Post("m f=1"), func(*transport.Options) {}, transport.PhaseHeader, 30 * time.Second},
		{"half header", influxtest.StallHeader(), doertest.Post("m f=1"), func(o *transport.Options) { o.HeaderTimeout = time.Second }, transport.PhaseHeader, time.Second},
		{"write", influxtest.Deaf(), doertest.Post(strings.Repeat("m f=1 1\n", 1<<16)), func(o *transport.Options) { o.WriteTimeout = 2 * time.Second }, transport.PhaseWrite, 2 * time.Second},
		{"body", influxtest.StallBody(doertest.Doc), doertest.Query(), func(o *transport.Options) { o.ReadTimeout = 3 * time.Second }, transport.PhaseBody, 3 * time.Second},
		{"body, default", influxtest.StallBody(doertest.Doc), doertest.Query(), func(*transport.Options) {}, transport.PhaseBody, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timed(t, func(t *testing.T, open maker) {
				s, o := doertest.Piped(t, tt.reply)
				defer s.Close()
				tt.set(&o)
				d := open(o)
				defer d.Close()
				doertest.Took(t, tt.after, func() {
					_, _, err := doertest.Fetch(t.Context(), d, tt.req)
					var e *transport.Error
					if !errors.Is(err, transport.ErrTimeout) || !errors.As(err, &e) || !e.Timeout() {
						t.Fatalf("%v, want a timeout", err)
					}
					doertest.MustPhase(t, err, tt.phase)
				})
			})
		})
	}
}

// TestSlowBodyIsHealthy checks that ReadTimeout limits silence only: a body may take
// long while it makes progress.
func TestSlowBodyIsHealthy(t *testing.T) {
	timed(t, func(t *testing.T, open maker) {
		parts := strings.Split(strings.Repeat("x ", 20), " ")[:20]
		s, o := doertest.Piped(t, influxtest.Slow(900*time.Millisecond, parts...))
		defer s.Close()
		o.ReadTimeout, o.HeaderTimeout = time.Second, 2*time.Second
		d := open(o)
		defer d.Close()
		doertest.Took(t, 18*time.Second, func() {
			_, body, err := doertest.Fetch(t.Context(), d, doertest.Query())
			if err != nil || body != strings.Repeat("x", 20) {
				t.Errorf("%q %v", body, err)
			}
		})
	})
}

func TestDialTimeout(t *testing.T) {
	timed(t, func(t *testing.T, open maker) {
		d := open(transport.Options{Network: "tcp", Addr: "x:1", Host: "x:1", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		defer d.Close()
		doertest.Took(t, 5*time.Second, func() {
			_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
			if !errors.Is(err, transport.ErrTimeout) {
				t.Error(err)
			}
			doertest.MustPhase(t, err, transport.PhaseDial)
		})
	})
}

// TestTLSTimeout checks that a handshake without a response ends, even if its writes
// never block.
func TestTLSTimeout(t *testing.T) {
	timed(t, func(t *testing.T, open maker) {
		s, o := doertest.Piped(t)
		defer s.Close()
		cert := influxtest.NewCert(t, "server")
		o.TLS = doertest.ClientTLS(cert)
		mute := make(chan struct{})
		o.Dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				buf := make([]byte, 1<<16)
				for {
					if _, err := server.Read(buf); err != nil {
						break
					}
				}
				<-mute
			}()
			return client, nil
		}
		d := open(o)
		defer d.Close()
		doertest.Took(t, 5*time.Second, func() {
			_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
			if !errors.Is(err, transport.ErrTimeout) {
				t.Error(err)
			}
			doertest.MustPhase(t, err, transport.PhaseTLS)
		})
		close(mute)
	})
}

func TestPoolTimeout(t *testing.T) {
	timed(t, func(t *testing.T, open maker) {
		s, o := doertest.Piped(t, influxtest.Chunked(strings.Repeat("x", 1<<20)), influxtest.Status(204))
		defer s.Close()
		o.MaxConns = 1
		d := open(o)
		defer d.Close()
		var resp transport.Response
		if err := d.Do(t.Context(), doertest.Query(), &resp); err != nil {
			t.Fatal(err)
		}
		doertest.Took(t, 5*time.Second, func() {
			_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
			if !errors.Is(err, transport.ErrPoolExhausted) {
				t.Error(err)
			}
			doertest.MustPhase(t, err, transport.PhaseWait)
		})
		resp.Close()
		if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
			t.Errorf("after the stream was closed: %v", err)
		}
	})
}

// TestDeadline checks that the context's deadline is reported as such and as a timeout.
func TestDeadline(t *testing.T) {
	timed(t, func(t *testing.T, open maker) {
		s, o := doertest.Piped(t, influxtest.Silent())
		defer s.Close()
		d := open(o)
		defer d.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		doertest.Took(t, 50*time.Millisecond, func() {
			_, _, err := doertest.Fetch(ctx, d, doertest.Post("m f=1"))
			var e *transport.Error
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Timeout() {
				t.Error(err)
			}
		})
	})
}
