package lp

import (
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/nocopy"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file has the Encoder's batch and the life of a point in it; encoder_tag.go
// writes tags, encoder_field.go fields, value.go values of any type, series.go and
// layout.go parts that were escaped beforehand.
//
// A point moves through the states below. Point or Series begins it, the first field
// completes its tags, and an End makes it a line. These invariants hold between calls:
//
//   - buf[:line] holds complete lines and nothing else. What follows is the open
//     point, so a point is cut out by setting the length of buf back to line.
//   - In stateBad the open point has no bytes in buf, and every call up to its end is
//     ignored.
//   - A method that stores whole words first makes room for them: bytes beyond the
//     length of buf may hold anything.
//
// The usual text, short and clean, is written on a short path that a method tries
// first. Everything else goes to a method named …Slow, which checks, replaces, refuses
// and escapes.

// An Encoder writes points into a batch, part by part: a measurement or a
// series, tags, fields, the end. The zero value is ready to use.
//
//	var e lp.Encoder
//	e.Point("cpu")
//	e.Tag("host", "server01")
//	e.Float("load", 0.64)
//	err := e.End(time.Now())
//
// A part that is refused makes the point bad: the rest of the point is ignored,
// its End returns the error and cuts the point out of the batch, and the next
// Point starts afresh. The first error stays in [Encoder.Err]. What is refused,
// left out or changed is counted by reason.
//
// An Encoder must not be copied after first use, nor used by two goroutines at
// once.
type Encoder struct {
	_     nocopy.Field
	buf   []byte
	line  int // where the complete lines end in buf
	state encoderState
	// separator goes before the next field: a space until the point has one, then a
	// comma.
	separator byte
	lines     int
	index     int // points begun since Reset
	bad       int // points refused since Reset

	opt         Options
	measurement string // of the open point, for errors
	first, cur  *PointError
	counts      [numReasons]uint64

	times  decimal.TimestampCache
	tags   tagSet
	fields keySet
	row    *layout // began the fields of the open point, see keysOfRow
	apart  keyState
	scan   *line.Scanner
}

type encoderState uint8

const (
	stateIdle   encoderState = iota // no point is open
	stateTags                       // the measurement is written; tags or a field follow
	stateFields                     // the tags are complete; separator says whether a field is written
	stateBad                        // the open point is refused or dropped
)

// SetOptions sets the options for the points to come. It ends an open point
// without writing it.
func (e *Encoder) SetOptions(o Options) {
	e.Cancel()
	e.opt = o
}

// Options returns the options in use.
func (e *Encoder) Options() Options { return e.opt }

// SetPrecision sets the unit of the timestamps of the points to come.
func (e *Encoder) SetPrecision(p Precision) { e.opt.Precision = p }

// Precision returns the unit of the timestamps.
func (e *Encoder) Precision() Precision { return e.opt.Precision }

// Reset empties the batch and forgets the first error. It keeps the memory, the
// options, the default and extra tags, the counts, and the keys of the last points.
func (e *Encoder) Reset() {
	e.Cancel()
	e.buf = e.buf[:0]
	e.line, e.lines, e.index, e.bad = 0, 0, 0, 0
	e.first = nil
}

// SetBuffer makes the encoder append to buf. Lines does not count the lines that buf
// holds already. The encoder drops its batch and gives up its buffer, which then
// belongs to the caller. Use it to hand a batch on without a copy.
func (e *Encoder) SetBuffer(buf []byte) {
	e.Reset()
	e.buf, e.line = buf, len(buf)
}

// Bytes returns the complete lines of the batch, each ended by a line feed. It
// is valid until the next call of a method that changes the encoder.
func (e *Encoder) Bytes() []byte { return e.buf[:e.line:e.line] }

// Len returns the length of [Encoder.Bytes].
func (e *Encoder) Len() int { return e.line }

// Lines returns the number of complete lines in the batch.
func (e *Encoder) Lines() int { return e.lines }

// Refused returns the number of points refused since the last Reset.
func (e *Encoder) Refused() int { return e.bad }

// Err returns the first error since the last Reset, a *[PointError], or nil.
func (e *Encoder) Err() error {
	if e.first == nil {
		return nil
	}
	return e.first
}

// Unfinished returns the error that would refuse the open point if another began now,
// a *[PointError] with [ErrOrder]. It is nil if no point is open, or if the open point
// is refused already.
func (e *Encoder) Unfinished() error {
	if e.state != stateTags && e.state != stateFields {
		return nil
	}
	return &PointError{
		Index: e.index - 1, Measurement: strings.Clone(e.measurement), Part: PartLine, Reason: ErrOrder,
	}
}

// Count returns how often something was refused, left out or changed for
// reason, since the encoder was made.
func (e *Encoder) Count(reason Reason) uint64 {
	if int(reason) >= numReasons {
		return 0
	}
	return e.counts[reason]
}

// Cancel drops the open point, if any, without an error and without counting it.
func (e *Encoder) Cancel() {
	if e.state != stateIdle {
		e.close()
	}
}

// close cuts the open point out and makes the encoder ready for the next one.
func (e *Encoder) close() {
	e.buf = e.buf[:e.line]
	e.state = stateIdle
	e.measurement = ""
	e.cur = nil
}

// fail refuses the open point.
func (e *Encoder) fail(part Part, key string, reason Reason, cause error) {
	e.counts[reason]++
	e.bad++
	e.buf = e.buf[:e.line]
	e.state = stateBad
	e.cur = &PointError{
		Index:       max(e.index-1, 0),
		Measurement: strings.Clone(e.measurement),
		Part:        part,
		Key:         strings.Clone(key),
		Reason:      reason,
		Err:         cause,
	}
	if e.first == nil {
		e.first = e.cur
	}
}

// drop leaves the open point out without an error.
func (e *Encoder) drop(reason Reason) {
	e.counts[reason]++
	e.buf = e.buf[:e.line]
	e.state = stateBad
}

// obey carries out the verdict about a part of the open point and reports whether
// the point goes on. It counts reason where the point ends and changed where the part
// is changed.
func (e *Encoder) obey(v verdict, part Part, key string, reason, changed Reason) bool {
	switch v {
	case verdictRefuse:
		e.fail(part, key, reason, nil)
		return false
	case verdictDrop:
		e.drop(reason)
		return false
	case verdictChange:
		e.counts[changed]++
	}
	return true
}

// badText refuses or drops the open point for a text, or reports true if the
// text is to be replaced.
func (e *Encoder) badText(part Part, key string, reason Reason) (replace bool) {
	return e.obey(e.opt.Text.verdict(), part, key, reason, Replaced)
}

// misplaced refuses the point for a call that does not fit the state.
func (e *Encoder) misplaced(part Part, key string) {
	if e.state != stateBad {
		e.fail(part, key, ErrOrder, nil)
	}
}

// refuseOpen refuses the open point, if any, because it was not ended.
func (e *Encoder) refuseOpen() {
	if e.state == stateTags || e.state == stateFields {
		e.fail(PartLine, "", ErrOrder, nil)
	}
}

// begin starts a point. It refuses one that is still open.
func (e *Encoder) begin(measurement string) {
	e.refuseOpen()
	e.index++
	e.measurement = measurement
	e.cur = nil
	e.state = stateTags
	e.tags.reset()
	e.fields.reset()
}

// Point starts a point with the given measurement.
func (e *Encoder) Point(measurement string) {
	e.begin(measurement)
	e.buf = grow(e.buf, len(measurement)+room)
	if n := len(e.buf); putName(e.buf, n, measurement) && measurement != "" && measurement[0] != '#' {
		e.buf = e.buf[:n+len(measurement)]
		return
	}
	if r := checkMeasurement(measurement); r != 0 {
		if e.badText(PartMeasurement, "", r) {
			e.buf = AppendMeasurement(e.buf, measurement)
		}
		return
	}
	e.buf = escapeMeasurement(e.buf, measurement)
}

// Series starts a point with the measurement and the tags of s. More tags may
// follow.
func (e *Encoder) Series(s Series) {
	if s.p == nil {
		e.begin("")
		e.fail(PartMeasurement, "", ErrNoMeasurement, nil)
		return
	}
	e.begin(s.p.measurement)
	e.tags.series = s.p
	e.buf = grow(e.buf, len(s.p.wire)+room)
	e.buf = e.buf[:putLiteral(e.buf, len(e.buf), s.p.wire)]
}

// End ends the point with the time t in the precision of the encoder, rounded
// down, or without a timestamp if t is the zero time. It returns the error of
// this point, a *[PointError], or nil if the point is in the batch, or was left
// out because a policy says so.
func (e *Encoder) End(t time.Time) error {
	if t.IsZero() {
		return e.EndNoTimestamp()
	}
	ts, ok := decimal.TimeIn(t, e.opt.Precision)
	return e.end(ts, ok)
}

// EndTimestamp ends the point with the timestamp ts in units of the precision of
// the encoder since 1970; 0 is a timestamp. It returns like [Encoder.End].
func (e *Encoder) EndTimestamp(ts int64) error {
	return e.end(ts, decimal.InRange(ts, e.opt.Precision))
}

// EndNoTimestamp ends the point without a timestamp: the server stamps it with
// the time it arrives. It returns like [Encoder.End].
func (e *Encoder) EndNoTimestamp() error {
	if !e.hasField() || !e.sharedKeys() {
		return e.endBad()
	}
	e.buf = append(e.buf, '\n')
	e.finish()
	return nil
}

// hasField reports whether the open point can become a line.
func (e *Encoder) hasField() bool { return e.state == stateFields && e.separator == ',' }

func (e *Encoder) end(ts int64, inRange bool) error {
	if !e.hasField() || !e.sharedKeys() {
		return e.endBad()
	}
	if !inRange || !e.opt.Precision.Valid() {
		e.fail(PartTimestamp, "", ErrTimeRange, nil)
		return e.endBad()
	}
	e.buf = decimal.Grow(e.buf, decimal.RoomInt+2)
	n := len(e.buf)
	swar.StoreByte(e.buf, n, ' ')
	if rest, ok := e.times.Shares(ts); ok {
		e.times.PutShared(e.buf, n+1)
		swar.Store64(e.buf, n+12, swar.Digits8(rest)|swar.Zeros)
		n += 20
	} else {
		n = e.times.Put(e.buf, n+1, ts)
	}
	swar.StoreByte(e.buf, n, '\n')
	e.buf = e.buf[:n+1]
	e.finish()
	return nil
}

// finish makes the open point a complete line.
func (e *Encoder) finish() {
	e.line = len(e.buf)
	e.lines++
	e.state = stateIdle
	e.measurement = ""
}

// endBad ends a point that does not become a line.
func (e *Encoder) endBad() error {
	switch e.state {
	case stateTags, stateFields:
		e.fail(PartLine, "", ErrNoFields, nil)
	case stateIdle:
		e.fail(PartLine, "", ErrOrder, nil)
	}
	err := e.cur
	e.close()
	if err == nil { // dropped by a policy
		return nil
	}
	return err
}
