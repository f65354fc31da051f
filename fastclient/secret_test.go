package fastclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// formatted returns v as the verbs of fmt print it for which fmt asks the value: all but
// %p.
func formatted(v any) []string {
	texts := []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("% x", v)}
	for _, verb := range "bcdeEfFgGoOqsTtUvxX" {
		texts = append(texts, fmt.Sprintf("%"+string(verb), v))
	}
	return texts
}

// TestSecretWithin checks that fmt prints no secret of options within other values, where
// it may call no method of theirs.
func TestSecretWithin(t *testing.T) {
	const secret = "hunter2"
	parsed, err := ParseURL("http://user:" + secret + "@h")
	if err != nil {
		t.Fatal(err)
	}
	token, err := ParseURL("http://h?token=" + secret)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range []Options{
		{Username: "user", Password: NewSecret(secret)},
		{Token: NewSecret(secret)},
		parsed,
		token,
	} {
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if revealed := o.Password.Reveal() + o.Token.Reveal(); revealed != secret {
			t.Errorf("%d: the secret is %q", i, revealed)
		}
		type config struct {
			name string
			o    Options
		}
		type service struct {
			Exported Options
			hidden   Options
			secret   Secret
			pointer  *Options
			list     []Options
			byName   map[string]Secret
			any      any
			config   config
			client   *Client
		}
		s := service{o, o, o.Password, &o, []Options{o}, map[string]Secret{"k": o.Token}, o, config{"n", o}, c}
		var texts []string
		for _, v := range []any{o, &o, o.Password, &o.Token, c, s, &s, []service{s}, map[string]service{"k": s}, reflect.ValueOf(s)} {
			texts = append(append(texts, formatted(v)...), fmt.Sprintf("%p", v))
		}
		for _, text := range texts {
			if strings.Contains(text, secret) || strings.Contains(strings.ToLower(text), "68756e74") || strings.Contains(text, "68 75 6e") {
				t.Errorf("%d: the secret is in %q", i, text)
			}
		}
	}
}

func TestSecret(t *testing.T) {
	var config struct{ Password, Token, None Secret }
	if err := json.Unmarshal([]byte(`{"Password":"p","Token":""}`), &config); err != nil {
		t.Fatal(err)
	}
	if config.Password.Reveal() != "p" || config.Password.IsZero() || !config.Token.IsZero() || !config.None.IsZero() || config.None.Reveal() != "" {
		t.Errorf("read %q, %q and %q", config.Password.Reveal(), config.Token.Reveal(), config.None.Reveal())
	}
	out, err := json.Marshal(config)
	if want := `{"Password":"\u003csecret\u003e","Token":"","None":""}`; err != nil || string(out) != want {
		t.Errorf("wrote %s, %v", out, err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "p", config.Password)
	if !strings.HasSuffix(log.String(), " p=<secret>\n") {
		t.Errorf("logged %s", &log)
	}
	if !reflect.DeepEqual(NewSecret("a"), NewSecret("a")) || reflect.DeepEqual(NewSecret("a"), NewSecret("b")) {
		t.Error("DeepEqual does not compare the texts")
	}
	for _, text := range []string{fmt.Sprint(config.Password), fmt.Sprintf("%d", config.Password), fmt.Sprintf("%#v", config.Password), config.Password.String()} {
		if text != "<secret>" {
			t.Errorf("printed %q", text)
		}
	}
}

// TestSecretEcho: no error shows the credentials of a request that a proxy repeats.
func TestSecretEcho(t *testing.T) { both(t, testSecretEcho) }

func testSecretEcho(t *testing.T, base Options) {
	const secret = "hunter2 %/+é"
	echo := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		var b strings.Builder
		fmt.Fprintf(&b, "no route for %s %s, decoded", r.Path, r.Query.Encode())
		for _, values := range r.Query {
			fmt.Fprint(&b, " ", values)
		}
		r.Header.Write(&b)
		body := b.String()
		c.Send(fmt.Sprintf("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	})
	s := influxtest.New(t, echo)
	for i, o := range []Options{
		{Username: "user", Password: NewSecret(secret)},
		{Username: "user", Password: NewSecret(secret), QueryAuth: true},
		{Token: NewSecret("hunter2")},
	} {
		o.Addr, o.Database, o.NetHTTP = s.URL, "d", base.NetHTTP
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		_, queried := c.Query(t.Context(), "SELECT 1")
		_, ping := c.Ping(t.Context())
		for call, err := range map[string]error{"write": c.Write(t.Context(), []byte("m f=1 1")), "query": queried, "ping": ping} {
			var server *ServerError
			if !errors.As(err, &server) || !strings.Contains(server.Message, "<secret>") {
				t.Errorf("%d, %s: %v", i, call, err)
			}
			for _, text := range append(formatted(err), server.Message) {
				if strings.Contains(text, "hunter2") || strings.Contains(text, "dXNlcjpodW50ZX") {
					t.Errorf("%d, %s: %s", i, call, text)
				}
			}
		}
		c.Close()
	}
}

// TestSecretDecidesNothing: what a server says means the same whatever the password is.
func TestSecretDecidesNothing(t *testing.T) {
	for _, body := range []string{`{"error":"retention policy not found: x"}`, `{"error":"engine: field type conflict"}`, `{"error":"timeout"}`} {
		s := influxtest.New(t, influxtest.Body(500, body, "X-Influxdb-Version", "1.8.10"))
		want := map[string]bool{}
		for _, password := range []string{"unrelated", "retention", "policy", "engine", "field type conflict"} {
			c, err := New(Options{Addr: s.URL, Database: "d", Username: "u", Password: NewSecret(password)})
			if err != nil {
				t.Fatal(err)
			}
			want[fmt.Sprint(Retryable(c.Write(t.Context(), []byte("m f=1 1"))))] = true
			c.Close()
		}
		if len(want) != 1 {
			t.Errorf("%s: %v", body, want)
		}
	}
}
