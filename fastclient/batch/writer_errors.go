package batch

import (
	"errors"
	"strconv"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
)

// What a [Writer] answers, for errors.Is.
var (
	// ErrWriterClosed: the Writer was closed before.
	ErrWriterClosed = errors.New("batch: writer is closed")
	// ErrOverflow: there is no memory for the lines, see [OverflowPolicy].
	ErrOverflow = errors.New("batch: writer has no room")
	// ErrPending: the context of a Flush ended before every line was settled.
	ErrPending = errors.New("batch: lines are still pending")
)

// An AppendError says that an append did not take all lines it was given. Those
// it took are on their way.
type AppendError struct {
	Accepted int // lines taken
	Refused  int // lines and points not taken
	// Err is the first reason: an *lp.PointError, [ErrOverflow],
	// [ErrLineTooLong], [ErrNoTimeLeft], [ErrWriterClosed] or the context's error.
	Err error
}

func (e *AppendError) Error() string {
	b := append(make([]byte, 0, 96), "batch: append: "...)
	b = strconv.AppendInt(b, int64(e.Refused), 10)
	b = append(b, " refused, "...)
	b = strconv.AppendInt(b, int64(e.Accepted), 10)
	b = append(b, " accepted: "...)
	return string(append(b, e.Err.Error()...))
}

// Unwrap returns the reason.
func (e *AppendError) Unwrap() error { return e.Err }

// A BatchError says that lines of a batch will not be stored, or, if Loss is
// [LossUncertain], that each of them may be stored or not.
type BatchError struct {
	Seq     uint64 // of the batch
	Lines   int    // how many of its lines
	Loss    Loss   // why
	Status  int    // of the server's answer, 0 without one
	Message string // of the server
	// More is the number of further errors whose lines are in Lines, too: of
	// many errors the last one stands for the rest.
	More int
}

func (e *BatchError) Error() string {
	b := append(make([]byte, 0, 128), "batch: batch "...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, ": "...)
	b = strconv.AppendInt(b, int64(e.Lines), 10)
	if e.Loss == LossUncertain {
		b = append(b, " lines may be lost ("...)
	} else {
		b = append(b, " lines lost ("...)
	}
	b = append(b, e.Loss.String()...)
	b = append(b, ')')
	if e.Status != 0 {
		b = append(b, ": status "...)
		b = strconv.AppendInt(b, int64(e.Status), 10)
	}
	if e.Message != "" {
		b = append(b, ": "...)
		b = append(b, e.Message...)
		b = append(b, complaint.UnsignedHint(e.Message)...)
	}
	if e.More > 0 {
		b = append(b, " (and "...)
		b = strconv.AppendInt(b, int64(e.More), 10)
		b = append(b, " more errors)"...)
	}
	return string(b)
}

// A PendingError says that the context of a Flush ended first. The lines stay
// queued. It is [ErrPending] and wraps the context's error and those of LastErrors.
type PendingError struct {
	Batches int // not settled
	Count       // of all lines that the Writer holds
	Err     error
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure
}

func (e *PendingError) Error() string {
	b := append(make([]byte, 0, 96), "batch: flush: "...)
	b = strconv.AppendInt(b, int64(e.Batches), 10)
	b = append(b, " batches are pending: "...)
	return string(appendFailures(append(b, e.Err.Error()...), e.LastErrors))
}

// Unwrap returns ErrPending, the context's error and those of the servers.
func (e *PendingError) Unwrap() []error {
	errs := []error{ErrPending, e.Err}
	for i := range e.LastErrors {
		errs = append(errs, e.LastErrors[i].Err)
	}
	return errs
}

// appendFailures appends why servers failed.
func appendFailures(b []byte, list []ServerFailure) []byte {
	for i := range list {
		b = append(b, "; last failure of "...)
		b = append(b, list[i].Addr...)
		b = append(b, ": "...)
		b = append(b, list[i].Err.Error()...)
	}
	return b
}

// An UnsentError says that Close could not send everything. A batch that was
// under way when the context ended may have been stored nonetheless; to write it
// again does no harm if its lines have timestamps.
type UnsentError struct {
	Count           // of all batches
	Batches []Batch // in the order of their lines, uncompressed, the caller's own
	Err     error   // the context's
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure
}

func (e *UnsentError) Error() string {
	b := append(make([]byte, 0, 96), "batch: close: "...)
	b = strconv.AppendInt(b, int64(len(e.Batches)), 10)
	b = append(b, " batches of "...)
	b = strconv.AppendUint(b, e.Lines, 10)
	b = append(b, " lines were not sent: "...)
	return string(appendFailures(append(b, e.Err.Error()...), e.LastErrors))
}

// Unwrap returns the context's error and those of the servers.
func (e *UnsentError) Unwrap() []error {
	errs := []error{e.Err}
	for i := range e.LastErrors {
		errs = append(errs, e.LastErrors[i].Err)
	}
	return errs
}
