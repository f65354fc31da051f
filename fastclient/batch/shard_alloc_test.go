//go:build !race

package batch

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/shard"
)

// TestShardAllocations: lines for several servers cost no allocation.
func TestShardAllocations(t *testing.T) {
	var lines []byte
	for i := range 90 {
		lines = fmt.Appendf(lines, "cpu,host=server%d load=0.5 1\n", i)
	}
	w := &ShardWriter{waits: true}
	w.addrs = []string{"http://a", "http://b", "http://c"}
	w.servers = shard.Of(w.addrs)
	w.scratch.New = func() any { return &shards{make([][]byte, 3), make([]int, 3)} }
	for range w.addrs {
		w.writers = append(w.writers, testWriter(t, Options{MaxDelay: time.Hour, BatchLines: 10}, acker))
	}
	ctx := context.Background()
	got := testing.AllocsPerRun(200, func() {
		if err := w.Append(ctx, lines); err != nil {
			t.Error(err)
		}
		for _, one := range w.writers {
			for one.Stats().Pending.Lines > 20 {
				runtime.Gosched()
			}
		}
	})
	if got != 0 {
		t.Errorf("%v allocations per append of 90 lines", got)
	}
	if err := w.Close(ctx); err != nil {
		t.Error(err)
	}
}
