package fastclient

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/jsonscan"
)

// A Result is an answer to a query on its way. It is for one goroutine, except
// that Close may be called by another.
type Result struct {
	body  *answerBody
	s     *jsonscan.Scanner
	whole int64 // bound of JSON
	// emptied tells that the server is one whose answer to a deletion has no result.
	emptied bool
}

func (c *core) newResult(resp *transport.Response, qc *queryCall) (*Result, error) {
	// InfluxDB 2.x answers with an empty object when it has deleted.
	emptied := qc.deletes && strings.HasPrefix(resp.Header("X-Influxdb-Version"), "v2.")
	body, err := openBody(resp, qc)
	if err != nil {
		return nil, err
	}
	r := &Result{body: body, s: jsonscan.NewScanner(body), whole: c.maxWhole, emptied: emptied}
	r.s.MaxRowBytes = qc.maxRow
	r.s.Chunked = qc.chunked
	r.s.SetPrecision(qc.epoch)
	return r, nil
}

// Rows iterates over the rows of all series of all statements. A row is valid
// until the next one is asked for. The failure of one statement is a
// *[QueryError] with a nil row, and what the server says of the whole request
// within the answer is a *[jsonscan.ServerError]; the iteration then goes on if the
// loop does. Any error of the connection or of the answer's form is the last pair:
// an answer that was cut short never ends without one. At its end, and when the
// loop is left, the result is closed.
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

// Scanner returns the scanner under Rows, for reading row by row and for what
// it knows of the answer: messages, statements, documents. The result must
// still be closed.
func (r *Result) Scanner() *jsonscan.Scanner { return r.s }

// FrameReader returns a reader of frames from the scanner under Rows, for its
// options. The result must still be closed.
func (r *Result) FrameReader() *frame.Reader { return frame.NewReader(r.s) }

// Frames iterates over the rows as frames: columns of at most
// [frame.DefaultRows] rows of one series. A frame is valid until the next one is
// asked for. Errors are those of [Result.Rows], and of rows whose time is none.
// At its end, and when the loop is left, the result is closed.
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

// Messages returns what the server said beside the rows, such as warnings, as
// far as the answer was read.
func (r *Result) Messages() []jsonscan.Message { return r.s.Messages() }

// Close lets go of the connection. What little is left of the answer is read so
// that the connection can be used again; otherwise it is closed. Close returns
// nil and may be called again.
func (r *Result) Close() error {
	r.body.Close()
	return nil
}

// An answerBody is the body of an answer: unpacked, bounded, and with the
// errors of this package.
type answerBody struct {
	resp  *transport.Response
	src   io.Reader
	left  int64     // bytes that may still be read, -1 without a bound
	close io.Closer // of the unpacking, nil without
	mu    sync.Mutex
	done  bool
}

// openBody returns the body of a successful answer to a query.
func openBody(resp *transport.Response, qc *queryCall) (*answerBody, error) {
	b := &answerBody{resp: resp, left: -1, src: resp.Stream}
	if qc.maxBytes > 0 {
		b.left = qc.maxBytes
	}
	if b.src == nil {
		b.src = strings.NewReader("")
		return b, nil
	}
	switch encoding := strings.ToLower(resp.Header("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		if qc.pipelined {
			p := compress.NewPipeline(b.src)
			b.src, b.close = p, p
			return b, nil
		}
		z := compress.NewReader(b.src)
		b.src, b.close = z, z
	default:
		resp.Close()
		return nil, &ServerError{Op: "query", Status: resp.Status, Message: "answer in an encoding that was not asked for"}
	}
	return b, nil
}

// Read reads unpacked bytes.
func (b *answerBody) Read(p []byte) (int, error) {
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
	if err != nil && err != io.EOF {
		err = b.fail(err)
	}
	return n, err
}

// fail makes err one of this package's. What gzip finds wrong is the answer's
// fault, and an early end is told from a false sum.
func (b *answerBody) fail(err error) error {
	var t *transport.Error
	if errors.As(err, &t) {
		return transportError("query", err)
	}
	switch {
	case errors.Is(err, compress.ErrClosed):
		err = ErrResultClosed
	case errors.Is(err, ErrResultClosed), errors.Is(err, context.Canceled):
	case errors.Is(err, ErrResponseTooLarge):
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = ErrTruncated
	default:
		err = ErrMalformedResponse
	}
	return &TransportError{Op: "query", Phase: PhaseBody, Addr: "answer", Reused: b.resp.Reused, Ambiguous: true, Err: err}
}

// Close lets go of the connection. It may be called again, and while a Read is
// under way, which then fails.
func (b *answerBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return nil
	}
	b.done = true
	err := b.resp.Close() // ends a Read under way, for which the unpacking waits
	if b.close != nil {
		b.close.Close()
	}
	return err
}
