package lp

import (
	"github.com/pointwire/pointwire/internal/decimal"
)

// ParseTimestamp returns the time that text names as a timestamp in units of p
// since 1970, rounded down, before 1970 too. It takes what time.Parse takes for
// time.RFC3339, and beyond that a space in place of the T, a missing zone, which
// means UTC wherever the program runs, and the forms "2018-01-01", "2018-01",
// "20180101T000000Z" and "20180101T000000". The error is [ErrTime] for other text
// and [ErrTimeRange] for a time outside [MinTime] and [MaxTime].
func ParseTimestamp(text string, p Precision) (int64, error) {
	ts, r := parseTimestamp(text, p)
	if r != 0 {
		return 0, r
	}
	return ts, nil
}

func parseTimestamp(text string, p Precision) (int64, Reason) {
	ns, bad := decimal.ParseTime(text)
	switch {
	case bad == decimal.TimeRange:
		return 0, ErrTimeRange
	case bad != 0:
		return 0, ErrTime
	case p == Nanosecond:
		return ns, 0
	}
	ts := decimal.FloorTo(ns, p)
	if !decimal.InRange(ts, p) {
		return 0, ErrTimeRange
	}
	return ts, 0
}

// AppendRFC3339 appends ts units of p since 1970 as a time in UTC, with as many
// digits after the second as it takes: "2018-01-01T00:00:00.5Z". It is the text
// of time.RFC3339Nano, and [ParseTimestamp] is the way back. A time outside
// [MinTime] and [MaxTime] is replaced by the nearer of the two.
func AppendRFC3339(dst []byte, ts int64, p Precision) []byte {
	switch unit := p.Unit(); {
	case p == Nanosecond:
		ts = min(max(ts, MinTime), MaxTime)
	case ts > MaxTime/unit:
		ts = MaxTime
	case ts < MinTime/unit:
		ts = MinTime
	default:
		ts *= unit
	}
	return decimal.AppendRFC3339(dst, ts)
}
