package itest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

// The set-up of each InfluxDB 2 that this package starts. The token may do everything.
const (
	Org   = "itest"
	Token = "itest-token"
	// Username and Password belong to the first user, who can sign in but not use the
	// 1.x endpoints. Those accept Username with Token as the password.
	Username = "root"
	Password = "password1"
)

// InfluxDB2 is the version of InfluxDB that StartInfluxDB2 runs.
const InfluxDB2 = "v2.8.0"

// StartInfluxDB2 runs InfluxDB 2 as a child process, sets it up with Org and Token, and
// returns when it responds. POINTWIRE_INFLUXD2 names the executable; by default it is the
// one that
//
//	go run -C itest/influx2 ./cmd/build
//
// left in the user's cache directory. If there is none, the error is exec.ErrNotFound.
// InfluxDB 2 always authenticates, whatever Config.Auth says. It has no Unix socket, no
// limits of rows and bodies and no shared secret: a Config with one of these is
// errors.ErrUnsupported.
func StartInfluxDB2(cfg Config) (*Server, error) {
	if !cfg.fits2() {
		return nil, fmt.Errorf("itest: InfluxDB 2 has no Unix socket, row limit, body limit or shared secret: %w", errors.ErrUnsupported)
	}
	path, err := findInfluxDB2()
	if err != nil {
		return nil, err
	}
	s, err := newServer(cfg, &process{program: &influxd2, path: path})
	if err != nil {
		return nil, err
	}
	s.token = Token
	if err := s.setUp(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// fits2 reports whether InfluxDB 2 can be set up according to c.
func (c *Config) fits2() bool {
	return !c.UnixSocket && c.MaxRowLimit == 0 && c.MaxBodySize == 0 && c.SharedSecret == ""
}

// findInfluxDB2 returns the path of the executable.
func findInfluxDB2() (string, error) {
	path := os.Getenv("POINTWIRE_INFLUXD2")
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("itest: %w", err)
		}
		path = filepath.Join(cache, "pointwire", "influxd-"+InfluxDB2)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("itest: no InfluxDB 2 (build it with go run -C itest/influx2 ./cmd/build): %s: %w", path, exec.ErrNotFound)
	}
	return path, nil
}

// influxd2 is InfluxDB 2. It is stopped by SIGINT, since it does not handle SIGTERM, which
// would kill it.
var influxd2 = program{
	stop:        "INT",
	args:        (*Config).args2,
	environment: func(*Config) []string { return nil },
	address:     listenAddr2,
	failed:      "Error: ",
}

// args2 returns the arguments of InfluxDB 2. Without the three paths it would keep its
// files in the home directory.
func (c *Config) args2() []string {
	args := []string{"run",
		"--bolt-path", filepath.Join(c.Dir, "influxd.bolt"),
		"--sqlite-path", filepath.Join(c.Dir, "influxd.sqlite"),
		"--engine-path", filepath.Join(c.Dir, "engine"),
		"--http-bind-address", c.Addr,
		"--reporting-disabled",
	}
	if c.TLS {
		args = append(args, "--tls-cert", c.certFile(), "--tls-key", c.keyFile())
	}
	return args
}

// listenAddr2 returns the address in the line of the log that reports the listener. There
// addr= has the requested port, and port= the actual one.
func listenAddr2(line []byte) string {
	if !bytes.Contains(line, []byte(" msg=Listening ")) {
		return ""
	}
	value := func(key string) string {
		_, rest, _ := bytes.Cut(line, []byte(" "+key+"="))
		word, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
		return string(word)
	}
	host, _, err := net.SplitHostPort(value("addr"))
	if err != nil || value("port") == "" {
		return ""
	}
	return net.JoinHostPort(host, value("port"))
}

// tokenTransport adds the token to requests without an Authorization.
type tokenTransport struct {
	http.RoundTripper
	token string
}

func (t tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Token "+t.token)
	}
	return t.RoundTripper.RoundTrip(r)
}
