package batch

import (
	"bytes"
	"errors"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/internal/line"
)

// This file brings batches back from disk. The goroutine of the spool reads ahead into a few
// slots, and senders take the batches as they take others; a role says which first. Small
// frames that fit together become one batch. The frames are acked when it is settled.
//
// Frames that cannot be sent, because they go elsewhere or their lines are not as their
// header says, stay leased, so that they are not read again by this Writer. Frames whose place
// does not exist are leased until the pause of the place is over, so that they do not keep
// others from coming.

// slack is what inflate.AppendGunzip needs beyond the lines.
const slack = 512

// fetch brings one batch back if there is room for it, and reports whether it did.
func (w *Writer) fetch() bool {
	d := w.disk
	w.returnSkipped()
	w.mu.Lock()
	slot := w.slotToFill()
	if slot == nil {
		w.drained()
	}
	w.mu.Unlock()
	if slot == nil {
		return false
	}
	frames, lines, err := w.fill(slot)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		d.readAt = time.Now().Add(diskPause)
		w.emit(Event{Kind: EventSpoolFailed, Err: err, Delay: diskPause})
		w.waiters.wake() // nothing is held for what cannot be read
	}
	w.reconcile()
	if lines == 0 {
		d.slots = append(d.slots, slot)
		w.drained()
		return false
	}
	w.enqueue(slot, frames, lines)
	return true
}

// slotToFill returns a free slot if something may come back now. A batch that is larger than
// ours comes alone, since MaxMemory has no room for it. The lock is held.
func (w *Writer) slotToFill() *replaySlot {
	d, now := w.disk, time.Now()
	n := len(d.slots)
	if !d.waiting || n == 0 || d.large > 0 || w.closing || now.Before(d.readAt) || now.Before(d.nextReplay) || d.used > 0 && w.allDown() {
		return nil
	}
	slot := d.slots[n-1]
	d.slots = d.slots[:n-1]
	return slot
}

// drained ends OldestFirst's way of new lines through the disk if nothing is there any more.
func (e *engine) drained() {
	d := e.disk
	if d.from == 0 || d.waiting || d.used > 0 || d.moving.n > 0 || len(d.skipped) > 0 {
		return
	}
	d.from = 0
	e.waiters.wake()
}

// fill reads batches into slot until it is full or none waits. It returns the frames and
// their number of lines.
func (w *Writer) fill(slot *replaySlot) (frames []uint64, n int, err error) {
	d := w.disk
	slot.lines, slot.own = slot.lines[:0], Count{}
	read := &slot.read
	for n < w.o.BatchLines {
		ok, err := d.s.TryNext(read, spool.Oldest)
		if errors.Is(err, spool.ErrDamaged) || errors.Is(err, spool.ErrGone) {
			continue // reconcile counts it
		}
		if !ok {
			return frames, n, err
		}
		if w.skips(read) {
			continue
		}
		if n > 0 && !w.joins(slot, n, read) {
			return frames, n, d.s.Return(read.Seq)
		}
		lines, why := w.unpack(slot.lines, read)
		if why != "" {
			w.refuseFrame(read, why)
			continue
		}
		slot.lines = lines
		if read.Seq > d.start {
			slot.own.add(read.Lines, read.Bytes)
		}
		frames = append(frames, read.Seq)
		n += read.Lines
		if len(slot.lines) > w.o.BatchBytes/2 || n > w.o.BatchLines/2 {
			break
		}
		read = &d.more
	}
	return frames, n, nil
}

// joins reports whether f can be in one batch with the n lines in slot. Lines of different
// ages cannot if there is a MaxAge, which drops whole batches, and neither can lines of this
// Writer and those that it found, so that a SpooledError counts the former.
func (w *Writer) joins(slot *replaySlot, n int, f *spool.Batch) bool {
	d, first := w.disk, &slot.read
	return len(slot.lines)+f.Bytes <= w.o.BatchBytes && n+f.Lines <= w.o.BatchLines &&
		bytes.Equal(f.Target, first.Target) && f.Seq > d.start == (first.Seq > d.start) &&
		(w.o.MaxAge == 0 || f.SealedAt.Sub(first.SealedAt).Abs() <= w.o.MaxAge/10)
}

// unpack appends the lines of f to dst, or says why f cannot be sent.
func (w *Writer) unpack(dst []byte, f *spool.Batch) (lines []byte, why string) {
	d := w.disk
	switch {
	case !bytes.Equal(f.Target, d.target) && w.placeOfFrame(f.Target) == nil:
		return nil, string(f.Target)
	case f.Bytes > 2*maxBatchBytes:
		return nil, "a batch larger than servers accept"
	}
	if need := len(dst) + f.Bytes + slack; cap(dst) < need {
		dst = append(make([]byte, 0, max(need, w.o.BatchBytes+slack)), dst...)
	}
	var err error
	switch f.Encoding {
	case spool.Gzip:
		lines, err = inflate.AppendGunzip(dst, f.Body, f.Bytes)
	case spool.Zstd:
		lines, err = d.unzstd(dst, f.Body)
	default:
		lines = append(dst, f.Body...)
	}
	if got := lines[min(len(dst), len(lines)):]; err != nil || len(got) != f.Bytes || line.Count(got) != f.Lines || got[len(got)-1] != '\n' {
		return nil, "a batch whose lines are not as its header says"
	}
	return lines, ""
}

// unzstd appends what body holds to dst.
func (d *spooling) unzstd(dst, body []byte) (lines []byte, err error) {
	if d.zstd == nil {
		if d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxBatchBytes)); err != nil {
			return dst, err
		}
	}
	return d.zstd.DecodeAll(body, dst)
}

// refuseFrame leaves f on disk for good.
func (w *Writer) refuseFrame(f *spool.Batch, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disk.other.add(f.Lines, f.Bytes)
	w.emit(Event{Kind: EventOtherTarget, Lines: f.Lines, Bytes: f.Bytes, Message: why})
}

// enqueue makes the lines in slot a batch that waits. The lock is held.
func (w *Writer) enqueue(slot *replaySlot, frames []uint64, lines int) {
	d := w.disk
	d.used++
	if d.isLarge(slot) {
		d.large++
	}
	size := len(slot.lines)
	w.seq++
	b := &slabBatch{
		buf: slot.lines[:size:size], lines: lines, seq: w.seq, opened: slot.read.SealedAt, sealed: slot.read.SealedAt, parts: 1,
		onDisk: onDisk{frames: frames, replay: slot},
	}
	if len(frames) == 1 && slot.read.Encoding != spool.Plain {
		b.body, b.encoding = slot.read.Body, slot.read.Encoding
	}
	b.first = part{batch: b, data: b.buf, lines: lines}
	w.replayTo(b, slot.read.Target)
	w.live++
	d.replays.insert(&b.first)
	w.ledger.unspool(lines, size)
	if rate := d.o.ReplayRate; rate > 0 {
		pause := time.Duration(float64(size) / float64(rate) * float64(time.Second))
		if now := time.Now(); d.nextReplay.Before(now) {
			d.nextReplay = now
		}
		d.nextReplay = d.nextReplay.Add(pause)
	}
	w.waiters.wake()
}

// placeOfFrame returns the place of a frame on disk; nil: it is none of this Writer's.
func (e *engine) placeOfFrame(target []byte) *seam.Place {
	if e.routing == nil {
		return nil
	}
	if p := e.placeOf(string(target)); p != nil && e.routing.admits(p) {
		return p
	}
	return nil
}

// replayTo makes b, which came from disk, a batch of the place in target.
func (e *engine) replayTo(b *slabBatch, target []byte) {
	if p := e.placeOfFrame(target); p != nil {
		e.routing.hold(b, e.routing.newRoute("", p))
	}
}

// skips reports whether f goes to a place that does not exist. It then stays leased. The lock
// is not held.
func (w *Writer) skips(f *spool.Batch) bool {
	x := w.routing
	if x == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	d, until := w.disk, x.pauses[string(f.Target)].until
	if !time.Now().Before(until) {
		return false
	}
	if len(d.skipped) == 0 || until.Before(d.skipUntil) {
		d.skipUntil = until
	}
	d.skipped = append(d.skipped, f.Seq)
	return true
}

// returnSkipped gives the frames back that were passed over, when a pause is over. The lock is
// not held.
func (w *Writer) returnSkipped() {
	d := w.disk
	if len(d.skipped) == 0 {
		return
	}
	w.mu.Lock()
	over := !time.Now().Before(d.skipUntil)
	d.waiting = d.waiting || over
	w.mu.Unlock()
	if over {
		for _, seq := range d.skipped {
			d.s.Return(seq)
		}
		d.skipped = d.skipped[:0]
	}
}

// returnPaused gives a part from disk whose place does not exist back to the disk, and reports
// whether it did.
func (w *Writer) returnPaused() bool {
	d := w.disk
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.routing == nil || w.closing || d.failing() {
		return false
	}
	p, now := d.replays.head, time.Now()
	for p != nil && !w.routing.paused(p.batch.route.at(), now) {
		p = p.next
	}
	if p == nil {
		return false
	}
	return w.moveToDisk(p, &d.replays)
}
