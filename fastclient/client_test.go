package fastclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// client returns a client of s with database d.
func client(t testing.TB, s *influxtest.Server, o Options) *Client {
	t.Helper()
	o.Addr = s.URL
	if o.Database == "" {
		o.Database = "d"
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// both runs a test over fasthttp and over net/http.
func both(t *testing.T, f func(t *testing.T, o Options)) {
	t.Run("fasthttp", func(t *testing.T) { f(t, Options{}) })
	t.Run("net/http", func(t *testing.T) { f(t, Options{NetHTTP: true}) })
}

func TestOptionErrors(t *testing.T) {
	tests := []struct {
		field string
		o     Options
	}{
		{"Addr", Options{Addr: "127.0.0.1:8086"}},
		{"Org", Options{Org: "o"}},
		{"Bucket", Options{Bucket: "b"}},
		{"RejectPartial", Options{API: V2, RejectPartial: true}},
		{"NoSync", Options{NoSync: true}},
		{"TLS", Options{Addr: "http://h:1", TLS: new(tls.Config)}},
		{"TLS", Options{Addr: "http://h:1", TLSFiles: TLSFiles{CA: "/nonexistent"}}},
		{"TLS", Options{Addr: "https://h:1", TLS: new(tls.Config), HTTPClient: new(http.Client)}},
		{"TLS", Options{Addr: "https://h:1", TLSFiles: TLSFiles{CA: "/nonexistent"}, HTTPClient: new(http.Client)}},
		{"Dial", Options{HTTPClient: new(http.Client), Dial: new(net.Dialer).DialContext}},
		{"HTTPClient", Options{Addr: "unix:///s", HTTPClient: new(http.Client)}},
		{"HTTPClient", Options{Addr: "unix:///s", HTTPClient: &http.Client{Transport: new(http.Transport)}}},
		{"Addr", Options{Addr: "ftp://h:1"}},
		{"Addr", Options{Addr: "http://"}},
		{"Addr", Options{Addr: "http://h:"}},
		{"Addr", Options{Addr: "http://h:1/?db=x"}},
		{"Addr", Options{Addr: "http://h:1/#x"}},
		{"Addr", Options{Addr: "http://h:1/a b"}},
		{"Addr", Options{Addr: "http://h:1/a\r\nX: y"}},
		{"Addr", Options{Addr: "unix://relative/path"}},
		{"Addr", Options{Addr: "unix:///"}},
		{"Addr", Options{Addr: "http://u:p@h:1", Token: NewSecret("t")}},
		{"Addr", Options{Addr: "http://u:p@h:1", Username: "v", Password: NewSecret("p")}},
		{"Addrs", Options{Addrs: []string{""}}},
		{"Database", Options{Database: "a\nb"}},
		{"RetentionPolicy", Options{RetentionPolicy: "a\x00"}},
		{"Password", Options{Username: "u"}},
		{"Password", Options{Addr: "http://u@h:1"}},
		{"Username", Options{Password: NewSecret("p")}},
		{"Username", Options{Username: "a:b", Password: NewSecret("p")}},
		{"Token", Options{Token: NewSecret("a\r\nX-Evil: 1")}},
		{"Token", Options{Token: NewSecret("t"), Username: "u", Password: NewSecret("p")}},
		{"TokenSource", Options{Token: NewSecret("t"), TokenSource: func(context.Context) (string, error) { return "", nil }}},
		{"QueryAuth", Options{QueryAuth: true}},
		{"Headers", Options{Headers: http.Header{"X-A": {"a\nb"}}}},
		{"Headers", Options{Headers: http.Header{"X A": {"a"}}}},
		{"Headers", Options{Headers: http.Header{"Content-Length": {"1"}}}},
		{"API", Options{API: 9}},
		{"Precision", Options{Precision: 99}},
		{"Precision", Options{Precision: Hour, API: V2}},
		{"Precision", Options{Precision: Minute, API: V3}},
		{"Consistency", Options{Consistency: 9}},
		{"Balance", Options{Balance: 9}},
		{"Compression.Level", Options{Compression: Compression{Level: 10}}},
		{"Compression", Options{Compression: Compression{Off: true, Always: true}}},
		{"MaxConns", Options{MaxConns: -1}},
		{"TLSFiles.CA", Options{Addr: "https://h", TLSFiles: TLSFiles{CA: "no such file"}}},
		{"TLSFiles", Options{Addr: "https://h", TLSFiles: TLSFiles{Cert: "x"}}},
	}
	for i, tt := range tests {
		c, err := New(tt.o)
		var e *OptionError
		if !errors.As(err, &e) || e.Field != tt.field || c != nil {
			t.Errorf("%s: %v: %v, want an error of %s", caseat.Line(i), tt.o, err, tt.field)
		}
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct{ in, text, dial, host string }{
		{"", "http://127.0.0.1:8086", "127.0.0.1:8086", "127.0.0.1:8086"},
		{"http://example.org", "http://example.org:8086", "example.org:8086", "example.org:8086"},
		{"https://example.org:443/influx/", "https://example.org:443/influx", "example.org:443", "example.org:443"},
		{"http://h:1/a/../b//c/", "http://h:1/b/c", "h:1", "h:1"},
		{"http://[::1]", "http://[::1]:8086", "[::1]:8086", "[::1]:8086"},
		{"http://[fe80::1%25eth0]:9", "http://[fe80::1]:9", "[fe80::1%eth0]:9", "[fe80::1]:9"},
		{"http://u:secret@h:1", "http://h:1", "h:1", "h:1"},
		{"unix:///var/run/i.sock", "unix:///var/run/i.sock", "/var/run/i.sock", "localhost"},
	}
	for _, tt := range tests {
		a, err := parseAddress("Addr", tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if a.String() != tt.text || a.dial != tt.dial || a.host != tt.host {
			t.Errorf("%q: %q %q %q", tt.in, a.String(), a.dial, a.host)
		}
	}
}

func TestOpen(t *testing.T) {
	c, err := Open("https://user:secret@h.example:1/base?database=db&rp=two+weeks&precision=ms&consistency=quorum&gzip=off&timeout=3s&retry=on")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.o.Username != "user" || c.o.Password.Reveal() != "secret" || !c.o.Compression.Off || c.o.Retry == nil || c.o.HeaderTimeout.Seconds() != 3 {
		t.Errorf("%#v", c)
	}
	want := "/write?db=db&rp=two+weeks&precision=ms&consistency=quorum"
	if string(c.to.write) != want || c.servers()[0].addr.base != "/base" {
		t.Errorf("%s", c.to.write)
	}
	for _, bad := range []string{
		"http://h?precision=us", "http://h?precision=µ", "http://h?db=a&db=b", "http://h?databse=x",
		"http://h?api=v4", "http://h?timeout=0", "http://h?timeout=x", "http://h?gzip=maybe", "http://h?retry=off", "http://h?consistency=some",
		"http://h?token=100%zz&database=db", "http://h?database=a;rp=b", "http://h?db=a&database=b", "http://h?token=&database=db", "http://h?database=", "http://h:99999", "http://h:0x10",
	} {
		if _, err := Open(bad); !errors.As(err, new(*OptionError)) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestParseURLErrors: an error names the parameter, never a value or what may be one.
func TestParseURLErrors(t *testing.T) {
	for in, want := range map[string]string{
		"http://h?databse=x":                  "has an unknown parameter databse",
		"http://h?S3cretS3cret=1":             "has an unknown parameter that is no name",
		"http://h?%0aS3cret=1&%0aS3cret=1":    "repeats the parameter that is no name",
		"http://h?db=a&database=b":            "repeats the parameter db",
		"http://h?org=a&org=b":                "repeats the parameter org",
		"http://h?precision=S3cret":           "has a bad value for the parameter precision",
		"http://h?token=S3cret%zz&database=d": "has parameters that are not encoded as in a URL",
	} {
		_, err := ParseURL(in)
		if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
}

// TestOpenAddresses holds that Open dials what New does.
func TestOpenAddresses(t *testing.T) {
	for in, dial := range map[string]string{
		"http://[fe80::1%25eth0]:8086?db=d": "[fe80::1%eth0]:8086",
		"unix:///run/a%20b%25.sock?db=d":    "/run/a b%.sock",
		"unix:///run/a%3Fb.sock?db=d":       "/run/a?b.sock",
	} {
		c, err := Open(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if a := c.servers()[0].addr; a.dial != dial {
			t.Errorf("%s: dials %q", in, a.dial)
		}
		c.Close()
	}
	path := t.TempDir() + "/a b.sock"
	s := influxtest.NewUnix(t, path)
	c, err := Open("unix://" + strings.ReplaceAll(path, " ", "%20") + "?db=d")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := writeOne(t, c); err != nil || len(s.Requests()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.Requests()))
	}
}

// No secret is in what a program may print or log.
func TestNoSecrets(t *testing.T) { both(t, testNoSecrets) }

func testNoSecrets(t *testing.T, base Options) {
	const secret = "hunter2"
	s := influxtest.New(t, influxtest.Status(401), influxtest.Drop(), influxtest.Garbage())
	untrusted := influxtest.NewTLS(t, &tls.Config{Certificates: []tls.Certificate{influxtest.NewCert(t, "server").TLS}})
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var texts []string
	add := func(v ...any) {
		for _, v := range v {
			texts = append(texts, formatted(v)...)
			logger.Info("value", "v", v)
		}
	}
	for _, o := range []Options{
		{Addr: strings.Replace(s.URL, "://", "://user:"+secret+"@", 1)},
		{Addr: s.URL, Username: "user", Password: NewSecret(secret)},
		{Addr: s.URL, Username: "user", Password: NewSecret(secret), QueryAuth: true},
		{Addr: s.URL, Token: NewSecret(secret)},
		{Addr: s.URL, Token: NewSecret(secret), BearerAuth: true},
		{Addr: s.URL, Headers: http.Header{"X-Key": {secret}}},
		{Addr: "https" + strings.TrimPrefix(s.URL, "http"), Username: "user", Password: NewSecret(secret), QueryAuth: true},
		{Addr: untrusted.URL, Username: "user", Password: NewSecret(secret), QueryAuth: true},
		{Addr: s.URL, TokenSource: func(context.Context) (string, error) { return secret, nil }},
	} {
		o.Logger, o.Database, o.NetHTTP, o.UseGET = logger, "d", base.NetHTTP, true
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		add(o, &o, c, c.WithDatabase("e"))
		for range 3 {
			add(c.Write(t.Context(), []byte("m f=1 1")))
			_, err := c.Query(t.Context(), "SELECT 1")
			add(err)
			_, err = c.Query(t.Context(), "CREATE USER u WITH PASSWORD '"+secret+"'")
			add(err)
			_, err = c.Ping(t.Context())
			add(err)
			add(c.Exec(t.Context(), "CREATE USER u WITH PASSWORD '"+secret+"'"))
		}
		c.Close()
		add(c.Write(t.Context(), []byte("m f=1 1")))
	}
	for _, bad := range []string{"http://u:" + secret + "@h:x", "http://u:" + secret + "@h?x=y", "http://u:" + secret + "@", "ht tp://u:" + secret} {
		_, err := New(Options{Addr: bad})
		add(err)
		_, err = Open(bad)
		add(err)
	}
	texts = append(texts, log.String())
	for _, text := range texts {
		if strings.Contains(text, secret) || strings.Contains(text, "aHVudGVyMg") || strings.Contains(text, "OmhudW") {
			t.Errorf("the secret is in %q", text)
		}
	}
	if len(texts) < 100 || !strings.Contains(log.String(), `"msg":"write"`) {
		t.Error("the test looks at too little")
	}
}

func TestAuthorization(t *testing.T) {
	n := 0
	tests := []struct {
		name   string
		o      Options
		header string
		query  string
	}{
		{"none", Options{}, "", ""},
		{"basic", Options{Username: "user", Password: NewSecret("pass")}, "Basic dXNlcjpwYXNz", ""},
		{"basic, UTF-8", Options{Username: "ü", Password: NewSecret("€")}, "Basic w7w64oKs", ""},
		{"query", Options{Username: "a&b", Password: NewSecret("c d"), QueryAuth: true}, "", "a&b|c d"},
		{"token", Options{Token: NewSecret("root:pw")}, "Token root:pw", ""},
		{"bearer", Options{Token: NewSecret("j.w.t"), BearerAuth: true}, "Bearer j.w.t", ""},
		{"source", Options{TokenSource: func(context.Context) (string, error) { n++; return fmt.Sprint("t", n), nil }}, "Token t1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := influxtest.New(t)
			c := client(t, s, tt.o)
			check := func() {
				r := s.Last()
				got := ""
				if r.Query.Has("u") {
					got = r.Query.Get("u") + "|" + r.Query.Get("p")
				}
				if r.Header.Get("Authorization") != tt.header || got != tt.query {
					t.Errorf("%s: %q %q", r.Path, r.Header.Get("Authorization"), got)
				}
			}
			if err := c.Write(t.Context(), []byte("m f=1 1")); err != nil {
				t.Fatal(err)
			}
			check()
			if tt.name == "source" {
				tt.header = "Token t2"
			}
			if _, err := c.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			check()
			if tt.name == "source" {
				tt.header = "Token t3"
			}
			s.Play(influxtest.JSON(`{"results":[{"statement_id":0}]}`))
			if err := c.CreateDatabase(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			check()
		})
	}
	t.Run("source fails", func(t *testing.T) {
		s := influxtest.New(t)
		cause := errors.New("vault is sealed")
		c := client(t, s, Options{TokenSource: func(context.Context) (string, error) { return "", cause }})
		if err := c.Write(t.Context(), []byte("m f=1 1")); !errors.Is(err, cause) || s.Last() != nil {
			t.Error(err)
		}
	})
}

func TestHeaders(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		s := influxtest.New(t)
		o.Headers = http.Header{"X-Tenant": {"a", "b"}}
		o.UserAgent = "collector/1"
		c := client(t, s, o)
		if err := c.Write(t.Context(), []byte("m f=1 1")); err != nil {
			t.Fatal(err)
		}
		r := s.Last()
		if r.Header.Get("X-Tenant") != "a, b" || r.Header.Get("User-Agent") != "collector/1" {
			t.Error(r.Header)
		}
	})
}

// Views share connections and differ in where they write.
func TestViews(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{Database: "a b&c=d", RetentionPolicy: "rp"})
	v := c.WithDatabase("other").WithPrecision(Second).WithConsistency(ConsistencyAll)
	w := c.WithRetentionPolicy("two")
	for _, tt := range []struct {
		c    *Client
		want string
	}{
		{c, "a b&c=d|rp||"}, {v, "other||s|all"}, {w, "a b&c=d|two||"}, {c, "a b&c=d|rp||"},
	} {
		if err := tt.c.Write(t.Context(), []byte("m f=1 1")); err != nil {
			t.Fatal(err)
		}
		q := s.Last().Query
		if got := q.Get("db") + "|" + q.Get("rp") + "|" + q.Get("precision") + "|" + q.Get("consistency"); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	if s.Accepted() != 1 || c.Database() != "a b&c=d" || v.Precision() != Second {
		t.Errorf("%d connections", s.Accepted())
	}
	if err := c.WithDatabase("a\nb").Write(t.Context(), []byte("m f=1")); !errors.As(err, new(*OptionError)) {
		t.Error(err)
	}
	if err := c.WithPrecision(77).Write(t.Context(), []byte("m f=1")); !errors.As(err, new(*OptionError)) {
		t.Error(err)
	}
}

func TestPing(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		s := influxtest.New(t, influxtest.Status(204), influxtest.Error(401, "no"), influxtest.Body(500, "broken"))
		c := client(t, s, o)
		p, err := c.Ping(t.Context())
		if err != nil || p.Version != "1.8.10" || p.Build != "OSS" || p.Took <= 0 {
			t.Errorf("%+v %v", p, err)
		}
		if _, err := c.Ping(t.Context()); !errors.Is(err, ErrUnauthorized) {
			t.Error(err)
		}
		var e *ServerError
		if _, err := c.Ping(t.Context()); !errors.As(err, &e) || e.Status != 500 || e.Message != "broken" {
			t.Error(err)
		}
	})
}

func TestCapabilities(t *testing.T) {
	has := func(paths map[string]influxtest.Reply) *influxtest.Server {
		return influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			if r.Method != "GET" {
				t.Errorf("the probe sent a %s", r.Method)
			}
			if reply, ok := paths[r.Path]; ok {
				reply.Play(c, r)
				return
			}
			influxtest.Body(404, "404 page not found\n").Play(c, r)
		}))
	}
	no, wrong := influxtest.Status(204), influxtest.Body(405, "Method Not Allowed")
	page := foreignReply(200, "<html>log in</html>")
	pass := influxtest.JSON(`{"name":"influxdb","status":"pass"}`)
	for name, tt := range map[string]struct {
		paths map[string]influxtest.Reply
		want  string
	}{
		"1.6.7":  {map[string]influxtest.Reply{"/ping": no, "/write": wrong}, "true false false false false"},
		"1.8.10": {map[string]influxtest.Reply{"/ping": no, "/write": wrong, "/api/v2/write": wrong, "/health": pass}, "true true false true true"},
		"3":      {map[string]influxtest.Reply{"/ping": influxtest.JSON(`{"version":"3.0.1","revision":"x","process_id":"y"}`), "/health": influxtest.Body(200, "OK")}, "true true true true true"},
		"login":  {map[string]influxtest.Reply{"/ping": page, "/write": page, "/api/v2/write": page, "/api/v3/write_lp": page, "/health": page}, "false false false false false"},
		"proxy":  {map[string]influxtest.Reply{"/ping": foreignReply(204, ""), "/write": foreignReply(405, "no"), "/api/v2/write": foreignReply(400, "no"), "/health": foreignReply(200, `{"status":"pass"}`)}, "false false false false false"},
		"sick":   {map[string]influxtest.Reply{"/ping": no, "/write": wrong, "/health": influxtest.Body(503, `{"status":"fail"}`)}, "true false false true false"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := client(t, has(tt.paths), Options{}).Capabilities(t.Context())
			if got := fmt.Sprint(k.V1, k.V2, k.V3, k.Health, k.Healthy); err != nil || got != tt.want {
				t.Errorf("%s %v, want %s", got, err, tt.want)
			}
		})
	}
	dead := influxtest.New(t, influxtest.Drop())
	if _, err := client(t, dead, Options{}).Capabilities(t.Context()); !errors.As(err, new(*TransportError)) {
		t.Error(err)
	}
}

// foreignReply responds as something other than the server would.
func foreignReply(status int, body string, fields ...string) influxtest.Reply {
	head := fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: %d\r\n", status, len(body))
	for i := 0; i+1 < len(fields); i += 2 {
		head += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	return influxtest.Raw(head + "\r\n" + body)
}
