package fastclient

import (
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
)

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
