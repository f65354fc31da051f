package itest

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestServerSetUps(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
	}{
		{"plain", Config{}},
		{"auth", Config{Auth: true, SharedSecret: "s3"}},
		{"socket", Config{UnixSocket: true}},
		{"tls", Config{TLS: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachServer(t, tt.cfg, func(t *testing.T, s *Server) {
				if s.Version() == "" {
					t.Error("the server names no version")
				}
				if tt.cfg.Auth && !is2(s) {
					if a := do(t, s, http.MethodPost, "/query", url.Values{"q": {"SHOW DATABASES"}}, ""); a.status != http.StatusForbidden {
						t.Errorf("before the first user: %d %s", a.status, a.body)
					}
					query(t, s, "", AdminQuery)
				}
				db := newDatabase(t, s, "setups")
				mustWrite(t, s, db, "m f=1i 1")
				if got, want := query(t, s, db, "SELECT f FROM m", "epoch", "ns"), `"values":[[1,1]]`; !strings.Contains(got, want) {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		})
	}
}

func TestServerLimits(t *testing.T) {
	eachServer(t, Config{MaxRowLimit: 7, MaxBodySize: 1000}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "limits")
		mustWrite(t, s, db, "m f=1i 1\nm f=1i 2\nm f=1i 3\nm f=1i 4\nm f=1i 5\nm f=1i 6\nm f=1i 7\nm f=1i 8")
		got := query(t, s, db, "SELECT f FROM m", "epoch", "ns")
		if !strings.Contains(got, `[7,1]],"partial":true`) {
			t.Errorf("8 rows with a limit of 7: %s", got)
		}
		if a := write(t, s, db, strings.Repeat("m f=1i 1\n", 200)); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("body of 1800 bytes with a limit of 1000: %d %s", a.status, a.body)
		}
	})
}

func TestServerRestart(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		if _, ok := s.backend.(foreign); ok {
			t.Skip("not ours to stop")
		}
		db := newDatabase(t, s, "restart")
		mustWrite(t, s, db, "m f=1i 1")
		before := s.URL()
		if err := s.Restart(); err == nil {
			t.Error("Restart of a running server: no error")
		}
		for range 3 {
			if err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			if conn, err := net.Dial("tcp", s.Addr()); err == nil {
				conn.Close()
				t.Fatal("a stopped server accepts a connection")
			}
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
		}
		if s.URL() != before {
			t.Errorf("URL after restart: %s, before: %s", s.URL(), before)
		}
		if got := query(t, s, db, "SELECT f FROM m", "epoch", "ns"); !strings.Contains(got, "[[1,1]]") {
			t.Errorf("after restart: %s", got)
		}
	})
}

func TestServerKill(t *testing.T) {
	if err := startInProcess(t, Config{}).Kill(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("in-process: %v", err)
	}
	for name, start := range map[string]func(*testing.T, Config) *Server{"influxd": startInfluxd, "built": startBuilt, "influxdb2": startInfluxDB2} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Config{})
			db := newDatabase(t, s, "kill")
			mustWrite(t, s, db, "m f=1i 1")
			if err := s.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
			if got := query(t, s, db, "SELECT f FROM m", "epoch", "ns"); !strings.Contains(got, "[[1,1]]") {
				t.Errorf("after the crash: %s", got)
			}
		})
	}
}

// startBuilt builds InfluxDB 1.8.10 and starts it as a child process.
func startBuilt(t *testing.T, cfg Config) *Server {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "influxd")
	if err := BuildInfluxd(".", exe); err != nil {
		t.Fatal(err)
	}
	s, err := StartBuilt(exe, cfg)
	return started(t, s, err)
}

// TestServerPause checks that a server that is paused does not respond, goes on later, and
// can be closed in between.
func TestServerPause(t *testing.T) {
	s := startInProcess(t, Config{})
	if err := errors.Join(s.Pause(), s.Resume()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("in-process: %v", err)
	}
	s = startInfluxd(t, Config{})
	client := s.HTTPClient()
	client.Timeout = 200 * time.Millisecond
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Get(s.URL() + "/ping"); err == nil {
		resp.Body.Close()
		t.Error("a server that is paused responds")
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, newDatabase(t, s, "pause"), "m f=1i 1")
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Pause(), s.Resume()); err != nil {
		t.Errorf("a server that is stopped: %v", err)
	}
}

// TestBuildFails checks that the error has what the go command printed.
func TestBuildFails(t *testing.T) {
	err := BuildInfluxd(t.TempDir(), filepath.Join(t.TempDir(), "influxd"))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), "go.mod file not found") {
		t.Errorf("no error, or not the reason: %v", err)
	}
}

// TestServerStopsStreams checks that Stop does not wait for a client that reads slowly.
func TestServerStopsStreams(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		if _, ok := s.backend.(foreign); ok {
			t.Skip("not ours to stop")
		}
		db := newDatabase(t, s, "streams")
		mustWrite(t, s, db, manyLines(100_000))
		resp, err := s.HTTPClient().PostForm(s.URL()+"/query", url.Values{"db": {db}, "chunked": {"true"},
			"q": {strings.Repeat("SELECT * FROM b;", 10)}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := resp.Body.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := s.Stop(); err != nil {
			t.Log(err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("Stop took %v", took)
		}
	})
}

func TestServerPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := Config{Addr: l.Addr().String()}
	if s, err := Start(cfg); err == nil {
		s.Close()
		t.Error("in-process: no error")
	}
	for name, start := range map[string]func(Config) (*Server, error){"influxd": StartProcess, "influxdb2": StartInfluxDB2} {
		t.Run(name, func(t *testing.T) {
			s, err := start(cfg)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if errors.Is(err, exec.ErrNotFound) && !requireServer {
				t.Skip(err)
			}
			if !strings.Contains(err.Error(), "address already in use") {
				t.Errorf("the error does not say why: %v", err)
			}
		})
	}
}

// TestCommand builds cmd/influxd and runs it as a parent process would.
func TestCommand(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "influxd")
	if out, err := exec.Command("go", "build", "-o", bin, "./cmd/influxd").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	temp := t.TempDir()
	cmd := exec.Command(bin)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("no line on standard output; standard error: %s", &stderr)
	}
	resp, err := http.Get(lines.Text() + "/ping")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("X-Influxdb-Version"); got != "1.8.10" {
		t.Errorf("version %q", got)
	}
	stdin.Close()
	for lines.Scan() {
		t.Errorf("a further line on standard output: %s", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("on standard error: %s", &stderr)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// manyLines returns n points of measurement b with an integer v and ascending timestamps
// from 1.
func manyLines(n int) string {
	var b []byte
	for i := range n {
		b = append(b, "b v="...)
		b = appendInt(b, i)
		b = append(b, "i "...)
		b = appendInt(b, i+1)
		b = append(b, '\n')
	}
	return string(b)
}

func appendInt(b []byte, i int) []byte { return strconv.AppendInt(b, int64(i), 10) }
