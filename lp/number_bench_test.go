package lp_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// Sets of benchValues distinct values: with few thousand, a branch predictor
// learns the sequence by heart.
const benchValues = 1 << 17

// floatSets are the kinds of numbers that collectors send.
var floatSets = []struct {
	name string
	make func(r *rand.Rand) float64
}{
	// Temperatures, loads, percentages: up to 1000 with 1 to 3 decimals.
	{"sensor", func(r *rand.Rand) float64 { return decimals(r.Float64()*1000, 1+r.IntN(3)) }},
	// Money below 10,000 with cents.
	{"price", func(r *rand.Rand) float64 { return decimals(r.Float64()*1e4, 2) }},
	// Degrees with 6 decimals.
	{"geo", func(r *rand.Rand) float64 { return decimals(r.Float64()*360-180, 6) }},
	// What a monitoring agent sends: 40% whole numbers below 1e9 of every length,
	// 35% with up to 3 decimals, 20% quotients with all their digits, 5% from
	// 1e-30 to 1e30.
	{"mix", func(r *rand.Rand) float64 {
		switch p := r.IntN(100); {
		case p < 40:
			return math.Floor(math.Pow(10, r.Float64()*9))
		case p < 75:
			return decimals(r.Float64()*1e4, 1+r.IntN(3))
		case p < 95:
			return r.Float64() * 100
		default:
			return math.Pow(10, r.Float64()*60-30)
		}
	}},
	// Full precision between 0 and 1.
	{"uniform", func(r *rand.Rand) float64 { return r.Float64() }},
	// Any finite double.
	{"bits", func(r *rand.Rand) float64 {
		for {
			if v := math.Float64frombits(r.Uint64()); v-v == 0 {
				return v
			}
		}
	}},
	// Counters kept as floats, below 1e6.
	{"whole", func(r *rand.Rand) float64 { return float64(r.IntN(1e6)) }},
	// Half sensor, half any finite double.
	{"half", func(r *rand.Rand) float64 {
		if r.IntN(2) == 0 {
			return decimals(r.Float64()*1000, 1+r.IntN(3))
		}
		return math.Ldexp(1+r.Float64(), r.IntN(2000)-1000)
	}},
	{"zero", func(*rand.Rand) float64 { return 0 }},
}

// decimals returns v rounded to d decimals.
func decimals(v float64, d int) float64 {
	p := math.Pow10(d)
	return math.Round(v*p) / p
}

func makeSet[T any](f func(r *rand.Rand) T) []T {
	r := rand.New(rand.NewPCG(42, 1))
	set := make([]T, benchValues)
	for i := range set {
		set[i] = f(r)
	}
	return set
}

// benchAppend measures app over set, one value per operation.
func benchAppend[T any](b *testing.B, set []T, app func(dst []byte, v T) []byte) {
	buf := make([]byte, 0, 128)
	b.ReportAllocs()
	n := 0
	for i := range b.N { // b.Loop costs 2 ns more
		buf = app(buf[:0], set[i&(benchValues-1)])
		n += len(buf)
	}
	sink += n
}

var sink int

func BenchmarkAppendFloat(b *testing.B) {
	for _, s := range floatSets {
		set := makeSet(s.make)
		b.Run(s.name+"/lp", func(b *testing.B) { benchAppend(b, set, lp.AppendFloat) })
		b.Run(s.name+"/strconv", func(b *testing.B) { benchAppend(b, set, strconvFloat64) })
	}
}

// strconvFloat64 writes the text of AppendFloat with strconv.
func strconvFloat64(dst []byte, v float64) []byte {
	if a := math.Abs(v); a < 1e21 && (a >= 1e-6 || a == 0) {
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

func BenchmarkAppendFloat32(b *testing.B) {
	for _, s := range floatSets {
		switch s.name {
		case "sensor", "mix", "uniform", "bits":
		default:
			continue
		}
		set := makeSet(func(r *rand.Rand) float32 {
			if s.name == "bits" {
				for {
					if v := math.Float32frombits(r.Uint32()); v-v == 0 {
						return v
					}
				}
			}
			return float32(s.make(r))
		})
		b.Run(s.name+"/lp", func(b *testing.B) { benchAppend(b, set, lp.AppendFloat32) })
		b.Run(s.name+"/strconv", func(b *testing.B) {
			benchAppend(b, set, func(dst []byte, v float32) []byte {
				if a := math.Abs(float64(v)); a < 1e21 && (a >= 1e-6 || a == 0) {
					return strconv.AppendFloat(dst, float64(v), 'f', -1, 32)
				}
				return strconv.AppendFloat(dst, float64(v), 'e', -1, 32)
			})
		})
	}
}

// timestamps returns ascending timestamps, step apart on the average.
func timestamps(step int64) []int64 {
	ts := int64(1540184368785116000)
	return makeSet(func(r *rand.Rand) int64 { ts += r.Int64N(2*step) + 1; return ts })
}

func BenchmarkAppendInt(b *testing.B) {
	for _, s := range []struct {
		name string
		make func(r *rand.Rand) int64
	}{
		{"below100", func(r *rand.Rand) int64 { return r.Int64N(100) }},
		{"below1000", func(r *rand.Rand) int64 { return r.Int64N(1000) }},
		{"below1e6", func(r *rand.Rand) int64 { return r.Int64N(1e6) }},
		{"digits1to19", func(r *rand.Rand) int64 {
			return int64(math.Pow(10, r.Float64()*18.9))
		}},
		{"signed", func(r *rand.Rand) int64 { return int64(r.Uint64()) >> r.IntN(64) }},
		{"bits63", func(r *rand.Rand) int64 { return r.Int64() }},
	} {
		set := makeSet(s.make)
		b.Run(s.name+"/lp", func(b *testing.B) { benchAppend(b, set, lp.AppendInt) })
		b.Run(s.name+"/strconv", func(b *testing.B) {
			benchAppend(b, set, func(dst []byte, v int64) []byte { return append(strconv.AppendInt(dst, v, 10), 'i') })
		})
	}
}

func BenchmarkAppendTimestamp(b *testing.B) {
	random := makeSet(func(r *rand.Rand) int64 { return 1.5e18 + r.Int64N(2e17) })
	b.Run("random/lp", func(b *testing.B) { benchAppend(b, random, lp.AppendTimestamp) })
	b.Run("random/strconv", func(b *testing.B) { benchAppend(b, random, strconvInt) })
	// A collector's batch: some microseconds from point to point.
	sequential := timestamps(5000)
	b.Run("sequential/lp", func(b *testing.B) {
		var c lp.TimestampCache
		benchAppend(b, sequential, c.Append)
	})
	b.Run("sequential/strconv", func(b *testing.B) { benchAppend(b, sequential, strconvInt) })
}

func strconvInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

var _ = time.Now
