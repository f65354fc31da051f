package inflate

import (
	"compress/gzip"
	"math/rand/v2"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// texts returns data of several kinds, from one byte to several windows.
func texts() map[string][]byte {
	share := 1
	if testing.Short() {
		share = 3
	}
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 70_000/share)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	few := make([]byte, 200_000/share)
	for i := range few {
		few[i] = "abcd"[r.IntN(4)]
	}
	runs := make([]byte, 0, 260_000)
	for len(runs) < 250_000/share {
		// Repeat bytes from every distance, mostly from near ones.
		if len(runs) > 0 && r.IntN(3) > 0 {
			distance := 1 + r.IntN(min(len(runs), 1<<r.IntN(16)))
			for range 3 + r.IntN(300) {
				runs = append(runs, runs[len(runs)-distance])
			}
		} else {
			runs = append(runs, byte(r.Uint32()))
		}
	}
	list := map[string][]byte{"empty": {}, "byte": {'x'}, "zeros": make([]byte, 400_000/share), "random": random, "few": few, "runs": runs}
	for _, b := range workload.Bodies {
		list[b.Name] = b.Make(0.012/float64(share), 0)
	}
	return list
}

func TestBodies(t *testing.T) {
	for name, text := range texts() {
		for _, level := range []int{gzip.NoCompression, gzip.BestSpeed, gzip.DefaultCompression, gzip.HuffmanOnly} {
			t.Run(name, func(t *testing.T) { check(t, pack(t, text, level)) })
		}
	}
}
