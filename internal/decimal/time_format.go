package decimal

import (
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

const secondsPerDay = 86400

// The era of 400 years that civil counts from begins on 1 March of the year
// -32000 or so: far enough back for every time in int64 nanoseconds.
const (
	eraShift    = 82
	daysPerEra  = 146097
	daysTo1970  = 719468 + daysPerEra*eraShift // from the start of the first era
	yearsBefore = 400 * eraShift
)

// yearDay returns the century, the year of the century and the day of that year
// for the day that is days after the first one. The years begin in March, and the
// centuries are counted from that of the first day. It follows Cassio Neri and
// Lorenz Schneider, "Euclidean affine functions and their application to calendar
// algorithms" (2022), figure 12.
func yearDay(days uint32) (century, year, day uint32) {
	n := 4*days + 3
	century = n / daysPerEra
	p := uint64(n%daysPerEra|3) * 2939745
	return century, uint32(p >> 32), uint32(p) / 2939745 / 4
}

// monthAndDay holds the text "-MM-DDT" for each day of a year that begins in
// March: February ends it, however long it is. The highest byte is 1 in January
// and February, which belong to the next year of the calendar.
var monthAndDay = func() (t [366]uint64) {
	day := 0
	for i := range uint64(12) {
		month := (i+2)%12 + 1
		length := uint64(monthDays[month])
		if month == 2 {
			length++
		}
		for d := uint64(1); d <= length; d++ {
			t[day] = twoDigits(month<<8|d<<32, 0xF<<8|0xF<<32, 0x00543030_2D30302D) &^ (0xFF << 56)
			if month <= 2 {
				t[day] |= 1 << 56
			}
			day++
		}
	}
	return t
}()

// daysFromCivil is the inverse of civil.
func daysFromCivil(year, month, day uint32) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	year += yearsBefore
	century := year / 100
	y := 1461*year/4 - century + century/4
	return int64(y) + int64((979*month-2919)>>5) + int64(day) - 1 - daysTo1970
}

// PutRFC3339 writes the time of ns nanoseconds since 1970 in UTC, with as many
// digits after the second as it takes: "2018-01-01T00:00:00.5Z". It is the text
// of time.RFC3339Nano. It asks for [RoomRFC3339].
func PutRFC3339(b []byte, n int, ns int64) int {
	sec := uint64(ns) / 1e9
	frac := uint32(uint64(ns) - sec*1e9)
	if ns < 0 {
		s := floorDiv(ns, 1e9)
		sec, frac = uint64(s), uint32(ns-s*1e9)
	}
	sec += daysTo1970 * secondsPerDay
	days := sec / secondsPerDay
	s := uint32(sec - days*secondsPerDay)
	century, year, day := yearDay(uint32(days))
	h := s / 3600
	s -= h * 3600
	m := s / 60
	s -= m * 60

	date := monthAndDay[day]
	year += uint32(date >> 56)
	carry := (year + 28) >> 7 // of the year 100
	century += carry - yearsBefore/100
	year -= 100 * carry
	swar.Store32(b, n, uint32(twoDigits(uint64(century|year<<16), 0xF<<0|0xF<<16, swar.Zeros)))
	swar.Store64(b, n+4, date)
	swar.Store64(b, n+11, twoDigits(uint64(h)|uint64(m)<<24|uint64(s)<<48, 0xF<<0|0xF<<24|0xF<<48, 0x30303A30303A3030)) // "00:00:00"
	if frac == 0 {
		swar.StoreByte(b, n+19, 'Z')
		return n + 20
	}
	// Nine digits: the first with the point, then eight.
	first := frac / 1e8
	d := swar.Digits8(frac - first*1e8)
	swar.Store16(b, n+19, '.'|uint16('0'+first)<<8)
	swar.Store64(b, n+21, d|swar.Zeros)
	n += 21 + (bits.Len64(d)+7)>>3
	swar.StoreByte(b, n, 'Z')
	return n + 1
}

// twoDigits writes numbers below 100 over the pattern: each fills two bytes of w,
// its two digits are added to those of the pattern, and mask has the four lowest
// bits of each set. See swar.Digits8.
func twoDigits(w, mask, pattern uint64) uint64 {
	return w<<8 - w*103>>10&mask*(10<<8-1) + pattern
}

// AppendRFC3339 appends the text of [PutRFC3339].
func AppendRFC3339(dst []byte, ns int64) []byte {
	dst = Grow(dst, RoomRFC3339)
	return dst[:PutRFC3339(dst, len(dst), ns)]
}
