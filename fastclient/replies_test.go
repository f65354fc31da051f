package fastclient

import (
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// late is r after a time, for anything but a probe.
func late(d time.Duration, r influxtest.Reply) influxtest.Reply {
	return influxtest.Func(func(c *influxtest.Conn, q *influxtest.Request) {
		if q.Path == "/ping" {
			influxtest.Status(204).Play(c, q)
			return
		}
		time.Sleep(d)
		r.Play(c, q)
	})
}

// noRows is the response to a query without rows.
var noRows = influxtest.JSON(`{"results":[{"statement_id":0}]}`)

var oneLine = []byte("m f=1 1\n")

// reply is a server without rows.
func reply(c *influxtest.Conn, r *influxtest.Request) {
	if r.Path == "/query" {
		noRows.Play(c, r)
		return
	}
	influxtest.Status(204).Play(c, r)
}
