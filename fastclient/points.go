package fastclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// Lines are complete lines of line protocol as they are, for batches of points
// of several kinds. A missing last newline is added.
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
	sent    bool  // a body was given a response
	partial error // of bodies that the server stored in part, joined
	parts   int   // how many of these
	lines   []byte
	tags    extraTags
	name    string // measurement of points that have none
	nameErr error  // what is wrong with it
	line    []byte // what has yet to be looked at
	scan    line.Scanner
	bad     PointsError
	index   int
}

// DefaultTags adds tags to every point of one call that has none of the same key.
// What line protocol cannot carry is an error of the call.
func DefaultTags(tags ...lp.Tag) PointOption { return tagsOption(tags) }

type tagsOption []lp.Tag

func (o tagsOption) applyPoints(c *pointCall) { c.tags.add(o) }

// DefaultMeasurement names the measurement of the points of one call that have none of
// their own: a [lp.Point] or a [frame.Frame] without one, and a struct that would get
// the measurement of its schema, be it the name of its type. Other Appenders know their
// measurement. What line protocol cannot carry is an error of the call.
func DefaultMeasurement(name string) PointOption { return nameOption(name) }

type nameOption string

func (o nameOption) applyPoints(c *pointCall) {
	c.name = string(o)
	_, c.nameErr = lp.NewSeries(c.name)
}

// WritePoints writes points of any kind that can write itself as line protocol,
// be they of one type or, as []lp.Appender, of several: points, frames, structs
// of one's own, [Lines]. It sends them in bodies of about 1 MiB.
//
// The timestamps are in the precision of the client, or that of
// [WritePrecision]: an [lp.PrecisionAppender], such as a point or a frame, is told
// which it is, and others have to know. A point that cannot be written is left out
// and the others are written; the error is then a *[PointsError]. Behind a body that
// the server stored in part the next is sent, and the error holds a
// *[PartialWriteError] for each of the first 16 of them. Any other error of a body
// ends the call: it is a *[StoppedError], unless it is of the first.
func WritePoints[P lp.Appender](ctx context.Context, c *Client, points []P, opts ...PointOption) error {
	return WriteSeq(ctx, c, slices.Values(points), opts...)
}

// WriteSeq is [WritePoints] for a sequence of any length, of which it holds one
// body at a time. It stops where WritePoints does.
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

// WriteEncoder writes the points of e's batch in its precision. It does not reset or
// change e. The points that e refused since its last Reset, and one that was begun and
// not ended, are not in the batch: the error is then a *[PointsError]. What a policy left
// out or changed is no error, Encoder.Count tells of it.
func (c *Client) WriteEncoder(ctx context.Context, e *lp.Encoder, opts ...WriteOption) error {
	err := c.write(ctx, e, opts)
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

// write sends the lines of e, if there are any.
func (c *Client) write(ctx context.Context, e *lp.Encoder, opts []WriteOption) error {
	if len(e.Bytes()) == 0 {
		return nil
	}
	w, err := c.openWrite(append([]WriteOption{WritePrecision(e.Precision())}, opts...))
	defer c.freeWriteCall(w)
	if err != nil {
		return err
	}
	w.makes = true
	if w.converts(c.core) {
		return c.sendConverted(ctx, w, e.Bytes())
	}
	return c.sendBody(ctx, w, e.Bytes())
}

// writePoints runs fill, which adds points, and sends what it left.
func (c *Client) writePoints(ctx context.Context, opts []PointOption, fill func(*pointCall) error) error {
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
	err := fill(w)
	if err == nil {
		err = w.flush(ctx, c.core)
	}
	w.raws = w.lines[:0]
	if w.partial != nil {
		if more := w.parts - maxParts; more > 0 {
			w.partial = join(w.partial, fmt.Errorf("fastclient: write: %d more bodies were stored in part", more))
		}
		err = join(w.partial, err)
	}
	if w.bad.Bad > 0 {
		w.bad.Write = err
		return &w.bad
	}
	return err
}

// add adds the lines of p and sends what is enough for a body.
func (w *pointCall) add(ctx context.Context, c *core, p lp.Appender) error {
	w.begin(w.index)
	err := w.appendLines(w.index, !writesLines(p), func(dst []byte) ([]byte, error) { return points.Append(dst, p, w.form(c)) })
	if err != nil {
		w.leaveOut(points.Bad(err), w.index, err)
	}
	w.index++
	return w.flushFull(ctx, c)
}

// form is what the lines that the client makes have to be like.
func (w *pointCall) form(c *core) lp.Form {
	return lp.Form{Precision: w.to.precision, Measurement: w.name, Unsigned: points.Unsigned(c.o.API == V1, lp.UnsignedAuto)}
}

// begin says that the point with this index is the next to be added.
func (w *pointCall) begin(index int) {
	if len(w.lines) == 0 {
		w.from = index
	}
}

// addBlock adds the lines of a block of points, the first with this index, and sends
// what is enough for a body. Indices in the errors of f count from base. It returns
// the errors of f that are no *[lp.PointError].
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

// writesLines reports whether p is of a type that writes nothing but valid lines.
func writesLines(p lp.Appender) bool {
	switch p.(type) {
	case *lp.Point, *frame.Frame, *lp.PointView:
		return true
	}
	return false
}

// appendLines appends the lines of f with the extra tags. Where they are to be looked
// at, lines that no server would store are left out and counted as a point with this
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

// leaveOut counts n bad points, the first of them at index.
func (w *pointCall) leaveOut(n, index int, err error) {
	if w.bad.Bad == 0 {
		w.bad.Index, w.bad.First = index, err
	}
	w.bad.Bad += n
}

// flushFull sends the lines if they are enough for a body.
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

// storedInPart reports whether err, of a body or of its halves, says of nothing else
// than that the server refused some of the lines.
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

// extraTags are tags to be added to lines that are there already.
type extraTags struct {
	tags []defaultTag
	err  error
}

type defaultTag struct {
	key  string
	text []byte // ,key=value
}

// add checks and escapes tags, by the encoder: it knows what cannot be a tag.
func (x *extraTags) add(tags []lp.Tag) {
	for _, tag := range tags {
		if _, err := lp.NewSeries("m", tag); err != nil {
			x.err = err
			return
		}
		if text := lp.AppendTag(nil, tag.Key, tag.Value); len(text) > 0 { // an empty value is no tag
			x.tags = append(x.tags, defaultTag{tag.Key, text})
		}
	}
}

// appendRaw appends lines that s has yet to look at, as an encoder would write them
// and with the tags x, and returns how many there are. Empty lines and comments are
// left out. It adds the lines that are refused to r. A tag whose key a line has is
// left out of that line.
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
		dst = s.AppendSeries(dst)
		for i := range x.tags {
			if !s.HasTag(x.tags[i].key) {
				dst = append(dst, x.tags[i].text...)
			}
		}
		dst = s.AppendTime(s.AppendFields(dst))
		dst = append(dst, '\n')
	}
	return dst, n
}
