// Package doertest holds the requests, options and checks that the tests of both
// implementations of [transport.Doer] share. It imports neither of them.
package doertest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
)

// To returns options for a server.
func To(s *influxtest.Server) transport.Options {
	return transport.Options{Network: "tcp", Addr: s.Addr, Host: s.Addr}
}

// Post returns a request that writes body.
func Post(body string) *transport.Request {
	return &transport.Request{Method: "POST", URI: []byte("/write?db=d"), ContentType: "text/plain", Body: []byte(body)}
}

// Query returns a request whose response is streamed.
func Query() *transport.Request {
	return &transport.Request{Method: "POST", URI: []byte("/query"), Body: []byte("q=SELECT"), Stream: true}
}

// Fetch sends req and reads the whole response.
func Fetch(ctx context.Context, d transport.Doer, req *transport.Request) (status int, body string, err error) {
	var resp transport.Response
	if err := d.Do(ctx, req, &resp); err != nil {
		return 0, "", err
	}
	defer resp.Close()
	if resp.Stream == nil {
		return resp.Status, string(resp.Body), nil
	}
	b, err := io.ReadAll(resp.Stream)
	return resp.Status, string(b), err
}

// MustPhase checks that err is an Error of the phase.
func MustPhase(t *testing.T, err error, want transport.Phase) {
	t.Helper()
	var e *transport.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is a %T, want an Error", err, err)
	}
	if e.Phase != want {
		t.Errorf("%v: phase %v, want %v", err, e.Phase, want)
	}
}

// Doc is the body of a response.
const Doc = `{"results":[{"statement_id":0}]}`

// Canceled runs f, cancels its context when begun gives a value, and checks that f
// returned the context's error in the phase and without delay.
func Canceled(t *testing.T, begun <-chan struct{}, phase transport.Phase, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	<-begun
	start := time.Now()
	cancel()
	err := <-done
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("returned %v after the context ended", took)
	}
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want the context's error", err)
	}
	MustPhase(t, err, phase)
}

// Do returns a function that makes the exchange and returns its error.
func Do(d transport.Doer, req *transport.Request) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, err := Fetch(ctx, d, req)
		return err
	}
}

// Piped returns a server in memory and options that reach it.
func Piped(t *testing.T, replies ...influxtest.Reply) (*influxtest.Server, transport.Options) {
	s, dial := influxtest.NewPipe(t, replies...)
	return s, transport.Options{Network: "tcp", Addr: "pipe:8086", Host: "pipe:8086", Dial: dial}
}

// Took checks that f takes exactly want, by the fake clock of testing/synctest.
func Took(t *testing.T, want time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d != want {
		t.Errorf("took %v, want %v", d, want)
	}
}

// ServerTLS returns the TLS configuration of a server with the certificate.
func ServerTLS(c *influxtest.Cert) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.TLS}}
}

// ClientTLS returns the TLS configuration of a client that trusts the certificate.
func ClientTLS(c *influxtest.Cert) *tls.Config {
	return &tls.Config{RootCAs: c.Pool, ServerName: "localhost"}
}
