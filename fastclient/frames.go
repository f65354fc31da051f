package fastclient

import (
	"context"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/frame"
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
			return dst, points.EmptyRows(err, f, lo, e.Skipped()-before)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
