package batch

import (
	"slices"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// This file lets a Writer follow the servers of its client. A new server gets a target and
// senders as if the Writer had been made with it. A server that was removed loses its senders
// as their requests end; a part that it has not stored goes back to the queue, from which the
// others take it.
//
// Invariants: for every number of servers, MaxMemory is divided as for a new Writer with so
// many. The encoders of compression are those of the beginning. When servers are added,
// memory may exceed MaxMemory by what their senders take until as many slabs are free: to
// wait for these could be to wait for servers that are down.

// A follower is a Writer as the client sees it.
type follower struct{ w *Writer }

// Check returns an error if memory does not suffice for the targets of r.
func (f follower) Check(r seam.Route) error {
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing {
		return nil
	}
	n, enough := w.inFlight(len(r.Targets))
	if !enough {
		return errMemory()
	}
	senders := len(r.Targets) * n
	if _, slabs, _ := w.memoryOf(senders); w.routing != nil && w.routing.max > mostRoutes(slabs, senders) {
		return errRoutes()
	}
	return nil
}

// inFlight returns how many requests may be under way to each of so many targets, and whether
// memory suffices. The lock is held.
func (e *engine) inFlight(targets int) (n int, enough bool) {
	n = e.most
	if _, _, enough = e.memoryOf(targets * n); !enough && e.fewer {
		n = 1
		_, _, enough = e.memoryOf(targets)
	}
	return n, enough
}

// Change makes the targets of r those of the Writer.
func (f follower) Change(r seam.Route) {
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.ended != nil {
		return
	}
	w.setTargets(&r)
	n, _ := w.inFlight(len(w.targets))
	w.o.MaxInFlight = n
	var slabs int
	w.compressing, slabs, _ = w.memoryOf(len(w.targets) * n)
	w.slabs.setBudget(slabs)
	for _, t := range w.targets {
		t.failed.keep(r.Names)
	}
	if w.started {
		w.startSenders()
	}
	w.limitBatches()
	w.disk.wake()
	w.waiters.memoryFree() // the budget may have grown
	w.waiters.wake()
}

// setTargets replaces the targets by those of r, except for those that are the same.
func (e *engine) setTargets(r *seam.Route) {
	old := e.targets
	e.targets = make([]*target, 0, len(r.Targets)) // whoever holds the old list goes on with it
	for i := range r.Targets {
		t := targetOf(r, i)
		if at := slices.IndexFunc(old, func(o *target) bool { return o.id == t.id }); at >= 0 {
			t = old[at]
		}
		e.targets = append(e.targets, t)
	}
	for _, t := range old {
		if !slices.Contains(e.targets, t) {
			t.limit = 0
		}
	}
}

// pinned is a writer that cannot follow.
type pinned struct{ what string }

// Check refuses every change.
func (p pinned) Check(seam.Route) error {
	return &fastclient.OptionError{Field: "Addrs", Reason: "cannot change while a " + p.what + " of the client is open"}
}

// Change is never called, since Check returns an error.
func (pinned) Change(seam.Route) {}
