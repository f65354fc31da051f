package transport_test

import (
	"io"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestUnreadSmall: a small response that is never read nor closed keeps no connection.
func TestUnreadSmall(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		for name, reply := range map[string]influxtest.Reply{
			"length":  influxtest.JSON(doertest.Doc),
			"chunked": influxtest.Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + doertest.Doc + "\r\n0\r\n\r\n"),
		} {
			if name == "chunked" && t.Name() == "TestUnreadSmall/net/http" {
				continue // net/http does not say what it has
			}
			o := doertest.To(influxtest.New(t, reply))
			o.MaxConns = 1
			d := open(o)
			req := doertest.Query()
			var list [5]transport.Response
			for i := range list {
				if err := d.Do(t.Context(), req, &list[i]); err != nil {
					t.Fatalf("%s: response %d: %v", name, i, err)
				}
			}
			if n := d.Stats().Conns; n != 1 {
				t.Errorf("%s: %d connections", name, n)
			}
			for i := range list {
				b, err := io.ReadAll(list[i].Stream)
				if string(b) != doertest.Doc || err != nil {
					t.Errorf("%s: response %d: %q, %v", name, i, b, err)
				}
				list[i].Close()
			}
			d.Close()
		}
	})
}
