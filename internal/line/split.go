package line

import (
	"bytes"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// Split returns the offset of the line feed that ends the first line of data for InfluxDB
// 1.x and 2.x, which cut a body into lines before they parse them, or len(data) if there
// is none. open says that data ended within a quote.
//
// The rules are those of scanLine in models/points.go of InfluxDB 1.8.10: a backslash
// takes the next byte with it, quotes count from the first space on, and only after more
// equals signs than commas. Lines that [Scanner] accepts end where Split says; Split is
// needed for those that it refuses.
func Split(data []byte) (end int, open bool) {
	var c cutter
	c.run(data)
	return min(c.at, len(data)), c.quoted
}

// A cutter is Split for data that grows: it continues where it stopped.
type cutter struct {
	at             int // of the byte that is next, beyond the data after a backslash at its end
	equals, commas int
	fields, quoted bool
}

// run goes on in data, which begins with the line, and reports whether the line ends at
// c.at.
func (c *cutter) run(data []byte) bool {
	fields, quoted, equals, commas := c.fields, c.quoted, c.equals, c.commas
	i := c.at
	for ; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case ' ':
			fields = true
		case '=':
			if fields && !quoted {
				equals++
			}
		case ',':
			if fields && !quoted {
				commas++
			}
		case '"':
			if fields && equals > commas {
				quoted = !quoted
			}
		case '\n':
			if !quoted {
				c.at, c.quoted = i, false
				return true
			}
		}
	}
	*c = cutter{i, equals, commas, fields, quoted}
	return false
}

// Len returns the length of the first line of lines, including its line feed. The lines
// must have been accepted by a Scanner or made by an encoder: then a quote opens a string
// if it follows an unescaped equals sign after the first unescaped space, and nowhere
// else.
func Len(lines []byte) int {
	n := bytes.IndexByte(lines, '\n')
	if n < 0 {
		return len(lines)
	}
	if bytes.IndexByte(lines[:n], '"') < 0 {
		return n + 1
	}
	i := 0
	for i < len(lines) && lines[i] != ' ' {
		if i = toSpace(lines, i); i < len(lines) && lines[i] == '\\' {
			i += 2
		}
	}
	if i >= len(lines) {
		return len(lines)
	}
	escaped := 0 // the byte before this is
	for {
		if i = toLineEnd(lines, i); i >= len(lines) {
			return len(lines)
		}
		switch lines[i] {
		case '\n':
			return i + 1
		case '\\':
			i += 2
			escaped = i
		default:
			if lines[i-1] != '=' || i == escaped {
				i++
				continue
			}
			for i = toQuote(lines, i+1); i < len(lines) && lines[i] == '\\'; {
				i = toQuote(lines, i+2)
			}
			i++
		}
	}
}

// toSpace returns the place of the first space or backslash from i on, or a place beyond
// the end.
func toSpace(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		const ones = swar.Ones
		w := swar.Load64(b, i)
		s, e := w^ones*' ', w^ones*'\\'
		if m := ((s-ones)&^s | (e-ones)&^e) & swar.Highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(b) && b[i] != ' ' && b[i] != '\\' {
		i++
	}
	return i
}

// toLineEnd returns the place of the first line feed, quote or backslash from i on, or a
// place beyond the end.
func toLineEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		const ones = swar.Ones
		w := swar.Load64(b, i)
		f := w ^ ones*'\n'
		if m := (f-ones)&^f&swar.Highs | quoteOrEscape(w); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(b) && b[i] != '\n' && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// toQuote returns the place of the first quote or backslash from i on, or a place beyond
// the end.
func toQuote(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if m := quoteOrEscape(swar.Load64(b, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// Count returns the number of lines, which must have been accepted by a Scanner or made
// by an encoder.
func Count(lines []byte) (n int) {
	if bytes.IndexByte(lines, '"') < 0 {
		return bytes.Count(lines, []byte{'\n'})
	}
	for len(lines) > 0 {
		lines = lines[Len(lines):]
		n++
	}
	return n
}

// Middle returns the end of a line near the middle of lines and the number of lines
// before it. There must be at least two lines, accepted by a Scanner or made by an
// encoder.
func Middle(lines []byte) (at, n int) {
	for half := len(lines) / 2; ; n++ {
		size := Len(lines[at:])
		if n > 0 && (at+size > half || at+size >= len(lines)) {
			return at, n
		}
		at += size
	}
}

// Halve divides data, which is unchecked, at the line end nearest to the middle that
// InfluxDB sees. head is empty if there is none.
func Halve(data []byte) (head, tail []byte) {
	cut := 0
	for cut < len(data)/2 {
		n, _ := Split(data[cut:])
		if cut+n+1 >= len(data) {
			break
		}
		cut += n + 1
	}
	return data[:cut:cut], data[cut:]
}

// Stamped reports whether line, accepted by a Scanner or made by an encoder, ends with a
// timestamp: digits and perhaps a sign after a space, and perhaps spaces. No line without
// a timestamp ends so: a field value follows an equals sign, and a string ends with a
// quote.
func Stamped(line []byte) bool {
	last := len(line) - 1
	for last >= 0 && (line[last] == '\n' || line[last] == ' ') {
		last--
	}
	i := last
	for i >= 0 && line[i]-'0' < 10 {
		i--
	}
	if i == last {
		return false
	}
	if i > 0 && line[i] == '-' {
		i--
	}
	return i > 0 && (line[i] == ' ' || line[i] == '\t' || line[i] == 0)
}
