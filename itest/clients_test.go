package itest

import (
	"context"
	"crypto/tls"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// eachClient runs f on every server with a client of the library's own transport and with
// one over net/http. On InfluxDB 2 a third client uses the 1.x endpoint.
func eachClient(t *testing.T, cfg Config, o fastclient.Options, f func(t *testing.T, s *Server, c *fastclient.Client)) {
	eachServer(t, cfg, func(t *testing.T, s *Server) {
		t.Run("own", func(t *testing.T) { f(t, s, newClient(t, s, o)) })
		t.Run("nethttp", func(t *testing.T) {
			o := o
			o.NetHTTP = true
			f(t, s, newClient(t, s, o))
		})
		if is2(s) {
			t.Run("v1", func(t *testing.T) { f(t, s, newClient1(t, s, o)) })
		}
	})
}

// newClient returns a client for s that writes to the endpoint of its version, which is
// /api/v2/write for InfluxDB 2. See newClient1.
func newClient(t *testing.T, s *Server, o fastclient.Options) *fastclient.Client {
	t.Helper()
	if is2(s) && o.API == fastclient.V1 {
		o.API, o.Org = fastclient.V2, Org
	}
	return newClient1(t, s, o)
}

// newClient1 returns a client for s, over the Unix socket if there is one, and closes it at
// the end of the test. The client writes to the endpoint chosen in o, by default /write. To
// an InfluxDB 2 it sends the token, unless o has credentials.
func newClient1(t *testing.T, s *Server, o fastclient.Options) *fastclient.Client {
	t.Helper()
	o.Addr = s.URL()
	if s.Socket() != "" {
		o.Addr = "unix://" + s.Socket()
	}
	if pool := s.CertPool(); pool != nil && o.HTTPClient == nil {
		o.TLS = &tls.Config{RootCAs: pool}
	}
	if is2(s) && o.Username == "" && o.Token.IsZero() && o.TokenSource == nil {
		o.Token = fastclient.NewSecret(s.Token())
	}
	if _, ok := s.backend.(foreign); ok {
		if user, password := credentials(s); user != "root" {
			o.Username, o.Password = user, fastclient.NewSecret(password)
		}
	}
	c, err := fastclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

// createDatabase makes an empty database and returns a view of c for it.
func createDatabase(t *testing.T, s *Server, c *fastclient.Client, name string) *fastclient.Client {
	t.Helper()
	if is2(s) {
		return c.WithDatabase(newDatabase(t, s, name))
	}
	ctx := t.Context()
	if err := c.DropDatabase(ctx, name); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateDatabase(ctx, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.DropDatabase(context.Background(), name) })
	return c.WithDatabase(name)
}

// writeLines sends lines. An error fails the test.
func writeLines(t *testing.T, c *fastclient.Client, lines string, opts ...fastclient.WriteOption) {
	t.Helper()
	if err := c.Write(t.Context(), []byte(lines), opts...); err != nil {
		t.Fatal(err)
	}
}

// raws returns the raw cells of all rows of q. An error fails the test.
func raws(t *testing.T, c *fastclient.Client, q string, opts ...fastclient.QueryOption) [][]string {
	t.Helper()
	rows, err := rawsAndError(t, c, q, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// rawsAndError returns the raw cells of the rows of q, and all errors joined.
func rawsAndError(t *testing.T, c *fastclient.Client, q string, opts ...fastclient.QueryOption) (rows [][]string, err error) {
	t.Helper()
	res, err := c.Query(t.Context(), q, opts...)
	if err != nil {
		return nil, err
	}
	for row, rowErr := range res.Rows() {
		if rowErr != nil {
			err = errors.Join(err, rowErr)
			continue
		}
		rows = append(rows, rawCells(row))
	}
	return rows, err
}

func rawCells(row *jsonscan.Row) []string {
	cells := make([]string, row.Len())
	for i := range cells {
		cells[i] = string(row.Raw(i))
	}
	return cells
}

// wantNoGoroutines waits until no goroutine runs code of the client.
func wantNoGoroutines(t *testing.T) {
	t.Helper()
	end := time.Now().Add(3 * time.Second)
	for {
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		var left []string
		for g := range strings.SplitSeq(string(buf), "\n\n") {
			if strings.Contains(g, "pointwire/fastclient") || strings.Contains(g, "internal/transport") || strings.Contains(g, "valyala/fasthttp") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d goroutines left:\n%s", len(left), strings.Join(left, "\n\n"))
		}
		runtime.Gosched()
	}
}
