package batch

import (
	"context"
	"errors"
	"strconv"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file declares what a batch is outside of a writer: a [Sealed] one, which a [Sink]
// takes and [Send] sends, and the errors of both.

// A Sealed batch is what one request would carry, with what must be known to make that
// request elsewhere. A Writer gives it to a [Sink]; [Send] makes the request.
type Sealed struct {
	// ID is the same when the same lines are given to a Sink again, also by the next Writer
	// of a spool if it finds them as they were. No two batches share one, even if their
	// lines are equal, except for parts with equal lines into which a Writer divides a batch
	// after [ErrTooLarge]. It tells a repeated batch from a new one; Send ignores it.
	ID [16]byte
	// Database and RetentionPolicy say where the lines go. With [fastclient.V2], Database is
	// the bucket if Options.Bucket of the client names it, or if a route chose it. If Database
	// is empty, Send writes where its client does.
	Database, RetentionPolicy string
	// Precision is the unit of the timestamps in the lines.
	Precision fastclient.Precision
	// Lines is the number of lines, and Bytes their size before compression.
	Lines, Bytes int
	// Encoding is the content encoding of Body: gzip, zstd, or empty for none.
	Encoding string
	// Body holds the lines, each ended by a line feed, in Encoding.
	Body []byte
}

// A Sink takes the batches of a Writer in place of a server: a queue, a file, another
// program. See Options.Sink.
//
// The senders of a Writer call Put, as many at a time as MaxInFlight says. Put returns nil
// when the batch is where it will not be lost: its lines are acked then. A *[RefusedError]
// names lines that are refused for good, and all others are acked. [ErrTooLarge] makes the
// Writer send the batch in smaller ones. After any other error the batch is given again,
// with the pauses for a server that is down. In [Stats] they count as the responses 204, 400
// and 413, and as no response.
//
// The batch and its Body are valid until Put returns, and must not be changed. Put must
// return soon after ctx ends, which is when the Writer is closed or Options.RequestTimeout
// is over.
type Sink interface {
	Put(ctx context.Context, b *Sealed) error
}

// A SinkFunc is a [Sink] made of a function.
type SinkFunc func(ctx context.Context, b *Sealed) error

// Put calls f.
func (f SinkFunc) Put(ctx context.Context, b *Sealed) error { return f(ctx, b) }

var (
	// ErrTooLarge says that a [Sink] takes only smaller batches. A single line is then
	// rejected, with [ReasonTooLarge].
	ErrTooLarge = errors.New("batch: the sink takes only smaller batches")
	// ErrNotSealed says that what was given to [Send] is no sealed batch: a field is
	// impossible, or the body does not hold the lines that the fields promise.
	ErrNotSealed = errors.New("batch: not a sealed batch")
)

// A RefusedError is what a [Sink] returns for lines that it refuses for good. It has stored
// all others.
type RefusedError struct {
	Lines []RefusedLine // at least one, each once
}

// A RefusedLine is one of the lines of a [RefusedError].
type RefusedLine struct {
	Line    int // its number in the batch, from 1
	Message string
}

func (e *RefusedError) Error() string {
	b := append(make([]byte, 0, 96), "batch: sink: "...)
	b = append(printable.AppendCount(b, uint64(len(e.Lines)), "line", "lines"), " refused"...)
	if len(e.Lines) > 0 {
		b = append(b, ": line "...)
		b = strconv.AppendInt(b, int64(e.Lines[0].Line), 10)
		b = append(b, ": "...)
		b = printable.Append(b, e.Lines[0].Message)
	}
	return string(b)
}

// A notSealed is ErrNotSealed with what is wrong.
type notSealed struct{ reason string }

func (e *notSealed) Error() string { return ErrNotSealed.Error() + ": " + e.reason }

func (e *notSealed) Unwrap() error { return ErrNotSealed }

// An Outcome says what became of each line of a [Sealed] batch: Acked + Rejected + Uncertain
// + Unsent are its lines, as its fields count them.
type Outcome struct {
	Acked     Count // stored
	Rejected  Count // refused for good; none of them is stored
	Uncertain Count // each may be stored or not, see [Isolation]
	Unsent    Count // not settled when the context ended; sending them again is harmless if they have timestamps
	// Lost are the lines that are not acked, in their order, with the reason; that of
	// unsent ones is [ReasonUnsent]. LostLines.Line says which lines they are. It is empty
	// if all lines are unsent, or if the lines cannot be read, see [ErrNotSealed]. Its
	// memory belongs to the caller.
	Lost []LostLines
}
