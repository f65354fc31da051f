package jsonscan

import (
	"math"
	"strconv"
)

// This file decides which conversions of numbers lose nothing.
//
// A number with a point or an exponent may be an integer, such as 1e3 or 1.0, and may have
// more digits than a float64. So exactInt reads its text, and not the float64 in its cell.
//
// InfluxDB prints a float as the shortest digits that are read back as that float, with
// zeros up to the point: 2^60 is 1152921504606847000. So an integer beyond 2^53 may be the
// text of a float without being equal to it. exactFloat takes exactly those, and the
// integers that a float64 holds.
//
// In a MessagePack response a float is itself, and exactFloat64Int converts it.
//
// The plain twins are in exact_test.go, and use math/big.

// exactInt returns the integer that the JSON number in text stands for, as its sign and its
// magnitude. The error is ErrInexact if it has a fraction that is not 0, and ErrRange if
// its magnitude is 2^64 or more.
func exactInt(text []byte) (magnitude uint64, negative bool, err error) {
	digits, exponent, negative := significand(text)
	switch {
	case len(digits) == 0:
		return 0, negative, nil
	case exponent < 0:
		return 0, negative, ErrInexact
	}
	for _, c := range digits {
		if c == '.' {
			continue
		}
		if magnitude, err = shift(magnitude, c-'0'); err != nil {
			return 0, negative, err
		}
	}
	for range exponent { // at most 20 times, because magnitude is not 0
		if magnitude, err = shift(magnitude, 0); err != nil {
			return 0, negative, err
		}
	}
	return magnitude, negative, nil
}

// exactInt is exactInt of cell i, which holds a float.
func (r *Row) exactInt(i int) (magnitude uint64, negative bool, err error) {
	if r.s.MessagePack {
		return exactFloat64Int(math.Float64frombits(r.cells[i].bits))
	}
	return exactInt(r.Raw(i))
}

// exactFloat64Int is exactInt of a float64.
func exactFloat64Int(f float64) (magnitude uint64, negative bool, err error) {
	abs := math.Abs(f)
	switch {
	case abs >= 1<<64:
		return 0, math.Signbit(f), ErrRange
	case abs != math.Trunc(abs): // NaN too
		return 0, math.Signbit(f), ErrInexact
	}
	return uint64(abs), math.Signbit(f), nil
}

// shift returns 10*v + digit.
func shift(v uint64, digit byte) (uint64, error) {
	if v > math.MaxUint64/10 || 10*v > math.MaxUint64-uint64(digit) {
		return 0, ErrRange
	}
	return 10*v + uint64(digit), nil
}

// significand returns the digits of a JSON number from its first one to its last one that
// is not 0, perhaps with a point among them. The number is the integer in them, without the
// point, times ten to the power of exponent.
func significand(text []byte) (digits []byte, exponent int, negative bool) {
	if len(text) > 0 && text[0] == '-' {
		negative, text = true, text[1:]
	}
	end, point := len(text), -1
	for i, c := range text {
		if c == '.' {
			point = i
		} else if c|0x20 == 'e' {
			exponent, end = exponentOf(text[i+1:]), i
			break
		}
	}
	if point < 0 {
		point = end
	}
	last := end
	for last > 0 && (text[last-1] == '0' || text[last-1] == '.') {
		last--
	}
	first := 0
	for first < last && (text[first] == '0' || text[first] == '.') {
		first++
	}
	// The digits between the last one and the point count as tens.
	if exponent += point - last; last > point {
		exponent++ // which the point itself is not
	}
	return text[first:last], exponent, negative
}

// exponentOf returns the exponent of a number, which comes after its e. One beyond what any
// text of a number in memory can make up for is as good as a larger one.
func exponentOf(text []byte) int {
	const most = math.MaxInt32 / 2 // of positions in a row, see maxBuffer
	n, negative := 0, false
	for _, c := range text {
		switch c {
		case '+':
		case '-':
			negative = true
		default:
			n = min(10*min(n, most/10)+int(c-'0'), most)
		}
	}
	if negative {
		return -n
	}
	return n
}

// exactFloat returns the float64 nearest to an integer beyond 2^53, which is negative or
// has the given magnitude. It reports false if the integer is neither equal to the float
// nor the text that InfluxDB prints for it.
func exactFloat(magnitude uint64, negative bool) (float64, bool) {
	f := float64(magnitude)
	ok := f < 1<<64 && uint64(f) == magnitude
	if !ok {
		var a, b [24]byte
		ok = string(strconv.AppendFloat(a[:0], f, 'f', -1, 64)) == string(strconv.AppendUint(b[:0], magnitude, 10))
	}
	if negative {
		f = -f
	}
	return f, ok
}

// exactFloatInt is exactFloat for an int64.
func exactFloatInt(v int64) (float64, bool) {
	if v < 0 {
		return exactFloat(-uint64(v), true)
	}
	return exactFloat(uint64(v), false)
}

// beyond53 reports whether v is beyond the integers that float64 can all represent.
func beyond53(v int64) bool { return v > 1<<53 || v < -1<<53 }
