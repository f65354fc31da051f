package jsonscan

import (
	"math"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
)

// This file reads cells as times.
//
// A time is an integer in the precision of the scanner, an RFC 3339 text, or a time of
// MessagePack. Texts of a jsonl response have no zone: they are UTC.

// Time returns cell i as a time in UTC. The cell is an integer in the precision of
// the scanner, or an RFC 3339 text with any offset, or in a jsonl response without one.
func (r *Row) Time(i int) (time.Time, error) {
	if r.Kind(i) == KindString {
		if c := r.cells[i]; c.time() {
			sec, nsec := packedTime(r.s.buf[c.start()+1:])
			return time.Unix(sec, int64(nsec)).UTC(), nil
		}
		ns, ok, err := r.timeText(i)
		if ok {
			return time.Unix(0, ns).UTC(), nil
		}
		if err != nil {
			return time.Time{}, err
		}
		b, _ := r.Bytes(i)
		t, perr := parseTime(b)
		if perr != nil {
			return time.Time{}, r.fail(i, "time", ErrTime)
		}
		return t.UTC(), nil
	}
	v, err := r.Int(i)
	if err != nil {
		err.(*CellError).Want = "time"
		return time.Time{}, err
	}
	return r.unixTime(i, v, r.precision.Unit())
}

// unixTime returns v units of so many nanoseconds since 1970, from cell i.
func (r *Row) unixTime(i int, v, unit int64) (time.Time, error) {
	if unit < int64(time.Second) {
		per := int64(time.Second) / unit
		return time.Unix(v/per, v%per*unit).UTC(), nil
	}
	sec := unit / int64(time.Second)
	if v > maxUnixSec/sec || v < -maxUnixSec/sec {
		return time.Time{}, r.fail(i, "time", ErrRange)
	}
	return time.Unix(v*sec, 0).UTC(), nil
}

// maxUnixSec keeps seconds inside what time.Time can hold.
const maxUnixSec = 1 << 62

// Timestamp returns cell i as nanoseconds since 1970-01-01T00:00:00Z. The cell is an
// integer in the precision of the scanner, or an RFC 3339 text. A time that does not
// fit is a *CellError.
func (r *Row) Timestamp(i int) (int64, error) {
	if r.Kind(i) == KindString {
		ns, ok, err := r.timeText(i)
		if err == nil && !ok {
			err = r.fail(i, "timestamp", ErrRange)
		}
		return ns, err
	}
	v, err := r.Int(i)
	if err != nil {
		err.(*CellError).Want = "timestamp"
		return 0, err
	}
	unit := r.precision.Unit()
	if v > math.MaxInt64/unit || v < math.MinInt64/unit {
		return 0, r.fail(i, "timestamp", ErrRange)
	}
	return v * unit, nil
}

// timeText reads cell i, a string, as an RFC 3339 time. It reports false without an
// error if the time is valid and does not fit in nanoseconds since 1970.
func (r *Row) timeText(i int) (ns int64, ok bool, err error) {
	if c := r.Cell(i); c.time() {
		ns, ok = packedTimestamp(r.s.buf[c.start()+1:])
		return ns, ok, nil
	}
	b, err := r.Bytes(i)
	if err != nil {
		return 0, false, err
	}
	// decimal.ParseTime accepts more forms than RFC 3339 has. The shortest text that
	// time.Parse accepts, with an hour of one digit, has 19 bytes.
	n := len(b)
	zoned := n >= 19 && (b[n-1] == 'Z' || n >= 24 && b[n-3] == ':' && (b[n-6] == '+' || b[n-6] == '-'))
	if !zoned && !(r.s.JSONLines && unzoned(b)) || b[10] != 'T' {
		return 0, false, r.fail(i, "time", ErrTime)
	}
	ns, bad := decimal.ParseTime(viewString(b))
	switch bad {
	case 0:
		return ns, true, nil
	case decimal.TimeInvalid:
		return 0, false, r.fail(i, "time", ErrTime)
	}
	// decimal.ParseTime accepts the times that servers store, and int64 holds a few
	// more.
	t, perr := parseTime(b)
	if perr != nil || t.Before(minTimestamp) || t.After(maxTimestamp) {
		return 0, false, nil
	}
	return t.UnixNano(), true, nil
}

// unzoned reports whether a text may be a time without a zone: it ends with the second, or
// with the digits of a fraction.
func unzoned(b []byte) bool {
	n := len(b)
	if n <= 20 || b[19] != '.' {
		return n == 19
	}
	for _, d := range b[20:] {
		if d-'0' > 9 {
			return false
		}
	}
	return true
}

// parseTime parses a time with a zone, or one that unzoned accepts.
func parseTime(b []byte) (time.Time, error) {
	if unzoned(b) {
		return time.Parse("2006-01-02T15:04:05", string(b)) // with a fraction too
	}
	return time.Parse(time.RFC3339Nano, string(b))
}

var (
	minTimestamp = time.Unix(0, math.MinInt64)
	maxTimestamp = time.Unix(0, math.MaxInt64)
)
