package lp

import (
	"math"
	"strings"
)

// This file decides the policies of Options: what becomes of a number that is not
// finite, of a text that line protocol cannot carry, of an unsigned integer, and of a
// field that has the key of a tag.
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
