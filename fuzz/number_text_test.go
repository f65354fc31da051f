package fuzz

import (
	"math"
	"strconv"
)

// formatFloat returns the agreed text of v, by strconv: plain for zero and
// 1e-6 <= |v| < 1e21 in the precision of v, else with an exponent; "" for what
// is not finite.
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

// parseFloat returns the number in s, and NaN for no text.
func parseFloat(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}
