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

// civil returns the date of the day that is days after 1970-01-01. It follows
// Cassio Neri and Lorenz Schneider, "Euclidean affine functions and their
// application to calendar algorithms" (2022), figure 12.
func civil(days int64) (year, month, day uint32) {
	n := 4*uint32(days+daysTo1970) + 3
	century := n / daysPerEra
	n = n%daysPerEra/4*4 + 3
	p := uint64(n) * 2939745
	y := uint32(p >> 32)
	n = uint32(p) / 2939745 / 4 // day of the year that begins in March
	m := n*2141 + 197913
	year, month, day = 100*century+y-yearsBefore, m>>16, m&0xFFFF/2141+1
	if n >= 306 { // January and February end the year
		year, month = year+1, month-12
	}
	return year, month, day
}

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
	sec := floorDiv(ns, 1e9)
	frac := uint32(ns - sec*1e9)
	days := floorDiv(sec, secondsPerDay)
	s := uint32(sec - days*secondsPerDay)
	year, month, day := civil(days)
	h := s / 3600
	s -= h * 3600
	m := s / 60
	s -= m * 60

	// "YYYYMMDD" opened into "YYYY-MM-" and "DD"; then "T", "HHMMSS" and so on.
	date := swar.Digits8(year*10000+month*100+day) | swar.Zeros
	clock := swar.Digits8(h*10000+m*100+s) | swar.Zeros // "00HHMMSS"
	swar.Store64(b, n, date&0xFFFFFFFF|'-'<<32|date>>32&0xFFFF<<40|'-'<<56)
	swar.Store64(b, n+8, date>>48|'T'<<16|clock>>16&0xFFFF<<24|':'<<40|clock>>32&0xFFFF<<48)
	swar.Store32(b, n+16, ':'|uint32(clock>>48)<<8)
	n += 19
	if frac != 0 {
		// Nine digits: the first with the point, then eight.
		first := frac / 1e8
		d := swar.Digits8(frac - first*1e8)
		swar.Store16(b, n, '.'|uint16('0'+first)<<8)
		swar.Store64(b, n+2, d|swar.Zeros)
		n += 2 + (bits.Len64(d)+7)>>3
	}
	swar.StoreByte(b, n, 'Z')
	return n + 1
}

// AppendRFC3339 appends the text of [PutRFC3339].
func AppendRFC3339(dst []byte, ns int64) []byte {
	dst = Grow(dst, RoomRFC3339)
	return dst[:PutRFC3339(dst, len(dst), ns)]
}
