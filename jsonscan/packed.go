package jsonscan

import (
	"cmp"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/msgpack"
)

// This file reads the tokens of MessagePack responses, which InfluxDB 1.x and 2.x send
// instead of JSON on request. packed_row.go reads their rows.
//
// A MessagePack response has the same documents, members and rows as one of JSON, so the
// state machine of envelope.go reads both. Only the tokens differ: the functions of next.go
// and token.go hand over to those here if Scanner.MessagePack is set.
//
//	peek       says what the next value is by the first byte it would have in JSON
//	expect     takes the head of an array or a map, and nothing for a colon
//	element    counts down the array or map at hand, in place of commas and brackets
//
// Arrays and maps have their counts before them. s.left has what is left of each that is
// open; a map counts its keys. Counts and lengths are never trusted: nothing is allocated
// for them, and a length beyond MaxRowBytes is an error before its bytes are read.

// maxOpen is how many arrays and maps are open at once: document, results, result, series,
// one series, and its tags, columns or values.
const maxOpen = 8

// packedClass has, for each first byte of a value, the first byte that the value would have
// in JSON, and 'x' for a value that JSON does not have.
var packedClass = func() (class [256]byte) {
	for c := range class {
		h, _ := msgpack.Read([]byte{byte(c), 0, 0, 0, 0, 0, 0, 0, 0}, 0)
		switch h.Type {
		case msgpack.Nil:
			class[c] = 'n'
		case msgpack.Bool:
			class[c] = "ft"[h.Bits]
		case msgpack.Int, msgpack.Uint, msgpack.Float:
			class[c] = '0'
		case msgpack.String:
			class[c] = '"'
		case msgpack.Array:
			class[c] = '['
		case msgpack.Map:
			class[c] = '{'
		default:
			class[c] = 'x'
		}
	}
	return class
}()

// packedPeek is peek.
func (s *Scanner) packedPeek() (byte, error) {
	if s.pos == s.end {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	return packedClass[s.buf[s.pos]], nil
}

// packedHead consumes a head.
func (s *Scanner) packedHead() (msgpack.Head, error) {
	for {
		h, next := msgpack.Read(s.buf[:s.end], s.pos)
		if next > 0 && h.Type == msgpack.Invalid {
			return h, s.syntax(s.pos, "expected a value")
		}
		if next > 0 {
			s.pos = next
			return h, nil
		}
		if err := s.more(); err != nil {
			return h, err
		}
	}
}

// packedExpect is expect: it opens an array or a map. There is nothing between a key and
// its value.
func (s *Scanner) packedExpect(c byte, msg string) error {
	if c == ':' {
		return nil
	}
	got, err := s.packedPeek()
	if err != nil {
		return err
	}
	if got != c || s.counts.depth == maxOpen {
		return s.syntax(s.pos, msg)
	}
	h, err := s.packedHead()
	s.counts.push(h.Bits)
	return err
}

// openCounts is what is left of the arrays and maps that are open.
type openCounts struct {
	left  [maxOpen]uint64
	depth int
}

// push opens one of n elements.
func (o *openCounts) push(n uint64) {
	o.left[o.depth] = n
	o.depth++
}

// next moves to the next element of the innermost one. It reports false after closing it.
func (o *openCounts) next() bool {
	n := &o.left[o.depth-1]
	if *n == 0 {
		o.depth--
		return false
	}
	*n--
	return true
}

// more reports whether the innermost one has elements left.
func (o *openCounts) more() bool { return o.left[o.depth-1] > 0 }

// lastMember reports, within the values of a series, whether they are its last member.
func (o *openCounts) lastMember() bool { return o.left[o.depth-2] == 0 }

// packedText is appendText. A byte that is not UTF-8 becomes U+FFFD, as in the JSON of the
// same server.
func (s *Scanner) packedText(dst []byte) ([]byte, error) {
	c, err := s.packedPeek()
	if err != nil {
		return dst, err
	}
	if c != '"' {
		return dst, s.syntax(s.pos, "expected a string")
	}
	start := s.offset(s.pos)
	h, err := s.packedHead()
	if err != nil {
		return dst, err
	}
	if h.Bits > uint64(s.maxRow()) {
		return dst, &RowSizeError{Offset: start, Limit: s.maxRow()}
	}
	for uint64(s.end-s.pos) < h.Bits {
		if err := s.more(); err != nil {
			return dst, err
		}
	}
	text := s.buf[s.pos : s.pos+int(h.Bits)]
	s.pos += len(text)
	if !utf8.Valid(text) {
		return appendValid(dst, text), nil
	}
	return append(dst, text...), nil
}

// appendValid appends text with U+FFFD for each byte that is not UTF-8.
func appendValid(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, r)
		text = text[n:]
	}
	return dst
}

// packedNumber is number.
func (s *Scanner) packedNumber() ([]byte, error) {
	if c, err := s.packedPeek(); err != nil || c != '0' {
		return nil, cmp.Or(err, s.syntax(s.pos, "expected a number"))
	}
	h, err := s.packedHead()
	if err != nil {
		return nil, err
	}
	switch h.Type {
	case msgpack.Int:
		s.scratch = strconv.AppendInt(s.scratch[:0], int64(h.Bits), 10)
	case msgpack.Uint:
		s.scratch = strconv.AppendUint(s.scratch[:0], h.Bits, 10)
	default:
		s.scratch = appendFloatText(s.scratch[:0], math.Float64frombits(h.Bits))
	}
	return s.scratch, nil
}

// packedSkip is skip. It holds nothing, and counts the values that are left in place of
// the arrays and maps around them.
func (s *Scanner) packedSkip() error {
	for left := uint64(1); left > 0; left-- {
		h, err := s.packedHead()
		if err != nil {
			return err
		}
		switch h.Type {
		case msgpack.String, msgpack.Binary, msgpack.Ext:
			err = s.packedDiscard(h.Bits)
		case msgpack.Array:
			left += h.Bits
		case msgpack.Map:
			left += 2 * h.Bits
		}
		if err != nil {
			return err
		}
		if left > math.MaxInt64 {
			return s.syntax(s.pos, "too many values")
		}
	}
	return nil
}

// packedDiscard consumes n bytes.
func (s *Scanner) packedDiscard(n uint64) error {
	for {
		k := min(n, uint64(s.end-s.pos))
		s.pos += int(k)
		if n -= k; n == 0 {
			return nil
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// packedDocument looks for the next document, or the end. Documents follow each other with
// nothing between them.
func (s *Scanner) packedDocument() error {
	if s.pos == s.end {
		if err := s.fill(s.maxRow()); err != nil {
			return s.endOfStream(err)
		}
	}
	s.doc.start = s.offset(s.pos)
	s.doc = document{count: s.doc.count, start: s.doc.start, pending: s.doc.pending}
	s.counts.depth = 0
	if err := s.packedExpect('{', "expected a map"); err != nil {
		return err
	}
	s.enter(stTop)
	return nil
}
