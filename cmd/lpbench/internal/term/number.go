package term

import (
	"fmt"
	"time"
)

// Number prints n with spaces between thousands.
func Number(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// Figure prints v with three digits or more.
func Figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return Number(int64(v + 0.5))
}

// Count prints what is counted per unit. Below one in a thousand units it is
// what the runtime itself allocates between two rounds: 0. Less than 0 is not known.
func Count(v float64) string {
	if v < 0 {
		return "–"
	}
	if v < 0.001 {
		return "0"
	}
	return Figure(v)
}

// Ratio prints how many times something is something else.
func Ratio(v float64) string {
	if v >= 100 {
		return Number(int64(v + 0.5))
	}
	return fmt.Sprintf("%.3g", v)
}

// Duration prints d with three digits.
func Duration(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/1e3)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
