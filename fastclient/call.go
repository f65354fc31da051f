package fastclient

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/transport"
)

// This file carries out one call, whatever it is for. [core.do] repeats attempts under
// the policy; each goes to the one server there is, or [core.failover] chooses among
// several; [core.attempt] sends one request to one server and turns the response into an
// error, or leaves it open. [core.replicate] stands above do: it runs a call for every
// server.
//
// Invariants: nothing but do repeats, so a transport never sends twice. A request that
// may have been applied is repeated, by do or by failover, only if that does no harm or
// the policy says so. After nil the response is open, and the caller closes it.

// A call is one request that may take several attempts.
type call struct {
	op         string // write, query or ping
	path       []byte // path with its query, without the server's base path
	uri        []byte // path and query, with the base path
	root       bool   // without the base path
	raw        int    // bytes of the body before compression
	policy     *RetryPolicy
	idempotent bool
	reads      bool                                              // a query that changes nothing
	lines      []byte                                            // the body before compression, if nobody has checked its lines and it may be hedged
	scratch    []byte                                            // the body before compression, if its lines may be looked at for timestamps
	only       *endpoint                                         // the server it must go to, nil for any of the set
	ifUp       bool                                              // only if that server is up
	until      time.Time                                         // when the caller gives up, if its context has no deadline
	words      bool                                              // errors keep the whole text of the server
	observe    func(ctx context.Context, e *endpoint, err error) // called with the outcome of every attempt
	up         []trial                                           // scratch of failover
	maybe      bool                                              // a server may have applied it before another one was tried
	format     ResponseFormat                                    // of the rows of a query
	req        transport.Request
	resp       transport.Response
}

// do makes attempts until one succeeds, or the policy or the context ends them.
// When it returns nil the response is open and has a status of success.
func (c *core) do(ctx context.Context, call *call) error {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		var err error
		if e := c.endpointOf(call); e != nil && call.ifUp {
			err = c.attemptIfUp(ctx, e, call, attempt)
		} else if e != nil {
			err = c.attempt(ctx, e, call, attempt)
		} else {
			err = c.failover(ctx, call, attempt)
		}
		if err == nil {
			return nil
		}
		if call.policy == nil || ctx.Err() != nil {
			return err
		}
		d, again := call.policy.delay(err, attempt, start, call.repeatable(err))
		if !again {
			return err
		}
		c.retrying(ctx, call, attempt, d, err)
		if !backoff.Pause(ctx, d) {
			return err
		}
	}
}

// repeatable reports whether the call does no harm if it was applied before, which err
// leaves open. Lines are looked at only when it matters, not on every write.
func (call *call) repeatable(err error) bool {
	var t *TransportError
	if !errors.As(err, &t) || !t.Ambiguous {
		return call.idempotent
	}
	return call.harmless()
}

// harmless reports whether the call may be applied twice: it is marked so, or all its lines
// have timestamps.
func (call *call) harmless() bool {
	if call.idempotent || len(call.scratch) == 0 {
		return call.idempotent
	}
	for lines := call.scratch; len(lines) > 0; {
		n := line.Len(lines)
		if !line.Stamped(lines[:n]) {
			return false
		}
		lines = lines[n:]
	}
	return true
}

func (c *core) retrying(ctx context.Context, call *call, attempt int, d time.Duration, err error) {
	c.n.retry(err)
	if f := c.hooks.Retry; f != nil {
		f(RetryEvent{Op: call.op, Attempt: attempt, Delay: d, Err: err})
	}
	if c.log != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "retry", slog.String("op", call.op),
			slog.Int("attempt", attempt), slog.Duration("delay", d), slog.Any("error", err))
	}
}

// endpointOf returns the server of a call that has no choice, nil if there is one.
func (c *core) endpointOf(call *call) *endpoint {
	if servers := c.servers(); call.only == nil && len(servers) == 1 {
		return servers[0]
	}
	return call.only
}

// attempt makes one attempt at one server.
func (c *core) attempt(ctx context.Context, e *endpoint, call *call, attempt int) error {
	e.users.Add(1)
	defer e.users.Add(-1)
	if e.removed.Load() {
		c.retain(e)
	}
	auth, err := c.authorization(ctx)
	if err != nil {
		return err
	}
	call.uri = call.uri[:0]
	if !call.root {
		call.uri = append(call.uri, e.addr.base...)
	}
	call.uri = append(call.uri, call.path...)
	call.req.URI, call.req.Authorization, call.req.Header = call.uri, auth, c.header
	doer := e.query
	if call.op == "write" {
		doer = e.write
	}
	if call.format != FormatJSON {
		call.req.Accept = e.spoken.accept(call.format)
	}
	start := time.Time{}
	if c.timed(ctx) {
		start = time.Now()
	}
	if err = doer.Do(ctx, &call.req, &call.resp); err == nil {
		c.learn(e, call)
	}
	if err != nil {
		err = limited(ctx, transportError(call.op, err))
	} else if call.resp.Status < 200 || call.resp.Status > 299 || call.op == "write" && !acknowledges(&call.resp) {
		err = responseError(call.op, &call.resp, call.words, c.errorTime, c.hidden)
	}
	c.n.attempt(call.raw, err)
	if call.observe != nil {
		call.observe(ctx, e, err)
	}
	if !start.IsZero() {
		c.done(ctx, e, call, attempt, time.Since(start), err)
	}
	return err
}

// learn notes what the response of a call says about the server, if that matters.
func (c *core) learn(e *endpoint, call *call) {
	if c.o.ResponseFormat == FormatAuto || call.format == FormatAuto {
		e.spoken.learn(call.op, &call.resp)
	}
}

func (c *core) timed(ctx context.Context) bool {
	return c.hooks.Done != nil || c.log != nil && c.log.Enabled(ctx, slog.LevelDebug)
}

// done reports an attempt.
func (c *core) done(ctx context.Context, e *endpoint, call *call, attempt int, took time.Duration, err error) {
	status := 0
	if err == nil {
		status = call.resp.Status
	}
	var server *ServerError
	if errors.As(err, &server) {
		status = server.Status
	}
	if f := c.hooks.Done; f != nil {
		f(DoneEvent{
			Op: call.op, Addr: e.addr.dial, Attempt: attempt, Status: status, Raw: call.raw,
			Wire: len(call.req.Body), Took: took, Err: err,
		})
	}
	if c.log == nil || !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := [...]slog.Attr{
		slog.String("addr", e.addr.String()), slog.Int("attempt", attempt), slog.Int("status", status),
		slog.Duration("took", took), slog.Int("bytes", call.raw), slog.Int("wire", len(call.req.Body)),
		slog.Any("error", err),
	}
	n := len(attrs)
	if err == nil {
		n--
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, call.op, attrs[:n]...)
}

const (
	// at500 is how often a 500 is retried: it rarely passes.
	at500 = 3
	// callPauseMax bounds the pause that a server may ask of one call.
	callPauseMax = 5 * time.Minute
)

func (p *RetryPolicy) limits() (minDelay, maxDelay, elapsed time.Duration) {
	minDelay, maxDelay, elapsed = p.MinDelay, p.MaxDelay, p.MaxElapsed
	if minDelay <= 0 {
		minDelay = 250 * time.Millisecond
	}
	if maxDelay <= 0 {
		maxDelay = 30 * time.Second
	}
	if elapsed == 0 {
		elapsed = 3 * time.Minute
	}
	return minDelay, max(minDelay, maxDelay), elapsed
}

// delay returns how long to wait before the next attempt, with full jitter, and whether
// there is one.
func (p *RetryPolicy) delay(err error, attempt int, since time.Time, idempotent bool) (time.Duration, bool) {
	if p == nil || p.MaxAttempts > 0 && attempt >= p.MaxAttempts || !p.wants(err, attempt, idempotent) {
		return 0, false
	}
	minDelay, maxDelay, elapsed := p.limits()
	d := maxDelay
	if attempt <= 30 && minDelay<<(attempt-1) < maxDelay && minDelay<<(attempt-1) > 0 {
		d = minDelay << (attempt - 1)
	}
	d = rand.N(d + 1)
	if after := RetryDelay(err); after > 0 {
		d = min(after, callPauseMax)
	}
	if elapsed > 0 && time.Since(since)+d > elapsed {
		return 0, false
	}
	return d, true
}

func (p *RetryPolicy) wants(err error, attempt int, idempotent bool) bool {
	var server *ServerError
	if errors.As(err, &server) {
		if server.Status == 500 && attempt > at500 {
			return false
		}
		return Retryable(err) || slices.Contains(p.Also, server.Status)
	}
	if !Retryable(err) {
		return false
	}
	var t *TransportError
	if errors.As(err, &t) && t.Ambiguous {
		return p.Ambiguous == AmbiguousAlways || p.Ambiguous == AmbiguousIfIdempotent && idempotent
	}
	return true
}

// A trial is a server that a call may be sent to.
type trial struct {
	e     *endpoint
	epoch uint64
}

// failover tries every server that is up once. If none is, it waits for the outcome of
// probes. It does not repeat a call elsewhere that may have been applied, unless that does
// no harm.
func (c *core) failover(ctx context.Context, call *call, attempt int) (err error) {
	if c.o.Balance == Shard && len(c.servers()) > 1 {
		return ErrSharded
	}
	from := 0
	if c.o.Balance == RoundRobin {
		from = int(c.turn.Add(1) - 1)
	}
	for {
		call.up = call.up[:0]
		servers := c.servers()
		n := len(servers)
		for i := range n {
			e := servers[(from%n+i)%n]
			if epoch, ok := e.health(call.op).admit(); ok {
				call.up = append(call.up, trial{e, epoch})
			}
		}
		if len(call.up) > 0 {
			break
		}
		if err := c.awaitUp(ctx, call.op); err != nil {
			return err
		}
	}
	call.maybe = false
	for up := call.up; len(up) > 0; {
		var done bool
		var tried int
		if tried, done, err = c.attemptOne(ctx, up[0], call, attempt, up[1:]); done {
			break
		}
		up = up[tried:]
	}
	var t *TransportError
	if call.maybe && errors.As(err, &t) {
		t.Ambiguous = true // by a server before
	}
	return err
}

// attemptOne makes an attempt at one server of several, others being those that are left;
// with a Hedge it may be made at the first of them, too. It returns how many were tried. A
// batch of a writer for which there are other servers gets half of its time, so that a server
// which hangs leaves time for them, unless the server is known to be slow. done reports that
// no other server is to be tried.
func (c *core) attemptOne(ctx context.Context, to trial, call *call, attempt int, others []trial) (tried int, done bool, err error) {
	always := call.policy != nil && call.policy.Ambiguous == AmbiguousAlways
	h := to.e.health(call.op)
	start := time.Now()
	limit := time.Duration(0)
	left := call.until.Sub(start)
	if !call.until.IsZero() && len(others) > 0 && (always || call.harmless()) && !h.isSlow() {
		limit = max(left/2, 1)
	}
	var made hedged
	if len(others) == 0 || c.o.Hedge.After == 0 {
		err = c.attemptWithin(ctx, limit, to.e, call, attempt)
		made = hedged{err: err, first: err, tried: 1}
	} else {
		made = c.hedge(ctx, to, call, attempt, func(ctx context.Context) error {
			return c.attemptWithin(ctx, limit, to.e, call, attempt)
		}, func() (trial, bool) { return others[0], true })
		err = made.err
	}
	if first := made.first; !made.lost {
		if !call.until.IsZero() {
			h.setSlow(errors.Is(first, ErrTimeout) || made.tried == 1 && time.Since(start) > left/4)
		}
		if len(others) > 0 && ctx.Err() == context.DeadlineExceeded && h.silence(time.Since(start)) >= slowAttempt {
			c.report(to.e, call.op, to.epoch, timedOut(call.op, first))
		} else {
			c.report(to.e, call.op, to.epoch, call.outcome(ctx, first))
		}
	}
	if err == nil || !serverDown(err) || ctx.Err() != nil {
		return made.tried, true, err
	}
	maybe := made.maybe || ambiguous(err)
	if maybe && !always && !call.repeatable(err) {
		return made.tried, true, err
	}
	call.maybe = call.maybe || maybe
	c.n.failovers.Add(1)
	return made.tried, false, err
}

// attemptIfUp makes an attempt at one server of several, which no other one may stand in
// for but by a Hedge. If the server is down, it waits for the outcome of a probe first.
func (c *core) attemptIfUp(ctx context.Context, e *endpoint, call *call, attempt int) error {
	servers := c.servers()
	if len(servers) == 1 || e.removed.Load() {
		return c.attempt(ctx, e, call, attempt)
	}
	h := e.health(call.op)
	epoch, up := h.admit()
	if !up {
		select {
		case <-c.probe(e, h):
		case <-ctx.Done():
			return &TransportError{Op: call.op, Phase: PhaseWait, Addr: e.addr.dial, Err: ctx.Err()}
		}
		if epoch, up = h.admit(); !up {
			return c.downError(call.op, e.addr.dial, h, true)
		}
	}
	if c.o.Hedge.After == 0 || call.only != nil {
		err := c.attempt(ctx, e, call, attempt)
		c.report(e, call.op, epoch, call.outcome(ctx, err))
		return err
	}
	made := c.hedge(ctx, trial{e, epoch}, call, attempt, func(ctx context.Context) error {
		return c.attempt(ctx, e, call, attempt)
	}, func() (trial, bool) { return nextUp(servers, e, call.op) })
	if !made.lost {
		c.report(e, call.op, epoch, call.outcome(ctx, made.first))
	}
	var t *TransportError
	if made.maybe && errors.As(made.err, &t) {
		t.Ambiguous = true
	}
	return made.err
}

// nextUp returns the first server after e that is up.
func nextUp(servers []*endpoint, e *endpoint, op string) (trial, bool) {
	n := len(servers)
	at := slices.Index(servers, e)
	for i := 1; i < n; i++ {
		other := servers[(at+i+n)%n]
		if epoch, up := other.health(op).admit(); up && other != e {
			return trial{other, epoch}, true
		}
	}
	return trial{}, false
}

// slowAttempt is how long a server must have been silent, in one call or in several in a
// row, for the deadlines of callers to count against it, while there are others.
const slowAttempt = time.Second

// outcome returns what err, the error of an attempt, says about the server: if the time of
// the call is over, the server took too long, though it is the context that ended.
func (call *call) outcome(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || call.until.IsZero() || time.Now().Before(call.until) {
		return err
	}
	return timedOut(call.op, err)
}

// timedOut returns the error of an attempt that ended with the context as one of a server
// that took too long.
func timedOut(op string, err error) error {
	phase := PhaseHeader
	var t *TransportError
	if errors.As(err, &t) {
		phase = t.Phase
	}
	return &TransportError{Op: op, Phase: phase, Err: ErrTimeout}
}

// errAttemptOver is the cause of the context of an attempt whose own time is over.
var errAttemptOver = errors.New("time of an attempt is over")

// attemptWithin is attempt with a limit, for a response that is not streamed; 0 is none.
func (c *core) attemptWithin(ctx context.Context, limit time.Duration, e *endpoint, call *call, attempt int) error {
	if limit == 0 {
		return c.attempt(ctx, e, call, attempt)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(limit, func() { cancel(errAttemptOver) })
	defer timer.Stop()
	return c.attempt(ctx, e, call, attempt)
}

// limited returns err, the error of an attempt, with the cause that the time of the
// attempt was over, if it was.
func limited(ctx context.Context, err error) error {
	var t *TransportError
	if context.Cause(ctx) == errAttemptOver && errors.As(err, &t) {
		t.Err = ErrTimeout
	}
	return err
}

// replicate runs send for every server at once, with copies of w, each under the policy.
func (c *core) replicate(w *writeCall, send func(one *writeCall) error) error {
	servers := c.servers()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, e := range servers {
		wg.Go(func() {
			epoch, _ := e.writes.admit()
			errs[i] = send(&writeCall{makes: w.makes, call: call{
				op: w.op, path: w.path, raw: w.raw, policy: w.policy, idempotent: w.idempotent, scratch: w.scratch, req: w.req, only: e,
				words: w.words, observe: w.observe,
			}})
			c.report(e, w.op, epoch, errs[i])
		})
	}
	wg.Wait()
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return &ReplicaError{Failed: failed, Errs: errs}
}
