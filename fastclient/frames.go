package fastclient

import (
	"context"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// frameBlock is how many rows are turned into lines between two looks at the size
// of the body.
const frameBlock = 1024

// QueryFrames sends q like [Client.Query] and returns the whole answer as
// columns: a frame for each series, in order. It returns the frames of the
// statements that went well beside the errors of the others, joined.
//
// For answers that should not be held whole, range over [Result.Frames].
func (c *Client) QueryFrames(ctx context.Context, q string, opts ...QueryOption) ([]*frame.Frame, error) {
	r, err := c.Query(ctx, q, opts...)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return frame.ReadAll(r.FrameReader())
}

// WriteFrame writes the rows of f in bodies of about 1 MiB, in the precision of f
// whatever the client's and the options' is. A row that cannot be written, because it has
// no field for instance, is left out and the others are written; the error is then a
// *[PointsError]. A frame that is no table is a *[frame.ShapeError].
func (c *Client) WriteFrame(ctx context.Context, f *frame.Frame, opts ...PointOption) error {
	opts = append(opts[:len(opts):len(opts)], WritePrecision(f.Precision))
	return c.writePoints(ctx, opts, func(w *pointCall) error { return addFrame(ctx, w, c.core, f) })
}

func addFrame(ctx context.Context, w *pointCall, c *core, f *frame.Frame) error {
	var e frame.Encoder
	e.Options.Unsigned = w.form(c).Unsigned
	if f.Measurement == "" {
		named := *f
		named.Measurement = w.name
		f = &named
	}
	for lo, rows := 0, f.Len(); lo < rows; lo += frameBlock {
		hi := min(lo+frameBlock, rows)
		// The index of a bad row is that in the frame.
		err := w.addBlock(ctx, c, lo, 0, func(dst []byte) ([]byte, error) {
			before := e.Skipped()
			dst, err := e.AppendRows(dst, f, lo, hi)
			return dst, withEmptyRows(err, f, lo, e.Skipped()-before)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withEmptyRows returns err, of appending the rows of f from lo on, with the n of them
// that were skipped because they have no field: like any point without one they are
// refused. Another error than that of a row stands alone.
func withEmptyRows(err error, f *frame.Frame, lo, n int) error {
	bad, ok := err.(*lp.PointError)
	if n == 0 || err != nil && !ok {
		return err
	}
	if ok {
		n += 1 + bad.More
	}
	for rows := f.Len(); lo < rows && (!ok || lo < bad.Index); lo++ {
		if !hasField(f, lo) {
			bad, ok = &lp.PointError{Index: lo, Measurement: f.Measurement, Part: lp.PartLine, Reason: lp.ErrNoFields}, true
		}
	}
	bad.More = n - 1
	return bad
}

func hasField(f *frame.Frame, row int) bool {
	for i := range f.Columns {
		if c := &f.Columns[i]; c.Role == frame.Field && !c.IsNull(row) {
			return true
		}
	}
	return false
}
