package batch

import (
	"context"
	"errors"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// This file turns what is appended into valid lines with timestamps, and puts them into the
// engine.
//
// An append gets a scratch, the memory of one append, from the pool of its writer's stager.
// appendLines and appendPoints go through stager.raw, which scans the lines and rewrites
// those that an encoder would write otherwise. encodeLines and WriteStructs go through
// stager.encoded: the lines of our own encoder are valid, only timestamps may be missing. A
// stampClock gives the timestamps. hand then passes the lines to engine.put, counts those
// that were refused, and makes the error. logged waits for the disk, once for all lines of an
// append.
//
// Invariants: no lock of the engine is held while code of the user runs. If no line needs a
// change, the bytes are passed on without a copy. Every line that hand passes on is
// complete, ends with a line feed, and has a timestamp unless Options.NoStamp is set. No two
// lines of a series get the same timestamp from one stampClock, unless the clock is set back
// by more than stampLead.

// A LineWriter accepts lines of line protocol in several forms: it is a [Writer], a
// [SyncWriter], a [ReplicaWriter] or a [ShardWriter].
type LineWriter interface {
	Append(ctx context.Context, lines []byte) error
	AppendPoints(ctx context.Context, points ...lp.Appender) error
	Encode(ctx context.Context, f func(*lp.Encoder)) error
	Flush(ctx context.Context) error
	Close(ctx context.Context) error
	Stats() Stats

	put(ctx context.Context, lines []byte, n int) (accepted int, err error)
	awaitLogged(ctx context.Context) error
	refused(n int, err error)
	stager() *stager
}

// A stager turns what is appended into valid lines with timestamps. It does not change
// after init, except for its clock and its pool, which several goroutines may use.
type stager struct {
	opt   lp.Options
	lines line.Options // options for reading raw lines
	stamp bool
	clock stampClock
	tags  []lp.Tag
	route *router
	pool  sync.Pool // of *scratch
}

// A scratch is the memory of one append.
type scratch struct {
	enc  lp.Encoder
	scan line.Scanner
	in   []byte // lines that the user's types wrote
	buf  []byte // lines that had to be changed, on their way to the engine
}

// keptScratch is the largest buffer that goes back to the pool.
const keptScratch = 64 << 10

func (s *stager) init(o *Options, p fastclient.Precision, api seam.API) {
	s.opt = o.Encoder
	s.opt.Precision, s.opt.Unsigned = p, points.Unsigned(api == seam.V1, o.Encoder.Unsigned)
	s.lines = points.ScanOptions(p, o.TrimCR)
	s.stamp = !o.NoStamp
	s.clock.init(p, o.MaxMemory)
	s.tags = o.DefaultTags
}

func (s *stager) get() *scratch {
	sc, _ := s.pool.Get().(*scratch)
	if sc == nil {
		sc = new(scratch)
		sc.enc.SetOptions(s.opt)
		sc.scan.SetOptions(s.lines)
		sc.scan.SetCheck(true)
		sc.enc.SetDefaultTags(s.tags...) // cannot fail: engine.init has tried them
	}
	return sc
}

func (s *stager) put(sc *scratch) {
	if cap(sc.buf)+cap(sc.in)+sc.enc.Len() > keptScratch {
		return
	}
	sc.enc.Reset()
	s.pool.Put(sc)
}

// encoded returns the n lines of an encoder with timestamps. It returns lines itself if no
// timestamp is missing. Lines for which there is no time left are left out, and counted in
// r.
func (s *stager) encoded(sc *scratch, lines []byte, n int, r *points.Refusal) ([]byte, int) {
	if !s.stamp || n == 1 && line.Stamped(lines) {
		return lines, n
	}
	kept := 0 // the lines before kept are in sc.buf
	sc.buf = sc.buf[:0]
	for at := 0; at < len(lines); {
		end := at + line.Len(lines[at:])
		if !line.Stamped(lines[at:end]) {
			sc.buf = append(sc.buf, lines[kept:at]...)
			if ts, ok := s.clock.stamp(s.series(lines[at:end])); ok {
				sc.buf = append(append(sc.buf, lines[at:end-1]...), ' ')
				sc.buf = append(lp.AppendTimestamp(sc.buf, ts), '\n')
			} else {
				r.Add(1, ErrNoTimeLeft)
				n--
			}
			kept = end
		}
		at = end
	}
	if kept == 0 {
		return lines, n
	}
	sc.buf = append(sc.buf, lines[kept:]...)
	return sc.buf, n
}

// series returns the line, or its measurement and tags, by which times are given to it.
func (s *stager) series(text []byte) []byte {
	if s.route == nil || s.route.o.Keep || s.clock.unit <= fastclient.Microsecond {
		return text
	}
	return s.route.series(nil, text)
}

// raw returns the n valid lines of data, each with its line feed and timestamp, as an
// encoder would write it. It returns data itself if nothing changes. Invalid lines, and
// lines for which there is no time left, are left out and counted in r.
func (s *stager) raw(sc *scratch, data []byte, r *points.Refusal) (lines []byte, n int) {
	scan := &sc.scan
	scan.Reset(data)
	kept, end := 0, 0 // the lines before kept are in sc.buf; the last line ends at end
	changed := false
	sc.buf = sc.buf[:0]
	for index := 0; scan.Next(); index++ {
		at := int(scan.Offset())
		next := int(scan.End())
		plain := scan.Plain && scan.Fault.Rule == 0 && data[next-1] == '\n' && (scan.Stamped || !s.stamp)
		if !plain || at != end {
			sc.buf = append(sc.buf, data[kept:end]...)
			kept, changed = at, true
		}
		end = next
		if plain {
			n++
			continue
		}
		kept = end
		switch {
		case scan.Fault.Rule != 0:
			r.AddLine(scan, index)
			continue
		case scan.Stamped || !s.stamp:
			sc.buf = scan.AppendPlain(sc.buf)
		default:
			begin := len(sc.buf)
			sc.buf = scan.AppendSeries(sc.buf)
			ts, ok := s.clock.stamp(s.series(sc.buf[begin:]))
			if !ok {
				sc.buf = sc.buf[:begin]
				r.Add(1, ErrNoTimeLeft)
				continue
			}
			sc.buf = append(scan.AppendFields(sc.buf), ' ')
			sc.buf = append(lp.AppendTimestamp(sc.buf, ts), '\n')
		}
		n++
	}
	if !changed && end == len(data) {
		return data, n
	}
	sc.buf = append(sc.buf, data[kept:end]...)
	return sc.buf, n
}

var errEncoderOptions = errors.New("batch: the options of the encoder were changed")

func appendLines(ctx context.Context, w LineWriter, data []byte) error {
	var r points.Refusal
	s := w.stager()
	sc := s.get()
	lines, n := s.raw(sc, data, &r)
	e := hand(ctx, w, lines, n, r)
	s.put(sc)
	return logged(ctx, w, n, e)
}

// frameEncoders write the frames among points.
var frameEncoders = sync.Pool{New: func() any { return new(frame.Encoder) }}

func appendPoints(ctx context.Context, w LineWriter, list []lp.Appender) error {
	var r points.Refusal
	s := w.stager()
	sc := s.get()
	sc.in = sc.in[:0]
	form := lp.Form{Precision: s.opt.Precision, Unsigned: s.opt.Unsigned}
	rows := frameEncoders.Get().(*frame.Encoder)
	rows.Options = s.opt
	for _, p := range list {
		var err error
		if sc.in, err = points.Append(sc.in, p, form, rows); err != nil {
			r.Add(points.Bad(err), err)
		}
	}
	rows.Reset()
	frameEncoders.Put(rows)
	// The user's types may write anything, so their lines are checked like raw ones.
	lines, n := s.raw(sc, sc.in, &r)
	e := hand(ctx, w, lines, n, r)
	s.put(sc)
	return logged(ctx, w, n, e)
}

func encodeLines(ctx context.Context, w LineWriter, f func(*lp.Encoder)) error {
	s := w.stager()
	sc := s.get()
	f(&sc.enc)
	n, e := handEncoded(ctx, w, s, sc)
	return logged(ctx, w, n, e)
}

// handEncoded is hand for the n points of sc's encoder. It frees sc.
func handEncoded(ctx context.Context, w LineWriter, s *stager, sc *scratch) (n int, e *AppendError) {
	var r points.Refusal
	sc.enc.Point("_") // makes the encoder refuse a point that was not ended
	sc.enc.Cancel()
	if sc.enc.Options() != s.opt {
		r.Add(max(sc.enc.Lines(), 1), errEncoderOptions)
		return 0, hand(ctx, w, nil, 0, r) // this encoder is not reused
	}
	if err := sc.enc.Err(); err != nil {
		r.Add(sc.enc.Refused(), err)
	}
	lines, n := s.encoded(sc, sc.enc.Bytes(), sc.enc.Lines(), &r)
	e = hand(ctx, w, lines, n, r)
	s.put(sc)
	return n, e
}

// hand puts n lines into w. It counts the lines of r, and those that w did not accept, as
// refused, and returns an *AppendError if there are any. Call logged afterwards.
func hand(ctx context.Context, w LineWriter, lines []byte, n int, r points.Refusal) *AppendError {
	accepted := 0
	if n > 0 {
		var err error
		if accepted, err = w.put(ctx, lines, n); err != nil {
			w.refused(n-accepted, err)
			if r.N == 0 {
				return &AppendError{Accepted: accepted, Refused: n - accepted, Err: err}
			}
			w.refused(r.N, r.Err)
			return &AppendError{Accepted: accepted, Refused: r.N + n - accepted, Err: errors.Join(r.Err, err)}
		}
	}
	if r.Err != nil {
		w.refused(r.N, r.Err)
		return &AppendError{Accepted: accepted, Refused: r.N, Err: r.Err}
	}
	return nil
}

// logged ends an append: it waits until the lines are logged that hand accepted, which are n
// or, with e, fewer.
func logged(ctx context.Context, w LineWriter, n int, e *AppendError) error {
	if e == nil {
		if n > 0 {
			if err := w.awaitLogged(ctx); err != nil {
				return &AppendError{Accepted: n, Err: err}
			}
		}
		return nil
	}
	if e.Accepted > 0 && ctx.Err() == nil && !errors.Is(e.Err, ErrWriterClosed) {
		if err := w.awaitLogged(ctx); err != nil {
			e.Err = errors.Join(e.Err, err)
		}
	}
	return e
}

// stagedStructs is how many structs are turned into lines at a time: few enough that the
// buffer is usually small enough to be reused.
const stagedStructs = 256

// WriteStructs appends structs to a [Writer] or a [SyncWriter], by a schema or, if that
// is nil, by [lp.SchemaFor]. Options, tags and precision are those of the writer. A
// struct that cannot be written is refused and the others are accepted: the error is an
// *[AppendError] with the first reason. A type that has no schema is a *[lp.SchemaError].
func WriteStructs[T any](ctx context.Context, w LineWriter, schema *lp.Schema[T], values []T) error {
	if schema == nil {
		var err error
		if schema, err = lp.SchemaFor[T](); err != nil {
			return err
		}
	}
	var failed *AppendError
	accepted, before, valid := 0, 0, 0
	for len(values) > 0 {
		n := min(stagedStructs, len(values))
		s := w.stager()
		sc := s.get()
		for i := range values[:n] {
			schema.Encode(&sc.enc, &values[i])
		}
		values = values[n:]
		lines, e := handEncoded(ctx, w, s, sc)
		if e != nil && failed == nil {
			renumber(e, before, valid)
		}
		before, valid = before+n, valid+lines
		if e == nil {
			accepted += lines
			continue
		}
		failed = failed.join(e)
		stop := ctx.Err()
		switch {
		case errors.Is(e, ErrWriterClosed):
			stop = ErrWriterClosed
		case errors.Is(e, ErrOverflow):
			stop = ErrOverflow
		}
		if stop != nil {
			// The remaining structs would be refused for the same reason.
			w.refused(len(values), stop)
			failed.Refused += len(values)
			break
		}
	}
	if failed != nil {
		failed.Accepted += accepted
	}
	return logged(ctx, w, accepted, failed)
}

// renumber makes the numbers in e, which are those among some structs, the numbers among all:
// so many are before, of which so many became valid lines.
func renumber(e *AppendError, before, valid int) {
	if p := (*lp.PointError)(nil); errors.As(e.Err, &p) {
		p.Index += before
	}
	if r := (*RouteError)(nil); errors.As(e.Err, &r) {
		r.Index += valid
	}
}

// A stampClock gives lines without a timestamp the time of their append, so that no two
// lines of a series get the same one.
//
// In nanoseconds and microseconds all lines share one sequence of times: no two lines get
// the same one, and the times stay close to the clock. In coarser units a shared sequence
// would run ahead of the clock, so each series has its own. It may be ahead of the clock by
// stampLead.
type stampClock struct {
	unit  fastclient.Precision
	limit int          // largest number of series
	last  atomic.Int64 // the last stamp, in fine units

	mu     sync.Mutex
	seed   maphash.Seed
	latest int64 // latest time of the clock
	// series holds the last stamp of each series, by seriesHash. An entry before latest
	// has no effect and may be removed.
	series map[uint64]int64
	sweep  int // at this number of entries those without effect are removed
}

const (
	stampLead = time.Minute
	// stampSeriesBytes is more than the memory of an entry of the map.
	stampSeriesBytes = 256
	minStampSeries   = 1024
)

func (c *stampClock) init(unit fastclient.Precision, maxMemory int) {
	c.unit, c.limit = unit, max(maxMemory/stampSeriesBytes, minStampSeries)
}

// stamp returns the timestamp of a line that is appended now, given the line or its
// measurement and tags. It reports false if the series has no time left.
func (c *stampClock) stamp(line []byte) (int64, bool) {
	if c.unit > fastclient.Microsecond {
		return c.stampSeries(line)
	}
	ts := time.Now().UnixNano() / c.unit.Unit()
	for {
		last := c.last.Load()
		next := max(ts, last+1)
		if c.last.CompareAndSwap(last, next) {
			return next, true
		}
	}
}

func (c *stampClock) stampSeries(line []byte) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lead := int64(stampLead) / c.unit.Unit()
	now := time.Now().UnixNano() / c.unit.Unit()
	switch {
	case c.series == nil:
		c.series, c.seed, c.sweep = map[uint64]int64{}, maphash.MakeSeed(), minStampSeries
	case now < c.latest-lead: // the clock was set back by more than a step
		clear(c.series)
	case now < c.latest:
		now = c.latest
	}
	c.latest = now
	series := seriesHash(c.seed, line)
	last, ok := c.series[series]
	if ok && last >= now {
		if last++; last-now > lead {
			return 0, false
		}
		c.series[series] = last
		return last, true
	}
	if !ok && len(c.series) >= c.sweep {
		for s, last := range c.series {
			if last < now {
				delete(c.series, s)
			}
		}
		if len(c.series) >= c.limit {
			return 0, false
		}
		c.sweep = min(max(2*len(c.series), minStampSeries), c.limit)
	}
	c.series[series] = now
	return now, true
}

// seriesHash returns a number for the measurement and tags of a line. It does not depend
// on the order of the tags.
func seriesHash(seed maphash.Seed, line []byte) (sum uint64) {
	start := 0
	part := func(end int) {
		h := maphash.Bytes(seed, line[start:end])
		if start == 0 {
			h = bits.RotateLeft64(h, 32) // tells the measurement from a tag
		}
		sum += h
		start = end + 1
	}
	for i, b := range line {
		if (b == ',' || b == ' ') && i > 0 && line[i-1] != '\\' {
			part(i)
			if b == ' ' {
				return sum
			}
		}
	}
	part(len(line))
	return sum
}
