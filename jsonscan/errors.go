package jsonscan

import (
	"errors"
	"strconv"
)

// The reasons of a [*CellError].
var (
	// ErrNull says that the cell is null.
	ErrNull = errors.New("cell is null")
	// ErrKind says that the cell holds another kind of value.
	ErrKind = errors.New("cell holds another kind of value")
	// ErrRange says that the value does not fit the wanted type.
	ErrRange = errors.New("value out of range")
	// ErrInexact says that the wanted type would round or cut the value.
	ErrInexact = errors.New("value would lose digits")
	// ErrColumn says that the row has no such column.
	ErrColumn = errors.New("no such column")
	// ErrTime says that the text is not an RFC 3339 time.
	ErrTime = errors.New("not an RFC 3339 time")
)

// A SyntaxError says that the response is not JSON, or not the JSON of a query
// response. It ends the stream.
type SyntaxError struct {
	Offset int64  // of the offending byte, from the start of the stream
	Msg    string // what is wrong there
	err    error
}

func (e *SyntaxError) Error() string {
	return "jsonscan: offset " + strconv.FormatInt(e.Offset, 10) + ": " + e.Msg
}

// Unwrap returns [ErrNoResults] if that is what is wrong, else nil.
func (e *SyntaxError) Unwrap() error { return e.err }

// ErrNoResults is wrapped by the [*SyntaxError] of a document that holds neither
// results nor an error: what responses may not be InfluxDB. The empty object, which 1.x
// sends where there was no statement, is none.
var ErrNoResults = errors.New("neither results nor an error in the document")

// A ReadError says that the stream ended before the response did. It ends the
// stream of rows. Err is io.ErrUnexpectedEOF when the reader reported io.EOF
// inside the response, and otherwise the reader's own error.
type ReadError struct {
	Offset int64 // number of bytes read before it
	Err    error
}

func (e *ReadError) Error() string {
	return "jsonscan: after " + strconv.FormatInt(e.Offset, 10) + " bytes: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// A RowSizeError says that one row, or one text outside the rows, is longer
// than MaxRowBytes. It ends the stream.
type RowSizeError struct {
	Offset int64 // where the row starts
	Limit  int   // MaxRowBytes
}

func (e *RowSizeError) Error() string {
	return "jsonscan: offset " + strconv.FormatInt(e.Offset, 10) +
		": row longer than " + strconv.Itoa(e.Limit) + " bytes"
}

// A StatementError is the error of one statement. The statements after it are
// still read.
type StatementError struct {
	// StatementID is the number the server gave. In a chunked response InfluxDB
	// 1.x numbers the statements it did not execute like the one that failed.
	StatementID int
	// Index is the place of the statement in the order of arrival, from 0.
	Index   int
	Message string
}

func (e *StatementError) Error() string {
	return "jsonscan: statement " + strconv.Itoa(e.StatementID) + ": " + e.Message
}

// A ResponseError is an error that the server, or something in front of it, put
// in the place of a document: {"error": ...}, {"code": ..., "message": ...},
// or a line of plain text. In a chunked response other documents may follow it,
// and are read.
type ResponseError struct {
	Message string
	Code    string // code of a v2 style document
	Offset  int64  // where the document or line starts
	Text    bool   // the message was plain text, not JSON
}

func (e *ResponseError) Error() string {
	if e.Code != "" {
		return "jsonscan: server: " + e.Code + ": " + e.Message
	}
	return "jsonscan: server: " + e.Message
}

// A CellError says why a cell could not be read as the wanted type. The row
// and the stream are not affected.
type CellError struct {
	Index  int    // column
	Column string // its name, if the series has such a column
	Kind   Kind   // what the cell holds
	Want   string // what was asked for
	Err    error  // one of the sentinels of this package
}

func (e *CellError) Error() string {
	return "jsonscan: column " + strconv.Itoa(e.Index) + " " + strconv.Quote(e.Column) +
		": " + e.Kind.String() + " as " + e.Want + ": " + e.Err.Error()
}

// Unwrap returns the sentinel.
func (e *CellError) Unwrap() error { return e.Err }

// Recoverable reports whether reading can go on after err: it is a
// *StatementError or a *ResponseError, which stand in their place between the
// rows of other statements.
func Recoverable(err error) bool {
	var st *StatementError
	var sv *ResponseError
	return errors.As(err, &st) || errors.As(err, &sv)
}
