package fastclient

import (
	"net"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"
)

// An address is a server's URL taken apart.
type address struct {
	network string // tcp or unix
	dial    string // host:port or the socket's path
	host    string // for the Host header
	name    string // host alone, for TLS
	tls     bool
	base    string // path before /write, without a slash at its end
	user    *url.Userinfo
	query   url.Values // database and the like, for Open
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
		return bad("is not a URL") // the error would quote it, password included
	}
	if u.Fragment != "" {
		return bad("must not hold a fragment")
	}
	a.user, a.query = u.User, u.Query()
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

// local reports whether the server is on this host, where compressing a body
// costs more than sending it.
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

func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// Open returns a client for a URL that holds everything:
//
//	https://user:password@host:8086/base?database=db&rp=autogen&precision=s
//
// The parameters are database (or db), rp, precision (ns, u, ms, s, m, h), api
// (v1, v2, v3), org, bucket, token, consistency, gzip (on, off), retry (on) and
// timeout, a duration for each of sending and waiting for the answer.
func Open(rawURL string) (*Client, error) {
	a, err := parseAddress("URL", rawURL)
	if err != nil {
		return nil, err
	}
	var o Options
	if err := o.takeUser("URL", a.user); err != nil {
		return nil, err
	}
	for key, values := range a.query {
		if len(values) != 1 {
			return nil, &OptionError{"URL", "repeats the parameter " + key}
		}
		if err := o.setParameter(key, values[0]); err != nil {
			return nil, err
		}
	}
	return newClient(o, []address{a})
}

func (o *Options) setParameter(key, value string) error {
	bad := &OptionError{"URL", "has a bad value for the parameter " + key}
	pick := func(words ...string) int {
		for i, w := range words {
			if w == value {
				return i
			}
		}
		return -1
	}
	n := 0
	switch key {
	case "database", "db":
		o.Database = value
	case "rp":
		o.RetentionPolicy = value
	case "org":
		o.Org = value
	case "bucket":
		o.Bucket = value
	case "token":
		o.Token = value
	case "precision":
		n = pick("ns", "u", "ms", "s", "m", "h")
		o.Precision = Precision(max(n, 0))
	case "api":
		n = pick("v1", "v2", "v3")
		o.API = API(max(n, 0))
	case "consistency":
		n = pick("", "any", "one", "quorum", "all")
		o.Consistency = ConsistencyLevel(max(n, 0))
	case "gzip":
		n = pick("on", "off")
		o.Gzip.Always, o.Gzip.Off = n == 0, n == 1
	case "retry":
		n = pick("on")
		o.Retry = new(RetryPolicy)
	case "timeout":
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return bad
		}
		o.WriteTimeout, o.HeaderTimeout = d, d
	default:
		return &OptionError{"URL", "has an unknown parameter"}
	}
	if n < 0 {
		return bad
	}
	return nil
}

// takeUser makes the user of an address the one for Basic authentication.
func (o *Options) takeUser(field string, u *url.Userinfo) error {
	if u == nil {
		return nil
	}
	password, _ := u.Password()
	switch {
	case o.Token != "" || o.TokenSource != nil:
		return &OptionError{field, "holds a user beside a Token"}
	case o.Username == "":
		o.Username, o.Password = u.Username(), password
	case o.Username != u.Username() || o.Password != password:
		return &OptionError{field, "holds a user that is not Username"}
	}
	return nil
}
