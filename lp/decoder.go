package lp

import (
	"io"
	"iter"
	"math"
	"strconv"
	"sync"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/line"
)

// This file has the Decoder, Points and Lint, which are thin layers over package
// internal/line. There line.Scanner finds and checks the lines; a Decoder and its
// PointView hand out what the Scanner found. A Decoder is one PointView that holds the
// Scanner, so Next returns the same pointer each time and allocates nothing. A line
// that is refused becomes a *SyntaxError, and the next line is read as if it had not
// been there.

// DecoderOptions are the choices of a [Decoder]. The zero value reads what
// InfluxDB 1.x reads.
type DecoderOptions struct {
	// Precision is the unit of the timestamps. It decides which timestamps are in
	// range.
	Precision Precision
	// TrimCR takes a carriage return before a line feed as part of the line end, as
	// editors on Windows write it. Without TrimCR such a line is refused, as servers
	// refuse it.
	TrimCR bool
	// MaxLine is the length of the longest line that is taken, by default 16 MiB. It
	// bounds the memory of a Decoder that reads from an [io.Reader].
	MaxLine int
}

// A Decoder reads line protocol point by point. It takes the lines that InfluxDB 1.x
// takes, except some that servers read differently; the documentation of package
// internal/line lists them. The zero value has no input. Reset and ResetReader give it
// one and keep its memory, so a Decoder that is used again allocates nothing.
//
// Its memory is bounded by the longest line and by the most tags and fields of a line,
// plus at most 5 MiB in which it remembers the shapes of lines.
//
// A Decoder must not be copied after first use.
type Decoder struct {
	view PointView
}

// SetOptions sets the options for the lines that follow.
func (d *Decoder) SetOptions(o DecoderOptions) {
	d.view.s.SetOptions(line.Options{Precision: o.Precision, TrimCR: o.TrimCR, MaxLine: o.MaxLine})
}

// Reset makes data the input. The Decoder reads data, and hands out views into it,
// until the next Reset. Do not change data before then.
func (d *Decoder) Reset(data []byte) { d.view.s.Reset(data) }

// ResetReader makes the bytes that r returns the input.
func (d *Decoder) ResetReader(r io.Reader) { d.view.s.ResetReader(r) }

// Next returns the next point, which is valid until the next call. It skips empty lines
// and comments.
//
// For a line that is refused Next returns a *[SyntaxError], and the next call goes on
// after that line. At the end of the input it returns [io.EOF]. If the reader fails, it
// returns the reader's error and drops the incomplete line.
func (d *Decoder) Next() (*PointView, error) {
	if d.view.s.Next() {
		if d.view.s.Fault.Rule == 0 {
			return &d.view, nil
		}
		return nil, syntaxError(&d.view.s)
	}
	if err := d.view.s.Err(); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

// InputOffset returns the offset in the input of the byte after the last line that
// Next took or refused.
func (d *Decoder) InputOffset() int64 { return d.view.s.End() }

// Points returns for each line of data either a point or the error that refuses the
// line. A point is valid until the next one. See [Decoder] for the lines that are taken,
// and use one to set options.
func Points(data []byte) iter.Seq2[*PointView, error] {
	return func(yield func(*PointView, error) bool) {
		d := decoders.Get().(*Decoder)
		defer decoders.Put(d)
		d.Reset(data)
		defer d.Reset(nil)
		for {
			p, err := d.Next()
			if err == io.EOF || !yield(p, err) {
				return
			}
		}
	}
}

// decoders are reused by Points, and checkers by Lint. They keep the shapes of lines
// that they have learned.
var (
	decoders = sync.Pool{New: func() any { return new(Decoder) }}
	checkers = sync.Pool{New: func() any { return new(line.Scanner) }}
)

// A PointView is a point as it stands in line protocol. Its methods return views into
// the input or into the memory of its Decoder, which are valid until the Decoder's next
// call. It is a [PrecisionAppender], so a Writer or an Encoder takes it. It must not be
// copied.
type PointView struct {
	s line.Scanner
}

// Measurement returns the measurement, without escapes.
func (p *PointView) Measurement() []byte { return p.s.Text(p.s.Name) }

// NumTags returns the number of tags.
func (p *PointView) NumTags() int { return len(p.s.Tags) }

// Tag returns the key and the value of tag i, in the order of the line, without escapes.
func (p *PointView) Tag(i int) (key, value []byte) {
	t := &p.s.Tags[i]
	return p.s.Text(t.Key), p.s.Text(t.Value)
}

// NumFields returns the number of fields, which is at least one.
func (p *PointView) NumFields() int { return len(p.s.Fields) }

// Field returns the key and the value of field i, in the order of the line. The key is
// without escapes. A key may occur twice; InfluxDB keeps the last value.
func (p *PointView) Field(i int) (key []byte, value FieldValue) {
	f := &p.s.Fields[i]
	return p.s.Text(f.Key), FieldValue{f.Bits, FieldKind(f.Kind), p}
}

// Timestamp returns the timestamp in the precision of the Decoder, and whether the
// line has one.
func (p *PointView) Timestamp() (ts int64, ok bool) { return p.s.Time, p.s.Stamped }

// Line returns the number of the line in the input, counted by line feeds from 1.
func (p *PointView) Line() int64 { return p.s.Number() }

// Offset returns the offset of the line in the input.
func (p *PointView) Offset() int64 { return p.s.Offset() }

// Raw returns the line unchanged, without its line feed.
func (p *PointView) Raw() []byte { return p.s.Line() }

// AppendLP appends the line with one space between its parts and a line feed, as an
// [Encoder] would write it. Names and values keep the text that they have in the input.
func (p *PointView) AppendLP(dst []byte) ([]byte, error) { return p.s.AppendPlain(dst), nil }

// AppendLPIn is [PointView.AppendLP] with the timestamp converted to the precision in
// and rounded down. A time that in cannot hold is refused with [ErrTimeRange].
func (p *PointView) AppendLPIn(dst []byte, in Precision) ([]byte, error) {
	own := p.s.Options().Precision
	if !p.s.Stamped || in == own {
		return p.s.AppendPlain(dst), nil
	}
	ts, ok := decimal.Convert(p.s.Time, own, in)
	if !ok {
		return dst, &PointError{Measurement: string(p.Measurement()), Part: PartTimestamp, Reason: ErrTimeRange}
	}
	dst = p.s.AppendFields(p.s.AppendSeries(dst))
	dst = AppendTimestamp(append(dst, ' '), ts)
	return append(dst, '\n'), nil
}

// A FieldKind is the type of a field in line protocol.
type FieldKind uint8

// The types of fields.
const (
	FloatField  = FieldKind(line.Float)
	IntField    = FieldKind(line.Int)
	UintField   = FieldKind(line.Uint)
	BoolField   = FieldKind(line.Bool)
	StringField = FieldKind(line.String)
)

// String returns the name that InfluxDB's SHOW FIELD KEYS gives the type.
func (k FieldKind) String() string {
	switch k {
	case FloatField:
		return "float"
	case IntField:
		return "integer"
	case UintField:
		return "unsigned"
	case BoolField:
		return "boolean"
	case StringField:
		return "string"
	}
	return "field kind " + strconv.Itoa(int(k))
}

// A FieldValue is the value of a field.
type FieldValue struct {
	bits uint64
	kind FieldKind
	p    *PointView // holds the text of a string
}

// Kind returns the type of the value.
func (v FieldValue) Kind() FieldKind { return v.kind }

// Float returns the value of a FloatField: the float64 nearest to its text.
func (v FieldValue) Float() float64 { return math.Float64frombits(v.bits) }

// Int returns the value of an IntField.
func (v FieldValue) Int() int64 { return int64(v.bits) }

// Uint returns the value of a UintField.
func (v FieldValue) Uint() uint64 { return v.bits }

// Bool returns the value of a BoolField.
func (v FieldValue) Bool() bool { return v.bits != 0 }

// Bytes returns the value of a StringField without its escapes. It is a view like those
// of [PointView].
func (v FieldValue) Bytes() []byte {
	if v.kind != StringField {
		return nil
	}
	return v.p.s.Text(line.Span(v.bits))
}

// A SyntaxError says which rule a line of line protocol breaks, and where.
type SyntaxError struct {
	// Line is the number of the line in the input, from 1. Line feeds within strings
	// count.
	Line int64
	// Offset is the offset in the input of the byte that breaks the rule.
	Offset int64
	// Column is the offset of that byte in the line.
	Column int
	// Rule is the rule that is broken. errors.Is finds it.
	Rule Rule
	// Excerpt is the text around that byte, at most 64 bytes.
	Excerpt string
}

// Error describes the error in one line, with the excerpt quoted.
func (e *SyntaxError) Error() string {
	b := append(make([]byte, 0, 128), "lp: line "...)
	b = strconv.AppendInt(b, e.Line, 10)
	b = append(b, ", column "...)
	b = strconv.AppendInt(b, int64(e.Column), 10)
	b = append(b, ": "...)
	b = append(b, e.Rule.String()...)
	if e.Excerpt != "" {
		b = append(b, " in "...)
		b = strconv.AppendQuote(b, e.Excerpt)
	}
	return string(b)
}

// Unwrap returns the rule.
func (e *SyntaxError) Unwrap() error { return e.Rule }

func syntaxError(s *line.Scanner) *SyntaxError {
	return &SyntaxError{
		Line: s.Number(), Offset: s.Offset() + int64(s.Fault.At), Column: s.Fault.At,
		Rule: s.Fault.Rule, Excerpt: string(s.Excerpt()),
	}
}

// A Rule is a rule of line protocol that a line can break. It is an error, so that
// errors.Is(err, lp.RuleOpenQuote) holds.
type Rule = line.Rule

// The rules. A quoted text is the error with which InfluxDB 1.8.10 responds when it
// refuses the line too; other comments say what it does instead.
const (
	RuleNoMeasurement    = line.NoMeasurement    // "missing measurement"
	RuleNoTagKey         = line.NoTagKey         // "missing tag key"
	RuleNoTagValue       = line.NoTagValue       // "missing tag value"
	RuleEqualsInTag      = line.EqualsInTag      // "invalid tag format"
	RuleDuplicateTag     = line.DuplicateTag     // "duplicate tags"
	RuleNoFields         = line.NoFields         // "missing fields"
	RuleNoFieldKey       = line.NoFieldKey       // "missing field key"
	RuleNoFieldValue     = line.NoFieldValue     // "missing field value", "invalid field format"
	RuleInvalidValue     = line.InvalidValue     // "invalid number", "invalid boolean"
	RuleValueRange       = line.ValueRange       // a number beyond the range of its type
	RuleOpenQuote        = line.OpenQuote        // "unbalanced quotes"
	RuleAfterQuote       = line.AfterQuote       // taken, and stored as another string
	RuleInvalidTimestamp = line.InvalidTimestamp // "bad timestamp"
	RuleAfterTimestamp   = line.AfterTimestamp   // "point is invalid"
	RuleTimeRange        = line.TimeRange        // "time outside range"
	RuleReservedKey      = line.ReservedKey      // a field is dropped in silence, a tag is refused
	RuleBackslash        = line.Backslash        // taken, and not found by queries
	RuleNameNewline      = line.NameNewline      // taken; other servers cut the line there
	RuleCutElsewhere     = line.CutElsewhere     // the next line is swallowed
	RuleKeyTooLong       = line.KeyTooLong       // "max key length exceeded"
	RuleCarriageReturn   = line.CarriageReturn   // "bad timestamp"; see DecoderOptions.TrimCR
	RuleByteOrderMark    = line.ByteOrderMark    // taken as part of the measurement
	RuleTooLong          = line.TooLong          // longer than DecoderOptions.MaxLine
)

// Lint returns an error for each line of data that is refused. See [Decoder] for the
// lines that are taken.
func Lint(data []byte) iter.Seq[*SyntaxError] {
	return func(yield func(*SyntaxError) bool) {
		s := checkers.Get().(*line.Scanner)
		defer checkers.Put(s)
		s.SetCheck(true)
		s.Reset(data)
		defer s.Reset(nil)
		lint(s, yield)
	}
}

// LintReader is [Lint] for the bytes that r returns, with options. Its memory is bounded
// by the longest line. An error of r comes last, with a nil *SyntaxError.
func LintReader(r io.Reader, o DecoderOptions) iter.Seq2[*SyntaxError, error] {
	return func(yield func(*SyntaxError, error) bool) {
		var s line.Scanner
		s.SetCheck(true)
		s.SetOptions(line.Options{Precision: o.Precision, TrimCR: o.TrimCR, MaxLine: o.MaxLine})
		s.ResetReader(r)
		if lint(&s, func(e *SyntaxError) bool { return yield(e, nil) }) && s.Err() != nil {
			yield(nil, s.Err())
		}
	}
}

func lint(s *line.Scanner, yield func(*SyntaxError) bool) (ended bool) {
	for s.Next() {
		if s.Fault.Rule != 0 && !yield(syntaxError(s)) {
			return false
		}
	}
	return true
}

// Valid returns nil if all lines of data are taken, or the *[SyntaxError] of the first
// line that is refused.
func Valid(data []byte) error {
	for e := range Lint(data) {
		return e
	}
	return nil
}

// AppendUnescapedMeasurement appends the measurement that a line writes as s. It is the
// inverse of [AppendMeasurement].
func AppendUnescapedMeasurement(dst, s []byte) []byte { return line.AppendMeasurement(dst, s) }

// AppendUnescapedTag appends the tag key or tag value that a line writes as s. It is the
// inverse of [AppendTag].
func AppendUnescapedTag(dst, s []byte) []byte { return line.AppendTag(dst, s) }

// AppendUnescapedFieldKey appends the field key that a line writes as s.
func AppendUnescapedFieldKey(dst, s []byte) []byte { return line.AppendFieldKey(dst, s) }

// AppendUnescapedString appends the value of a string field that a line writes as s
// between its quotes.
func AppendUnescapedString(dst, s []byte) []byte { return line.AppendString(dst, s) }
