package fast

import (
	"context"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// A pool keeps the connections to one server. The connection given back last is used
// next, so the others of a burst fall idle and are closed. Waiting and dialling happen
// in the goroutine that wants a connection, under its context; the pool starts no
// goroutine.
//
// A slot is the right to have a connection open. Every slot belongs to a connection, to
// a dial, or to a waiter that was just served; slots counts them and never exceeds
// MaxConns. While anyone waits, no connection is idle: release and freeSlot serve the
// waiters first.
type pool struct {
	o     *transport.Options
	n     *transport.Counters
	ctx   context.Context // ends with close
	close context.CancelFunc

	mu      sync.Mutex
	open    []*conn // every connection, in use or not
	idle    []*conn // the connections not in use, the newest last
	slots   int     // connections open or being opened
	waiters []*waiter
	sweep   *time.Timer // closes connections that were idle too long
	drained bool        // no connection is kept
	closed  bool
}

// A waiter receives one connection, or nil, which is the right to open one.
type waiter struct {
	got chan *conn
}

func newPool(o *transport.Options, n *transport.Counters) *pool {
	p := &pool{o: o, n: n}
	p.ctx, p.close = context.WithCancel(context.Background())
	return p
}

func (p *pool) isClosed() bool { return p.ctx.Err() != nil }

// acquire returns a connection, kept or new, and the number of stale ones it discarded.
func (p *pool) acquire(ctx context.Context) (c *conn, stale int, err *transport.Error) {
	for {
		c, err = p.take(ctx)
		if err != nil {
			return nil, stale, err
		}
		if c == nil {
			c, err = p.dial(ctx)
			return c, stale, err
		}
		now := time.Now()
		if !p.expired(c, now) {
			if c.usable(now) {
				return c, stale, nil
			}
			stale++
			p.n.Stale.Add(1)
		}
		p.discard(c)
	}
}

// take returns a kept connection, or nil with the right to open one.
func (p *pool) take(ctx context.Context) (*conn, *transport.Error) {
	if err := ctx.Err(); err != nil {
		return nil, p.waitError(err)
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, p.waitError(transport.ErrClosed)
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	if p.slots < p.o.MaxConns {
		p.slots++
		p.mu.Unlock()
		return nil, nil
	}
	w := &waiter{got: make(chan *conn, 1)}
	p.waiters = append(p.waiters, w)
	p.mu.Unlock()
	p.n.Waits.Add(1)
	return p.await(ctx, w)
}

func (p *pool) await(ctx context.Context, w *waiter) (*conn, *transport.Error) {
	var late <-chan time.Time
	if wait := p.o.PoolWait(ctx); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		late = t.C
	}
	var err error
	select {
	case c := <-w.got:
		return c, nil
	case <-ctx.Done():
		err = &transport.BusyError{Conns: p.o.MaxConns, Err: ctx.Err()}
	case <-p.ctx.Done():
		err = transport.ErrClosed
	case <-late:
		err = &transport.BusyError{Conns: p.o.MaxConns, Err: transport.ErrPoolExhausted}
	}
	if p.forget(w) {
		return nil, p.waitError(err)
	}
	// It was served while it gave up, so it hands on the connection or the slot.
	if c := <-w.got; c != nil {
		p.release(c)
	} else {
		p.freeSlot()
	}
	return nil, p.waitError(err)
}

func (p *pool) waitError(err error) *transport.Error {
	return &transport.Error{Phase: transport.PhaseWait, Addr: p.o.Addr, Err: err}
}

// forget takes w out of the queue and reports whether it was still there.
func (p *pool) forget(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.waiters {
		if p.waiters[i] == w {
			p.waiters = append(p.waiters[:i], p.waiters[i+1:]...)
			return true
		}
	}
	return false
}

// serve gives c, or a slot if c is nil, to the waiter that has waited longest, and
// reports whether there was one. p.mu is held.
func (p *pool) serve(c *conn) bool {
	if len(p.waiters) == 0 {
		return false
	}
	w := p.waiters[0]
	copy(p.waiters, p.waiters[1:])
	p.waiters[len(p.waiters)-1] = nil
	p.waiters = p.waiters[:len(p.waiters)-1]
	w.got <- c
	return true
}

// dial opens a connection with the slot that take returned.
func (p *pool) dial(ctx context.Context) (*conn, *transport.Error) {
	dctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.ctx, cancel)
	done := false
	defer func() {
		if !done { // a hook or Dial panicked
			stop()
			cancel()
			p.freeSlot()
		}
	}()
	c, err := dial(dctx, p.o)
	done = true
	stop()
	cancel()
	if err != nil {
		if ended := transport.Ended(ctx); ended != nil {
			err.Err = ended
		} else if p.isClosed() {
			err.Err = transport.ErrClosed
		}
		p.freeSlot()
		return nil, err
	}
	p.n.Dials.Add(1)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		c.abort()
		p.freeSlot()
		return nil, p.waitError(transport.ErrClosed)
	}
	c.place = len(p.open)
	p.open = append(p.open, c)
	p.mu.Unlock()
	return c, nil
}

func (p *pool) freeSlot() {
	p.mu.Lock()
	if !p.serve(nil) {
		p.slots--
	}
	p.mu.Unlock()
}

// release keeps c for the next request.
func (p *pool) release(c *conn) {
	now := time.Now()
	if p.expired(c, now) {
		p.discard(c)
		return
	}
	c.idle = now
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		p.discard(c)
		return
	}
	if !p.serve(c) {
		if p.drained {
			p.mu.Unlock()
			p.discard(c)
			return
		}
		p.idle = append(p.idle, c)
		if p.sweep == nil && p.o.IdleTimeout > 0 {
			p.sweep = time.AfterFunc(p.o.IdleTimeout, p.closeIdle)
		}
	}
	p.mu.Unlock()
}

func (p *pool) expired(c *conn, now time.Time) bool {
	return p.o.Lifetime > 0 && now.Sub(c.created) > p.o.Lifetime ||
		p.o.IdleTimeout > 0 && !c.idle.IsZero() && now.Sub(c.idle) > p.o.IdleTimeout
}

// discard closes c and lets a waiter open another.
func (p *pool) discard(c *conn) {
	c.abort()
	p.mu.Lock()
	p.drop(c)
	if !p.serve(nil) {
		p.slots--
	}
	p.mu.Unlock()
}

// drop takes c out of the list of open connections. p.mu is held.
func (p *pool) drop(c *conn) {
	last := len(p.open) - 1
	p.open[c.place] = p.open[last]
	p.open[c.place].place = c.place
	p.open[last] = nil
	p.open = p.open[:last]
}

// closeIdle closes the connections that were idle too long, and sets the timer again
// while any is kept. Only the timer calls it.
func (p *pool) closeIdle() {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep = nil
	if p.closed {
		return
	}
	n := 0
	for n < len(p.idle) && now.Sub(p.idle[n].idle) >= p.o.IdleTimeout {
		p.idle[n].abort()
		p.drop(p.idle[n])
		p.slots--
		n++
	}
	kept := copy(p.idle, p.idle[n:])
	clear(p.idle[kept:])
	p.idle = p.idle[:kept]
	if kept > 0 {
		p.sweep = time.AfterFunc(p.o.IdleTimeout-now.Sub(p.idle[0].idle), p.closeIdle)
	}
}

// drain closes the idle connections, and has the others closed when they are given back
// and nobody waits.
func (p *pool) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drained = true
	p.dropIdle()
}

// shut closes every connection, in use or not. The exchanges that use them fail and
// give them back.
func (p *pool) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.close()
	for _, c := range p.open {
		c.abort()
	}
	p.dropIdle()
}

// dropIdle closes the idle connections and stops their timer. p.mu is held.
func (p *pool) dropIdle() {
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
	for i, c := range p.idle {
		c.abort()
		p.drop(c)
		p.slots--
		p.idle[i] = nil
	}
	p.idle = p.idle[:0]
}

func (p *pool) size() (open, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots, len(p.idle)
}
