package jsonscan

import (
	"math/bits"
	"time"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/msgpack"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file reads the rows of MessagePack responses.
//
// A row is a transaction, as in values.go. packedRow parses it from the bytes in the
// buffer; it declines a row that is incomplete, wrong or of a rare form. wholePacked then
// walks through the row, value by value: it reads until the row is whole, and is the only
// one that finds errors. What it lets pass, packedRow parses.
//
// The cells are those of row.go with these differences, so that most getters need not know
// the form of the response:
//
//   - Numbers, bools and nulls have no position, because nobody needs their bytes.
//   - The positions of a string are such that its text is between start+1 and end-1, as if
//     it had quotes. A text that is not UTF-8 is in Row.unescaped.
//   - A time of extension type 5 is a string with fixBit and timeBit. Its 12 bytes are
//     where a text would be: seconds in 8 bytes, then nanoseconds in 4. Row.Bytes prints
//     it; Row.Time and Row.Timestamp read it as it is.

const (
	extTime   = 5 // the extension type of times, which is InfluxDB's own
	timeBytes = 12

	kindInt    = uint64(KindInt) << kindShift
	kindFloat  = uint64(KindFloat) << kindShift
	kindBool   = uint64(KindBool) << kindShift
	kindString = uint64(KindString) << kindShift
	kindTime   = kindString | fixBit | timeBit
)

// fastPacked moves to the next row if it is whole in the buffer.
func (s *Scanner) fastPacked() bool {
	left := &s.counts.left[s.counts.depth-1]
	if *left == 0 {
		return false
	}
	next := s.packedRow()
	if next == 0 || next-s.pos > s.maxRow() {
		return false
	}
	*left--
	s.first = false
	s.pos = next
	s.row.cells = s.cells
	return true
}

// nextPacked is nextRow for MessagePack.
func (s *Scanner) nextPacked() (bool, error) {
	s.row.cells = nil
	if !s.counts.more() {
		s.endPacked()
		return false, nil
	}
	if s.fastPacked() {
		return true, nil
	}
	if err := s.wholePacked(); err != nil {
		return false, err
	}
	if !s.fastPacked() {
		return false, s.syntax(s.pos, "invalid row") // which cannot be
	}
	return true, nil
}

// endPacked leaves the values, and their series too if that ends there.
func (s *Scanner) endPacked() {
	last := s.counts.lastMember()
	s.counts.depth--
	if s.first {
		s.leave(stSeries) // where NextPart may deliver it
		return
	}
	s.ser.filled = true
	if !last {
		s.leave(stSeries)
		return
	}
	s.endSeries()
	s.counts.depth--
	s.leave(stList)
}

// packedRow parses the row at pos into s.cells, and returns the position after it, or 0 if
// it declines. Loads of whole words may go beyond end, but no further than the pad.
func (s *Scanner) packedRow() int {
	b, end, cells := s.buf, s.end, s.cells
	i := s.pos + 1
	if b[s.pos] != 0x90|byte(len(cells)) || len(cells) > 15 {
		if i = packedRowHead(b[:end], s.pos, len(cells)); i == 0 {
			return 0
		}
	}
	s.row.unescaped = s.row.unescaped[:0]
	for k := range cells {
		if i >= end {
			return 0
		}
		c := &cells[k]
		w := swar.Load64(b, i)
		n := 0 // length of a text that begins at i
		switch m := byte(w); {
		case m>>5 == 5:
			n = int(m & 0x1f)
			i++
			if n < 8 && end-i >= n && w>>8<<(64-8*uint(n))&swar.Highs == 0 { // a shift by 64 leaves 0
				c.bits, c.meta = uint64(i+n+1), uint64(i-1)|kindString
				i += n
				continue
			}
		case m == 0xcb:
			c.bits, c.meta = bits.ReverseBytes64(swar.Load64(b, i+1)), kindFloat
			i += 9
			continue
		case m == 0xd3:
			c.bits, c.meta = bits.ReverseBytes64(swar.Load64(b, i+1)), kindInt
			i += 9
			continue
		case m == 0xd9:
			n = int(byte(w >> 8))
			i += 2
		case m == 0xc0:
			c.bits, c.meta = 0, 0
			i++
			continue
		case int8(m) >= -32: // an integer of one byte
			c.bits, c.meta = uint64(int64(int8(m))), kindInt
			i++
			continue
		case m == 0xd1:
			c.bits, c.meta = uint64(int64(int16(bits.ReverseBytes16(uint16(w>>8))))), kindInt
			i += 3
			continue
		case m == 0xd2:
			c.bits, c.meta = uint64(int64(int32(bits.ReverseBytes32(uint32(w>>8))))), kindInt
			i += 5
			continue
		case m|1 == 0xc3:
			c.bits, c.meta = uint64(m&1), kindBool
			i++
			continue
		default:
			if i = s.packedCell(c, i); i == 0 {
				return 0
			}
			continue
		}
		if end-i < n {
			return 0
		}
		c.bits, c.meta = uint64(i+n+1), uint64(i-1)|kindString
		if !ascii(b, i, n) {
			s.packedUTF8(c, b[i:i+n])
		}
		i += n
	}
	if i > end {
		return 0
	}
	return i
}

// packedRowHead returns the position after the head of the row at b[i], or 0 if it is not
// whole or not that of a row of n cells.
func packedRowHead(b []byte, i, n int) int {
	h, next := msgpack.Read(b, i)
	if h.Type != msgpack.Array || h.Bits != uint64(n) {
		return 0
	}
	return next
}

// ascii reports whether the n bytes of text at b[i] are ASCII. It loads up to 8 bytes beyond
// them, or before.
func ascii(b []byte, i, n int) bool {
	if n <= 8 {
		return swar.Load64(b, i)<<(64-8*uint(n))&swar.Highs == 0 // a shift by 64 leaves 0
	}
	marks := swar.Load64(b, i+n-8)
	for last := i + n - 8; i < last; i += 8 {
		marks |= swar.Load64(b, i)
	}
	return marks&swar.Highs == 0
}

// packedUTF8 completes the cell of a text that is not ASCII: one that is not UTF-8 gets a
// copy in Row.unescaped that is.
func (s *Scanner) packedUTF8(c *Cell, text []byte) {
	if utf8.Valid(text) {
		return
	}
	u := append(s.row.unescaped, 0, 0, 0, 0)
	at := len(u)
	u = appendValid(u, text)
	swar.Store32(u, at-4, uint32(len(u)-at))
	c.bits |= uint64(at) << textShift
	c.meta |= fixBit
	s.row.unescaped = u
}

// packedCell parses a cell of a rare form at buf[i], and returns the position after it, or
// 0 if it declines.
func (s *Scanner) packedCell(c *Cell, i int) int {
	h, next := msgpack.Read(s.buf[:s.end], i)
	if next == 0 {
		return 0
	}
	c.bits, c.meta = h.Bits, 0
	switch h.Type {
	case msgpack.Int:
		c.meta = kindInt
	case msgpack.Uint:
		c.meta = uint64(KindUint) << kindShift
	case msgpack.Float:
		c.meta = kindFloat
	case msgpack.String, msgpack.Ext:
		if h.Bits > uint64(s.end-next) {
			return 0
		}
		n := int(h.Bits)
		c.bits, c.meta = uint64(next+n+1), uint64(next-1)|kindString
		if h.Type == msgpack.String {
			s.packedUTF8(c, s.buf[next:next+n])
			return next + n
		}
		if !isTime(h) || !validTime(s.buf[next:next+n]) {
			return 0
		}
		c.meta |= kindTime
		return next + n
	default:
		return 0
	}
	return next
}

func isTime(h msgpack.Head) bool { return h.Ext == extTime && h.Bits == timeBytes }

// packedTime returns the time in the 12 bytes at the beginning of b.
func packedTime(b []byte) (sec int64, nsec uint32) {
	return int64(bits.ReverseBytes64(swar.Load64(b, 0))), bits.ReverseBytes32(swar.Load32(b, 8))
}

// The seconds of the years 0 to 9999, which are those of RFC 3339.
const (
	minPackedSec = -62167219200
	maxPackedSec = 253402300799
)

// validTime reports whether the 12 bytes are a time that RFC 3339 can express.
func validTime(b []byte) bool {
	sec, nsec := packedTime(b)
	return sec >= minPackedSec && sec <= maxPackedSec && nsec < 1e9
}

// wholePacked reads until the row at pos is whole in the buffer, and checks it. It looks at
// every byte once, however small the reads are.
func (s *Scanner) wholePacked() error {
	h, done, err := s.headAt(0)
	switch {
	case err != nil:
		return err
	case h.Type != msgpack.Array:
		return s.syntax(s.pos, "expected a row")
	case h.Bits < uint64(len(s.cells)):
		return s.syntax(s.pos, "row has fewer cells than columns")
	case h.Bits > uint64(len(s.cells)):
		return s.syntax(s.pos, "row has more cells than columns")
	}
	for range s.cells {
		at := done
		if h, done, err = s.headAt(at); err != nil {
			return err
		}
		switch h.Type {
		case msgpack.Nil, msgpack.Bool, msgpack.Int, msgpack.Uint, msgpack.Float:
		case msgpack.String, msgpack.Ext:
			if h.Type == msgpack.Ext && !isTime(h) {
				return s.syntax(s.pos+at, "cell is of an unknown extension type")
			}
			if err := s.wholePart(uint64(done) + h.Bits); err != nil {
				return err
			}
			if h.Type == msgpack.Ext && !validTime(s.buf[s.pos+done:]) {
				return s.syntax(s.pos+at, "time out of range")
			}
			done += int(h.Bits)
		case msgpack.Array, msgpack.Map:
			return s.syntax(s.pos+at, "cell is an array or a map")
		default:
			return s.syntax(s.pos+at, "cell is binary")
		}
	}
	return s.wholePart(uint64(done))
}

// headAt returns the head of the value that begins done bytes after pos, and how many bytes
// after pos it ends.
func (s *Scanner) headAt(done int) (msgpack.Head, int, error) {
	for {
		h, next := msgpack.Read(s.buf[:s.end], s.pos+done)
		if next > 0 && h.Type == msgpack.Invalid {
			return h, 0, s.syntax(s.pos+done, "expected a value")
		}
		if next > 0 {
			return h, next - s.pos, nil
		}
		if err := s.more(); err != nil {
			return h, 0, err
		}
	}
}

// wholePart reads until n bytes of the row at pos are in the buffer.
func (s *Scanner) wholePart(n uint64) error {
	if n > uint64(s.maxRow()) {
		return &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow()}
	}
	for uint64(s.end-s.pos) < n {
		if err := s.more(); err != nil {
			return err
		}
	}
	return nil
}

// appendTimeText appends the time in the 12 bytes at the beginning of b as InfluxDB prints
// it in JSON.
func appendTimeText(dst, b []byte) []byte {
	sec, nsec := packedTime(b)
	return time.Unix(sec, int64(nsec)).UTC().AppendFormat(dst, time.RFC3339Nano)
}

// packedTimestamp returns the time in the 12 bytes at the beginning of b as nanoseconds
// since 1970, and false if they do not fit.
func packedTimestamp(b []byte) (ns int64, ok bool) {
	sec, nsec := packedTime(b)
	t := time.Unix(sec, int64(nsec))
	if t.Before(minTimestamp) || t.After(maxTimestamp) {
		return 0, false
	}
	return sec*int64(time.Second) + int64(nsec), true
}

// appendFixed appends the text of a string that is not the bytes of the buffer, and not in
// unescaped either.
func (r *Row) appendFixed(dst []byte, c Cell) []byte {
	if c.time() {
		return appendTimeText(dst, r.s.buf[c.start()+1:])
	}
	return appendUnescaped(dst, r.s.buf, c.start()+1, c.end()-1)
}
