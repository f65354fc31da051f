package inflate

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A verdict says why a part of the decoder stopped.
type verdict uint8

const (
	done verdict = iota // it has finished its part
	more                // it needs more input
	full                // it needs room for output
	bad                 // the input is wrong; decoder.err says why
)

// A phase is the part of the format that comes next in the input.
type phase uint8

const (
	atHeader phase = iota
	atExtraLength
	atExtra
	atName
	atComment
	atHeaderSum
	atBlock
	atTables
	inStored
	inBlock
	atTrailer
)

// The flags of a header, RFC 1952, 2.3.1. All other flags are ignored.
const (
	flagHeaderSum = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
)

const (
	headerBytes  = 10
	trailerBytes = 8
	// maxText is the size of the longest name or comment, with its final zero byte.
	// compress/gzip has the same limit.
	maxText = 512
	// window is the greatest distance.
	window = 32 << 10
	// slack is the room for output that a step of the decoder needs after stop: the
	// longest match, and the bytes that stores of whole words write beyond it.
	slack = 258 + 62
)

// A decoder decodes the members of in to a buffer that its caller holds. Between two
// calls it has consumed whole bytes of in, except for the n lowest bits of bits: these
// are fewer than 8, and belong to the last byte before at.
type decoder struct {
	in   []byte
	at   int
	bits uint64
	n    uint

	phase  phase
	flags  uint8
	final  bool
	any    bool // a member has ended
	left   int  // bytes left of a header's field, or of a stored block
	base   int  // where the member begins in out, or 0 if that is before out
	summed int  // end of the part of out that sum and size include
	sum    uint32
	size   uint32
	before int64 // bytes of input before in
	err    error

	tables tables
}

// reset makes d ready for other input, to be decoded to out from w on.
func (d *decoder) reset(in []byte, w int) {
	d.in, d.at, d.bits, d.n = in, 0, 0, 0
	d.phase, d.final, d.any, d.err = atHeader, false, false, nil
	d.base, d.summed, d.before = w, w, 0
}

func (d *decoder) fail(cause error) verdict {
	d.err = &Error{Offset: d.before + int64(d.at), Err: cause}
	return bad
}

// ended reports whether the input may end here.
func (d *decoder) ended() bool { return d.phase == atHeader && d.any && d.at == len(d.in) }

// run decodes to out from w on, until the input is used up, or w reaches stop, or the
// input proves wrong. It returns the new w. The caller must ensure that
// stop+slack <= len(out), and that the member's output so far, or its last 32 KiB, lies
// directly before w.
func (d *decoder) run(out []byte, w, stop int) (int, verdict) {
	for {
		var v verdict
		switch d.phase {
		case inBlock:
			w, v = d.symbols(out, w, stop)
		case inStored:
			w, v = d.stored(out, w, stop)
		case atBlock:
			v = d.block()
		case atTables:
			if v = d.readTables(); v == done {
				d.phase = inBlock
			}
		case atTrailer:
			d.add(out, w)
			if v = d.trailer(); v == done {
				d.base = w
			}
		default:
			v = d.header()
		}
		if v != done {
			d.add(out, w)
			return w, v
		}
	}
}

// add updates sum and size with the output up to w.
func (d *decoder) add(out []byte, w int) {
	if d.summed < w {
		d.sum = crc32.Update(d.sum, crc32.IEEETable, out[d.summed:w])
		d.size += uint32(w - d.summed)
		d.summed = w
	}
}

// header reads the next part of a header.
func (d *decoder) header() verdict {
	in := d.in[d.at:]
	switch d.phase {
	case atHeader:
		if len(in) < headerBytes {
			return more
		}
		if in[0] != 0x1f || in[1] != 0x8b || in[2] != 8 {
			return d.fail(ErrHeader)
		}
		d.flags = in[3]
		d.sum = 0
		d.pass(headerBytes)
		d.phase = atExtraLength
	case atExtraLength:
		d.phase = atName
		d.left = maxText
		if d.flags&flagExtra != 0 {
			if len(in) < 2 {
				d.phase = atExtraLength
				return more
			}
			d.left = int(binary.LittleEndian.Uint16(in))
			d.pass(2)
			d.phase = atExtra
		}
	case atExtra:
		n := min(d.left, len(in))
		d.left -= n
		d.pass(n)
		if d.left > 0 {
			return more
		}
		d.phase, d.left = atName, maxText
	case atName:
		if d.flags&flagName != 0 {
			if v := d.text(in); v != done {
				return v
			}
		}
		d.phase, d.left = atComment, maxText
	case atComment:
		if d.flags&flagComment != 0 {
			if v := d.text(in); v != done {
				return v
			}
		}
		d.phase = atHeaderSum
	default:
		if d.flags&flagHeaderSum != 0 {
			if len(in) < 2 {
				return more
			}
			if binary.LittleEndian.Uint16(in) != uint16(d.sum) {
				return d.fail(ErrHeader)
			}
			d.at += 2
		}
		d.phase = atBlock
		d.sum, d.size = 0, 0
	}
	return done
}

// pass consumes n bytes of a header and adds them to its checksum.
func (d *decoder) pass(n int) {
	d.sum = crc32.Update(d.sum, crc32.IEEETable, d.in[d.at:d.at+n])
	d.at += n
}

// text skips a text that ends with a zero byte and has at most d.left bytes.
func (d *decoder) text(in []byte) verdict {
	for i, c := range in[:min(d.left, len(in))] {
		if c == 0 {
			d.pass(i + 1)
			return done
		}
	}
	n := min(d.left, len(in))
	d.left -= n
	d.pass(n)
	if d.left == 0 {
		return d.fail(ErrHeader)
	}
	return more
}

// trailer compares sum and size with those in the input.
func (d *decoder) trailer() verdict {
	in := d.in[d.at:]
	if len(in) < trailerBytes {
		return more
	}
	if binary.LittleEndian.Uint32(in) != d.sum || binary.LittleEndian.Uint32(in[4:]) != d.size {
		return d.fail(ErrChecksum)
	}
	d.at += trailerBytes
	d.phase, d.any = atHeader, true
	return done
}

// block reads the first bits of a block, up to the tables of a dynamic block.
func (d *decoder) block() verdict {
	if d.final {
		d.final = false
		d.bits, d.n = 0, 0
		d.phase = atTrailer
		return done
	}
	b := d.reserve()
	if b.fill(); b.n < 3 {
		return more
	}
	final := b.take(1) != 0
	switch b.take(2) {
	case 0:
		b.drop(b.n & 7)
		if b.n < 32 {
			return more
		}
		n := b.take(16)
		if n^b.take(16) != 0xffff {
			return d.fail(ErrCorrupt)
		}
		d.left = int(n)
		d.phase = inStored
	case 1:
		d.tables.buildFixed()
		d.phase = inBlock
	case 2:
		d.phase = atTables
	default:
		return d.fail(ErrCorrupt)
	}
	d.final = final
	b.commit(d)
	return done
}

// stored copies the bytes of a stored block.
func (d *decoder) stored(out []byte, w, stop int) (int, verdict) {
	n := copy(out[w:max(w, stop)], d.in[d.at:d.at+min(d.left, len(d.in)-d.at)])
	d.at += n
	d.left -= n
	w += n
	switch {
	case d.left == 0:
		d.phase = atBlock
		return w, done
	case w >= stop:
		return w, full
	}
	return w, more
}

// early returns the error for input that ends too early.
func (d *decoder) early() error {
	return &Error{Offset: d.before + int64(len(d.in)), Err: io.ErrUnexpectedEOF}
}
