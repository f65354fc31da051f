//go:build !race

package fast

import (
	"context"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestAllocs counts the allocations of an exchange. The server runs in this process, so
// it must not allocate either: it responds without parsing.
func TestAllocs(t *testing.T) {
	s := influxtest.NewSink(t)
	d := New(transport.Options{Network: "tcp", Addr: s, Host: s})
	defer d.Close()
	req := doertest.Post("m f=1 1\n")
	var resp transport.Response
	exchange := func(ctx context.Context) {
		if err := d.Do(ctx, req, &resp); err != nil || resp.Status != 204 {
			t.Fatal(resp.Status, err)
		}
		resp.Close()
	}
	if n := testing.AllocsPerRun(500, func() { exchange(context.Background()) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n := testing.AllocsPerRun(500, func() { exchange(ctx) }); n > 3 {
		t.Errorf("%v allocations under a context that can end, want at most 3", n)
	}
}
