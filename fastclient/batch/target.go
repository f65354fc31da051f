package batch

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/fastclient/internal/stamp"
	"github.com/pointwire/pointwire/internal/backoff"
)

// This file declares what a writer knows of its servers. newConfig makes a config from a
// client and Options: the settings of the engine and a target for each server, or one for
// all of them. A target holds a breaker, which says when to send, a sizeLimit, the largest
// request that the server accepts as far as is known, and failures, the last errors of its
// servers.
//
// Invariants: once the engine has a config, only follow.go changes it: the targets and
// o.MaxInFlight, under the engine's lock. That lock also guards all of a target but failed. failures has a lock of its own, because
// senders note the outcome of a request without the engine's.

// A target is one server as the Writer sees it, or a set that acts as one.
type target struct {
	server seam.Target
	id     uint64 // of the server, 0 for a set
	api    seam.API
	failed failures // last failures of its servers; has its own lock

	// Guarded by the Writer's lock.
	breaker backoff.Breaker
	sizes   sizeLimit
	plain   bool   // the server refused a content encoding
	senders []bool // of a Writer: whether sender i runs
	limit   int    // senders from this number on end; 0 when the server was removed
}

func (t *target) newSender() seam.Sender { return t.server.NewSender(t.failed.note) }

// A config is what an engine is made from.
type config struct {
	o           Options              // with its defaults set
	precision   fastclient.Precision // of the lines that are appended
	unit        fastclient.Precision // unit in which they are sent
	targets     []*target
	compressor  seam.Compressor // compresses bodies, nil for none
	minCompress int             // smallest body that is compressed
	path        string          // where the lines go, without credentials
	stamps      *stamp.Clocks   // of the client; nil: the writer has a clock of its own
	fewer       bool            // MaxInFlight may be less if memory does not suffice
	router      *router         // nil: all lines go to path
	place       func(db, rp, bucket string) (*seam.Place, error)
	placeOf     func(lasting string) *seam.Place
	most        int      // MaxInFlight if it does
	ids         []uint64 // of the servers, as the client had them
}

// newConfig checks o and returns a config. If each is set and the client sends to its
// servers in turn, every server is a target; otherwise one target stands for all of them.
func newConfig(c seam.Client, o Options, each bool) (config, error) {
	r, err := c.Route(each && o.Sink == nil, !o.NoStamp)
	if err != nil {
		return config{}, err
	}
	if o.Sink != nil {
		r.Targets = []seam.Target{newSinkTarget(o.Sink, &r)}
	}
	return configOf(c.API(), o, r)
}

// configOf checks o and returns the config of a writer for r.
func configOf(api seam.API, o Options, r seam.Route) (config, error) {
	fewer := o.MaxInFlight == 0
	o, err := o.withDefaults(api)
	if err != nil {
		return config{}, err
	}
	cfg := config{o: o, precision: r.Precision, unit: r.Unit, compressor: r.Compressor, minCompress: r.MinCompress, path: r.Path, stamps: r.Stamps, fewer: fewer, most: o.MaxInFlight, ids: r.IDs}
	if cfg.router, err = newRouter(o.Route, &r); err != nil {
		return config{}, err
	}
	cfg.place, cfg.placeOf = r.Place, r.PlaceOf
	for i := range r.Targets {
		cfg.targets = append(cfg.targets, targetOf(&r, i))
	}
	return cfg, nil
}

// downgrades reports whether another version of the write endpoint has the same places.
func (c *config) downgrades() bool {
	return c.router == nil || c.router.o.RetentionPolicyTag == ""
}

// targetOf returns target i of r.
func targetOf(r *seam.Route, i int) *target {
	t := &target{server: r.Targets[i], api: r.API}
	if len(r.Addrs) > 0 {
		t.id = r.IDs[i]
	}
	return t
}

// bodyBytes returns the size of the largest body.
func (c *config) bodyBytes() int {
	if c.unit != c.precision {
		return points.ConvertedSize(c.o.BatchBytes)
	}
	return c.o.BatchBytes
}

// senderBytes returns the memory of one sender: for the lines converted to another unit,
// and for the compressed body.
func (c *config) senderBytes() (n int) {
	if c.unit != c.precision {
		n = c.bodyBytes()
	}
	if c.compressor != nil {
		n += compressedSize(c.bodyBytes())
	}
	return n
}

// maxReplays bounds the batches that are brought back from disk ahead of the senders.
const maxReplays = 4

// spoolBuffers returns how many batches come back from disk at a time.
func (c *config) spoolBuffers(senders int) int {
	if c.o.Overflow < Spill {
		return 0
	}
	return min(senders, maxReplays)
}

// spoolBytes returns the memory that a spool takes: for each batch from disk its lines and
// its body, one body more that is read, and for the log one that is compressed and four that
// wait for their senders.
func (c *config) spoolBytes() int {
	if c.o.Overflow < Spill {
		return 0
	}
	n := c.spoolBuffers(len(c.targets) * c.o.MaxInFlight)
	return n*c.o.BatchBytes + (n+6)*compressedSize(c.o.BatchBytes)
}

// compressedSize returns how much memory compressing a batch takes at most, even if the
// batch does not get smaller.
func compressedSize(batchBytes int) int { return batchBytes + batchBytes/64 + 1024 }

// failures keeps the last failure of each server of a target, until the server responds.
type failures struct {
	mu      sync.Mutex
	list    []ServerFailure
	servers []string // the only ones that may be in it; nil: any
}

// note records the outcome of a request to the server at addr. A refusal is not a failure
// of the server, and neither is the end of the Writer.
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
		case verdict.ActDowngrade, verdict.ActPlain:
			if !r.Foreign { // a page of a proxy says nothing about what the server takes
				err = nil
			}
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
	if f.servers != nil && !slices.Contains(f.servers, addr) {
		return // it was removed while the request was under way
	}
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

// keep forgets the failures of servers that are not in addrs, now and later.
func (f *failures) keep(addrs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers = addrs
	f.list = slices.DeleteFunc(f.list, func(l ServerFailure) bool { return !slices.Contains(addrs, l.Addr) })
}

// appendTo appends the failures to dst.
func (f *failures) appendTo(dst []ServerFailure) []ServerFailure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append(dst, f.list...)
}

// A sizeLimit is the largest request that a server accepts, as far as its refusals have
// shown.
//
// A refusal may be temporary, by a proxy that is short of memory or by one of several
// servers. So the limit is doubled after patience requests that came close to it. If the
// raised limit is refused again, patience is doubled, so that refusals become rare.
type sizeLimit struct {
	limit    int  // requests with more bytes of lines are refused; 0: unknown
	fits     int  // requests larger than half the limit that were stored since it changed
	patience int  // how many of them double the limit
	raised   bool // the last change doubled the limit
}

// The bounds of patience. At the upper bound, a server with a permanent limit refuses about
// one request in a thousand.
const (
	patienceMin = 8
	patienceMax = 1024
)

// refused records that the server refused a request of size bytes, and reports whether
// the limit is lower than before.
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

// stored records that the server stored a request of size bytes, and reports whether the
// limit is higher than before. A limit that reaches largest, the size of the largest
// request, is removed.
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
