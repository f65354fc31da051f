//go:build !race

package batch

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestRouteAllocations: lines for many places cost no allocation while their places are known,
// with the tag kept or taken off.
func TestRouteAllocations(t *testing.T) {
	var lines []byte
	for i := range 96 {
		lines = fmt.Appendf(lines, "cpu,db=data\\ base%d,host=a load=0.5 1\n", i*7%16)
	}
	for _, keep := range []bool{false, true} {
		p := testConfig(t, Options{MaxDelay: time.Hour, BatchBytes: 16 << 10, BatchLines: 6, MaxMemory: 4 << 20}, seam.V1, acker)
		routed(t, &p, RouteOptions{DatabaseTag: "db", Keep: keep, Max: 20})
		w, err := newWriter(p)
		if err != nil {
			t.Fatal(err)
		}
		w.startAll()
		got := testing.AllocsPerRun(200, func() {
			if err := w.Append(context.Background(), lines); err != nil {
				t.Error(err)
			}
			for w.Stats().Pending.Lines > 0 {
				runtime.Gosched()
			}
		})
		if got != 0 {
			t.Errorf("keep %v: %v allocations per append of 96 lines to 16 places", keep, got)
		}
		mustClose(t, w)
	}
}
