package decimal

import (
	"math"
	"strconv"
)

// AppendFloat64 appends the shortest decimal text that parses back to v, in the
// format of encoding/json: plain for zero and 1e-6 <= |v| < 1e21, with an
// exponent of at least two digits otherwise ("1e+21", "1.5e-07"). Negative zero
// is "-0". It appends nothing for NaN and the infinities.
func AppendFloat64(dst []byte, v float64) []byte {
	a := math.Abs(v)
	if a < 1e21 && (a >= 1e-6 || a == 0) {
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	if a > math.MaxFloat64 || a != a {
		return dst
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

// AppendFloat32 is [AppendFloat64] for the shortest text that parses back to v
// as a float32. The limits of the plain format are those of float32: 1e-6 and
// 1e21 rounded to float32.
func AppendFloat32(dst []byte, v float32) []byte {
	a := math.Abs(float64(v))
	if a < float64(float32(1e21)) && (a >= float64(float32(1e-6)) || a == 0) {
		return strconv.AppendFloat(dst, float64(v), 'f', -1, 32)
	}
	if a > math.MaxFloat32 || a != a {
		return dst
	}
	return strconv.AppendFloat(dst, float64(v), 'e', -1, 32)
}
