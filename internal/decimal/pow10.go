package decimal

//go:generate go run pow10_gen.go

// uint128 is hi*2^64 + lo.
type uint128 struct{ hi, lo uint64 }

// The powers of ten in pow10Table.
const (
	pow10Min = -348
	pow10Max = 347
)

// pow10 returns the 128-bit approximation g of 10^k, normalised so that the
// highest bit is set and rounded up:
//
//	g = ceil(10^k * 2^(127 - log2Pow10(k)))   2^127 <= g < 2^128
//
// g is exact for 0 <= k <= 55 and less than one unit too large for every other
// k: there the truncated value is g-1. The caller makes sure that
// pow10Min <= k <= pow10Max.
//
// Rounding up is what the proofs of Schubfach (Raffaello Giulietti, "The
// Schubfach way to render doubles", 2020/2021, section 9.4 and 9.5) and of
// unrounded scaling (Russ Cox, research.swtch.com/fp-proof, 2026) ask for.
func pow10(k int) uint128 { return pow10Table[k-pow10Min] }

// log2Pow10 returns floor(log2(10^k)), for |k| <= 1233.
func log2Pow10(k int) int { return (k * 1741647) >> 19 }

// log10Pow2 returns floor(log10(2^e)), for |e| <= 1500.
func log10Pow2(e int) int { return (e * 1262611) >> 22 }

// log10ThreeQuarterPow2 returns floor(log10(3/4 * 2^e)), for |e| <= 1500.
func log10ThreeQuarterPow2(e int) int { return (e*1262611 - 524031) >> 22 }
