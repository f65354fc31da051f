package frame

import (
	"errors"

	"github.com/pointwire/pointwire/jsonscan"
)

// The causes of a [ShapeError].
var (
	// ErrNoColumn says that no column has the name.
	ErrNoColumn = errors.New("no such column")
	// ErrLength says that a column has another number of rows than the frame.
	ErrLength = errors.New("another number of rows")
	// ErrLayout says that a bitmap of a column is too short, or that an offset or a
	// code points beyond what the column holds.
	ErrLayout = errors.New("bitmap, offset or code out of range")
)

// ErrTooLarge is the value of the panic when a column would hold more than 2 GiB of
// text.
var ErrTooLarge = errors.New("frame: column with more than 2 GiB of text")

// ErrTooManyCells says that a response has more cells than [Reader].MaxCells. It ends the
// frames, after those before it.
var ErrTooManyCells = errors.New("frame: more cells than MaxCells")

// Recoverable reports whether a [Reader] can continue after err. It can after the
// error of a statement, of the server, or of one row. [jsonscan.Recoverable] is the
// same for a Scanner.
func Recoverable(err error) bool {
	var cell *jsonscan.CellError
	return jsonscan.Recoverable(err) || errors.As(err, &cell)
}
