package fastclient

import (
	"iter"
	"strings"

	"github.com/pointwire/pointwire/frame"
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
