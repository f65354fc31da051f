package jsonscan

import (
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

// scanCode is the outcome of a scan over the bytes at hand.
type scanCode uint8

const (
	scanDone  scanCode = iota
	scanMore           // the bytes end inside the token
	scanBad            // no continuation makes it a token
	scanUTF8           // bad only because its text is not UTF-8
	scanRange          // a number beyond float64
)

// scanString scans a string from i, which is behind the opening quote or where
// an earlier scan ended with scanMore. It returns the position behind the
// closing quote, the position to go on from, or the offending position. fix
// says that the text differs from the bytes. In lax mode invalid UTF-8 and
// lone surrogates are such a difference, otherwise they are an error.
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
// at once. lone says that it is half a pair.
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
	// The low half must follow, or the high half is alone.
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
	r, code, at = scanHex(b, i+8, end)
	if code == scanMore {
		return i, false, scanMore
	}
	if code == scanBad {
		return at, false, scanBad
	}
	if r < 0xdc00 || r > 0xdfff {
		return i + 6, true, scanDone
	}
	return i + 12, false, scanDone
}

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

func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// scanNumber scans a JSON number at i. A number ends where the next byte
// cannot be part of it, so one that reaches end is incomplete.
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

// more reads on, or says why the answer cannot go on.
func (s *Scanner) more() error {
	err := s.fill(s.maxRow())
	switch {
	case err == nil:
		return nil
	case err == errFull:
		at := s.pos
		if s.keep >= 0 {
			at = min(at, s.keep)
		}
		return &RowSizeError{Offset: s.offset(at), Limit: s.maxRow()}
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return &ReadError{Offset: s.offset(s.end), Err: err}
}

func (s *Scanner) syntax(i int, msg string) error {
	return &SyntaxError{Offset: s.offset(i), Msg: msg}
}

// peek skips white space and returns the next byte without consuming it.
func (s *Scanner) peek() (byte, error) {
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case ' ', '\n', '\r', '\t':
				s.pos++
			default:
				return c, nil
			}
		}
		if err := s.more(); err != nil {
			return 0, err
		}
	}
}

// expect consumes the byte c.
func (s *Scanner) expect(c byte, msg string) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.syntax(s.pos, msg)
	}
	s.pos++
	return nil
}

// element moves to the next element of the array or object that close ends and
// that was entered with first set. It reports false after consuming close.
func (s *Scanner) element(first bool, close byte) (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	if c == close {
		s.pos++
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, s.syntax(s.pos, "expected ',' or '"+string(rune(close))+"'")
	}
	s.pos++
	if c, err = s.peek(); err != nil {
		return false, err
	}
	if c == close {
		return false, s.syntax(s.pos, "expected a value after ','")
	}
	return true, nil
}

// null consumes null, if it is next.
func (s *Scanner) null() (bool, error) {
	c, err := s.peek()
	if err != nil || c != 'n' {
		return false, err
	}
	return true, s.word("null")
}

func (s *Scanner) word(w string) error {
	for {
		n, code := scanWord(s.buf, s.pos, s.end, w)
		switch code {
		case scanDone:
			s.pos = n
			return nil
		case scanBad:
			return s.syntax(n, "invalid literal")
		}
		if err := s.more(); err != nil {
			return err
		}
	}
}

// appendText consumes a string and appends its text to dst.
func (s *Scanner) appendText(dst []byte) ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return dst, err
	}
	if c != '"' {
		return dst, s.syntax(s.pos, "expected a string")
	}
	fix := false
	for done := 1; ; {
		n, f, code := scanString(s.buf, s.pos+done, s.end, s.AllowInvalidUTF8)
		fix = fix || f
		switch code {
		case scanDone:
			i := s.pos + 1
			s.pos = n
			if fix {
				return appendUnescaped(dst, s.buf, i, n-1), nil
			}
			return append(dst, s.buf[i:n-1]...), nil
		case scanMore:
			done = n - s.pos
			if err := s.more(); err != nil {
				return dst, err
			}
		default:
			return dst, s.badString(n, code)
		}
	}
}

func (s *Scanner) badString(i int, code scanCode) error {
	switch {
	case code == scanUTF8 && s.buf[i] == '\\':
		return s.syntax(i, "lone surrogate in string")
	case code == scanUTF8:
		return s.syntax(i, "invalid UTF-8 in string")
	case s.buf[i] < 0x20:
		return s.syntax(i, "control character in string")
	}
	return s.syntax(i, "invalid escape in string")
}

// maxDepth bounds the nesting of values that are skipped, as encoding/json
// does.
const maxDepth = 10000

// skip consumes one value of any kind without holding it.
func (s *Scanner) skip() error {
	var stack [(maxDepth + 63) / 64]uint64 // a set bit is an object
	depth := 0
	for {
		c, err := s.peek()
		if err != nil {
			return err
		}
		opened := c == '{' || c == '['
		if opened {
			if depth == maxDepth {
				return s.syntax(s.pos, "nested too deep")
			}
			bit := uint64(1) << (depth % 64)
			stack[depth/64] &^= bit
			if c == '{' {
				stack[depth/64] |= bit
			}
			depth++
			s.pos++
		} else if err := s.skipScalar(c); err != nil {
			return err
		}
		// Behind a value: close what ends here, and stop before the next value.
		for {
			if depth == 0 {
				return nil
			}
			object := stack[(depth-1)/64]>>((depth-1)%64)&1 == 1
			close := byte(']')
			if object {
				close = '}'
			}
			more, err := s.element(opened, close)
			if err != nil {
				return err
			}
			if more {
				if object {
					if err := s.skipKey(); err != nil {
						return err
					}
				}
				break
			}
			depth--
			opened = false
		}
	}
}

func (s *Scanner) skipKey() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '"' {
		return s.syntax(s.pos, "expected a key")
	}
	if err := s.skipScalar(c); err != nil {
		return err
	}
	return s.expect(':', "expected ':'")
}

func (s *Scanner) skipScalar(c byte) error {
	if c != '"' {
		if w := literal(c); w != "" {
			return s.word(w)
		}
		_, err := s.number()
		return err
	}
	s.pos++
	for {
		n, _, code := scanString(s.buf, s.pos, s.end, s.AllowInvalidUTF8)
		switch code {
		case scanDone:
			s.pos = n
			return nil
		case scanMore:
			s.pos = n
			if err := s.more(); err != nil {
				return err
			}
		default:
			return s.badString(n, code)
		}
	}
}

func (s *Scanner) badNumber(i int) error {
	if i == s.pos {
		return s.syntax(i, "expected a value")
	}
	return s.syntax(i, "invalid number")
}

// number consumes a number and returns its text, valid until the next call.
func (s *Scanner) number() ([]byte, error) {
	for {
		n, code := scanNumber(s.buf, s.pos, s.end)
		switch code {
		case scanDone:
			text := s.buf[s.pos:n:n]
			s.pos = n
			return text, nil
		case scanBad:
			return nil, s.badNumber(n)
		}
		if err := s.more(); err != nil {
			return nil, err
		}
	}
}

// appendUnescaped appends the text of the valid string body b[i:end] to dst,
// with U+FFFD in the place of what is not UTF-8. Behind end there are at least 8
// readable bytes.
func appendUnescaped(dst, b []byte, i, end int) []byte {
	// Unescaping never makes text longer, but for bytes that are not UTF-8.
	dst = slices.Grow(dst, end-i+8)
	for {
		// Copy up to the next escape, or byte of what may not be UTF-8, in words
		// that may go too far.
		for i < end {
			w := swar.Load64(b, i)
			if cap(dst)-len(dst) < 8 {
				dst = slices.Grow(dst, end-i+8)
			}
			swar.Store64(dst, len(dst), w)
			n := min(swar.First(swar.Equal(w, '\\')|w&swar.Highs), end-i)
			dst = dst[:len(dst)+n]
			i += n
			if n < 8 {
				break
			}
		}
		if i == end {
			return dst
		}
		var r rune
		if c := b[i]; c != '\\' {
			var n int
			r, n = utf8.DecodeRune(b[i:end])
			i += n
		} else if c = b[i+1]; c != 'u' {
			dst = append(dst, shortEscape(c))
			i += 2
			continue
		} else {
			r, i = unescapeRune(b, i, end)
		}
		dst = utf8.AppendRune(dst, r)
	}
}

// unescapeRune returns the character of the valid escape \uXXXX at b[i], or of
// two that are a surrogate pair, and the position behind it.
func unescapeRune(b []byte, i, end int) (rune, int) {
	r, _, _ := scanHex(b, i+2, end)
	i += 6
	if r < 0xd800 || r > 0xdfff {
		return r, i
	}
	if r <= 0xdbff && i+6 <= end && b[i] == '\\' && b[i+1] == 'u' {
		if low, _, _ := scanHex(b, i+2, end); low >= 0xdc00 && low <= 0xdfff {
			return ((r-0xd800)<<10 | (low - 0xdc00)) + 0x10000, i + 6
		}
	}
	return utf8.RuneError, i
}

func shortEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
