package decimal

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
)

// numberPlain is the plain twin of Number: encoding/json decides what a number
// is, and strconv what it is worth.
func numberPlain(text string) (value uint64, form Form) {
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') || !json.Valid([]byte(text)) {
		return 0, NotNumber
	}
	if text != "-0" {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return uint64(v), Int
		}
		if v, err := strconv.ParseUint(text, 10, 64); err == nil {
			return v, Uint
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, NotNumber
	}
	return math.Float64bits(f), Float
}

var numberBuffer = make([]byte, 0, 1<<10)

// checkNumber compares Number with its twin on text, followed by a comma and by
// bytes that could mislead it.
func checkNumber(t *testing.T, text string) {
	t.Helper()
	want, wantForm := numberPlain(text)
	for _, after := range []string{",1.5e55555555555555555555555555555555555555", "]\xff\xff\xff\xff\xff\xff\xff\xff", "\x00"} {
		b := append(append(numberBuffer[:0], '['), text...)
		b = append(b, after...)
		n := len(b)
		b = append(b, make([]byte, NumberPad)...)[:n]
		got, form, next := Number(b, 1)
		if form != NotNumber && next != 1+len(text) {
			// A prefix was taken: right only if the text is no number.
			if wantForm != NotNumber || numberForm(text[:next-1]) == NotNumber {
				t.Fatalf("Number(%q) ends at %d", text, next-1)
			}
			continue
		}
		if form != wantForm || form != NotNumber && got != want {
			t.Fatalf("Number(%q) = %x, %d, want %x, %d", text, got, form, want, wantForm)
		}
	}
}

func numberForm(text string) Form {
	_, form := numberPlain(text)
	return form
}

var numberTexts = []string{
	"0", "-0", "0.0", "-0.0", "0e0", "-0e5", "00", "01", "-01", "1", "-1", "9", "10", "99", "-", "", ".", ".5", "-.5", "5.", "-5.", "1.e5",
	"+1", "1+", "--1", "1..2", "1.2.3", "1e", "1e+", "1e-", "1E5", "1e+5", "1e-5", "1e05", "1.5e3", "1.5E-3", "0x1p-2", "1_0", "NaN", "Inf", "nan", "inf",
	"0.1", "0.12", "0.123", "0.1234", "0.12345", "0.123456", "0.1234567", "0.12345678", "0.123456789",
	"1.0", "12.0", "123.0", "1234.5", "12345.6", "123456.7", "1234567.8", "12345678.9", "123456789.1",
	"1234567", "12345678", "123456789", "-1234567", "-12345678", "-123456", "123456", "12345.", "123456.", "1234567.", "12345678.", "-1234567.",
	"123456e1", "1234567e1", "12345678e1", "1234.5e1", "12345.6e1", "123456.7e1", "1.23456e", "1.2345e", "1e1234567890123",
	"9223372036854775807", "9223372036854775808", "9223372036854775809", "-9223372036854775808", "-9223372036854775809",
	"18446744073709551615", "18446744073709551616", "9999999999999999999", "-9999999999999999999", "99999999999999999999", "100000000000000000000",
	"1000000000000000000000000000000000000000000000000000", "123456789012345678901234567890.5",
	"1500000000060748059", "12345678901234567000", "12345678901234567e3", "1234567890123456789.5", "1234567890123456.5", "123456789012345.5",
	"1e21", "1e+21", "1e22", "1e23", "1e-7", "1e300", "1e308", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "1e400", "-1e400",
	"5e-324", "2.5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "4.9e-324", "1e-323", "1e-400", "2.2250738585072014e-308", "2.2250738585072011e-308",
	"9007199254740992", "9007199254740993", "9007199254740993.0", "9007199254740994.5", "9007199254740992.5", "4503599627370496.5", "4503599627370497.5",
	"0.000001", "0.00000123456789012345678", "0.000000000000000000000001", "0.0000000000000000000000012", "0.1000000000000000055511151231257827",
	"1.000000000000000111022302462515654042363166809082031250", "1.00000000000000011102230246251565404236316680908203125000000000000001",
	"8.5e-7", "0.3", "0.30000000000000004", "219.23", "64.5", "43.123456789012345", "-73.98765432101234",
}

func TestNumber(t *testing.T) {
	for _, text := range numberTexts {
		checkNumber(t, text)
		checkNumber(t, "-"+text)
		for _, c := range "0123456789.-+eE" {
			checkNumber(t, text+string(c))
			checkNumber(t, string(c)+text)
			for i := range len(text) {
				checkNumber(t, text[:i]+string(c)+text[i:])
			}
		}
	}
}

// numberSources make the texts of TestNumberRandom.
var numberSources = []struct {
	name string
	make func(r *rand.Rand) string
}{
	{"shortest", func(r *rand.Rand) string {
		f := math.Float64frombits(r.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 1.5
		}
		return strconv.FormatFloat(f, "eg"[r.IntN(2)], -1, 64)
	}},
	{"plain shortest", func(r *rand.Rand) string {
		return strconv.FormatFloat(math.Ldexp(r.Float64(), r.IntN(90)-20), 'f', -1, 64)
	}},
	{"uniform", func(r *rand.Rand) string { return strconv.FormatFloat(100*r.Float64(), 'f', -1, 64) }},
	{"decimals", func(r *rand.Rand) string {
		return strconv.FormatFloat(float64(r.Int64N(1e15)>>r.IntN(50))/math.Pow10(r.IntN(9)), 'f', -1, 64)
	}},
	{"digits", func(r *rand.Rand) string {
		n := 1 + r.IntN(30)
		point := r.IntN(n + 5)
		var b strings.Builder
		if r.IntN(3) == 0 {
			b.WriteByte('-')
		}
		for i := range n {
			if i == point {
				b.WriteByte('.')
			}
			b.WriteByte('0' + byte(r.IntN(10)))
		}
		if r.IntN(3) == 0 {
			fmt.Fprintf(&b, "e%d", r.IntN(700)-350)
		}
		return b.String()
	}},
	{"integers", func(r *rand.Rand) string { return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10) }},
	{"unsigned", func(r *rand.Rand) string { return strconv.FormatUint(r.Uint64()>>r.IntN(64), 10) }},
	{"halves", halfway},
	// Numbers that a product of 128 bits cannot decide, because they are exact.
	{"dyadic", func(r *rand.Rand) string {
		text := strconv.FormatFloat(math.Ldexp(float64(r.Int64N(1<<r.IntN(53)+1)), -r.IntN(20)), 'f', -1, 64)
		if strings.Contains(text, ".") {
			text += "0000000000000"[:r.IntN(14)]
		}
		return text
	}},
}

// halfway returns the text half way between two neighbouring float64, or a
// digit beside it, cut to the digits that 64 bits of mantissa hold.
func halfway(r *rand.Rand) string {
	f := math.Float64frombits(r.Uint64()&(1<<62-1) | 1<<60)
	x := new(big.Float).SetPrec(200).SetFloat64(f)
	y := new(big.Float).SetPrec(200).SetFloat64(math.Nextafter(f, math.Inf(1)))
	x.Add(x, y).Quo(x, big.NewFloat(2))
	return x.Text('e', []int{16, 17, 18, 19, 40}[r.IntN(5)])
}

// TestNumberRandom compares 150,000 numbers of each source with strconv, or as many
// as -decimal.values says, from a seed of the time of day.
func TestNumberRandom(t *testing.T) {
	n, seed := 150_000, uint64(7)
	switch {
	case *randomize > 0:
		n, seed = int(*randomize), uint64(time.Now().UnixNano())
		t.Logf("%d values, seed %d", n, seed)
	case testing.Short():
		n = 10_000
	}
	for _, src := range numberSources {
		r := rand.New(rand.NewPCG(seed, uint64(len(src.name))))
		count := n
		if src.name == "halves" {
			count /= 10
		}
		for range count {
			checkNumber(t, src.make(r))
		}
	}
}

// TestScaleDeclines bounds how often scale leaves a number to the library, on
// texts as servers send them.
func TestScaleDeclines(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	declined := 0
	for range 100_000 {
		text := strconv.FormatFloat(100*r.Float64(), 'f', -1, 64)
		whole, frac, _ := strings.Cut(text, ".")
		v, err := strconv.ParseUint(whole+frac, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := scale(v, -len(frac)); !ok && v >= 1<<53 {
			declined++
		}
	}
	if declined > 10 {
		t.Errorf("scale declined %d of 100000", declined)
	}
}

func FuzzNumber(f *testing.F) {
	for _, text := range numberTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < cap(numberBuffer)/2 {
			checkNumber(t, text)
		}
	})
}

func parseBench(b *testing.B, make func(r *rand.Rand) string, fn func(buf []byte, i int, text string) uint64) {
	const n = 131072
	r := rand.New(rand.NewPCG(3, 4))
	texts := make2(n, func() string { return make(r) })
	var buf []byte
	for _, t := range texts {
		buf = append(append(buf, t...), ',')
	}
	buf = append(buf, "                                                "...)
	size := len(buf)
	b.SetBytes(int64(size / n))
	b.ReportAllocs()
	i, pos := 0, 0
	sink := uint64(0)
	for b.Loop() {
		sink += fn(buf, pos, texts[i])
		pos += len(texts[i]) + 1
		if i++; i == n {
			i, pos = 0, 0
		}
	}
	benchSink = sink
}

var benchSink uint64

func make2(n int, f func() string) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = f()
	}
	return s
}

var parseSets = []struct {
	name string
	make func(r *rand.Rand) string
}{
	{"sensor", func(r *rand.Rand) string {
		d := 1 + r.IntN(3)
		return strconv.FormatFloat(float64(r.IntN(100*int(math.Pow10(d))))/math.Pow10(d), 'f', -1, 64)
	}},
	{"2dp", func(r *rand.Rand) string { return strconv.FormatFloat(float64(r.IntN(10000))/100, 'f', -1, 64) }},
	{"geo6dp", func(r *rand.Rand) string {
		return strconv.FormatFloat(float64(r.IntN(360e6)-180e6)/1e6, 'f', -1, 64)
	}},
	{"uniform", func(r *rand.Rand) string { return strconv.FormatFloat(r.Float64(), 'f', -1, 64) }},
	{"cpu", func(r *rand.Rand) string { return strconv.FormatFloat(100*r.Float64(), 'f', -1, 64) }},
	{"lt1e6", func(r *rand.Rand) string { return strconv.Itoa(r.IntN(1e6)) }},
	{"nstime", func(r *rand.Rand) string { return strconv.FormatInt(1.5e18+r.Int64N(1e17), 10) }},
	{"bits", numberSources[0].make},
}

func BenchmarkNumber(b *testing.B) {
	for _, set := range parseSets {
		b.Run("case="+set.name+"/lib=pointwire", func(b *testing.B) {
			parseBench(b, set.make, func(buf []byte, i int, _ string) uint64 {
				v, _, _ := Number(buf, i)
				return v
			})
		})
		b.Run("case="+set.name+"/lib=strconv", func(b *testing.B) {
			parseBench(b, set.make, func(_ []byte, _ int, text string) uint64 {
				if set.name == "nstime" || set.name == "lt1e6" {
					v, _ := strconv.ParseInt(text, 10, 64)
					return uint64(v)
				}
				v, _ := strconv.ParseFloat(text, 64)
				return math.Float64bits(v)
			})
		})
	}
}
