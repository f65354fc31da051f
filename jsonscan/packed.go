package jsonscan

import (
	"bytes"
	"cmp"
	"math"
	"slices"
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

// packedClass returns the first byte that a value with the first byte c would have in JSON,
// and 'x' for a value that JSON does not have.
func packedClass(c byte) byte {
	h, _ := msgpack.Read([]byte{c, 0, 0, 0, 0, 0, 0, 0, 0}, 0)
	switch h.Type {
	case msgpack.Nil:
		return 'n'
	case msgpack.Bool:
		return [2]byte{'f', 't'}[h.Bits]
	case msgpack.Int, msgpack.Uint, msgpack.Float:
		return '0'
	case msgpack.String:
		return '"'
	case msgpack.Array:
		return '['
	case msgpack.Map:
		return '{'
	}
	return 'x'
}

// packedPeek is peek.
func (s *Scanner) packedPeek() (byte, error) {
	if s.pos == s.end {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	return packedClass(s.buf[s.pos]), nil
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
	s.counts.left[s.counts.depth] = h.Bits
	s.counts.depth++
	return err
}

// openCounts is what is left of the arrays and maps that are open.
type openCounts struct {
	left  [maxOpen]uint64
	depth int
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

// packedValues enters the rows. InfluxDB sends the columns before them, and nothing else
// would tell what a row is.
func (s *Scanner) packedValues() error {
	if !s.text.hasCols {
		return s.syntax(s.pos, "values without columns")
	}
	s.beginSeries(false)
	s.enter(stPacked)
	return nil
}

// sortTags sorts the tags of the series at hand by their keys. A server sends them in JSON
// in that order, and in MessagePack in another one each time.
func (t *seriesText) sortTags() {
	if n := len(t.tags); n < 4 || t.tagsSorted() {
		return
	}
	t.pairs = t.pairs[:0]
	for i := 0; i < len(t.tags); i += 2 {
		t.pairs = append(t.pairs, [2]span{t.tags[i], t.tags[i+1]})
	}
	slices.SortFunc(t.pairs, func(a, b [2]span) int { return bytes.Compare(t.key(a[0]), t.key(b[0])) })
	for i, p := range t.pairs {
		t.tags[2*i], t.tags[2*i+1] = p[0], p[1]
	}
}

// key returns the text of a span before beginSeries has set src.
func (t *seriesText) key(p span) []byte { return t.text[p.start:p.end] }

// tagsSorted reports whether the keys are in order.
func (t *seriesText) tagsSorted() bool {
	for i := 2; i < len(t.tags); i += 2 {
		if bytes.Compare(t.key(t.tags[i-2]), t.key(t.tags[i])) > 0 {
			return false
		}
	}
	return true
}
