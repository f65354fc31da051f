package pwarrow

import (
	"errors"
	"strconv"
)

// The causes of a [ColumnError]. Others are frame.ErrLength and frame.ErrLayout, for a
// malformed frame or record.
var (
	// ErrType says that a type has no counterpart, or is not that of the schema.
	ErrType = errors.New("type cannot be converted")
	// ErrInexact says that a number or a time has no exact value in the type of the schema.
	ErrInexact = errors.New("value cannot be converted exactly")
	// ErrText says that a text is not UTF-8, which Arrow requires.
	ErrText = errors.New("text is not UTF-8")
	// ErrNotInSchema says that a frame has a column that the schema has not.
	ErrNotInSchema = errors.New("column is not in the schema")
	// ErrDuplicate says that two columns have one name and one role.
	ErrDuplicate = errors.New("two columns of one name")
	// ErrNoTime says that a row or a frame has no time.
	ErrNoTime = errors.New("no time")
)

var (
	// ErrMeasurement says that frames of one schema have different measurements.
	ErrMeasurement = errors.New("pwarrow: another measurement")
	// ErrNoFrames says that nothing was written because neither a schema nor a frame says
	// what the columns are.
	ErrNoFrames = errors.New("pwarrow: no frames and no schema")
)

// A ColumnError says which column cannot be converted.
type ColumnError struct {
	Column string
	Err    error // the cause
}

// Error describes the error in one line. The contents may change.
func (e *ColumnError) Error() string {
	return "pwarrow: column " + strconv.Quote(e.Column) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *ColumnError) Unwrap() error { return e.Err }
