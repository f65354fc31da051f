package batch

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// This file puts several Writers, one for each server, together to one that writes all lines
// to all of them. Lines are checked and stamped once, so that every server stores the same.
//
// Invariants: the Writers know nothing of each other, so one whose server is down delays
// none. Each has its account; none is made of several.

// A Need says how many servers must have a line before a [ReplicaWriter] counts it as done.
type Need uint8

const (
	// NeedAll needs every server.
	NeedAll Need = iota
	// NeedQuorum needs more than half of the servers.
	NeedQuorum
	// NeedOne needs one server.
	NeedOne
)

// of returns how many of n servers are needed.
func (n Need) of(servers int) int {
	switch n {
	case NeedQuorum:
		return servers/2 + 1
	case NeedOne:
		return 1
	}
	return servers
}

// A ReplicaWriter writes every line to each server of a client. Each server has a queue, and
// with a spool a directory of its own: while one is down, the others get new lines at once,
// and what it has not got is pending or spooled for it, and sent when it is back. Make one
// with [NewReplicaWriter]. It must not be copied; all methods are safe for concurrent use.
//
// An append returns nil when the Writers of as many servers as [Need] says accepted every
// line. A Writer that refuses lines, because it has no memory or its disk fails, counts
// them, and its server never gets them.
type ReplicaWriter struct {
	serverWriters
	need int

	// A Writer that did not take every line that was accepted has a gap, so that its Flush
	// says nothing about those lines: gaps holds the number of the Flush that came before,
	// plus one, or 0 for none. A Flush that ends after all that needed it closes the gaps
	// from before.
	mu      sync.Mutex
	gaps    []uint64
	flushes uint64
	missed  []int // by server: lines that were accepted, but not by its Writer
}

var _ LineWriter = (*ReplicaWriter)(nil)

// NewReplicaWriter returns a ReplicaWriter for all servers of c, whatever its Balance. Until
// Close the servers of the client cannot change.
//
// The Writers divide o.MaxMemory. Each has a directory in o.Spool.Dir, which is made if its
// parent exists, and o.Spool.MaxBytes of disk. With a need of fewer than all servers,
// o.Overflow must not be [Block], which would wait for a server that is down; with a spool,
// o.Spool.WhenFull must be [spool.DropOldest] for the same reason. o.OnEvent and
// o.DeadLetter get the address of the server in Addr. o.OnMissing is called for each server
// that misses something.
//
// What is spooled for a server that the client does not have any more stays in the directory of
// that server, and is in no account: lpbench replay sends it to another one.
func NewReplicaWriter(c *fastclient.Client, o Options, need Need) (*ReplicaWriter, error) {
	if need > NeedOne {
		return nil, &fastclient.OptionError{Field: "Need", Reason: "is not a declared Need"}
	}
	switch {
	case need == NeedAll:
	case o.Overflow == Block:
		return nil, &fastclient.OptionError{Field: "Options.Overflow", Reason: "is Block, which waits for every server"}
	case o.Overflow >= Spill && o.Spool.WhenFull == spool.Refuse:
		return nil, &fastclient.OptionError{Field: "Options.Spool.WhenFull", Reason: "is Refuse, so that a full spool waits for its server: DropOldest does not"}
	}
	w := new(ReplicaWriter)
	if err := w.start("ReplicaWriter", seam.Of(c), o); err != nil {
		return nil, err
	}
	w.need = need.of(len(w.addrs))
	w.gaps, w.missed = make([]uint64, len(w.addrs)), make([]int, len(w.addrs))
	return w, nil
}

// Append accepts lines like [Writer.Append].
func (w *ReplicaWriter) Append(ctx context.Context, lines []byte) error {
	return appendLines(ctx, w, lines)
}

// AppendPoints accepts points like [Writer.AppendPoints].
func (w *ReplicaWriter) AppendPoints(ctx context.Context, points ...lp.Appender) error {
	return appendPoints(ctx, w, points)
}

// Encode accepts points like [Writer.Encode].
func (w *ReplicaWriter) Encode(ctx context.Context, f func(*lp.Encoder)) error {
	return encodeLines(ctx, w, f)
}

func (w *ReplicaWriter) stager() *stager { return w.writers[0].stager() }

// accept gives the lines to each Writer. If fewer than all are needed, one whose disk fails while
// its server is down has no say in how long this takes, unless there are not enough others.
func (w *ReplicaWriter) accept(ctx context.Context, lines []byte, n int) (accepted int, by servers, err error) {
	var room struct { // for most sets, without an allocation
		counts [8]int
		errs   [8]error
	}
	counts, errs := room.counts[:0], room.errs[:0]
	done := 0
	for _, one := range w.writers {
		k, err := w.putTo(ctx, one, lines, n)
		if err == nil {
			done++
		}
		counts, errs = append(counts, k), append(errs, err)
	}
	for i, one := range w.writers {
		if done >= w.need || errs[i] == nil || !errors.Is(errs[i], errStuck) {
			continue
		}
		var k int
		if k, errs[i] = one.put(ctx, linesFrom(lines, counts[i]), n-counts[i]); errs[i] == nil {
			done++
		}
		counts[i] += k
	}
	if done == len(w.writers) {
		return n, 0, nil
	}
	accepted = n
	if done < w.need {
		sorted := slices.Clone(counts)
		slices.SortFunc(sorted, func(a, b int) int { return b - a })
		accepted = sorted[w.need-1]
	}
	w.mu.Lock()
	for i, k := range counts {
		if k < accepted {
			w.gaps[i] = w.flushes + 1
			w.missed[i] += accepted - k
		}
	}
	w.mu.Unlock()
	for i, one := range w.writers {
		if errs[i] != nil {
			one.refused(n-counts[i], errs[i])
			errs[i] = &replicaError{w.addrs[i], errs[i]}
		}
	}
	if done < w.need {
		err = errors.Join(errs...)
	}
	return accepted, 0, err
}

// putTo gives the lines to one Writer. If fewer than all Writers are needed, it does not wait for
// one whose disk fails while its server is down, and returns errStuck. With Options.Route it
// waits: what such a Writer has accepted need not be the first lines, so no others could follow.
func (w *ReplicaWriter) putTo(ctx context.Context, one *Writer, lines []byte, n int) (accepted int, err error) {
	if w.need == len(w.writers) || one.routing != nil {
		return one.put(ctx, lines, n)
	}
	accepted, err = one.put(ended, lines, n)
	if !errors.Is(err, context.Canceled) {
		return accepted, err
	}
	k, err := one.put(whileWorking{ctx}, linesFrom(lines, accepted), n-accepted)
	return accepted + k, err
}

// enough returns how f must succeed so that each line accepted before is among those of as
// many servers as are needed: on so many of the Writers that took every line, or, if there
// are not so many, on all Writers.
func (w *ReplicaWriter) enough() (whole []bool, need int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	whole = make([]bool, len(w.gaps))
	n := 0
	for i, gap := range w.gaps {
		if whole[i] = gap == 0; whole[i] {
			n++
		}
	}
	if n >= w.need {
		return whole, w.need
	}
	for i := range whole {
		whole[i] = true
	}
	return whole, len(whole)
}

func (w *ReplicaWriter) awaitLogged(ctx context.Context, _ servers) error {
	switch {
	case !w.ahead:
		return nil
	case w.need == len(w.writers):
		return w.awaitLogs(ctx, ^servers(0))
	}
	whole, need := w.enough()
	errs := w.each(func(one *Writer) error { return one.awaitLogged(ctx, 0) })
	done := 0
	for i, err := range errs {
		if err == nil && whole[i] {
			done++
		}
	}
	if done >= need {
		return nil
	}
	return errors.Join(errs...)
}

// refused counts lines that no Writer was given. Those that Writers refused are counted.
func (w *ReplicaWriter) refused(n int, err error) {
	var counted *replicaError
	if errors.As(err, &counted) {
		return
	}
	for _, one := range w.writers {
		one.refused(n, err)
	}
}

// Flush waits until what was appended before it is settled on as many servers as are
// needed. It returns nil if the Flush of so many Writers would, and otherwise the joined
// errors of all, see [Writer.Flush]. A Writer that did not take every line that an append
// accepted does not count, unless all are needed because of it. What a server that is not
// needed refused is in its Stats, and in the dead letter.
func (w *ReplicaWriter) Flush(ctx context.Context) error {
	w.mu.Lock()
	w.flushes++
	flush := w.flushes
	w.mu.Unlock()
	whole, need := w.enough()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	done := 0
	errs := w.eachOf(func(i int, one *Writer) error {
		err := one.Flush(ctx)
		if err == nil && whole[i] {
			mu.Lock()
			if done++; done == need {
				cancel() // the others go on without a Flush
			}
			mu.Unlock()
		}
		return err
	})
	if done < need {
		return errors.Join(errs...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, gap := range w.gaps {
		if gap <= flush { // before this Flush began
			w.gaps[i] = 0
		}
	}
	return nil
}

// Sync returns when each Writer has done what [Writer.Sync] promises.
func (w *ReplicaWriter) Sync(ctx context.Context) error {
	return errors.Join(w.each(func(one *Writer) error { return one.Sync(ctx) })...)
}

// Close closes all Writers at the same time, see [Writer.Close]. It returns nil only if
// every server has every line: lines that a server has not got would otherwise be lost for
// it without a word. Each error names its server; an *[AppendError] counts lines that other
// servers got, and that the Writer of this one refused.
func (w *ReplicaWriter) Close(ctx context.Context) error {
	w.release()
	errs := w.each(func(one *Writer) error { return one.Close(ctx) })
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, n := range w.missed {
		if n > 0 {
			errs = append(errs, &replicaError{w.addrs[i], &AppendError{Refused: n, Err: errMissed}})
		}
	}
	return errors.Join(errs...)
}

// errMissed is why a server lacks lines.
var errMissed = errors.New("batch: other servers have these lines")

// Stats returns the account of the server that decides: as many servers as are needed have
// at least as many lines acked, though not the same ones if their Writers refused some;
// ServerStats says how many.
func (w *ReplicaWriter) Stats() Stats {
	all := w.stats()
	slices.SortStableFunc(all, func(a, b ServerStats) int { return cmp.Compare(b.Stats.Acked.Lines, a.Stats.Acked.Lines) })
	return all[w.need-1].Stats
}

// ServerStats returns the accounts of all servers, in the order of the client's addresses.
func (w *ReplicaWriter) ServerStats() []ServerStats { return w.stats() }
