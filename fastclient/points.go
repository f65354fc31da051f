package fastclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// This file writes points: a [pointCall] gathers lines from points, structs or frames
// until they are enough for a body, and sends them. Points that cannot be written are
// left out and counted by leaveOut; the error of a body either ends the call or, if the
// server stored a part, is kept while the next body is sent. The tags of [DefaultTags]
// are added to lines that exist already, by [extraTags].

// Lines are complete lines of line protocol, for batches of several kinds of points. A
// missing last newline is added.
type Lines []byte

// AppendLP appends the lines.
func (l Lines) AppendLP(dst []byte) ([]byte, error) {
	dst = append(dst, l...)
	if len(l) > 0 && l[len(l)-1] != '\n' {
		dst = append(dst, '\n')
	}
	return dst, nil
}

var _ lp.Appender = Lines(nil)

// A pointCall is one call that turns points into lines and writes them.
type pointCall struct {
	*writeCall
	from    int   // index of the first point of lines
	sent    bool  // the server has responded to a body
	partial error // errors of bodies that the server stored in part, joined
	parts   int   // number of bodies stored in part
	lines   []byte
	tags    extraTags
	encode  *lp.Options // of EncodeOptions, or nil
	counted func(lp.Reason, uint64)
	rows    frame.Encoder // writes frames
	structs lp.Encoder    // writes structs if they are counted
	name    string        // measurement of points that have none
	nameErr error         // why name is no measurement
	line    []byte        // lines that are not checked yet
	scan    line.Scanner
	bad     PointsError
	index   int
}

// DefaultTags adds tags to every point of one call that has no tag of the same key. A tag
// that line protocol cannot carry, or a second one of a key, is an error of the call.
func DefaultTags(tags ...lp.Tag) PointOption { return tagsOption(tags) }

type tagsOption []lp.Tag

func (o tagsOption) applyPoints(c *pointCall) { c.tags.add(o) }

// EncodeOptions sets the options by which one call writes frames and structs, in place of
// those of the schema. The Precision is that of the call. An [lp.Point] has options of its
// own, and other Appenders know how they write themselves. With [lp.SharedKeyRefuse], points
// are also refused for a field with the key of a tag of [DefaultTags]. See [EncodeCounts]
// for what the options leave out or change.
func EncodeOptions(o lp.Options) PointOption { return encodeOption(o) }

type encodeOption lp.Options

func (o encodeOption) applyPoints(c *pointCall) { c.encode = (*lp.Options)(&o) }

// EncodeCounts has one call report how often it refused, left out or changed something in
// frames and structs, and in points that got the tags of [DefaultTags]: see
// [lp.Encoder.Count]. At the end of the call f is called once for each reason that counts.
func EncodeCounts(f func(reason lp.Reason, n uint64)) PointOption { return countsOption(f) }

type countsOption func(lp.Reason, uint64)

func (o countsOption) applyPoints(c *pointCall) { c.counted = o }

// options returns the options by which the call writes points whose own options are o.
func (w *pointCall) options(c *core, o lp.Options) lp.Options {
	if w.encode != nil {
		o = *w.encode
	}
	o.Precision, o.Unsigned = w.to.precision, points.Unsigned(c.o.API == V1, o.Unsigned)
	return o
}

// report tells what the call has counted.
func (w *pointCall) report() {
	if w.counted == nil {
		return
	}
	for r := lp.ErrNoMeasurement; r <= lp.Replaced; r++ {
		n := w.rows.Count(r) + w.structs.Count(r)
		if r == lp.ErrSharedKey {
			n += w.tags.shared
		}
		if n > 0 {
			w.counted(r, n)
		}
	}
}

// DefaultMeasurement is the measurement of the points of one call that have none of their
// own: an [lp.Point] or a [frame.Frame] without one, or a struct whose schema would
// supply one. Other Appenders know their measurement. A name that line protocol cannot
// carry is an error of the call.
func DefaultMeasurement(name string) PointOption { return nameOption(name) }

type nameOption string

func (o nameOption) applyPoints(c *pointCall) {
	c.name = string(o)
	_, c.nameErr = lp.NewSeries(c.name)
}

// WritePoints writes points of any kind that can write itself as line protocol. They may
// be of one type or, as []lp.Appender, of several: points, frames, your own types,
// [Lines]. It sends bodies of about 1 MiB.
//
// The timestamps are in the precision of the client, or that of [WritePrecision]. An
// [lp.PrecisionAppender], such as a point or a frame, is told which one; other types must
// know. A point that cannot be written is left out and the others are written; the error
// is then a *[PointsError]. If the server stores a body in part, the next body is still
// sent, and the error holds a *[PartialWriteError] for each of the first 16 such bodies.
// Any other error ends the call: a *[StoppedError], unless the first body failed.
func WritePoints[P lp.Appender](ctx context.Context, c *Client, points []P, opts ...PointOption) error {
	return WriteSeq(ctx, c, slices.Values(points), opts...)
}

// WriteSeq is [WritePoints] for a sequence of any length. Memory holds one body at a
// time.
func WriteSeq[P lp.Appender](ctx context.Context, c *Client, points iter.Seq[P], opts ...PointOption) error {
	return c.writePoints(ctx, opts, func(w *pointCall) error {
		for p := range points {
			if err := w.add(ctx, c.core, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteEncoder writes the batch of e in its precision. It neither resets nor changes e.
// Points that e refused since its last Reset, and a point that was begun and not ended,
// are not in the batch: the error is then a *[PointsError]. Points that a policy left out
// or changed are no error; Encoder.Count reports them.
func (c *Client) WriteEncoder(ctx context.Context, e *lp.Encoder, opts ...WriteOption) error {
	err := c.Write(ctx, e.Bytes(), append([]WriteOption{WritePrecision(e.Precision()), madeOption{}}, opts...)...)
	first, open := e.Err(), e.Unfinished()
	if first == nil && open == nil {
		return err
	}
	bad := &PointsError{Bad: e.Refused(), First: first, Write: err}
	if open != nil {
		bad.Bad++
		if first == nil {
			bad.First = open
		}
	}
	if p := (*lp.PointError)(nil); errors.As(bad.First, &p) {
		bad.Index = p.Index
	}
	return bad
}

// writePoints runs addAll, which adds points, and sends the lines that remain.
func (c *Client) writePoints(ctx context.Context, opts []PointOption, addAll func(*pointCall) error) error {
	w := &pointCall{writeCall: c.newWriteCall()}
	w.makes = true
	defer c.freeWriteCall(w.writeCall)
	for _, o := range opts {
		o.applyPoints(w)
	}
	if err := join(w.tags.err, w.nameErr); err != nil {
		return err
	}
	if err := w.prepare(c.core); err != nil {
		return err
	}
	w.lines = w.raws[:0]
	w.rows.Options = w.options(c.core, lp.Options{})
	w.tags.refuse = w.rows.Options.SharedKey != lp.SharedKeyAllow
	defer w.report()
	err := addAll(w)
	if err == nil {
		err = w.flush(ctx, c.core)
	}
	w.raws = w.lines[:0]
	if w.partial != nil {
		if more := w.parts - maxParts; more > 0 {
			w.partial = join(w.partial, fmt.Errorf("fastclient: write: stored in part as well: %d more of the bodies", more))
		}
		err = join(w.partial, err)
	}
	if w.bad.Bad > 0 {
		w.bad.Write = err
		return &w.bad
	}
	return err
}

// add appends the lines of p, and sends them when they are enough for a body.
func (w *pointCall) add(ctx context.Context, c *core, p lp.Appender) error {
	w.begin(w.index)
	err := w.appendLines(w.index, !writesLines(p), func(dst []byte) ([]byte, error) { return points.Append(dst, p, w.form(c), &w.rows) })
	if err != nil {
		w.leaveOut(points.Bad(err), w.index, err)
	}
	w.index++
	return w.flushFull(ctx, c)
}

// form returns the form of the lines that this call makes.
func (w *pointCall) form(c *core) lp.Form {
	return lp.Form{Precision: w.to.precision, Measurement: w.name, Unsigned: points.Unsigned(c.o.API == V1, lp.UnsignedAuto)}
}

// begin records that the next point to be added has this index.
func (w *pointCall) begin(index int) {
	if len(w.lines) == 0 {
		w.from = index
	}
}

// addBlock appends the lines of a block of points, of which the first has this index, and
// sends them when they are enough for a body. The indices in the errors of f count from
// base. It returns errors of f that are not a *[lp.PointError].
func (w *pointCall) addBlock(ctx context.Context, c *core, index, base int, f func([]byte) ([]byte, error)) error {
	w.begin(index)
	err := w.appendLines(index, false, f)
	if bad := (*lp.PointError)(nil); errors.As(err, &bad) {
		w.leaveOut(1+bad.Others, base+bad.Index, err)
	} else if err != nil {
		return err
	}
	return w.flushFull(ctx, c)
}

// writesLines reports whether p is of a type that writes only valid lines.
func writesLines(p lp.Appender) bool {
	switch p.(type) {
	case *lp.Point, *frame.Frame, *lp.PointView:
		return true
	}
	return false
}

// appendLines appends the lines of f with the default tags. With look it checks the
// lines: those that no server would store are left out and counted as a point with this
// index.
func (w *pointCall) appendLines(index int, look bool, f func([]byte) ([]byte, error)) (err error) {
	if !look && len(w.tags.tags) == 0 {
		w.lines, err = f(w.lines)
		return err
	}
	w.line, err = f(w.line[:0])
	var r points.Refusal
	w.scan.SetOptions(points.ScanOptions(w.to.precision, w.trimCR))
	w.lines, _ = appendRaw(w.lines, w.line, &w.scan, &w.tags, &r)
	if r.N > 0 {
		w.leaveOut(r.N, index, r.Err)
	}
	return err
}

// leaveOut counts n bad points, of which the first has this index.
func (w *pointCall) leaveOut(n, index int, err error) {
	if w.bad.Bad == 0 {
		w.bad.Index, w.bad.First = index, err
	}
	w.bad.Bad += n
}

// flushFull sends the lines when they are enough for a body.
func (w *pointCall) flushFull(ctx context.Context, c *core) error {
	if len(w.lines) < pieceBytes {
		return nil
	}
	return w.flush(ctx, c)
}

func (w *pointCall) flush(ctx context.Context, c *core) error {
	if len(w.lines) == 0 {
		return nil
	}
	err := c.sendChecked(ctx, w.writeCall, w.lines)
	w.lines = w.lines[:0]
	switch {
	case err == nil:
		w.sent = true
	case storedInPart(err):
		w.sent = true
		if w.parts++; w.parts <= maxParts {
			w.partial = join(w.partial, err)
		}
		return nil
	case w.sent:
		return &StoppedError{Index: w.from, Offset: -1, Err: err}
	}
	return err
}

// maxParts is how many errors of bodies stored in part a call keeps.
const maxParts = 16

// storedInPart reports whether err, of a body or of its halves, says nothing but that the
// server refused some of the lines.
func storedInPart(err error) bool {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range list.Unwrap() {
			if !storedInPart(e) {
				return false
			}
		}
		return true
	}
	_, ok := err.(*PartialWriteError)
	return ok
}

// extraTags are tags to be added to lines that exist already.
type extraTags struct {
	tags  []defaultTag
	index keyindex.Index // of tags, if they are many
	err   error
	// A line with a field that has the key of a tag is counted in shared, and refused
	// with refuse.
	shared uint64
	refuse bool
}

type defaultTag struct {
	key              string
	text             []byte // ,key=value
	hasTag, hasField bool   // of the line at hand, see mark
}

// add checks and escapes tags. The encoder decides what can be a tag.
func (x *extraTags) add(tags []lp.Tag) {
	for _, tag := range tags {
		if _, err := lp.NewSeries("m", tag); err != nil {
			x.err = err
			return
		}
		text := lp.AppendTag(nil, tag.Key, tag.Value)
		if len(text) == 0 {
			continue // a tag with an empty value is not written
		}
		if x.find(tag.Key) >= 0 {
			x.err = &lp.PointError{Part: lp.PartTagKey, Key: tag.Key, Reason: lp.ErrDuplicateTag}
			return
		}
		x.tags = append(x.tags, defaultTag{key: tag.Key, text: text})
	}
}

// find returns the place of the tag with this key, or -1.
func (x *extraTags) find(key string) int {
	return x.index.Search(key, len(x.tags), func(i int) string { return x.tags[i].key })
}

// append appends the tags whose keys the last line of s does not have. It returns the key
// of a field that such a tag shares, or "".
func (x *extraTags) append(dst []byte, s *line.Scanner) (out []byte, shared string) {
	many := len(s.Tags)+len(s.Fields) > keyindex.Few && len(x.tags) > keyindex.Few
	if many {
		x.mark(s)
	}
	for i := range x.tags {
		t := &x.tags[i]
		hasTag, hasField := t.hasTag, t.hasField
		if !many {
			hasTag = s.HasTag(t.key)
			hasField = !hasTag && s.HasField(t.key)
		}
		if hasTag {
			continue
		}
		dst = append(dst, t.text...)
		if hasField {
			x.shared++
			shared = t.key
		}
	}
	return dst, shared
}

// mark sets which of many tags the last line of s has as a tag or a field.
func (x *extraTags) mark(s *line.Scanner) {
	for i := range x.tags {
		x.tags[i].hasTag, x.tags[i].hasField = false, false
	}
	for _, t := range s.Tags {
		if i := x.find(string(s.Text(t.Key))); i >= 0 {
			x.tags[i].hasTag = true
		}
	}
	for _, f := range s.Fields {
		if i := x.find(string(s.Text(f.Key))); i >= 0 {
			x.tags[i].hasField = true
		}
	}
}

// appendRaw appends lines that s has not read yet, as an encoder would write them and
// with the tags x, and returns their number. Empty lines and comments are left out,
// refused lines are added to r. A tag whose key is that of a tag of the line is not added.
func appendRaw(dst, lines []byte, s *line.Scanner, x *extraTags, r *points.Refusal) (out []byte, n int) {
	s.SetCheck(len(x.tags) == 0)
	s.Reset(lines)
	for index := 0; s.Next(); index++ {
		if s.Fault.Rule != 0 {
			r.AddLine(s, index)
			continue
		}
		n++
		if len(x.tags) == 0 {
			dst = s.AppendPlain(dst)
			continue
		}
		begin := len(dst)
		var shared string
		if dst, shared = x.append(s.AppendSeries(dst), s); shared != "" && x.refuse {
			dst = dst[:begin]
			n--
			r.Add(1, &lp.PointError{Index: index, Measurement: string(s.Text(s.Name)), Part: lp.PartFieldKey, Key: shared, Reason: lp.ErrSharedKey})
			continue
		}
		dst = s.AppendTime(s.AppendFields(dst))
		dst = append(dst, '\n')
	}
	return dst, n
}
