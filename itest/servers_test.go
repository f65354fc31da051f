package itest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// requireServer makes a missing influxd a failure.
var requireServer = os.Getenv("POINTWIRE_REQUIRE_SERVER") == "1"

// eachServer runs f as a subtest on the servers of eachServer1 and on InfluxDB 2. A set-up
// that InfluxDB 2 does not have, see TestInfluxDB2SetUps, is used on the others only.
func eachServer(t *testing.T, cfg Config, f func(t *testing.T, s *Server)) {
	eachServer1(t, cfg, f)
	if cfg.fits2() {
		t.Run("influxdb2", func(t *testing.T) { f(t, startInfluxDB2(t, cfg)) })
	}
}

// eachServer1 runs f as a subtest on InfluxDB 1.8.10 in this process, on the influxd of the
// PATH and, if cfg is the default set-up, on the server that POINTWIRE_TEST_URL names (with
// POINTWIRE_TEST_USER and POINTWIRE_TEST_PASS). Tests create their own databases, since
// that server may be in use.
func eachServer1(t *testing.T, cfg Config, f func(t *testing.T, s *Server)) {
	t.Run("inprocess", func(t *testing.T) { f(t, startInProcess(t, cfg)) })
	t.Run("influxd", func(t *testing.T) { f(t, startInfluxd(t, cfg)) })
	if base := os.Getenv("POINTWIRE_TEST_URL"); base != "" && cfg == (Config{}) {
		t.Run("url", func(t *testing.T) { f(t, existing(t, base)) })
	}
}

// startInProcess returns a 1.8.10 that ends with the test.
func startInProcess(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(cfg)
	return started(t, s, err)
}

// startInfluxd returns the influxd of the PATH, which runs until the test ends. If there is
// none, it skips the test, unless POINTWIRE_REQUIRE_SERVER=1.
func startInfluxd(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := StartProcess(cfg)
	if errors.Is(err, exec.ErrNotFound) && !requireServer {
		t.Skip(err)
	}
	return started(t, s, err)
}

// startInfluxDB2 returns an InfluxDB 2 that runs until the test ends. If none was built, it
// skips the test, unless POINTWIRE_REQUIRE_SERVER=1.
func startInfluxDB2(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := StartInfluxDB2(cfg)
	if errors.Is(err, exec.ErrNotFound) && !requireServer {
		t.Skip(err)
	}
	return started(t, s, err)
}

// is2 reports whether s is an InfluxDB 2, which always authenticates.
func is2(s *Server) bool { return s.Token() != "" }

func started(t *testing.T, s *Server, err error) *Server {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// foreign is the backend of an existing server, which tests must not stop.
type foreign struct{}

func (foreign) open(*Config) (string, error) { return "", errors.ErrUnsupported }
func (foreign) close() error                 { return nil }
func (foreign) kill() error                  { return errors.ErrUnsupported }

// existing returns the server at base.
func existing(t *testing.T, base string) *Server {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{backend: foreign{}, addr: u.Host, running: true}
	s.cfg.TLS = u.Scheme == "https"
	if err := s.waitReady(0); err != nil {
		t.Fatal(err)
	}
	return s
}

// A response is a response of a server.
type response struct {
	status int
	header http.Header
	body   string
}

// credentials returns the user and password of an InfluxDB 2, of POINTWIRE_TEST_URL,
// or of the user that AdminQuery makes.
func credentials(s *Server) (user, password string) {
	if is2(s) {
		return Username, s.Token()
	}
	if user = os.Getenv("POINTWIRE_TEST_USER"); user != "" {
		return user, os.Getenv("POINTWIRE_TEST_PASS")
	}
	return "root", "pw"
}

// do sends a request with net/http.
func do(t *testing.T, s *Server, method, path string, params url.Values, body string) response {
	t.Helper()
	req, err := http.NewRequest(method, s.URL()+path+"?"+params.Encode(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(credentials(s))
	resp, err := s.HTTPClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{resp.StatusCode, resp.Header, string(b)}
}

// query sends q and returns the body. Any status but 200 fails the test. extra holds
// alternating names and values of further parameters.
func query(t *testing.T, s *Server, db, q string, extra ...string) string {
	t.Helper()
	params := url.Values{"q": {q}}
	if db != "" {
		params.Set("db", db)
	}
	for i := 0; i < len(extra); i += 2 {
		params.Set(extra[i], extra[i+1])
	}
	a := do(t, s, http.MethodPost, "/query", params, "")
	if a.status != http.StatusOK {
		t.Fatalf("%s: %d %s", q, a.status, a.body)
	}
	return a.body
}

// write sends lines to db. extra is as for query.
func write(t *testing.T, s *Server, db, lines string, extra ...string) response {
	t.Helper()
	params := url.Values{"db": {db}}
	for i := 0; i < len(extra); i += 2 {
		params.Set(extra[i], extra[i+1])
	}
	return do(t, s, http.MethodPost, "/write", params, lines)
}

// mustWrite is write, but any status but 204 fails the test.
func mustWrite(t *testing.T, s *Server, db, lines string, extra ...string) {
	t.Helper()
	if a := write(t, s, db, lines, extra...); a.status != http.StatusNoContent {
		t.Fatalf("write: %d %s", a.status, a.body)
	}
}

// newDatabase creates an empty database. On an existing server it is dropped at the end of
// the test.
func newDatabase(t *testing.T, s *Server, name string) string {
	t.Helper()
	if is2(s) { // no statement creates a bucket
		if err := s.DropBucket(name); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateBucket(name); err != nil {
			t.Fatal(err)
		}
		return name
	}
	query(t, s, "", `DROP DATABASE "`+name+`"; CREATE DATABASE "`+name+`"`)
	if _, ok := s.backend.(foreign); ok {
		t.Cleanup(func() { query(t, s, "", `DROP DATABASE "`+name+`"`) })
	}
	return name
}
