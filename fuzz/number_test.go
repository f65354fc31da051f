package fuzz

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/lp"
)

// formatFloat returns the agreed text of v, made with strconv: plain for zero and
// 1e-6 <= |v| < 1e21 in the precision of v, otherwise with an exponent. It returns "" for
// values that are not finite.
func formatFloat(v float64, bits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 {
		if bits == 64 && (a < 1e-6 || a >= 1e21) || bits == 32 && (float32(a) < 1e-6 || float32(a) >= 1e21) {
			format = 'e'
		}
	}
	return strconv.FormatFloat(v, format, -1, bits)
}

// parseFloat returns the number in s, or NaN if there is none.
func parseFloat(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// around returns a buffer with room for exactly n more bytes, all of which are set.
func around(prefix string, n int) []byte {
	b := bytes.Repeat([]byte{0xaa}, len(prefix)+n)
	copy(b, prefix)
	return b[:len(prefix):len(b)]
}

// FuzzFloat compares the text of floats with strconv and with encoding/json,
// and the number in the text with strconv.
func FuzzFloat(f *testing.F) {
	for _, v := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 0.3, 2.0 / 3, 1e-6, 9.999999999999999e-7, 1e21, math.Nextafter(1e21, 0), 1e22, 1e23, 1 << 53, 1<<53 + 2,
		5e-324, math.SmallestNonzeroFloat32, math.MaxFloat32, math.MaxFloat64, 2.2250738585072014e-308, 219.23, 52.370216, 123456.78901234,
		8388607.99999999, 8388608, 0x1p-10, math.NaN(), math.Inf(1), math.Inf(-1), 9007199254740993e3, 4.35, 0.000001, 1.7976931348623157e308,
	} {
		f.Add(math.Float64bits(v), uint8(0))
		f.Add(uint64(math.Float32bits(float32(v))), uint8(25))
	}
	f.Fuzz(func(t *testing.T, bits uint64, room uint8) {
		v, v32 := math.Float64frombits(bits), math.Float32frombits(uint32(bits))
		// Nearly all bit patterns are numbers of 17 digits, so shorter ones are tested
		// too.
		digits := math.Float64frombits(bits &^ (1<<(bits%53) - 1))
		decimals := float64(int64(bits)>>(bits%64)) / math.Pow10(int(bits%23))
		for _, v := range []float64{v, digits, decimals} {
			want := "x=" + formatFloat(v, 64)
			if got := lp.AppendFloat(around("x=", int(room%64)), v); string(got) != want {
				t.Fatalf("AppendFloat of %#x is %q, want %q", math.Float64bits(v), got, want)
			}
			if len(want) == 2 {
				continue
			}
			if j, err := json.Marshal(v); err != nil || parseFloat(string(j)) != v {
				t.Fatalf("encoding/json writes %q: %v", j, err)
			}
			requireNumber(t, want[2:])
		}
		want := "x=" + formatFloat(float64(v32), 32)
		if got := lp.AppendFloat32(around("x=", int(room%64)), v32); string(got) != want {
			t.Fatalf("AppendFloat32 of %#x is %q, want %q", uint32(bits), got, want)
		}
	})
}

// requireNumber compares decimal.Number with strconv for text.
func requireNumber(t *testing.T, text string) {
	t.Helper()
	b := make([]byte, len(text)+1, len(text)+1+decimal.NumberPad)
	copy(b, text)
	b[len(text)] = ','
	value, form, next := decimal.Number(b, 0)
	valid := json.Valid([]byte(text)) && (text[0] == '-' || text[0] >= '0' && text[0] <= '9')
	v, err := strconv.ParseFloat(text, 64)
	if !valid || err != nil {
		if form != decimal.NotNumber && next == len(text) {
			t.Fatalf("%q is taken as a number", text)
		}
		return
	}
	want, wantForm := math.Float64bits(v), decimal.Float
	if text != "-0" {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			want, wantForm = uint64(i), decimal.Int
		} else if u, err := strconv.ParseUint(text, 10, 64); err == nil {
			want, wantForm = u, decimal.Uint
		}
	}
	if value != want || form != wantForm || next != len(text) {
		t.Fatalf("%q is %#x of form %d up to %d, want %#x of form %d", text, value, form, next, want, wantForm)
	}
}

// FuzzNumberText compares the parser of numbers with strconv and the grammar of
// encoding/json, for any text.
func FuzzNumberText(f *testing.F) {
	for _, s := range []string{
		"0", "-0", "-0.0", "0e5", "1", "12345678", "123456789012345678", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "0.1", "219.23", "1.5e-07", "1e21", "1E+21", "1e400", "-1e400", "1e-400", "2.4703282292062327e-324",
		"2.4703282292062328e-324", "1.7976931348623158e308", "1.7976931348623159e308", "9007199254740993", "9007199254740993.0",
		"9007199254740992.9999999999999999", "0.30000000000000004", "123456789012345678901234567890.123456789", "1e00000000000000000001",
		"0.0000000000000000000000000000000000000000000000000000000000000001", "00", "01", "-", "1.", ".5", "+1", "1e", "1e+", "1..2", "--1", "0x1", "1_0", "1e5.5",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || len(s) > 2000 || bytes.ContainsAny([]byte(s), ",") {
			return
		}
		requireNumber(t, s)
	})
}

// FuzzInt compares the text of integers with strconv.
func FuzzInt(f *testing.F) {
	for _, v := range []int64{0, 9, 10, 99, 100, 999, 1000, 99999999, 100000000, 1e16 - 1, 1e16, 1e18 - 1, 1e18, 1540184368785116000, math.MaxInt64, math.MinInt64, -1, -1000} {
		f.Add(v, int64(1e8), uint8(20))
	}
	f.Fuzz(func(t *testing.T, v, step int64, room uint8) {
		n := int(room % 64)
		var cache decimal.TimestampCache
		for range 3 {
			if got, want := string(lp.AppendInt(around("x", n), v)), "x"+strconv.FormatInt(v, 10)+"i"; got != want {
				t.Fatalf("AppendInt: %q, want %q", got, want)
			}
			if got, want := string(lp.AppendUint(around("x", n), uint64(v))), "x"+strconv.FormatUint(uint64(v), 10)+"u"; got != want {
				t.Fatalf("AppendUint: %q, want %q", got, want)
			}
			if got, want := string(lp.AppendTimestamp(around("x", n), v)), "x"+strconv.FormatInt(v, 10); got != want {
				t.Fatalf("AppendTimestamp: %q, want %q", got, want)
			}
			b := decimal.Grow(around("x", n), decimal.RoomInt)
			if got, want := string(b[:cache.Put(b, 1, v)]), "x"+strconv.FormatInt(v, 10); got != want {
				t.Fatalf("TimestampCache: %q, want %q", got, want)
			}
			requireNumber(t, strconv.FormatInt(v, 10))
			requireNumber(t, strconv.FormatUint(uint64(v), 10))
			v += step
		}
	})
}

// FuzzTime compares the conversion of times with big integers.
func FuzzTime(f *testing.F) {
	for _, s := range []int64{0, 1, -1, 9223372036, 9223372037, -9223372036, -9223372037, -62135596800, 253402300799, math.MaxInt64, math.MinInt64, 1 << 40} {
		for _, ns := range []int64{0, 1, 145224193, 145224194, 145224195, 854775805, 854775806, 854775807, 999999999} {
			f.Add(s, ns, int16(s%1440))
		}
	}
	f.Fuzz(func(t *testing.T, sec, ns int64, zone int16) {
		ns = floorMod(ns, 1e9)
		at := time.Unix(sec, ns).In(time.FixedZone("", int(zone)*60))
		exact := new(big.Int).Mul(big.NewInt(at.Unix()), big.NewInt(1e9))
		exact.Add(exact, big.NewInt(ns))
		lo, hi := big.NewInt(lp.MinTime), big.NewInt(lp.MaxTime)
		for p := lp.Nanosecond; p <= lp.Hour; p++ {
			unit := big.NewInt(p.Unit())
			want := new(big.Int).Div(exact, unit) // Euclidean division rounds down here
			back := new(big.Int).Mul(want, unit)
			ok := exact.Cmp(lo) >= 0 && exact.Cmp(hi) <= 0 && back.Cmp(lo) >= 0
			var e lp.Encoder
			e.SetPrecision(p)
			e.Point("m")
			e.Int("f", 1)
			err := e.End(at)
			if at.IsZero() {
				if err != nil || string(e.Bytes()) != "m f=1i\n" {
					t.Fatalf("the zero time: %q, %v", e.Bytes(), err)
				}
				continue
			}
			if (err == nil) != ok || ok && string(e.Bytes()) != "m f=1i "+want.String()+"\n" {
				t.Fatalf("%v in %v: %q, %v, want %v, %v", at, p, e.Bytes(), err, want, ok)
			}
			if !ok {
				continue
			}
			got, ok := decimal.UnixTime(want.Int64(), p)
			if !ok || got.UnixNano() != back.Int64() {
				t.Fatalf("UnixTime(%v, %v) is %v, want %v", want, p, got, back)
			}
		}
	})
}

func floorMod(a, b int64) int64 { return a - floor(a, b)*b }
