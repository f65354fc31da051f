// Package transport says what an HTTP exchange is: request, response, limits,
// phases, errors. It knows nothing of InfluxDB, and nothing of the packages fast
// and std, which make exchanges. Both have a [Doer], and one test suite runs over
// both. What both need for it is here too: sockets that can be asked whether
// anything has arrived, and counters.
package transport

import (
	"context"
	"io"
)

// A Doer sends one request and reads its response. It is safe for concurrent use.
type Doer interface {
	// Do sends req and fills resp, which the caller must Close when the error
	// is nil. It returns when ctx ends, whatever phase it is in. Every error is
	// an *[Error]. The request's body is free when Do returns. Do never sends a
	// request twice.
	Do(ctx context.Context, req *Request, resp *Response) error
	// Stats returns the counters and gauges.
	Stats() Stats
	// Close ends every exchange under way with [ErrClosed], closes every
	// connection, and makes later calls fail. It leaves no goroutine behind.
	Close() error
}

// A Request is what to send. The zero value of every field but Method and URI
// is usable. Its slices belong to the caller again when Do returns.
type Request struct {
	Method string
	// URI is the path with its query, percent-encoded, beginning with a slash.
	URI             []byte
	Authorization   string
	ContentType     string
	ContentEncoding string
	AcceptEncoding  string
	Accept          string
	// Header holds further lines. Keys and values are free of control bytes.
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
	// Truncated tells that Body is the beginning of a longer one. That is so of
	// refusals only; another response beyond the limit is an error.
	Truncated bool
	// Stream is the body of a streamed response, nil if there is none. Closing
	// it closes the Response.
	Stream io.ReadCloser
	// Reused tells that the connection had served another request before.
	Reused bool

	// Held is what the Doer keeps of the response. Only a Doer sets it.
	Held Held
}

// Held is what a Doer keeps of a response until the Response is closed.
type Held interface {
	// Header returns the first value of a header, empty when absent.
	Header(name string) string
	// HasHeader reports whether the response has a header, which may be empty.
	HasHeader(name string) bool
	// Free gives back what is kept of a response without a Stream. Closing the Stream
	// does that for the others.
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

// Close gives back what the response holds. The connection is kept if the response
// was read to its end or little of it was left. Close may be called again, and
// while a Read of the Stream is under way, which it interrupts.
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
