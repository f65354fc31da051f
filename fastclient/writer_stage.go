package fastclient

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// A stager makes what is appended into valid lines with timestamps, outside of
// any lock: what the user's code does meanwhile holds up nobody.
type stager struct {
	opt   lp.Options
	stamp bool
	last  atomic.Int64 // nanoseconds of the last stamp
	tags  []lp.Tag
	pool  sync.Pool // of *scratch
}

// A scratch is what one append works in.
type scratch struct {
	enc lp.Encoder
	in  []byte // what types of the user wrote
	buf []byte // what is handed on
}

// keptScratch is the largest buffer that goes back to the pool.
const keptScratch = 64 << 10

func (s *stager) init(o *WriterOptions, p Precision) {
	s.opt = o.Encoder
	s.opt.Precision = p
	s.stamp = !o.NoStamp
	s.tags = o.Tags
}

func (s *stager) get() *scratch {
	sc, _ := s.pool.Get().(*scratch)
	if sc == nil {
		sc = new(scratch)
		sc.enc.SetOptions(s.opt)
		sc.enc.SetDefaultTags(s.tags...) // they were checked
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

// now returns the timestamp of lines appended now. In nanoseconds no two calls
// return the same one, so that points of one series do not replace each other.
func (s *stager) now() int64 {
	ns := time.Now().UnixNano()
	if unit := s.opt.Precision.Unit(); unit > 1 {
		return ns / unit
	}
	for {
		last := s.last.Load()
		next := max(ns, last+1)
		if s.last.CompareAndSwap(last, next) {
			return next
		}
	}
}

// stampLine appends a line, given without its line feed and its timestamp, with
// both.
func (s *stager) stampLine(dst, line []byte) []byte {
	dst = append(dst, line...)
	dst = append(dst, ' ')
	dst = lp.AppendTimestamp(dst, s.now())
	return append(dst, '\n')
}

// encoded returns n lines that an encoder wrote, with timestamps: lines itself
// when none is missing.
func (s *stager) encoded(sc *scratch, lines []byte, n int) []byte {
	if !s.stamp || n == 1 && endsStamped(lines) {
		return lines
	}
	kept := 0 // what is before stands in sc.buf
	sc.buf = sc.buf[:0]
	for at := 0; at < len(lines); {
		end := at + lineLen(lines[at:])
		if !endsStamped(lines[at:end]) {
			sc.buf = append(sc.buf, lines[kept:at]...)
			sc.buf = s.stampLine(sc.buf, lines[at:end-1])
			kept = end
		}
		at = end
	}
	if kept == 0 {
		return lines
	}
	sc.buf = append(sc.buf, lines[kept:]...)
	return sc.buf
}

// A refusal counts what an append does not take, with the first reason.
type refusal struct {
	n   int
	err error
}

func (r *refusal) add(n int, err error) {
	r.n += n
	if r.err == nil {
		r.err = err
	}
}

// raw returns the n valid ones of the lines in data, each ended and stamped, and
// without spaces at its end: data itself when there is nothing to change. It adds
// the others to r.
func (s *stager) raw(sc *scratch, data []byte, r *refusal) (lines []byte, n int) {
	kept, changed := 0, false // what is before kept stands in sc.buf
	sc.buf = sc.buf[:0]
	for at, index := 0, 0; at < len(data); {
		if data[at] == '\n' || data[at] == '#' {
			end := min(nextLF(data, at)+1, len(data))
			sc.buf = append(sc.buf, data[kept:at]...)
			at, kept, changed = end, end, true
			continue
		}
		size, stamped, fault := scanLine(data[at:])
		lf := at + size
		end := min(lf+1, len(data))
		switch {
		case fault != faultNone:
			r.add(1, &lp.PointError{Index: index, Part: lp.PartLine, Reason: lp.ErrLine, Err: fault})
			sc.buf = append(sc.buf, data[kept:at]...)
			kept, changed = end, true
		case s.stamp && !stamped:
			n++
			sc.buf = append(sc.buf, data[kept:at]...)
			sc.buf = s.stampLine(sc.buf, data[at:lf])
			kept, changed = end, true
		case data[lf-1] == ' ': // servers of 1.x let it pass, others are not asked
			n++
			stamp := lf - 1
			for data[stamp-1] == ' ' {
				stamp--
			}
			sc.buf = append(append(sc.buf, data[kept:stamp]...), '\n')
			kept, changed = end, true
		case lf == len(data): // the last line, without its end
			n++
			sc.buf = append(append(sc.buf, data[kept:]...), '\n')
			kept, changed = end, true
		default:
			n++
		}
		index++
		at = end
	}
	if !changed {
		return data, n
	}
	sc.buf = append(sc.buf, data[kept:]...)
	return sc.buf, n
}

// Error makes a fault the cause in an lp.PointError.
func (f lineFault) Error() string { return string(f) }

var errEncoderOptions = errors.New("fastclient: the options of the encoder were changed")

func appendLines(ctx context.Context, w LineWriter, data []byte) error {
	var r refusal
	s := w.stager()
	sc := s.get()
	lines, n := s.raw(sc, data, &r)
	err := hand(ctx, w, lines, n, r)
	s.put(sc)
	return err
}

func appendPoints(ctx context.Context, w LineWriter, points []lp.Appender) error {
	var r refusal
	s := w.stager()
	sc := s.get()
	sc.in = sc.in[:0]
	for _, p := range points {
		var err error
		if sc.in, err = appendPoint(sc.in, p, s.opt.Precision, ""); err != nil {
			r.add(1, err)
		}
	}
	// What types of the user wrote is checked like any raw line.
	lines, n := s.raw(sc, sc.in, &r)
	err := hand(ctx, w, lines, n, r)
	s.put(sc)
	return err
}

func encodeLines(ctx context.Context, w LineWriter, f func(*lp.Encoder)) error {
	s := w.stager()
	sc := s.get()
	f(&sc.enc)
	return handEncoded(ctx, w, s, sc)
}

// handEncoded puts the points of sc's encoder into w and lets go of sc.
func handEncoded(ctx context.Context, w LineWriter, s *stager, sc *scratch) error {
	var r refusal
	sc.enc.Point("_") // refuses a point that was left open
	sc.enc.Cancel()
	if sc.enc.Options() != s.opt {
		r.add(max(sc.enc.Lines(), 1), errEncoderOptions)
		return hand(ctx, w, nil, 0, r) // this encoder is not used again
	}
	if err := sc.enc.Err(); err != nil {
		r.add(sc.enc.Refused(), err)
	}
	n := sc.enc.Lines()
	err := hand(ctx, w, s.encoded(sc, sc.enc.Bytes(), n), n, r)
	s.put(sc)
	return err
}

// hand puts n lines into w and counts what was not taken.
func hand(ctx context.Context, w LineWriter, lines []byte, n int, r refusal) error {
	accepted := 0
	if n > 0 {
		var err error
		if accepted, err = w.put(ctx, lines, n); err != nil {
			w.refused(n-accepted, err)
			if r.n == 0 {
				return &AppendError{Accepted: accepted, Refused: n - accepted, Err: err}
			}
			w.refused(r.n, r.err)
			return &AppendError{Accepted: accepted, Refused: r.n + n - accepted, Err: errors.Join(r.err, err)}
		}
	}
	if r.err != nil {
		w.refused(r.n, r.err)
		return &AppendError{Accepted: accepted, Refused: r.n, Err: r.err}
	}
	return nil
}
