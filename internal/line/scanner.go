package line

import (
	"bytes"
	"io"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/nocopy"
)

// This file is the scanner: it finds the next line, gives it to fast.go and, if that
// declines, to walk.go, and finds the end of a line that was refused. The input is in
// input.go, the grammar in walk.go.
//
// Invariants: at least pad readable bytes follow every line, and the last line has a line
// feed, added if it had none. A verdict does not depend on how much of the input has
// arrived.

// Options are the choices of a [Scanner]. The zero value is strict.
type Options struct {
	// Precision is the unit of the timestamps. It decides which are in range.
	Precision pointwire.Precision
	// TrimCR takes a carriage return before a line feed as part of the line end.
	TrimCR bool
	// MaxLine is the length of the longest line that is taken, by default [MaxLine].
	MaxLine int
}

// MaxLine is the default of [Options.MaxLine]. No server takes a longer line.
const MaxLine = 16 << 20

// pad is the number of bytes after a line that may be read.
const pad = 64

// A Scanner takes lines of line protocol apart, one after the other. The zero value
// has no input. It holds memory for the longest line and the most tags and fields,
// and keeps it over Reset.
type Scanner struct {
	_ nocopy.Field // last points into the Scanner
	Point
	// Tags and Fields are those of the last line.
	Tags   []Tag
	Fields []Field
	texts  [2][]byte // the last line and what is after it; own
	// Fault is why the last line was refused.
	Fault Fault

	opt    Options
	check  bool   // values are not converted
	latest uint64 // the largest timestamp
	brief  int    // lines up to this length cannot exceed the bounds of keys

	shapes shapes
	expect *shape // the shape that the next line probably has
	last   *shape // of the last line, never nil
	none   shape  // before the first one

	ownLen  int    // of own, while fast fills it
	own     []byte // texts without their escapes
	keys    []Span
	hit     bool   // the end of the buffer was met within the line
	longest int    // field key of the line, with its escapes
	spent   int64  // bytes that were searched for the ends of quotes that stay open
	pending bool   // the line at pos, which is no comment, has not ended
	cut     cutter // looks for its end

	buf     []byte // being scanned
	pos     int    // of the next line
	safe    int    // lines that begin before here end in the buffer, pad bytes before its end
	line    int    // place of the last line
	size    int    // and its length with its line feed
	base    int64  // offset in the input of the buffer
	lines   int64  // line feeds in the input before counted, except for those in passed
	counted int    // in the buffer
	passed  []byte // part of the input that Reset was given, whose line feeds are not counted yet
	tail    []byte // the end of the input, with pad bytes after it
	in      bool   // buf is tail

	r     io.Reader
	final bool
	err   error
	added bool // the last line feed was added to the input
	skip  bool // within a line that is too long
}

// SetOptions sets the options, for the lines that follow.
func (s *Scanner) SetOptions(o Options) {
	if o.MaxLine <= 0 {
		o.MaxLine = MaxLine
	}
	o.MaxLine = min(o.MaxLine, 1<<30)
	s.opt = o
	s.latest = uint64(decimal.MaxTime / o.Precision.Unit())
	s.brief = min(o.MaxLine, maxKey-4) - 1
}

// SetCheck says that from the next line on only the fault is wanted, and what
// AppendPlain and its parts append: not name, tags, fields and their values.
func (s *Scanner) SetCheck(on bool) { s.check = on }

// Options returns the options.
func (s *Scanner) Options() Options { return s.opt }

// short is the length below which an input is copied at once, which is less work than
// finding its last line.
const short = 512

// Reset makes data the input. The scanner reads it until the next Reset and does
// not change it.
func (s *Scanner) Reset(data []byte) { s.reset(data, short) }

// reset is Reset where less than so many bytes are copied at once.
func (s *Scanner) reset(data []byte, short int) {
	s.start()
	s.buf, s.final = data, true
	if len(data) >= max(short, pad) {
		s.safe = bytes.LastIndexByte(data[:len(data)-pad], '\n') + 1
	}
}

// ResetCopy makes a copy of data the input, so that data may be short-lived.
func (s *Scanner) ResetCopy(data []byte) {
	s.start()
	s.tail = append(s.tail[:0], data...)
	s.buf, s.in, s.final = s.tail, true, true
	s.end()
}

// ResetReader makes what r gives the input.
func (s *Scanner) ResetReader(r io.Reader) {
	s.start()
	s.r, s.in = r, true
	if s.tail == nil {
		s.tail = make([]byte, 0, 64<<10)
	}
	s.buf = s.tail[:0]
}

func (s *Scanner) start() {
	if s.opt.MaxLine == 0 {
		s.SetOptions(s.opt)
	}
	s.buf, s.r, s.err = nil, nil, nil
	s.pos, s.safe, s.line, s.size = 0, 0, 0, 0
	s.base, s.lines, s.counted, s.passed = 0, 0, 0, nil
	if s.last == nil {
		s.last = &s.none
	}
	s.in, s.final, s.added, s.skip, s.pending = false, false, false, false, false
	s.spent = 0
	s.Point, s.Fault = Point{}, Fault{}
	s.texts[0] = nil
	s.Tags, s.Fields = s.Tags[:0], s.Fields[:0]
}

// marks are the byte order marks of UTF-8 and UTF-16.
var marks = [...]string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"}

// marked reports whether b, the line being looked at, begins the input with a byte
// order mark.
func (s *Scanner) marked(b []byte) bool {
	if s.base != 0 || s.line != 0 {
		return false
	}
	for _, m := range marks {
		if bytes.HasPrefix(b, []byte(m)) {
			return true
		}
	}
	return false
}

// Next takes the next line that is neither empty nor a comment, and reports whether there
// is one. Point holds it, or Fault if that has a rule. After false, Err tells why the
// input ended.
func (s *Scanner) Next() bool {
	for {
		if s.pos >= s.safe && !s.more() {
			s.line, s.size = s.pos, 0
			return false
		}
		s.line = s.pos
		b := s.buf[s.pos:]
		if s.pos < s.safe && b[0] > '#' && (b[0] < 0xef || s.pos > 0 || s.base > 0) && !s.skip {
			if s.check {
				s.size = fast[check](s, b, s.safe-s.pos)
			} else {
				s.size = fast[convert](s, b, s.safe-s.pos)
			}
			if s.size > 0 {
				s.pos += s.size
				s.Fault = Fault{}
				return true
			}
		}
		n, k := s.walk(b)
		switch k {
		case kindMore:
			// Look no further until there is more. If line feeds may be part of the line,
			// wait until it ends: each would be a reason to begin again.
			s.safe = s.pos
			first := skipBlank(b, 0)
			s.pending, s.cut = first < len(b) && b[first] != '#' && !s.spentAll(), cutter{}
			continue
		case kindSkip:
			s.pos += n
			continue
		}
		s.pos += n
		s.size = n
		return true
	}
}

var newline = []byte{'\n'}

type kind uint8

const (
	kindPoint kind = iota
	kindBad
	kindSkip
	kindMore
)

// walk takes the line at the beginning of b, byte by byte, and returns its length with
// its line feed. It looks at no more of b than the longest line may have, so its verdict
// does not depend on how much of the input has arrived.
func (s *Scanner) walk(b []byte) (n int, k kind) {
	if s.skip {
		return s.skipLong(b)
	}
	cut := len(b) > s.opt.MaxLine
	last := s.final || cut
	if cut {
		b = b[:s.opt.MaxLine+1]
	}
	first := skipBlank(b, 0)
	if first < len(b) && b[first] == '#' {
		if end := bytes.IndexByte(b[first:], '\n'); end >= 0 {
			return first + end + 1, kindSkip
		}
		s.skip = last
		return s.rest(b, last, kindSkip)
	}
	if s.lineEnd(b, first) && (first < len(b) || !cut) {
		if first < len(b) && b[first] == '\r' {
			first++
		}
		if first == len(b) {
			return s.rest(b, last, kindSkip)
		}
		return first + 1, kindSkip
	}
	s.hit = false
	end, f := first, Fault{}
	if first < len(b) {
		end, f = s.parse(b, first)
	}
	if end >= len(b) || s.hit {
		if !last {
			return 0, kindMore
		}
		if cut && f.Rule == 0 {
			f.Rule = TooLong
		}
	}
	if f.Rule == 0 {
		text := b[:min(end+1, len(b))]
		if at, _ := Split(text); at != end {
			f = Fault{CutElsewhere, at}
		} else if at, _ := Split(text[first:]); first > 0 && at != end-first {
			// White space before the line is not passed on, and a space there matters.
			f = Fault{CutElsewhere, first + at}
		}
	}
	if s.marked(b) {
		f = Fault{ByteOrderMark, 0}
	}
	s.Fault = f
	if f.Rule == 0 {
		return min(end+1, len(b)), kindPoint
	}
	return s.resume(b, last, cut)
}

// rest returns what a line that goes on to the end of b is: k if there is no more of it.
func (s *Scanner) rest(b []byte, last bool, k kind) (int, kind) {
	if last {
		return len(b), k
	}
	return 0, kindMore
}

// Each line of a body may have a quote that stays open to its end. The bytes that are
// searched for all of them are bounded by eight for each byte before the line plus
// lookFree; after that, the end of a quote is searched in lookShort bytes.
const (
	lookFree  = 16 << 20
	lookShort = 512
)

func (s *Scanner) spentAll() bool { return s.spent > 8*(s.base+int64(s.line))+lookFree }

// resume returns the length of the line at the beginning of b, which was refused. It ends
// where InfluxDB ends it, so that text within quotes does not become a line. If a quote
// stays open to the end of the input, that would be the whole input; then the first line
// feed ends the line. cut says that b is not the whole input.
func (s *Scanner) resume(b []byte, last, cut bool) (n int, k kind) {
	look, short := b, s.spentAll() && len(b) > lookShort
	if short {
		look = b[:lookShort]
	}
	end, open := Split(look)
	if end < len(look) {
		s.Fault.At = min(s.Fault.At, end)
		return end + 1, kindBad
	}
	if open && (last || short) {
		s.spent += int64(len(look))
		if end = bytes.IndexByte(b, '\n'); end >= 0 {
			if s.Fault.Rule == CutElsewhere {
				s.Fault.At = end
			} else if s.Fault.At > end {
				// The fault is in a line after this one, which ends in a string.
				s.Fault = Fault{OpenQuote, max(0, bytes.LastIndexByte(b[:end], '"'))}
			}
			return end + 1, kindBad
		}
	}
	if cut {
		s.Fault = Fault{TooLong, s.opt.MaxLine}
		s.skip = true
	}
	return s.rest(b, last, kindBad)
}

// skipLong passes over the rest of a line that is too long.
func (s *Scanner) skipLong(b []byte) (n int, k kind) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return len(b), kindSkip
	}
	s.skip = false
	return end + 1, kindSkip
}

// Err returns the error that ended the input, nil at its end.
func (s *Scanner) Err() error { return s.err }

// Text returns the text of a span of the last line. It is valid until Next.
func (s *Scanner) Text(t Span) []byte {
	return s.texts[t>>63][t>>32&^(1<<31) : uint32(t) : uint32(t)]
}

// Line returns the last line as it is in the input, without its line feed.
func (s *Scanner) Line() []byte {
	b := s.buf[s.line : s.line+s.size]
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	return b[:len(b):len(b)]
}

// Number returns the number of the last line in the input, counted by line feeds
// from 1.
func (s *Scanner) Number() int64 {
	s.lines += int64(bytes.Count(s.passed, newline) + bytes.Count(s.buf[s.counted:s.line], newline))
	s.counted, s.passed = s.line, nil
	return s.lines + 1
}

// Offset returns the offset of the last line in the input.
func (s *Scanner) Offset() int64 { return s.base + int64(s.line) }

// End returns the offset in the input of the byte after the last line.
func (s *Scanner) End() int64 {
	end := s.base + int64(s.pos)
	if s.added && s.pos >= len(s.buf) {
		end--
	}
	return end
}

// AppendPlain appends the last line, which was not refused, as an encoder would
// write it: one space between its parts, and a line feed.
func (s *Scanner) AppendPlain(dst []byte) []byte {
	if s.Plain {
		return append(append(dst, s.texts[0][:s.Point.end]...), '\n')
	}
	return append(s.AppendTime(s.AppendFields(s.AppendSeries(dst))), '\n')
}

// AppendSeries appends measurement and tags of the last line as they are.
func (s *Scanner) AppendSeries(dst []byte) []byte { return append(dst, s.texts[0][s.first:s.sep]...) }

// AppendFields appends a space and the fields of the last line as they are.
func (s *Scanner) AppendFields(dst []byte) []byte {
	dst = append(dst, ' ')
	return append(dst, s.texts[0][s.from:s.to]...)
}

// AppendTime appends a space and the timestamp of the last line as it is, and nothing
// if there is none.
func (s *Scanner) AppendTime(dst []byte) []byte {
	if !s.Stamped {
		return dst
	}
	return append(append(dst, ' '), s.texts[0][s.stamp:s.Point.end]...)
}

// HasTag reports whether the last line has a tag of this key.
func (s *Scanner) HasTag(key string) bool {
	for _, t := range s.Tags {
		if string(s.Text(t.Key)) == key {
			return true
		}
	}
	return false
}

// HasField reports whether the last line has a field of this key.
func (s *Scanner) HasField(key string) bool {
	for i := range s.Fields {
		if string(s.Text(s.Fields[i].Key)) == key {
			return true
		}
	}
	return false
}

// excerptBytes is the length of an excerpt, of which half is before the fault.
const excerptBytes = 64

// Excerpt returns the text around the fault of the last line.
func (s *Scanner) Excerpt() []byte {
	text := s.Line()
	from := max(0, min(s.Fault.At, len(text))-excerptBytes/2)
	return text[from:min(len(text), from+excerptBytes)]
}
