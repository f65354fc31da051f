package std

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// http2 starts a server that speaks HTTP/2 and returns options that reach it.
func http2(t *testing.T, handler http.HandlerFunc) (*httptest.Server, transport.Options) {
	t.Helper()
	cert := influxtest.NewCert(t, "server")
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("a request over %s", r.Proto)
		}
		handler(w, r)
	}))
	s.TLS, s.EnableHTTP2 = doertest.ServerTLS(cert), true
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	addr := s.Listener.Addr().String()
	return s, transport.Options{Network: "tcp", Addr: addr, Host: addr, TLS: doertest.ClientTLS(cert)}
}

// TestHTTP2 checks that exchanges share one HTTP/2 connection without mixing.
func TestHTTP2(t *testing.T) {
	_, o := http2(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/write" {
			w.WriteHeader(204)
			return
		}
		w.Write(body)
	})
	d := New(o, nil)
	defer d.Close()
	if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1 1\n")); status != 204 || err != nil {
		t.Fatalf("%d %v", status, err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				text := strings.Repeat(string(rune('a'+i)), 1+j*1000)
				req := doertest.Query()
				req.Body = []byte(text)
				if status, body, err := doertest.Fetch(t.Context(), d, req); status != 200 || body != text || err != nil {
					t.Errorf("%d, %d bytes, %v", status, len(body), err)
				}
			}
		})
	}
	all.Wait()
	if n := d.Stats(); n.Dials != 1 || n.Exchanges != 401 {
		t.Errorf("%+v", n)
	}
}

// TestHTTP2Faults checks that failures over HTTP/2 are reported as over HTTP/1.
func TestHTTP2Faults(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		set     func(*transport.Options)
		status  int
		err     error
		phase   transport.Phase
		long    bool // the request has a body that the server does not read
	}{
		"refused before it was sent": {func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		}, nil, 413, nil, 0, true},
		"no response": {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, nil, 0, transport.ErrNoResponse, transport.PhaseHeader, false},
		"cut": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, doertest.Doc)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, nil, 200, transport.ErrTruncated, transport.PhaseBody, false},
		"silent": {func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-over }, func(o *transport.Options) { o.HeaderTimeout = 50 * time.Millisecond }, 0, transport.ErrTimeout, transport.PhaseHeader, true},
		"deaf":   {func(w http.ResponseWriter, r *http.Request) { <-over }, func(o *transport.Options) { o.WriteTimeout = 50 * time.Millisecond }, 0, transport.ErrTimeout, transport.PhaseWrite, true},
		"stalled": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, doertest.Doc)
			w.(http.Flusher).Flush()
			<-over
		}, func(o *transport.Options) { o.ReadTimeout = 50 * time.Millisecond }, 200, transport.ErrTimeout, transport.PhaseBody, false},
		"stalled before all was sent": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, doertest.Doc)
			w.(http.Flusher).Flush()
			<-over
		}, func(o *transport.Options) { o.ReadTimeout = 50 * time.Millisecond }, 200, transport.ErrTimeout, transport.PhaseBody, true},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			n := 0
			// net/http may run the handler before the whole request has arrived.
			wrote := make(chan struct{}, 10)
			_, o := http2(t, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				n++
				mu.Unlock()
				if !tt.long {
					<-wrote
				}
				tt.handler(w, r)
			})
			o.Hooks = &transport.Hooks{Wrote: func(int64) { wrote <- struct{}{} }}
			if tt.set != nil {
				tt.set(&o)
			}
			d := New(o, nil)
			defer d.Close()
			req := doertest.Post("m f=1 1\n")
			if tt.long {
				req.Body = []byte(strings.Repeat("m f=1 1\n", 1<<20)) // more than a flow-control window
			}
			req.Stream = true
			status, _, err := doertest.Fetch(t.Context(), d, req)
			if status != tt.status || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("%d %v, want %d %v", status, err, tt.status, tt.err)
			}
			if err != nil {
				doertest.MustPhase(t, err, tt.phase)
				if e := err.(*transport.Error); !e.Ambiguous {
					t.Errorf("%v is not ambiguous", e)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if n != 1 {
				t.Errorf("the server saw %d requests, want 1", n)
			}
		})
	}
}

// TestHTTP2Cancel checks that the end of a context ends its exchange and leaves the
// connection to the others.
func TestHTTP2Cancel(t *testing.T) {
	begun, wrote := make(chan struct{}, 1), make(chan struct{}, 1)
	_, o := http2(t, func(w http.ResponseWriter, r *http.Request) {
		<-wrote // the handler may run before the whole request has arrived
		if r.URL.Path == "/query" {
			begun <- struct{}{}
			<-r.Context().Done()
		}
	})
	o.Hooks = &transport.Hooks{Wrote: func(int64) { wrote <- struct{}{} }}
	d := New(o, nil)
	defer d.Close()
	for range 3 {
		doertest.Canceled(t, begun, transport.PhaseHeader, doertest.Do(d, doertest.Query()))
		if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
			t.Error(err)
		}
	}
	if n := d.Stats().Dials; n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestHTTP2GoAway checks that no request is lost when the server ends its connections
// with GOAWAY.
func TestHTTP2GoAway(t *testing.T) {
	s, o := http2(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	d := New(o, nil)
	defer d.Close()
	s.Config.SetKeepAlivesEnabled(false)
	for i := range 40 {
		if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); status != 204 || err != nil {
			t.Fatalf("try %d: %d %v", i, status, err)
		}
	}
	if n := d.Stats().Dials; n < 2 {
		t.Errorf("%d connections, want at least 2", n)
	}
}
