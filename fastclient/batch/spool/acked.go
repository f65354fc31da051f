package spool

import "io"

// This file keeps acks that the mark cannot say, because an older batch of the segment is
// not acked. Close writes them into the file of the mark, so that after it no acked batch
// comes again. What is written there stays true for ever: a segment is named by its ID and
// salt, and an ack is never taken back. So an old record does no harm, a torn one is
// ignored, and neither needs a sync.

const (
	ackedOffset = 2 * slotDistance // in the file of the mark
	ackedMagic  = "pwspoola"
	ackedHead   = prologueSize + 8
	// maxAcked bounds the segments in the record; of others, acked batches come again.
	maxAcked     = 256
	maxAckedSize = ackedHead + maxAcked*(20+maxFrames/8) + 4
)

// An ackedSegment is a segment and which of its batches are acked.
type ackedSegment struct {
	id, salt uint64
	done     bitmap
}

// appendAcked appends the record of the segments.
func appendAcked(b []byte, list []ackedSegment) []byte {
	start := len(b)
	b = appendPrologue(b, ackedMagic)
	b = order.AppendUint64(b, uint64(len(list)))
	for i := range list {
		a := &list[i]
		b = order.AppendUint64(b, a.id)
		b = order.AppendUint64(b, a.salt)
		b = order.AppendUint32(b, uint32(len(a.done)))
		for _, word := range a.done {
			b = order.AppendUint64(b, word)
		}
	}
	return order.AppendUint32(b, checksum(0, b[start:]))
}

// parseAcked reads the record, or returns nothing if it is damaged or not there.
func parseAcked(b []byte) (list []ackedSegment) {
	if len(b) < ackedHead+4 || prologueVersion(b, ackedMagic) != version {
		return nil
	}
	end := len(b) - 4
	n := order.Uint64(b[prologueSize:])
	if n > maxAcked || order.Uint32(b[end:]) != checksum(0, b[:end]) {
		return nil
	}
	at := ackedHead
	for range n {
		if end-at < 20 {
			return nil
		}
		a := ackedSegment{id: order.Uint64(b[at:]), salt: order.Uint64(b[at+8:])}
		words := int(order.Uint32(b[at+16:]))
		at += 20
		if words > maxFrames/64 || end-at < 8*words {
			return nil
		}
		for range words {
			a.done = append(a.done, order.Uint64(b[at:]))
			at += 8
		}
		list = append(list, a)
	}
	if at != end {
		return nil
	}
	return list
}

// readAcked reads the record in the file of the mark.
func readAcked(f file) ([]ackedSegment, error) {
	size, err := f.size()
	if err != nil || size <= ackedOffset || size > ackedOffset+maxAckedSize {
		return nil, err
	}
	b := make([]byte, size-ackedOffset)
	if n, err := f.ReadAt(b, ackedOffset); n < len(b) && err != io.EOF {
		return nil, err
	}
	return parseAcked(b), nil
}

// isAcked reports whether the record says that batch i of segment n is acked.
func isAcked(list []ackedSegment, n identity, i int) bool {
	for k := range list {
		if list[k].id == n.id && list[k].salt == n.salt {
			return list[k].done.has(i)
		}
	}
	return false
}
