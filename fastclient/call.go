package fastclient

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/transport"
)

// A call is one request that may take several attempts.
type call struct {
	op         string // write, query or ping
	path       []byte // with its query, without the server's base path
	uri        []byte // with it
	raw        int    // bytes of the body before packing
	policy     *RetryPolicy
	idempotent bool
	made       []byte                                            // the body before packing, if its lines may be looked at for timestamps
	only       *endpoint                                         // nil for any of the set
	insist     bool                                              // try servers that are down, too: the caller keeps the pauses
	words      bool                                              // errors keep all of the server's text
	observe    func(ctx context.Context, e *endpoint, err error) // is told the outcome of every attempt
	down       []*endpoint
	req        transport.Request
	resp       transport.Response
}

// do makes attempts until one succeeds, or the policy or the context ends them.
// When it returns nil the answer is open and has a status of success.
func (c *core) do(ctx context.Context, call *call) error {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, call, attempt)
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

// repeatable reports whether the call does no harm if it was applied before: err does
// not tell. Lines are looked at when it matters, not when they are made.
func (call *call) repeatable(err error) bool {
	var t *TransportError
	if call.idempotent || len(call.made) == 0 || !errors.As(err, &t) || !t.Ambiguous {
		return call.idempotent
	}
	for lines := call.made; len(lines) > 0; {
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

// attempt tries the servers of the set in turn, until one answers or fails in a
// way that another one would share.
func (c *core) attempt(ctx context.Context, call *call, attempt int) error {
	if call.only != nil {
		return c.try(ctx, call.only, call, attempt)
	}
	if len(c.ends) == 1 {
		return c.try(ctx, c.ends[0], call, attempt)
	}
	return c.failover(ctx, call, attempt)
}

// try makes one attempt at one server.
func (c *core) try(ctx context.Context, e *endpoint, call *call, attempt int) error {
	auth, err := c.authorization(ctx)
	if err != nil {
		return err
	}
	call.uri = append(append(call.uri[:0], e.addr.base...), call.path...)
	call.req.URI, call.req.Authorization, call.req.Header = call.uri, auth, c.header
	doer := e.query
	if call.op == "write" {
		doer = e.write
	}
	start := time.Time{}
	if c.timed(ctx) {
		start = time.Now()
	}
	if err = doer.Do(ctx, &call.req, &call.resp); err != nil {
		err = transportError(call.op, err)
	} else if call.resp.Status < 200 || call.resp.Status > 299 || call.op == "write" && !acknowledges(&call.resp) {
		err = answerError(call.op, &call.resp, call.words)
	}
	c.n.attempt(call, err)
	if call.observe != nil {
		call.observe(ctx, e, err)
	}
	if !start.IsZero() {
		c.done(ctx, e, call, attempt, time.Since(start), err)
	}
	return err
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

// A RetryPolicy says when a call is made again. The zero value retries with the
// defaults of its fields.
//
// A failure before a byte was sent, and the statuses 408, 425, 429, 502, 503,
// 504, 507, 509, 523, 524, 529 and 599, are retried; a 500 three times, unless
// its message says that it is permanent; a write refused with 413 is halved at
// a line end. A failure after the request was sent is retried as Ambiguous
// says. Nothing else is, and nothing once the context ended.
type RetryPolicy struct {
	MaxAttempts int           // attempts in all, 0 for no limit but MaxElapsed
	MinDelay    time.Duration // before the second attempt, 250 ms; doubles each time
	MaxDelay    time.Duration // 30 s
	MaxElapsed  time.Duration // of all attempts together, 3 min
	Ambiguous   Ambiguity
	// NoSplit leaves a write refused with 413 as it is.
	NoSplit bool
	// Also are further statuses to retry, such as 403 for a server that refuses
	// writes for a while.
	Also []int
}

// Ambiguity says what to do when a request was sent and no answer came.
type Ambiguity uint8

// The choices. A write whose lines all carry timestamps can be applied twice
// without harm. Of lines that it made from points, structs, frames or an encoder the
// client finds that out, body by body; lines that it was given, and queries, are taken
// to change nothing the second time only if they are marked so.
const (
	AmbiguousIfIdempotent Ambiguity = iota // retry what is stamped, or marked by [Idempotent]
	AmbiguousNever
	AmbiguousAlways
)

const (
	// at500 is how often a 500 is retried: it is rarely a passing state.
	at500 = 3
	// callPauseMax is the longest pause of one call that a server may ask for.
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

// delay returns how long to wait before the next attempt, with full jitter, and
// whether there is one.
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

func retryableStatus(e *ServerError) bool {
	switch e.Status {
	case 408, 425, 429, 502, 503, 504, 507, 509, 523, 524, 529, 599:
		return true
	case 500:
		// 1.x says 500 for a missing retention policy, and the version 2
		// endpoint of version 3 for lines it cannot parse.
		switch complaint.Read(e.Message).Kind {
		case complaint.Policy, complaint.Listed, complaint.Engine:
			return false
		}
		return true
	}
	return false
}

// A WriteOption changes one call that writes. Write options are point options
// too.
type WriteOption interface {
	PointOption
	applyWrite(*writeCall)
}

// A PointOption changes one call that turns points into lines and writes them.
type PointOption interface{ applyPoints(*pointCall) }

// A QueryOption changes one call of [Client.Query] and its kin.
type QueryOption interface{ applyQuery(*queryCall) }

// A CallOption fits writes and queries.
type CallOption interface {
	WriteOption
	QueryOption
}

// Database makes one call use another database and, unless another option names
// one, its default retention policy. It stands before Options.Bucket.
func Database(name string) CallOption { return databaseOption(name) }

type databaseOption string

func (o databaseOption) applyWrite(c *writeCall) {
	c.to.db, c.to.rp, c.to.named, c.own = string(o), "", true, true
}
func (o databaseOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }
func (o databaseOption) applyQuery(c *queryCall)  { c.db, c.rp = string(o), "" }

// RetentionPolicy makes one call use another retention policy. It comes after
// [Database].
func RetentionPolicy(name string) CallOption { return rpOption(name) }

type rpOption string

func (o rpOption) applyWrite(c *writeCall)  { c.to.rp, c.own = string(o), true }
func (o rpOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }
func (o rpOption) applyQuery(c *queryCall)  { c.rp = string(o) }

// Consistency makes one write wait for the nodes of a cluster as level says.
func Consistency(level ConsistencyLevel) WriteOption { return consistencyOption(level) }

type consistencyOption ConsistencyLevel

func (o consistencyOption) applyWrite(c *writeCall) {
	c.to.consistency, c.own = ConsistencyLevel(o), true
}
func (o consistencyOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }

// WritePrecision says that the timestamps of one write are in units of p. Where
// the call makes the lines itself, it makes them so.
func WritePrecision(p Precision) WriteOption { return precisionOption(p) }

type precisionOption Precision

func (o precisionOption) applyWrite(c *writeCall)  { c.to.precision, c.own = Precision(o), true }
func (o precisionOption) applyPoints(c *pointCall) { o.applyWrite(c.writeCall) }

// Retry makes one call follow another policy.
func Retry(p RetryPolicy) CallOption { return retryOption{&p} }

// NoRetry makes one call make one attempt.
func NoRetry() CallOption { return retryOption{} }

type retryOption struct{ p *RetryPolicy }

func (o retryOption) applyWrite(c *writeCall)  { c.policy = o.p }
func (o retryOption) applyPoints(c *pointCall) { c.policy = o.p }
func (o retryOption) applyQuery(c *queryCall)  { c.policy = o.p }

// Idempotent says that the call can be applied twice without harm: every line
// has a timestamp, or the query only reads. Calls that make lines see by themselves
// whether these have timestamps. A retry policy then repeats it after
// failures that leave open whether it was applied.
func Idempotent() CallOption { return idempotentOption{} }

type idempotentOption struct{}

func (idempotentOption) applyWrite(c *writeCall)  { c.idempotent = true }
func (idempotentOption) applyPoints(c *pointCall) { c.idempotent = true }
func (idempotentOption) applyQuery(c *queryCall)  { c.idempotent = true }

// TrimCR makes one write of raw lines, by [Client.WriteFrom] or [Lines], take a
// carriage return before a line feed as part of the line end. [Client.Write] sends
// lines as they are.
func TrimCR() WriteOption { return trimOption{} }

type trimOption struct{}

func (trimOption) applyWrite(c *writeCall)  { c.trimCR = true }
func (trimOption) applyPoints(c *pointCall) { c.trimCR = true }
