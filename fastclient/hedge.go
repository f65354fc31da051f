package fastclient

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/transport"
)

// This file sends a request that takes too long to a second server, see [Hedge]. A [race] is
// the first attempt, on the goroutine of the call, and the second, on that of a timer. Each
// has a call of its own; they share the body.
//
// Invariants: a race ends when both attempts have ended, so that the body is free and no
// goroutine outlives the call. One response is left open at most. An attempt that was
// cancelled because the other one won decides nothing about the call.

// errHedgeLost is the cause of the context of an attempt that lost to the other one.
var errHedgeLost = errors.New("another server has responded")

// hedgeAfter returns how long an attempt of call at a server may take before it is also made
// at another one, and whether that may be.
func (c *core) hedgeAfter(e *endpoint, call *call) (time.Duration, bool) {
	if c.o.Hedge.After == 0 || call.op == "ping" || !(call.idempotent || call.reads || len(call.scratch)+len(call.lines) > 0) {
		return 0, false
	}
	c.hedges.earn(c.o.Hedge.Share)
	usual, ok := e.health(call.op).pace.usual()
	after := min(c.o.Hedge.After*float64(usual), math.MaxInt64/2)
	return max(hedgeMin, time.Duration(after)), ok
}

// mayHedge reports whether the call does no harm if two servers of one cluster apply it.
func (call *call) mayHedge() bool { return call.reads || call.harmless() || stamped(call.lines) }

// stamped reports whether lines, which nobody has checked, are valid and have timestamps.
func stamped(lines []byte) bool {
	if len(lines) == 0 {
		return false
	}
	var s line.Scanner
	s.SetCheck(true)
	s.Reset(lines)
	for s.Next() {
		if s.Fault.Rule != 0 || !line.Stamped(s.Line()) {
			return false
		}
	}
	return s.Err() == nil
}

// onlyReads reports whether q is certainly one statement that changes nothing.
func onlyReads(q string) bool {
	verb, rest, _ := strings.Cut(strings.TrimSpace(q), " ")
	if !strings.EqualFold(verb, "SELECT") && !strings.EqualFold(verb, "SHOW") {
		return false
	}
	return !strings.Contains(rest, ";") && !strings.Contains(strings.ToUpper(rest), "INTO")
}

// A race is two attempts of one call.
type race struct {
	call   *call // of the second attempt
	ctx    context.Context
	cancel context.CancelCauseFunc // of the second attempt
	stop   context.CancelCauseFunc // of the first one

	mu     sync.Mutex
	over   bool          // the second attempt may not begin any more
	done   chan struct{} // closed when the second attempt has ended; nil before it began
	to     trial         // its server
	began  time.Time
	took   time.Duration
	err    error
	winner int     // number of the attempt that has decided, 0: none has
	lost   [3]bool // by their numbers, whether attempts were cancelled because the other one had decided
}

// A hedged is what came of an attempt that may have been made at two servers.
type hedged struct {
	err   error // of the call
	first error // of the attempt at the first server
	tried int   // number of servers
	lost  bool  // the first attempt was cancelled, because the second one had won
	maybe bool  // the second attempt failed, and may have been applied
}

// hedge makes an attempt at a server by try, and after a while a second one at the server
// that next returns. The caller reports the first one to the health of its server, unless it
// is lost.
func (c *core) hedge(ctx context.Context, to trial, call *call, attempt int, try func(context.Context) error, next func() (trial, bool)) hedged {
	after, ok := c.hedgeAfter(to.e, call)
	start := time.Now()
	pace := &to.e.health(call.op).pace
	if !ok {
		err := try(ctx)
		if c.o.Hedge.After > 0 && responded(err) {
			pace.learn(time.Since(start))
		}
		return hedged{err: err, first: err, tried: 1}
	}
	r := &race{call: call.second()}
	ctx1, stop := context.WithCancelCause(ctx)
	r.stop = stop
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	timer := time.AfterFunc(after, func() { c.runSecond(r, attempt, next) })
	err := try(ctx1)
	took := time.Since(start)
	timer.Stop()
	tried := r.firstEnded(err)
	h := hedged{err: err, first: err, tried: tried, lost: r.lost[1]}
	if responded(err) || h.lost {
		pace.learn(took)
	}
	if tried == 2 {
		if c.judge(r, call, &h); h.lost {
			c.lost(call.op, to, took, 2*after)
		}
	}
	r.release(call, h.err)
	return h
}

// second returns a copy of the call for an attempt of its own, with the same body.
func (call *call) second() *call {
	two := *call
	two.uri, two.up, two.resp = nil, nil, transport.Response{}
	return &two
}

// runSecond makes the second attempt, unless the first one has ended.
func (c *core) runSecond(r *race, attempt int, next func() (trial, bool)) {
	if !r.begin(c, next) {
		return
	}
	c.n.hedged.Add(1)
	err := c.attempt(r.ctx, r.to.e, r.call, attempt)
	r.mu.Lock()
	r.err, r.took = err, time.Since(r.began)
	r.lost[2] = r.winner == 1 && !responded(err)
	if r.winner == 0 && decides(err) {
		r.winner = 2
		r.stop(errHedgeLost)
	}
	r.mu.Unlock()
	close(r.done)
}

// begin reports whether the second attempt begins. The lock is held until that is known,
// since the body is the caller's again after the first attempt.
func (r *race) begin(c *core, next func() (trial, bool)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || !r.call.mayHedge() {
		return false
	}
	to, ok := next()
	if !ok || !c.hedges.spend() {
		return false
	}
	r.to, r.done, r.began = to, make(chan struct{}), time.Now()
	return true
}

// firstEnded waits for the second attempt, if it began, after the first one ended with err.
// It returns how many there were.
func (r *race) firstEnded(err error) int {
	r.mu.Lock()
	r.over = true
	r.lost[1] = r.winner == 2 && !responded(err)
	began := r.done != nil
	if began && r.winner == 0 && final(err) {
		r.winner = 1
		r.cancel(errHedgeLost)
	}
	r.mu.Unlock()
	if !began {
		return 1
	}
	<-r.done
	return 2
}

// judge sets in h what two attempts mean for the call, of which h has the first one, and has
// the server of the second one learn from it. The response that counts is that of call then,
// and the other one is closed.
func (c *core) judge(r *race, call *call, h *hedged) {
	first, second := h.err, r.err
	use := 1
	switch {
	case first == nil && second == nil:
		use = r.winner
	case first == nil && (r.winner == 2 && call.req.Stream):
		use = 2 // the stream of the first one is cancelled
	case first == nil:
	case second == nil, r.winner == 2, !final(first) && final(second):
		use = 2
	}
	if use == 2 {
		if first == nil {
			call.resp.Close()
		}
		call.resp, h.err = r.call.resp, second
		c.n.hedgeWon.Add(1)
	} else if second == nil {
		r.call.resp.Close()
	}
	h.maybe = ambiguous(second) && !r.lost[2]
	if r.lost[2] {
		c.lost(call.op, r.to, r.took, 0)
		return
	}
	if responded(second) {
		r.to.e.health(call.op).pace.learn(r.took)
	}
	c.report(r.to.e, call.op, r.to.epoch, call.outcome(r.ctx, second))
}

// lost takes the time of an attempt that was cancelled for silence of its server. After
// slowAttempt or least, whatever is more, without any response, the server is down.
func (c *core) lost(op string, to trial, took, least time.Duration) {
	if to.e.health(op).silence(took) >= max(slowAttempt, least) {
		c.report(to.e, op, to.epoch, timedOut(op, nil))
	}
}

// release ends the contexts of the attempts; that of an open stream when it is closed.
func (r *race) release(call *call, err error) {
	end := func() {
		r.stop(nil)
		r.cancel(nil)
	}
	if err == nil && call.resp.Stream != nil {
		call.resp.Stream = &leash{call.resp.Stream, end}
		return
	}
	end()
}

// A leash ends the context of a stream after it is closed.
type leash struct {
	io.ReadCloser
	end func()
}

func (l *leash) Close() error {
	err := l.ReadCloser.Close()
	l.end()
	return err
}

// responded reports whether err is a response of the server.
func responded(err error) bool { return err == nil || errors.As(err, new(*ServerError)) }

// final reports whether an attempt that ended with err settles the call, whoever made it.
func final(err error) bool {
	return err == nil || errors.As(err, new(*ServerError)) && !Retryable(err) && !serverDown(err)
}

// decides reports whether err, of the second attempt, settles the call although the first
// one is under way: the request was carried out, or the server has said what is wrong with
// its lines. A front end that refuses anything may be wrong about itself only.
func decides(err error) bool {
	var server *ServerError
	if !errors.As(err, &server) {
		return err == nil
	}
	return final(err) && !server.Foreign && (server.Status == 400 || server.Status == 413 || server.Status == 422)
}

// ambiguous reports whether an attempt that failed may have been applied.
func ambiguous(err error) bool {
	var t *TransportError
	return errors.As(err, &t) && t.Ambiguous
}
