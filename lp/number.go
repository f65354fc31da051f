package lp

import "strings"

func indexByte(s string, c byte) int { return strings.IndexByte(s, c) }

// validNumber reports whether s is a number as InfluxDB 1.6.7 takes it for a
// float field: [-] digits [. digits] [e [sign] digits], with at least one digit
// before or after the point. "1e400", which overflows, is the caller's care.
func validNumber(s string) bool {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	n := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		n++
	}
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
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		n = 0
		for ; i < len(s) && isDigit(s[i]); i++ {
			n++
		}
		if n == 0 {
			return false
		}
	}
	return i == len(s)
}

func isDigit(c byte) bool { return c-'0' <= 9 }
