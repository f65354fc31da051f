package inflate

import (
	"errors"
	"io"
	"strconv"
)

// The causes of an [Error], beside io.ErrUnexpectedEOF for input that ends early.
var (
	// ErrHeader: a member does not begin with a valid gzip header.
	ErrHeader = errors.New("invalid gzip header")
	// ErrCorrupt: the compressed data breaks the rules of deflate.
	ErrCorrupt = errors.New("corrupt deflate data")
	// ErrChecksum: a member's checksum or length does not match its data.
	ErrChecksum = errors.New("wrong gzip checksum or length")
	// ErrTooLarge: the data is larger than the caller allows.
	ErrTooLarge = errors.New("data exceeds the limit")
)

// ErrClosed is returned by Read and WriteTo after Close, and before Reset.
var ErrClosed = errors.New("inflate: reader is closed")

// An Error says why the input cannot be decoded. Offset counts the bytes of input
// before the fault, give or take a symbol; Err is a cause that errors.Is finds.
// Errors of the underlying reader are not wrapped.
type Error struct {
	Offset int64
	Err    error
}

func (e *Error) Error() string {
	cause := e.Err
	text := "input ends early"
	if cause != io.ErrUnexpectedEOF {
		text = cause.Error()
	}
	return "inflate: " + text + " at byte " + strconv.FormatInt(e.Offset, 10)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
