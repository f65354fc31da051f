// Package load keeps a server busy: workers that each do one operation after
// the other, at a rate or as fast as the responses come, and how long it took.
package load

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/stat"
)

// Options configure a load.
type Options struct {
	// Workers is the number of operations that run at a time.
	Workers int
	// Rate is the number of operations that begin per second, over all workers. If
	// it is 0, a worker begins an operation as soon as the last one has ended.
	Rate float64
	// Duration is the time during which operations begin. 0 means until the context
	// ends.
	Duration time.Duration
	// Grace is the time that operations in flight still have after the context has
	// ended.
	Grace time.Duration
	// Tick, if not nil, is called five times a second with the outcome so far, always
	// from the same goroutine.
	Tick func(Outcome)
}

// An Outcome is the result of a load.
type Outcome struct {
	// Response is the time from when an operation was due to its end. With a rate,
	// the schedule does not wait for the server: operations that had to wait for
	// one that hangs count their wait.
	Response stat.Histogram
	// Service is the time from when an operation began to its end.
	Service stat.Histogram
	// Done and Failed count operations. Unsent counts those that were due but had not
	// begun when the time was over; Response includes their wait until then.
	Done, Failed, Unsent uint64
	Took                 time.Duration
	// Err is the first error of an operation.
	Err error
}

const (
	tick = 200 * time.Millisecond
	// pause is how long a worker waits after a failure, so that it does not call an
	// absent server a thousand times a second.
	pause = 100 * time.Millisecond
)

// A run is a load in progress.
type run struct {
	Options
	began time.Time

	mu   sync.Mutex
	next uint64 // number of the next operation
	out  Outcome
}

// Run calls op until the duration is over or ctx ends, which is not an error. It
// ends at once if an operation fails before any has succeeded. Workers are numbered
// from 0.
func Run(ctx context.Context, o Options, op func(ctx context.Context, worker int) error) Outcome {
	r := &run{Options: o, began: time.Now()}
	stop := func() {}
	if o.Duration > 0 {
		ctx, stop = context.WithTimeout(ctx, o.Duration)
	}
	// After the end of ctx no operation begins, and after that of work those in
	// flight are given up.
	work, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	var grace *time.Timer
	var once sync.Mutex
	unhook := context.AfterFunc(ctx, func() {
		once.Lock()
		defer once.Unlock()
		grace = time.AfterFunc(o.Grace, giveUp)
	})
	ticks := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() { r.ticks(ticks) })
	var workers sync.WaitGroup
	for w := range o.Workers {
		workers.Go(func() { r.worker(ctx, work, w, op) })
	}
	workers.Wait()
	close(ticks)
	ticking.Wait()
	unhook()
	once.Lock()
	if grace != nil {
		grace.Stop()
	}
	once.Unlock()
	giveUp()
	stop()
	r.out.Took = time.Since(r.began)
	r.countUnsent()
	return r.out
}

// ticks calls Tick until done.
func (r *run) ticks(done <-chan struct{}) {
	if r.Tick == nil {
		return
	}
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		r.mu.Lock()
		out := r.out
		r.mu.Unlock()
		out.Took = time.Since(r.began)
		r.Tick(out)
	}
}

// worker calls op again and again until ctx ends.
func (r *run) worker(ctx, work context.Context, w int, op func(context.Context, int) error) {
	for {
		due, ok := r.take(ctx)
		if !ok {
			return
		}
		began := time.Now()
		if due.IsZero() {
			due = began
		}
		err := op(work, w)
		if !r.finish(due, began, err) || err != nil && !sleep(ctx, pause) {
			return
		}
	}
}

// take waits until the next operation is due and returns that time, which is zero
// without a rate. It returns false if ctx ended first.
func (r *run) take(ctx context.Context) (due time.Time, ok bool) {
	if ctx.Err() != nil {
		return due, false
	}
	if r.Rate <= 0 {
		return due, true
	}
	r.mu.Lock()
	due = r.due(r.next)
	if r.Duration > 0 && due.Sub(r.began) >= r.Duration {
		r.mu.Unlock()
		sleep(ctx, time.Until(r.began.Add(r.Duration))) // a rate counts over the whole duration
		return due, false
	}
	r.next++
	r.mu.Unlock()
	if !sleep(ctx, time.Until(due)) {
		r.mu.Lock()
		// It was taken but not done. countUnsent counts it if it was due.
		r.next--
		r.mu.Unlock()
		return due, false
	}
	return due, true
}

// due returns when operation n is to begin.
func (r *run) due(n uint64) time.Time {
	return r.began.Add(time.Duration(float64(n) / r.Rate * float64(time.Second)))
}

// finish counts an operation. It returns false if the worker should stop.
func (r *run) finish(due, began time.Time, err error) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.out.Failed++
		if r.out.Err == nil {
			r.out.Err = err
		}
		return r.out.Done > 0 && !errors.Is(err, context.Canceled)
	}
	r.out.Done++
	r.out.Response.Add(now.Sub(due))
	r.out.Service.Add(now.Sub(began))
	return true
}

// countUnsent counts the operations that were due but had no worker.
func (r *run) countUnsent() {
	if r.Rate <= 0 {
		return
	}
	end := r.began.Add(r.out.Took)
	if r.Duration > 0 {
		end = r.began.Add(min(r.out.Took, r.Duration))
	}
	for n := r.next; r.due(n).Before(end); n++ {
		r.out.Unsent++
		r.out.Response.Add(r.began.Add(r.out.Took).Sub(r.due(n)))
	}
}

// sleep waits for d. It returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
