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

// An outlet is one server as the Writer sees it.
type outlet struct {
	target seam.Target
	api    seam.API
	failed failures // of the servers behind it; has its own lock

	// Guarded by the Writer's lock.
	gate  backoff.Breaker
	sizes sizeLimit
	plain bool // the server refused a content encoding
}

func (o *outlet) newSender() seam.Sender { return o.target.NewSender(o.failed.note) }

// A writerPlan is what a Writer is made from.
type writerPlan struct {
	o         Options              // with its defaults
	precision fastclient.Precision // of the lines that are appended
	unit      fastclient.Precision // in which they are sent
	outlets   []*outlet
	pack      seam.Compressor // of bodies, nil for none
	minPack   int             // from that size on
}

// newPlan checks o and says how batches go out: to each server on its own, or to the
// servers as the client balances them.
func newPlan(c seam.Client, o Options, each bool) (writerPlan, error) {
	o, err := o.withDefaults(c.API())
	if err != nil {
		return writerPlan{}, err
	}
	r, err := c.Route(each, !o.NoStamp)
	if err != nil {
		return writerPlan{}, err
	}
	p := writerPlan{o: o, precision: r.Precision, unit: r.Unit, pack: r.Compressor, minPack: r.MinCompress}
	for _, t := range r.Targets {
		p.outlets = append(p.outlets, &outlet{target: t, api: r.API})
	}
	return p, nil
}

// bodyBytes is the size of the largest body.
func (p *writerPlan) bodyBytes() int {
	if p.unit != p.precision {
		return points.ConvertedSize(p.o.BatchBytes)
	}
	return p.o.BatchBytes
}

// senderBytes is the memory of one sender: what it converts lines into, and packs them
// into.
func (p *writerPlan) senderBytes() (n int) {
	if p.unit != p.precision {
		n = p.bodyBytes()
	}
	if p.pack != nil {
		n += packedSize(p.bodyBytes())
	}
	return n
}

// packedSize is the memory for the packed form of a batch, which has room for what
// does not get smaller.
func packedSize(batchBytes int) int { return batchBytes + batchBytes/64 + 1024 }

// failures keeps the last failure of each server of one outlet. A server that answers
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
