package batch

import (
	"context"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/backoff"
)

// A target is one server as the Writer sees it.
type target struct {
	server seam.Target
	api    seam.API
	failed failures // of the servers behind it; has its own lock

	// Guarded by the Writer's lock.
	breaker backoff.Breaker
	sizes   sizeLimit
	plain   bool // the server refused a content encoding
}

func (o *target) newSender() seam.Sender { return o.server.NewSender(o.failed.note) }

// A config is what a Writer is made from.
type config struct {
	o           Options              // with its defaults
	precision   fastclient.Precision // of the lines that are appended
	unit        fastclient.Precision // in which they are sent
	targets     []*target
	compressor  seam.Compressor // of bodies, nil for none
	minCompress int             // from that size on
}

// newConfig checks o and says how batches go out: to each server on its own, or to the
// servers as the client balances them.
func newConfig(c seam.Client, o Options, each bool) (config, error) {
	o, err := o.withDefaults(c.API())
	if err != nil {
		return config{}, err
	}
	r, err := c.Route(each, !o.NoStamp)
	if err != nil {
		return config{}, err
	}
	p := config{o: o, precision: r.Precision, unit: r.Unit, compressor: r.Compressor, minCompress: r.MinCompress}
	for _, t := range r.Targets {
		p.targets = append(p.targets, &target{server: t, api: r.API})
	}
	return p, nil
}

// bodyBytes is the size of the largest body.
func (p *config) bodyBytes() int {
	if p.unit != p.precision {
		return points.ConvertedSize(p.o.BatchBytes)
	}
	return p.o.BatchBytes
}

// senderBytes is the memory of one sender: what it converts lines into, and compresses them
// into.
func (p *config) senderBytes() (n int) {
	if p.unit != p.precision {
		n = p.bodyBytes()
	}
	if p.compressor != nil {
		n += compressedSize(p.bodyBytes())
	}
	return n
}

// compressedSize is the memory for the compressed form of a batch, which has room for what
// does not get smaller.
func compressedSize(batchBytes int) int { return batchBytes + batchBytes/64 + 1024 }

// failures keeps the last failure of each server of one target. A server that responses
// leaves it.
type failures struct {
	mu   sync.Mutex
	list []ServerFailure
}

// note takes note of the outcome of a request to the server at addr. A refusal is no failure of the
// server, and the end of the Writer is none either.
func (f *failures) note(ctx context.Context, addr string, r *seam.Response) {
	var err error
	if r != nil {
		err = r.Failure
		if context.Cause(ctx) == errRequestTimeout {
			err = errRequestTimeout
		} else if ctx.Err() != nil {
			return
		}
		switch verdict.Judge(r) {
		case verdict.ActRetry, verdict.ActKeep, verdict.ActMissing, verdict.ActUnreadable:
		default:
			err = nil
		}
	}
	f.mu.Lock()
	none := len(f.list) == 0
	f.mu.Unlock()
	if err == nil && none {
		return
	}
	f.set(addr, err)
}

func (f *failures) set(addr string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := -1
	for i := range f.list {
		if f.list[i].Addr == addr {
			at = i
		}
	}
	switch {
	case err == nil && at >= 0:
		f.list = append(f.list[:at], f.list[at+1:]...)
	case err == nil:
	case at >= 0:
		l := &f.list[at]
		l.Err, l.Time = err, time.Now()
		l.Failures++
	default:
		f.list = append(f.list, ServerFailure{Addr: addr, Err: err, Time: time.Now(), Failures: 1})
	}
}

// appendTo appends the failures to dst.
func (f *failures) appendTo(dst []ServerFailure) []ServerFailure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(dst, f.list...)
}

// A sizeLimit is the size of requests that a server takes, as far as it was learned from
// its refusals.
//
// A refusal may be a passing one, of a proxy that is short of memory or of one server
// behind it. So the limit is doubled after some requests that came close to it, and what
// a refusal then costs is made rare: each doubles the number of requests it takes.
type sizeLimit struct {
	limit    int // requests of more bytes of lines are refused; 0: not known
	fits     int // requests stored since the limit moved that were larger than its half
	patience int // how many of these it takes to double it
	raised   bool
}

// Bounds of patience. At the upper one a server with a real limit refuses one request of
// a thousand.
const (
	patienceMin = 8
	patienceMax = 1024
)

// refused takes note that the server refused size bytes, and reports whether the limit is
// lower than before.
func (s *sizeLimit) refused(size int) bool {
	limit := max(size/2, minBatchBytes)
	if s.limit > 0 && limit >= s.limit {
		return false
	}
	if s.patience = max(s.patience, patienceMin); s.raised {
		s.patience = min(2*s.patience, patienceMax)
	}
	s.limit, s.fits, s.raised = limit, 0, false
	return true
}

// stored takes note that the server took size bytes, and reports whether the limit is
// higher than before. At most it is gone, when requests of largest bytes are within it.
func (s *sizeLimit) stored(size, largest int) bool {
	if s.limit == 0 || size <= s.limit/2 {
		return false
	}
	if s.fits++; s.fits < s.patience {
		return false
	}
	s.limit, s.fits, s.raised = 2*s.limit, 0, true
	if s.limit >= largest {
		s.limit = 0
	}
	return true
}
