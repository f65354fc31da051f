package spool

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// seedFiles returns the manifest, the mark and the segment of small spools: one that was
// closed, and one whose process was killed.
func seedFiles(add func(manifest, mark, segment []byte)) {
	for _, closed := range []bool{false, true} {
		w := newWorld(finder{}, 3)
		w.reopen()
		for range 4 {
			b := w.batch()
			b.Body = b.Body[:min(len(b.Body), 40)]
			if err := w.s.Put(&b); err != nil {
				panic(err)
			}
		}
		var b Batch
		if ok, err := w.s.TryNext(&b, Oldest); !ok || w.s.Ack(b.Seq) != nil {
			panic(err)
		}
		if closed {
			w.s.Close()
		}
		add(w.d.names[manifestName].data, w.d.names[markName].data, w.d.names[segmentName(1)].data)
	}
}

// FuzzRecovery opens directories with any files. The spool opens unless a file says that it
// has another version, adds up, can be used, and reports nothing the next time.
func FuzzRecovery(f *testing.F) {
	seedFiles(func(manifest, mark, segment []byte) { f.Add(manifest, mark, segment, uint64(1)) })
	f.Add([]byte(nil), []byte(nil), []byte(nil), uint64(0))
	for _, n := range []uint64{maxNumber - maxFrames - 2, maxNumber - maxFrames - 1, maxNumber - maxFrames, maxNumber - 1} {
		slots := make([]byte, markSize)
		appendSlot(slots[:0], n)
		segment := appendSegmentHeader(nil, identity{id: n, base: 1})
		f.Add([]byte(nil), slots, append(segment, 1), n)
		f.Add((&manifest{nextID: n + 1, nextSeq: n + 1}).appendTo(nil), slots, []byte(nil), n)
	}
	f.Fuzz(func(t *testing.T, manifest, mark, segment []byte, id uint64) {
		d := newMemDisk()
		if id%2 == 1 {
			manifest, mark, segment = withChecksums(manifest, mark, segment)
		}
		for name, b := range map[string][]byte{manifestName: manifest, markName: mark, segmentName(id): segment, "foreign": segment} {
			if b != nil {
				d.names[name] = &inode{data: slices.Clone(b)}
			}
		}
		w := newWorld(seeded{t, 0}, 1)
		s, err := w.open(d)
		if errors.Is(err, ErrVersion) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		w.adds(s)
		var b Batch
		for n := 0; ; n++ {
			ok, err := s.TryNext(&b, Oldest)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if n%2 == 0 {
				if err := s.Ack(b.Seq); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Put(numbered(1)); err != nil && !(err == errNumbers && (s.nextSeq > maxNumber-maxFrames || s.nextID == maxNumber)) {
			t.Fatal(err)
		}
		w.adds(s)
		left := s.Stats()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := w.open(d)
		if err != nil {
			t.Fatal(err)
		}
		r := again.Recovery()
		if n := r.Waiting.Batches; n < left.Waiting.Batches+left.Leased.Batches || n > left.Waiting.Batches+left.Leased.Batches+left.Acked.Batches {
			t.Errorf("%d batches after a restart: %+v", n, left)
		}
		r.Waiting = Count{}
		if r != (Recovery{}) {
			t.Errorf("reported twice: %+v", r)
		}
		if n := d.names["foreign"]; segment != nil && !bytes.Equal(n.data, segment) {
			t.Error("a foreign file was changed")
		}
	})
}

// withChecksums makes the checksums right, so that the numbers between them are read.
func withChecksums(manifest, mark, segment []byte) (a, b, c []byte) {
	manifest, mark, segment = slices.Clone(manifest), slices.Clone(mark), slices.Clone(segment)
	fix := func(b []byte, seed uint32, from, to int) bool {
		if len(b) < to+4 {
			return false
		}
		order.PutUint32(b[to:], checksum(seed, b[from:to]))
		return true
	}
	fix(manifest, 0, 0, 12)
	fix(manifest, 0, 0, 44)
	for at := manifestHeadSize; at < len(manifest); at += manifestEntrySize {
		fix(manifest, 0, at, at+44)
	}
	fix(mark, 0, 0, 12)
	fix(mark, 0, 0, 24)
	fix(segment, 0, 0, 12)
	fix(segment, 0, 0, 40)
	n, _ := parseSegmentHeader(segment)
	for at := segmentHeaderSize; at+frameHeaderSize <= len(segment); {
		frame := segment[at:]
		end := frameHeaderSize + int(order.Uint32(frame[24:])) + int(order.Uint16(frame[36:]))
		if end < 0 || end > len(frame) {
			break
		}
		order.PutUint32(frame[4:], checksum(n.seed(), frame[frameHeaderSize:end]))
		order.PutUint32(frame, checksum(n.seed(), frame[4:frameHeaderSize]))
		at += end
	}
	return manifest, mark, segment
}

// framesPlain is the plain twin of scanner: it has the whole segment in one slice.
func framesPlain(b []byte, seed uint32, seq uint64) (list []frameHeader, at int, what found) {
	for at = segmentHeaderSize; ; seq++ {
		switch {
		case at >= len(b):
			return list, at, foundEnd
		case len(b)-at < frameHeaderSize:
			return list, at, foundShort
		}
		h, ok := parseFrameHeader(b[at:], seed, seq)
		if !ok {
			return list, at, foundHeader
		}
		end := at + int(h.size())
		if end > len(b) {
			return list, at, foundShort
		}
		if checksum(seed, b[at+frameHeaderSize:end]) != h.check {
			return list, at, foundBody
		}
		list = append(list, h)
		at = end
	}
}

// FuzzScan compares the scanner, through windows of several sizes, with its plain twin.
func FuzzScan(f *testing.F) {
	seedFiles(func(_, _, segment []byte) { f.Add(segment, uint16(0), byte(0)) })
	f.Fuzz(func(t *testing.T, segment []byte, flip uint16, bit byte) {
		if len(segment) < segmentHeaderSize {
			return
		}
		n, ok := parseSegmentHeader(segment)
		if !ok { // make what follows valid more often
			n = identity{id: 1, base: 1}
		}
		segment = slices.Clone(segment)
		segment[int(flip)%len(segment)] ^= 1 << (bit % 8)
		want, wantAt, wantWhat := framesPlain(segment, n.seed(), n.base)
		for _, window := range []int{frameHeaderSize, 64, 4096} {
			r := scanner{
				f: bytes.NewReader(segment), at: segmentHeaderSize, end: int64(len(segment)), seed: n.seed(), seq: n.base,
				buf: make([]byte, window),
			}
			var got []frameHeader
			var what found
			for {
				var h frameHeader
				if h, what = r.next(true); what != foundFrame {
					break
				}
				got = append(got, h)
			}
			if !slices.Equal(got, want) || r.at != int64(wantAt) || what != wantWhat {
				t.Errorf("window of %d: %d frames up to %d, %d; want %d up to %d, %d", window, len(got), r.at, what, len(want), wantAt, wantWhat)
			}
		}
	})
}
