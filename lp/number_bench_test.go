package lp_test

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// Sets of benchValues distinct values: with few thousand, a branch predictor
// learns the sequence by heart.
const benchValues = 1 << 17

// A way is a library and what it does with a value.
type way[T any] struct {
	lib string
	add func(dst []byte, v T) []byte
}

// benchWays measures ways over set, one value per operation.
func benchWays[T any](b *testing.B, name string, set []T, ways ...way[T]) {
	b.Run("case="+name, func(b *testing.B) {
		for _, w := range ways {
			b.Run("lib="+w.lib, func(b *testing.B) {
				buf := make([]byte, 0, 128)
				b.ReportAllocs()
				n := 0
				for i := range b.N { // b.Loop costs 2 ns more
					buf = w.add(buf[:0], set[i&(benchValues-1)])
					n += len(buf)
				}
				sink += n
			})
		}
	})
}

var sink int

func BenchmarkAppendFloat(b *testing.B) {
	for _, s := range workload.FloatSets {
		benchWays(b, s.Name, s.Make(benchValues, 1), way[float64]{"pointwire", lp.AppendFloat}, way[float64]{"strconv", strconvFloat(64)})
	}
}

func BenchmarkAppendFloat32(b *testing.B) {
	wide := strconvFloat(32)
	add := func(name string, set []float32) {
		benchWays(b, name, set, way[float32]{"pointwire", lp.AppendFloat32},
			way[float32]{"strconv", func(dst []byte, v float32) []byte { return wide(dst, float64(v)) }})
	}
	for _, s := range workload.FloatSets {
		if slices.Contains([]string{"sensor", "mix", "uniform"}, s.Name) {
			var set []float32
			for _, v := range s.Make(benchValues, 1) {
				set = append(set, float32(v))
			}
			add(s.Name, set)
		}
	}
	// Any pattern of bits; one whose exponent says that it is no number gets another.
	var bits []float32
	for _, v := range benchInts(b, "random63") {
		f := math.Float32frombits(uint32(v))
		if f-f != 0 {
			f = math.Float32frombits(uint32(v) &^ (1 << 30))
		}
		bits = append(bits, f)
	}
	add("bits", bits)
}

// strconvFloat writes the text of AppendFloat and AppendFloat32 with strconv.
func strconvFloat(bits int) func(dst []byte, v float64) []byte {
	return func(dst []byte, v float64) []byte {
		if a := math.Abs(v); a < 1e21 && (a >= 1e-6 || a == 0) {
			return strconv.AppendFloat(dst, v, 'f', -1, bits)
		}
		return strconv.AppendFloat(dst, v, 'e', -1, bits)
	}
}

func BenchmarkAppendInt(b *testing.B) {
	for _, s := range workload.IntSets {
		if s.Name == "timestamp" || s.Name == "sequential" {
			continue
		}
		benchWays(b, s.Name, s.Make(benchValues, 1), way[int64]{"pointwire", lp.AppendInt},
			way[int64]{"strconv", func(dst []byte, v int64) []byte { return append(strconv.AppendInt(dst, v, 10), 'i') }})
	}
}

func BenchmarkAppendTimestamp(b *testing.B) {
	for _, name := range []string{"timestamp", "sequential"} {
		var cache lp.TimestampCache
		benchWays(b, name, benchInts(b, name), way[int64]{"pointwire", lp.AppendTimestamp}, way[int64]{"pointwire-cached", cache.Append},
			way[int64]{"strconv", func(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }})
	}
}

func benchInts(b *testing.B, name string) []int64 {
	s, ok := workload.FindInts(name)
	if !ok {
		b.Fatalf("no integers %q", name)
	}
	return s.Make(benchValues, 1)
}

// benchTimes are times with all nine digits after the second, and without any.
func benchTimes(b *testing.B) map[string][]int64 {
	ns := benchInts(b, "timestamp")
	whole := slices.Clone(ns)
	for i := range whole {
		whole[i] -= whole[i] % 1e9
	}
	return map[string][]int64{"nanoseconds": ns, "seconds": whole}
}

func timeRFC3339(dst []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(dst, time.RFC3339Nano)
}

func BenchmarkAppendRFC3339(b *testing.B) {
	sets := benchTimes(b)
	for _, name := range []string{"nanoseconds", "seconds"} {
		benchWays(b, name, sets[name], way[int64]{"pointwire", func(dst []byte, v int64) []byte { return lp.AppendRFC3339(dst, v, lp.Nanosecond) }},
			way[int64]{"time", timeRFC3339})
	}
}

func BenchmarkParseTimestamp(b *testing.B) {
	sets := benchTimes(b)
	for _, name := range []string{"nanoseconds", "seconds"} {
		texts := make([]string, benchValues)
		for i, ns := range sets[name] {
			texts[i] = string(timeRFC3339(nil, ns))
		}
		// Either grows dst by a byte for each time that it understood.
		benchWays(b, name, texts, way[string]{"pointwire", func(dst []byte, text string) []byte {
			ts, err := lp.ParseTimestamp(text, lp.Nanosecond)
			if err != nil {
				b.Fatal(err)
			}
			return append(dst, byte(ts))
		}}, way[string]{"time", func(dst []byte, text string) []byte {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				b.Fatal(err)
			}
			return append(dst, byte(t.UnixNano()))
		}})
	}
}
