//go:build !race

package deflate

import "testing"

// TestAllocs checks that nothing is allocated if dst has room. It does not run under the
// race detector, which allocates by itself.
func TestAllocs(t *testing.T) {
	e := new(Encoder)
	for _, s := range samples(t, 1000) {
		dst := make([]byte, 0, MaxSize(len(s.body)))
		if n := testing.AllocsPerRun(5, func() { e.AppendGzip(dst, s.body) }); n != 0 {
			t.Errorf("%s: %v allocations", s.name, n)
		}
	}
}
