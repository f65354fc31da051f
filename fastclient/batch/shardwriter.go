package batch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/shard"
	"github.com/pointwire/pointwire/lp"
)

// This file puts several Writers, one for each server, together to one that writes each line to
// the server that has its series. Lines are checked and stamped once, before.
//
// Invariants: a line is given to one Writer. A Writer that has no memory delays an append, but
// not the lines of that append for the others.

// A ShardWriter writes each line to one of the servers of a client: the one that has its
// series, which [ShardWriter.Place] returns. Each server has a queue, and with a spool a
// directory of its own: while one is down, only its lines wait. Make one with
// [NewShardWriter]. It must not be copied; all methods are safe for concurrent use.
//
// The place of a series is stable: it depends on the series and the addresses alone, see
// [fastclient.Client.Place]. Nothing moves points that are stored. When a server is added or
// removed, some series go on elsewhere, and queries must still ask the server where they were.
//
// With Options.Route, the place is that of the line with its tags, also of those that are
// taken off.
type ShardWriter struct {
	serverWriters
	servers shard.Servers
	waits   bool // an append may wait for memory
	routed  bool // with Options.Route
	scratch sync.Pool

	mu       sync.Mutex
	counters writerCounters // of lines that were refused before a Writer was chosen
}

var _ LineWriter = (*ShardWriter)(nil)

// NewShardWriter returns a ShardWriter for all servers of c, whatever its Balance. With
// [fastclient.Shard], c itself refuses to write and to query. Until Close the servers of the
// client cannot change.
//
// The Writers divide o.MaxMemory. Each has a directory in o.Spool.Dir, which is made if its
// parent exists, and o.Spool.MaxBytes of disk. Under [Block], an append whose lines are for a
// server that is down waits when the memory for that server is used up, with its other lines
// accepted. [Spill] does not wait as long as there is disk. o.OnEvent and o.DeadLetter get the
// address of the server in Addr. o.OnMissing is called for each server that misses something.
//
// What is spooled for a server that the client does not have any more stays in the directory of
// that server, and is in no account: lpbench replay sends it to another one.
func NewShardWriter(c *fastclient.Client, o Options) (*ShardWriter, error) {
	w := &ShardWriter{waits: o.Overflow == Block || o.Overflow >= Spill, routed: o.Route.on()}
	if err := w.start("ShardWriter", seam.Of(c), o); err != nil {
		return nil, err
	}
	w.servers = shard.Of(w.addrs)
	w.scratch.New = func() any { return &shards{make([][]byte, len(w.addrs)), make([]int, len(w.addrs))} }
	return w, nil
}

// shards are the lines of one append, by server.
type shards struct {
	lines [][]byte
	n     []int
}

// Place returns the address of the server that has a series, like [fastclient.Client.Place].
// series is a valid line, or its measurement and tags.
func (w *ShardWriter) Place(series []byte) string {
	if len(series) == 0 || series[0] == ',' || series[0] == ' ' {
		return "" // it is none
	}
	return w.addrs[w.servers.Place(shard.Series(series))]
}

// Append accepts lines like [Writer.Append].
func (w *ShardWriter) Append(ctx context.Context, lines []byte) error {
	return appendLines(ctx, w, lines)
}

// AppendPoints accepts points like [Writer.AppendPoints].
func (w *ShardWriter) AppendPoints(ctx context.Context, points ...lp.Appender) error {
	return appendPoints(ctx, w, points)
}

// Encode accepts points like [Writer.Encode].
func (w *ShardWriter) Encode(ctx context.Context, f func(*lp.Encoder)) error {
	return encodeLines(ctx, w, f)
}

func (w *ShardWriter) stager() *stager { return w.writers[0].stager() }

func (w *ShardWriter) accept(ctx context.Context, lines []byte, n int) (accepted int, by servers, err error) {
	s := w.scratch.Get().(*shards)
	for i := range s.lines {
		s.lines[i], s.n[i] = s.lines[i][:0], 0
	}
	for rest := lines; len(rest) > 0; {
		size := line.Len(rest)
		i := w.servers.Place(shard.Series(rest[:size]))
		s.lines[i] = append(s.lines[i], rest[:size]...)
		s.n[i]++
		rest = rest[size:]
	}
	var errs []error
	waiting := 0
	for i, one := range w.writers {
		if s.n[i] == 0 {
			continue
		}
		if w.waits && w.routed && s.n[i] < n {
			waiting++ // what a Writer with routes has accepted need not be the first lines
			continue
		}
		with := ctx
		if w.waits && !w.routed {
			with = ended
		}
		k, err := one.put(with, s.lines[i], s.n[i])
		if accepted += k; k > 0 {
			by.add(i)
		}
		if w.waits && !w.routed && errors.Is(err, context.Canceled) {
			s.lines[i], s.n[i] = linesFrom(s.lines[i], k), s.n[i]-k // the others wait
			waiting++
			continue
		}
		if err != nil {
			errs = append(errs, w.refusedBy(i, s.n[i]-k, err, lines))
		}
		s.n[i] = 0
	}
	if waiting > 0 {
		k, err := w.putWaiting(ctx, s, lines)
		accepted += k
		for i, k := range s.n {
			if k > 0 {
				by.add(i)
			}
		}
		errs = append(errs, err)
	}
	kept := 0
	for _, b := range s.lines {
		kept += cap(b)
	}
	if kept <= keptScratch*len(s.lines) {
		w.scratch.Put(s)
	}
	return accepted, by, errors.Join(errs...)
}

// putWaiting gives the Writers the lines of s, for which they may have no memory, all at the
// same time. They are some of all lines. It sets s.n to how many lines each accepted.
func (w *ShardWriter) putWaiting(ctx context.Context, s *shards, all []byte) (accepted int, err error) {
	errs := make([]error, len(w.writers))
	var wg sync.WaitGroup
	for i, one := range w.writers {
		n := s.n[i]
		if n == 0 {
			continue
		}
		wg.Go(func() {
			k, err := one.put(ctx, s.lines[i], n)
			if s.n[i] = k; err != nil {
				errs[i] = w.refusedBy(i, n-k, err, all)
			}
		})
	}
	wg.Wait()
	for _, k := range s.n {
		accepted += k
	}
	return accepted, errors.Join(errs...)
}

// refusedBy counts n lines that the Writer of server i refused, and returns the error with the
// server. A line that it names by its number among those for that server gets its number among
// all lines.
func (w *ShardWriter) refusedBy(i, n int, err error, all []byte) error {
	w.writers[i].refused(n, err)
	if bad := (*RouteError)(nil); errors.As(err, &bad) {
		left := bad.Index
		for index := 0; len(all) > 0; index++ {
			size := line.Len(all)
			if w.servers.Place(shard.Series(all[:size])) == i {
				if left--; left < 0 {
					bad.Index = index
					break
				}
			}
			all = all[size:]
		}
	}
	return &replicaError{w.addrs[i], err}
}

// awaitLogged asks the logs of those servers alone to which lines went, so that a disk that
// fails for one delays and refuses nothing of the others.
func (w *ShardWriter) awaitLogged(ctx context.Context, by servers) error {
	if !w.ahead {
		return nil
	}
	return w.awaitLogs(ctx, by)
}

// refused counts lines that no Writer was given. Those that Writers refused are counted.
func (w *ShardWriter) refused(n int, err error) {
	if counted := (*replicaError)(nil); errors.As(err, &counted) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counters.refuse(n, err)
}

// Flush waits until what was appended before it is settled on its server. It returns nil only
// if each Writer would, and otherwise their joined errors, each with its server; see
// [Writer.Flush].
func (w *ShardWriter) Flush(ctx context.Context) error {
	return errors.Join(w.each(func(one *Writer) error { return one.Flush(ctx) })...)
}

// Sync returns when each Writer has done what [Writer.Sync] promises.
func (w *ShardWriter) Sync(ctx context.Context) error {
	return errors.Join(w.each(func(one *Writer) error { return one.Sync(ctx) })...)
}

// Close closes all Writers at the same time, see [Writer.Close]. Each error names its server.
func (w *ShardWriter) Close(ctx context.Context) error {
	w.release()
	return errors.Join(w.each(func(one *Writer) error { return one.Close(ctx) })...)
}

// Stats returns the sum of the accounts of all servers, and the lines that were refused before
// a server was chosen. Sealed, Settled, Spool and SpoolRecovery are only in
// [ShardWriter.ServerStats].
func (w *ShardWriter) Stats() Stats {
	var sum Stats
	for _, one := range w.stats() {
		sum.include(&one.Stats)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	sum.RefusedInvalid += w.counters.invalid
	sum.RefusedOverflow += w.counters.overflow
	sum.RefusedOther += w.counters.other
	return sum
}

// ServerStats returns the accounts of all servers, in the order of the client's addresses.
func (w *ShardWriter) ServerStats() []ServerStats { return w.stats() }

// include adds the account of one server to s.
func (s *Stats) include(o *Stats) {
	for _, p := range [...]struct {
		sum *Count
		one Count
	}{
		{&s.Appended, o.Appended}, {&s.Acked, o.Acked}, {&s.Rejected, o.Rejected}, {&s.Uncertain, o.Uncertain}, {&s.Dropped, o.Dropped},
		{&s.Pending, o.Pending}, {&s.Recovered, o.Recovered}, {&s.Spooled, o.Spooled}, {&s.OtherTargets, o.OtherTargets},
	} {
		*p.sum = p.sum.plus(p.one)
	}
	for i := range s.ByReason {
		s.ByReason[i] = s.ByReason[i].plus(o.ByReason[i])
	}
	for _, p := range [...]struct {
		sum *uint64
		one uint64
	}{
		{&s.RefusedInvalid, o.RefusedInvalid}, {&s.RefusedOverflow, o.RefusedOverflow}, {&s.RefusedOther, o.RefusedOther},
		{&s.Requests, o.Requests}, {&s.NoResponse, o.NoResponse}, {&s.Retried, o.Retried}, {&s.Splits, o.Splits},
		{&s.RawBytes, o.RawBytes}, {&s.WireBytes, o.WireBytes}, {&s.Blocked, o.Blocked},
		{&s.EventsLost, o.EventsLost}, {&s.DeadLetterErrors, o.DeadLetterErrors},
	} {
		*p.sum += p.one
	}
	for i := range s.Status {
		s.Status[i] += o.Status[i]
	}
	for i := range s.Latency {
		s.Latency[i] += o.Latency[i]
	}
	s.Queued += o.Queued
	s.InFlight += o.InFlight
	s.RequestTime += o.RequestTime
	s.BlockedFor += o.BlockedFor
	s.Memory += o.Memory
	s.MemoryLimit += o.MemoryLimit
	s.Down = s.Down || o.Down
	s.Failures = max(s.Failures, o.Failures)
	s.RetryAt = earlier(s.RetryAt, o.RetryAt)
	s.OldestPending = earlier(s.OldestPending, o.OldestPending)
	s.LastErrors = append(s.LastErrors, o.LastErrors...)
	if s.SpoolErr == nil {
		s.SpoolErr = o.SpoolErr
	}
}

// earlier returns the earlier of two times, of which the zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
