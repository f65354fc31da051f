// Package transport defines an HTTP exchange: its request and response, its limits,
// the phases it passes through, and the errors it ends with. It knows nothing of
// InfluxDB.
//
// The packages fast and std implement [Doer], over fasthttp and over net/http. This
// package imports neither of them, and its tests run one suite over both. It also
// holds what both need: [Socket], which can tell whether anything has arrived, and
// [Counters].
//
// Every Doer keeps these invariants:
//   - A request is sent at most once, and never over a connection known to be
//     unusable.
//   - A response that arrives before the server can have the whole request counts
//     only if it is a refusal. Any other would not be about this request.
//   - Every wait ends with the context, with Close, or with a limit of [Options].
package transport

import (
	"context"
	"io"
)

// A Doer sends one request and reads its response. It is safe for concurrent use.
type Doer interface {
	// Do sends req and fills resp, which the caller must Close when the error
	// is nil. It returns when ctx ends, whatever phase it is in. Every error is
	// an *[Error]. Do never sends a request twice, and does not use the request's
	// body after it returns.
	Do(ctx context.Context, req *Request, resp *Response) error
	// Drain closes the connections that are not in use, and lets each other one end with
	// its exchange. Do goes on to work.
	Drain()
	// Stats returns the counters and gauges.
	Stats() Stats
	// Close ends every exchange under way with [ErrClosed], closes every
	// connection, and makes later calls fail. No goroutine outlives it.
	Close() error
}

// A Request is the request to send. Method and URI are required. The Doer does not
// use the slices after Do returns.
type Request struct {
	Method string
	// URI is the path with its query, percent-encoded, beginning with a slash.
	URI             []byte
	Authorization   string
	ContentType     string
	ContentEncoding string
	AcceptEncoding  string
	Accept          string
	// Header holds further header lines. Keys and values must be free of control
	// bytes.
	Header []Field
	Body   []byte
	// Stream leaves the response's body in Response.Stream instead of reading it
	// into Response.Body.
	Stream bool
}

// A Field is one header line.
type Field struct{ Key, Value string }

// A Response is a response. The zero value is ready for Do.
type Response struct {
	Status int
	// Body is the body of a response that was not streamed, valid until Close.
	Body []byte
	// Truncated reports that Body is the beginning of a longer body. This happens
	// to refusals only; any other response beyond the limit is an error.
	Truncated bool
	// Stream is the body of a streamed response, nil if there is none. Closing
	// it closes the Response.
	Stream io.ReadCloser
	// Reused reports that the connection had served another request before.
	Reused bool
	// UntilClose reports that the body has neither a length nor chunks, so that it ends where
	// the connection does: nothing tells a whole body from one that was cut short.
	UntilClose bool

	// Held is the Doer's own part of the response. Only a Doer sets it.
	Held Held
}

// Held is the part of a response that a Doer keeps until the Response is closed.
type Held interface {
	// Header returns the first value of a header, empty when absent.
	Header(name string) string
	// HasHeader reports whether the response has a header, which may be empty.
	HasHeader(name string) bool
	// Free releases a response without a Stream. A response with a Stream is
	// released by closing the Stream.
	Free()
}

// Header returns the first value of a header of the response, empty when absent.
// It must not be called after Close.
func (r *Response) Header(name string) string {
	if r.Held == nil {
		return ""
	}
	return r.Held.Header(name)
}

// HasHeader reports whether the response has a header, which may be empty. It must not be
// called after Close.
func (r *Response) HasHeader(name string) bool {
	return r.Held != nil && r.Held.HasHeader(name)
}

// Close releases the response. The connection is kept if the response was read to its
// end or little of it was left. Close may be called more than once, and interrupts a
// Read of the Stream that is under way.
func (r *Response) Close() error {
	var err error
	if r.Stream != nil {
		err = r.Stream.Close()
	} else if r.Held != nil {
		r.Held.Free()
	}
	r.Held, r.Body = nil, nil
	return err
}
