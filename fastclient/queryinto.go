package fastclient

import (
	"context"

	"github.com/pointwire/pointwire/jsonscan"
)

// QueryInto sends q like [Client.Query] and appends a struct per row to dst, by
// the rules of [jsonscan.AppendStructs]: it returns the rows of the statements
// that went well beside the errors of the others. Structs of a schema can be
// read with the type they were written with.
//
// For answers that should not be held whole, range over [jsonscan.StructsOf] of
// [Result.Rows].
func QueryInto[T any](ctx context.Context, c *Client, dst []T, q string, opts ...QueryOption) ([]T, error) {
	r, err := c.Query(ctx, q, opts...)
	if err != nil {
		return dst, err
	}
	defer r.Close()
	return jsonscan.AppendStructs(dst, r.Rows())
}
