package jsonscan

import (
	"bytes"
	"slices"

	"github.com/pointwire/pointwire/internal/msgpack"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file reads the series of MessagePack responses up to their first row. As in
// envelope_series.go there are two ways: fastPackedSeries takes the form that InfluxDB
// writes, with name, tags, columns and values in this order, if it is whole in the buffer
// and its texts are short and ASCII. Where it declines it consumed nothing, and the state
// machine reads the series member by member.

// The keys of a series with their heads, as words.
const (
	packedName    = 0xa4 | 'n'<<8 | 'a'<<16 | 'm'<<24 | 'e'<<32
	packedTags    = 0xa4 | 't'<<8 | 'a'<<16 | 'g'<<24 | 's'<<32
	packedColumns = 0xa7 | 'c'<<8 | 'o'<<16 | 'l'<<24 | 'u'<<32 | 'm'<<40 | 'n'<<48 | 's'<<56
	packedValues  = 0xa6 | 'v'<<8 | 'a'<<16 | 'l'<<24 | 'u'<<32 | 'e'<<40 | 's'<<48

	packedWord5 = 1<<40 - 1 // masks a word of 5 bytes
	packedWord7 = 1<<56 - 1 // and one of 7
)

// fastPackedSeries consumes the series at pos up to its first row, or nothing.
func (s *Scanner) fastPackedSeries() bool {
	b, i, end := s.buf, s.pos, s.end
	if i >= end || b[i]>>4 != 8 {
		return false
	}
	left := int(b[i]&15) - 3 // members after the values
	i++
	// If this declines, stepList drops what was collected and starts again.
	t := &s.text
	s.newSeries()
	t.src = b
	if swar.Load64(b, i)&packedWord5 != packedName {
		return false
	}
	if i = fastPackedSpan(b, i+5, end, &t.name); i == 0 {
		return false
	}
	t.hasName = true
	if swar.Load64(b, i)&packedWord5 == packedTags {
		if i = t.fastPackedTags(b, i+5, end); i == 0 {
			return false
		}
		left--
	}
	if swar.Load64(b, i) != packedColumns {
		return false
	}
	if i = t.fastPackedColumns(b, i+8, end); i == 0 || len(t.columns) > s.maxColumns() || len(t.tags) > 2*s.maxColumns() {
		return false
	}
	t.hasCols = true
	if swar.Load64(b, i)&packedWord7 != packedValues || i+7 > end || left < 0 {
		return false
	}
	h, next := msgpack.Read(b[:end], i+7)
	if next == 0 || h.Type != msgpack.Array {
		return false
	}
	s.pos = next
	s.counts.push(uint64(left))
	s.counts.push(h.Bits)
	s.beginSeries(true)
	s.enter(stPacked)
	return true
}

// fastPackedSpan reads the text at b[i] into p. Like the functions below, it returns the
// position after what it read, which is at most end, or 0 if it declines.
func fastPackedSpan(b []byte, i, end int, p *span) int {
	n := 0
	switch c := b[i]; {
	case c>>5 == 5:
		n = int(c & 31)
		i++
	case c == 0xd9:
		n = int(b[i+1])
		i += 2
	default:
		return 0
	}
	if i+n > end || !ascii(b, i, n) {
		return 0
	}
	*p = span{i, i + n}
	return i + n
}

// fastPackedTags reads the tags at b[i], of which there are few.
func (t *seriesText) fastPackedTags(b []byte, i, end int) int {
	if b[i]>>4 != 8 {
		return 0
	}
	n := b[i] & 15
	for i++; n > 0; n-- {
		var key, value span
		if i = fastPackedSpan(b, i, end, &key); i == 0 {
			return 0
		}
		if i = fastPackedSpan(b, i, end, &value); i == 0 {
			return 0
		}
		t.tags = append(t.tags, key, value)
	}
	t.sortTags()
	return i
}

// fastPackedColumns reads the columns at b[i]. Most series of a response have the same
// columns as the series before, which one comparison tells.
func (t *seriesText) fastPackedColumns(b []byte, i, end int) int {
	if n := len(t.raw); n > 0 && i+n <= end && bytes.Equal(b[i:i+n], t.raw) {
		t.same = true
		return i + n
	}
	start := i
	h, next := msgpack.Read(b[:end], i)
	if next == 0 || h.Type != msgpack.Array {
		return 0
	}
	i = next
	for range h.Bits {
		var c span
		if i = fastPackedSpan(b, i, end, &c); i == 0 {
			return 0
		}
		t.columns = append(t.columns, c)
	}
	t.raw = append(t.raw[:0], b[start:i]...)
	return i
}

// openPackedValues enters the rows. InfluxDB sends the columns before them, and nothing else
// would tell what a row is.
func (s *Scanner) openPackedValues() error {
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
	slices.SortFunc(t.pairs, func(a, b [2]span) int { return bytes.Compare(t.bytes(a[0]), t.bytes(b[0])) })
	for i, p := range t.pairs {
		t.tags[2*i], t.tags[2*i+1] = p[0], p[1]
	}
}

// tagsSorted reports whether the keys are in order.
func (t *seriesText) tagsSorted() bool {
	for i := 2; i < len(t.tags); i += 2 {
		if bytes.Compare(t.bytes(t.tags[i-2]), t.bytes(t.tags[i])) > 0 {
			return false
		}
	}
	return true
}
