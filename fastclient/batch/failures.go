package batch

import (
	"context"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// A ServerFailure is why a server failed the last request that a Writer made to it.
type ServerFailure struct {
	Addr     string    // of the server
	Err      error     // a *[fastclient.ServerError] or *[fastclient.TransportError] as a rule
	Time     time.Time // of the last failure
	Failures uint64    // in a row, without a success or a refusal in between
}

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
