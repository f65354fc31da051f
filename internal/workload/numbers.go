package workload

import (
	"math"
	"math/rand/v2"
)

// A FloatSet is a distribution of float64 values.
type FloatSet struct {
	Name string
	Make func(n int, seed uint64) []float64
}

// An IntSet is a distribution of int64 values.
type IntSet struct {
	Name string
	Make func(n int, seed uint64) []int64
}

// FloatSets are the distributions that number routines are measured on. Use at least
// 131,072 values: a branch predictor learns the lengths of 4,096.
var FloatSets = []FloatSet{
	// sensor: temperatures, loads and levels, rounded by the device to 1, 2 or 3
	// decimals in equal shares, from -100 to 1000. Most values sent are of this kind.
	{"sensor", floats(func(r *rand.Rand) float64 {
		switch v := r.Float64()*1100 - 100; r.IntN(3) {
		case 0:
			return decimals(v, 10)
		case 1:
			return decimals(v, 100)
		default:
			return decimals(v, 1000)
		}
	})},
	// sensor2: always 2 decimals, 0 to 100: percentages.
	{"sensor2", floats(func(r *rand.Rand) float64 { return float64(r.IntN(10001)) / 100 })},
	// prices: 2 decimals below 10,000, spread evenly over the orders of magnitude, so
	// that 1 to 4 digits precede the point.
	{"prices", floats(func(r *rand.Rand) float64 { return decimals(math.Pow(10, 4*r.Float64()), 100) })},
	// geo6: positions in degrees with 6 decimals, as receivers print them.
	{"geo6", floats(func(r *rand.Rand) float64 { return decimals(r.Float64()*360-180, 1e6) })},
	// canada: coordinates of 15 to 17 digits between -141 and 83, like the
	// canada.json file of JSON benchmarks.
	{"canada", floats(func(r *rand.Rand) float64 { return -141 + 224*r.Float64() })},
	// uniform: [0,1) with all digits: shares and probabilities.
	{"uniform", floats(func(r *rand.Rand) float64 { return r.Float64() })},
	// bits: every finite bit pattern is equally likely, so exponents range from -308 to
	// 308. No metric looks like this; it is the hard case of the general algorithm.
	{"bits", floats(func(r *rand.Rand) float64 {
		for {
			if v := math.Float64frombits(r.Uint64()); !math.IsNaN(v) && !math.IsInf(v, 0) {
				return v
			}
		}
	})},
	// half: sensor and uniform in random order. The branch between the short and the
	// long path cannot be predicted.
	{"half", floats(func(r *rand.Rand) float64 {
		if r.IntN(2) == 0 {
			return decimals(r.Float64()*1100-100, 100)
		}
		return r.Float64()
	})},
	// mix: the values of an agent: 40 % whole numbers (counters as floats), 35 % up to
	// 3 decimals, 20 % with all digits, 5 % over many orders of magnitude.
	{"mix", floats(func(r *rand.Rand) float64 {
		switch k := r.IntN(100); {
		case k < 40:
			return math.Floor(math.Pow(10, 9*r.Float64()))
		case k < 75:
			return decimals(r.Float64()*1000, [...]float64{10, 100, 1000}[r.IntN(3)])
		case k < 95:
			return r.Float64() * 100
		default:
			return math.Pow(10, 24*r.Float64()-9)
		}
	})},
	// whole: integers below a million held as floats.
	{"whole", floats(func(r *rand.Rand) float64 { return float64(r.IntN(1e6)) })},
	// zero: idle counters and absent errors.
	{"zero", floats(func(*rand.Rand) float64 { return 0 })},
}

// IntSets are the distributions of integers.
var IntSets = []IntSet{
	// lt100: percentages, numbers of threads.
	{"lt100", ints(func(r *rand.Rand) int64 { return r.Int64N(100) })},
	// lt1000: status codes, small gauges.
	{"lt1000", ints(func(r *rand.Rand) int64 { return r.Int64N(1000) })},
	// lt1e6: sizes and counts; 90 % have 6 digits.
	{"lt1e6", ints(func(r *rand.Rand) int64 { return r.Int64N(1e6) })},
	// digits: 1 to 19 digits, each length equally likely: counters of any age. The
	// length cannot be predicted.
	{"digits", ints(anyLength)},
	// signed: the same with a random sign.
	{"signed", ints(func(r *rand.Rand) int64 {
		if r.IntN(2) == 0 {
			return -anyLength(r)
		}
		return anyLength(r)
	})},
	// random63: 63 random bits, mostly 19 digits: ids and hashes.
	{"random63", ints(func(r *rand.Rand) int64 { return r.Int64() })},
	// timestamp: nanoseconds anywhere in the years 2017 to 2033.
	{"timestamp", ints(func(r *rand.Rand) int64 { return 15e17 + r.Int64N(5e17) })},
	// sequential: nanoseconds of points that follow each other after 1 ms on average,
	// as in a batch.
	{"sequential", func(n int, seed uint64) []int64 {
		r := rand.New(rand.NewPCG(seed, 0x736571))
		vs, ts := make([]int64, n), GuideTrade.Timestamp
		for i := range vs {
			ts += 1 + int64(r.ExpFloat64()*1e6)
			vs[i] = ts
		}
		return vs
	}},
}

// FindInts returns the set of integers called name.
func FindInts(name string) (IntSet, bool) {
	for _, s := range IntSets {
		if s.Name == name {
			return s, true
		}
	}
	return IntSet{}, false
}

// anyLength returns an integer of 1 to 19 digits. Each length is equally likely.
func anyLength(r *rand.Rand) int64 {
	lo := int64(1)
	d := r.IntN(19)
	for range d {
		lo *= 10
	}
	if d == 18 {
		return lo + r.Int64N(math.MaxInt64-lo)
	}
	return lo + r.Int64N(9*lo)
}

// decimals returns the float64 nearest to v rounded to a multiple of 1/unit.
func decimals(v, unit float64) float64 { return math.Round(v*unit) / unit }

func floats(next func(*rand.Rand) float64) func(int, uint64) []float64 {
	return func(n int, seed uint64) []float64 {
		r := rand.New(rand.NewPCG(seed, 0x666c6f6174))
		vs := make([]float64, n)
		for i := range vs {
			vs[i] = next(r)
		}
		return vs
	}
}

func ints(next func(*rand.Rand) int64) func(int, uint64) []int64 {
	return func(n int, seed uint64) []int64 {
		r := rand.New(rand.NewPCG(seed, 0x696e74))
		vs := make([]int64, n)
		for i := range vs {
			vs[i] = next(r)
		}
		return vs
	}
}
