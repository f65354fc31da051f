package transport_test

import (
	"io"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestDrain checks that Drain closes idle connections at once and others after their
// exchange, which it does not disturb, and that exchanges go on to work.
func TestDrain(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		begun, goOn := make(chan struct{}), make(chan struct{})
		s := influxtest.New(t, influxtest.Status(204), influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			c.Send(influxtest.ChunkedHead() + influxtest.ChunkedBody("a"))
			close(begun)
			<-goOn
			c.Send(influxtest.ChunkedBody("b") + "0\r\n\r\n")
		}), influxtest.Status(204))
		d := open(doertest.To(s))
		defer d.Close()
		gone := func(what string) {
			t.Helper()
			for end := time.Now().Add(10 * time.Second); d.Stats().Conns > 0 || s.Open() > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%s: %+v, %d are open", what, d.Stats(), s.Open())
				}
			}
		}
		if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
			t.Fatal(err)
		}
		if d.Stats().Conns != 1 {
			t.Fatalf("%+v", d.Stats())
		}
		d.Drain()
		gone("idle")
		var resp transport.Response
		if err := d.Do(t.Context(), doertest.Query(), &resp); err != nil {
			t.Fatal(err)
		}
		<-begun
		d.Drain()
		if d.Stats().Conns != 1 {
			t.Errorf("during an exchange: %+v", d.Stats())
		}
		close(goOn)
		if body, err := io.ReadAll(resp.Stream); string(body) != "ab" || err != nil {
			t.Errorf("%q, %v", body, err)
		}
		resp.Close()
		gone("after an exchange")
		if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
			t.Error(err)
		}
		gone("after one that began when it was drained")
	})
}
