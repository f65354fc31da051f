package itest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// floats returns finite floats at the limits of their text and of their bits, and n random
// ones.
func floats(n int) []float64 {
	v := []float64{0, math.Copysign(0, -1), 1, -1, 3, 0.1, 0.64, 1.0 / 3, 5e-324, -5e-324, 1e-323,
		2.2250738585072014e-308, 2.225073858507201e-308, math.MaxFloat64, -math.MaxFloat64,
		1e-6, math.Nextafter(1e-6, 0), 1e-7, 1e20, 1e21, math.Nextafter(1e21, 0), math.Nextafter(1e21, 2e21), 1e22, 1e23,
		1 << 53, 1<<53 + 2, 1 << 62, 1 << 63, 1 << 64, -1 << 63, 9007199254740993, 123456789.123456789, math.Pi, math.E}
	for e := -1074; e <= 1023; e += 7 { // some powers of two and their neighbours
		p := math.Ldexp(1, e)
		v = append(v, p, math.Nextafter(p, 0), -math.Nextafter(p, 2*p))
	}
	for e := -323; e <= 308; e += 5 {
		v = append(v, float64(1)*math.Pow10(e), 1.7*math.Pow10(e))
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range n {
		if f := math.Float64frombits(rnd.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			v = append(v, f)
		}
		v = append(v, rnd.Float64(), math.Round(rnd.Float64()*1e5)/100, math.Round(rnd.NormFloat64()*1e9)/1e6)
	}
	return v
}

// writePoints writes n points of measurement m with the timestamps 0 to n-1. add adds their
// fields.
func writePoints(t *testing.T, c *fastclient.Client, n int, add func(e *lp.Encoder, i int)) {
	t.Helper()
	var e lp.Encoder
	for i := range n {
		e.Point("m")
		add(&e, i)
		if err := e.EndTimestamp(int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Write(t.Context(), e.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// readPoints reads field f of n points of measurement m in the order of their
// timestamps, which count from 0.
func readPoints(t *testing.T, c *fastclient.Client, n int, check func(row *jsonscan.Row, i int)) {
	t.Helper()
	res, err := c.Query(t.Context(), "SELECT f FROM m")
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for row, err := range res.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		if ts := must[int64](t)(row.Timestamp(0)); ts != int64(i) {
			t.Fatalf("row %d is at %d", i, ts)
		}
		check(row, i)
		i++
	}
	if i != n {
		t.Fatalf("%d rows, want %d", i, n)
	}
}

// onServers runs f on every server with an empty database.
func onServers(t *testing.T, f func(t *testing.T, s *Server, c *fastclient.Client)) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		f(t, s, createDatabase(t, s, newClient(t, s, fastclient.Options{}), "values"))
	})
}

func TestFloatRoundTrip(t *testing.T) {
	values := floats(3000)
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		writePoints(t, c, len(values), func(e *lp.Encoder, i int) { e.Float("f", values[i]) })
		readPoints(t, c, len(values), func(row *jsonscan.Row, i int) {
			if got := must[float64](t)(row.Float(1)); math.Float64bits(got) != math.Float64bits(values[i]) {
				t.Errorf("%x came back as %x, text %s", math.Float64bits(values[i]), math.Float64bits(got), row.Raw(1))
			}
		})
	})
}

func TestFloat32RoundTrip(t *testing.T) {
	values := []float32{0, float32(math.Copysign(0, -1)), 0.1, 1, math.MaxFloat32, math.SmallestNonzeroFloat32, 1.1754944e-38, 16777217, 3.4e38, 1e-6, 1e21}
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		if f := math.Float32frombits(rnd.Uint32()); f == f && !math.IsInf(float64(f), 0) {
			values = append(values, f)
		}
	}
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		writePoints(t, c, len(values), func(e *lp.Encoder, i int) { e.Float32("f", values[i]) })
		readPoints(t, c, len(values), func(row *jsonscan.Row, i int) {
			if got := float32(must[float64](t)(row.Float(1))); math.Float32bits(got) != math.Float32bits(values[i]) {
				t.Errorf("%v came back as %v, text %s", values[i], got, row.Raw(1))
			}
		})
	})
}

func TestIntRoundTrip(t *testing.T) {
	values := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1, math.MaxInt32, math.MinInt32, 1<<53 + 1, -1<<53 - 1}
	for p := int64(1); p < 1e18; p *= 10 {
		values = append(values, p, -p, p-1, p+1)
	}
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 5000 {
		values = append(values, int64(rnd.Uint64()>>rnd.IntN(64)), -int64(rnd.Uint64()>>(1+rnd.IntN(63))))
	}
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		writePoints(t, c, len(values), func(e *lp.Encoder, i int) { e.Int("f", values[i]) })
		readPoints(t, c, len(values), func(row *jsonscan.Row, i int) {
			if got := must[int64](t)(row.Int(1)); got != values[i] {
				t.Errorf("%d came back as %d", values[i], got)
			}
		})
	})
}

// TestUnsigned checks that 1.x refuses unsigned values, which is why the encoder can write
// them as integers. InfluxDB 2 stores them.
func TestUnsigned(t *testing.T) {
	values := []uint64{0, 1, math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		var e lp.Encoder
		e.Point("m")
		e.Uint("f", 1)
		if err := e.EndTimestamp(0); err != nil {
			t.Fatal(err)
		}
		if is2(s) {
			writePoints(t, c, len(values), func(e *lp.Encoder, i int) { e.Uint("f", values[i]) })
			readPoints(t, c, len(values), func(row *jsonscan.Row, i int) {
				if got := must[uint64](t)(row.Uint(1)); got != values[i] {
					t.Errorf("%d came back as %d", values[i], got)
				}
			})
			c = createDatabase(t, s, c, "clamped")
		} else if err := c.Write(t.Context(), e.Bytes()); err == nil || !strings.Contains(err.Error(), "invalid number") {
			t.Errorf("an unsigned value: %v", err)
		}
		e = lp.Encoder{}
		e.SetOptions(lp.Options{Unsigned: lp.UnsignedClamp})
		for i, v := range values {
			e.Point("m")
			e.Uint("f", v)
			if err := e.EndTimestamp(int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Write(t.Context(), e.Bytes()); err != nil {
			t.Fatal(err)
		}
		readPoints(t, c, len(values), func(row *jsonscan.Row, i int) {
			if got, want := must[uint64](t)(row.Uint(1)), min(values[i], math.MaxInt64); got != want {
				t.Errorf("%d came back as %d, want %d", values[i], got, want)
			}
		})
	})
}

func TestBoolAndDecimalRoundTrip(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		writePoints(t, c, 10, func(e *lp.Encoder, i int) { e.Bool("f", i%3 == 0) })
		readPoints(t, c, 10, func(row *jsonscan.Row, i int) {
			if got := must[bool](t)(row.Bool(1)); got != (i%3 == 0) {
				t.Errorf("row %d: %v", i, got)
			}
		})
		numbers := []string{"0", "-0", "3.54", "1E+3", "1e3", ".5", "-.5", "5.", "0.1000", "123456789012345678901234567890", "1e-400", "00012.50"}
		c = createDatabase(t, s, c, "decimals")
		writePoints(t, c, len(numbers), func(e *lp.Encoder, i int) { e.Decimal("f", numbers[i]) })
		readPoints(t, c, len(numbers), func(row *jsonscan.Row, i int) {
			want := must[float64](t)(strconv.ParseFloat(numbers[i], 64))
			if got := must[float64](t)(row.Float(1)); math.Float64bits(got) != math.Float64bits(want) {
				t.Errorf("%s came back as %v", numbers[i], got)
			}
		})
	})
}

// TestStringRoundTrip writes every character below 0x500, and strings of up to 100 KB.
func TestStringRoundTrip(t *testing.T) {
	var values []string
	for r := range rune(0x500) {
		values = append(values, "<"+string(r)+">")
	}
	values = append(values, "", "\\", `\"`, `\\"`, "😀\U0010FFFF", strings.Repeat(`a"b\c`+"\n\t\x00é", 10_000))
	for n := range 200 {
		values = append(values, strings.Repeat("x", n)+`"`+strings.Repeat(`\`, n%7))
	}
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		writePoints(t, c, len(values), func(e *lp.Encoder, i int) { e.String("f", values[i]) })
		readPoints(t, c, len(values), func(row *jsonscan.Row, i int) {
			if got := must[string](t)(row.String(1)); got != values[i] {
				t.Errorf("%.50q came back as %.50q", values[i], got)
			}
		})
	})
}

// TestTimestampRoundTrip writes the limits of the times that servers store, and times before
// and after 1970, in every precision.
func TestTimestampRoundTrip(t *testing.T) {
	precisions := []lp.Precision{lp.Nanosecond, lp.Microsecond, lp.Millisecond, lp.Second, lp.Minute, lp.Hour}
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		for _, p := range precisions {
			t.Run(p.String(), func(t *testing.T) {
				c := createDatabase(t, s, c, "times_"+p.String())
				// Units since 1970, in order. MinTime is rounded towards zero, since the
				// unit below it is outside the range.
				values := []int64{lp.MinTime / p.Unit(), lp.MinTime/p.Unit() + 1, -1500000000*int64(time.Second)/p.Unit() - 1,
					-1, 0, 1, 1500000000*int64(time.Second)/p.Unit() + 1, lp.MaxTime/p.Unit() - 1, lp.MaxTime / p.Unit()}
				e := lp.Encoder{}
				e.SetPrecision(p)
				for i, ts := range values {
					e.Point("m")
					e.Int("f", int64(i))
					if err := e.EndTimestamp(ts); err != nil {
						t.Fatalf("%d: %v", ts, err)
					}
				}
				err := c.Write(t.Context(), e.Bytes(), fastclient.WritePrecision(p))
				if is2(s) && p > lp.Second {
					// InfluxDB 2 has no minutes and hours, so nothing is sent.
					if bad, ok := errors.AsType[*fastclient.OptionError](err); !ok || bad.Field != "Precision" {
						t.Errorf("%v, want an error of Precision", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, opts := range [][]fastclient.QueryOption{nil, {fastclient.Epoch(p)}, {fastclient.RFC3339()}} {
					i := 0
					res, err := c.Query(t.Context(), "SELECT f FROM m", opts...)
					if err != nil {
						t.Fatal(err)
					}
					for row, err := range res.Rows() {
						if err != nil {
							t.Fatal(err)
						}
						want := values[i] * p.Unit()
						if got := must[int64](t)(row.Timestamp(0)); got != want || must[int64](t)(row.Int(1)) != int64(i) {
							t.Errorf("%d %v came back as %d, text %s", values[i], p, got, row.Raw(0))
						}
						if got := must[time.Time](t)(row.Time(0)); got.UnixNano() != want || got.Location() != time.UTC {
							t.Errorf("%d %v came back as %v", values[i], p, got)
						}
						i++
					}
					if i != len(values) {
						t.Errorf("%d rows, want %d", i, len(values))
					}
				}
			})
		}
	})
}

// TestTimestampRange checks that the encoder and the server have the same range.
func TestTimestampRange(t *testing.T) {
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		for _, ts := range []int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64} {
			var e lp.Encoder
			e.Point("m")
			e.Int("f", 1)
			if err := e.EndTimestamp(ts); err == nil {
				t.Errorf("the encoder accepts %d", ts)
			}
			if err := c.Write(t.Context(), fmt.Appendf(nil, "m f=1i %d\n", ts)); err == nil || !strings.Contains(err.Error(), "time outside range") {
				t.Errorf("the server accepts %d: %v", ts, err)
			}
		}
	})
}

// TestTimeIsFloored checks that a time before 1970 is rounded down to its unit.
func TestTimeIsFloored(t *testing.T) {
	at := time.Date(1969, 12, 31, 23, 59, 59, 500_000_000, time.UTC)
	onServers(t, func(t *testing.T, s *Server, c *fastclient.Client) {
		var e lp.Encoder
		e.SetPrecision(lp.Second)
		e.Point("m")
		e.Int("f", 1)
		if err := e.End(at); err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), e.Bytes(), fastclient.WritePrecision(lp.Second)); err != nil {
			t.Fatal(err)
		}
		if got := raws(t, c, "SELECT f FROM m", fastclient.Epoch(lp.Second)); fmt.Sprint(got) != "[[-1 1]]" {
			t.Errorf("got %v, want second -1", got)
		}
	})
}
