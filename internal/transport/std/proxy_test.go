package std

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// forward starts a proxy that forwards every request for influx.example:8086 to addr,
// and refuses the others. count returns how many requests of a kind it received.
func forward(t *testing.T, addr string) (proxy *httptest.Server, count func(kind string) int) {
	var mu sync.Mutex
	seen := map[string]int{}
	proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.Method+" "+r.RequestURI]++
		mu.Unlock()
		if r.Host != "influx.example:8086" {
			w.WriteHeader(403)
			return
		}
		to, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		from, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer from.Close()
		if r.Method == "CONNECT" {
			io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		} else {
			r.Header.Set("Connection", "close")
			r.Write(to)
		}
		go func() {
			io.Copy(to, from)
			to.(*net.TCPConn).CloseWrite()
		}()
		io.Copy(from, to)
	}))
	t.Cleanup(proxy.Close)
	return proxy, func(kind string) int {
		mu.Lock()
		defer mu.Unlock()
		return seen[kind]
	}
}

// throughProxy returns a Transport for influx.example that goes through a proxy.
func throughProxy(t *testing.T, o transport.Options, proxy *httptest.Server, host string) *Transport {
	o.Network, o.Addr, o.Host = "tcp", host, host
	d := New(o, nil)
	d.own.Proxy = func(r *http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	t.Cleanup(func() { d.Close() })
	return d
}

func TestProxy(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		s := influxtest.New(t, influxtest.ThenClose(influxtest.Status(204, "Connection", "close")))
		proxy, count := forward(t, s.Addr)
		d := throughProxy(t, transport.Options{}, proxy, "influx.example:8086")
		for range 3 {
			if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); status != 204 || err != nil {
				t.Fatalf("%d %v", status, err)
			}
		}
		if n := count("POST http://influx.example:8086/write?db=d"); n != 3 || len(s.Requests()) != 3 || string(s.Last().Body) != "m f=1" {
			t.Errorf("%d requests to the proxy, %d to the server", n, len(s.Requests()))
		}
	})
	t.Run("tunnel", func(t *testing.T) {
		s, o := http2(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
		proxy, count := forward(t, s.Listener.Addr().String())
		d := throughProxy(t, o, proxy, "influx.example:8086")
		for range 3 {
			if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); status != 204 || err != nil {
				t.Fatalf("%d %v", status, err)
			}
		}
		if n := count("CONNECT influx.example:8086"); n != 1 {
			t.Errorf("%d tunnels", n)
		}
	})
	t.Run("refused", func(t *testing.T) {
		cert := influxtest.NewCert(t, "server")
		proxy, _ := forward(t, "127.0.0.1:1")
		d := throughProxy(t, transport.Options{TLS: doertest.ClientTLS(cert)}, proxy, "other.example:8086")
		_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
		doertest.MustPhase(t, err, transport.PhaseDial)
		if e := err.(*transport.Error); e.Ambiguous || !strings.Contains(e.Error(), "Forbidden") {
			t.Errorf("%v, ambiguous %v", e, e.Ambiguous)
		}
		d = throughProxy(t, transport.Options{}, proxy, "other.example:8086")
		if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); status != 403 || err != nil {
			t.Errorf("%d %v", status, err)
		}
	})
	t.Run("down", func(t *testing.T) {
		proxy, _ := forward(t, "127.0.0.1:1")
		proxy.Close()
		d := throughProxy(t, transport.Options{}, proxy, "influx.example:8086")
		_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
		doertest.MustPhase(t, err, transport.PhaseDial)
		if e := err.(*transport.Error); e.Ambiguous {
			t.Errorf("%v is ambiguous", e)
		}
	})
}

// TestProxyOfEnvironment runs itself in a second process, since net/http reads the
// environment only once.
func TestProxyOfEnvironment(t *testing.T) {
	if os.Getenv("POINTWIRE_PROXIED") != "" {
		d := New(transport.Options{Network: "tcp", Addr: "influx.example:8086", Host: "influx.example:8086"}, nil)
		defer d.Close()
		if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); status != 204 || err != nil {
			t.Errorf("%d %v", status, err)
		}
		return
	}
	s := influxtest.New(t, influxtest.ThenClose(influxtest.Status(204, "Connection", "close")))
	proxy, _ := forward(t, s.Addr)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestProxyOfEnvironment$")
	cmd.Env = append(os.Environ(), "POINTWIRE_PROXIED=1", "HTTP_PROXY="+proxy.URL, "NO_PROXY=")
	if out, err := cmd.CombinedOutput(); err != nil || len(s.Requests()) != 1 {
		t.Errorf("%v, %d requests\n%s", err, len(s.Requests()), out)
	}
}
