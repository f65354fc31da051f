package fastclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/fast"
	"github.com/pointwire/pointwire/internal/transport/std"
)

// This file holds the servers of a client. parseAddress reads an address; an [endpoint]
// is one server with its connections; the TLS configuration with certificates that may be
// renewed comes last. What is known of a server's health is in health.go.

// An address is the parsed URL of a server.
type address struct {
	network string // tcp or unix
	dial    string // host:port or the socket's path
	host    string // for the Host header
	name    string // host alone, for TLS
	tls     bool
	base    string // path before /write, without a slash at its end
	user    *url.Userinfo
	url     string // without user and parameters
	query   string // parameters, for Open
}

// parseAddress takes apart http://, https:// and unix:// URLs.
func parseAddress(field, s string) (a address, err error) {
	bad := func(reason string) (address, error) { return address{}, &OptionError{Field: field, Reason: reason} }
	if s == "" {
		s = "http://127.0.0.1:8086"
	}
	if hasControl(s) || strings.Contains(s, " ") {
		return bad("holds a space or a control byte")
	}
	if !strings.Contains(s, "://") {
		return bad("must begin with http://, https:// or unix://")
	}
	u, err := url.Parse(s)
	if err != nil {
		return bad("is not a URL") // its text would quote the URL with the password
	}
	if u.Fragment != "" {
		return bad("must not hold a fragment")
	}
	a.user, a.query = u.User, u.RawQuery
	bare := *u
	bare.User, bare.RawQuery, bare.ForceQuery = nil, "", false
	a.url = bare.String()
	switch u.Scheme {
	case "unix":
		if u.Host != "" || u.Path == "" || strings.HasSuffix(u.Path, "/") {
			return bad("must be unix:// and the absolute path of a socket")
		}
		a.network, a.dial, a.host, a.name = "unix", u.Path, "localhost", "localhost"
		return a, nil
	case "https":
		a.tls = true
	case "http":
	default:
		return bad("must begin with http://, https:// or unix://")
	}
	if u.Hostname() == "" {
		return bad("names no host")
	}
	port := u.Port()
	if port == "" {
		if strings.HasSuffix(u.Host, ":") {
			return bad("has an empty port")
		}
		port = "8086"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return bad("has a port above 65535")
	}
	a.network, a.name = "tcp", u.Hostname()
	a.dial = net.JoinHostPort(a.name, port)
	a.host = a.dial
	if i := strings.IndexByte(a.host, '%'); i >= 0 { // an IPv6 zone is local to this host
		a.host = a.host[:i] + a.host[strings.IndexByte(a.host, ']'):]
	}
	if p := u.EscapedPath(); p != "" && p != "/" {
		a.base = strings.TrimSuffix(path.Clean(p), "/")
	}
	return a, nil
}

// local reports whether the server is on this host, where compressing a body takes longer
// than sending it.
func (a *address) local() bool {
	if a.network == "unix" || a.name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(a.name)
	return err == nil && ip.IsLoopback()
}

// String returns the URL without user, password and parameters.
func (a *address) String() string {
	switch {
	case a.network == "unix":
		return "unix://" + a.dial
	case a.tls:
		return "https://" + a.host + a.base
	}
	return "http://" + a.host + a.base
}

// key tells servers apart: two addresses with one key lead to the same connections.
func (a *address) key() string { return a.String() + " " + a.dial }

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// An endpoint is one server: its connections for writes and its connections for queries,
// each with their health.
type endpoint struct {
	addr            address
	name            string // of addr
	write, query    transport.Doer
	writes, queries health
	spoken          spoken
	plain           atomic.Bool // the server, one of a replicated set, has refused compressed bodies

	id      uint64          // no other server of the client has had it
	life    context.Context // ends when the server is removed, and with Close
	end     context.CancelFunc
	users   atomic.Int64    // attempts under way
	removed atomic.Bool     // it is not among the servers any more
	counted transport.Stats // what core.past has of it
}

// health returns the health of the server for an operation.
func (e *endpoint) health(op string) *health {
	if op == "write" {
		return &e.writes
	}
	return &e.queries
}

func (c *core) newEndpoint(a address) (*endpoint, error) {
	o := &c.o
	to := transport.Options{
		Network: a.network, Addr: a.dial, Host: a.host, Dial: o.Dial,
		MaxConns: o.MaxConns, PoolTimeout: o.PoolTimeout, IdleTimeout: o.IdleTimeout, Lifetime: o.ConnLifetime,
		DialTimeout: o.DialTimeout, TLSTimeout: o.TLSTimeout, WriteTimeout: o.WriteTimeout,
		HeaderTimeout: o.HeaderTimeout, ReadTimeout: o.ReadTimeout,
		MaxBody: errorBodyBytes, MaxHeader: o.MaxHeaderBytes, UserAgent: first(o.UserAgent, "pointwire"), Hooks: c.hooks.transport(),
	}
	if a.tls || a.network == "unix" && (o.TLS != nil || o.TLSFiles != TLSFiles{}) {
		var err error
		if to.TLS, err = o.TLSFiles.config(o.TLS); err != nil {
			return nil, err
		}
		if to.TLS.ServerName == "" {
			to.TLS.ServerName = a.name
		}
	}
	e := &endpoint{addr: a, name: a.String(), id: c.made.Add(1)}
	e.life, e.end = context.WithCancel(c.life)
	if o.NetHTTP || o.HTTPClient != nil {
		e.write, e.query = std.New(to, o.HTTPClient), std.New(to, o.HTTPClient)
	} else {
		e.write, e.query = fast.New(to), fast.New(to)
	}
	return e, nil
}

// close ends everything that is under way at the server.
func (e *endpoint) close() {
	e.end()
	e.write.Close()
	e.query.Close()
}

// stats returns the counters and gauges of all connections to the server.
func (e *endpoint) stats() transport.Stats {
	s := e.write.Stats()
	addStats(&s, e.query.Stats(), 1)
	return s
}

// addStats adds t to s, or takes it away again with a sign of -1.
func addStats(s *transport.Stats, t transport.Stats, sign int) {
	times := uint64(sign)
	s.Written += times * t.Written
	s.Dials += times * t.Dials
	s.Reuses += times * t.Reuses
	s.Stale += times * t.Stale
	s.Waits += times * t.Waits
	s.EarlyReplies += times * t.EarlyReplies
	s.Cancels += times * t.Cancels
	s.Conns += sign * t.Conns
	s.Idle += sign * t.Idle
}

// TLSFiles are PEM files for TLS. The client's certificate is read again when its file
// has changed, so it can be renewed while the client runs.
type TLSFiles struct {
	CA        string // certificate authorities that the server's certificate must lead to; empty for the system's
	Cert, Key string // the client's certificate
}

// config returns base with the contents of the files added.
func (f TLSFiles) config(base *tls.Config) (*tls.Config, error) {
	c := new(tls.Config)
	if base != nil {
		c = base.Clone()
	}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, &OptionError{"TLSFiles.CA", "cannot be read"}
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &OptionError{"TLSFiles.CA", "holds no certificate"}
		}
	}
	if (f.Cert == "") != (f.Key == "") {
		return nil, &OptionError{"TLSFiles", "needs both Cert and Key, or neither"}
	}
	if f.Cert != "" {
		k := &keyPair{files: f}
		if _, err := k.get(nil); err != nil {
			return nil, &OptionError{"TLSFiles.Cert", "and Key cannot be read as a pair"}
		}
		c.GetClientCertificate = k.get
	}
	return c, nil
}

// A keyPair is a certificate in files that may change.
type keyPair struct {
	files TLSFiles
	mu    sync.Mutex
	cert  *tls.Certificate
	read  [2]time.Time // modification times of the files when they were last read
}

// get returns the certificate, after reading it again if a file has changed. While the
// pair cannot be read, as when it is being replaced, the old one stays.
func (k *keyPair) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var now [2]time.Time
	for i, name := range [...]string{k.files.Cert, k.files.Key} {
		info, err := os.Stat(name)
		if err != nil && k.cert == nil {
			return nil, err
		}
		if err == nil {
			now[i] = info.ModTime()
		}
	}
	if k.cert != nil && now == k.read {
		return k.cert, nil
	}
	cert, err := tls.LoadX509KeyPair(k.files.Cert, k.files.Key)
	if err == nil {
		k.cert, k.read = &cert, now
	} else if k.cert == nil {
		return nil, err
	}
	return k.cert, nil
}
