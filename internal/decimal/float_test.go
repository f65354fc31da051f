package decimal

import (
	"bytes"
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

var (
	exhaustive = flag.Bool("decimal.exhaustive", false, "compare AppendFloat32 with strconv for all 2^32 values")
	randomize  = flag.Uint64("decimal.values", 0, "compare AppendFloat64 with strconv for this many values, from a seed of the time of day")
)

// appendFloat64Plain is the plain twin of AppendFloat64.
func appendFloat64Plain(dst []byte, v float64) []byte {
	a := math.Abs(v)
	switch {
	case a != a || a > math.MaxFloat64:
		return dst
	case a < 1e21 && (a >= 1e-6 || a == 0):
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

// appendFloat32Plain is the plain twin of AppendFloat32.
//
// The float32 2^-12, 0.000244140625, lies in the middle of its two shortest
// texts. AppendFloat32 takes the one whose last digit is even, as for every such
// value and as strconv does for float64; strconv of Go 1.26 takes the other here,
// because it looks for the tie at an exponent of float64.
func appendFloat32Plain(dst []byte, v float32) []byte {
	a := float32(math.Abs(float64(v)))
	switch {
	case a == 1.0/4096:
		if v < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "0.00024414062"...)
	case a != a || a > math.MaxFloat32:
		return dst
	case a < 1e21 && (a >= 1e-6 || a == 0):
		return strconv.AppendFloat(dst, float64(v), 'f', -1, 32)
	}
	return strconv.AppendFloat(dst, float64(v), 'e', -1, 32)
}

// A floatKind makes values of one kind. Together they reach every way through
// AppendFloat64; each is also tried as float32.
type floatKind struct {
	name string
	make func(r *rand.Rand) float64
}

var floatKinds = []floatKind{
	{"random bits", func(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64()) }},
	{"exponents -24 to 75", func(r *rand.Rand) float64 {
		return math.Ldexp(1+r.Float64(), r.IntN(100)-24)
	}},
	{"decimals", func(r *rand.Rand) float64 {
		return float64(r.Uint64()>>r.IntN(64)) / math.Pow10(r.IntN(20))
	}},
	{"neighbours of decimals", func(r *rand.Rand) float64 {
		v := float64(r.Uint64()>>(10+r.IntN(54))) / math.Pow10(r.IntN(12))
		return math.Float64frombits(math.Float64bits(v) + uint64(r.IntN(5)) - 2)
	}},
	{"sparse mantissas", func(r *rand.Rand) float64 {
		a, b := r.IntN(52), r.IntN(52)
		return math.Float64frombits(r.Uint64()<<52&^(1<<63) | 1<<a | 1<<b)
	}},
	{"dense mantissas", func(r *rand.Rand) float64 {
		m := (uint64(1)<<52 - 1) &^ (1 << r.IntN(52)) &^ (1 << r.IntN(52))
		return math.Float64frombits(r.Uint64()<<52 | m)
	}},
	{"subnormal", func(r *rand.Rand) float64 {
		return math.Float64frombits(r.Uint64() >> (12 + r.IntN(52)))
	}},
	{"integers", func(r *rand.Rand) float64 { return float64(int64(r.Uint64()) >> r.IntN(64)) }},
	{"around powers of two", func(r *rand.Rand) float64 {
		return math.Float64frombits(uint64(r.IntN(2047))<<52 + uint64(r.IntN(17)) - 8)
	}},
	{"around m*10^e", func(r *rand.Rand) float64 {
		v, _ := strconv.ParseFloat(strconv.Itoa(1+r.IntN(1000))+"e"+strconv.Itoa(r.IntN(640)-328), 64)
		return math.Float64frombits(math.Float64bits(v) + uint64(r.IntN(9)) - 4)
	}},
	{"float32 widened", func(r *rand.Rand) float64 { return float64(math.Float32frombits(r.Uint32())) }},
	{"short ways and their neighbours", func(r *rand.Rand) float64 {
		unit := math.Pow10(r.IntN(9))
		v := math.Floor(r.Float64()*math.Pow10(r.IntN(16))) / unit
		return math.Float64frombits(math.Float64bits(v) + uint64(r.IntN(5)) - 2)
	}},
	{"2^-16 to 1e4", func(r *rand.Rand) float64 { return math.Ldexp(1+r.Float64(), r.IntN(30)-16) }},
	{"near halves of the 17th digit", func(r *rand.Rand) float64 {
		// 16 or 17 digits and a 5: nearly half-way between the candidates.
		v, _ := strconv.ParseFloat(strconv.FormatUint(1e15+r.Uint64N(99e15), 10)+"5e"+strconv.Itoa(-13-r.IntN(10)), 64)
		return math.Float64frombits(math.Float64bits(v) + uint64(r.IntN(3)) - 1)
	}},
	{"near halves of the 8th digit", func(r *rand.Rand) float64 {
		return float64(r.IntN(1e7)) + (float64(r.IntN(1e8))+0.5)/1e8
	}},
}

// floatEdges are the values at the limits of the ways.
var floatEdges = func() (edges []float64) {
	for _, v := range []float64{0, 1e-6, 1e-5, 1e-4, 0.5, 1, 2, 10, 999, 1000, 9999, 1e4, 1e5, 1e6, 9999999, 1e7, 1e8, 1e11, 1e15, 1e16, 1e17, 1e20, 1e21, 1e22, 1e23,
		1 << 24, 1 << 52, 1 << 53, 1 << 54, 1 << 62, 1 << 63, 1 << 64, 5e-324, 2.2250738585072014e-308, math.MaxFloat64, math.MaxFloat32,
		math.SmallestNonzeroFloat32, 1.1754943508222875e-38, 0.3, 0.1, 9007199254740993, 0.99999999, 0.999999995, 123456.78901234, 9.5367431640625e-07,
		2.5, 8.41e21, 2.0e-44, 9.1e22, 1.8446744073709552e19, 4.35e-10} {
		up, down := v, v
		edges = append(edges, v)
		for range 40 {
			up, down = math.Nextafter(up, math.Inf(1)), math.Nextafter(down, 0)
			edges = append(edges, up, down)
		}
	}
	return append(edges, math.NaN(), math.Inf(1))
}()

// floatChecker compares both widths of a value, with either sign, and both ways to write it.
type floatChecker struct {
	got, want []byte
	found     Found // of the value before, to see that nothing of it is left
}

func (c *floatChecker) check(t *testing.T, v float64) {
	for range 2 {
		c.got = AppendFloat64(append(c.got[:0], '='), v)
		c.want = appendFloat64Plain(append(c.want[:0], '='), v)
		if !bytes.Equal(c.got, c.want) {
			t.Fatalf("AppendFloat64(%x) = %q, want %q", math.Float64bits(v), c.got, c.want)
		}
		c.found.Find(v)
		c.got = Grow(append(c.got[:0], '='), RoomFloat)
		if c.got = c.got[:c.found.Put(c.got, 1)]; !bytes.Equal(c.got, c.want) || c.found.Finite() != (len(c.got) > 1) {
			t.Fatalf("Found.Put of %x = %q, want %q", math.Float64bits(v), c.got, c.want)
		}
		v = -v
	}
	c.check32(t, float32(v))
}

func (c *floatChecker) check32(t *testing.T, v float32) {
	c.got = AppendFloat32(append(c.got[:0], '='), v)
	c.want = appendFloat32Plain(append(c.want[:0], '='), v)
	if !bytes.Equal(c.got, c.want) {
		t.Fatalf("AppendFloat32(%x) = %q, want %q", math.Float32bits(v), c.got, c.want)
	}
}

// TestAppendFloat compares at least a million values with strconv, or as many as
// -decimal.values says, on all processors.
func TestAppendFloat(t *testing.T) {
	var c floatChecker
	for _, v := range floatEdges {
		c.check(t, v)
	}
	for e := range 2047 {
		for d := range uint64(5) {
			c.check(t, math.Float64frombits(uint64(e)<<52+d-2))
		}
	}
	for e := range 255 {
		for d := range uint32(5) {
			c.check32(t, math.Float32frombits(uint32(e)<<23+d-2))
		}
	}
	total, seed := uint64(1_200_000), uint64(1)
	if testing.Short() {
		total = 120_000
	}
	if *randomize > 0 {
		total, seed = *randomize, uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
	}
	each := total/uint64(len(floatKinds)) + 1
	workers := uint64(runtime.GOMAXPROCS(0))
	for i, kind := range floatKinds {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				var c floatChecker
				r := rand.New(rand.NewPCG(seed, uint64(i)*workers+w))
				for range each/workers + 1 {
					c.check(t, kind.make(r))
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			t.Fatalf("kind %q", kind.name)
		}
	}
}

// TestAppendFloat32Exhaustive compares all float32 values with strconv. It takes
// about 10 minutes and runs with -decimal.exhaustive only.
func TestAppendFloat32Exhaustive(t *testing.T) {
	if !*exhaustive {
		t.Skip("run with -decimal.exhaustive")
	}
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			var c floatChecker
			for u := uint64(w); u < 1<<32 && !t.Failed(); u += uint64(workers) {
				c.check32(t, math.Float32frombits(uint32(u)))
			}
		})
	}
	wg.Wait()
}

func FuzzAppendFloat(f *testing.F) {
	for _, v := range floatEdges {
		f.Add(math.Float64bits(v))
	}
	f.Fuzz(func(t *testing.T, u uint64) {
		var c floatChecker
		c.check(t, math.Float64frombits(u))
		c.check32(t, math.Float32frombits(uint32(u)))
	})
}

// TestSlowWay holds that schubfach64 is needed for ties only.
func TestSlowWay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	slow := 0
	for range 100_000 {
		u := r.Uint64() &^ (1 << 63)
		if q := int(u >> 52); q == 0 || q == 0x7FF {
			continue
		}
		if _, _, ok := shortest64(u&(1<<52-1)|1<<52, int(u>>52)-bias64); !ok {
			slow++
		}
	}
	// Whole numbers from 2^51 to 2^57 lie in the middle between two candidates
	// now and then; others do so hardly ever.
	if slow > 300 {
		t.Errorf("%d of 100000 random doubles go the slow way", slow)
	}
}
