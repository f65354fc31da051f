package decimal

import (
	"math"
	"math/big"
	"testing"
)

// TestPow10Table recomputes every entry from rational arithmetic, in another
// way than the generator.
func TestPow10Table(t *testing.T) {
	for k := pow10Min; k <= pow10Max; k++ {
		p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(k, -k))), nil))
		if k < 0 {
			p.Inv(p)
		}
		e := 127 - log2Pow10(k)
		scale := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e))))
		if e < 0 {
			scale.Inv(scale)
		}
		p.Mul(p, scale)
		want := new(big.Int).Div(new(big.Int).Add(p.Num(), new(big.Int).Sub(p.Denom(), big.NewInt(1))), p.Denom())
		g := pow10(k)
		got := new(big.Int).SetUint64(g.hi)
		got.Lsh(got, 64).Add(got, new(big.Int).SetUint64(g.lo))
		if got.Cmp(want) != 0 {
			t.Errorf("pow10(%d) = %x, want %x", k, got, want)
		}
		if g.hi>>63 != 1 {
			t.Errorf("pow10(%d) = %x is not normalised", k, got)
		}
		if exact := p.IsInt(); exact != (0 <= k && k <= 55) {
			t.Errorf("pow10(%d): exact is %v", k, exact)
		}
	}
}

func TestLogs(t *testing.T) {
	for k := -1233; k <= 1233; k++ {
		p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(k, -k))), nil)
		want := p.BitLen() - 1
		if k < 0 {
			want = -p.BitLen() // 1/p is no power of two
		}
		if got := log2Pow10(k); got != want {
			t.Errorf("log2Pow10(%d) = %d, want %d", k, got, want)
		}
	}
	for e := -1500; e <= 1500; e++ {
		// No power of two but 2^0, and no 3*2^e, is a power of ten: floating
		// point is far from the whole numbers where it could mislead.
		if got, want := log10Pow2(e), int(math.Floor(float64(e)*math.Log10(2))); got != want {
			t.Errorf("log10Pow2(%d) = %d, want %d", e, got, want)
		}
		if got, want := log10ThreeQuarterPow2(e), int(math.Floor(float64(e)*math.Log10(2)+math.Log10(0.75))); got != want {
			t.Errorf("log10ThreeQuarterPow2(%d) = %d, want %d", e, got, want)
		}
	}
}
