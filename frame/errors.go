package frame

import (
	"errors"

	"github.com/pointwire/pointwire/jsonscan"
)

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

// Recoverable reports whether a [Reader] can go on after err: it stands for a
// statement, for what the server says, or for one row. [jsonscan.Recoverable] is
// the same for rows.
func Recoverable(err error) bool {
	var cell *jsonscan.CellError
	return jsonscan.Recoverable(err) || errors.As(err, &cell)
}
