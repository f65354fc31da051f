package main

import (
	"bytes"
	"io"
)

// A tape is the reader from which a decoder reads lines. It keeps the bytes since the last
// line that the decoder took, so that lines are passed on as they are, and lines that the
// decoder refuses can be kept.
//
// Its memory is bounded: a decoder never returns a line of more than longest bytes, so
// bytes further back are part of no line that comes.
type tape struct {
	r       io.Reader
	before  func() error          // called before each read, which may wait for long
	comment func(text []byte)     // gets each comment, without its line feed
	count   func(read, lines int) // gets what was read
	longest int
	trimCR  bool

	buf    []byte // input from offset start on
	start  int64
	within bool // at start is the middle of a comment or line that is too long
}

// tapeRead is how much of its reader a tape asks for at least.
const tapeRead = 64 << 10

// Read reads on.
func (t *tape) Read(p []byte) (int, error) {
	if err := t.before(); err != nil {
		return 0, err
	}
	t.comments(int64(len(t.buf)) + t.start)
	if t.within {
		t.drop(len(t.buf))
	} else if over := len(t.buf) - t.longest - tapeRead; over > 0 {
		// No line is so long: it is refused, and what follows until its end is none.
		t.drop(over)
	}
	n, err := t.r.Read(p)
	if n > 0 {
		t.count(n, bytes.Count(p[:n], []byte{'\n'}))
		t.buf = append(t.buf, p[:n]...)
	}
	return n, err
}

// at returns the bytes from offset from to offset to, as far as they are there. They are
// valid until the next read.
func (t *tape) at(from, to int64) []byte {
	from = max(from, t.start)
	if to <= from {
		return nil
	}
	return t.buf[from-t.start : min(to-t.start, int64(len(t.buf)))]
}

// skip forgets the bytes before offset to.
func (t *tape) skip(to int64) {
	if n := to - t.start; n > 0 {
		t.drop(int(min(n, int64(len(t.buf)))))
		t.within = false
	}
}

func (t *tape) drop(n int) {
	t.start += int64(n)
	t.buf = t.buf[:copy(t.buf, t.buf[n:])]
}

// cut says that the line that ends at offset end was cut there: the rest of it, up to the
// line feed, is no line.
func (t *tape) cut(end int64) {
	t.skip(end)
	t.within = true
}

// comments passes over comments and empty lines at the beginning, up to offset end.
func (t *tape) comments(end int64) {
	for t.start < end && len(t.buf) > 0 {
		feed := bytes.IndexByte(t.buf, '\n')
		text := t.buf
		if feed >= 0 {
			text = t.buf[:feed]
		}
		switch trimmed := bytes.TrimLeft(text, " \t\x00"); {
		case t.within && feed < 0:
			t.drop(len(t.buf))
			return
		case t.within:
			t.within = false
		case len(trimmed) > 0 && trimmed[0] == '#':
			if feed < 0 && len(t.buf) <= tapeRead {
				return // its end may come
			}
			t.comment(trimmed)
			t.within = feed < 0
		case feed < 0 || len(trimmed) > 0 && !(t.trimCR && string(trimmed) == "\r"):
			return // a line begins
		}
		t.drop(len(text) + min(1, feed+1))
	}
}
