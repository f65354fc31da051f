package lp

import (
	"strings"
	"sync/atomic"
)

// fault says why a point was not written.
type fault struct {
	reason      Reason
	drop        bool // without an error
	part        Part
	key         string
	measurement string
	err         error
	counts      *[numReasons]uint64 // of the encoder, or nil
	shared      *sharedCounts       // of the schema, if there is no encoder
	empty       int                 // tags left out that are not in the counts yet
}

// sharedCounts are how often something was refused, left out or changed, by reason.
// Many goroutines may add to them.
type sharedCounts [numReasons]atomic.Uint64

// add is called on rare ways, which shall stay small.
//
//go:noinline
func (c *sharedCounts) add(r Reason, n uint64) {
	c[r].Add(n)
}

func (f *fault) set(part Part, key string, r Reason) {
	f.part, f.key, f.reason = part, key, r
	f.count(r)
}

func (f *fault) count(r Reason) {
	if f.counts != nil {
		f.counts[r]++
	} else {
		f.shared.add(r, 1)
	}
}

// countEmpty counts the empty tags when a call ends. They are usual, which is why
// they are not counted one by one.
func (f *fault) countEmpty() {
	if f.empty == 0 {
		return
	}
	if f.counts != nil {
		f.counts[EmptyTag] += uint64(f.empty)
	} else {
		f.shared.add(EmptyTag, uint64(f.empty))
	}
	f.empty = 0
}

// error makes an error of the fault.
func (f *fault) error(index int) *PointError {
	return &PointError{
		Index:       index,
		Measurement: strings.Clone(f.measurement),
		Part:        f.part,
		Key:         strings.Clone(f.key),
		Reason:      f.reason,
		Err:         f.err,
	}
}

// collect adds the fault of point i to the first error, and forgets it.
func (f *fault) collect(first *PointError, i int) *PointError {
	switch {
	case f.drop:
	case first == nil:
		first = f.error(i)
	default:
		first.More++
	}
	*f = fault{counts: f.counts, shared: f.shared, empty: f.empty}
	return first
}

// text applies the policy for text without a representation. It reports whether
// the text is to be replaced.
func (f *fault) text(opt *Options, part Part, key string, r Reason) (replace bool) {
	if opt.Text == TextReplace {
		f.count(Replaced)
		return true
	}
	f.set(part, key, r)
	f.drop = opt.Text == TextDropPoint
	return false
}
