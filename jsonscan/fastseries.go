package jsonscan

import (
	"bytes"

	"github.com/pointwire/pointwire/internal/swar"
)

// The pieces of the envelope of a series as InfluxDB writes it, as words.
const (
	wordName    = '{' | '"'<<8 | 'n'<<16 | 'a'<<24 | 'm'<<32 | 'e'<<40 | '"'<<48 | ':'<<56
	wordTags    = ',' | '"'<<8 | 't'<<16 | 'a'<<24 | 'g'<<32 | 's'<<40 | '"'<<48 | ':'<<56
	wordColumn  = ',' | '"'<<8 | 'c'<<16 | 'o'<<24 | 'l'<<32 | 'u'<<40 | 'm'<<48 | 'n'<<56
	wordColumnS = 's' | '"'<<8 | ':'<<16 | '['<<24
	wordValues  = ',' | '"'<<8 | 'v'<<16 | 'a'<<24 | 'l'<<32 | 'u'<<40 | 'e'<<48 | 's'<<56
	wordValuesE = '"' | ':'<<8 | '['<<16
)

// endValues leaves the values, whose ']' was consumed. If the series ends there
// too and another begins, in the form that InfluxDB writes, it goes there at
// once.
func (s *Scanner) endValues() {
	if swar.Load32(s.buf, s.pos)&0xffffff == '}'|','<<8|'{'<<16 {
		s.endSeries()
		s.pos += 2
		if s.fastSeries() {
			return
		}
		s.pos-- // back to the ','
		s.leave(stList)
		return
	}
	s.leave(stSeries)
}

// fastSeries consumes the envelope of the series at pos up to its first row, if
// it is all in the buffer, in the form that InfluxDB writes, and without
// escapes. Otherwise it does nothing and reports false.
func (s *Scanner) fastSeries() bool {
	b, i := s.buf, s.pos
	if swar.Load64(b, i) != wordName || b[i+8] != '"' {
		return false
	}
	// What is collected here is lost if it declines: stepList starts again.
	t := &s.text
	s.newSeries()
	t.src = b
	if i = t.fastSpan(b, i+8, &t.name, s.AllowInvalidUTF8); i == 0 {
		return false
	}
	t.hasName = true
	if swar.Load64(b, i) == wordTags && b[i+8] == '{' {
		if i = t.fastTags(b, i+9, s.AllowInvalidUTF8); i == 0 {
			return false
		}
	}
	if swar.Load64(b, i) != wordColumn || swar.Load32(b, i+8) != wordColumnS {
		return false
	}
	if i = t.fastColumns(b, i+12, s.end, s.AllowInvalidUTF8); i == 0 {
		return false
	}
	t.hasCols = true
	if swar.Load64(b, i) != wordValues || swar.Load32(b, i+8)&0xffffff != wordValuesE {
		return false
	}
	if i+11 > s.end {
		return false
	}
	s.pos = i + 11
	s.beginSeries(true)
	s.enter(stValues)
	return true
}

// fastSpan reads the string at b[i] into p.
func (t *seriesText) fastSpan(b []byte, i int, p *span, lax bool) int {
	if b[i] != '"' {
		return 0
	}
	n, _, fix := fastString(b, i+1, i+1, nil, lax)
	if fix != 0 {
		return 0
	}
	*p = span{i + 1, n - 1}
	return n
}

// fastTags reads the tags whose first key is at b[i].
func (t *seriesText) fastTags(b []byte, i int, lax bool) int {
	for {
		var key, value span
		if i = t.fastSpan(b, i, &key, lax); i == 0 || b[i] != ':' {
			return 0
		}
		if i = t.fastSpan(b, i+1, &value, lax); i == 0 {
			return 0
		}
		t.tags = append(t.tags, key, value)
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i++
		default:
			return 0
		}
	}
}

// fastColumns reads the columns whose first is at b[i]. Most series of an
// answer have the columns of the one before.
func (t *seriesText) fastColumns(b []byte, i, end int, lax bool) int {
	if n := len(t.raw); n > 0 && i+n <= end && bytes.Equal(b[i:i+n], t.raw) {
		t.same = true
		return i + n
	}
	start := i
	for {
		var c span
		if i = t.fastSpan(b, i, &c, lax); i == 0 {
			return 0
		}
		t.columns = append(t.columns, c)
		switch b[i] {
		case ']':
			i++
			t.raw = append(t.raw[:0], b[start:i]...)
			return i
		case ',':
			i++
		default:
			return 0
		}
	}
}
