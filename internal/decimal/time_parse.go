package decimal

import (
	"math"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file reads times. ParseTime takes the form that servers write, a date and a time
// that end in Z, in three loads and one for the fraction: a word holds eight bytes of the text, so digits and
// separators are checked together, and pairs of digits are converted together. It passes
// everything else to parseTimeOther, which finds the form and leaves the rest of the text,
// the ranges and the zone to parseTimeEnd. Where both can read a text they agree.

// A TimeError says why a text is no time. The zero value is no error.
type TimeError uint8

const (
	// TimeInvalid: the text has none of the known forms, or names a day or an hour
	// that does not exist.
	TimeInvalid TimeError = iota + 1
	// TimeRange: the time is outside [MinTime] and [MaxTime].
	TimeRange
)

// ParseTime returns the nanoseconds from 1970 to the time that s names, exactly,
// before 1970 too. The forms are those that time.Parse takes for time.RFC3339,
//
//	2018-01-01T00:00:00.123456789Z   2018-01-01T09:00:00+09:00
//
// and, beyond that, a space in place of the T, no zone, which means UTC wherever
// the program runs, and these:
//
//	2018-01-01   2018-01   20180101T000000Z   20180101T000000
//
// Digits of a fraction beyond the ninth are cut off.
func ParseTime(s string) (int64, TimeError) {
	if len(s) < 20 || s[len(s)-1] != 'Z' {
		return parseTimeOther(s)
	}
	// XOR with the pattern "0000-00-00T00:00:00" in two words and a half turns
	// digits into their values and separators into 0. The sums then mark what is
	// more than 9 or, for a separator, more than 0.
	x := swar.Load64String(s, 0) ^ 0x2D30302D30303030
	y := swar.Load64String(s, 8) ^ 0x30303A3030543030
	z := uint64(swar.Load32String(s, 15) ^ 0x30303A30)
	bad := ((x + 0x7F76767F76767676) | x | (y + 0x76767F76767F7676) | y | (z + 0x76767F76) | z) & swar.Highs
	frac := uint64(0)
	if len(s) > 20 {
		k := len(s) - 21 // digits
		if k-1 >= 9 || k < 1 || s[19] != '.' {
			return parseTimeOther(s)
		}
		// The first eight digits. Where there are less, what is before them is
		// shifted out and zeros follow.
		at := min(len(s)-9, 20)
		w := (swar.Load64String(s, at) ^ swar.Zeros) >> (8 * uint(20-at))
		bad |= ((w + 0x76*swar.Ones) | w) & swar.Highs
		frac = uint64(swar.Value8(w)) * 10
		if k == 9 {
			c := s[28] - '0'
			if c > 9 {
				return 0, TimeInvalid
			}
			frac += uint64(c)
		}
	}
	x = x*10 + x>>8
	y = y*10 + y>>8
	year := uint32(x&0xFF)*100 + uint32(x>>16&0xFF)
	month, day := uint32(x>>40&0xFF), uint32(y&0xFF)
	h, m, sec := uint32(y>>24&0xFF), uint32(y>>48&0xFF), uint32(z>>16&0xFF*10+z>>24)
	// Whatever is too small or too large becomes negative: a month, a day but for a
	// leap day, the clock, and a year in which int64 may end.
	wrong := (month - 1) | (12 - month) | (day - 1) | (uint32(monthDays[month&15]) - day) |
		(23 - h) | (59 - m) | (59 - sec) | (year - 1678) | (2261 - year)
	if bad|uint64(wrong>>31) != 0 {
		return parseTimeOther(s)
	}
	unix := daysFromCivil(year, month, day)*secondsPerDay + int64(h*3600+m*60+sec)
	return unix*1e9 + int64(frac), 0
}

// monthDays are the days of the months of a year that is no leap year.
var monthDays = [16]uint8{1: 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// parseTimeOther reads all forms.
func parseTimeOther(s string) (int64, TimeError) {
	if len(s) < 19 {
		return parseTimeShort(s)
	}
	year, ok1 := number(s[:4])
	month, ok2 := number(s[5:7])
	day, ok3 := number(s[8:10])
	h, ok4 := number(s[11:13])
	m, ok5 := number(s[14:16])
	sec, ok6 := number(s[17:19])
	if ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && s[4] == '-' && s[7] == '-' && (s[10] == 'T' || s[10] == ' ') && s[13] == ':' && s[16] == ':' {
		return parseTimeEnd(s[19:], year, month, day, h, m, sec, false)
	}
	return parseTimeSlow(s)
}

// parseTimeEnd reads what follows the second, checks the numbers and puts them
// together. The zone may be missing unless it is asked for.
func parseTimeEnd(s string, year, month, day, h, m, sec uint32, zone bool) (int64, TimeError) {
	if month-1 >= 12 || h >= 24 || m >= 60 || sec >= 60 || day-1 >= daysIn(year, month) {
		return 0, TimeInvalid
	}
	var frac int64
	if len(s) >= 2 && (s[0] == '.' || s[0] == ',') && isDigit(s[1]) {
		i, unit := 1, int64(1e8)
		for ; i < len(s) && isDigit(s[i]); i++ {
			frac += int64(s[i]-'0') * unit
			unit /= 10
		}
		s = s[i:]
	}
	var offset int64
	switch {
	case s == "Z" || s == "" && !zone:
	case len(s) == 6 && (s[0] == '+' || s[0] == '-') && s[3] == ':' &&
		isDigit(s[1]) && isDigit(s[2]) && isDigit(s[4]) && isDigit(s[5]):
		// The limits are those of time.Parse.
		zh, zm := int64(s[1]-'0')*10+int64(s[2]-'0'), int64(s[4]-'0')*10+int64(s[5]-'0')
		if zh > 24 || zm > 60 {
			return 0, TimeInvalid
		}
		offset = zh*3600 + zm*60
		if s[0] == '-' {
			offset = -offset
		}
	default:
		return 0, TimeInvalid
	}
	unix := daysFromCivil(year, month, day)*secondsPerDay + int64(h*3600+m*60+sec) - offset
	const limit = math.MaxInt64/1_000_000_000 + 1
	if unix < -limit || unix > limit {
		return 0, TimeRange
	}
	ns, ok := mulAdd(unix, 1e9, frac)
	if !ok || ns < MinTime || ns > MaxTime {
		return 0, TimeRange
	}
	return ns, 0
}

// parseTimeShort reads the forms of less than 19 bytes.
func parseTimeShort(s string) (int64, TimeError) {
	switch {
	case len(s) == 7 && s[4] == '-': // 2018-01
		s += "-01"
		fallthrough
	case len(s) == 10 && s[4] == '-' && s[7] == '-': // 2018-01-01
		year, ok1 := number(s[:4])
		month, ok2 := number(s[5:7])
		day, ok3 := number(s[8:])
		if !ok1 || !ok2 || !ok3 {
			return 0, TimeInvalid
		}
		return parseTimeEnd("", year, month, day, 0, 0, 0, false)
	}
	return parseTimeSlow(s)
}

// parseTimeSlow reads the basic form and hours of one digit, which time.Parse
// takes.
func parseTimeSlow(s string) (int64, TimeError) {
	if len(s) == 15 || len(s) == 16 && s[15] == 'Z' {
		if s[8] == 'T' {
			date, ok1 := number(s[:8])
			clock, ok2 := number(s[9:15])
			if ok1 && ok2 {
				return parseTimeEnd("", date/10000, date/100%100, date%100, clock/10000, clock/100%100, clock%100, false)
			}
		}
		return 0, TimeInvalid
	}
	if len(s) >= 19 && s[10] == 'T' && s[12] == ':' { // 2018-01-01T0:00:00Z
		year, ok1 := number(s[:4])
		month, ok2 := number(s[5:7])
		day, ok3 := number(s[8:10])
		h, ok4 := number(s[11:12])
		m, ok5 := number(s[13:15])
		sec, ok6 := number(s[16:18])
		if ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && s[4] == '-' && s[7] == '-' && s[15] == ':' {
			return parseTimeEnd(s[18:], year, month, day, h, m, sec, true)
		}
	}
	return 0, TimeInvalid
}

// number returns the value of s, which must be digits only.
func number(s string) (v uint32, ok bool) {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		v = v*10 + uint32(s[i]-'0')
	}
	return v, true
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// daysIn returns the number of days of a month.
func daysIn(year, month uint32) uint32 {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1
}
