package itest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// Config is the set-up of a server. The zero value is a server on a free port of
// 127.0.0.1, without authentication, in a fresh directory.
type Config struct {
	// Dir holds the server's data. If it is empty, the server gets a fresh directory,
	// which Close removes. Close keeps a Dir given by the caller.
	Dir string
	// Addr is the TCP address of the HTTP service, a free one of this machine if empty.
	Addr string

	// Auth requires credentials. Before the first user exists, the server accepts
	// CREATE USER without credentials; see AdminQuery.
	Auth bool
	// SharedSecret signs the tokens (HS256 JWT) that the server accepts.
	SharedSecret string

	// TLS serves HTTPS with a self-signed certificate for localhost and 127.0.0.1,
	// which CertPool trusts.
	TLS bool
	// UnixSocket serves a Unix socket in addition to TCP. Socket returns its path.
	UnixSocket bool

	// MaxRowLimit ends a response that is not chunked after this many rows; 0 means
	// no limit.
	MaxRowLimit int
	// MaxBodySize is the largest request body in bytes; 0 means the server's
	// default of 25,000,000.
	MaxBodySize int

	// MemoryLimit limits the address space of a child process in bytes; 0 means
	// DefaultMemoryLimit. A server in this process has no limit.
	MemoryLimit int64
}

// DefaultMemoryLimit is the address space of a child process in bytes. Without a limit,
// an unbounded GROUP BY time() makes InfluxDB 1.6.7 use all memory of the machine.
const DefaultMemoryLimit = 3 << 30

// AdminQuery creates the first user. A server with Config.Auth accepts it without
// credentials.
const AdminQuery = `CREATE USER root WITH PASSWORD 'pw' WITH ALL PRIVILEGES`

// Server is one InfluxDB. Its methods are not safe for concurrent use.
type Server struct {
	cfg     Config
	backend backend
	addr    string
	version string
	pool    *x509.CertPool
	token   string // InfluxDB 2 only
	orgID   string // InfluxDB 2 only
	ownDir  bool
	running bool
}

// A backend runs one server with the address and directory of a Config.
type backend interface {
	// open returns the TCP address when the server listens.
	open(cfg *Config) (addr string, err error)
	// close stops the server and waits for its end.
	close() error
	// kill ends the server at once, as a crash would.
	kill() error
}

// Restart returns errRunning if the server is not stopped.
var errRunning = errors.New("itest: the server is running")

// newServer prepares the directory and the certificate and starts the server.
func newServer(cfg Config, b backend) (s *Server, err error) {
	s = &Server{cfg: cfg, backend: b}
	if s.cfg.Dir == "" {
		if s.cfg.Dir, err = os.MkdirTemp("", "itest-"); err != nil {
			return nil, err
		}
		s.ownDir = true
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if cfg.TLS {
		if s.pool, err = writeCertificate(s.certFile(), s.keyFile()); err != nil {
			return nil, err
		}
	}
	if s.cfg.Addr == "" {
		if s.cfg.Addr, err = influxtest.FreeAddr(); err != nil {
			return nil, err
		}
	}
	return s, s.Restart()
}

func (c *Config) certFile() string { return filepath.Join(c.Dir, "cert.pem") }
func (c *Config) keyFile() string  { return filepath.Join(c.Dir, "key.pem") }
func (c *Config) socket() string   { return filepath.Join(c.Dir, "influxd.sock") }

func (s *Server) certFile() string { return s.cfg.certFile() }
func (s *Server) keyFile() string  { return s.cfg.keyFile() }

// Restart starts a stopped server again, with the same directory and port. It returns when
// the server responds.
func (s *Server) Restart() error {
	if s.running {
		return errRunning
	}
	addr, err := s.backend.open(&s.cfg)
	if err != nil {
		return err
	}
	s.addr, s.cfg.Addr, s.running = addr, addr, true
	if err := s.waitReady(10 * time.Second); err != nil {
		s.Stop()
		return err
	}
	return nil
}

// Stop ends the server in good order, and keeps its data and its port for Restart. It cuts
// off running requests. On a stopped server it does nothing.
func (s *Server) Stop() error {
	if !s.running {
		return nil
	}
	s.running = false
	return s.backend.close()
}

// Kill ends a child process with SIGKILL, like a crash; Restart works as after Stop. A
// server in this process cannot be killed: the error is errors.ErrUnsupported.
func (s *Server) Kill() error {
	if !s.running {
		return nil
	}
	if err := s.backend.kill(); err != nil {
		return err
	}
	s.running = false
	return nil
}

// Pause stops a child process with SIGSTOP: it takes connections, which the system does for
// it, and never responds. Resume lets it go on. A server in this process cannot be paused:
// the error is errors.ErrUnsupported.
func (s *Server) Pause() error {
	err := s.signal(syscall.SIGSTOP)
	if p, ok := s.backend.(*process); ok && err == nil && s.running {
		p.waitStopped()
	}
	return err
}

// Resume ends a Pause.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) error {
	p, ok := s.backend.(*process)
	if !ok {
		return errors.ErrUnsupported
	}
	if !s.running {
		return nil
	}
	return p.signal(sig)
}

// Close stops the server and removes its directory if Start made it.
func (s *Server) Close() error {
	err := s.Stop()
	if s.ownDir {
		err = errors.Join(err, os.RemoveAll(s.cfg.Dir))
	}
	return err
}

// URL returns http://127.0.0.1:port, or https:// for a server with Config.TLS.
func (s *Server) URL() string {
	if s.cfg.TLS {
		return "https://" + s.addr
	}
	return "http://" + s.addr
}

// Addr returns the TCP address as host:port.
func (s *Server) Addr() string { return s.addr }

// Socket returns the path of the Unix socket, or "" without Config.UnixSocket.
func (s *Server) Socket() string {
	if !s.cfg.UnixSocket {
		return ""
	}
	return s.cfg.socket()
}

// CertPool returns a pool with the server's certificate, or nil without
// Config.TLS. The caller must not change it.
func (s *Server) CertPool() *x509.CertPool { return s.pool }

// Dir returns the server's directory.
func (s *Server) Dir() string { return s.cfg.Dir }

// Version returns the version that the server names in its responses, such as 1.8.10 or
// 1.6.7~rc0.
func (s *Server) Version() string { return s.version }

// Token returns the token of an InfluxDB 2, or "" for other servers.
func (s *Server) Token() string { return s.token }

// HTTPClient returns a client of net/http, which reaches the server over the Unix socket,
// if there is one, or over TCP, and trusts its certificate. To an InfluxDB 2 it sends the
// token with requests that have no Authorization. It keeps no connection after a request.
func (s *Server) HTTPClient() *http.Client {
	tr := &http.Transport{DisableKeepAlives: true}
	if s.pool != nil {
		tr.TLSClientConfig = &tls.Config{RootCAs: s.pool}
	}
	if s.cfg.UnixSocket {
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.cfg.socket())
		}
	}
	if s.token != "" {
		return &http.Client{Transport: tokenTransport{tr, s.token}, Timeout: time.Minute}
	}
	return &http.Client{Transport: tr, Timeout: time.Minute}
}

// waitReady requests /ping until the server responds. Any status will do, since a server
// may require credentials even there.
func (s *Server) waitReady(limit time.Duration) error {
	client := s.HTTPClient()
	client.Timeout = time.Second
	end := time.Now().Add(limit)
	for {
		resp, err := client.Get(s.URL() + "/ping")
		if err == nil {
			resp.Body.Close()
			s.version = resp.Header.Get("X-Influxdb-Version")
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("itest: no response from %s within %v: %w", s.URL(), limit, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
