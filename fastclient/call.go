package fastclient

import (
	"context"
	"errors"
	"log/slog"
	"time"

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
