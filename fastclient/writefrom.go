package fastclient

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/internal/line"
)

// pieceBytes bounds one request that the client fills itself. It is what every server
// takes: version 1 25 MB, version 3 10 MiB, and advice to stay at 5,000 lines. A
// single line may be longer than a piece, up to line.MaxLine.
const pieceBytes = 1 << 20

// ErrLineTooLong says that a line is longer than any server takes.
var ErrLineTooLong = errors.New("fastclient: line too long")

// A PieceError says where in a stream of lines a write failed. What came before
// Offset was written.
type PieceError struct {
	Offset int64 // of the first byte that was not written, or may not have been
	Err    error
}

func (e *PieceError) Error() string {
	return e.Err.Error() + " (after " + strconv.FormatInt(e.Offset, 10) + " bytes)"
}

// Unwrap returns the cause.
func (e *PieceError) Unwrap() error { return e.Err }

// WriteFrom sends the lines that r gives, in pieces of about 1 MiB, one after the
// other. It holds no more than one piece and one line in memory. Empty lines and
// comments are left out: a comment with an open quote makes servers swallow the lines
// after it.
//
// It returns the number of bytes of r that were written and stops at the first error,
// which is a *[PieceError] around that of r, of the write, or the *[lp.SyntaxError] of
// a line that no server would store; the lines before that one are written. A last
// line without a newline is a line. ctx does not interrupt a Read of r.
func (c *Client) WriteFrom(ctx context.Context, r io.Reader, opts ...WriteOption) (int64, error) {
	w := c.newWriteCall()
	defer c.freeWriteCall(w)
	for _, o := range opts {
		o.applyWrite(w)
	}
	if err := w.prepare(c.core); err != nil {
		return 0, err
	}
	p := pieces{lines: w.raws[:0]}
	p.scan.SetOptions(points.ScanOptions(w.to.precision, w.trimCR))
	p.scan.SetCheck(true)
	p.scan.ResetReader(r)
	var sent int64
	for {
		end, err := p.next()
		if ctx.Err() != nil && (err == nil || len(p.lines) > 0) {
			err = ctx.Err()
		} else if len(p.lines) > 0 {
			if writeErr := c.sendBody(ctx, w, p.lines); writeErr != nil {
				err = writeErr
			} else {
				sent = end
			}
		}
		w.raws = p.lines[:0]
		if err == io.EOF {
			return p.scan.End(), nil
		}
		if err != nil {
			return sent, &PieceError{Offset: sent, Err: err}
		}
	}
}

// pieces gathers the lines of a stream into bodies.
type pieces struct {
	scan  line.Scanner
	lines []byte // of the piece
	ahead bool   // the last line of scan is the first of the next piece
}

// next gathers the next piece and returns its end in the stream, 0 for an empty one.
// With an error there may be a piece too, of what was before it.
func (p *pieces) next() (end int64, err error) {
	p.lines = p.lines[:0]
	for p.ahead || p.scan.Next() {
		p.ahead = false
		switch p.scan.Fault.Rule {
		case 0:
			if len(p.lines) > 0 && len(p.lines)+len(p.scan.Line()) >= pieceBytes {
				p.ahead = true
				return end, nil
			}
			p.lines = p.scan.AppendPlain(p.lines)
			end = p.scan.End()
		case line.TooLong:
			return end, ErrLineTooLong
		default:
			return end, points.SyntaxError(&p.scan)
		}
	}
	if err = p.scan.Err(); err == nil {
		err = io.EOF
	}
	return end, err
}
