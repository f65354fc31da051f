package lp

import (
	"math"
	"strings"
	"time"
)

// This file decides the policies of Options: what becomes of a number that is not
// finite, of a text that line protocol cannot carry, of an unsigned integer, of a time that
// is a field, and of a field that has the key of a tag.
// Encoder, Layout and Schema ask here for the verdict. They carry it out in one place
// each, Encoder.obey and cursor.obey, which count, drop or refuse.

// A verdict is what a policy decides about a part of a point.
type verdict uint8

const (
	verdictRefuse verdict = iota // the point is refused with an error
	verdictDrop                  // the point is left out without an error
	verdictChange                // the point goes on without the part, or with other text in it
	verdictKeep                  // the part is written as it is
)

// verdict decides about a NaN or an infinity. verdictChange leaves the field out.
func (p NotFinitePolicy) verdict() verdict {
	switch p {
	case NotFiniteDropField:
		return verdictChange
	case NotFiniteDropPoint:
		return verdictDrop
	}
	return verdictRefuse
}

// verdict decides about a text that line protocol cannot carry. verdictChange
// replaces it.
func (p TextPolicy) verdict() verdict {
	switch p {
	case TextReplace:
		return verdictChange
	case TextDropPoint:
		return verdictDrop
	}
	return verdictRefuse
}

// verdict decides about a field that has the key of a tag. verdictChange is for a point
// that goes on, and is counted.
func (p SharedKeyPolicy) verdict() verdict {
	if p == SharedKeyAllow {
		return verdictChange
	}
	return verdictRefuse
}

// decide returns how t is written: as a text, or as the integer n. The reason says that
// it cannot be written.
func (p TimePolicy) decide(t time.Time) (text bool, n int64, r Reason) {
	unit := Nanosecond
	switch p {
	case TimeText:
		if year := t.UTC().Year(); year < 0 || year > 9999 {
			r = ErrTimeRange
		}
		return true, 0, r
	case TimeNanoseconds:
	case TimeMicroseconds:
		unit = Microsecond
	case TimeMilliseconds:
		unit = Millisecond
	case TimeSeconds:
		unit = Second
	default:
		return false, 0, ErrType
	}
	per := int64(time.Second) / unit.Unit()
	sec := t.Unix()
	n = sec*per + int64(t.Nanosecond())/unit.Unit()
	floor := n / per
	if n%per < 0 {
		floor--
	}
	if floor != sec { // n has overflowed
		return false, 0, ErrTimeRange
	}
	return false, n, 0
}

// appendTime appends the text of t.
func appendTime(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, time.RFC3339Nano) }

// roomTime is the most that appendTime appends.
const roomTime = len("9999-12-31T23:59:59.999999999Z")

// decide returns the number that is written for v, the letter after it, and the
// verdict. verdictChange writes the largest int64.
func (p UnsignedPolicy) decide(v uint64) (n uint64, suffix byte, _ verdict) {
	switch {
	case p <= UnsignedKeep:
		return v, 'u', verdictKeep
	case p == UnsignedRefuse:
		return v, 'i', verdictRefuse
	case v <= math.MaxInt64:
		return v, 'i', verdictKeep
	case p == UnsignedClamp:
		return math.MaxInt64, 'i', verdictChange
	}
	return v, 'i', verdictRefuse
}

// checkString returns why v cannot be a string field, or 0.
func (o *Options) checkString(v string) Reason {
	if o.RefuseNewline && indexByte(v, '\n') >= 0 {
		return ErrNewline
	}
	return checkUTF8(v)
}

// replaceString returns v without what r, from checkString, is about. Invalid UTF-8
// is left to appendText.
func replaceString(v string, r Reason) string {
	if r == ErrNewline {
		return strings.ReplaceAll(v, "\n", "_")
	}
	return v
}
