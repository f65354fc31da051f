//go:build !race

package fastclient

import (
	"bytes"
	"context"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestWriteAllocs holds a write, plain and compressed, to no allocation, and to
// three under a context that can end: those of the AfterFunc that closes the
// connection.
func TestWriteAllocs(t *testing.T) {
	lines := bytes.Repeat([]byte("cpu,host=server01,region=eu load=0.64,free=4096i 1540184368785116000\n"), 5000)
	for name, gzip := range map[string]Compression{"plain": {Off: true}, "gzip": {Always: true}} {
		t.Run(name, func(t *testing.T) {
			c, err := New(Options{Addr: "http://" + influxtest.NewSink(t), Database: "d", Compression: gzip})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			write := func(ctx context.Context) {
				if err := c.Write(ctx, lines); err != nil {
					t.Fatal(err)
				}
			}
			if n := testing.AllocsPerRun(100, func() { write(context.Background()) }); n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if n := testing.AllocsPerRun(100, func() { write(ctx) }); n > 3 {
				t.Errorf("%v allocations under a context that can end, want at most 3", n)
			}
		})
	}
}
