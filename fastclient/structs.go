package fastclient

import (
	"context"
	"errors"
	"reflect"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// structBlock is how many structs are turned into lines before the size of the body is
// checked.
const structBlock = 512

// WriteStructs writes structs by a schema, in bodies of about 1 MiB. The timestamps are
// sent in the precision of the schema. With a nil schema, the schema of [lp.SchemaFor] is
// used, in the precision of the client or of [WritePrecision].
//
// A struct that cannot be written is left out and the others are written; the error is
// then a *[PointsError]. A type that has no schema is a *[lp.SchemaError]. [DefaultTags]
// adds tags to points that have none of the same key, and [DefaultMeasurement] takes
// precedence over the measurement of the schema.
func WriteStructs[T any](ctx context.Context, c *Client, schema *lp.Schema[T], values []T, opts ...PointOption) error {
	if schema == nil {
		s, err := lp.SchemaFor[T]()
		if err != nil {
			return err
		}
		return c.writePoints(ctx, opts, func(w *pointCall) error {
			return addStructs(ctx, w, c.core, s.With(w.options(c.core, lp.Options{})), values)
		})
	}
	opts = append([]PointOption{WritePrecision(schema.Options().Precision)}, opts...)
	return c.writePoints(ctx, opts, func(w *pointCall) error {
		if o := w.options(c.core, schema.Options()); o != schema.Options() {
			schema = schema.With(o)
		}
		return addStructs(ctx, w, c.core, schema, values)
	})
}

func addStructs[T any](ctx context.Context, w *pointCall, c *core, s *lp.Schema[T], values []T) error {
	if w.name != "" {
		var err error
		if s, err = s.WithMeasurement(w.name); err != nil {
			return err // which cannot be: DefaultMeasurement has checked the name
		}
	}
	for lo := 0; lo < len(values); lo += structBlock {
		block := values[lo:min(lo+structBlock, len(values))]
		err := w.addBlock(ctx, c, lo, lo, func(dst []byte) ([]byte, error) {
			if w.counted == nil {
				return s.AppendAll(dst, block)
			}
			return encodeAll(dst, &w.structs, s, block)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// encodeAll is AppendAll of s with the counts of e.
func encodeAll[T any](dst []byte, e *lp.Encoder, s *lp.Schema[T], values []T) ([]byte, error) {
	e.SetOptions(s.Options())
	e.Reset()
	for i := range values {
		s.Encode(e, &values[i])
	}
	err := e.Err()
	if bad := (*lp.PointError)(nil); errors.As(err, &bad) {
		bad.Others = e.Refused() - 1
	}
	return append(dst, e.Bytes()...), err
}

// QueryInto sends q like [Client.Query] and appends a value for each row to dst, which may
// be nil, by the rules of [jsonscan.AppendValues]. T is a struct, or the type of the only
// column: QueryInto[float64] of SELECT mean(load) is a slice of means, and with *float64
// the windows without points are nil. Structs that were written by a schema can be read
// by the same type. [StructOptions] relaxes what a response must have.
//
// It returns the rows of the statements that succeeded together with the errors of the
// others. [MaxBytes] bounds the response, or else [Options].MaxResponseBytes; the values
// may take eight times that. Beyond it the error is a *[TransportError] with
// [ErrResponseTooLarge]. For longer responses, range over [jsonscan.StructsOf] of
// [Result.Rows].
func QueryInto[T any](ctx context.Context, c *Client, dst []T, q string, opts ...QueryOption) ([]T, error) {
	r, structs, err := c.queryInto(ctx, q, opts)
	if err != nil {
		return dst, err
	}
	defer r.Close()
	return jsonscan.AppendValues(dst, r.boundedRows(int64(reflect.TypeFor[T]().Size())), structs)
}

// QueryOne is [QueryInto] for a response of one row, which it returns. Without a row the
// error is [ErrNoRows], and with more than one it is [ErrTooManyRows]; no more than two
// are read. With any error the value is zero. InfluxDB sends no row for an aggregate of no
// points.
func QueryOne[T any](ctx context.Context, c *Client, q string, opts ...QueryOption) (T, error) {
	var zero T
	r, structs, err := c.queryInto(ctx, q, opts)
	if err != nil {
		return zero, err
	}
	defer r.Close()
	n := 0
	first := func(yield func(*jsonscan.Row, error) bool) {
		for row, err := range r.Rows() {
			if err == nil {
				n++
			}
			if n > 1 || !yield(row, err) {
				return
			}
		}
	}
	got, err := jsonscan.AppendValues(make([]T, 0, 1), first, structs)
	switch {
	case n > 1 && err != nil:
		return zero, errors.Join(ErrTooManyRows, err)
	case n > 1:
		return zero, ErrTooManyRows
	case err != nil:
		return zero, err
	case n == 0:
		return zero, ErrNoRows
	}
	return got[0], nil
}

// queryInto sends q for a caller that reads structs, and returns the [StructOptions].
func (c *Client) queryInto(ctx context.Context, q string, opts []QueryOption) (*Result, jsonscan.StructOption, error) {
	var structs jsonscan.StructOption
	own := queryOption(func(c *queryCall) { c.whole, c.into = true, &structs })
	r, err := c.Query(ctx, q, append([]QueryOption{own}, opts...)...)
	return r, structs, err
}

// frameBlock is how many rows are turned into lines before the size of the body is
// checked.
const frameBlock = 1024

// QueryFrames sends q like [Client.Query] and returns the whole response as columns: a
// frame for each series, in order. It returns the frames of the statements that succeeded
// together with the joined errors of the others. [MaxBytes] bounds the response, or else
// [Options].MaxResponseBytes; the columns may take about eight times that. For longer
// responses, range over [Result.Frames].
func (c *Client) QueryFrames(ctx context.Context, q string, opts ...QueryOption) ([]*frame.Frame, error) {
	r, err := c.Query(ctx, q, append([]QueryOption{Whole()}, opts...)...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	frames := r.FrameReader()
	frames.MaxCells = max(1, r.body.left) // of 8 bytes: see boundedRows
	all, err := frame.ReadAll(frames)
	if errors.Is(err, frame.ErrTooManyCells) {
		err = r.body.fail(ErrResponseTooLarge)
	}
	return all, err
}

// WriteFrame writes the rows of f in bodies of about 1 MiB, in the precision of f,
// whatever the client or an option says. A row that cannot be written, for instance
// because it has no field, is left out and the others are written; the error is then a
// *[PointsError]. A malformed frame is a *[frame.ShapeError].
func (c *Client) WriteFrame(ctx context.Context, f *frame.Frame, opts ...PointOption) error {
	opts = append(opts[:len(opts):len(opts)], WritePrecision(f.Precision))
	return c.writePoints(ctx, opts, func(w *pointCall) error { return addFrame(ctx, w, c.core, f) })
}

func addFrame(ctx context.Context, w *pointCall, c *core, f *frame.Frame) error {
	e := &w.rows
	if f.Measurement == "" {
		named := *f
		named.Measurement = w.name
		f = &named
	}
	for lo, rows := 0, f.Len(); lo < rows; lo += frameBlock {
		hi := min(lo+frameBlock, rows)
		// The index of a bad row is its index in the frame.
		err := w.addBlock(ctx, c, lo, 0, func(dst []byte) ([]byte, error) {
			before := e.Skipped()
			dst, err := e.AppendRows(dst, f, lo, hi)
			return dst, points.EmptyRows(err, f, lo, e.Skipped()-before, e.Options.NotFinite)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
