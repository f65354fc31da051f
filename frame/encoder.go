package frame

import (
	"errors"
	"math"
	"slices"
	"sync"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/nocopy"
	"github.com/pointwire/pointwire/lp"
)

// This file holds Encoder, and the methods of Frame that write it with a pooled one.
//
// There are two ways to write a row:
//
//   - The plan (plan.go) compiles what the rows have in common and writes rows in
//     blocks (block.go, append.go). It writes only rows that no policy has to decide,
//     and stops before any other row.
//   - appendPlain gives one row to lp.Encoder, cell by cell. It carries out all policies
//     and finds all errors.
//
// AppendRows alternates between them: the plan until it stops, one row the plain way,
// the plan again. If make reports that the plan is unusable, as for a measurement that
// must be changed, every row goes the plain way. Both ways write the same bytes for a
// row that the plan takes; FuzzEncoder and TestEncoderRandom hold that.
//
// A frame is only read. What an Encoder needs while it writes one, also the copy with
// other times or another measurement, is in the Encoder, so one frame may be written
// by several Encoders at once.

// An Encoder writes frames as line protocol, by the rules of lp.Encoder. The
// zero value is strict and ready to use. An Encoder must not be copied after first
// use, and not be used by two goroutines at once.
type Encoder struct {
	_ nocopy.Field

	// Options are the policies for what cannot be written as it is. Their precision
	// is not used, because a frame has its own.
	Options lp.Options
	// Tags are added to every row that has no tag of the same key, in its frame or
	// in a column.
	Tags []lp.Tag

	extra   []lp.Tag   // those of Tags whose keys the frame at hand does not have
	plain   lp.Encoder // writes the rows that the plan leaves to it
	lines   int
	skipped int

	converted Frame   // the frame at hand in another precision, or with a measurement
	times     []int64 // the memory of its times

	plan
}

// Lines returns the number of lines written so far.
func (e *Encoder) Lines() int { return e.lines }

// Skipped returns the number of rows left out so far because they have no field.
func (e *Encoder) Skipped() int { return e.skipped }

// Count returns how often something was refused, left out or changed for reason.
// Rows without a field are not counted here; see Skipped.
func (e *Encoder) Count(reason lp.Reason) uint64 {
	if reason == lp.ErrNoFields {
		return 0
	}
	return e.plain.Count(reason)
}

// Append appends a line per row of f, in order, to dst. It leaves out nulls, and rows
// without a field, which [Encoder.Skipped] counts. It also leaves out rows that cannot
// be written; the error is then the *[lp.PointError] of the first such row, with the
// number of the row in Index and the number of further such rows in Others. For a
// malformed frame the error is a *[ShapeError], and nothing is appended.
//
// Tags are written in the order Frame.Tags, tag columns, Encoder.Tags, or sorted if
// the options say so.
func (e *Encoder) Append(dst []byte, f *Frame) ([]byte, error) {
	return e.AppendRows(dst, f, 0, f.Len())
}

// AppendRows is [Encoder.Append] for only the rows lo to hi-1 of f. It panics if f has
// no such rows.
func (e *Encoder) AppendRows(dst []byte, f *Frame, lo, hi int) ([]byte, error) {
	if lo < 0 || lo > hi || hi > f.Len() {
		panic("frame: AppendRows: rows out of range")
	}
	if err := f.check(lo, hi); err != nil || lo == hi {
		return dst, err
	}
	e.setExtra(f)
	usable := e.make(f, &e.Options, e.extra, lo, hi)
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

// appendPlain appends row i by lp.Encoder, which knows all policies. It is the plain
// twin of the plan.
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
	for _, t := range e.extra {
		addTag(t.Key, t.Value)
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

// setExtra finds the tags that rows of f get from e.Tags.
func (e *Encoder) setExtra(f *Frame) {
	clear(e.extra)
	e.extra = e.extra[:0]
	has := f.hasTag
	if len(e.Tags) > keyindex.Few {
		keys := f.tagKeys()
		has = func(key string) bool { return keys[key] }
	}
	for _, t := range e.Tags {
		if !has(t.Key) {
			e.extra = append(e.extra, t)
		}
	}
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

// tagKeys has hasTag of every key.
func (f *Frame) tagKeys() map[string]bool {
	keys := map[string]bool{}
	for _, t := range slices.Backward(f.Tags) {
		keys[t.Key] = t.Value != ""
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag {
			keys[c.Name] = true
		}
	}
	return keys
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

// AppendLP appends a line per row of f to dst, as [Encoder.Append] of a strict Encoder
// does. It only reads f. [Frame.Skipped] says how many rows are left out because they
// have no field.
func (f *Frame) AppendLP(dst []byte) ([]byte, error) {
	return f.AppendLPIn(dst, f.Precision)
}

// AppendLPIn is [Frame.AppendLP] with the times in precision p. They stay exact if p
// is finer than the precision of the frame, and are rounded down if p is coarser.
func (f *Frame) AppendLPIn(dst []byte, p lp.Precision) ([]byte, error) {
	return f.AppendLPAs(dst, lp.Form{Precision: p})
}

// AppendLPAs is [Frame.AppendLPIn] with what else a form sets: the measurement of a
// frame that has none, and how unsigned integers are written.
func (f *Frame) AppendLPAs(dst []byte, form lp.Form) ([]byte, error) {
	e := encoders.Get().(*Encoder)
	dst, err := e.AppendAs(dst, f, form)
	e.Reset()
	encoders.Put(e)
	return dst, err
}

// Reset makes e forget the frame that it wrote last. It keeps the options, the tags, the
// counts and the memory.
func (e *Encoder) Reset() {
	clear(e.extra[:cap(e.extra)])
	e.extra = e.extra[:0]
	e.forget()
	e.plain.Reset()
}

// AppendAs is [Encoder.Append] with the rows written as form says. How unsigned integers
// are written is the choice of the options, unless that is lp.UnsignedAuto.
func (e *Encoder) AppendAs(dst []byte, f *Frame, form lp.Form) ([]byte, error) {
	if own := e.Options.Unsigned; own == lp.UnsignedAuto {
		e.Options.Unsigned = form.Unsigned
		defer func() { e.Options.Unsigned = own }()
	}
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
	return dst, err
}

// convert returns a copy of f with its times in precision p. A time that does not fit
// becomes one that is out of range.
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
