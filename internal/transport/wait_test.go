package transport_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestDialDeadline: a deadline of the context is the cause, although package net, whose
// timer is set to the same moment, says first that time is up.
func TestDialDeadline(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			d := open(transport.Options{Network: "tcp", Addr: "h:1", Host: "h", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				at, _ := ctx.Deadline()
				select { // not of the context, which may take note a moment later
				case <-time.After(time.Until(at)):
				case <-t.Context().Done():
				}
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
			}})
			var resp transport.Response
			err := d.Do(ctx, doertest.Query(), &resp)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want DeadlineExceeded", err)
			}
			cancel()
			d.Close()
		}
	})
}

// TestPoolWait: a wait for a connection lasts as long as the context, and its error says
// what holds the connections.
func TestPoolWait(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t, influxtest.StallBody(doertest.Doc))
		o := doertest.To(s)
		o.MaxConns = 2
		for _, limit := range []time.Duration{0, 20 * time.Millisecond} {
			o.PoolTimeout = limit
			d := open(o)
			req := doertest.Query()
			req.Stream = true
			var held [2]transport.Response
			for i := range held {
				if err := d.Do(t.Context(), req, &held[i]); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			if limit == 0 {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			want := context.DeadlineExceeded
			if limit > 0 {
				want = transport.ErrPoolExhausted
			}
			var resp transport.Response
			err := d.Do(ctx, req, &resp)
			var e *transport.Error
			if !errors.Is(err, want) || !errors.As(err, &e) || e.Phase != transport.PhaseWait || !e.Timeout() ||
				!strings.Contains(err.Error(), "all 2 connections are in use") || !strings.Contains(err.Error(), o.Addr) {
				t.Errorf("PoolTimeout %v: %v", limit, err)
			}
			cancel()
			for i := range held {
				held[i].Close()
			}
			d.Close()
		}
	})
}
