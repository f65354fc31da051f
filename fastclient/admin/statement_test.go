package admin

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestDeletionWithoutResult: the empty object is a response of InfluxDB 2.x to a statement
// that deletes, and nobody else's, and no other object is.
func TestDeletionWithoutResult(t *testing.T) {
	for _, tt := range []struct {
		body, version string
		ok            bool
	}{
		{"{}", "v2.8.0", true}, {"{}\n", "v2.7.12", true}, {"{}", "", false}, {"{}", "1.8.10", false},
		{`{"status":"ok"}`, "v2.8.0", false}, {`{"error":"timeout"}`, "v2.8.0", false}, {"", "v2.8.0", false},
		{`{"results":[{"statement_id":0,"error":"no"}]}`, "v2.8.0", false}, {`{"results":[{"statement_id":0}]}`, "", true},
	} {
		s := influxtest.New(t)
		c := client(t, s)
		for name, call := range map[string]func(ctx context.Context) error{
			"Delete":          func(ctx context.Context) error { return Delete(ctx, c, "m", "") },
			"DropMeasurement": func(ctx context.Context) error { return DropMeasurement(ctx, c, "m", fastclient.Chunked(5)) },
			"CreateDatabase":  func(ctx context.Context) error { return c.CreateDatabase(ctx, "d") },
		} {
			head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
			if tt.version != "" {
				head += "X-Influxdb-Version: " + tt.version + "\r\n"
			}
			s.Play(influxtest.Raw(fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(tt.body), tt.body)))
			err := call(t.Context())
			ok := tt.ok && (name != "CreateDatabase" || tt.version == "")
			if (err == nil) != ok {
				t.Errorf("%s, %q of %q: %v", name, tt.body, tt.version, err)
			}
			if tt.body == "{}" && !ok && !errors.Is(err, fastclient.ErrNoResult) {
				t.Errorf("%s, %q of %q: %v", name, tt.body, tt.version, err)
			}
			if s.Last().Query.Get("chunked") == "true" {
				t.Errorf("%s asks for chunks", name)
			}
		}
	}
}
