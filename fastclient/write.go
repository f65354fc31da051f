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

// This file sends lines. [Client.Write] calls sendBody, which compresses them and handles
// what a server finds wrong with a body as such: its compression or its size. sendBody
// calls [core.do] for the attempts. Raw lines in a unit that servers do not share go
// through sendConverted; lines that were checked already, from WriteFrom and points,
// through sendChecked. A replicated set compresses once, in sendReplicas.
//
// Invariant: the bytes of lines are not kept after a call returns.

// keptBytes is the largest buffer that goes back to a pool.
const keptBytes = 8 << 20

// A writeCall is the state of one write. It is reused.
type writeCall struct {
	call
	to         target
	own        bool // an option changed the target
	makes      bool // the client or an encoder made the lines
	trimCR     bool // raw lines may end with a carriage return
	ready      bool // the body is set already, for all replicas
	compressed []byte
	wire       []byte       // lines in the unit that is sent, if it is another one
	reader     line.Scanner // reads raw lines that are converted
	raws       []byte       // for lines that the client makes
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

// openWrite returns a writeCall with the options applied. It must be freed even after an
// error.
func (c *Client) openWrite(opts []WriteOption) (*writeCall, error) {
	w := c.newWriteCall()
	for _, o := range opts {
		o.applyWrite(w)
	}
	return w, w.prepare(c.core)
}

func (c *Client) freeWriteCall(w *writeCall) {
	w.req.Body, w.scratch, w.lines = nil, nil, nil
	if cap(w.compressed) <= keptBytes && cap(w.raws) <= keptBytes && cap(w.wire) <= keptBytes {
		c.writes.Put(w)
	}
}

// prepare sets the path after the options were applied.
func (w *writeCall) prepare(c *core) error {
	if w.own {
		w.path, w.to.writeErr = w.to.appendWrite(w.path[:0:0], c)
	} else {
		w.path = w.to.write
	}
	return w.to.writeErr
}

// converts reports whether the lines are sent in another unit than they are in.
func (w *writeCall) converts(c *core) bool {
	return wireUnit(c.o.API, w.to.precision) != w.to.precision
}

// Write sends lines of line protocol, one point each, and returns when the server has
// responded. The lines are sent as they are: their timestamps must be in the client's
// precision, or that of [WritePrecision]. An empty body is not sent. Without options, and
// with a context that cannot end, Write allocates nothing. It does not keep lines.
//
// Write does not check lines. If a line leaves a quote open, a server takes the lines up
// to the next quote as part of it, or drops them. Use [lp.Valid], [Client.WriteFrom],
// [WritePoints] or the writers of package batch for lines that you did not make.
//
// By [V1], lines in microseconds, minutes or hours are read and sent in another unit, see
// [Precision]. Invalid lines are then left out, and the error is a *[PointsError].
//
// A refusal is a *[ServerError], or a *[PartialWriteError] if the server stored some of
// the lines; a failed connection is a *[TransportError]. Without a retry policy Write
// makes one attempt.
func (c *Client) Write(ctx context.Context, lines []byte, opts ...WriteOption) error {
	if len(lines) == 0 {
		return nil
	}
	w, err := c.openWrite(opts)
	defer c.freeWriteCall(w)
	if err != nil {
		return err
	}
	if w.converts(c.core) {
		return c.sendConverted(ctx, w, lines)
	}
	return c.sendBody(ctx, w, lines)
}

// sendConverted sends unchecked lines in another unit than they are in. A line that
// cannot be read cannot be converted, and is not sent.
func (c *core) sendConverted(ctx context.Context, w *writeCall, lines []byte) error {
	var r points.Refusal
	w.wire = points.AppendConvertedRaw(w.wire[:0], lines, &w.reader, w.to.precision, wireUnit(c.o.API, w.to.precision), &r)
	var err error
	if len(w.wire) > 0 {
		err = c.sendBody(ctx, w, w.wire)
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

// sendChecked sends valid lines in the unit that servers get.
func (c *core) sendChecked(ctx context.Context, w *writeCall, lines []byte) error {
	if w.converts(c) {
		w.wire = points.AppendConverted(w.wire[:0], lines, w.to.precision, wireUnit(c.o.API, w.to.precision))
		lines = w.wire
	}
	return c.sendBody(ctx, w, lines)
}

// setBody makes lines the body, compressed if that is worth it.
func (w *writeCall) setBody(c *core, lines []byte) {
	w.raw = len(lines)
	if w.scratch, w.lines = nil, nil; w.makes {
		w.scratch = lines
	} else if c.o.Hedge.After > 0 {
		w.lines = lines
	}
	w.req.Body, w.req.ContentEncoding = lines, ""
	if c.compressor != nil && len(lines) >= c.minCompress && !w.plain(c).Load() {
		w.compressed = c.compressor.Append(w.compressed[:0], lines)
		w.req.Body, w.req.ContentEncoding = w.compressed, c.compressor.Encoding()
	}
}

// plain is set when the server has refused a compressed body.
func (w *writeCall) plain(c *core) *atomic.Bool {
	if w.only != nil {
		return &w.only.plain
	}
	return &c.plain
}

// sendBody sends lines as the body of a request to one server, or to all of a replicated
// set. A server that refuses the compression gets uncompressed bodies from then on. If it
// finds the body too large, it gets the body in halves, unless the policy forbids it.
func (c *core) sendBody(ctx context.Context, w *writeCall, lines []byte) error {
	if w.only == nil && c.o.Balance == Replicate && len(c.servers()) > 1 {
		return c.sendReplicas(ctx, w, lines)
	}
	if !w.ready {
		w.setBody(c, lines)
	}
	w.ready = false
	err := c.do(ctx, &w.call)
	if w.req.ContentEncoding != "" && refusedCompression(err) {
		w.plain(c).Store(true)
		w.req.Body, w.req.ContentEncoding = lines, ""
		err = c.do(ctx, &w.call)
	}
	if err == nil {
		w.resp.Close()
		if w.only == nil {
			c.n.writes.Add(1)
		}
		return nil
	}
	if w.policy == nil || w.policy.NoSplit || !errors.Is(err, ErrTooLarge) {
		return err
	}
	head, tail := line.Halve(lines)
	if len(head) == 0 {
		return err // it is a single line
	}
	c.n.splits.Add(1)
	if f := c.hooks.Split; f != nil {
		f(SplitEvent{Bytes: len(lines)})
	}
	// Both halves are sent, whatever becomes of the first: each holds its own lines.
	return join(c.sendBody(ctx, w, head), c.sendBody(ctx, w, tail))
}

// sendReplicas compresses lines once and sends them to all servers.
func (c *core) sendReplicas(ctx context.Context, w *writeCall, lines []byte) error {
	w.setBody(c, lines)
	err := c.replicate(w, func(one *writeCall) error {
		one.ready = true
		if one.only.plain.Load() {
			one.req.Body, one.req.ContentEncoding = lines, ""
		}
		return c.sendBody(ctx, one, lines)
	})
	if err == nil {
		c.n.writes.Add(1)
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

// refusedCompression is a separate function so that its variable, which lives on the
// heap, is not made when there is no error.
func refusedCompression(err error) bool {
	if err == nil {
		return false
	}
	var server *ServerError
	return errors.As(err, &server) && server.Status == 415
}

// pieceBytes bounds a request that the client fills itself. Every server accepts it:
// version 1 takes 25 MB, version 3 takes 10 MiB and recommends at most 5,000 lines. A
// single line may be longer, up to line.MaxLine.
const pieceBytes = 1 << 20

// WriteFrom sends the lines of r in pieces of about 1 MiB, one after the other. Memory
// holds at most one piece and one line. Empty lines and comments are left out: a comment
// with an open quote makes servers swallow the lines after it.
//
// It returns the number of bytes of r that were written, and stops at the first error: a
// *[StoppedError] around the error of r, of the write, or the *[lp.SyntaxError] of a line
// that no server would store; the lines before it are written. A last line needs no
// newline. ctx does not interrupt a Read of r.
func (c *Client) WriteFrom(ctx context.Context, r io.Reader, opts ...WriteOption) (int64, error) {
	w, err := c.openWrite(opts)
	defer c.freeWriteCall(w)
	if err != nil {
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
			if writeErr := c.sendChecked(ctx, w, p.lines); writeErr != nil {
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

// A pieces gathers the lines of a stream into bodies.
type pieces struct {
	scan  line.Scanner
	lines []byte // of the piece
	ahead bool   // the last line of scan begins the next piece
}

// next gathers the next piece and returns the offset of its end in the stream, 0 if it is
// empty. Together with an error there may be a piece of the lines before it.
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
