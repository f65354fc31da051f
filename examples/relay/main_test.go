package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// testConfig returns the configuration of a relay to s for the database d and the
// policy d/week.
func testConfig(t *testing.T, s *influxtest.Server) config {
	return config{
		url: s.URL, to: []string{"d", "d/week"}, patience: time.Minute, maxBody: 4 << 20, bodies: 4,
		memory: 16 << 20, dead: t.TempDir(), log: log.New(io.Discard, "", 0),
	}
}

// startRelay returns a relay that is closed at the end of the test.
func startRelay(t *testing.T, c config) *relay {
	t.Helper()
	r, err := newRelay(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r.close(ctx)
	})
	return r
}

// post sends one request to r. headers are pairs of a key and a value.
func post(r *relay, path, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("POST", path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.handler().ServeHTTP(w, req)
	return w
}

// flush waits until the server has given its verdict on all lines that r holds.
func flush(t *testing.T, r *relay) {
	t.Helper()
	for _, target := range r.targets {
		target.writer.Flush(t.Context())
	}
}

// stored returns the lines that s received, by the parameters of their requests.
func stored(s *influxtest.Server) map[string]string {
	lines := map[string]string{}
	for _, r := range s.Requests() {
		lines[r.Path+"?"+r.Query.Encode()] += string(r.Body)
	}
	return lines
}

// TestPrecisions holds that each precision of each endpoint means its unit.
func TestPrecisions(t *testing.T) {
	units := map[string]time.Duration{
		"": 1, "n": 1, "ns": 1, "u": 1e3, "us": 1e3, "µ": 1e3, "µs": 1e3, "μ": 1e3, "μs": 1e3,
		"ms": 1e6, "s": 1e9, "m": time.Minute, "h": time.Hour,
	}
	for path, known := range map[string][]string{
		"/write?db=d":             slices.Collect(maps.Keys(units)),
		"/api/v2/write?bucket=d/": {"", "ns", "us", "ms", "s"},
	} {
		for word, unit := range units {
			s := influxtest.New(t)
			r := startRelay(t, testConfig(t, s))
			w := post(r, path+"&precision="+word, "m v=1 7\n")
			if !slices.Contains(known, word) {
				if w.Code != 400 || !strings.Contains(w.Body.String(), "invalid precision") {
					t.Errorf("%s, %s: %d %s", path, word, w.Code, w.Body)
				}
				continue
			}
			flush(t, r)
			want := fmt.Sprintf("m v=1 %d\n", 7*unit)
			if got := stored(s)["/write?db=d"]; w.Code != 204 || got != want {
				t.Errorf("%s, %s: %d %q, want %q", path, word, w.Code, got, want)
			}
		}
	}
}

// TestStamps holds that each line without a timestamp gets one, and no two lines the same.
func TestStamps(t *testing.T) {
	for _, wait := range []bool{false, true} {
		s := influxtest.New(t)
		c := testConfig(t, s)
		c.wait = wait
		r := startRelay(t, c)
		before := time.Now().UnixNano()
		if w := post(r, "/write?db=d&precision=s", "m v=1\nm v=2\n"); w.Code != 204 {
			t.Fatal(w.Code, w.Body)
		}
		flush(t, r)
		seen := map[int64]bool{}
		for p, err := range lp.Points([]byte(stored(s)["/write?db=d"])) {
			if err != nil {
				t.Fatal(err)
			}
			if ts, ok := p.Timestamp(); !ok || ts < before || ts > time.Now().UnixNano() {
				t.Errorf("%s", p.Raw())
			} else {
				seen[ts] = true
			}
		}
		if len(seen) != 2 {
			t.Errorf("%d timestamps, want 2", len(seen))
		}
	}
}

// TestResponses holds the response of each endpoint to good and bad bodies, and the lines
// that are sent on.
func TestResponses(t *testing.T) {
	const named = `unable to parse 'm v=': missing field value`
	for _, tt := range []struct {
		path, body string
		status     int
		text       string // of the error
		sent       string
	}{
		{"/write?db=d", "m v=1 1\n\n# no\n  m v=2 2", 204, "", "m v=1 1\nm v=2 2\n"},
		{"/write?db=d&consistency=all", "", 204, "", ""},
		{"/write?db=d", "m v=\n", 400, named, ""},
		{"/write?db=d", "m v=1 1\n \tm v=\nm v=2 2", 400, "partial write: " + named + " dropped=0", "m v=1 1\nm v=2 2\n"},
		{"/write?db=d", "m,a v=1\nm v=" + strings.Repeat("1", maxLine), 400, "unable to parse 'm,a v=1': missing tag value\nunable to parse", ""},
		{"/write?db=d&precision=h", "m v=1 9223372036854775807", 400, "unable to parse 'm v=1 9223372036854775807': time outside range -9223372036854775806 - 9223372036854775806", ""},
		{"/write", "m v=1 1", 400, "database is required", ""},
		{"/write?db=x", "m v=1 1", 404, `database not found: "x"`, ""},
		{"/write?db=d&rp=x", "m v=1 1", 404, "retention policy not found: x", ""},
		{"/write?db=d&consistency=x", "m v=1 1", 400, "invalid consistency level", ""},
		{"/write?db=d&precision=x", "m v=1 1", 400, `invalid precision "x" (use n, u, ms, s, m or h)`, ""},
		{"/api/v2/write?org=o&bucket=d", "m v=1 1", 204, "", "m v=1 1\n"},
		{"/api/v2/write?bucket=d", "m v=1 1\nm v=", 400, "partial write: " + named + " dropped=0", "m v=1 1\n"},
		{"/api/v2/write?bucket=x", "m v=1 1", 404, `bucket "x" not found`, ""},
		{"/api/v2/write?bucket=d&precision=m", "m v=1 1", 400, `invalid precision "m" (use ns, us, ms or s)`, ""},
		{"/api/v2/write?bucket=d", strings.Repeat("#", 4<<20+1), 413, "Request Entity Too Large", ""},
	} {
		s := influxtest.New(t)
		r := startRelay(t, testConfig(t, s))
		w := post(r, tt.path, tt.body)
		flush(t, r)
		var got struct{ Error, Code, Message string }
		if w.Code != 204 {
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Errorf("%s: %q: %v", tt.path, w.Body, err)
			}
		}
		text := got.Error
		if strings.HasPrefix(tt.path, "/api/v2/") {
			if text = got.Message; got.Code != codes[w.Code] {
				t.Errorf("%s: code %q", tt.path, got.Code)
			}
		} else if h := w.Header().Get("X-Influxdb-Error"); !strings.HasPrefix(text, h) || h == "" && text != "" {
			t.Errorf("%s: header %q", tt.path, h)
		}
		if w.Code != tt.status || !strings.HasPrefix(text, tt.text) || (tt.text == "") != (text == "") {
			t.Errorf("%s: %d %.300q, want %d %q", tt.path, w.Code, text, tt.status, tt.text)
		}
		if sent := stored(s)["/write?db=d"]; sent != tt.sent {
			t.Errorf("%s: sent %q, want %q", tt.path, sent, tt.sent)
		}
	}
}

// TestTargets holds that each target gets its own lines.
func TestTargets(t *testing.T) {
	s := influxtest.New(t)
	r := startRelay(t, testConfig(t, s))
	for i, path := range []string{"/write?db=d", "/write?db=d&rp=week", "/api/v2/write?bucket=d%2Fweek"} {
		if w := post(r, path, fmt.Sprintf("m v=%d 1", i)); w.Code != 204 {
			t.Error(path, w.Code, w.Body)
		}
	}
	flush(t, r)
	if got := stored(s); got["/write?db=d"] != "m v=0 1\n" || got["/write?db=d&rp=week"] != "m v=1 1\nm v=2 1\n" {
		t.Error(got)
	}
}

// TestCredentials tries each form in which clients send credentials.
func TestCredentials(t *testing.T) {
	c := testConfig(t, influxtest.New(t))
	c.user, c.password, c.token = "me", "pw", "secret"
	r := startRelay(t, c)
	basic := func(user, password string) string {
		req := httptest.NewRequest("GET", "/", nil)
		req.SetBasicAuth(user, password)
		return req.Header.Get("Authorization")
	}
	for _, tt := range []struct {
		params, header string
		status         int
	}{
		{"", "", 401}, {"&u=me&p=pw", "", 204}, {"&u=me&p=no", "", 401}, {"&u=me", "", 401},
		{"", basic("me", "pw"), 204}, {"", basic("me", "no"), 401}, {"", basic("", ""), 401},
		{"", "Token secret", 204}, {"", "Bearer secret", 204}, {"", "Token me:pw", 204},
		{"", "Token no", 401}, {"", "Token ", 401}, {"", "Digest secret", 401},
	} {
		for _, path := range []string{"/write?db=d", "/api/v2/write?bucket=d"} {
			w := post(r, path+tt.params, "m v=1 1", "Authorization", tt.header)
			if w.Code != tt.status || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
				t.Errorf("%s %s: %d %s", tt.params, tt.header, w.Code, w.Body)
			}
		}
	}
	c.user, c.password = "", ""
	c.dead = t.TempDir()
	if w := post(startRelay(t, c), "/write?db=d", "m v=1 1", "Authorization", "Token :"); w.Code != 401 {
		t.Error("no user is somebody:", w.Code)
	}
}

// picky stores all lines of a request but those that hold "bad", as InfluxDB does.
func picky(c *influxtest.Conn, r *influxtest.Request) {
	for line := range strings.Lines(string(r.Body)) {
		if strings.Contains(line, "bad") {
			influxtest.Error(400, `partial write: field type conflict: input field "bad" dropped=1`).Play(c, r)
			return
		}
	}
	influxtest.Status(204).Play(c, r)
}

// TestRefusedLater holds that lines which the server refuses are in the file of their target.
func TestRefusedLater(t *testing.T) {
	s := influxtest.New(t, influxtest.Func(picky))
	c := testConfig(t, s)
	r := startRelay(t, c)
	if w := post(r, "/write?db=d&rp=week", "m v=1 1\nm bad=1 2\nm v=3 3\n"); w.Code != 204 {
		t.Fatal(w.Code, w.Body)
	}
	flush(t, r)
	text, err := os.ReadFile(filepath.Join(c.dead, "d%2Fweek.lp"))
	if err != nil || !strings.Contains(string(text), "field type conflict") || !strings.HasSuffix(string(text), "\nm bad=1 2\n") {
		t.Errorf("%v %s", err, text)
	}
}

// TestWait holds that with -wait the server's verdict is the client's response.
func TestWait(t *testing.T) {
	s := influxtest.New(t, influxtest.Func(picky))
	c := testConfig(t, s)
	c.wait, c.patience = true, 10*time.Second
	r := startRelay(t, c)
	check := func(body string, status int, text string) {
		t.Helper()
		w := post(r, "/write?db=d", body)
		var got struct{ Error string }
		json.Unmarshal(w.Body.Bytes(), &got)
		if w.Code != status || !strings.HasPrefix(got.Error, text) {
			t.Errorf("%q: %d %s, want %d %s", body, w.Code, got.Error, status, text)
		}
	}
	check("m v=1 1", 204, "")
	if got := stored(s)["/write?db=d"]; got != "m v=1 1\n" {
		t.Errorf("responded before the server has it: %q", got)
	}
	check("m v=1 1\nm bad=1 2\nm v=\nm v=3 3", 400,
		"partial write: unable to parse 'm v=': missing field value\nfield type conflict: input field \"bad\" dropped=1")
	check("m bad=1 2", 400, `partial write: field type conflict: input field "bad" dropped=1`)
	c.patience, c.dead = 500*time.Millisecond, t.TempDir() // enough for a response on a busy machine
	r = startRelay(t, c)
	s.Play(influxtest.Status(503))
	check("m v=1 1", 503, "lines were not accepted, send them again: ")
	s.Play(influxtest.Error(404, `database not found: "d"`))
	check("m v=1 1", 404, `database not found: "d"`)
	s.Play(influxtest.Silent())
	check("m v=1 1", 503, "lines were not accepted, send them again: ")
	if text, err := os.ReadFile(filepath.Join(c.dead, "d.lp")); err != nil || len(text) > 0 {
		t.Errorf("kept although it was given a response: %v %s", err, text)
	}
}

// TestSpool: with -spool a line is on disk when the response arrives, and the next relay
// sends it.
func TestSpool(t *testing.T) {
	down := testConfig(t, influxtest.New(t, influxtest.Status(503)))
	down.spool, down.spoolBytes = filepath.Join(t.TempDir(), "spool"), 1<<30
	r, err := newRelay(down)
	if err != nil {
		t.Fatal(err)
	}
	if w := post(r, "/write?db=d", "m,host=a v=1 1\n"); w.Code != 204 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if st := r.targets["d"].writer.Stats(); st.Spool.Leased.Lines+st.Spool.Waiting.Lines != 1 {
		t.Errorf("on disk: %+v", st.Spool)
	}
	if err := r.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := influxtest.New(t)
	up := down
	up.url = s.URL
	startRelay(t, up)
	for len(s.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if got := string(s.Last().Body); got != "m,host=a v=1 1\n" {
		t.Errorf("sent %q", got)
	}
}

func TestPingHealth(t *testing.T) {
	r := startRelay(t, testConfig(t, influxtest.New(t)))
	get := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r.handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for _, method := range []string{"GET", "HEAD", "POST"} {
		if w := get(method, "/ping"); w.Code != 204 || w.Header().Get("X-Influxdb-Version") != version {
			t.Error(w.Code, w.Header())
		}
	}
	if w := get("GET", "/ping?verbose=true"); w.Code != 200 || w.Body.String() != `{"version":"1.8-relay"}`+"\n" {
		t.Error(w.Code, w.Body)
	}
	if w := get("GET", "/health"); w.Code != 200 || !strings.Contains(w.Body.String(), `"status":"pass"`) {
		t.Error(w.Code, w.Body)
	}
	r.closing.Store(true)
	if w := get("GET", "/health"); w.Code != 503 || !strings.Contains(w.Body.String(), `"status":"fail"`) {
		t.Error(w.Code, w.Body)
	}
	if w := get("GET", "/write"); w.Code != 405 {
		t.Error(w.Code)
	}
}

// A logged is a log from which the test reads the address of a running relay.
type logged struct {
	bytes.Buffer
	addr chan string
}

func (l *logged) Write(p []byte) (int, error) {
	if _, addr, ok := strings.Cut(strings.TrimSpace(string(p)), "listening on "); ok {
		l.addr <- addr
	}
	return l.Buffer.Write(p)
}

// TestRun stops a relay: its lines are sent, or kept if the server is down.
func TestRun(t *testing.T) {
	for _, away := range []bool{false, true} {
		s := influxtest.New(t)
		drain := time.Minute
		if away {
			s.Play(influxtest.Status(503))
			drain = 10 * time.Millisecond
		}
		c := testConfig(t, s)
		l := &logged{addr: make(chan string, 1)}
		c.log = log.New(l, "", 0)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- run(ctx, c, "127.0.0.1:0", drain) }()
		resp, err := http.Post(<-l.addr+"/write?db=d", "", strings.NewReader("m v=1 1\n"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		cancel()
		err = <-done
		text, _ := os.ReadFile(filepath.Join(c.dead, "d.lp"))
		_, last, _ := strings.Cut(string(text), "\n") // after the comment
		if away {
			if err == nil || last != "m v=1 1\n" {
				t.Errorf("%v, kept %q", err, text)
			}
		} else if got := stored(s)["/write?db=d"]; err != nil || got != "m v=1 1\n" || len(text) > 0 {
			t.Errorf("%v, sent %q, kept %q", err, got, text)
		}
		if resp.StatusCode != 204 || !strings.Contains(l.String(), "d: 1 lines taken") {
			t.Errorf("%d, %s", resp.StatusCode, l.String())
		}
	}
}

func TestBadConfigs(t *testing.T) {
	good := testConfig(t, influxtest.New(t))
	for name, spoil := range map[string]func(*config){
		"no target":     func(c *config) { c.to = nil },
		"twice":         func(c *config) { c.to = []string{"d", "d"} },
		"empty":         func(c *config) { c.to = []string{"/week"} },
		"control":       func(c *config) { c.to = []string{"a\nb"} },
		"url":           func(c *config) { c.url = "nowhere" },
		"memory":        func(c *config) { c.memory = 1 },
		"bodies":        func(c *config) { c.bodies = 0 },
		"half a secret": func(c *config) { c.user = "me" },
		"dead":          func(c *config) { c.dead = os.DevNull },
	} {
		c := good
		c.dead = t.TempDir()
		spoil(&c)
		if r, err := newRelay(c); err == nil {
			t.Errorf("%s: it starts", name)
			r.close(t.Context())
		}
	}
	if run(t.Context(), good, "nowhere", time.Second) == nil {
		t.Error("it listens nowhere")
	}
}
