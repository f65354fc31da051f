package fastclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/backoff"
)

// This file knows which servers of a set are up. A call asks the [health] of a server with
// admit, and tells it with report what came of the request. A server that failed is down
// until a probe succeeds: [core.watch] makes one after growing pauses, and [core.awaitUp]
// makes one at once for a call that finds every server down.
//
// Invariants: no request of a caller is sent to a server that is down, so none waits for
// one that hangs. At most one probe of a server is under way, and one begins every
// backoff.First at most. Each goroutine here ends with Close.

// probeTime is how long a probe may take.
const probeTime = 5 * time.Second

// errNoEndpoint says that every server of a set is down.
var errNoEndpoint = errors.New("every server is down")

// A downError is errNoEndpoint with the last failure of one of the servers. one says that it
// is the only one that the call may go to.
type downError struct {
	last error
	one  bool
}

func (e *downError) Error() string {
	text := errNoEndpoint.Error()
	if e.one {
		text = "the server is down"
	}
	return text + ": " + causeText(e.last)
}

func (e *downError) Is(target error) bool { return target == errNoEndpoint }
func (e *downError) Unwrap() error        { return e.last }

// A health says whether a server of a set is worth trying. The pauses between probes grow
// until a request succeeds: a server may respond to a probe and to nothing else.
type health struct {
	mu      sync.Mutex
	g       backoff.Breaker
	ready   bool          // a probe has succeeded since the last failure
	watched bool          // watch is running
	probe   chan struct{} // closed when the probe under way is over, nil if there is none
	probed  time.Time     // when the last probe was over
	last    error         // the last failure
	slow    bool          // the last request took a good part of its time
	silent  time.Duration // how long callers have waited since the last response
	pace    pace          // has its own lock
}

// admit reports whether the server is up. The call must report what comes of its request,
// with the epoch.
func (h *health) admit() (epoch uint64, up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.g.Epoch, h.isUp()
}

func (h *health) isUp() bool { return h.g.Failures == 0 || h.ready }

// up reports whether the server is up.
func (h *health) up() bool {
	_, up := h.admit()
	return up
}

// failure returns the last failure.
func (h *health) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

func (h *health) isSlow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slow
}

func (h *health) setSlow(slow bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slow = slow
}

// silence adds d to the time in which no response came, and returns it.
func (h *health) silence(d time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silent += d
	return h.silent
}

// note records what came of a request that began at epoch, and reports whether the server
// went down by it. Of many requests that met the same failure only the first counts.
func (h *health) note(epoch uint64, err error) (down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var t *TransportError
	switch {
	case errors.As(err, &t) && t.Phase == PhaseWait:
		// The client's own connections are all in use.
	case serverDown(err):
		h.silent = 0
		return h.failed(epoch, err)
	case err == nil || errors.As(err, new(*ServerError)):
		h.silent = 0
		h.g.Responded(epoch)
	}
	return false // an end of the caller's context says nothing about the server
}

// failed records a failure, and reports whether it counts. h.mu is held.
func (h *health) failed(epoch uint64, err error) bool {
	counts := h.g.Failed(epoch, time.Now(), RetryDelay(err), rand.Int64N)
	if counts {
		h.ready, h.last = false, err
	}
	return counts
}

// report is note, and has a server that went down probed.
func (c *core) report(e *endpoint, op string, epoch uint64, err error) {
	h := e.health(op)
	if !h.note(epoch, err) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.watched {
		h.watched = c.start(func() { c.watch(e, h) })
	}
}

// watch probes a server that is down until it is up.
func (c *core) watch(e *endpoint, h *health) {
	for {
		h.mu.Lock()
		if h.isUp() || e.life.Err() != nil {
			h.watched = false
			h.mu.Unlock()
			return
		}
		pause := time.Until(h.g.Until)
		h.mu.Unlock()
		if backoff.Pause(e.life, pause) {
			<-c.probe(e, h)
		}
	}
}

// noProbe is a probe that is over.
var noProbe = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// probe begins a probe of a server that is down, unless one is under way or the server
// asked for a pause. It begins backoff.First after the last one at the earliest. The
// channel is closed when the probe is over.
func (c *core) probe(e *endpoint, h *health) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.probe != nil {
		return h.probe
	}
	if h.isUp() || h.g.Asked() && time.Now().Before(h.g.Until) {
		return noProbe
	}
	pause := time.Until(h.probed.Add(backoff.First))
	epoch := h.g.Epoch
	over := make(chan struct{})
	if !c.start(func() {
		backoff.Pause(e.life, pause)
		ctx, cancel := context.WithTimeout(e.life, probeTime)
		ask := c.o.Probe
		if h == &e.queries && c.o.ProbeQueries != nil {
			ask = c.o.ProbeQueries
		}
		err := ask(ctx, c.alone(e, h))
		cancel()
		h.mu.Lock()
		if err == nil {
			h.ready = h.g.Epoch == epoch
		} else {
			h.failed(epoch, err)
		}
		h.probe, h.probed = nil, time.Now()
		h.mu.Unlock()
		close(over)
		c.probes.tell()
	}) {
		return noProbe
	}
	h.probe = over
	return over
}

// awaitUp is called when every server is down. It probes them all, and returns nil when
// one is up, or the error of a call that found none.
func (c *core) awaitUp(ctx context.Context, op string) error {
	var under []<-chan struct{}
	for _, e := range c.servers() {
		under = append(under, c.probe(e, e.health(op)))
	}
	for {
		next := c.probes.next()
		servers := c.servers() // others, if they have changed
		for _, e := range servers {
			if e.health(op).up() {
				return nil
			}
		}
		left := false
		for _, over := range under {
			select {
			case <-over:
			default:
				left = true
			}
		}
		if !left {
			return c.downError(op, "any server", servers[0].health(op), false)
		}
		select {
		case <-next:
		case <-ctx.Done():
			return &TransportError{Op: op, Phase: PhaseWait, Addr: "any server", Err: ctx.Err()}
		}
	}
}

// downError returns the error of a call that found its servers down, h being the health of
// one of them, or its only one.
func (c *core) downError(op, addr string, h *health, one bool) error {
	err := error(&downError{h.failure(), one})
	if c.life.Err() != nil {
		err = ErrClosed
	}
	return &TransportError{Op: op, Phase: PhaseWait, Addr: addr, Err: err}
}

// A bulletin tells everybody who waits that something happened.
type bulletin struct {
	mu sync.Mutex
	c  chan struct{}
}

// next returns a channel that the next tell closes.
func (b *bulletin) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		b.c = make(chan struct{})
	}
	return b.c
}

func (b *bulletin) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c != nil {
		close(b.c)
		b.c = nil
	}
}

// start runs f in a goroutine that Close waits for, unless the client is closed.
func (c *core) start(f func()) bool {
	c.starting.Lock()
	defer c.starting.Unlock()
	if c.life.Err() != nil {
		return false
	}
	c.running.Go(f)
	return true
}

// alone returns a client of one server of the set, over the connections whose health is h.
// Its Close does nothing.
func (c *core) alone(e *endpoint, h *health) *Client {
	doer := e.query
	if h == &e.writes {
		doer = e.write
	}
	one := &core{
		o: c.o, part: true, life: c.life, stamps: c.stamps,
		auth: c.auth, userURI: c.userURI, hidden: c.hidden, header: c.header,
		log: c.log, hooks: c.hooks, compressor: c.compressor, minCompress: c.minCompress,
		maxWhole: c.maxWhole, errorTime: c.errorTime,
	}
	one.o.Retry = nil
	one.set.Store(&[]*endpoint{{addr: e.addr, name: e.name, write: doer, query: doer}})
	to := target{db: c.o.Database, rp: c.o.RetentionPolicy, precision: c.o.Precision, consistency: c.o.Consistency}
	to.prepare(one)
	return &Client{core: one, to: to}
}

// probePing is the default probe: any response but one that says that the server is down.
// If all connections are in use, as by responses that nobody reads, the next request has to
// find out.
func probePing(ctx context.Context, c *Client) error {
	_, err := c.Ping(ctx)
	var t *TransportError
	if errors.As(err, new(*ServerError)) && !serverDown(err) || errors.As(err, &t) && t.Phase == PhaseWait && !errors.Is(err, ErrClosed) {
		return nil
	}
	return err
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
		return errors.Is(server, ErrNotAcknowledged) // something else responds in place of the server
	}
	var t *TransportError
	return errors.As(err, &t) && Retryable(err) && !errors.Is(err, ErrPoolExhausted)
}
