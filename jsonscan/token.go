package jsonscan

import (
	"bytes"
	"unicode/utf8"
)

// This file scans single tokens in a byte slice, without a look at what they mean, and
// reads the members of the envelope that hold texts.
//
// A scan gets b, where to begin, and the end of the data, and consumes nothing. It
// returns a position and a scanCode. It never looks at b[end] or beyond: a token that
// may go on there is incomplete, scanMore. What a scan accepts, and where it says an
// error is, does not depend on how much of the response is in the buffer.

// scanCode is the result of a scan over the bytes at hand.
type scanCode uint8

const (
	scanDone  scanCode = iota
	scanMore           // the bytes end inside the token
	scanBad            // no continuation makes it a token
	scanUTF8           // bad only because its text is not UTF-8
	scanRange          // a number beyond float64
)

// scanString scans a string from i, which is after the opening quote or where an
// earlier scan ended with scanMore. It returns the position after the closing
// quote, the position to continue from, or the offending position. fix is set if
// the text differs from the bytes. In lax mode invalid UTF-8 and lone surrogates
// only make the text differ; otherwise they are an error.
func scanString(b []byte, i, end int, lax bool) (next int, fix bool, code scanCode) {
	for i < end {
		c := b[i]
		switch {
		case c == '"':
			return i + 1, fix, scanDone
		case c < 0x20:
			return i, fix, scanBad
		case c == '\\':
			n, lone, code := scanEscape(b, i, end)
			if code != scanDone {
				return n, fix, code
			}
			if lone && !lax {
				return i, fix, scanUTF8
			}
			fix = true
			i = n
		case c < utf8.RuneSelf:
			i++
		default:
			if !utf8.FullRune(b[i:end]) {
				return i, fix, scanMore
			}
			r, n := utf8.DecodeRune(b[i:end])
			if r == utf8.RuneError && n == 1 {
				if !lax {
					return i, fix, scanUTF8
				}
				fix = true
			}
			i += n
		}
	}
	return i, fix, scanMore
}

// scanEscape scans the escape sequence at i, both halves of a surrogate pair
// at once. lone is set if it is half a pair.
func scanEscape(b []byte, i, end int) (next int, lone bool, code scanCode) {
	if i+1 >= end {
		return i, false, scanMore
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, false, scanDone
	case 'u':
	default:
		return i + 1, false, scanBad
	}
	r, code, at := scanHex(b, i+2, end)
	if code == scanMore {
		return i, false, scanMore
	}
	if code == scanBad {
		return at, false, scanBad
	}
	if r < 0xd800 || r > 0xdfff {
		return i + 6, false, scanDone
	}
	if r > 0xdbff {
		return i + 6, true, scanDone
	}
	// Without a low half after it the high half is lone.
	if i+6 >= end {
		return i, false, scanMore
	}
	if b[i+6] != '\\' {
		return i + 6, true, scanDone
	}
	if i+7 >= end {
		return i, false, scanMore
	}
	if b[i+7] != 'u' {
		return i + 6, true, scanDone
	}
	_, code, at = scanHex(b, i+8, end)
	// The first two digits tell whether it can be the low half.
	if at > i+8 && hexDigit(b[i+8]) != 0xd || at > i+9 && hexDigit(b[i+9]) < 0xc {
		return i + 6, true, scanDone
	}
	switch code {
	case scanMore:
		return i, false, scanMore
	case scanBad:
		return at, false, scanBad
	}
	return i + 12, false, scanDone
}

// scanHex scans four hexadecimal digits.
func scanHex(b []byte, i, end int) (r rune, code scanCode, at int) {
	for k := range 4 {
		if i+k >= end {
			return 0, scanMore, i + k
		}
		d := hexDigit(b[i+k])
		if d < 0 {
			return 0, scanBad, i + k
		}
		r = r<<4 | d
	}
	return r, scanDone, i + 4
}

// hexDigits has the value of each hexadecimal digit plus one, and 0 for other bytes.
var hexDigits = [256]uint8{
	'0': 1, '1': 2, '2': 3, '3': 4, '4': 5, '5': 6, '6': 7, '7': 8, '8': 9, '9': 10,
	'a': 11, 'b': 12, 'c': 13, 'd': 14, 'e': 15, 'f': 16,
	'A': 11, 'B': 12, 'C': 13, 'D': 14, 'E': 15, 'F': 16,
}

// hexDigit returns the value of c, or -1 if c is not a hexadecimal digit.
func hexDigit(c byte) rune { return rune(hexDigits[c]) - 1 }

// scanNumber scans a JSON number at i. A number ends where the next byte
// cannot be part of it, so a number that reaches end is incomplete.
func scanNumber(b []byte, i, end int) (next int, code scanCode) {
	if i < end && b[i] == '-' {
		i++
	}
	if i >= end {
		return i, scanMore
	}
	switch {
	case b[i] == '0':
		i++
	case '1' <= b[i] && b[i] <= '9':
		i = scanDigits(b, i, end)
	default:
		return i, scanBad
	}
	if i < end && b[i] == '.' {
		i++
		n := scanDigits(b, i, end)
		if n == i && n < end {
			return i, scanBad
		}
		i = n
	}
	if i < end && b[i]|0x20 == 'e' {
		i++
		if i < end && (b[i] == '+' || b[i] == '-') {
			i++
		}
		n := scanDigits(b, i, end)
		if n == i && n < end {
			return i, scanBad
		}
		i = n
	}
	if i >= end {
		return i, scanMore
	}
	return i, scanDone
}

// scanDigits returns the position of the first byte from i on that is not a digit.
func scanDigits(b []byte, i, end int) int {
	for i < end && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

// scanWord scans the literal word at i.
func scanWord(b []byte, i, end int, word string) (next int, code scanCode) {
	for k := range len(word) {
		if i+k >= end {
			return i + k, scanMore
		}
		if b[i+k] != word[k] {
			return i + k, scanBad
		}
	}
	return i + len(word), scanDone
}

// literal returns the literal that starts with c, or "".
func literal(c byte) string {
	switch c {
	case 't':
		return "true"
	case 'f':
		return "false"
	case 'n':
		return "null"
	}
	return ""
}

// key consumes a key and its colon. The result is valid until the next call.
func (s *Scanner) key() ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	if c != '"' {
		return nil, s.syntax(s.pos, "expected a key")
	}
	s.scratch, err = s.appendText(s.scratch[:0])
	if err != nil {
		return nil, err
	}
	return s.scratch, s.expect(':', "expected ':'")
}

// shortText reads the text of an error, truncated to maxErrorText bytes. It skips a
// value that is not a string and returns "" for it.
func (s *Scanner) shortText() (string, error) {
	c, err := s.peek()
	if err != nil {
		return "", err
	}
	if c != '"' {
		return "", s.skip()
	}
	s.scratch, err = s.appendText(s.scratch[:0])
	if err != nil {
		return "", err
	}
	text := s.scratch[:min(len(s.scratch), maxErrorText)]
	return string(bytes.ToValidUTF8(text, nil)), nil
}

// boolean reads true or false; null is false.
func (s *Scanner) boolean() (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	w := literal(c)
	if w == "" {
		return false, s.syntax(s.pos, "expected true or false")
	}
	return w == "true", s.word(w)
}

// part appends a string to the text of the series. Null is the empty string.
func (s *Scanner) part() (span, error) {
	null, err := s.null()
	if err != nil || null {
		return span{}, err
	}
	t := &s.text
	start := len(t.text)
	t.text, err = s.appendText(t.text)
	return span{start, len(t.text)}, err
}

func (s *Scanner) readName() (err error) {
	s.text.name, err = s.part()
	s.text.hasName = true
	return err
}

func (s *Scanner) readTags() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if err := s.expect('{', "expected an object"); err != nil {
		return err
	}
	s.text.tags = s.text.tags[:0]
	for first := true; ; first = false {
		more, err := s.element(first, '}')
		if err != nil || !more {
			if s.MessagePack {
				s.text.src = s.text.text
				s.text.sortTags()
			}
			return err
		}
		if c, err := s.peek(); err != nil || c != '"' {
			if err == nil {
				err = s.syntax(s.pos, "expected a key")
			}
			return err
		}
		key, err := s.part()
		if err != nil {
			return err
		}
		if err := s.expect(':', "expected ':'"); err != nil {
			return err
		}
		value, err := s.part()
		if err != nil {
			return err
		}
		if s.text.tags = append(s.text.tags, key, value); len(s.text.tags) > 2*s.maxColumns() {
			return &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow(), Columns: s.maxColumns()}
		}
	}
}

func (s *Scanner) readColumns() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if err := s.expect('[', "expected an array"); err != nil {
		return err
	}
	s.text.hasCols = true
	s.text.columns = s.text.columns[:0]
	for first := true; ; first = false {
		more, err := s.element(first, ']')
		if err != nil || !more {
			return err
		}
		c, err := s.part()
		if err != nil {
			return err
		}
		if s.text.columns = append(s.text.columns, c); len(s.text.columns) > s.maxColumns() {
			return &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow(), Columns: s.maxColumns()}
		}
	}
}

// readMessages reads the messages of a statement.
func (s *Scanner) readMessages() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if err := s.expect('[', "expected an array"); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.element(first, ']')
		if err != nil || !more {
			return err
		}
		if err := s.readMessage(); err != nil {
			return err
		}
	}
}

// readMessage reads one message and keeps it, up to maxMessages of them.
func (s *Scanner) readMessage() error {
	if err := s.expect('{', "expected an object"); err != nil {
		return err
	}
	m := Message{StatementID: s.res.id}
	s.res.usedID = true
	for first := true; ; first = false {
		more, err := s.element(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		switch string(key) {
		case "level":
			m.Level, err = s.shortText()
		case "text":
			m.Text, err = s.shortText()
		default:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
	if len(s.messages) < maxMessages {
		s.messages = append(s.messages, m)
	}
	return nil
}
