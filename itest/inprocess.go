package itest

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/influxdata/influxdb/cmd/influxd/run"
	"go.uber.org/zap"
)

// Start runs InfluxDB 1.8.10 in this process and returns when it responds.
func Start(cfg Config) (*Server, error) {
	return newServer(cfg, new(inProcess))
}

// inProcess is the backend of Start.
type inProcess struct {
	server *run.Server
}

func (p *inProcess) open(cfg *Config) (string, error) {
	c := run.NewConfig()
	c.ReportingDisabled = true
	c.BindAddress = "127.0.0.1:0"
	c.Meta.Dir = filepath.Join(cfg.Dir, "meta")
	c.Data.Dir = filepath.Join(cfg.Dir, "data")
	c.Data.WALDir = filepath.Join(cfg.Dir, "wal")
	c.Data.QueryLogEnabled = false
	c.Monitor.StoreEnabled = false
	c.HTTPD.BindAddress = cfg.Addr
	c.HTTPD.LogEnabled = false
	c.HTTPD.AuthEnabled = cfg.Auth
	c.HTTPD.SharedSecret = cfg.SharedSecret
	c.HTTPD.MaxRowLimit = cfg.MaxRowLimit
	if cfg.MaxBodySize != 0 {
		c.HTTPD.MaxBodySize = cfg.MaxBodySize
	}
	if cfg.TLS {
		c.HTTPD.HTTPSEnabled = true
		c.HTTPD.HTTPSCertificate = cfg.certFile()
		c.HTTPD.HTTPSPrivateKey = cfg.keyFile()
	}
	if cfg.UnixSocket {
		c.HTTPD.UnixSocketEnabled = true
		c.HTTPD.BindSocket = cfg.socket()
	}

	s, err := run.NewServer(c, &run.BuildInfo{Version: "1.8.10"})
	if err != nil {
		return "", err
	}
	s.Logger = zap.NewNop()
	if err := openQuietly(s); err != nil {
		s.Close()
		return "", err
	}
	for _, service := range s.Services {
		if b, ok := service.(interface{ BoundHTTPAddr() string }); ok {
			p.server = s
			return b.BoundHTTPAddr(), nil
		}
	}
	s.Close()
	return "", errors.New("itest: the server has no HTTP service")
}

// close ends the queries first, since the HTTP service waits up to 10 s for running
// requests.
func (p *inProcess) close() error {
	s := p.server
	p.server = nil
	return errors.Join(s.QueryExecutor.Close(), s.Close())
}

func (p *inProcess) kill() error { return errors.ErrUnsupported }

// stderrMu guards os.Stderr in openQuietly.
var stderrMu sync.Mutex

// openQuietly opens s. While it opens, the server's connection multiplexer makes a logger
// on os.Stderr, to which it later reports the closing of its listener as a failure.
// openQuietly gives this logger the null device instead.
func openQuietly(s *run.Server) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	// null stays open: the logger writes to it when the server closes.
	stderrMu.Lock()
	defer stderrMu.Unlock()
	stderr := os.Stderr
	os.Stderr = null
	defer func() { os.Stderr = stderr }()
	return s.Open()
}
