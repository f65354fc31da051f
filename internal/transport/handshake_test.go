package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestHandshakeRefused checks which failures of a handshake are worth another attempt, and
// that none of them leaves open what became of the request.
func TestHandshakeRefused(t *testing.T) {
	cert := influxtest.NewCert(t, "server")
	with := func(change func(server, client *tls.Config)) (server, client *tls.Config) {
		server, client = doertest.ServerTLS(cert), doertest.ClientTLS(cert)
		change(server, client)
		return server, client
	}
	mutual := func(version uint16) func(server, client *tls.Config) {
		return func(server, client *tls.Config) {
			server.MinVersion, server.MaxVersion = version, version
			server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, cert.Pool
		}
	}
	overTLS := func(change func(server, client *tls.Config)) func(t *testing.T) (string, *tls.Config) {
		return func(t *testing.T) (string, *tls.Config) {
			server, client := with(change)
			return listen(t, func(c net.Conn) {
				if s := tls.Server(c, server); s.Handshake() == nil {
					io.Copy(s, s)
				}
				io.Copy(io.Discard, c) // a close with bytes unread would reset the connection
			}), client
		}
	}
	saying := func(text string) func(t *testing.T) (string, *tls.Config) {
		return func(t *testing.T) (string, *tls.Config) {
			return listen(t, func(c net.Conn) {
				c.Read(make([]byte, 1))
				io.WriteString(c, text)
				io.Copy(io.Discard, c)
			}), doertest.ClientTLS(cert)
		}
	}
	tests := []struct {
		name    string
		server  func(t *testing.T) (string, *tls.Config)
		refused bool
	}{
		{"the server refuses the version", overTLS(func(server, client *tls.Config) {
			server.MaxVersion, client.MinVersion = tls.VersionTLS12, tls.VersionTLS13
		}), true},
		{"the client refuses the version", overTLS(func(server, client *tls.Config) {
			server.MinVersion, client.MaxVersion = tls.VersionTLS13, tls.VersionTLS12
		}), true},
		{"no common cipher", overTLS(func(server, client *tls.Config) {
			server.MaxVersion = tls.VersionTLS12
			server.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
			client.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
		}), true},
		{"the server wants a certificate, TLS 1.2", overTLS(mutual(tls.VersionTLS12)), true},
		{"the server wants a certificate, TLS 1.3", overTLS(mutual(tls.VersionTLS13)), true},
		{"the server does not know the name", overTLS(func(server, _ *tls.Config) {
			server.Certificates = nil
			server.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }
		}), true},
		{"unknown authority", overTLS(func(_, client *tls.Config) { client.RootCAs = x509.NewCertPool() }), true},
		{"another name", overTLS(func(_, client *tls.Config) { client.ServerName = "other.example" }), true},
		{"plain HTTP", saying("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), true},
		{"another protocol", saying("220 mail.example ESMTP\r\n"), true},
		{"the server has an error of its own", overTLS(func(server, _ *tls.Config) {
			server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("no memory") }
		}), false},
		{"the server closes", func(t *testing.T) (string, *tls.Config) {
			return listen(t, func(c net.Conn) { c.Read(make([]byte, 1<<10)) }), doertest.ClientTLS(cert)
		}, false},
		{"nobody listens", func(t *testing.T) (string, *tls.Config) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			return l.Addr().String(), doertest.ClientTLS(cert)
		}, false},
	}
	over(t, func(t *testing.T, open maker) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				addr, client := tt.server(t)
				d := open(transport.Options{Network: "tcp", Addr: addr, Host: addr, TLS: client})
				defer d.Close()
				_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
				var e *transport.Error
				if !errors.As(err, &e) {
					t.Fatalf("%v is a %T", err, err)
				}
				if got := transport.HandshakeRefused(e.Err); got != tt.refused || e.Ambiguous {
					t.Errorf("%v: refused %v, want %v; ambiguous %v", err, got, tt.refused, e.Ambiguous)
				}
			})
		}
	})
}

// listen returns the address of a server that has f serve each connection, until the test
// ends.
func listen(t *testing.T, f func(c net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(c)
			}()
		}
	}()
	return l.Addr().String()
}
