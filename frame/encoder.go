package frame

import (
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/lp"
)

// An Encoder writes frames as line protocol, by the rules of lp.Encoder. The
// zero value is strict and ready to use. It must not be copied after first use,
// nor used by two goroutines at once.
type Encoder struct {
	_ noCopy

	// Options are the policies for what cannot be written as it is. Their
	// precision is not used: the times of a frame have one of their own.
	Options lp.Options
	// Tags are tags for every row that has none of the same key, in its frame or
	// in a column.
	Tags []lp.Tag

	plain   lp.Encoder // writes the rows that the plan does not
	lines   int
	skipped int

	converted Frame   // with its times in another precision, or with a measurement
	times     []int64 // of converted

	plan
}

// Lines returns the number of lines written so far.
func (e *Encoder) Lines() int { return e.lines }

// Skipped returns the number of rows left out so far because they have no field.
func (e *Encoder) Skipped() int { return e.skipped }

// Count returns how often something was refused, left out or changed for reason.
// Rows without a field are counted by Skipped alone.
func (e *Encoder) Count(reason lp.Reason) uint64 {
	if reason == lp.ErrNoFields {
		return 0
	}
	return e.plain.Count(reason)
}

// Append appends a line per row of f, in order, to dst. Nulls are left out, and
// so are rows without a field, which are counted. A row that cannot be written is
// left out and the others are written; the error is then the *[lp.PointError] of
// the first of them, with its number in Index and how many followed in More. A
// frame that is no table is a *[ShapeError], and nothing is appended.
//
// Tags come in the order of Frame.Tags, tag columns, Encoder.Tags, or sorted if
// the options say so.
func (e *Encoder) Append(dst []byte, f *Frame) ([]byte, error) {
	return e.AppendRows(dst, f, 0, f.Len())
}

// AppendRows is [Encoder.Append] for the rows lo to hi-1 of f alone. It panics if
// f has no such rows.
func (e *Encoder) AppendRows(dst []byte, f *Frame, lo, hi int) ([]byte, error) {
	if lo < 0 || lo > hi || hi > f.Len() {
		panic("frame: rows out of range")
	}
	if err := f.check(lo, hi); err != nil || lo == hi {
		return dst, err
	}
	usable := e.make(f, &e.Options, e.Tags, lo, hi)
	o := e.Options
	o.Precision = f.Precision
	e.plain.SetOptions(o)
	var first *lp.PointError
	for i := lo; i < hi; i++ {
		if usable {
			var n int
			n, dst = e.plan.append(dst, f, i, hi)
			e.lines += n
			if i += n; i == hi {
				break
			}
		}
		var err error
		dst, err = e.appendPlain(dst, f, i)
		var bad *lp.PointError
		if errors.As(err, &bad) {
			if first != nil {
				first.Others++
			} else {
				first = bad
				first.Index = i
			}
		}
	}
	if first != nil {
		return dst, first
	}
	return dst, nil
}

// appendPlain appends row i by way of lp.Encoder. It knows all policies, and is
// the plain twin of the plan.
func (e *Encoder) appendPlain(dst []byte, f *Frame, i int) ([]byte, error) {
	if !f.hasField(i) {
		e.skipped++
		return dst, nil
	}
	p := &e.plain
	p.Reset()
	p.Point(f.Measurement)
	addTag := func(key, value string) {
		if value != "" {
			p.Tag(key, value)
		}
	}
	for _, t := range f.Tags {
		addTag(t.Key, t.Value)
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && !c.IsNull(i) {
			e.scratch = c.AppendValue(e.scratch[:0], i)
			addTag(c.Name, string(e.scratch))
		}
	}
	for _, t := range e.Tags {
		if !f.hasTag(t.Key) {
			addTag(t.Key, t.Value)
		}
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field && !c.IsNull(i) {
			c.addTo(p, i)
		}
	}
	var err error
	if f.Time != nil {
		err = p.EndTimestamp(f.Time[i])
	} else {
		err = p.EndNoTimestamp()
	}
	if errors.Is(err, lp.ErrNoFields) {
		e.skipped++
		return dst, nil
	}
	e.lines += p.Lines()
	return append(dst, p.Bytes()...), err
}

// hasField reports whether row i has a field.
func (f *Frame) hasField(i int) bool {
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field && !c.IsNull(i) {
			return true
		}
	}
	return false
}

// hasTag reports whether rows of f may have a tag of this key.
func (f *Frame) hasTag(key string) bool {
	if f.Tag(key) != "" {
		return true
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && c.Name == key {
			return true
		}
	}
	return false
}

// addTo adds row i, which is not null, as a field.
func (c *Column) addTo(p *lp.Encoder, i int) {
	switch c.Type {
	case Bool:
		p.Bool(c.Name, c.Bits.Get(i))
	case Int64:
		p.Int(c.Name, c.Ints[i])
	case Uint64:
		p.Uint(c.Name, c.Uints[i])
	case Float64:
		p.Float(c.Name, c.Floats[i])
	case Float32:
		p.Float32(c.Name, c.Floats32[i])
	default:
		p.StringBytes(c.Name, c.Text(i))
	}
}

// AppendLP appends a line per row of f to dst: see [Encoder.Append], of an
// Encoder that is strict. It only reads f. [Frame.Skipped] says how many rows are
// left out because they have no field.
func (f *Frame) AppendLP(dst []byte) ([]byte, error) {
	return f.AppendLPIn(dst, f.Precision)
}

// AppendLPIn is [Frame.AppendLP] with the times in precision p: exact in a finer
// one than that of the frame, rounded down in a coarser one.
func (f *Frame) AppendLPIn(dst []byte, p lp.Precision) ([]byte, error) {
	return f.AppendLPAs(dst, lp.Form{Precision: p})
}

// AppendLPAs is [Frame.AppendLPIn] for lines of a form.
func (f *Frame) AppendLPAs(dst []byte, form lp.Form) ([]byte, error) {
	e := encoders.Get().(*Encoder)
	e.Options.Unsigned = form.Unsigned
	from := f
	if form.Precision != f.Precision {
		from = e.convert(f, form.Precision)
	}
	if f.Measurement == "" && form.Measurement != "" {
		e.converted = *from
		e.converted.Measurement = form.Measurement
		from = &e.converted
	}
	dst, err := e.Append(dst, from)
	e.converted = Frame{}
	e.forget()
	encoders.Put(e)
	return dst, err
}

// convert returns f with its times in precision p. Those that have no place there
// are out of range.
func (e *Encoder) convert(f *Frame, p lp.Precision) *Frame {
	e.converted = *f
	e.converted.Precision = p
	if f.Time != nil {
		e.times = slices.Grow(e.times[:0], len(f.Time))[:len(f.Time)]
		for i, ts := range f.Time {
			var ok bool
			if e.times[i], ok = decimal.Convert(ts, f.Precision, p); !ok {
				e.times[i] = math.MaxInt64
			}
		}
		e.converted.Time = e.times
	}
	return &e.converted
}

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

var _ lp.PrecisionAppender = (*Frame)(nil)
