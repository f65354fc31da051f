package jsonscan

import (
	"errors"
	"io"
)

// This file takes tokens of the envelope from the buffer: punctuation, words, numbers
// and strings, and values of unknown keys, which skip drops. The scans themselves are
// in token.go and know only bytes. The functions here add white space, the end of the
// buffer and errors with their offsets.
//
// Each of them consumes a token with the white space before it. Where a scan reports
// scanMore, the loop calls more and scans again: a string from where the scan stopped,
// anything else from its start. An error ends the stream, so s.pos means nothing
// after it.

// more reads more of the response. Its error is final: a token is incomplete.
func (s *Scanner) more() error { return s.moreWithin(s.maxRow()) }

// moreWithin is more with a bound for the bytes that stay in the buffer.
func (s *Scanner) moreWithin(limit int) error {
	err := s.fill(limit)
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

// syntax returns an error about the byte buf[i].
func (s *Scanner) syntax(i int, msg string) error {
	return &SyntaxError{Offset: s.offset(i), Msg: msg}
}

// peek skips white space and returns the next byte without consuming it.
func (s *Scanner) peek() (byte, error) {
	if s.MessagePack {
		return s.packedPeek()
	}
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
	if s.MessagePack {
		return s.packedExpect(c, msg)
	}
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

// element moves to the next element of the array or object that ends with close,
// past the comma unless first is set. It reports false after consuming close.
func (s *Scanner) element(first bool, close byte) (bool, error) {
	if s.MessagePack {
		return s.counts.next(), nil
	}
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

// null consumes the next token if it is null, and reports whether it was.
func (s *Scanner) null() (bool, error) {
	c, err := s.peek()
	if err != nil || c != 'n' {
		return false, err
	}
	return true, s.word("null")
}

// word consumes the literal w.
func (s *Scanner) word(w string) error {
	if s.MessagePack {
		s.pos++ // after peek
		return nil
	}
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
	if s.MessagePack {
		return s.packedText(dst)
	}
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

// badString returns the error of a string that a scan refused at buf[i].
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

// maxDepth bounds the nesting of skipped values. encoding/json has the same bound.
const maxDepth = 10000

// skip consumes one value of any kind without holding it.
func (s *Scanner) skip() error {
	if s.MessagePack {
		return s.packedSkip()
	}
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
				return s.syntax(s.pos, "nested too deeply")
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
		// After a value: leave what ends here, and stop before the next value.
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

// skipKey consumes a key and its colon.
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

// skipScalar consumes a value that begins with c and is neither array nor object. A
// string is consumed piece by piece, so that a long one needs no buffer.
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

// badNumber returns the error of a number that a scan refused at buf[i].
func (s *Scanner) badNumber(i int) error {
	if i == s.pos {
		return s.syntax(i, "expected a value")
	}
	return s.syntax(i, "invalid number")
}

// number consumes a number and returns its text, valid until the next call.
func (s *Scanner) number() ([]byte, error) {
	if s.MessagePack {
		return s.packedNumber()
	}
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
