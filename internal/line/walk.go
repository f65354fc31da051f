package line

import (
	"bytes"
	"slices"

	"github.com/pointwire/pointwire/internal/decimal"
)

// This file is the grammar, byte by byte. It can take every line; fast.go takes the
// common ones and leaves the others to it.

// maxKey is the length of measurement, tags and field key that InfluxDB accepts, of which
// four bytes are its own.
const maxKey = 65535

// blank reports whether c is white space to InfluxDB.
func blank(c byte) bool { return c == ' ' || c == '\t' || c == 0 }

func skipBlank(b []byte, i int) int {
	for i < len(b) && blank(b[i]) {
		i++
	}
	return i
}

// lineEnd reports whether the line ends at i: at a line feed, at the end of b, or,
// where that is the choice, at a carriage return before one of them.
func (s *Scanner) lineEnd(b []byte, i int) bool {
	if i >= len(b) || b[i] == '\n' {
		return true
	}
	return s.opt.TrimCR && b[i] == '\r' && (i+1 == len(b) || b[i+1] == '\n')
}

// parse takes apart the line at the beginning of b, from its first byte that is no white
// space on. It returns where the line ends, which is the place of its line feed or
// len(b), and its fault.
func (s *Scanner) parse(b []byte, first int) (end int, f Fault) {
	p := &s.Point
	*p = Point{first: int32(first)}
	s.texts[0] = b
	s.own = s.own[:0]
	s.Tags, s.Fields = s.Tags[:0], s.Fields[:0]
	i, f := s.measurement(b, first)
	if f.Rule != 0 {
		return i, f
	}
	for b[i] == ',' {
		if i, f = s.tag(b, i+1); f.Rule != 0 {
			return i, f
		}
	}
	p.sep = int32(i)
	if s.duplicate() {
		return i, Fault{DuplicateTag, i}
	}
	i = skipBlank(b, i)
	p.from = int32(i)
	if s.lineEnd(b, i) {
		return i, Fault{NoFields, i}
	}
	s.longest = 0
	for {
		if i, f = s.field(b, i); f.Rule != 0 {
			return i, f
		}
		if i >= len(b) || b[i] != ',' {
			break
		}
		i++
	}
	p.to = int32(i)
	if int(p.sep)-first+4+s.longest > maxKey {
		return i, Fault{KeyTooLong, int(p.sep)}
	}
	if end, f = s.timestamp(b, i); f.Rule != 0 {
		return end, f
	}
	if end < len(b) && b[end] == '\r' {
		end++
	}
	p.Plain = first == 0 && p.from == p.sep+1 && int(p.end) == end && (!p.Stamped || p.stamp == p.to+1)
	return end, Fault{}
}

// measurement takes the measurement and returns the place of the comma or space
// after it.
func (s *Scanner) measurement(b []byte, i int) (int, Fault) {
	start := i
	if b[i] == ',' {
		return i, Fault{NoMeasurement, i}
	}
	if r := s.orCR(b, i, 0); r != 0 {
		return i, Fault{r, i} // the line is empty otherwise
	}
	escaped, run := false, false
	for ; i < len(b); i++ {
		c := b[i]
		if c == '\\' {
			run = escaped // the one before was a backslash
			escaped = true
			continue
		}
		if escaped {
			switch c {
			case '\n':
				return i, Fault{NameNewline, i}
			case '=', '"':
				return i, Fault{Backslash, i - 1}
			case ',', ' ':
				if run {
					return i, Fault{Backslash, i - 1}
				}
			}
			escaped, run = false, false
			continue
		}
		if c == ',' || c == ' ' || c == '\n' {
			break
		}
	}
	if i >= len(b) || b[i] == '\n' {
		return i, Fault{NoFields, i}
	}
	s.Name = s.text(b, start, i, AppendMeasurement)
	return i, Fault{}
}

// text returns the span of b[from:to], whose escapes it takes out by appendTo.
func (s *Scanner) text(b []byte, from, to int, appendTo func(dst, s []byte) []byte) Span {
	if bytes.IndexByte(b[from:to], '\\') < 0 {
		return span(from, to)
	}
	at := len(s.own)
	s.own = appendTo(s.own, b[from:to])
	s.texts[1] = s.own[:cap(s.own)]
	return span(at, len(s.own)) | ownText
}

// tag takes the tag at i and returns the place of the comma or space after it. A
// separator counts unless the byte before it is a backslash, whatever is before that:
// InfluxDB reads tags so.
func (s *Scanner) tag(b []byte, i int) (int, Fault) {
	key := i
	if i >= len(b) || b[i] == ' ' || b[i] == ',' || b[i] == '=' || b[i] == '\n' {
		return i, Fault{NoTagKey, i}
	}
	for ; ; i++ {
		if i >= len(b) {
			return i, Fault{NoTagValue, i}
		}
		c, escaped := b[i], b[i-1] == '\\'
		if c == '\n' && escaped {
			return i, Fault{NameNewline, i}
		}
		if (c == ' ' || c == ',' || c == '\n') && !escaped {
			return i, Fault{NoTagValue, i}
		}
		if c == '=' && !escaped {
			break
		}
	}
	eq := i
	i++
	if i >= len(b) || b[i] == ',' || b[i] == ' ' || b[i] == '\n' {
		return i, Fault{NoTagValue, i}
	}
	for ; ; i++ {
		if i >= len(b) {
			return i, Fault{NoFields, i}
		}
		c, escaped := b[i], b[i-1] == '\\'
		if c == '\n' {
			if escaped {
				return i, Fault{NameNewline, i}
			}
			return i, Fault{NoFields, i}
		}
		if c == '=' && !escaped {
			return i, Fault{EqualsInTag, i}
		}
		if (c == ',' || c == ' ') && !escaped {
			break
		}
	}
	if string(b[key:eq]) == "time" {
		return i, Fault{ReservedKey, key}
	}
	s.Tags = append(s.Tags, Tag{s.text(b, key, eq, AppendTag), s.text(b, eq+1, i, AppendTag)})
	return i, Fault{}
}

// duplicate reports whether two tags have the same key.
func (s *Scanner) duplicate() bool {
	tags := s.Tags
	sorted := true
	for i := 1; i < len(tags) && sorted; i++ {
		switch bytes.Compare(s.Text(tags[i-1].Key), s.Text(tags[i].Key)) {
		case 0:
			return true
		case 1:
			sorted = false
		}
	}
	if sorted {
		return false
	}
	s.keys = s.keys[:0]
	for _, t := range tags {
		s.keys = append(s.keys, t.Key)
	}
	slices.SortFunc(s.keys, func(a, b Span) int { return bytes.Compare(s.Text(a), s.Text(b)) })
	for i := 1; i < len(s.keys); i++ {
		if bytes.Equal(s.Text(s.keys[i-1]), s.Text(s.keys[i])) {
			return true
		}
	}
	return false
}

// field takes the field at i and returns the place of the byte after it. InfluxDB finds
// the separator of a key with backslashes in pairs, and later the key by the byte before
// it alone: if the two differ, the key is refused.
func (s *Scanner) field(b []byte, i int) (int, Fault) {
	key, run := i, 0
	for ; ; i++ {
		if i >= len(b) {
			return i, Fault{missing(i == key), i}
		}
		c := b[i]
		if c == '\\' {
			run++
			continue
		}
		if run%2 == 1 {
			if c == '\n' {
				return i, Fault{NameNewline, i}
			}
			run = 0
			continue
		}
		if c == '\n' || c == ' ' || c == ',' || c == '=' && i == key {
			return i, Fault{missing(i == key), i}
		}
		if c == '=' {
			break
		}
		run = 0
	}
	if run > 0 {
		return i, Fault{Backslash, i - 1}
	}
	if string(b[key:i]) == "time" {
		return i, Fault{ReservedKey, key}
	}
	s.longest = max(s.longest, i-key)
	f := Field{Key: s.text(b, key, i, AppendFieldKey)}
	from := i + 1
	if i = from; i < len(b) && b[i] == '"' {
		if i = s.closing(b, i+1); i < 0 {
			s.hit = true
			return len(b), Fault{OpenQuote, from}
		}
		f.Kind, f.Bits = String, uint64(s.text(b, from+1, i, AppendString))
		i++
		if i < len(b) && b[i] != ',' && b[i] != ' ' && !s.lineEnd(b, i) {
			return i, Fault{s.orCR(b, i, AfterQuote), i}
		}
	} else {
		for i < len(b) && b[i] != ',' && b[i] != ' ' && !s.lineEnd(b, i) {
			i++
		}
		if i == from {
			return i, Fault{NoFieldValue, i}
		}
		var r Rule
		if f.Bits, f.Kind, r = parseNumber(b[from:i]); r != 0 {
			if b[i-1] == '\r' {
				r = s.orCR(b, i-1, r)
			}
			return i, Fault{r, from}
		}
	}
	s.Fields = append(s.Fields, f)
	return i, Fault{}
}

func missing(key bool) Rule {
	if key {
		return NoFieldKey
	}
	return NoFieldValue
}

// closing returns the place of the quote that ends the string whose text begins at
// i, or -1.
func (s *Scanner) closing(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// timestamp takes what follows the fields, which end at i, and returns the end of the
// line.
func (s *Scanner) timestamp(b []byte, i int) (int, Fault) {
	p := &s.Point
	p.end = int32(i)
	i = skipBlank(b, i)
	if s.lineEnd(b, i) {
		return i, Fault{}
	}
	if b[i] == '\r' {
		return i, Fault{s.orCR(b, i, InvalidTimestamp), i}
	}
	start := i
	p.stamp = int32(i)
	if b[i] == '-' {
		i++
	}
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	p.end = int32(i)
	if !s.lineEnd(b, i) && b[i] != ' ' {
		return i, Fault{s.orCR(b, i, InvalidTimestamp), i}
	}
	if i == start || b[i-1] == '-' {
		return i, Fault{InvalidTimestamp, start}
	}
	v, ok := parseInt(b[start:i])
	if !ok || !decimal.InRange(v, s.opt.Precision) {
		return i, Fault{TimeRange, start}
	}
	p.Time, p.Stamped = v, true
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if !s.lineEnd(b, i) {
		return i, Fault{s.orCR(b, i, AfterTimestamp), i}
	}
	return i, Fault{}
}

// orCR returns r, or CarriageReturn if the byte at i is one that ends the line.
func (s *Scanner) orCR(b []byte, i int, r Rule) Rule {
	if b[i] == '\r' && (i+1 >= len(b) || b[i+1] == '\n') {
		return CarriageReturn
	}
	return r
}
