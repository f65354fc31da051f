package batch

import (
	"context"
	"math"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// This file makes one request for one part. sendPart converts the lines to the unit in which
// they are sent, compresses them, and sends them within a requestContext. Package verdict
// turns the response into a plan, which engine.apply in queue.go carries out.
//
// Invariants: a sending belongs to one sender, and its memory is reused by the next request.
// The engine's lock is not held here. The lines of the part are read and never changed; the
// spans of the plan are offsets in the part, also when other bytes were sent.

// A requestContext gives the requests of one sender a context, one after the other. It
// makes a new one only after a request has run out of time, so that requests cost no
// allocation.
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
		c.close() // the timer has run, or is about to
	}
}

func (c *requestContext) close() {
	if c.ctx != nil {
		c.timer.Stop()
		c.cancel(nil)
		c.ctx = nil
	}
}

// A sending is the memory of one sender: the body and the judgement of its last request.
type sending struct {
	sender     seam.Sender
	ctx        requestContext
	compressed []byte
	wire       []byte // lines converted to the unit that is sent, if it is another one
	body       seam.Body
	judgement
}

func (e *engine) newSending(sender seam.Sender) *sending {
	return &sending{sender: sender, ctx: requestContext{parent: e.ctx}}
}

// sendPart sends the part of j and applies what the response means.
func (e *engine) sendPart(t *target, s *sending, j job) {
	p := j.p
	lines := p.data
	if e.unit != e.precision {
		if s.wire == nil {
			s.wire = make([]byte, 0, e.bodyBytes())
		}
		s.wire = points.AppendConverted(s.wire[:0], p.data, e.precision, e.unit)
		lines = s.wire
	}
	s.body = seam.Body{Data: lines, Raw: len(lines), Place: p.batch.route.at(), Lines: lines, Count: p.lines, Opened: j.opened}
	if j.encoding != spool.Plain && !j.plain {
		s.body.Data, s.body.Encoding = j.body, j.encoding.String()
	} else if e.compressor != nil && !j.plain && len(lines) >= e.minCompress {
		if e.compressBody(s, lines); len(s.compressed) < len(lines) {
			s.body.Data, s.body.Encoding = s.compressed, e.compressor.Encoding()
		}
	}
	s.response.Reset(t.api)
	start := time.Now()
	limit := requestTimeout(e.o.RequestTimeout, len(s.body.Data))
	s.body.Until = start.Add(limit)
	ctx := s.ctx.begin(limit)
	s.sender.Send(ctx, &s.body, &s.response)
	verdict.Merge(&s.response)
	if s.response.Err != nil && context.Cause(ctx) == errRequestTimeout {
		s.response.Err, s.response.Failure = errRequestTimeout, errRequestTimeout
	}
	s.ctx.end()
	took := time.Since(start)

	within := j.spent < e.o.IsolateRequests
	limits := verdict.Limits{
		Search: within && e.o.Isolate == IsolateAuto || e.o.Isolate == IsolateAll, Within: within,
		Ordered: e.o.Ordered, Precision: e.unit, Tries: p.tries + 1, Plain: s.body.Encoding == "",
	}
	action := verdict.Judge(&s.response)
	if action == verdict.ActDowngrade && e.downgrades() {
		limits.Downgrade = t.server.Downgrade(s.response.API)
	}
	if action == verdict.ActMissing {
		e.missing(s, p.batch.route)
	}
	verdict.Decide(&s.plan, lines, p.lines, &s.response, limits)
	if e.unit != e.precision {
		s.plan.Onto(p.data)
	}
	e.apply(t, j, s, took)
}

// compressBody compresses data into the memory of the sender.
func (e *engine) compressBody(s *sending, data []byte) {
	if s.compressed == nil {
		s.compressed = make([]byte, 0, compressedSize(e.bodyBytes()))
	}
	s.compressed = e.compressor.Append(s.compressed[:0], data)
}

// missing calls the user's OnMissing for the place of a batch.
func (e *engine) missing(s *sending, r *route) {
	create := e.o.OnMissing
	if f := e.o.Route.OnMissing; f != nil {
		create = func(ctx context.Context) error { return f(ctx, r.destination()) }
	}
	if create == nil {
		return
	}
	ctx := s.ctx.begin(e.o.RequestTimeout)
	err := create(ctx)
	s.ctx.end()
	if err != nil {
		e.mu.Lock()
		e.emit(Event{Kind: EventMissing, Err: err, To: r.destination()})
		e.mu.Unlock()
	}
}

// requestTimeout returns the time for one request: base, and the time that a body of size
// bytes takes at 100 KiB/s.
func requestTimeout(base time.Duration, size int) time.Duration {
	more := time.Duration(size) * time.Second / (100 << 10)
	return min(base, math.MaxInt64-more) + more
}
