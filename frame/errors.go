package frame

import "errors"

// The causes of a [ShapeError].
var (
	// ErrNoColumn: no column has the name.
	ErrNoColumn = errors.New("no such column")
	// ErrLength: a column has another number of rows than the frame.
	ErrLength = errors.New("another number of rows")
	// ErrLayout: a validity bitmap, an offset or a code of a column points beyond
	// what the column holds.
	ErrLayout = errors.New("bitmap, offset or code out of range")
)

// ErrTooLarge is the value with which a column panics that is to hold more than
// 2 GiB of text.
var ErrTooLarge = errors.New("frame: column with more than 2 GiB of text")
