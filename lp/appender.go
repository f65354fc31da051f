package lp

import (
	"errors"
	"sync"
)

// Appender is implemented by whatever writes itself as line protocol: points,
// frames, batches and types of the user. AppendLP appends complete lines, each
// ended by a line feed, to dst and returns the extended slice. With an error it
// returns dst with the lines that were good, and no part of a bad one.
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
// The error of a becomes the *[PointError] that is returned, with [ErrValue] if it
// is of another type. Bytes behind the last complete line are cut out and refused
// with [ErrLine]. [Encoder.Refused] counts all points that a refused,
// [Encoder.Count] the first of them; of a [Point], what its policies leave out or
// change too.
func (e *Encoder) Append(a Appender) error {
	if p, ok := a.(*Point); ok {
		return p.encodeAlone(e)
	}
	e.refuseOpen()
	e.Cancel()
	var buf []byte
	var err error
	if in, ok := a.(PrecisionAppender); ok {
		buf, err = in.AppendLPIn(e.buf, e.opt.Precision)
	} else {
		buf, err = a.AppendLP(e.buf)
	}
	index := e.index
	var whole bool
	if len(buf) >= e.line {
		lines, size := completeLines(buf[e.line:])
		whole = e.line+size == len(buf)
		e.line += size
		e.buf = buf[:e.line]
		e.lines += lines
		e.index += lines
	} else {
		whole = len(buf) == 0 // else it did not append, and its lines are not known
	}
	if err == nil {
		if whole {
			return nil
		}
		err = &PointError{Index: e.index - index, Reason: ErrLine}
	}
	return e.refuseAppended(err, index)
}

// refuseAppended counts the points that an Appender refused with err and returns
// the error with the number in the batch. The first of its points is number index.
func (e *Encoder) refuseAppended(err error, index int) error {
	bad := &PointError{Index: e.index - index, Reason: ErrValue}
	var own *PointError
	if errors.As(err, &own) {
		*bad = *own
	}
	if err != error(own) { // it says more, or is of another type
		bad.Err = err
	}
	bad.Index += index
	if int(bad.Reason) < numReasons {
		e.counts[bad.Reason]++
	}
	e.bad += 1 + bad.More
	e.index += 1 + bad.More
	if e.first == nil {
		e.first = bad
	}
	return bad
}

// Line adds one line of line protocol as it is, and a line feed if it has none.
// It refuses with [ErrLine] what is not exactly one line of the form
// "measurement[,tags] fields [timestamp]".
func (e *Encoder) Line(line []byte) error {
	e.begin("")
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if !completeLine(line) {
		e.fail(PartLine, "", ErrLine, nil)
		return e.endBad()
	}
	e.buf = append(e.buf, line...)
	e.buf = append(e.buf, '\n')
	e.finish()
	return nil
}

// completeLine reports whether line has a measurement, fields with keys and
// values, and at most a timestamp after them, and no line feed outside quotes.
func completeLine(line []byte) bool {
	i := skipName(line, 0, ", ")
	if i == 0 || i >= len(line) || line[0] == '#' {
		return false
	}
	for line[i] == ',' {
		k := skipName(line, i+1, "=, ")
		if k == i+1 || k >= len(line) || line[k] != '=' {
			return false
		}
		v := skipName(line, k+1, "=, ")
		if v == k+1 || v >= len(line) || line[v] == '=' {
			return false
		}
		i = v
	}
	if line[i] != ' ' {
		return false
	}
	for {
		k := skipName(line, i+1, "=, ")
		if k == i+1 || k >= len(line) || line[k] != '=' {
			return false
		}
		v := skipFieldValue(line, k+1)
		if v <= k+1 {
			return false
		}
		if i = v; i == len(line) {
			return true
		}
		if line[i] != ',' {
			break
		}
	}
	return line[i] == ' ' && validTimestamp(line[i+1:])
}

// encoders are the encoders of points that are written one by one. They hold no
// buffer.
var encoders = sync.Pool{New: func() any { return new(Encoder) }}

// completeLines returns the number of line feeds in b outside quoted field values,
// and where the last of them ends.
func completeLines(b []byte) (n, size int) {
	fields, quoted := false, false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case ' ':
			fields = true
		case '"':
			if quoted || fields && b[i-1] == '=' {
				quoted = !quoted
			}
		case '\n':
			if !quoted {
				n++
				size = i + 1
				fields = false
			}
		}
	}
	return n, size
}

// skipName returns the end of the name at i, which stop ends unless escaped. A
// line feed ends it too, escaped or not, so that the caller does not find its
// separator: InfluxDB 1.x reads past one behind a backslash, others do not.
func skipName(line []byte, i int, stop string) int {
	for ; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\n':
			return i
		case c == '\\' && i+1 < len(line) && line[i+1] != '\n':
			i++
		case indexByte(stop, c) >= 0:
			return i
		}
	}
	return i
}

// skipFieldValue returns the end of the field value at i, or -1.
func skipFieldValue(line []byte, i int) int {
	if i < len(line) && line[i] == '"' {
		for i++; i < len(line); i++ {
			switch line[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return -1
	}
	start := i
	for i < len(line) && line[i] != ',' && line[i] != ' ' {
		i++
	}
	if !validScalar(string(line[start:i])) {
		return -1
	}
	return i
}

// validScalar reports whether s is a number, an integer, an unsigned integer or
// a boolean.
func validScalar(s string) bool {
	switch s {
	case "t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE":
		return true
	case "":
		return false
	}
	switch s[len(s)-1] {
	case 'i':
		return validTimestamp([]byte(s[:len(s)-1]))
	case 'u':
		return s[0] != '-' && validTimestamp([]byte(s[:len(s)-1]))
	}
	return validNumber(s)
}

// validTimestamp reports whether b is an integer: [-] digits.
func validTimestamp(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}
