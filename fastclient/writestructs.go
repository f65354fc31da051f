package fastclient

import (
	"context"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/lp"
)

// structBlock is how many structs are turned into lines between two looks at the
// size of the body.
const structBlock = 512

// WriteStructs writes structs by a schema, in bodies of about 1 MiB. The
// timestamps are in the precision of the schema and sent as such. With a nil
// schema, that of [lp.SchemaFor] is used in the precision of the client, or that
// of [WritePrecision].
//
// A struct that cannot be written is left out and the others are written; the
// error is then a *[PointsError]. A type that has no schema is a
// *[lp.SchemaError]. Tags of [ExtraTags] are added to points that have none of
// the same key, and [DefaultMeasurement] stands before the measurement of the schema.
func WriteStructs[T any](ctx context.Context, c *Client, schema *lp.Schema[T], values []T, opts ...PointOption) error {
	if schema == nil {
		s, err := lp.SchemaFor[T]()
		if err != nil {
			return err
		}
		return c.writePoints(ctx, opts, func(w *pointCall) error {
			return addStructs(ctx, w, c.core, s.With(lp.Options{Precision: w.to.precision, Unsigned: w.form(c.core).Unsigned}), values)
		})
	}
	opts = append([]PointOption{WritePrecision(schema.Options().Precision)}, opts...)
	return c.writePoints(ctx, opts, func(w *pointCall) error {
		o := schema.Options()
		o.Precision, o.Unsigned = w.to.precision, points.Unsigned(c.o.API == V1, o.Unsigned)
		if o != schema.Options() {
			schema = schema.With(o)
		}
		return addStructs(ctx, w, c.core, schema, values)
	})
}

func addStructs[T any](ctx context.Context, w *pointCall, c *core, s *lp.Schema[T], values []T) error {
	if w.name != "" {
		var err error
		if s, err = s.WithMeasurement(w.name); err != nil {
			return err // which DefaultMeasurement has ruled out
		}
	}
	for lo := 0; lo < len(values); lo += structBlock {
		block := values[lo:min(lo+structBlock, len(values))]
		err := w.addBlock(ctx, c, lo, lo, func(dst []byte) ([]byte, error) { return s.AppendAll(dst, block) })
		if err != nil {
			return err
		}
	}
	return nil
}
