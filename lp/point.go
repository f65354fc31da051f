package lp

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/keyindex"
)

// This file has Point, for programs that learn only at run time which tags and fields
// there are. A Point checks nothing when it is filled, but for the types of values: it is a
// list of tags and fields, and an Encoder writes it, checks it and applies the policies. So
// a Point is refused, or changed by a policy, exactly as the same calls of an Encoder are.
//
// Encode writes to the batch of the caller, with the options of that Encoder. AppendLP and
// its forms borrow an Encoder without a buffer and write with the options of the Point.

// A Point is a point whose shape is known at run time only. The zero value is empty and
// ready to use. Reset empties a Point and keeps its memory. The setters replace a tag or
// field with the same key. Goroutines may write one Point at once, but no goroutine may
// use it while another changes it.
type Point struct {
	// Options are the options of AppendLP. Precision is also the unit of SetTimestamp.
	Options Options

	measurement string
	tags        []Tag
	fields      []pointField
	time        time.Time
	stamp       int64
	unit        Precision // of stamp
	stamped     bool
	holes       int         // fields of kindNone, which were removed
	index       *pointIndex // of tags and fields, once there are many

	// counts are what AppendLP counted. They are atomic, because goroutines may write
	// one point at once, and narrow, because programs hold many Points.
	counts [numReasons]uint32
}

// pointField is a field with a value of one of the types of line protocol: num holds an
// integer, an unsigned integer or a boolean, f a float, s a text. A time is its seconds
// since 1970 in num and its nanoseconds in f.
type pointField struct {
	key  string
	kind kind
	num  uint64
	f    float64
	s    string
}

// A pointIndex has the places of tags and of fields.
type pointIndex struct {
	of           *Point // a copy of a Point needs an index of its own
	tags, fields keyindex.Index
}

// indexed returns the index of the point.
func (p *Point) indexed() *pointIndex {
	if p.index == nil || p.index.of != p {
		p.fill()
		p.index = &pointIndex{of: p}
	}
	return p.index
}

// fill takes the holes out of the fields, in new memory: a copy of a Point shares the old.
func (p *Point) fill() {
	if p.holes > 0 {
		p.fields = slices.DeleteFunc(slices.Clone(p.fields), func(f pointField) bool { return f.kind == kindNone })
		p.holes = 0
	}
}

// remove removes the field with this key, if there is one. Among many fields it leaves a
// hole, so that the places of the others stay as they are.
func (p *Point) remove(key string) {
	i := p.findField(key)
	switch {
	case i < 0:
	case len(p.fields) < keyindex.Few:
		p.fields = slices.Delete(p.fields, i, i+1)
	default:
		p.fields[i] = pointField{}
		if p.holes++; 2*p.holes > len(p.fields) {
			p.fill()
			p.index.fields.Reset()
		}
	}
}

// Reset makes the point empty and keeps the memory, the options and the counts.
func (p *Point) Reset() {
	clear(p.tags)
	clear(p.fields)
	p.measurement, p.tags, p.fields, p.holes = "", p.tags[:0], p.fields[:0], 0
	p.time, p.stamp, p.stamped = time.Time{}, 0, false
	if p.index != nil {
		p.index.tags.Reset()
		p.index.fields.Reset()
	}
}

// Count returns how often AppendLP has refused, left out or changed something for
// reason since the point was made. [Point.Encode] counts in its encoder instead, see
// [Encoder.Count].
func (p *Point) Count(reason Reason) uint64 {
	if int(reason) >= numReasons {
		return 0
	}
	return uint64(atomic.LoadUint32(&p.counts[reason]))
}

// take adds counts to those of the point and clears them.
func (p *Point) take(counts *[numReasons]uint64) {
	for r, n := range counts {
		if n != 0 {
			atomic.AddUint32(&p.counts[r], uint32(n))
		}
	}
	clear(counts[:])
}

// SetMeasurement sets the measurement.
func (p *Point) SetMeasurement(name string) { p.measurement = name }

// Measurement returns the measurement.
func (p *Point) Measurement() string { return p.measurement }

// SetTag sets a tag. A tag with an empty value is not written.
func (p *Point) SetTag(key, value string) {
	if i := p.findTag(key); i >= 0 {
		p.tags[i].Value = value
		return
	}
	p.tags = append(p.tags, Tag{Key: key, Value: value})
}

// findTag returns the place of the tag with this key, or -1.
func (p *Point) findTag(key string) int {
	if len(p.tags) < keyindex.Few {
		for i := range p.tags {
			if p.tags[i].Key == key {
				return i
			}
		}
		return -1
	}
	x := p.indexed()
	return x.tags.Search(key, len(p.tags), func(i int) string { return p.tags[i].Key })
}

// Tags returns the tags in the order they were first set. The slice belongs to the
// point and is valid until the next change.
func (p *Point) Tags() []Tag { return p.tags[:len(p.tags):len(p.tags)] }

func (p *Point) set(f pointField) {
	if i := p.findField(f.key); i >= 0 {
		p.fields[i] = f
		return
	}
	p.fields = append(p.fields, f)
}

// findField returns the place of the field with this key, or -1.
func (p *Point) findField(key string) int {
	if len(p.fields) < keyindex.Few {
		for i := range p.fields {
			if p.fields[i].key == key {
				return i
			}
		}
		return -1
	}
	x := p.indexed()
	return x.fields.Search(key, len(p.fields), func(i int) string { return p.fields[i].key })
}

// SetFloat sets a float field.
func (p *Point) SetFloat(key string, v float64) {
	p.set(pointField{key: key, kind: kindFloat64, f: v})
}

// SetFloat32 sets a float field, written with the digits of a float32.
func (p *Point) SetFloat32(key string, v float32) {
	p.set(pointField{key: key, kind: kindFloat32, f: float64(v)})
}

// SetInt sets an integer field.
func (p *Point) SetInt(key string, v int64) {
	p.set(pointField{key: key, kind: kindInt64, num: uint64(v)})
}

// SetUint sets an unsigned field.
func (p *Point) SetUint(key string, v uint64) {
	p.set(pointField{key: key, kind: kindUint64, num: v})
}

// SetBool sets a boolean field.
func (p *Point) SetBool(key string, v bool) {
	f := pointField{key: key, kind: kindBool}
	if v {
		f.num = 1
	}
	p.set(f)
}

// SetString sets a string field.
func (p *Point) SetString(key, v string) {
	p.set(pointField{key: key, kind: kindString, s: v})
}

// SetDecimal sets a float field to the text of a number, see [Encoder.Decimal].
func (p *Point) SetDecimal(key, number string) {
	p.set(pointField{key: key, kind: kindDecimal, s: number})
}

// SetTime sets the time. The zero time means no timestamp.
func (p *Point) SetTime(t time.Time) { p.time, p.stamped = t, false }

// SetTimestamp sets the time as a timestamp since 1970, in units of the precision
// that the options have now; 0 is a timestamp. If the point is written in another
// precision, the timestamp is converted: exactly to a finer one, rounded down to a
// coarser one.
func (p *Point) SetTimestamp(ts int64) {
	p.stamp, p.unit, p.stamped = ts, p.Options.Precision, true
}

// Encode adds the point to the batch of e, with the options of e. It returns like
// [Encoder.End].
func (p *Point) Encode(e *Encoder) error { return p.encodeAs(e, p.measurement) }

func (p *Point) encodeAs(e *Encoder, measurement string) error {
	e.Point(measurement)
	for i := range p.tags {
		e.Tag(p.tags[i].Key, p.tags[i].Value)
	}
	for i := range p.fields {
		p.fields[i].add(e)
	}
	switch {
	case !p.stamped:
		return e.End(p.time)
	case p.unit != e.opt.Precision:
		return e.end(decimal.Convert(p.stamp, p.unit, e.opt.Precision))
	}
	return e.EndTimestamp(p.stamp)
}

// add adds the field to the open point of e.
func (f *pointField) add(e *Encoder) {
	switch f.kind {
	case kindFloat64:
		e.Float(f.key, f.f)
	case kindFloat32:
		e.Float32(f.key, float32(f.f))
	case kindInt64:
		e.Int(f.key, int64(f.num))
	case kindUint64:
		e.Uint(f.key, f.num)
	case kindBool:
		e.Bool(f.key, f.num != 0)
	case kindString:
		e.String(f.key, f.s)
	case kindDecimal:
		e.Decimal(f.key, f.s)
	case kindTime:
		e.timeField(f.key, time.Unix(int64(f.num), int64(f.f)))
	}
}

// encodeAlone adds the point to the batch of e as [Point.AppendLPIn] would, in the
// precision of e: with its own options and without the tags of e.
func (p *Point) encodeAlone(e *Encoder) error {
	opt, fixed, index := e.opt, e.tags.fixed, e.tags.index
	e.opt, e.tags.fixed, e.tags.index = p.Options, nil, nil
	e.opt.Precision = opt.Precision
	if e.opt.Unsigned == UnsignedAuto {
		e.opt.Unsigned = opt.Unsigned
	}
	err := p.Encode(e)
	e.opt, e.tags.fixed, e.tags.index = opt, fixed, index
	return err
}

// AppendLP appends the point as a line. With an error, a *[PointError], it returns dst
// unchanged. It also does so, without an error, if a policy leaves the point out;
// [Point.Count] tells of that. AppendLP implements [Appender].
func (p *Point) AppendLP(dst []byte) ([]byte, error) {
	return p.AppendLPIn(dst, p.Options.Precision)
}

// AppendLPIn is [Point.AppendLP] with the time in the precision in instead of that of the
// options. It implements [PrecisionAppender].
func (p *Point) AppendLPIn(dst []byte, in Precision) ([]byte, error) {
	return p.AppendLPAs(dst, Form{Precision: in})
}

// AppendLPAs is [Point.AppendLP] with the line written as form says.
func (p *Point) AppendLPAs(dst []byte, form Form) ([]byte, error) {
	measurement := form.Measurement
	if p.measurement != "" {
		measurement = p.measurement
	}
	e := encoders.Get().(*Encoder)
	e.opt = p.Options
	e.opt.Precision = form.Precision
	if e.opt.Unsigned == UnsignedAuto {
		e.opt.Unsigned = form.Unsigned
	}
	e.SetBuffer(dst)
	err := p.encodeAs(e, measurement)
	if e.counts != [numReasons]uint64{} {
		p.take(&e.counts)
	}
	dst = dst[:len(dst):cap(dst)]
	if e.line > len(dst) {
		dst = e.buf[:e.line]
	}
	e.SetBuffer(nil)
	if !e.fields.large() && !e.tags.keys.large() {
		encoders.Put(e)
	}
	return dst, err
}
