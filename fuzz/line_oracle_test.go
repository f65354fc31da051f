package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/influxdata/influxdb/models"

	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// This file compares what pointwire and InfluxDB 1.8.10 read from any bytes. A line that
// one of them accepts and the other does not must belong to a class, which has a name here
// and a row in the table of internal/line/dialect.

// serverCut returns where the server ends the first line of body, and whether a quote is
// open there.
//
// For the server, a backslash before the last byte of a body escapes nothing. That changes
// no point, only whether such a body ends within a quote.
func serverCut(body []byte) (end int, open bool) {
	afterSpace := false // fields may have begun
	depth := 0          // number of equals signs since, minus that of commas
	inString := false
	for end < len(body) {
		c := body[end]
		switch {
		case c == '\\':
			end++ // skip the escaped byte too
		case c == '\n' && !inString:
			return end, false
		case c == ' ':
			afterSpace = true
		case !afterSpace:
		case c == '"' && depth > 0:
			inString = !inString
		case c == '=' && !inString:
			depth++
		case c == ',' && !inString:
			depth--
		}
		end++
	}
	return min(end, len(body)), inString
}

// A reading is the server's reading of one line.
type reading struct {
	offset, end int
	text        []byte // the line, with its line feed if it has one
	err         error  // why the server refuses the line
	point       point
	lost        error // why the stored point cannot be found or read again
	comment     bool  // the line is a comment that swallows further lines
	open        bool  // the line extends to the end of the body, since a quote is open
}

// errNothing is the error of a line that is blank or a comment.
var errNothing = errors.New("nothing")

// serverReads calls each with InfluxDB's reading of each line of body that is neither blank
// nor a comment. A line may swallow others, because a quote is never closed or because it
// is a comment. Then serverReads goes on at the next line feed, as pointwire does and the
// server does not; the reading says so.
func serverReads(body []byte, p lp.Precision, each func(*reading)) {
	var r reading
	for at := 0; at < len(body); at = r.end {
		end, open := serverCut(body[at:])
		end = min(at+end+1, len(body))
		r = reading{offset: at, end: end, text: body[at:end]}
		first := bytes.TrimLeft(r.text, " \t\x00")
		feed := bytes.IndexByte(r.text, '\n')
		if comment := len(first) > 0 && first[0] == '#'; (comment || open) && feed >= 0 && feed < len(r.text)-1 {
			r.comment, r.open = comment, open
			r.end = at + feed + 1
		}
		r.read(p)
		if r.err != errNothing || r.comment {
			each(&r)
		}
	}
}

// word returns the server's word for a precision.
func word(p lp.Precision) string {
	if p == lp.Nanosecond {
		return "n"
	}
	return p.String()
}

// read reads the line with the server's parser.
func (r *reading) read(p lp.Precision) {
	parsed, err := models.ParsePointsWithPrecision(bytes.Clone(r.text), time.Time{}, word(p))
	if err != nil {
		r.err = err
		return
	}
	if len(parsed) == 0 {
		r.err = errNothing
		return
	}
	if len(parsed) != 1 {
		panic(fmt.Sprintf("%q is %d lines", r.text, len(parsed)))
	}
	r.point, r.lost = serverPoint(parsed[0], p)
}

// serverPoint returns a stored point as it is read again, or why it cannot be.
func serverPoint(m models.Point, p lp.Precision) (q point, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic // a string consists of one quote
		}
	}()
	q.measurement = string(m.Name())
	name, tags := models.ParseKeyBytes(m.Key())
	if string(name) != q.measurement {
		return q, fmt.Errorf("point of %q has a key of %q", q.measurement, name)
	}
	if made := models.MakeKey(name, tags); !bytes.Equal(made, m.Key()) {
		return q, fmt.Errorf("point is stored as %q and looked for as %q", m.Key(), made)
	}
	for _, t := range m.Tags() {
		if string(t.Key) == "time" {
			err = errReserved
		}
		q.tags = append(q.tags, tag{string(t.Key), string(t.Value)})
	}
	for it := m.FieldIterator(); it.Next(); {
		f := field{key: string(it.FieldKey())}
		if f.key == "time" {
			err = errReserved
		}
		var e error
		switch it.Type() {
		case models.Float:
			f.value, e = it.FloatValue()
		case models.Integer:
			f.value, e = it.IntegerValue()
		case models.Unsigned:
			f.value, e = it.UnsignedValue()
		case models.Boolean:
			f.value, e = it.BooleanValue()
		case models.String:
			f.value = it.StringValue()
		default:
			e = errors.New("empty field")
		}
		if e != nil {
			return q, e
		}
		if f.key == "" {
			return q, errEmptyKey
		}
		q.fields = append(q.fields, f)
	}
	if !m.Time().IsZero() {
		q.ts, q.hasTime = m.UnixNano()/p.Unit(), true
	}
	return q, err
}

var (
	errReserved = errors.New(`tag or field "time"`)
	errPanic    = errors.New("the server panics")
	errEmptyKey = errors.New("field without a key is dropped")
)

// ownPoint returns the point of the line that s has just accepted.
func ownPoint(s *line.Scanner) point {
	p := point{measurement: string(s.Text(s.Name)), ts: s.Time, hasTime: s.Stamped}
	for _, t := range s.Tags {
		p.tags = append(p.tags, tag{string(s.Text(t.Key)), string(s.Text(t.Value))})
	}
	for _, f := range s.Fields {
		g := field{key: string(s.Text(f.Key))}
		switch f.Kind {
		case line.Float:
			g.value = math.Float64frombits(f.Bits)
		case line.Int:
			g.value = int64(f.Bits)
		case line.Uint:
			g.value = f.Bits
		case line.Bool:
			g.value = f.Bits != 0
		case line.String:
			g.value = string(s.Text(line.Span(f.Bits)))
		}
		p.fields = append(p.fields, g)
	}
	return p
}

// same reports whether two points are equal. Values are compared bit for bit.
func (p point) same(q point) bool {
	if p.measurement != q.measurement || p.ts != q.ts || p.hasTime != q.hasTime || len(p.tags) != len(q.tags) || len(p.fields) != len(q.fields) {
		return false
	}
	p, q = p.sorted(), q.sorted()
	for i, t := range p.tags {
		if t != q.tags[i] {
			return false
		}
	}
	for i, f := range p.fields {
		g := q.fields[i]
		if f.key != g.key {
			return false
		}
		if a, ok := f.value.(float64); ok {
			if b, ok := g.value.(float64); !ok || math.Float64bits(a) != math.Float64bits(b) {
				return false
			}
		} else if f.value != g.value {
			return false
		}
	}
	return true
}
