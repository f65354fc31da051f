package batch

import (
	"context"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// A LineWriter takes lines of line protocol in its several forms: a [Writer] or
// a [SyncWriter].
type LineWriter interface {
	Append(ctx context.Context, lines []byte) error
	AppendPoints(ctx context.Context, points ...lp.Appender) error
	Encode(ctx context.Context, f func(*lp.Encoder)) error
	Flush(ctx context.Context) error
	Close(ctx context.Context) error
	Stats() Stats

	put(ctx context.Context, lines []byte, n int) (accepted int, err error)
	refused(n int, err error)
	stager() *stager
}

var (
	_ LineWriter = (*Writer)(nil)
	_ LineWriter = (*SyncWriter)(nil)
)

// Append takes lines of line protocol, whose timestamps are in the precision of
// the client. The last one may lack its line feed; empty lines and comments are
// left out. Append copies the lines and keeps nothing.
//
// It checks that each line is complete: measurement, tags, fields with values,
// at most a timestamp, and takes off spaces behind that. Lines that are not are
// refused and the others taken: the error is an *[AppendError] with the first
// reason. Append waits only under [Block], and then no longer than ctx.
func (w *Writer) Append(ctx context.Context, lines []byte) error {
	return appendLines(ctx, w, lines)
}

// AppendPoints takes whatever writes itself as line protocol: points, frames,
// batches of the user. An [lp.PrecisionAppender] writes its times in the precision
// of the client. It checks and returns like [Writer.Append].
func (w *Writer) AppendPoints(ctx context.Context, points ...lp.Appender) error {
	return appendPoints(ctx, w, points)
}

// Encode takes the points that f gives to the encoder. f runs on the calling
// goroutine, holds no lock, and must not keep the encoder, change its options,
// or take its bytes. Points that the encoder refuses are refused and the others
// taken: the error is an *[AppendError] with the first reason.
func (w *Writer) Encode(ctx context.Context, f func(*lp.Encoder)) error {
	return encodeLines(ctx, w, f)
}

func (e *engine) stager() *stager { return &e.stage }

// put copies n valid lines into batches. It returns how many it took, and why
// not all.
func (e *engine) put(ctx context.Context, lines []byte, n int) (accepted int, err error) {
	e.mu.Lock()
	for n > 0 {
		if e.closing {
			err = ErrWriterClosed
			break
		}
		if err = e.ended; err != nil {
			break
		}
		if e.open == nil && !e.openBatch() {
			if err = e.makeRoom(ctx); err != nil {
				break
			}
			continue
		}
		size, k := e.open.fit(lines, n, e.sealBytes, e.o.BatchLines)
		if k == 0 {
			if e.open.lines > 0 {
				e.seal()
				continue
			}
			if cap(e.open.buf) < e.o.BatchBytes && line.Len(lines) <= e.o.BatchBytes {
				e.discardOpen()
				e.filling = nil // it has no room for the line, a slab of its own has
				continue
			}
			err = fastclient.ErrLineTooLong
			break
		}
		b := e.open
		b.buf = append(b.buf, lines[:size]...)
		b.lines += k
		e.ledger.accept(k, size)
		lines, n, accepted = lines[size:], n-k, accepted+k
		if b.lines >= e.o.BatchLines || len(b.buf) >= e.sealBytes {
			e.seal()
		}
	}
	if e.open != nil && e.open.lines == 0 {
		e.discardOpen()
	}
	e.mu.Unlock()
	return accepted, err
}

// discardOpen gives back an open batch that got no line.
func (e *engine) discardOpen() {
	b := e.open
	e.open = nil
	e.free(b)
}

// fit returns how many of the n lines go into b, and their size. A line longer
// than sealBytes, which may have been lowered by what a server takes, goes into
// a batch of its own as long as the slab holds it.
func (b *slabBatch) fit(lines []byte, n, sealBytes, maxLines int) (size, k int) {
	room := min(sealBytes, cap(b.buf)) - len(b.buf)
	if len(lines) <= room && b.lines+n <= maxLines {
		return len(lines), n
	}
	for k < n && b.lines+k < maxLines {
		l := line.Len(lines[size:])
		if size+l > room {
			if b.lines+k == 0 && l <= cap(b.buf) {
				return l, 1
			}
			break
		}
		size += l
		k++
	}
	return size, k
}

// makeRoom does what the policy says when there is no slab. It returns nil when
// it is worth to look again. The lock is held, and released in between.
func (e *engine) makeRoom(ctx context.Context) error {
	switch e.o.Overflow {
	case DropNewest:
		return ErrOverflow
	case DropOldest:
		p := e.oldest()
		if p == nil {
			return ErrOverflow
		}
		e.drop(p, LossOverflow)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	x := e.waiters
	if x == nil {
		return ErrOverflow
	}
	if x.room == nil {
		x.room = make(chan struct{})
	}
	room := x.room
	e.counters.blocked++
	e.mu.Unlock()
	start := time.Now()
	var err error
	select {
	case <-room:
	case <-ctx.Done():
		err = ctx.Err()
	}
	e.mu.Lock()
	e.counters.blockedFor += time.Since(start)
	return err
}

// oldest returns the first waiting part that is worth dropping: one in a slab that
// no part under way holds, for only such a slab comes free.
func (e *engine) oldest() *part {
next:
	for p := e.queue.head; p != nil; p = p.next {
		for f := e.flying.head; f != nil; f = f.next {
			if f.batch.slab == p.batch.slab {
				continue next
			}
		}
		return p
	}
	return nil
}

// drop takes p out of the queue for good. The lock is held, and released while
// the dead letter gets the lines.
func (e *engine) drop(p *part, loss Loss) {
	e.queue.remove(p)
	e.flying.insert(p)
	if e.o.DeadLetter != nil {
		p.judged = &judgement{plan: verdict.Plan{Spans: []verdict.Span{{To: len(p.data), Lines: p.lines, Outcome: verdict.Rejected, Reason: verdict.Reason(loss)}}}}
		e.mu.Unlock()
		err := e.o.DeadLetter.Put(&LostLines{
			Lines: p.data, Count: p.lines, Lost: p.lines, Loss: loss, Seq: p.batch.seq, Time: time.Now(),
		})
		e.mu.Lock()
		e.deadLetterDone(err)
	}
	if p.list != &e.flying { // Close entered it meanwhile
		return
	}
	e.flying.remove(p)
	e.ledger.lose(loss, p.lines, len(p.data))
	e.lost(BatchError{Seq: p.batch.seq, Lines: p.lines, Loss: loss})
	e.emit(Event{Kind: EventDropped, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Loss: loss})
	e.settled(p.batch)
	e.waiters.wake()
}

// refused counts lines and points that were not taken.
func (e *engine) refused(n int, err error) {
	e.mu.Lock()
	e.counters.refuse(n, err)
	e.mu.Unlock()
}
