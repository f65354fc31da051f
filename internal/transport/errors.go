package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// A Phase is the part of an exchange in which it failed.
type Phase uint8

// The phases, in their order.
const (
	PhaseWait   Phase = iota // waiting for a connection of the pool
	PhaseDial                // connecting
	PhaseTLS                 // TLS handshake
	PhaseWrite               // sending the request
	PhaseHeader              // waiting for the response and reading its header
	PhaseBody                // reading the response's body
)

var phases = [...]string{"wait", "dial", "tls", "write", "header", "body"}

// String returns the phase's word: wait, dial, tls, write, header or body.
func (p Phase) String() string {
	if int(p) < len(phases) {
		return phases[p]
	}
	return "phase " + strconv.Itoa(int(p))
}

type timeoutError string

func (e timeoutError) Error() string { return string(e) }
func (timeoutError) Timeout() bool   { return true }

// The causes that an [Error] wraps. It may also wrap an error of the operating system
// or of the context.
var (
	ErrTimeout          error = timeoutError("time limit exceeded")
	ErrPoolExhausted    error = timeoutError("no connection became free in time")
	ErrTruncated              = fmt.Errorf("response cut short: %w", io.ErrUnexpectedEOF)
	ErrNoEnd                  = fmt.Errorf("response without an end of its own, perhaps cut short: %w", io.ErrUnexpectedEOF)
	ErrResponseTooLarge       = errors.New("response exceeds the limit")
	ErrMalformed              = errors.New("malformed response")
	ErrNoResponse             = errors.New("connection closed before a response")
	ErrClosed                 = errors.New("client is closed")
	ErrBodyClosed       error = bodyClosed{} // errors.Is finds ErrClosed in it
)

// bodyClosed is the error of reading a body after Close.
type bodyClosed struct{}

func (bodyClosed) Error() string { return "read after close" }

// Is reports whether target is [ErrClosed].
func (bodyClosed) Is(target error) bool { return target == ErrClosed }

// An Error says in which phase an exchange failed and why.
type Error struct {
	Phase Phase
	// Addr is the dialled address, or the path of the Unix socket.
	Addr string
	// Reused reports that the connection had served another request before.
	Reused bool
	// Written is the number of bytes handed to the connection.
	Written int64
	// Ambiguous reports that the server may have acted on the request.
	Ambiguous bool
	Err       error
}

func (e *Error) Error() string {
	return e.Phase.String() + " " + e.Addr + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether a time limit or the context's deadline caused the error.
func (e *Error) Timeout() bool { return IsTimeout(e.Err) }

// IsTimeout reports whether a time limit or a deadline caused err.
func IsTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// Ended returns why ctx has ended, nil while it has not. A deadline that has passed counts
// before the context says so: the timers of package net, set to the same moment, may fire
// before that of the context.
func Ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		return context.DeadlineExceeded
	}
	return nil
}

// A BusyError says that no connection became free before Err ended the wait.
type BusyError struct {
	Conns int // to the server, all in use
	Err   error
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%v: all %d connections are in use (Options.MaxConns, PoolTimeout); a Result that is neither read to its end nor closed keeps one", e.Err, e.Conns)
}

// Unwrap returns what ended the wait.
func (e *BusyError) Unwrap() error { return e.Err }

// Cause reduces an error of reading or writing to its cause. When the context ended or
// the pool was closed, that is the cause: the connection failed because of it.
func Cause(ctx context.Context, closed bool, err error) error {
	if ended := Ended(ctx); ended != nil {
		var busy *BusyError
		if errors.As(err, &busy) {
			return err // it wraps what ended the wait
		}
		return ended
	}
	if closed {
		return ErrClosed
	}
	if IsTimeout(err) && !errors.Is(err, ErrPoolExhausted) {
		return ErrTimeout
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err // Error.Addr has the address already
	}
	return err
}
