package transport

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// timed runs a test of both implementations over pipes and under a fake clock.
func timed(t *testing.T, f func(t *testing.T, open func(Options) Doer)) {
	over(t, func(t *testing.T, open func(Options) Doer) {
		synctest.Test(t, func(t *testing.T) { f(t, open) })
	})
}

// piped returns a server in memory and options that reach it.
func piped(t *testing.T, replies ...influxtest.Reply) (*influxtest.Server, Options) {
	s, dial := influxtest.NewPipe(t, replies...)
	return s, Options{Network: "tcp", Addr: "pipe:8086", Host: "pipe:8086", Dial: dial}
}

// took checks how long f takes by the fake clock.
func took(t *testing.T, want time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d != want {
		t.Errorf("took %v, want %v", d, want)
	}
}

func TestTimeLimits(t *testing.T) {
	tests := []struct {
		name  string
		reply influxtest.Reply
		req   *Request
		set   func(*Options)
		phase Phase
		after time.Duration
	}{
		{"header", influxtest.Silent(), post("m f=1"), func(o *Options) { o.HeaderTimeout = 700 * time.Millisecond }, PhaseHeader, 700 * time.Millisecond},
		{"header, default", influxtest.Silent(), post("m f=1"), func(*Options) {}, PhaseHeader, 30 * time.Second},
		{"half header", influxtest.StallHeader(), post("m f=1"), func(o *Options) { o.HeaderTimeout = time.Second }, PhaseHeader, time.Second},
		{"write", influxtest.Deaf(), post(strings.Repeat("m f=1 1\n", 1<<16)), func(o *Options) { o.WriteTimeout = 2 * time.Second }, PhaseWrite, 2 * time.Second},
		{"body", influxtest.StallBody(doc), query(), func(o *Options) { o.ReadTimeout = 3 * time.Second }, PhaseBody, 3 * time.Second},
		{"body, default", influxtest.StallBody(doc), query(), func(*Options) {}, PhaseBody, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timed(t, func(t *testing.T, open func(Options) Doer) {
				s, o := piped(t, tt.reply)
				defer s.Close()
				tt.set(&o)
				d := open(o)
				defer d.Close()
				took(t, tt.after, func() {
					_, _, err := fetch(t.Context(), d, tt.req)
					var e *Error
					if !errors.Is(err, ErrTimeout) || !errors.As(err, &e) || !e.Timeout() {
						t.Fatalf("%v, want a timeout", err)
					}
					mustPhase(t, err, tt.phase)
				})
			})
		})
	}
}

// The limit is on silence: an answer that takes long is no fault.
func TestSlowBodyIsHealthy(t *testing.T) {
	timed(t, func(t *testing.T, open func(Options) Doer) {
		parts := strings.Split(strings.Repeat("x ", 20), " ")[:20]
		s, o := piped(t, influxtest.Slow(900*time.Millisecond, parts...))
		defer s.Close()
		o.ReadTimeout, o.HeaderTimeout = time.Second, 2*time.Second
		d := open(o)
		defer d.Close()
		took(t, 18*time.Second, func() {
			_, body, err := fetch(t.Context(), d, query())
			if err != nil || body != strings.Repeat("x", 20) {
				t.Errorf("%q %v", body, err)
			}
		})
	})
}

func TestDialTimeout(t *testing.T) {
	timed(t, func(t *testing.T, open func(Options) Doer) {
		d := open(Options{Network: "tcp", Addr: "x:1", Host: "x:1", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		defer d.Close()
		took(t, 5*time.Second, func() {
			_, _, err := fetch(t.Context(), d, post("m f=1"))
			if !errors.Is(err, ErrTimeout) {
				t.Error(err)
			}
			mustPhase(t, err, PhaseDial)
		})
	})
}

// A handshake that gets no answer ends although no write can block.
func TestTLSTimeout(t *testing.T) {
	timed(t, func(t *testing.T, open func(Options) Doer) {
		s, o := piped(t)
		defer s.Close()
		cert := influxtest.NewCert(t, "server")
		o.TLS = clientTLS(cert)
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
		took(t, 5*time.Second, func() {
			_, _, err := fetch(t.Context(), d, post("m f=1"))
			if !errors.Is(err, ErrTimeout) {
				t.Error(err)
			}
			mustPhase(t, err, PhaseTLS)
		})
		close(mute)
	})
}

func TestPoolTimeout(t *testing.T) {
	timed(t, func(t *testing.T, open func(Options) Doer) {
		s, o := piped(t, influxtest.Chunked(strings.Repeat("x", 1<<20)), influxtest.Status(204))
		defer s.Close()
		o.MaxConns = 1
		d := open(o)
		defer d.Close()
		var resp Response
		if err := d.Do(t.Context(), query(), &resp); err != nil {
			t.Fatal(err)
		}
		took(t, 5*time.Second, func() {
			_, _, err := fetch(t.Context(), d, post("m f=1"))
			if !errors.Is(err, ErrPoolExhausted) {
				t.Error(err)
			}
			mustPhase(t, err, PhaseWait)
		})
		resp.Close()
		if _, _, err := fetch(t.Context(), d, post("m f=1")); err != nil {
			t.Errorf("after the stream was closed: %v", err)
		}
	})
}

// The context's deadline is told as such and as a timeout.
func TestDeadline(t *testing.T) {
	timed(t, func(t *testing.T, open func(Options) Doer) {
		s, o := piped(t, influxtest.Silent())
		defer s.Close()
		d := open(o)
		defer d.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		took(t, 50*time.Millisecond, func() {
			_, _, err := fetch(ctx, d, post("m f=1"))
			var e *Error
			if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Timeout() {
				t.Error(err)
			}
		})
	})
}
