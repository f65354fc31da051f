package batch

import (
	"context"
	"errors"

	"github.com/pointwire/pointwire/lp"
)

// stagedStructs is how many structs are made into lines at a time, few enough
// for the buffer to be used again.
const stagedStructs = 256

// AppendStructs gives structs to a [Writer] or a [SyncWriter], by a schema or,
// if that is nil, by [lp.SchemaFor]. Options, tags and precision are those of the
// writer. A struct that cannot be written is refused and the others are taken: the
// error is an *[AppendError] with the first reason. A type that has no schema is
// a *[lp.SchemaError].
func AppendStructs[T any](ctx context.Context, w LineWriter, schema *lp.Schema[T], values []T) error {
	if schema == nil {
		var err error
		if schema, err = lp.SchemaFor[T](); err != nil {
			return err
		}
	}
	var failed *AppendError
	accepted := 0
	for len(values) > 0 {
		n := min(stagedStructs, len(values))
		s := w.stager()
		sc := s.get()
		for i := range values[:n] {
			schema.Encode(&sc.enc, &values[i])
		}
		values = values[n:]
		err := handEncoded(ctx, w, s, sc)
		if err == nil {
			accepted += n
			continue
		}
		failed = failed.join(err)
		stop := ctx.Err()
		switch {
		case errors.Is(err, ErrWriterClosed):
			stop = ErrWriterClosed
		case errors.Is(err, ErrOverflow):
			stop = ErrOverflow
		}
		if stop != nil {
			// The rest would meet the same.
			w.refused(len(values), stop)
			failed.Refused += len(values)
			break
		}
	}
	if failed == nil {
		return nil
	}
	failed.Accepted += accepted
	return failed
}

// join adds the error of another append to e, which may be nil.
func (e *AppendError) join(err error) *AppendError {
	var more *AppendError
	if !errors.As(err, &more) {
		more = &AppendError{Err: err}
	}
	if e == nil {
		return more
	}
	e.Accepted += more.Accepted
	e.Refused += more.Refused
	return e
}
