package std

import (
	"bytes"
	"log"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestIdleBytesAreNotLogged checks that what a server sends on an idle connection does not
// go to the standard logger, where net/http would quote it.
func TestIdleBytesAreNotLogged(t *testing.T) {
	cert := influxtest.NewCert(t, "server")
	for _, secure := range []bool{false, true} {
		idle, closed := make(chan struct{}), make(chan struct{})
		first := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			influxtest.Status(204).Play(c, r)
			<-idle
			c.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			c.Stall()
			close(closed)
		})
		s := influxtest.New(t, first, influxtest.Status(204))
		o := doertest.To(s)
		if secure {
			s = influxtest.NewTLS(t, doertest.ServerTLS(cert), first, influxtest.Status(204))
			o = doertest.To(s)
			o.TLS = doertest.ClientTLS(cert)
		}
		var logged bytes.Buffer
		before := log.Writer()
		log.SetOutput(&logged)
		d := New(o, nil)
		for i := range 2 {
			if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil || status != 204 {
				t.Fatalf("TLS %v, request %d: %d %v", secure, i, status, err)
			}
			if i == 0 {
				close(idle)
				<-closed
			}
		}
		d.Close()
		s.Close()
		log.SetOutput(before)
		if logged.Len() > 0 {
			t.Errorf("TLS %v: logged %q", secure, &logged)
		}
	}
}
