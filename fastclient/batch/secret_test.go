package batch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestSecretEcho: nothing that a Writer says shows the credentials of a request that a server or a
// proxy repeats in its response.
func TestSecretEcho(t *testing.T) {
	const secret = "hunter2secret"
	for name, reply := range map[string]struct{ head, body string }{
		"1.x":     {"401 Unauthorized\r\nX-Influxdb-Version: 1.8.10", `{"error":"ECHO"}`},
		"1.x 400": {"400 Bad Request\r\nX-Influxdb-Version: 1.8.10", `{"error":"ECHO"}`},
		"list":    {"400 Bad Request\r\nContent-Type: application/json", `{"error":"partial write of line protocol occurred","data":[{"original_line":"m f=1 1","line_number":1,"error_message":"ECHO"}]}`},
		"proxy":   {"403 Forbidden", "ECHO"},
		"503":     {"503 Unavailable\r\nX-Influxdb-Version: 1.8.10", `{"error":"ECHO"}`},
	} {
		for as, o := range map[string]fastclient.Options{
			"header":  {Username: "user", Password: fastclient.NewSecret(secret)},
			"address": {Username: "user", Password: fastclient.NewSecret(secret), QueryAuth: true},
			"token":   {Token: fastclient.NewSecret(secret)},
		} {
			s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
				var b strings.Builder
				fmt.Fprintf(&b, "request %s?%s ", r.Path, r.Query.Encode())
				r.Header.Write(&b)
				body := strings.ReplaceAll(reply.body, "ECHO", strings.NewReplacer("\r", " ", "\n", " ", `"`, "'").Replace(b.String()))
				c.Send(fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", reply.head, len(body), body))
			}))
			o.Addr, o.Database = s.URL, "d"
			c, err := fastclient.New(o)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "dead")
			dead, err := OpenDeadLetterFile(path, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var events []string
			w, err := NewWriter(c, Options{DeadLetter: dead, OnEvent: func(e Event) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, fmt.Sprint(e.Message, e.Err))
			}})
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, w, "m f=1 1\nm f=2 2\n")
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			flushed := w.Flush(ctx)
			closed := w.Close(ctx)
			cancel()
			dead.Close()
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			said := strings.Join(events, "\n")
			mu.Unlock()
			if name != "list" && !strings.Contains(said, "<secret>") {
				t.Errorf("%s, %s: the events do not have what the server said: %s", name, as, said)
			}
			for where, text := range map[string]string{
				"Flush": fmt.Sprint(flushed), "Close": fmt.Sprint(closed), "events": said, "dead letter": string(kept), "LastErrors": fmt.Sprint(w.Stats().LastErrors),
			} {
				if strings.Contains(text, secret) || strings.Contains(text, "dXNlcjpodW50ZX") {
					t.Errorf("%s, %s: %s: %s", name, as, where, text)
				}
			}
			c.Close()
		}
	}
}
