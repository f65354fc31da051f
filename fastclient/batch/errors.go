package batch

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file declares the errors of writers: sentinels, the [Reason] why lines are lost, and
// the error types of appends, Flush and Close. An errorLog keeps errors for the next Flush.
//
// Every text is one line: package, operation, object, cause. package printable escapes the
// words of servers, and appendCause a cause, which repeats neither the package's prefix nor
// a line feed.

// Errors of appends, for errors.Is.
var (
	// ErrWriterClosed says that the Writer was closed before.
	ErrWriterClosed = errors.New("batch: writer is closed")
	// ErrOverflow says that there is no memory for the lines, see [OverflowPolicy].
	ErrOverflow = errors.New("batch: writer has no free memory")
	// ErrNotLogged says that lines are accepted and will be sent, but the disk did not take
	// them: under [WriteAhead], a crash of the process would lose them. The error of the
	// disk is its cause.
	ErrNotLogged = errors.New("batch: lines are in memory only")
	// ErrNoSpool says that a Writer without a spool was asked to sync.
	ErrNoSpool = errors.New("batch: writer has no spool")
)

// ErrNoTimeLeft says that there is no time left for a line without a timestamp: the lines
// of its series have taken every time of the [Writer]'s precision for the next minute. It
// also refuses lines of more series than Options.MaxMemory can hold. Use a finer
// precision, or give the lines timestamps. See Options.NoStamp.
var ErrNoTimeLeft = errors.New("batch: no time is left for the series in this precision")

// A Reason says why lines that a [Writer] accepted are not stored, or may not be.
type Reason uint8

const (
	_ Reason = iota
	// ReasonLine: the server named this line, refused it alone, or refused every line of
	// its request.
	ReasonLine
	// ReasonRetention: the line is older than the retention policy keeps.
	ReasonRetention
	// ReasonRequest: the server refused the whole request and stored nothing of it.
	ReasonRequest
	// ReasonTooLarge: one line is larger than the requests that the server accepts.
	ReasonTooLarge
	// ReasonUncertain: the server refused lines of a request without naming them, and
	// they were not searched for. Each line may be stored or not.
	ReasonUncertain
	// ReasonOverflow: dropped to free memory, under [DropOldest].
	ReasonOverflow
	// ReasonAge: older than Options.MaxAge before it could be sent.
	ReasonAge
	// ReasonUnsent: returned by Close in an [UnsentError].
	ReasonUnsent
	// ReasonSpool: lost on disk. The spool was full under its own DropOldest, a checksum
	// was wrong, or somebody removed the directory.
	ReasonSpool

	numReasons
)

// The reasons of package verdict have the same numbers.
const (
	_ = uint(ReasonLine-Reason(verdict.ForLine)) + uint(Reason(verdict.ForLine)-ReasonLine)
	_ = uint(ReasonRetention-Reason(verdict.ForRetention)) + uint(Reason(verdict.ForRetention)-ReasonRetention)
	_ = uint(ReasonRequest-Reason(verdict.ForRequest)) + uint(Reason(verdict.ForRequest)-ReasonRequest)
	_ = uint(ReasonTooLarge-Reason(verdict.ForTooLarge)) + uint(Reason(verdict.ForTooLarge)-ReasonTooLarge)
	_ = uint(ReasonUncertain-Reason(verdict.ForUncertain)) + uint(Reason(verdict.ForUncertain)-ReasonUncertain)
)

var reasonNames = [numReasons]string{
	"", "line", "retention", "request", "too_large", "uncertain", "overflow", "age", "unsent", "spool",
}

// String returns the word for the reason, as in events and dead letter files.
func (r Reason) String() string {
	if r == 0 || r >= numReasons {
		return "reason " + strconv.Itoa(int(r))
	}
	return reasonNames[r]
}

// Rejected reports whether the server refused the lines, so that they are not stored. The
// other reasons are [ReasonUncertain] and those for which the Writer dropped lines.
func (r Reason) Rejected() bool { return r >= ReasonLine && r <= ReasonTooLarge }

// An AppendError says that an append did not accept all of its lines, or, with
// [ErrNotLogged], accepted them without writing them to disk. Those that it accepted will be
// sent.
type AppendError struct {
	Accepted int // number of lines accepted
	Refused  int // number of lines and points refused
	// Err is the first reason: an *lp.PointError, [ErrOverflow], [ErrLineTooLong],
	// [ErrNoTimeLeft], [ErrWriterClosed], [ErrNotLogged] or the error of the context.
	Err error
}

func (e *AppendError) Error() string {
	b := append(make([]byte, 0, 96), "batch: append: "...)
	b = printable.AppendCount(b, uint64(max(e.Refused, 0)), "line", "lines")
	b = append(b, " refused, "...)
	b = strconv.AppendInt(b, int64(e.Accepted), 10)
	b = append(b, " accepted: "...)
	return string(appendCause(b, e.Err))
}

// Unwrap returns the reason.
func (e *AppendError) Unwrap() error { return e.Err }

// join adds the error of another append to e, which may be nil.
func (e *AppendError) join(more *AppendError) *AppendError {
	if e == nil {
		return more
	}
	e.Accepted += more.Accepted
	e.Refused += more.Refused
	return e
}

// A notLogged is ErrNotLogged with the error of the disk.
type notLogged struct{ cause error }

func (e *notLogged) Error() string {
	return string(appendCause(append([]byte(ErrNotLogged.Error()), ": "...), e.cause))
}

func (e *notLogged) Unwrap() []error { return []error{ErrNotLogged, e.cause} }

// A BatchError says that lines of a batch will not be stored, or, if Reason is
// [ReasonUncertain], that each may be stored or not.
type BatchError struct {
	Seq     uint64 // of the batch
	Lines   int    // number of these lines
	Reason  Reason // why
	Status  int    // of the server's response, 0 without one
	Message string // what the server said, unchanged; Error escapes control characters
	// Others is the number of other errors whose lines are included in Lines. When there
	// are many errors, the last one stands for the rest.
	Others int
	To     Destination // where they go, if Options.Route chose it

	late bool // about lines from disk, for which no Flush waits: the next one returns it
}

func (e *BatchError) Error() string {
	b := append(make([]byte, 0, 128), "batch: batch "...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, ": "...)
	b = printable.AppendCount(b, uint64(max(e.Lines, 0)), "line", "lines")
	if e.Reason == ReasonUncertain {
		b = append(b, " may be lost ("...)
	} else {
		b = append(b, " lost ("...)
	}
	b = append(b, e.Reason.String()...)
	b = append(b, ')')
	if e.To != (Destination{}) {
		b = printable.Append(append(b, " on the way to "...), e.To.String())
	}
	if e.Status != 0 {
		b = append(b, ": status "...)
		b = strconv.AppendInt(b, int64(e.Status), 10)
	}
	if e.Message != "" {
		b = append(b, ": "...)
		b = printable.Append(b, e.Message)
		b = append(b, complaint.UnsignedHint(e.Message)...)
	}
	if e.Others > 0 {
		b = append(b, " (and "...)
		b = printable.AppendCount(b, uint64(e.Others), "more error", "more errors")
		b = append(b, ')')
	}
	return string(b)
}

// A ServerFailure says why the last request of a Writer to a server failed.
type ServerFailure struct {
	Addr     string    // of the server
	Err      error     // usually a *[fastclient.ServerError] or *[fastclient.TransportError]
	Time     time.Time // of the last failure
	Failures uint64    // failures in a row, without a success or a refusal in between
}

// A PendingError says that the context of a Flush ended before every line was settled.
// The lines stay queued. It wraps the error of the context and those of LastErrors.
type PendingError struct {
	Batches int // not settled
	Count       // of all lines that the Writer holds
	Err     error
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure
}

func (e *PendingError) Error() string {
	b := append(make([]byte, 0, 96), "batch: flush: "...)
	b = printable.AppendCount(b, uint64(max(e.Batches, 0)), "batch is", "batches are")
	b = append(b, " pending: "...)
	return string(appendFailures(appendCause(b, e.Err), e.LastErrors))
}

// Unwrap returns the context's error and those of the servers.
func (e *PendingError) Unwrap() []error {
	errs := []error{e.Err}
	for i := range e.LastErrors {
		errs = append(errs, e.LastErrors[i].Err)
	}
	return errs
}

// A SpooledError says that lines are on disk and not stored yet. This Writer sends them
// later, or the next one of the same directory.
type SpooledError struct {
	Count
	Dir string // of the spool
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure
}

func (e *SpooledError) Error() string {
	b := append(make([]byte, 0, 96), "batch: "...)
	b = printable.AppendCount(b, e.Lines, "line is", "lines are")
	b = printable.Append(append(b, " on disk, not stored yet: "...), e.Dir)
	return string(appendFailures(b, e.LastErrors))
}

// Unwrap returns the errors of the servers.
func (e *SpooledError) Unwrap() (errs []error) {
	for i := range e.LastErrors {
		errs = append(errs, e.LastErrors[i].Err)
	}
	return errs
}

// appendFailures appends the failures of servers to an error text.
func appendFailures(b []byte, list []ServerFailure) []byte {
	for i := range list {
		b = append(b, "; last failure of "...)
		b = printable.Append(b, list[i].Addr)
		b = append(b, ": "...)
		b = appendCause(b, list[i].Err)
	}
	return b
}

// appendCause appends the text of err as the end of an error text. The errors of
// errors.Join, which stand on separate lines, are separated by semicolons.
func appendCause(b []byte, err error) []byte {
	return append(b, printable.Error(err, errorPrefix)...)
}

// errorPrefix begins the text of every error of this package.
const errorPrefix = "batch: "

// A Batch is a run of lines that are sent as one request if the server accepts it whole.
type Batch struct {
	// Seq is the number of the batch, counted from 1 in the order of sealing. The parts
	// of a batch that was divided share its number.
	Seq uint64
	// Lines is the number of lines.
	Lines int
	// Bytes is the size of the uncompressed lines.
	Bytes int
	// SealedAt is when the last line was added.
	SealedAt time.Time
	// Encoding is the content encoding of Data, empty for none.
	Encoding string
	// Data holds the lines, each ended by a line feed, in Encoding. Their precision is that
	// of LostLines.
	Data []byte
	To   Destination // where they go, if Options.Route chose it
}

// An UnsentError says that Close could not send everything. A batch that was under way
// when the context ended may be stored nonetheless; writing it again is harmless if its
// lines have timestamps.
type UnsentError struct {
	Count           // of all batches
	Batches []Batch // in the order of their lines, uncompressed; they belong to the caller
	Err     error   // the context's
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure
}

func (e *UnsentError) Error() string {
	b := append(make([]byte, 0, 96), "batch: close: "...)
	b = printable.AppendCount(b, uint64(len(e.Batches)), "batch", "batches")
	b = append(b, " of "...)
	b = printable.AppendCount(b, e.Lines, "line", "lines")
	b = append(b, " not sent: "...)
	return string(appendFailures(appendCause(b, e.Err), e.LastErrors))
}

// Unwrap returns the context's error and those of the servers.
func (e *UnsentError) Unwrap() []error {
	errs := []error{e.Err}
	for i := range e.LastErrors {
		errs = append(errs, e.LastErrors[i].Err)
	}
	return errs
}

// keptErrors is how many errors are kept for the next Flush. The last one includes all
// later ones.
const keptErrors = 64

// A errorLog holds the errors that no Flush has returned yet.
type errorLog struct {
	errs     []*BatchError
	returned uint64 // up to this batch
}

func (l *errorLog) keep(e BatchError) {
	e.late = e.Seq <= l.returned
	if len(l.errs) < keptErrors {
		l.errs = append(l.errs, &e)
		return
	}
	// The error may have been returned already, so it is replaced, not changed.
	last := l.errs[keptErrors-1]
	e.Lines += last.Lines
	e.Others = last.Others + 1
	e.late = e.late || last.late
	l.errs[keptErrors-1] = &e
}

// since appends the errors of the batches after from, up to and including to, and those that
// are late.
func (l *errorLog) since(dst []error, from, to uint64) []error {
	for _, e := range l.errs {
		if e.late || e.Seq > from && (e.Seq <= to || e.Others > 0) {
			dst = append(dst, e)
		}
	}
	return dst
}

// forget drops the errors of the batches up to seq, and those that are late.
func (l *errorLog) forget(seq uint64) {
	l.errs = slices.DeleteFunc(l.errs, func(e *BatchError) bool { return e.late || e.Seq <= seq })
}

// errRequestTimeout is the cause of a request's context that ended because of
// Options.RequestTimeout.
var errRequestTimeout = errors.New("batch: no response within Options.RequestTimeout")
