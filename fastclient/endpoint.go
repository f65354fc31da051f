package fastclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/fast"
	"github.com/pointwire/pointwire/internal/transport/std"
)

// Balance says how a client with several servers chooses among them.
type Balance uint8

// The choices.
const (
	// Failover uses the first server that is up.
	Failover Balance = iota
	// RoundRobin uses the servers that are up in turn.
	RoundRobin
	// Replicate sends every write to every server, and queries to the first
	// that is up.
	Replicate
)

// An endpoint is one server: its connections for writes, those for queries, and
// whether it is up.
type endpoint struct {
	addr         address
	name         string // of addr
	write, query transport.Doer
	plain        atomic.Bool // one of a replicated set has refused a packed body as such
	health
}

func (c *core) newEndpoint(a address) (*endpoint, error) {
	o := &c.o
	to := transport.Options{
		Network: a.network, Addr: a.dial, Host: a.host, Dial: o.Dial,
		MaxConns: o.MaxConns, PoolTimeout: o.PoolTimeout, IdleTimeout: o.IdleTimeout, Lifetime: o.ConnLifetime,
		DialTimeout: o.DialTimeout, TLSTimeout: o.TLSTimeout, WriteTimeout: o.WriteTimeout,
		HeaderTimeout: o.HeaderTimeout, ReadTimeout: o.ReadTimeout,
		MaxBody: errorBodyBytes, MaxHeader: o.MaxHeaderBytes, UserAgent: first(o.UserAgent, "pointwire"), Hooks: c.hooks.transport(),
	}
	if a.tls || a.network == "unix" && (o.TLS != nil || o.TLSFiles != TLSFiles{}) {
		var err error
		if to.TLS, err = o.TLSFiles.config(o.TLS); err != nil {
			return nil, err
		}
		if to.TLS.ServerName == "" {
			to.TLS.ServerName = a.name
		}
	}
	e := &endpoint{addr: a, name: a.String()}
	if o.NetHTTP || o.HTTPClient != nil {
		e.write, e.query = std.New(to, o.HTTPClient), std.New(to, o.HTTPClient)
	} else {
		e.write, e.query = fast.New(to), fast.New(to)
	}
	return e, nil
}

// health tells whether a server of a set is worth trying. While one is down, one
// call at a time tries it, after a pause that grows.
type health struct {
	mu sync.Mutex
	g  backoff.Breaker
}

// admit reports whether a call may try the server now. A call that was admitted
// reports how it went, with the epoch that admit returned.
func (h *health) admit() (epoch uint64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.g.Pass(time.Now)
}

// admitEarly is admit for a server that is not due yet.
func (h *health) admitEarly() (epoch uint64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.g.Pass(func() time.Time { return h.g.Until })
}

// begin returns the epoch for report of a call that goes to this server in any case.
func (h *health) begin() (epoch uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.g.Epoch
}

// report says how a call went that began at epoch. Of many calls that met the same
// failure only the first counts.
func (h *health) report(epoch uint64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case serverDown(err):
		h.g.Failed(epoch, time.Now(), RetryDelay(err), rand.Int64N)
	case err == nil || errors.As(err, new(*ServerError)):
		h.g.Answered(epoch)
	default: // an end of the caller's context says nothing about the server
		h.g.Undecided(epoch)
	}
}

// due returns when the server is to be tried next.
func (h *health) due() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.g.Until
}

// up reports whether the server answered last.
func (h *health) up() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.g.Failures == 0
}

// serverDown reports whether err is a reason to try another server.
func serverDown(err error) bool {
	var server *ServerError
	if errors.As(err, &server) {
		switch server.Status {
		case 500:
			return retryableStatus(server)
		case 502, 503, 504:
			return true
		}
		return errors.Is(server, ErrNotAcknowledged) // somebody else answers in its place
	}
	var t *TransportError
	return errors.As(err, &t) && Retryable(err) && !errors.Is(err, ErrPoolExhausted)
}

// failover tries each server that is up once, and then those that are down if the
// call insists. If none is up, it tries the one that is due first. A call that may
// have been applied is not made elsewhere unless that does no harm.
func (c *core) failover(ctx context.Context, call *call, attempt int) (err error) {
	n := len(c.ends)
	from := 0
	if c.o.Balance == RoundRobin {
		from = int(c.turn.Add(1)-1) % n
	}
	call.down = call.down[:0]
	for i := range n {
		e := c.ends[(from+i)%n]
		epoch, ok := e.admit()
		if !ok {
			if call.insist {
				call.down = append(call.down, e)
			}
			continue
		}
		var done bool
		if done, err = c.tryOne(ctx, e, epoch, call, attempt); done {
			return err
		}
	}
	for _, e := range call.down {
		var done bool
		if done, err = c.tryOne(ctx, e, e.begin(), call, attempt); done {
			return err
		}
	}
	if err != nil {
		return err
	}
	e := slices.MinFunc(c.ends, func(a, b *endpoint) int { return a.due().Compare(b.due()) })
	epoch, ok := e.admitEarly()
	if !ok {
		return &TransportError{Op: call.op, Phase: PhaseWait, Addr: "any server", Err: ErrNoEndpoint}
	}
	_, err = c.tryOne(ctx, e, epoch, call, attempt)
	return err
}

// tryOne tries one server of several. It reports whether no other is to be tried.
func (c *core) tryOne(ctx context.Context, e *endpoint, epoch uint64, call *call, attempt int) (done bool, err error) {
	err = c.try(ctx, e, call, attempt)
	e.report(epoch, err)
	if err == nil || !serverDown(err) || ctx.Err() != nil {
		return true, err
	}
	var t *TransportError
	if errors.As(err, &t) && t.Ambiguous && !call.repeatable(err) && (call.policy == nil || call.policy.Ambiguous != AmbiguousAlways) {
		return true, err
	}
	c.n.failovers.Add(1)
	return false, err
}

// A ReplicaError says which servers of a set did not take a write that was sent
// to all of them.
type ReplicaError struct {
	Failed int     // servers that did not take it
	Errs   []error // one for each server, in the order of the addresses; nil where it was taken
}

func (e *ReplicaError) Error() string {
	return "fastclient: write: not every server took it: " + errors.Join(e.Errs...).Error()
}

// Unwrap returns the servers' errors.
func (e *ReplicaError) Unwrap() []error {
	var errs []error
	for _, err := range e.Errs {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// replicate sends the body of w to every server at once, each under the policy. What
// one of them refuses is between it and send.
func (c *core) replicate(w *writeCall, send func(one *writeCall) error) error {
	errs := make([]error, len(c.ends))
	var wg sync.WaitGroup
	for i, e := range c.ends {
		wg.Go(func() {
			epoch := e.begin()
			errs[i] = send(&writeCall{makes: w.makes, call: call{
				op: w.op, path: w.path, raw: w.raw, policy: w.policy, idempotent: w.idempotent, made: w.made, req: w.req, only: e,
				words: w.words, observe: w.observe,
			}})
			e.report(epoch, errs[i])
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
