package fastclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// The responses of the servers, in their words.
func TestServerResponses(t *testing.T) {
	bad := `partial write: unable to parse 'bad': missing fields dropped=0`
	tests := []struct {
		name    string
		reply   influxtest.Reply
		is      error
		message string
		partial bool
		dropped int
		retry   bool
		more    func(e *ServerError) bool
	}{
		{"1.x partial", influxtest.Error(400, bad), ErrBadRequest, bad, true, 0, false, nil},
		{"1.x type conflict", influxtest.Error(400, `partial write: field type conflict: input field "f" on measurement "m" is type float, already exists as type integer dropped=1`), ErrBadRequest, "", true, 1, false, nil},
		{"1.x beyond retention", influxtest.Error(400, "partial write: points beyond retention policy dropped=2"), ErrBadRequest, "", true, 2, false, nil},
		{"1.x all bad", influxtest.Error(400, "unable to parse 'x': missing fields"), ErrBadRequest, "unable to parse 'x': missing fields", false, 0, false, nil},
		{"1.x no database", influxtest.Error(404, `database not found: "nope"`), ErrNotFound, `database not found: "nope"`, false, 0, false, nil},
		{"1.x no retention policy", influxtest.Error(500, "retention policy not found: nope"), ErrUnavailable, "", false, 0, false, nil},
		{"1.x write timeout", influxtest.Error(500, "timeout"), ErrUnavailable, "timeout", false, 0, true, nil},
		{"1.x 401", influxtest.Body(401, `{"error":"authorization failed"}`), ErrUnauthorized, "authorization failed", false, 0, false, nil},
		{"1.x too large", influxtest.Body(413, `{"error":"Request Entity Too Large"}`), ErrTooLarge, "", false, 0, false, nil},
		{"1.x throttled", influxtest.Body(503, "request throttled, queue full\n"), ErrUnavailable, "request throttled, queue full", false, 0, true, nil},
		{"2.x code", influxtest.Body(400, `{"code":"invalid","message":"unable to parse","line":7}`), ErrBadRequest, "unable to parse", false, 0, false, func(e *ServerError) bool { return e.Code == "invalid" && e.Line == 7 }},
		{"2.x rate", influxtest.Body(429, `{"code":"too many requests","message":"slow"}`, "Retry-After", "7"), ErrRateLimited, "slow", false, 0, true, func(e *ServerError) bool { return e.RetryAfter == 7*time.Second }},
		{"3.x partial", influxtest.Body(400, `{"error":"partial write of line protocol occurred","data":[{"original_line":"bad","line_number":2,"error_message":"no fields"},{"original_line":"x","line_number":9,"error_message":"y"}]}`), ErrBadRequest, "partial write of line protocol occurred", true, 2, false, func(e *ServerError) bool {
			return len(e.Lines) == 2 && e.Lines[0] == LineError{2, "no fields", "bad"} && e.Lines[1].Line == 9
		}},
		{"3.x parse, one object", influxtest.Body(400, `{"error":"parsing failed","data":{"original_line":"bad","line_number":1,"error_message":"no"}}`), ErrBadRequest, "parsing failed", false, 1, false, func(e *ServerError) bool { return len(e.Lines) == 1 }},
		{"3.x, version 2 path", influxtest.Body(500, `{"error":"partial write of line protocol occurred"}`), ErrUnavailable, "", false, 0, false, nil},
		{"text", influxtest.Body(405, "Method Not Allowed\n"), nil, "Method Not Allowed", false, 0, false, nil},
		{"proxy page", influxtest.Body(502, "<html>secret internals</html>"), ErrUnavailable, "Bad Gateway", false, 0, true, nil},
		{"header alone", influxtest.Body(400, "", "X-Influxdb-Error", "from the header"), ErrBadRequest, "from the header", false, 0, false, nil},
		{"nothing", influxtest.Body(418, ""), nil, "I'm a teapot", false, 0, false, nil},
		{"broken JSON", influxtest.Body(400, `{"error":`), ErrBadRequest, `{"error":`, false, 0, false, nil},
		{"redirect", influxtest.Status(307, "Location", "http://u:p@elsewhere.example:1/write?p=x"), nil, "", false, 0, false, func(e *ServerError) bool { return e.Location == "elsewhere.example:1" }},
		{"request id", influxtest.Body(400, "x", "X-Request-Id", "abc"), nil, "x", false, 0, false, func(e *ServerError) bool { return e.RequestID == "abc" && e.ServerVersion == "1.8.10" }},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Log(caseat.Line(i))
			s := influxtest.New(t, tt.reply)
			c := client(t, s, Options{})
			err := c.Write(t.Context(), []byte("m f=1 1"))
			var e *ServerError
			if !errors.As(err, &e) {
				t.Fatalf("%T %v", err, err)
			}
			var p *PartialWriteError
			if errors.As(err, &p) != tt.partial || e.Partial != tt.partial || e.Dropped != tt.dropped {
				t.Errorf("partial %v, dropped %d", e.Partial, e.Dropped)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
			if tt.message != "" && e.Message != tt.message {
				t.Errorf("message %q, want %q", e.Message, tt.message)
			}
			if Retryable(err) != tt.retry {
				t.Errorf("Retryable is %v", !tt.retry)
			}
			if tt.more != nil && !tt.more(e) {
				t.Errorf("%+v", e)
			}
			if !strings.HasPrefix(err.Error(), "fastclient: write: status ") {
				t.Errorf("text %q", err)
			}
		})
	}
}

// What a server says is bounded, and its connection survives it up to there.
func TestErrorBodyIsBounded(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		s := influxtest.New(t, influxtest.Error(400, "partial write: "+strings.Repeat("ä", 20_000)), influxtest.Error(400, strings.Repeat("x", errorBodyBytes+100)))
		c := client(t, s, o)
		var e *ServerError
		if err := c.Write(t.Context(), []byte("m f=1 1")); !errors.As(err, &e) || len(e.Message) > complaint.MaxText || !strings.HasSuffix(e.Message, "ä") {
			t.Errorf("%.80v, %d bytes", err, len(e.Message))
		}
		err := c.Write(t.Context(), []byte("m f=1 1"))
		if err == nil || len(err.Error()) > complaint.MaxText+100 {
			t.Errorf("%.80v", err)
		}
		res, err := c.Query(t.Context(), "SELECT 1")
		if res != nil || !errors.As(err, &e) || !e.Truncated || len(e.Message) != complaint.MaxText {
			t.Errorf("%.80v", err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-1": 0, "x": 0, "99999": backoff.RetryAfterMax, "99999999999999": backoff.RetryAfterMax,
		"999999999999999999999": backoff.RetryAfterMax, "1.5": 0, "+7": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       0,
		now.Add(time.Hour).Format(http.TimeFormat):        backoff.RetryAfterMax,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func FuzzResponse(f *testing.F) {
	f.Add(400, `{"error":"partial write: x dropped=3"}`)
	f.Add(400, `{"error":"x","data":[{"line_number":1}]}`)
	f.Add(400, `{"error":"x","data":[[],null,5]}`)
	f.Add(422, `dropped=`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		e := &ServerError{Op: "write", Status: status}
		e.read([]byte(body))
		e.findPartial()
		if e.Dropped < 0 || len(e.Lines) > errorLines {
			t.Errorf("%+v", e)
		}
		_ = fmt.Sprint(e)
	})
}
