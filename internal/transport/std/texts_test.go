package std

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestTexts provokes each failure that an exchange recognises by its text, and checks
// that net/http still words it so. A Go version with another text fails here, with its
// name, instead of as a wrong phase or cause elsewhere. Then add the new text beside the
// old one at the constants above failed.
func TestTexts(t *testing.T) {
	cert := influxtest.NewCert(t, "server")
	for _, c := range []struct {
		name, text string
		begins     bool
		provoke    func(t *testing.T) error
	}{
		{"header beyond the limit", saysHeaderLimit, false, func(t *testing.T) error {
			s := influxtest.New(t, influxtest.BigHeader(20_000))
			return get(t, &http.Transport{MaxResponseHeaderBytes: 1 << 10}, "http://"+s.Addr)
		}},
		{"handshake without a response", saysTLSTimeout, false, func(t *testing.T) error {
			l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			return get(t, &http.Transport{TLSHandshakeTimeout: time.Millisecond}, "https://"+l.Addr().String())
		}},
		{"stream ended before the header", saysStreamError, true, func(t *testing.T) error {
			_, o := http2(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			return get(t, &http.Transport{TLSClientConfig: o.TLS, ForceAttemptHTTP2: true}, "https://"+o.Addr)
		}},
		{"stream ended in the body", saysStreamError, true, func(t *testing.T) error {
			_, o := http2(t, func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, doertest.Doc)
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			})
			return get(t, &http.Transport{TLSClientConfig: o.TLS, ForceAttemptHTTP2: true}, "https://"+o.Addr)
		}},
		{"certificate of an unknown authority", saysTLS, false, func(t *testing.T) error {
			s := influxtest.NewTLS(t, doertest.ServerTLS(cert))
			return get(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "localhost"}}, "https://"+s.Addr)
		}},
		{"certificate of another name", saysTLS, false, func(t *testing.T) error {
			s := influxtest.NewTLS(t, doertest.ServerTLS(cert))
			return get(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: cert.Pool, ServerName: "other.example"}}, "https://"+s.Addr)
		}},
		{"TLS version that the server refuses", saysTLS, false, func(t *testing.T) error {
			server, client := doertest.ServerTLS(cert), doertest.ClientTLS(cert)
			server.MaxVersion, client.MinVersion = tls.VersionTLS12, tls.VersionTLS13
			s := influxtest.NewTLS(t, server)
			return get(t, &http.Transport{TLSClientConfig: client}, "https://"+s.Addr)
		}},
		{"server that does not speak TLS", saysTLS, false, func(t *testing.T) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				if c, err := l.Accept(); err == nil {
					io.WriteString(c, "220 mail.example ESMTP\r\n")
					io.Copy(io.Discard, c)
					c.Close()
				}
			}()
			return get(t, &http.Transport{TLSClientConfig: doertest.ClientTLS(cert)}, "https://"+l.Addr().String())
		}},
		{"idle connection closed", saysClosedIdle, false, closedIdle},
		{"end within the trailer", saysTrailer, false, chunks("5\r\nhello\r\n0\r\n")},
		{"end within a line of the trailer", saysLongTrailer, false, chunks("5\r\nhello\r\n0\r\nX: y")},
		{"chunk of a bad length", saysFraming[0], false, chunks("z\r\n")},
		{"chunk longer than it says", saysFraming[1], false, chunks("1\r\nhello\r\n")},
		{"chunk of too great a length", saysFraming[2], false, chunks("fffffffffffffffff\r\n")},
		{"chunk without a length", saysFraming[3], false, chunks("\r\nhello\r\n")},
		{"chunks with long extensions", saysFraming[4], false, chunks(strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\na\r\n", 100))},
		{"chunk with an endless extension", saysFraming[5], false, chunks("1;" + strings.Repeat("x", 10_000) + "\r\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.provoke(t)
			if err == nil {
				t.Fatal("no error")
			}
			text := err.Error()
			if !strings.Contains(text, c.text) || c.begins && !strings.HasPrefix(text, c.text) {
				t.Errorf("the text in %s is %q; in Go 1.26 it has %q", runtime.Version(), text, c.text)
			}
		})
	}
}

// chunks returns a provocation of the error of a body in these chunks.
func chunks(raw string) func(t *testing.T) error {
	return func(t *testing.T) error {
		s := influxtest.New(t, influxtest.RawClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+raw))
		return get(t, &http.Transport{}, "http://"+s.Addr)
	}
}

// readFirst is a RoundTripper that reads the whole body before it sends anything.
type readFirst struct{ next http.RoundTripper }

func (r readFirst) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Body = io.NopCloser(strings.NewReader(string(body)))
	return r.next.RoundTrip(req)
}

// TestBodyReadFirst checks that a client whose RoundTripper reads the body before there is
// a connection gets its response.
func TestBodyReadFirst(t *testing.T) {
	s := influxtest.New(t, influxtest.Status(204))
	tr := new(http.Transport)
	t.Cleanup(tr.CloseIdleConnections)
	d := New(doertest.To(s), &http.Client{Transport: readFirst{tr}})
	defer d.Close()
	for range 3 {
		if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1 1\n")); status != 204 || err != nil {
			t.Errorf("%d %v", status, err)
		}
	}
}

// get requests url and returns the error of the exchange or of reading the body.
func get(t *testing.T, client *http.Transport, url string) error {
	t.Helper()
	t.Cleanup(client.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// closedIdle makes the server close a kept connection after net/http has chosen it for a
// request, and before net/http sends the request, which it will not repeat.
func closedIdle(t *testing.T) error {
	hangUp := make(chan struct{})
	s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		influxtest.Status(204).Play(c, r)
		<-hangUp
		c.Close()
	}))
	closed := make(chan struct{})
	client := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &watched{Conn: c, closed: closed}, err
	}}
	if err := get(t, client, "http://"+s.Addr); err != nil {
		t.Fatal(err)
	}
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused {
			t.Error("another connection")
		}
		close(hangUp)
		<-closed
	}})
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+s.Addr, struct{ io.Reader }{strings.NewReader("m f=1")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.RoundTrip(req)
	return err
}

// A watched connection closes a channel when it is closed.
type watched struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *watched) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}
