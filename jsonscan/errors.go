package jsonscan

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pointwire/pointwire/internal/printable"
)

// This file holds the errors of reading: those that end the stream, those of the
// server and those of a cell. The errors of structs are in structs.go.
//
// Every text says, in this order, the package, the operation, the object and the
// cause. Texts may hold words of the server, so each goes through printable: it is
// one line, and no terminal or log obeys it.

// A SyntaxError says that the response is not JSON, or not MessagePack if that is expected,
// or not the form of a query response. It ends the stream.
type SyntaxError struct {
	Offset int64  // of the offending byte, from the start of the stream
	Msg    string // what is wrong there
	err    error
}

// Error describes the error in one line. The contents may change.
func (e *SyntaxError) Error() string {
	return "jsonscan: parse response at offset " + strconv.FormatInt(e.Offset, 10) + ": " + e.Msg
}

// Unwrap returns [ErrNoResults] or [ErrDuplicateColumn] if that is the cause, and nil
// otherwise.
func (e *SyntaxError) Unwrap() error { return e.err }

// ErrNoResults is wrapped by the [*SyntaxError] of a document that holds neither
// results nor an error: the server that sent it may not be InfluxDB. The empty
// object is not such a document, because 1.x sends it for a request without a
// statement.
var ErrNoResults = errors.New("document has neither results nor an error")

// ErrDuplicateColumn is wrapped by the [*SyntaxError] of a row of a jsonl response that has
// a column twice. SQL can join two tables with a column of one name: the query must give
// one of them another name, by AS. Where one of the two is null, nothing in the row shows it.
var ErrDuplicateColumn = errors.New("row has a column twice")

// A ReadError says that the stream ended before the response did, and ends the
// stream of rows. Err is io.ErrUnexpectedEOF if the reader reported io.EOF inside
// the response, and the reader's own error otherwise.
type ReadError struct {
	Offset int64 // number of bytes read before it
	Err    error
}

// Error describes the error in one line. The contents may change.
func (e *ReadError) Error() string {
	return "jsonscan: read response at offset " + strconv.FormatInt(e.Offset, 10) + ": " + printable.Error(e.Err)
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// A RowSizeError says that one row, or one text outside the rows, is longer
// than MaxRowBytes. It ends the stream.
type RowSizeError struct {
	Offset int64 // where the row starts
	Limit  int   // MaxRowBytes
	// Columns is the largest number of columns, or of tags, within Limit if there were
	// more of them; otherwise it is 0.
	Columns int
}

// Error describes the error in one line. The contents may change.
func (e *RowSizeError) Error() string {
	if e.Columns > 0 {
		return "jsonscan: read series at offset " + strconv.FormatInt(e.Offset, 10) +
			": more than " + strconv.Itoa(e.Columns) + " columns or tags"
	}
	text := "jsonscan: read row at offset " + strconv.FormatInt(e.Offset, 10) + ": longer than "
	return string(printable.AppendCount([]byte(text), uint64(max(e.Limit, 0)), "byte", "bytes"))
}

// A StatementError is the error of one statement. The scanner still reads the
// statements after it.
type StatementError struct {
	// StatementID is the number that the server gave. In a chunked response
	// InfluxDB 1.x gives the statements that it did not execute the number of the
	// one that failed.
	StatementID int
	// Index is the place of the statement in the order of arrival, from 0.
	Index   int
	Message string // the server's own words, which may hold any bytes
}

// Error describes the error in one line. The contents may change.
func (e *StatementError) Error() string {
	return "jsonscan: statement " + strconv.Itoa(e.StatementID) + ": " + serverText(e.Message)
}

// ErrNotFound says that a statement failed because it names a database, a retention
// policy, a user or a query that does not exist.
var ErrNotFound = errors.New("not found")

// notFound is how the messages of InfluxDB 1.6.7, 1.8.10 and 2.8.0 begin when something
// does not exist. Names of users come after these words.
var notFound = []string{
	"database not found: ",
	"default retention policy not set for: ", // 2.x, of a database too that does not exist
	"retention policy not found",
	"user not found",
	"subscription not found",
	"no such query id: ",
}

// Is matches ErrNotFound if the message says so.
func (e *StatementError) Is(target error) bool {
	return target == ErrNotFound &&
		slices.ContainsFunc(notFound, func(words string) bool { return strings.HasPrefix(e.Message, words) })
}

// A ResponseError is an error that the server, or something in front of it, sent
// where a document should be: {"error": ...}, {"code": ..., "message": ...},
// or a line of plain text. In a chunked response other documents may follow it,
// and the scanner reads them.
type ResponseError struct {
	Message string // the server's own words, which may hold any bytes
	Code    string // code of a v2 style document
	Offset  int64  // where the document or line starts
	Text    bool   // the message was plain text, not JSON
}

// Error describes the error in one line. The contents may change.
func (e *ResponseError) Error() string {
	if e.Code != "" {
		return "jsonscan: server: " + printable.String(e.Code) + ": " + serverText(e.Message)
	}
	return "jsonscan: server: " + serverText(e.Message)
}

// Recoverable reports whether reading can go on after err. It can after a
// *StatementError and a *ResponseError, which stand in their place between the
// rows of other statements.
func Recoverable(err error) bool {
	var st *StatementError
	var sv *ResponseError
	return errors.As(err, &st) || errors.As(err, &sv)
}

// A CellError says why a cell could not be read as the wanted type. The row
// and the stream are not affected.
type CellError struct {
	Index  int    // column, -1 for one that no row of a jsonl response has had yet
	Column string // its name, if the series has such a column
	Kind   Kind   // what the cell holds
	Want   string // the type that was asked for
	Err    error  // one of the causes below, or the error of an UnmarshalText
}

// The causes of a [*CellError].
var (
	// ErrNull says that the cell is null.
	ErrNull = errors.New("cell is null")
	// ErrKind says that the cell holds another kind of value.
	ErrKind = errors.New("cell holds another kind of value")
	// ErrRange says that the value does not fit the wanted type.
	ErrRange = errors.New("value out of range")
	// ErrInexact says that the wanted type would round or truncate the value.
	ErrInexact = errors.New("value would lose digits")
	// ErrColumn says that the row has no such column.
	ErrColumn = errors.New("no such column")
	// ErrTime says that the text is not an RFC 3339 time.
	ErrTime = errors.New("not an RFC 3339 time")
)

// Error describes the error in one line. The contents may change.
func (e *CellError) Error() string {
	b := append(make([]byte, 0, 96), "jsonscan: read column "...)
	b = strconv.AppendInt(b, int64(e.Index), 10)
	if e.Err != ErrColumn {
		b = append(b, ' ')
		b = strconv.AppendQuote(b, e.Column)
	}
	b = append(b, " as "...)
	b = append(b, e.Want...)
	b = append(b, ": "...)
	b = append(b, printable.Error(e.Err)...)
	if e.Err == ErrKind {
		b = append(b, ": "...)
		b = append(b, e.Kind.String()...)
	}
	return string(b)
}

// Unwrap returns the cause.
func (e *CellError) Unwrap() error { return e.Err }

// serverText returns the message of a server for the text of an error.
func serverText(message string) string {
	if message == "" {
		return "error without a message"
	}
	return printable.String(message)
}
