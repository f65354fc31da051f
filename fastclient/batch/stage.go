package batch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/fastclient/internal/stamp"
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
// stamp.Clock gives the timestamps. hand then passes the lines to engine.put, counts those
// that were refused, and makes the error. logged waits for the disk, once for all lines of an
// append.
//
// Invariants: no lock of the engine is held while code of the user runs. If no line needs a
// change, the bytes are passed on without a copy. Every line that hand passes on is
// complete, ends with a line feed, and has a timestamp unless Options.NoStamp is set. No two
// lines of a series get the same timestamp from the writers of one client, unless the clock is
// set back by more than stamp.Lead.

// A LineWriter accepts lines of line protocol in several forms: it is a [Writer], a
// [SyncWriter], a [ReplicaWriter] or a [ShardWriter].
type LineWriter interface {
	Append(ctx context.Context, lines []byte) error
	AppendPoints(ctx context.Context, points ...lp.Appender) error
	Encode(ctx context.Context, f func(*lp.Encoder)) error
	Flush(ctx context.Context) error
	Close(ctx context.Context) error
	Stats() Stats

	// accept takes n lines, or as many as there is memory for, and says which Writers took
	// some, for awaitLogged.
	accept(ctx context.Context, lines []byte, n int) (accepted int, by servers, err error)
	// awaitLogged returns when all lines that were accepted before by those Writers are
	// logged.
	awaitLogged(ctx context.Context, by servers) error
	refused(n int, err error)
	stager() *stager
}

// linesFrom returns lines without the first n.
func linesFrom(lines []byte, n int) []byte {
	for range n {
		lines = lines[line.Len(lines):]
	}
	return lines
}

// servers is a set of the Writers of a ShardWriter. It may have more than were added: number
// i and number i+64 are the same. Other writers have no use for it.
type servers uint64

func (s *servers) add(i int)     { *s |= 1 << (i % 64) }
func (s servers) has(i int) bool { return s&(1<<(i%64)) != 0 }

// A stager turns what is appended into valid lines with timestamps. It does not change
// after init, except for its clock and its pool, which several goroutines may use.
type stager struct {
	opt   lp.Options
	lines line.Options // options for reading raw lines
	stamp bool
	clock *stamp.Clock
	ended atomic.Bool // the writer is closed
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
	s.tags = o.DefaultTags
}

// setClock takes the clock of the lines that go to path. The caller calls release at the end.
func (s *stager) setClock(all *stamp.Clocks, path string, maxMemory int) (release func()) {
	if all == nil {
		all = new(stamp.Clocks)
	}
	s.clock, release = all.Of(path, s.opt.Precision, maxMemory)
	return release
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
			if ts, err := s.time(lines[at:end]); err == nil {
				sc.buf = append(append(sc.buf, lines[at:end-1]...), ' ')
				sc.buf = append(lp.AppendTimestamp(sc.buf, ts), '\n')
			} else {
				r.Add(1, err)
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

// time returns the timestamp of a line that is appended now, given the line or its measurement
// and tags. A writer that is closed takes no time of its series from others.
func (s *stager) time(text []byte) (int64, error) {
	if s.ended.Load() {
		return 0, ErrWriterClosed
	}
	ts, ok := s.clock.Stamp(s.series(text))
	if !ok {
		return 0, ErrNoTimeLeft
	}
	return ts, nil
}

// series returns the line, or its measurement and tags, by which times are given to it.
func (s *stager) series(text []byte) []byte {
	if s.route == nil || s.route.o.Keep || s.opt.Precision <= fastclient.Microsecond {
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
			ts, err := s.time(sc.buf[begin:])
			if err != nil {
				sc.buf = sc.buf[:begin]
				r.Add(1, err)
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
	by, e := hand(ctx, w, lines, n, r)
	s.put(sc)
	return logged(ctx, w, n, by, e)
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
	by, e := hand(ctx, w, lines, n, r)
	s.put(sc)
	return logged(ctx, w, n, by, e)
}

func encodeLines(ctx context.Context, w LineWriter, f func(*lp.Encoder)) error {
	s := w.stager()
	sc := s.get()
	f(&sc.enc)
	n, by, e := handEncoded(ctx, w, s, sc)
	return logged(ctx, w, n, by, e)
}

// handEncoded is hand for the n points of sc's encoder. It frees sc.
func handEncoded(ctx context.Context, w LineWriter, s *stager, sc *scratch) (n int, by servers, e *AppendError) {
	var r points.Refusal
	sc.enc.Point("_") // makes the encoder refuse a point that was not ended
	sc.enc.Cancel()
	if sc.enc.Options() != s.opt {
		r.Add(max(sc.enc.Lines(), 1), errEncoderOptions)
		by, e = hand(ctx, w, nil, 0, r)
		return 0, by, e // this encoder is not reused
	}
	if err := sc.enc.Err(); err != nil {
		r.Add(sc.enc.Refused(), err)
	}
	lines, n := s.encoded(sc, sc.enc.Bytes(), sc.enc.Lines(), &r)
	by, e = hand(ctx, w, lines, n, r)
	s.put(sc)
	return n, by, e
}

// hand puts n lines into w. It counts the lines of r, and those that w did not accept, as
// refused, and returns an *AppendError if there are any. Call logged afterwards.
func hand(ctx context.Context, w LineWriter, lines []byte, n int, r points.Refusal) (by servers, e *AppendError) {
	accepted := 0
	if n > 0 {
		var err error
		if accepted, by, err = w.accept(ctx, lines, n); err != nil {
			w.refused(n-accepted, err)
			if r.N == 0 {
				return by, &AppendError{Accepted: accepted, Refused: n - accepted, Err: err}
			}
			w.refused(r.N, r.Err)
			return by, &AppendError{Accepted: accepted, Refused: r.N + n - accepted, Err: errors.Join(r.Err, err)}
		}
	}
	if r.Err != nil {
		w.refused(r.N, r.Err)
		return by, &AppendError{Accepted: accepted, Refused: r.N, Err: r.Err}
	}
	return by, nil
}

// logged ends an append: it waits until the lines are logged that hand accepted, which are n
// or, with e, fewer, by those Writers.
func logged(ctx context.Context, w LineWriter, n int, by servers, e *AppendError) error {
	if e == nil {
		if n > 0 {
			if err := w.awaitLogged(ctx, by); err != nil {
				return &AppendError{Accepted: n, Err: err}
			}
		}
		return nil
	}
	if e.Accepted > 0 && ctx.Err() == nil && !errors.Is(e.Err, ErrWriterClosed) {
		if err := w.awaitLogged(ctx, by); err != nil {
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
	var by servers
	for len(values) > 0 {
		n := min(stagedStructs, len(values))
		s := w.stager()
		sc := s.get()
		for i := range values[:n] {
			schema.Encode(&sc.enc, &values[i])
		}
		values = values[n:]
		lines, took, e := handEncoded(ctx, w, s, sc)
		by |= took
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
	return logged(ctx, w, accepted, by, failed)
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
