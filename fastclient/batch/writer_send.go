package batch

import (
	"context"
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// errRequestTimeout is the cause of the end of a request's context when its
// time was up.
var errRequestTimeout = errors.New("batch: no answer within Options.RequestTimeout")

// A requestContext is the context of one sender's requests, one after the other.
// It is made again only when a request has run out of time.
type requestContext struct {
	parent context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// begin returns a context that ends after d, or with the parent.
func (c *requestContext) begin(d time.Duration) context.Context {
	if c.ctx != nil {
		c.timer.Reset(d)
		return c.ctx
	}
	var cancel context.CancelCauseFunc
	c.ctx, cancel = context.WithCancelCause(c.parent)
	c.cancel = cancel
	c.timer = time.AfterFunc(d, func() { cancel(errRequestTimeout) })
	return c.ctx
}

// end must follow begin when the request is over.
func (c *requestContext) end() {
	if !c.timer.Stop() || c.ctx.Err() != nil {
		c.close() // the timer ran, or is about to run
	}
}

func (c *requestContext) close() {
	if c.ctx != nil {
		c.timer.Stop()
		c.cancel(nil)
		c.ctx = nil
	}
}

// A sending is what one sender goroutine works with.
type sending struct {
	sender seam.Sender
	ctx    requestContext
	packed []byte
	wire   []byte // lines in the unit that is sent, where that is another one
	batch  seam.Body
	judgement
}

func (w *Writer) newSending(sender seam.Sender) *sending {
	return &sending{sender: sender, ctx: requestContext{parent: w.ctx}}
}

// run sends parts through out until there is nothing left to do.
func (w *Writer) run(out *outlet, sender seam.Sender) {
	s := w.newSending(sender)
	for {
		j, ok := w.next(out)
		if !ok {
			break
		}
		w.exchange(out, s, j)
	}
	s.ctx.close()
	w.mu.Lock()
	if w.senders--; w.senders == 0 {
		close(w.idle)
	}
	w.mu.Unlock()
}

// exchange sends the part of j and does what the answer asks for.
func (w *Writer) exchange(out *outlet, s *sending, j job) {
	p := j.p
	lines := p.data
	if w.unit != w.precision {
		if s.wire == nil {
			s.wire = make([]byte, 0, w.bodyBytes())
		}
		s.wire = points.AppendConverted(s.wire[:0], p.data, w.precision, w.unit)
		lines = s.wire
	}
	s.batch = seam.Body{Data: lines, Raw: len(lines)}
	if w.pack != nil && !j.plain && len(lines) >= w.minPack {
		if w.packBody(s, lines); len(s.packed) < len(lines) {
			s.batch.Data, s.batch.Encoding = s.packed, w.pack.Encoding()
		}
	}
	s.reply.Reset(out.api)
	start := time.Now()
	ctx := s.ctx.begin(requestTimeout(w.o.RequestTimeout, len(s.batch.Data)))
	s.sender.Send(ctx, &s.batch, &s.reply)
	verdict.Merge(&s.reply)
	if s.reply.Err != nil && context.Cause(ctx) == errRequestTimeout {
		s.reply.Err, s.reply.Failure = errRequestTimeout, errRequestTimeout
	}
	s.ctx.end()
	took := time.Since(start)

	within := j.spent < w.o.IsolateRequests
	limits := verdict.Limits{
		Search: within && w.o.Isolate == IsolateAuto || w.o.Isolate == IsolateAll, Within: within,
		Ordered: w.o.Ordered, Precision: w.unit, Tries: p.tries + 1, Plain: s.batch.Encoding == "",
	}
	action := verdict.Judge(&s.reply)
	if action == verdict.ActDowngrade {
		limits.Downgrade = out.target.Downgrade(s.reply.API)
	}
	if action == verdict.ActMissing && w.o.OnMissing != nil {
		w.missing(s)
	}
	verdict.Settle(&s.plan, lines, p.lines, &s.reply, limits)
	if w.unit != w.precision {
		s.plan.Onto(p.data)
	}
	w.apply(out, j, s, took)
}

// packedSize is the memory for the packed form of a batch, which has room for what
// does not get smaller.
func packedSize(batchBytes int) int { return batchBytes + batchBytes/64 + 1024 }

// packBody packs data into the sender's own memory.
func (w *Writer) packBody(s *sending, data []byte) {
	if s.packed == nil {
		s.packed = make([]byte, 0, packedSize(w.bodyBytes()))
	}
	s.packed = w.pack.Append(s.packed[:0], data)
}

// missing lets the user create the database.
func (w *Writer) missing(s *sending) {
	ctx := s.ctx.begin(w.o.RequestTimeout)
	err := w.o.OnMissing(ctx)
	s.ctx.end()
	if err != nil {
		w.mu.Lock()
		w.emit(Event{Kind: EventMissing, Err: err})
		w.mu.Unlock()
	}
}

// requestTimeout is the time one exchange may take: a fixed part and what the
// body needs at 100 KiB/s.
func requestTimeout(base time.Duration, size int) time.Duration {
	return base + time.Duration(size)*time.Second/(100<<10)
}
