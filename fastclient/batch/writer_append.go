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

func (w *Writer) stager() *stager { return &w.stage }

// put copies n valid lines into batches. It returns how many it took, and why
// not all.
func (w *Writer) put(ctx context.Context, lines []byte, n int) (accepted int, err error) {
	w.mu.Lock()
	for n > 0 {
		if w.closing {
			err = ErrWriterClosed
			break
		}
		if err = w.ended; err != nil {
			break
		}
		if w.open == nil && !w.openBatch() {
			if err = w.makeRoom(ctx); err != nil {
				break
			}
			continue
		}
		size, k := w.open.fit(lines, n, w.sealBytes, w.o.BatchLines)
		if k == 0 {
			if w.open.lines > 0 {
				w.seal()
				continue
			}
			if cap(w.open.buf) < w.o.BatchBytes && line.Len(lines) <= w.o.BatchBytes {
				w.discardOpen()
				w.filling = nil // it has no room for the line, a slab of its own has
				continue
			}
			err = fastclient.ErrLineTooLong
			break
		}
		b := w.open
		b.buf = append(b.buf, lines[:size]...)
		b.lines += k
		w.ledger.accept(k, size)
		lines, n, accepted = lines[size:], n-k, accepted+k
		if b.lines >= w.o.BatchLines || len(b.buf) >= w.sealBytes {
			w.seal()
		}
	}
	if w.open != nil && w.open.lines == 0 {
		w.discardOpen()
	}
	w.mu.Unlock()
	return accepted, err
}

// discardOpen gives back an open batch that got no line.
func (w *Writer) discardOpen() {
	b := w.open
	w.open = nil
	w.free(b)
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
func (w *Writer) makeRoom(ctx context.Context) error {
	switch w.o.Overflow {
	case DropNewest:
		return ErrOverflow
	case DropOldest:
		p := w.oldest()
		if p == nil {
			return ErrOverflow
		}
		w.drop(p, LossOverflow)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.room == nil {
		w.room = make(chan struct{})
	}
	room := w.room
	w.counters.blocked++
	w.mu.Unlock()
	start := time.Now()
	var err error
	select {
	case <-room:
	case <-ctx.Done():
		err = ctx.Err()
	}
	w.mu.Lock()
	w.counters.blockedFor += time.Since(start)
	return err
}

// oldest returns the first waiting part that is worth dropping: one in a slab that
// no part under way holds, for only such a slab comes free.
func (w *Writer) oldest() *part {
next:
	for p := w.queue.head; p != nil; p = p.next {
		for f := w.flying.head; f != nil; f = f.next {
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
func (w *Writer) drop(p *part, loss Loss) {
	w.queue.remove(p)
	w.flying.insert(p)
	if w.o.DeadLetter != nil {
		p.judged = &judgement{plan: verdict.Plan{Spans: []verdict.Span{{To: len(p.data), Lines: p.lines, Outcome: verdict.Rejected, Reason: verdict.Reason(loss)}}}}
		w.mu.Unlock()
		err := w.o.DeadLetter.Put(&LostLines{
			Lines: p.data, Count: p.lines, Lost: p.lines, Loss: loss, Seq: p.batch.seq, Time: time.Now(),
		})
		w.mu.Lock()
		w.deadLetterDone(err)
	}
	if p.list != &w.flying { // Close entered it meanwhile
		return
	}
	w.flying.remove(p)
	w.ledger.lose(loss, p.lines, len(p.data))
	w.lost(BatchError{Seq: p.batch.seq, Lines: p.lines, Loss: loss})
	w.emit(Event{Kind: EventDropped, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Loss: loss})
	w.settled(p.batch)
	w.work.Broadcast()
}

// refused counts lines and points that were not taken.
func (w *Writer) refused(n int, err error) {
	w.mu.Lock()
	w.counters.refuse(n, err)
	w.mu.Unlock()
}
