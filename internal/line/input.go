package line

import (
	"bytes"
	"errors"
	"io"
)

// This file gets the scanner its input: the end of a slice, with pad bytes after it, or
// what a reader returns.

// more gets the scanner more input, and reports false at its end.
func (s *Scanner) more() bool {
	if s.r == nil {
		return s.finish()
	}
	return s.fill()
}

// finish continues in a copy of the end of the input, with pad bytes after it.
func (s *Scanner) finish() bool {
	if s.pos >= len(s.buf) {
		return false
	}
	if !s.in {
		// Few callers ask for the number of a line, so the input is not searched for it.
		s.passed, s.counted = s.buf[s.counted:s.pos], 0
		s.base += int64(s.pos)
		s.tail = append(s.tail[:0], s.buf[s.pos:]...)
		s.buf, s.pos, s.in = s.tail, 0, true
	}
	s.end()
	return true
}

// end makes the buffer end with a line feed, and pad bytes after it.
func (s *Scanner) end() {
	n := len(s.buf)
	if n > 0 && s.buf[n-1] != '\n' {
		s.buf = append(s.buf, '\n')
		s.added = true
	}
	s.buf = append(s.buf, make([]byte, pad)...)
	s.buf = s.buf[:len(s.buf)-pad]
	s.tail = s.buf
	s.safe = len(s.buf)
}

// fill reads until there is another line, or the input ends.
func (s *Scanner) fill() bool {
	if s.final {
		return s.pos < len(s.buf)
	}
	if s.pos > 0 {
		s.lines += int64(bytes.Count(s.buf[s.counted:s.pos], newline))
		s.counted = 0
		s.base += int64(s.pos)
		s.buf = s.buf[:copy(s.buf, s.buf[s.pos:])]
		s.pos = 0
	}
	for {
		if cap(s.buf)-len(s.buf) <= pad {
			grown := make([]byte, len(s.buf), 2*cap(s.buf)+2*pad)
			copy(grown, s.buf)
			s.buf = grown
		}
		n, err := s.r.Read(s.buf[len(s.buf) : cap(s.buf)-pad])
		fresh := s.buf[len(s.buf) : len(s.buf)+n]
		s.buf = s.buf[:len(s.buf)+n]
		s.tail = s.buf
		if err != nil {
			s.final = true
			if !errors.Is(err, io.EOF) {
				s.err = err
				// What follows the last line feed of an input that broke is not a line.
				s.buf = s.buf[:bytes.LastIndexByte(s.buf, '\n')+1]
			}
			s.end()
			return len(s.buf) > 0
		}
		more := false
		if s.pending {
			more = s.cut.run(s.buf)
		} else {
			more = bytes.IndexByte(fresh, '\n') >= 0
		}
		if more || len(s.buf) > s.opt.MaxLine {
			s.pending = false
			s.safe = bytes.LastIndexByte(s.buf, '\n') + 1
			return true
		}
	}
}
