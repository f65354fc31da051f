package fastclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/internal/printable"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/jsonscan"
)

// This file declares the errors of calls: sentinels, what a server said, what a connection
// did, and what is wrong with options or points. Every text is one line: package,
// operation, object, cause; what others said in it is made printable.

// Sentinels for errors.Is, where a caller may act on the difference. A partial write is a
// *[PartialWriteError]; a response that was cut short is [io.ErrUnexpectedEOF].
var (
	// From the status of a [*ServerError].
	ErrUnauthorized = errors.New("fastclient: not authorized") // 401
	ErrForbidden    = errors.New("fastclient: forbidden")      // 403
	ErrTooLarge     = errors.New("fastclient: body too large") // 413
	ErrBadRequest   = errors.New("fastclient: bad request")    // 400
	ErrRateLimited  = errors.New("fastclient: rate limited")   // 429
	ErrUnavailable  = errors.New("fastclient: unavailable")    // 5xx
	// ErrNotFound is status 404, such as a write to a missing database, or a [*QueryError]
	// about a missing database, retention policy, user or query.
	ErrNotFound = jsonscan.ErrNotFound
	// ErrNotAcknowledged says that a write got a status of success from a response that
	// does not acknowledge the lines, such as a login page. See [ServerError].
	ErrNotAcknowledged = errors.New("fastclient: write not acknowledged")

	// Wrapped by a [*TransportError].
	ErrTimeout          = transport.ErrTimeout
	ErrPoolExhausted    = transport.ErrPoolExhausted
	ErrResponseTooLarge = transport.ErrResponseTooLarge
	ErrClosed           = transport.ErrClosed // the client or the result was closed

	// ErrNoDatabase says that neither the call nor the client names a database.
	ErrNoDatabase = errors.New("fastclient: no database given")
	// ErrLineTooLong says that a line is longer than any server accepts.
	ErrLineTooLong = errors.New("fastclient: line too long")
	// ErrNoResult says that the response to a statement holds no result: the server may
	// not be InfluxDB.
	ErrNoResult = errors.New("fastclient: no result in the response")
	// ErrNoRows says that the response to [QueryOne] has no row.
	ErrNoRows = errors.New("fastclient: no rows in the response")
	// ErrTooManyRows says that the response to [QueryOne] has more than one row.
	ErrTooManyRows = errors.New("fastclient: more than one row in the response")
	// ErrSharded says that a client of several servers with [Shard] was asked to write or
	// query: it cannot know which of them the call is for.
	ErrSharded = errors.New("fastclient: the servers have different series: write with a batch.ShardWriter, query with Client.Each")
)

// A ServerError is a response that reports a failure. A write succeeds with status 204,
// and with 200 or 202 if the body is empty or an empty JSON object.
type ServerError struct {
	Op      string // write, query or ping
	Status  int    // HTTP status
	Code    string // machine-readable code of version 2, else empty
	Message string // what the server said, at most 4 KiB
	// Line is the number of the bad line that a server named, counted from 1, else 0.
	Line int
	// Lines are the bad lines that version 3 lists.
	Lines []LineError
	// Partial is set if the server stored some of the lines.
	Partial bool
	// Dropped is the number of points that the server says it dropped. At least as many
	// are not stored: 1.x and 2.x count those of one shard and one cause, and 1.x does
	// not count lines that it could not parse.
	Dropped int
	// Truncated is set if the response was longer than what was read of it.
	Truncated bool
	// Foreign is set if nothing in the response shows that it came from a database: it
	// may be a page of a proxy.
	Foreign       bool
	said          **said // what the server said, if Message is not all of it
	RequestID     string
	ServerVersion string
	// RetryAfter is how long the server asked to wait, at most ten minutes; 0 if it did
	// not ask.
	RetryAfter time.Duration
	// Location is the host of a redirection, which is never followed.
	Location string
}

// said is what a server said, to the byte: it is compared with lines, and decides what becomes of
// them. An error has it behind two pointers, where no verb of package fmt prints it.
type said struct {
	message string // whole if it is for a Writer, and clipped otherwise
	lines   []LineError
	hidden  *hidden
}

// text returns the message as the server wrote it.
func (e *ServerError) text() string {
	if e.said != nil {
		return (*e.said).message
	}
	return e.Message
}

// A LineError is the server's complaint about one line of a write.
type LineError struct {
	Line    int    // number of the line in the body, from 1
	Message string // the server's words
	Text    string // the line, as far as the server quotes it
}

func (e *ServerError) Error() string {
	s := "fastclient: " + cmp.Or(e.Op, "request") + ": status " + strconv.Itoa(e.Status)
	if e.Location != "" {
		s += ", redirected to " + printable.String(e.Location)
	}
	if e.Message != "" {
		s += ": " + printable.String(e.Message)
	}
	if e.Status == 400 {
		s += complaint.UnsignedHint(e.Message)
	}
	return s
}

// Is matches the sentinel of the status.
func (e *ServerError) Is(target error) bool {
	switch target {
	case ErrNotAcknowledged:
		return e.Op == "write" && e.Status >= 200 && e.Status < 300
	case ErrUnauthorized:
		return e.Status == 401
	case ErrForbidden:
		return e.Status == 403
	case ErrNotFound:
		return e.Status == 404
	case ErrTooLarge:
		return e.Status == 413
	case ErrBadRequest:
		return e.Status == 400
	case ErrRateLimited:
		return e.Status == 429
	case ErrUnavailable:
		return e.Status >= 500
	}
	return false
}

// A PartialWriteError says that the server stored some lines and dropped others. Sending
// the same lines again would not store more. 1.x names one cause of several, so lines may
// be missing that the error does not mention; the writers of package batch search for
// them.
type PartialWriteError struct {
	Server  *ServerError
	Dropped int
	Lines   []LineError
}

func (e *PartialWriteError) Error() string {
	if e.Server == nil {
		return "fastclient: write: stored in part"
	}
	return e.Server.Error()
}

// Unwrap returns the *ServerError.
func (e *PartialWriteError) Unwrap() error {
	if e.Server == nil {
		return nil
	}
	return e.Server
}

// A QueryError is the error of one statement of a query. The other statements are not
// affected.
type QueryError = jsonscan.StatementError

// A Phase is the part of a request in which a connection failed.
type Phase string

// The phases of a [*TransportError], in their order.
const (
	PhaseWait   Phase = "wait"   // waiting for a connection of the pool
	PhaseDial   Phase = "dial"   // connecting
	PhaseTLS    Phase = "tls"    // TLS handshake
	PhaseWrite  Phase = "write"  // sending the request
	PhaseHeader Phase = "header" // waiting for the response and reading its header
	PhaseBody   Phase = "body"   // reading the body of the response
)

// A TransportError says that no usable response arrived.
type TransportError struct {
	Op    string // write, query or ping
	Phase Phase
	Addr  string // host:port or the socket's path
	// Reused is set if the connection had served another request before.
	Reused bool
	// BytesWritten is the number of bytes handed to the connection.
	BytesWritten int64
	// Ambiguous is set if the server may have acted on the request. A write whose lines
	// all have timestamps may be repeated even so.
	Ambiguous bool
	// Err is the cause: a sentinel of this package, the error of the context, or that of
	// the operating system.
	Err error
}

func (e *TransportError) Error() string {
	return "fastclient: " + cmp.Or(e.Op, "request") + ": " + string(e.Phase) + " " + e.Addr + ": " + causeText(e.Err)
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Timeout reports whether a time limit of the client or the context was the cause.
func (e *TransportError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// Is also matches ErrTimeout when the deadline of the context was the cause.
func (e *TransportError) Is(target error) bool { return target == ErrTimeout && e.Timeout() }

// transportError adds the operation to the error of a transport.
func transportError(op string, err error) error {
	var t *transport.Error
	if !errors.As(err, &t) {
		return err
	}
	return &TransportError{
		Op: op, Phase: Phase(t.Phase.String()), Addr: t.Addr, Reused: t.Reused,
		BytesWritten: t.Written, Ambiguous: t.Ambiguous, Err: t.Err,
	}
}

// An OptionError says which option is wrong. It never quotes the value.
type OptionError struct {
	Field  string // name of the field of Options, or of the option of a call
	Reason string
}

func (e *OptionError) Error() string { return "fastclient: " + e.Field + " " + e.Reason }

// A ReplicaError says which servers of a set failed a write that was sent to all of them.
type ReplicaError struct {
	Failed int     // number of servers that failed it
	Errs   []error // one for each server, in the order of the addresses; nil where it was stored
}

func (e *ReplicaError) Error() string {
	s := fmt.Sprintf("fastclient: write: failed on %d of %d servers", e.Failed, len(e.Errs))
	for _, err := range e.Unwrap() {
		s += "; " + causeText(err)
	}
	return s
}

// Unwrap returns the errors of the servers.
func (e *ReplicaError) Unwrap() []error {
	var errs []error
	for _, err := range e.Errs {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// A PointsError says that some points could not be turned into lines. The others were
// written, unless Write says otherwise. Each row of a frame is a point.
type PointsError struct {
	Bad   int   // number of points left out
	Index int   // of the first of them
	First error // what is wrong with it
	Write error // error of writing the others, nil if they were written
}

func (e *PointsError) Error() string {
	s := "fastclient: write: 1 bad point left out, at index "
	if e.Bad != 1 {
		s = fmt.Sprintf("fastclient: write: %d bad points left out, the first at index ", e.Bad)
	}
	s += strconv.Itoa(e.Index) + ": " + causeText(e.First)
	if e.Write != nil {
		s += "; the others: " + causeText(e.Write)
	}
	return s
}

// Unwrap returns the error of the first bad point and that of the write.
func (e *PointsError) Unwrap() []error {
	var errs []error
	for _, err := range [...]error{e.First, e.Write} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// A StoppedError says where a write that takes several requests stopped. Every point
// before Index, or every byte before Offset, was in a request that the server responded
// to. Err is the error of the request that begins there; no later request was sent.
type StoppedError struct {
	Index  int   // of the first point of the request that failed; -1 for [Client.WriteFrom]
	Offset int64 // of its first byte, for [Client.WriteFrom]; -1 for points
	Err    error
}

func (e *StoppedError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("fastclient: write: stopped at byte %d: %s", e.Offset, causeText(e.Err))
	}
	return fmt.Sprintf("fastclient: write: stopped at point %d: %s", e.Index, causeText(e.Err))
}

// causeText returns the text of a cause within that of an error: on one line, and without
// the words that it begins with already.
func causeText(err error) string {
	return printable.Error(err, "fastclient: ", "write: ")
}

// Unwrap returns the error of the request.
func (e *StoppedError) Unwrap() error { return e.Err }

// Retryable reports whether the same call may succeed later: the server is overloaded or
// away, or the connection failed. It is false for what would fail again in the same way,
// such as a TLS handshake that one side refuses, for partial writes, and when the context
// ended. It is true for an ambiguous
// [*TransportError]: the caller must know whether a write may be applied twice.
func Retryable(err error) bool {
	if list := joined(err); list != nil {
		return slices.ContainsFunc(list, Retryable)
	}
	var server *ServerError
	if errors.As(err, &server) {
		return !server.Partial && retryableStatus(server)
	}
	var t *TransportError
	if !errors.As(err, &t) {
		return false
	}
	switch {
	case errors.Is(t.Err, context.Canceled), errors.Is(t.Err, context.DeadlineExceeded),
		errors.Is(t.Err, ErrClosed),
		errors.Is(t.Err, transport.ErrMalformed), errors.Is(t.Err, ErrResponseTooLarge),
		transport.HandshakeRefused(t.Err):
		return false
	}
	return true
}

// joined returns the errors that err joins, nil if it is a single one.
func joined(err error) []error {
	for err != nil {
		switch e := err.(type) {
		case *ServerError, *TransportError:
			return nil
		case interface{ Unwrap() []error }:
			return e.Unwrap()
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		default:
			return nil
		}
	}
	return nil
}

func retryableStatus(e *ServerError) bool {
	switch e.Status {
	case 408, 425, 429, 502, 503, 504, 507, 509, 523, 524, 529, 599:
		return true
	case 500:
		// 1.x sends 500 for a missing retention policy, and the version 2 endpoint of
		// version 3 for lines that it cannot parse.
		switch complaint.Read(e.text()).Kind {
		case complaint.Policy, complaint.Listed, complaint.Engine:
			return false
		}
		return true
	}
	return false
}

// RetryDelay returns how long the server asked to wait before the next attempt, 0 if it
// did not ask.
func RetryDelay(err error) time.Duration {
	if list := joined(err); list != nil {
		d := time.Duration(0)
		for _, e := range list {
			d = max(d, RetryDelay(e))
		}
		return d
	}
	var server *ServerError
	if errors.As(err, &server) {
		return server.RetryAfter
	}
	return 0
}
