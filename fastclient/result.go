package fastclient

import (
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/nocopy"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/jsonscan"
)

// This file reads the response to a query. A [responseBody] is its bytes, decompressed
// and bounded; a scanner over it gives rows. tree.go builds JSON from them. Whatever
// reads to the end, or leaves its loop, closes the result.
//
// Invariants: memory holds the row at hand, except for JSON, QueryInto and QueryFrames,
// which have bounds of their own; a response that was cut short ends with an error.

// A Result is the response to a query. One goroutine may use it; another may call Close.
type Result struct {
	_     nocopy.Field
	body  *responseBody
	s     *jsonscan.Scanner
	whole int64 // bound of JSON
	// emptied is set if the server's response to a deletion has no result.
	emptied bool
}

func (c *core) newResult(resp *transport.Response, qc *queryCall) (*Result, error) {
	// InfluxDB 2.x responds with an empty object to a deletion.
	emptied := qc.deletes && strings.HasPrefix(resp.Header("X-Influxdb-Version"), "v2.")
	if qc.language != influxQL && !isJSONLines(resp) {
		return nil, notJSONLines(resp)
	}
	body, err := openBody(resp, qc)
	if err != nil {
		return nil, err
	}
	r := &Result{body: body, s: jsonscan.NewScanner(body), whole: c.maxWhole, emptied: emptied}
	r.s.MaxRowBytes = qc.maxRow
	r.s.JSONLines = qc.language != influxQL
	r.s.MessagePack = !r.s.JSONLines && isMsgpack(resp)
	r.s.Chunked = qc.chunked
	r.s.SetPrecision(qc.epoch)
	return r, nil
}

// Rows iterates over the rows of all series of all statements. A row is valid until the
// next one is asked for. The failure of one statement is a *[QueryError]; what the server
// says within the response about the whole request is a *[jsonscan.ResponseError]. After
// either, the iteration goes on if the loop does. An error of the connection or of the
// response's form is the last pair: a response that was cut short never ends without one.
// The row beside an error is empty, so that a loop which ignores the error meets no nil.
// At the end, and when the loop is left, the result is closed.
func (r *Result) Rows() iter.Seq2[*jsonscan.Row, error] {
	return func(yield func(*jsonscan.Row, error) bool) {
		defer r.Close()
		for row, err := range r.s.Rows() {
			if !yield(row, err) {
				return
			}
		}
	}
}

// boundedRows is Rows for a caller that keeps size bytes for each row. They may take
// eight times the bound of the response, as a tree may: a row can be as short as two
// bytes.
func (r *Result) boundedRows(size int64) iter.Seq2[*jsonscan.Row, error] {
	left := min(r.body.left, math.MaxInt64/8) * 8
	return func(yield func(*jsonscan.Row, error) bool) {
		for row, err := range r.Rows() {
			if left -= size; err == nil && left < 0 {
				yield(row, r.body.fail(ErrResponseTooLarge))
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// Scanner returns the scanner under Rows, for reading row by row, and for messages,
// statements and documents. The result must still be closed.
func (r *Result) Scanner() *jsonscan.Scanner { return r.s }

// FrameReader returns a reader of frames over the scanner under Rows, so that its options
// can be set. The result must still be closed.
func (r *Result) FrameReader() *frame.Reader { return frame.NewReader(r.s) }

// Frames iterates over the rows as frames: columns of at most [frame.DefaultRows] rows of
// one series. A frame is valid until the next one is asked for. Errors are those of
// [Result.Rows], and those of rows without a valid time. At the end, and when the loop is
// left, the result is closed.
func (r *Result) Frames() iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		defer r.Close()
		for f, err := range r.FrameReader().Frames() {
			if !yield(f, err) {
				return
			}
		}
	}
}

// Messages returns the messages of the server, such as warnings, in the part of the
// response that was read.
func (r *Result) Messages() []jsonscan.Message { return r.s.Messages() }

// Close releases the connection. A short rest of the response is read so that the
// connection can be used again; otherwise it is closed. Close returns nil and may be
// called again.
func (r *Result) Close() error {
	r.body.Close()
	return nil
}

// A responseBody is the body of a response: decompressed, bounded, and with the errors of
// this package.
type responseBody struct {
	resp  *transport.Response
	src   io.Reader
	left  int64     // bytes that may still be read, -1 without a bound
	noEnd bool      // neither the response nor the connection says whether it is whole
	close io.Closer // of the decompression, nil without
	mu    sync.Mutex
	done  bool
	// failure is why there is no response; Read returns nothing else.
	failure error
}

// openBody returns the body of a successful response to a query.
func openBody(resp *transport.Response, qc *queryCall) (*responseBody, error) {
	b := &responseBody{resp: resp, left: -1, src: resp.Stream}
	if qc.maxBytes > 0 {
		b.left = qc.maxBytes
	}
	if b.src == nil {
		b.src = strings.NewReader("")
		return b, nil
	}
	switch encoding := strings.ToLower(resp.Header("Content-Encoding")); encoding {
	case "", "identity":
		b.noEnd = resp.UntilClose && qc.language != influxQL
	case "gzip", "x-gzip":
		if qc.compressed == ResponsesPipelined {
			p := compress.NewPipeline(b.src)
			b.src, b.close = p, p
			return b, nil
		}
		z := compress.NewReader(b.src)
		b.src, b.close = z, z
	default:
		resp.Close()
		return nil, &ServerError{Op: "query", Status: resp.Status, Message: "response in an encoding that was not asked for"}
	}
	return b, nil
}

// Read reads decompressed bytes.
func (b *responseBody) Read(p []byte) (int, error) {
	if b.failure != nil {
		return 0, b.failure
	}
	if b.left >= 0 && int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.src.Read(p)
	if b.left >= 0 {
		if int64(n) > b.left {
			n, b.left = int(b.left), 0
			return n, b.fail(ErrResponseTooLarge)
		}
		b.left -= int64(n)
	}
	switch {
	case err == io.EOF && b.noEnd:
		err = b.fail(transport.ErrNoEnd)
	case err != nil && err != io.EOF:
		err = b.fail(err)
	}
	return n, err
}

// fail makes err an error of this package. What gzip finds wrong is the response's fault;
// an early end is told from a false checksum.
func (b *responseBody) fail(err error) error {
	var t *transport.Error
	if errors.As(err, &t) {
		return transportError("query", err)
	}
	switch {
	case errors.Is(err, compress.ErrClosed):
		err = transport.ErrBodyClosed
	case errors.Is(err, transport.ErrBodyClosed), errors.Is(err, context.Canceled):
	case errors.Is(err, ErrResponseTooLarge), errors.Is(err, transport.ErrNoEnd):
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = transport.ErrTruncated
	default:
		err = transport.ErrMalformed
	}
	return &TransportError{Op: "query", Phase: PhaseBody, Addr: "response", Reused: b.resp.Reused, Ambiguous: true, Err: err}
}

// Close releases the connection. It may be called again, and during a Read, which then
// fails.
func (b *responseBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return nil
	}
	b.done = true
	err := b.resp.Close() // ends a Read under way; the decompression waits for it
	if b.close != nil {
		b.close.Close()
	}
	return err
}
