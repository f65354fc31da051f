package fastclient

import (
	"context"
	"errors"

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
// the same key.
func WriteStructs[T any](ctx context.Context, c *Client, schema *lp.Schema[T], values []T, opts ...PointOption) error {
	if schema == nil {
		s, err := lp.SchemaFor[T]()
		if err != nil {
			return err
		}
		return c.writePoints(ctx, opts, func(w *pointCall) error {
			return addStructs(ctx, w, c.core, s.With(lp.Options{Precision: w.to.precision}), values)
		})
	}
	opts = append([]PointOption{WritePrecision(schema.Options().Precision)}, opts...)
	return c.writePoints(ctx, opts, func(w *pointCall) error {
		if w.to.precision != schema.Options().Precision {
			o := schema.Options()
			o.Precision = w.to.precision
			schema = schema.With(o)
		}
		return addStructs(ctx, w, c.core, schema, values)
	})
}

func addStructs[T any](ctx context.Context, w *pointCall, c *core, s *lp.Schema[T], values []T) error {
	for len(values) > 0 {
		n := min(structBlock, len(values))
		var err error
		if len(w.tags.tags) == 0 {
			w.lines, err = s.AppendAll(w.lines, values[:n])
		} else {
			w.line, err = s.AppendAll(w.line[:0], values[:n])
			w.lines = w.tags.appendTo(w.lines, w.line)
		}
		if bad := (*lp.PointError)(nil); errors.As(err, &bad) {
			if w.bad.Bad == 0 {
				w.bad.Index, w.bad.First = w.index+bad.Index, err
			}
			w.bad.Bad += 1 + bad.More
		}
		w.index += n
		values = values[n:]
		if len(w.lines) >= pieceBytes {
			if err := w.flush(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}
