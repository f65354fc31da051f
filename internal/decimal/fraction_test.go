package decimal

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestTenScales compares the table with the definition in fraction.go.
func TestTenScales(t *testing.T) {
	for i := range tenScales {
		q := i + scaleMin - 52
		k := int(math.Floor(float64(q)*math.Log10(2))) + 1
		// G = 2^(q+117)/10^k, and k is negative.
		g := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-k)), nil)
		g.Lsh(g, 200) // the exponent of 2 stays positive
		shift := uint(200 - (q + 117))
		up := new(big.Int).Lsh(big.NewInt(1), shift)
		g.Add(g, up.Sub(up, big.NewInt(1))).Rsh(g, shift)
		s := tenScales[i]
		got := new(big.Int).SetUint64(s.hi)
		got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(s.lo))
		half := new(big.Int).Rsh(g, 54)
		if got.Cmp(g) != 0 || half.Cmp(new(big.Int).SetUint64(s.half)) != 0 || s.exp != k+15 || g.BitLen() > 117 || !half.IsUint64() {
			t.Errorf("exponent %d: %+v, want g %x, half %x, exp %d", i+scaleMin, s, g, half, k+15)
		}
	}
}

// TestFindFraction holds that findFraction is wrong for no value, and declines powers of two
// and hardly any other.
func TestFindFraction(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	declined := 0
	for range 200_000 {
		v := math.Ldexp(1+r.Float64(), r.IntN(29)-16)
		d, digit, e, ok := findFraction(math.Float64bits(v))
		if !ok {
			declined++
			continue
		}
		if d < 1e15 || d > 1e16 || digit > 9 {
			t.Fatalf("%v: digits %d and %d", v, d, digit)
		}
		text := strconv.FormatUint(d, 10) + strconv.FormatUint(digit, 10) + "e" + strconv.Itoa(e-16)
		if back, err := strconv.ParseFloat(text, 64); back != v || err != nil {
			t.Fatalf("%v: %s", v, text)
		}
	}
	if declined > 0 {
		t.Errorf("%d random values are declined", declined)
	}
	for e := scaleMin; e <= scaleMax; e++ {
		if _, _, _, ok := findFraction(math.Float64bits(math.Ldexp(1, e))); ok {
			t.Errorf("2^%d is not declined", e)
		}
	}
}
