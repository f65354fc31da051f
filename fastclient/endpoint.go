package fastclient

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
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
	write, query transport.Doer
	health
}

func (c *core) newEndpoint(a address) (*endpoint, error) {
	o := &c.o
	to := transport.Options{
		Network: a.network, Addr: a.dial, Host: a.host, Dial: o.Dial,
		MaxConns: o.MaxConns, PoolTimeout: o.PoolTimeout, IdleTimeout: o.IdleTimeout, Lifetime: o.ConnLifetime,
		DialTimeout: o.DialTimeout, TLSTimeout: o.TLSTimeout, WriteTimeout: o.WriteTimeout,
		HeaderTimeout: o.HeaderTimeout, ReadTimeout: o.ReadTimeout,
		MaxBody: errorBodyBytes, UserAgent: first(o.UserAgent, "pointwire"), Hooks: c.hooks.transport(),
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
	e := &endpoint{addr: a}
	if o.NetHTTP || o.HTTPClient != nil {
		e.write, e.query = transport.NewStd(to, o.HTTPClient), transport.NewStd(to, o.HTTPClient)
	} else {
		e.write, e.query = transport.NewFast(to), transport.NewFast(to)
	}
	return e, nil
}

// health tells whether a server of a set is worth trying. A server that is down
// is tried by one call at a time, after a pause that doubles.
type health struct {
	mu      sync.Mutex
	down    bool
	probing bool
	fails   int
	until   time.Time
}

const (
	downMin = 250 * time.Millisecond
	downMax = 30 * time.Second
)

// admit reports whether a call may try the server now. A call that was admitted
// reports how it went.
func (h *health) admit(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.down {
		return true
	}
	if h.probing || now.Before(h.until) {
		return false
	}
	h.probing = true
	return true
}

func (h *health) report(now time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probing = false
	if !serverDown(err) {
		// An end of the caller's context says nothing about the server.
		if err == nil || errors.As(err, new(*ServerError)) {
			h.down, h.fails = false, 0
		}
		return
	}
	h.down = true
	h.until = now.Add(min(downMin<<min(h.fails, 10), downMax))
	h.fails++
}

// up reports whether the server answered last.
func (h *health) up() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.down
}

// serverDown reports whether err is a reason to try another server.
func serverDown(err error) bool {
	var server *ServerError
	if errors.As(err, &server) {
		return server.Status == 500 && retryableStatus(server) || server.Status == 502 || server.Status == 503 || server.Status == 504
	}
	var t *TransportError
	return errors.As(err, &t) && Retryable(err) && !errors.Is(err, ErrPoolExhausted)
}

// failover tries each server that is up once. A call that may have been applied
// is not made elsewhere unless that does no harm.
func (c *core) failover(ctx context.Context, call *call, attempt int) error {
	n := len(c.ends)
	from := 0
	if c.o.Balance == RoundRobin {
		from = int(c.turn.Add(1)-1) % n
	}
	err := error(&TransportError{Op: call.op, Phase: PhaseWait, Addr: "any server", Err: ErrNoEndpoint})
	for i := range n {
		e := c.ends[(from+i)%n]
		if !e.admit(time.Now()) {
			continue
		}
		err = c.try(ctx, e, call, attempt)
		e.report(time.Now(), err)
		if err == nil || !serverDown(err) || ctx.Err() != nil {
			return err
		}
		var t *TransportError
		if errors.As(err, &t) && t.Ambiguous && !call.idempotent && (call.policy == nil || call.policy.Ambiguous != AmbiguousAlways) {
			return err
		}
		c.n.failovers.Add(1)
	}
	return err
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

// replicate sends one body to every server at once, each under the policy.
func (c *core) replicate(ctx context.Context, w *writeCall) error {
	errs := make([]error, len(c.ends))
	var wg sync.WaitGroup
	for i, e := range c.ends {
		wg.Go(func() {
			one := call{op: w.op, path: w.path, raw: w.raw, policy: w.policy, idempotent: w.idempotent, req: w.req, only: e}
			if errs[i] = c.do(ctx, &one); errs[i] == nil {
				one.resp.Close()
			}
			e.report(time.Now(), errs[i])
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
