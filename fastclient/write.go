package fastclient

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// keptBytes is the largest buffer that goes back to a pool.
const keptBytes = 8 << 20

// A writeCall is one write on the way. It is used again.
type writeCall struct {
	call
	to     target
	own    bool // options changed the target
	makes  bool // the client, or an encoder, made the lines
	trimCR bool // raw lines may end with a carriage return
	packed []byte
	wire   []byte       // lines in the unit that is sent, where that is another one
	reader line.Scanner // of raw lines that are converted
	raws   []byte       // for lines that the client makes
}

const textPlain = "text/plain; charset=utf-8"

func (c *Client) newWriteCall() *writeCall {
	w, _ := c.writes.Get().(*writeCall)
	if w == nil {
		w = new(writeCall)
		w.op = "write"
		w.req.Method, w.req.ContentType = "POST", textPlain
	}
	w.to, w.own, w.makes, w.trimCR = c.to, false, false, false
	w.policy, w.idempotent = c.o.Retry, false
	return w
}

func (c *Client) freeWriteCall(w *writeCall) {
	w.req.Body, w.made = nil, nil
	if cap(w.packed) <= keptBytes && cap(w.raws) <= keptBytes && cap(w.wire) <= keptBytes {
		c.writes.Put(w)
	}
}

// prepare makes the path after the options were applied.
func (w *writeCall) prepare(c *core) error {
	if w.own {
		w.path, w.to.writeErr = w.to.appendWrite(w.path[:0:0], c)
	} else {
		w.path = w.to.write
	}
	return w.to.writeErr
}

// Write sends lines of line protocol, one point each, and returns when the
// server has answered. The lines go as they are: their timestamps must be in
// the client's precision, or that of [WritePrecision]. An empty body sends
// nothing. Write does not look at lines: where one leaves a quote open, a server takes
// it and those up to the next quote for one line, or for none. [Client.WriteFrom],
// [WritePoints] and the writers of package batch look, and [lp.Valid] does. Write does
// not keep lines; without options, and with a context that cannot end, it allocates
// nothing.
//
// By [V1] lines in microseconds, minutes or hours are read and sent in another unit, see
// [Precision]. Those that are not valid are then left out, and the error is a
// *[PointsError].
//
// A refusal is a *[ServerError], or a *[PartialWriteError] when the server
// stored some of the lines; a failed connection is a *[TransportError]. Without
// a retry policy Write makes one attempt.
func (c *Client) Write(ctx context.Context, lines []byte, opts ...WriteOption) error {
	return c.write(ctx, lines, false, opts)
}

func (c *Client) write(ctx context.Context, lines []byte, makes bool, opts []WriteOption) error {
	if len(lines) == 0 {
		return nil
	}
	w := c.newWriteCall()
	defer c.freeWriteCall(w)
	w.makes = makes
	for _, o := range opts {
		o.applyWrite(w)
	}
	if err := w.prepare(c.core); err != nil {
		return err
	}
	if unit := wireUnit(c.o.API, w.to.precision); unit != w.to.precision {
		return c.writeConverted(ctx, w, lines, unit)
	}
	return c.sendLines(ctx, w, lines)
}

// writeConverted writes lines that nobody has looked at in another unit than theirs.
// What cannot be read cannot be converted, and is not sent.
func (c *core) writeConverted(ctx context.Context, w *writeCall, lines []byte, unit Precision) error {
	var r points.Refusal
	w.wire = points.AppendConvertedRaw(w.wire[:0], lines, &w.reader, w.to.precision, unit, &r)
	var err error
	if len(w.wire) > 0 {
		err = c.sendLines(ctx, w, w.wire)
	}
	if r.N == 0 {
		return err
	}
	bad := &PointsError{Bad: r.N, First: r.Err, Write: err}
	var p *lp.PointError
	if errors.As(r.Err, &p) {
		bad.Index = p.Index
	}
	return bad
}

// sendBody sends lines that were let pass, in the unit in which servers get them.
func (c *core) sendBody(ctx context.Context, w *writeCall, lines []byte) error {
	if unit := wireUnit(c.o.API, w.to.precision); unit != w.to.precision {
		w.wire = points.AppendConverted(w.wire[:0], lines, w.to.precision, unit)
		lines = w.wire
	}
	return c.sendLines(ctx, w, lines)
}

// sendLines sends lines to one server, or to all of a replicated set.
func (c *core) sendLines(ctx context.Context, w *writeCall, lines []byte) error {
	w.fill(c, lines)
	if w.only != nil || c.o.Balance != Replicate || len(c.ends) == 1 {
		return c.sendFilled(ctx, w, lines)
	}
	err := c.replicate(w, func(one *writeCall) error {
		if one.only.plain.Load() {
			one.req.Body, one.req.ContentEncoding = lines, ""
		}
		return c.sendFilled(ctx, one, lines)
	})
	if err == nil {
		c.n.writes.Add(1)
	}
	return err
}

// fill makes lines the body, packed if that is worth it.
func (w *writeCall) fill(c *core, lines []byte) {
	w.raw = len(lines)
	if w.made = nil; w.makes {
		w.made = lines
	}
	w.req.Body, w.req.ContentEncoding = lines, ""
	if c.pack != nil && len(lines) >= c.minGzip && !w.plain(c).Load() {
		w.packed = c.pack.Append(w.packed[:0], lines)
		w.req.Body, w.req.ContentEncoding = w.packed, c.pack.Encoding()
	}
}

// plain tells whether the server has refused a packed body as such.
func (w *writeCall) plain(c *core) *atomic.Bool {
	if w.only != nil {
		return &w.only.plain
	}
	return &c.plain
}

// sendFilled sends the body that was made of lines. A server that refuses the packing
// gets plain bodies from then on. One that finds the body too large gets it in halves,
// if the policy lets it.
func (c *core) sendFilled(ctx context.Context, w *writeCall, lines []byte) error {
	err := c.exchange(ctx, w)
	if w.req.ContentEncoding != "" && refusedPacking(err) {
		w.plain(c).Store(true)
		w.req.Body, w.req.ContentEncoding = lines, ""
		err = c.exchange(ctx, w)
	}
	if err == nil && w.only == nil {
		c.n.writes.Add(1)
	}
	if err == nil || w.policy == nil || w.policy.NoSplit || !errors.Is(err, ErrTooLarge) {
		return err
	}
	head, tail := line.Halve(lines)
	if len(head) == 0 {
		return err // a single line
	}
	c.n.splits.Add(1)
	if f := c.hooks.Split; f != nil {
		f(SplitEvent{Bytes: len(lines)})
	}
	// Both halves are sent whatever becomes of the first: each holds lines of
	// its own.
	return join(c.sendLines(ctx, w, head), c.sendLines(ctx, w, tail))
}

func (c *core) exchange(ctx context.Context, w *writeCall) error {
	err := c.do(ctx, &w.call)
	if err == nil {
		w.resp.Close()
	}
	return err
}

func join(a, b error) error {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return errors.Join(a, b)
}

// refusedPacking is a function of its own so that its variable, which lives on
// the heap, is not made when there is no error.
func refusedPacking(err error) bool {
	if err == nil {
		return false
	}
	var server *ServerError
	return errors.As(err, &server) && server.Status == 415
}

// pieceBytes bounds one request that the client fills itself. It is what every server
// takes: version 1 25 MB, version 3 10 MiB, and advice to stay at 5,000 lines. A
// single line may be longer than a piece, up to line.MaxLine.
const pieceBytes = 1 << 20

// WriteFrom sends the lines that r gives, in pieces of about 1 MiB, one after the
// other. It holds no more than one piece and one line in memory. Empty lines and
// comments are left out: a comment with an open quote makes servers swallow the lines
// after it.
//
// It returns the number of bytes of r that were written and stops at the first error,
// which is a *[StoppedError] around that of r, of the write, or the *[lp.SyntaxError] of
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
			return sent, &StoppedError{Index: -1, Offset: sent, Err: err}
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
