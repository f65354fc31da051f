package lp

import (
	"strconv"
	"strings"
)

func indexByte(s string, c byte) int { return strings.IndexByte(s, c) }

// validNumber reports whether s is a number as InfluxDB 1.6.7 takes it for a
// float field: [-] digits [. digits] [e [sign] digits], with at least one digit
// before or after the point, and not beyond the range of a float64.
func validNumber(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	n := i - start // digits
	exponent := n  // of ten: the number is less than that power
	if i < len(s) && s[i] == '.' {
		i++
		for ; i < len(s) && isDigit(s[i]); i++ {
			n++
		}
	}
	if n == 0 {
		return false
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		negative := i < len(s) && s[i] == '-'
		if negative || i < len(s) && s[i] == '+' {
			i++
		}
		n, start = 0, i
		for ; i < len(s) && isDigit(s[i]); i++ {
			if n < 1e6 {
				n = 10*n + int(s[i]-'0')
			}
		}
		if i == start {
			return false
		}
		if negative {
			n = -n
		}
		exponent += n
	}
	if i < len(s) {
		return false
	}
	if exponent <= 308 {
		return true // below 1e308
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func isDigit(c byte) bool { return c-'0' <= 9 }
