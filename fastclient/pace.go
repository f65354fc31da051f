package fastclient

import (
	"sync"
	"sync/atomic"
	"time"
)

// This file learns how long requests usually take, and counts how many may be hedged. What
// is made of both is in hedge.go.

const (
	// hedgeMin is the earliest that a request is hedged: below it, what is unusual is the
	// scheduling of this process.
	hedgeMin = 10 * time.Millisecond
	// paceWarm is how many responses make a usual time.
	paceWarm = 10
	// hedgeBurst bounds the hedges that may follow each other at once.
	hedgeBurst = 10
	// hedgeShare is the default of Hedge.Share.
	hedgeShare = 0.05
)

// A pace is how long the requests of one kind to one server usually take.
type pace struct {
	mu   sync.Mutex
	n    int // responses, up to paceWarm
	mean time.Duration
}

// learn takes the time of one request. It counts as twice the usual time at most, so that a
// single one that hung changes little, and many that are slow are the new usual.
func (p *pace) learn(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n < paceWarm {
		p.n++
		p.mean += (took - p.mean) / time.Duration(p.n)
		return
	}
	p.mean += (min(took, max(2*p.mean, time.Millisecond)) - p.mean) / 4
}

// usual returns the usual time, and whether it is known.
func (p *pace) usual() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mean, p.n == paceWarm
}

// A hedgeBudget counts how many requests may be hedged, in millionths. It begins empty, so
// that hedges are never more than their share of all requests.
type hedgeBudget struct{ left atomic.Int64 }

// earn adds the share of one request.
func (b *hedgeBudget) earn(share float64) {
	if share == 0 {
		share = hedgeShare
	}
	if b.left.Add(int64(share*1e6)) > hedgeBurst*1e6 {
		b.left.Store(hedgeBurst * 1e6)
	}
}

// spend takes one request, if it is there.
func (b *hedgeBudget) spend() bool {
	for {
		left := b.left.Load()
		if left < 1e6 {
			return false
		}
		if b.left.CompareAndSwap(left, left-1e6) {
			return true
		}
	}
}
