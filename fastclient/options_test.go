package fastclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestTLSFiles connects with a certificate from files to a server that demands
// one, and with another once the files have changed.
func TestTLSFiles(t *testing.T) {
	for name, std := range map[string]bool{"fasthttp": false, "net/http": true} {
		t.Run(name, func(t *testing.T) {
			server, first, second := influxtest.NewCert(t, "server"), influxtest.NewCert(t, "first"), influxtest.NewCert(t, "second")
			var mu sync.Mutex
			var seen []string
			trust := x509.NewCertPool()
			trust.AppendCertsFromPEM(first.CertPEM)
			trust.AppendCertsFromPEM(second.CertPEM)
			s := influxtest.NewTLS(t, &tls.Config{
				Certificates: []tls.Certificate{server.TLS}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trust,
				VerifyConnection: func(c tls.ConnectionState) error {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, c.ServerName+" "+c.PeerCertificates[0].Subject.CommonName)
					return nil
				},
			}, influxtest.Status(204, "Connection", "close"))
			dir := t.TempDir()
			files := TLSFiles{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
			put := func(name string, data []byte, age time.Duration) {
				t.Helper()
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Fatal(err)
				}
				when := time.Now().Add(-age)
				if err := os.Chtimes(name, when, when); err != nil {
					t.Fatal(err)
				}
			}
			put(files.CA, server.CertPEM, time.Hour)
			put(files.Cert, first.CertPEM, time.Hour)
			put(files.Key, first.KeyPEM, time.Hour)
			c := client(t, s, Options{TLSFiles: files, TLS: &tls.Config{ServerName: "localhost"}, NetHTTP: std})
			write := func() {
				t.Helper()
				if err := c.Write(t.Context(), []byte("m v=1 1\n")); err != nil {
					t.Fatal(err)
				}
			}
			write()
			// A pair that does not fit together, as while it is being replaced,
			// leaves the old one.
			put(files.Cert, second.CertPEM, time.Minute)
			write()
			put(files.Key, second.KeyPEM, time.Minute)
			write()
			mu.Lock()
			defer mu.Unlock()
			want := []string{"localhost first", "localhost first", "localhost second"}
			if len(seen) != len(want) || seen[0] != want[0] || seen[1] != want[1] || seen[2] != want[2] {
				t.Errorf("the server saw %q, want %q", seen, want)
			}
		})
	}
}

// TestIPv6 holds the address of IPv6 on its way to the dialer and to the Host field.
func TestIPv6(t *testing.T) {
	s := influxtest.New(t)
	dialled := ""
	c, err := New(Options{Addr: "http://[::1]", Database: "d", Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
		dialled = addr
		return new(net.Dialer).DialContext(ctx, "tcp", s.Addr)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Write(t.Context(), []byte("m v=1 1\n")); err != nil {
		t.Fatal(err)
	}
	if host := s.Last().Host; host != "[::1]:8086" || dialled != "[::1]:8086" {
		t.Errorf("dialled %q, host %q", dialled, host)
	}
}
