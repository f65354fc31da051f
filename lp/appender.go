package lp

import (
	"bytes"
	"errors"
	"sync"

	"github.com/pointwire/pointwire/internal/line"
)

// This file takes lines that the Encoder did not write: those of an Appender, and single
// lines of text. Both go through the scanner of package internal/line before they count,
// so a batch holds only lines that servers take, whoever wrote them.
//
// Append lets the Appender write at the end of the batch and then looks at what it wrote.
// takeAppended cuts bad lines out in place; refuseAppended counts the points that the
// Appender itself refused. Until takeAppended has returned, Encoder.line stays where the
// Appender began, so nothing of it is part of the batch.

// Appender is implemented by types that write themselves as line protocol: points,
// frames, batches and types of your own. AppendLP appends complete lines, each ended
// by a line feed, to dst and returns the extended slice. With an error it returns dst
// with the good lines and without any part of a bad one.
type Appender interface {
	AppendLP(dst []byte) ([]byte, error)
}

// A PrecisionAppender is an [Appender] that can write its times in any precision.
// [Encoder.Append] and the functions of package fastclient call its AppendLPIn,
// with the precision of the batch, in place of AppendLP. A type that embeds one,
// such as a [Point], and has an AppendLP of its own needs an AppendLPIn of its own.
type PrecisionAppender interface {
	Appender
	AppendLPIn(dst []byte, p Precision) ([]byte, error)
}

// Append adds the lines of a to the batch, in the precision of the encoder if a is
// a [PrecisionAppender]. Options and tags are those of a. An open point is refused.
//
// If a returns an error, Append returns it as a *[PointError]; an error of another
// type is wrapped in one with [ErrValue]. Lines that no server would store, and bytes
// after the last line feed, are cut out and refused with [ErrLine] and a
// *[SyntaxError]. [Encoder.Refused] counts all points that a refused, [Encoder.Count]
// the first of them. For a [Point], Count also counts what its policies leave out or
// change.
func (e *Encoder) Append(a Appender) error {
	if p, ok := a.(*Point); ok {
		return p.encodeAlone(e)
	}
	e.refuseOpen()
	e.Cancel()
	var buf []byte
	var err error
	unit := Nanosecond // the unit of other lines is not known; this one allows the most timestamps
	if in, ok := a.(PrecisionAppender); ok {
		unit = e.opt.Precision
		buf, err = in.AppendLPIn(e.buf, unit)
	} else {
		buf, err = a.AppendLP(e.buf)
	}
	index := e.index
	var bad *PointError
	if len(buf) >= e.line {
		if err != nil { // the error stands for the line that a left incomplete
			buf = buf[:e.line+bytes.LastIndexByte(buf[e.line:], '\n')+1]
		}
		bad = e.takeAppended(buf, unit)
	} else if len(buf) > 0 { // a did not append, so its lines are not known
		bad = &PointError{Reason: ErrLine}
	}
	switch {
	case err == nil && bad == nil:
		return nil
	case err == nil:
		err = bad
	case bad != nil:
		e.refuseAppended(bad, index)
	}
	return e.refuseAppended(err, index)
}

// takeAppended takes the lines that an Appender has put after the batch in buf. It
// cuts out those that no server would store, which its error is about.
func (e *Encoder) takeAppended(buf []byte, unit Precision) (bad *PointError) {
	lines := buf[e.line:]
	out := buf[:e.line]
	s := e.scanner(unit)
	s.Reset(lines)
	for n := 0; s.Next(); n++ {
		if s.Fault.Rule == 0 && lines[s.End()-1] == '\n' {
			out = s.AppendPlain(out) // never longer than the line, so it overwrites only what was read
			e.lines++
			e.index++
			continue
		}
		if bad != nil {
			bad.Others++
			continue
		}
		bad = &PointError{Index: n, Reason: ErrLine}
		if s.Fault.Rule != 0 {
			bad.Err = syntaxError(s)
		}
	}
	e.buf, e.line = out, len(out)
	return bad
}

// scanner returns the scanner for lines that the encoder did not write, with
// timestamps in unit.
func (e *Encoder) scanner(unit Precision) *line.Scanner {
	if e.scan == nil {
		e.scan = new(line.Scanner)
		e.scan.SetCheck(true)
	}
	e.scan.SetOptions(line.Options{Precision: unit})
	return e.scan
}

// refuseAppended counts the points that an Appender refused with err and returns
// the error with the number in the batch. The first of its points is number index.
func (e *Encoder) refuseAppended(err error, index int) error {
	bad := &PointError{Index: e.index - index, Reason: ErrValue}
	var own *PointError
	if errors.As(err, &own) {
		*bad = *own
	}
	if err != error(own) { // err says more than own, or has another type
		bad.Err = err
	}
	bad.Index += index
	if int(bad.Reason) < numReasons {
		e.counts[bad.Reason]++
	}
	e.bad += 1 + bad.Others
	e.index += 1 + bad.Others
	if e.first == nil {
		e.first = bad
	}
	return bad
}

// Line adds one line of line protocol unchanged, except that it removes white space
// around the parts of the line and adds a missing line feed. It takes what InfluxDB 1.x
// takes, see [Decoder]. Text that is not exactly one line is refused with [ErrLine] and
// a *[SyntaxError].
func (e *Encoder) Line(text []byte) error {
	e.begin("")
	s := e.scanner(e.opt.Precision)
	s.ResetCopy(text)
	switch one := s.Next(); {
	case !one || s.Number() > 1:
		e.fail(PartLine, "", ErrLine, nil)
	case s.Fault.Rule != 0:
		e.fail(PartLine, "", ErrLine, syntaxError(s))
	case int(s.End()) < len(text):
		e.fail(PartLine, "", ErrLine, nil) // another line follows
	default:
		e.buf = s.AppendPlain(e.buf)
		e.finish()
		return nil
	}
	return e.endBad()
}

// encoders holds encoders without a buffer, for points that are written one by one.
var encoders = sync.Pool{New: func() any { return new(Encoder) }}
