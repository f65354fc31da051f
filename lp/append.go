package lp

import (
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file has the append functions: one for each part of a line. They know nothing of a
// batch, a point or options, so they cannot refuse: what line protocol cannot carry is
// replaced, and Encoder, which can refuse, checks first.
//
// A function for a name makes room for the name and copies it in words with a put function
// of escape.go, which also says whether the name was clean. Only if it was not, the copy is
// ignored, and the check, replace and escape functions for that part of a line run over
// the name from its beginning.

// AppendMeasurement appends the escaped name, which starts a line. It replaces what
// line protocol cannot carry: an empty name becomes "_"; a leading '#', tab or
// zero byte, every line feed, and a backslash at the end or directly before
// comma, space, '=' or '"' become '_'; invalid UTF-8 becomes U+FFFD.
func AppendMeasurement(dst []byte, name string) []byte {
	dst = grow(dst, len(name)+room)
	if n := len(dst); putName(dst, n, name) && name != "" && name[0] != '#' {
		return dst[:n+len(name)]
	}
	if checkMeasurement(name) != 0 {
		name = replaceMeasurement(name)
	}
	return escapeMeasurement(dst, name)
}

// AppendTag appends ",key=value", escaped, and nothing if value is empty. It replaces
// what line protocol cannot carry: an empty key becomes "_" and the key "time"
// "_time"; every line feed, a backslash at the end of key or value, and the last
// of an odd number of backslashes directly before a space, a comma or an equals sign
// become '_'; invalid UTF-8 becomes U+FFFD.
func AppendTag(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	dst = grow(dst, len(key)+len(value)+2+2*room)
	n := len(dst)
	swar.StoreByte(dst, n, ',')
	if putKey(dst, n+1, key) {
		n += 1 + len(key)
		swar.StoreByte(dst, n, '=')
		if putName(dst, n+1, value) {
			return dst[:n+1+len(value)]
		}
	}
	return appendTagSlow(dst, key, value)
}

// appendTagSlow appends a tag whose key or value may need escaping or replacing.
func appendTagSlow(dst []byte, key, value string) []byte {
	if checkTagKey(key, Portable) != 0 {
		key = replaceTagKey(key, Portable)
	}
	if checkTagValue(value, Portable) != 0 {
		value = replaceTagValue(value, Portable)
	}
	return appendCheckedTag(dst, key, value)
}

// appendCheckedTag appends a tag that has a representation.
func appendCheckedTag(dst []byte, key, value string) []byte {
	dst = append(dst, ',')
	dst = escapeTag(dst, key)
	dst = append(dst, '=')
	return escapeTag(dst, value)
}

// AppendFieldKey appends "key=", escaped. The caller appends a space before the
// first field of a line and a comma before each other one, and the value after
// the key. What line protocol cannot carry is replaced: an empty key becomes "_" and
// the key "time" "_time"; a leading tab or zero byte, every line feed, a
// backslash at the end, and the last of an odd number of backslashes directly
// before comma, space, '=' or a double quote become '_'; invalid UTF-8 becomes U+FFFD.
func AppendFieldKey(dst []byte, key string) []byte {
	dst = grow(dst, len(key)+1+room)
	if n := len(dst); putKey(dst, n, key) {
		n += len(key)
		swar.StoreByte(dst, n, '=')
		return dst[:n+1]
	}
	if checkFieldKey(key, Portable) != 0 {
		key = replaceFieldKey(key, Portable)
	}
	dst = escapeFieldKey(dst, key)
	return append(dst, '=')
}

// AppendFloat appends the shortest text that parses back to v: plain for zero
// and 1e-6 <= |v| < 1e21 ("1", "0.64", "-0"), else with an exponent ("1e+21",
// "1.5e-07"). These are the bounds of encoding/json, and the text is that of
// strconv.AppendFloat with the format 'f' or 'e': an exponent has two digits or
// more, where encoding/json writes "1.5e-7". It appends nothing for NaN and the
// infinities, which line protocol cannot carry: check before the key is written.
func AppendFloat(dst []byte, v float64) []byte {
	dst = decimal.Grow(dst, decimal.RoomFloat)
	return dst[:decimal.PutFloat64(dst, len(dst), v)]
}

// AppendFloat32 appends the shortest text that parses back to v as a float32, in
// the format of [AppendFloat]: "0.1" for float32(0.1), where the widened value
// would give "0.10000000149011612". It appends nothing for NaN and the infinities.
func AppendFloat32(dst []byte, v float32) []byte {
	dst = decimal.Grow(dst, decimal.RoomFloat)
	return dst[:decimal.PutFloat32(dst, len(dst), v)]
}

// AppendInt appends v as an integer field value: "5i".
func AppendInt(dst []byte, v int64) []byte {
	dst = decimal.Grow(dst, decimal.RoomInt)
	if uint64(v) < 1000 {
		t := decimal.Small(v)
		n := len(dst) + int(t>>24)
		swar.Store32(dst, len(dst), t)
		swar.StoreByte(dst, n, 'i')
		return dst[:n+1]
	}
	n := decimal.PutInt64(dst, len(dst), v)
	swar.StoreByte(dst, n, 'i')
	return dst[:n+1]
}

// AppendUint appends v as an unsigned field value: "5u". InfluxDB 1.x as
// released, and openGemini, refuse unsigned values; see [Options.Unsigned].
func AppendUint(dst []byte, v uint64) []byte {
	dst = decimal.Grow(dst, decimal.RoomInt)
	n := decimal.PutUint64(dst, len(dst), v)
	swar.StoreByte(dst, n, 'u')
	return dst[:n+1]
}

// AppendBool appends "true" or "false".
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, "true"...)
	}
	return append(dst, "false"...)
}

// AppendString appends v in double quotes, with '"' and '\' escaped. Line feeds
// are kept: they are legal inside quotes. Invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, v string) []byte {
	if len(v) > longText {
		return appendText(dst, v)
	}
	dst = grow(dst, len(v)+2+room)
	n := len(dst)
	swar.StoreByte(dst, n, '"')
	if putText(dst, n+1, v) {
		n += 1 + len(v)
		swar.StoreByte(dst, n, '"')
		return dst[:n+1]
	}
	return appendText(dst, v)
}

// AppendTimestamp appends ts in decimal. The caller appends the space before it.
// It does not check the range that servers store, see [MinTime].
func AppendTimestamp(dst []byte, ts int64) []byte {
	dst = decimal.Grow(dst, decimal.RoomInt)
	return dst[:decimal.PutTimestamp(dst, len(dst), ts)]
}

// AppendTime appends t in units of p since 1970, rounded down. The caller
// appends the space before it. A time outside [MinTime] and [MaxTime] is
// replaced by the nearer of the two.
func AppendTime(dst []byte, t time.Time, p Precision) []byte {
	ts, ok := decimal.TimeIn(t, p)
	if !ok {
		ts = MaxTime / p.Unit()
		if t.Unix() < 0 {
			ts = -ts
		}
	}
	return decimal.AppendInt64(dst, ts)
}

// A TimestampCache appends timestamps like [AppendTimestamp]. It is quicker if a
// timestamp shares its first 11 digits with the one before, as nanoseconds within a
// tenth of a second do. The zero value is ready to use. A copy is a cache of its own.
type TimestampCache struct{ c decimal.TimestampCache }

// Append appends ts in decimal.
func (c *TimestampCache) Append(dst []byte, ts int64) []byte {
	dst = decimal.Grow(dst, decimal.RoomInt)
	n := len(dst)
	if rest, ok := c.c.Shares(ts); ok {
		c.c.PutShared(dst, n)
		swar.Store64(dst, n+11, swar.Digits8(rest)|swar.Zeros)
		return dst[:n+19]
	}
	return dst[:c.c.Put(dst, n, ts)]
}

func indexByte(s string, c byte) int { return strings.IndexByte(s, c) }

// validNumber reports whether s is a number that InfluxDB 1.6.7 takes for a float
// field: [-] digits [. digits] [e [sign] digits], with at least one digit before or
// after the point, and within the range of a float64.
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
