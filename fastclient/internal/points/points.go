// Package points turns points of any kind, and lines that others wrote, into what a
// client or a writer sends.
package points

import (
	"errors"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// Unsigned returns how unsigned integers are written under the policy p. v1 says that
// version 1 gets them, of which few servers accept them.
func Unsigned(v1 bool, p lp.UnsignedPolicy) lp.UnsignedPolicy {
	if p == lp.UnsignedAuto && v1 {
		return lp.UnsignedInt
	}
	return p
}

// Append appends the lines of p, in the given form as far as p supports it. A frame is
// written by e. Append returns dst with complete lines, whatever p returns.
func Append(dst []byte, p lp.Appender, form lp.Form, e *frame.Encoder) ([]byte, error) {
	var lines []byte
	var err error
	switch q := p.(type) {
	case *lp.Point:
		lines, err = q.AppendLPAs(dst, form)
	case *frame.Frame:
		before := e.Skipped()
		lines, err = e.AppendAs(dst, q, form)
		err = EmptyRows(err, q, 0, e.Skipped()-before, e.Options.NotFinite)
	case lp.PrecisionAppender:
		lines, err = q.AppendLPIn(dst, form.Precision)
	default:
		lines, err = p.AppendLP(dst)
	}
	switch n := len(lines); {
	case n < len(dst):
		if n > 0 && err == nil {
			err = errNotAppended
		}
		return dst, err
	case n > len(dst) && lines[n-1] != '\n':
		lines = append(lines, '\n')
	}
	return lines, err
}

// errNotAppended refuses a point that did not append to its argument.
var errNotAppended error = &lp.PointError{Part: lp.PartLine, Reason: lp.ErrLine}

// Bad returns how many points err refused, an error of appending lines.
func Bad(err error) int {
	if bad := (*lp.PointError)(nil); errors.As(err, &bad) {
		return 1 + bad.Others
	}
	return 1
}

// EmptyRows returns err, the error of appending the rows of f from lo on, together with
// the n of these rows that were skipped because they have no field, or none that the
// policy leaves: like any point without one they are refused. An error that is not about
// a row is returned alone.
func EmptyRows(err error, f *frame.Frame, lo, n int, policy lp.NotFinitePolicy) error {
	bad, ok := err.(*lp.PointError)
	if n == 0 || err != nil && !ok {
		return err
	}
	if ok {
		n += 1 + bad.Others
	}
	for rows := f.Len(); lo < rows && (!ok || lo < bad.Index); lo++ {
		if !hasField(f, lo, policy) {
			bad, ok = &lp.PointError{Index: lo, Measurement: f.Measurement, Part: lp.PartLine, Reason: lp.ErrNoFields}, true
		}
	}
	bad.Others = n - 1
	return bad
}

// hasField reports whether a row has a field that the policy does not leave out.
func hasField(f *frame.Frame, row int, policy lp.NotFinitePolicy) bool {
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Role != frame.Field || c.IsNull(row) {
			continue
		}
		v := 0.0
		switch c.Type {
		case frame.Float64:
			v = c.Floats[row]
		case frame.Float32:
			v = float64(c.Floats32[row])
		}
		if v-v == 0 || policy != lp.NotFiniteDropField {
			return true
		}
	}
	return false
}

// ScanOptions returns the options for reading raw lines with timestamps in p.
func ScanOptions(p pointwire.Precision, trimCR bool) line.Options {
	return line.Options{Precision: p, TrimCR: trimCR}
}

// SyntaxError returns why s refused its last line.
func SyntaxError(s *line.Scanner) *lp.SyntaxError {
	return &lp.SyntaxError{
		Line: s.Number(), Offset: s.Offset() + int64(s.Fault.At), Column: s.Fault.At,
		Rule: s.Fault.Rule, Excerpt: string(s.Excerpt()),
	}
}

// A Refusal counts what an append does not accept, with the first reason.
type Refusal struct {
	N   int
	Err error
}

// Add counts n more, refused because of err.
func (r *Refusal) Add(n int, err error) {
	r.N += n
	if r.Err == nil {
		r.Err = err
	}
}

// AddLine counts the last line of s, which s refused. index is its number among the lines
// that are neither empty nor comments.
func (r *Refusal) AddLine(s *line.Scanner, index int) {
	if r.N++; r.Err == nil {
		r.Err = &lp.PointError{Index: index, Part: lp.PartLine, Reason: lp.ErrLine, Err: SyntaxError(s)}
	}
}
