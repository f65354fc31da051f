package batch

import (
	"errors"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// client returns a client of s.
func client(t testing.TB, s *influxtest.Server, o fastclient.Options) *fastclient.Client {
	t.Helper()
	o.Addr = s.URL
	if o.Database == "" {
		o.Database = "d"
	}
	c, err := fastclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// tradeLines returns n trades as lines.
func tradeLines(n int) []byte {
	schema := must(lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"}))
	lines, err := schema.AppendAll(nil, workload.Trades(n, 1))
	if err != nil {
		panic(err)
	}
	return lines
}

// both runs a test over fasthttp and over net/http.
func both(t *testing.T, f func(t *testing.T, o fastclient.Options)) {
	t.Run("fasthttp", func(t *testing.T) { f(t, fastclient.Options{}) })
	t.Run("net/http", func(t *testing.T) { f(t, fastclient.Options{NetHTTP: true}) })
}

// A load is a point of a struct type.
type load struct {
	Time time.Time `lp:",timestamp"`
	Host string    `lp:"host,tag"`
	Load float64   `lp:"load"`
}

// wireFactor returns how many of the units that version 1 sends are one unit of p.
func wireFactor(p fastclient.Precision) int64 {
	switch p {
	case fastclient.Microsecond:
		return 1000
	case fastclient.Minute:
		return 60
	case fastclient.Hour:
		return 3600
	}
	return 1
}

// isPending reports whether err says that lines are still pending.
func isPending(err error) bool {
	_, ok := errors.AsType[*PendingError](err)
	return ok
}

// must returns v; an error is a fault of the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
