package jsonscan

import (
	"errors"
	"io"
	"iter"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/nocopy"
)

// This file holds the Scanner, the order of its steps, and its buffer.
//
// The flow of a call of Next is this:
//
//   - Next itself takes the next row if it is compact and whole in the buffer, as
//     nearly every row is: fastRow (fastrow.go) parses it into s.cells.
//   - next does everything else. It calls Scanner.step (envelope.go) once for each
//     piece of the envelope, and Scanner.nextRow (values.go) where a row may begin,
//     until one of them delivers a row, an error or the end.
//   - In a MessagePack response fastPacked and nextPacked (packed_row.go) take the places
//     of fastRow and nextRow.
//   - In a jsonl response nextLine (lines.go) does everything.
//   - step and nextRow read tokens with the functions of next.go and token.go. Those
//     of series are in envelope_series.go and collect a seriesText (series.go).
//   - A token or a row that ends after the bytes in the buffer makes them call
//     Scanner.fill and start the token or the row again.
//
// The buffer holds a window of the stream:
//
//	buf[0:pos]        consumed; fill may overwrite it, except from keep on
//	buf[pos:end]      not consumed yet
//	buf[end:end+pad]  zero
//
// These invariants hold between the steps:
//
//   - Positions are indexes of buf. Only fill changes what they mean: it moves the
//     bytes to the front, or to a larger buffer, and corrects pos and keep. The cells
//     of a row hold positions, so they are valid until Next is called again.
//   - No accepted token holds a zero byte, so no loop over tokens runs past the pad,
//     and loads of whole words need no bounds.
//   - While s.ser.pending is set, the text of a Series may be in the buffer only.
//     Scanner.fill, the one way to move the buffer, makes the Series first.
//   - s.first says that nothing of the array or object at hand was read yet, so that
//     no comma is expected.
//   - After s.fatal is set, nothing is read any more.

// A Scanner reads query responses from an io.Reader, row by row. It holds a
// buffer of 64 KiB, and more only while a single row needs it. Make one with
// NewScanner and reuse it with Reset. It must not be copied.
type Scanner struct {
	_ nocopy.Field

	// MaxRowBytes bounds the memory that one row, or one text outside the rows,
	// may take; 0 means 16 MiB. A longer row is a *RowSizeError, and so are more
	// columns, or tags, than one for each 256 bytes of it (65,536).
	MaxRowBytes int
	// AllowInvalidUTF8 accepts strings that are not UTF-8, and lone surrogates,
	// and reads them as encoding/json does, with U+FFFD for each bad byte.
	// Otherwise they are a *SyntaxError. InfluxDB 1.x sends neither.
	AllowInvalidUTF8 bool
	// Chunked says that the query asked for chunks. A response that ends after a
	// result marked as partial is then truncated, and the error is a *ReadError.
	// From the second document on the scanner knows by itself that there are chunks.
	// In a plain response the mark means that max-row-limit left rows out.
	Chunked bool
	// MessagePack says that the response is MessagePack, in the form of InfluxDB 1.x and
	// 2.x: what the server sends for the request header Accept: application/x-msgpack, if the
	// Content-Type of the response says so. Rows, series, structs and frames are those of
	// the same response in JSON, with more of what is stored: see the package comment.
	// Texts that are not UTF-8 are read with U+FFFD for each bad byte, as such a server
	// prints them in JSON.
	MessagePack bool
	// JSONLines says that the response is jsonl, which InfluxDB 3 sends to queries in SQL and
	// InfluxQL by its own endpoints: an object per row. It excludes MessagePack. Rows, series,
	// structs and frames are as those of a series of JSON, with the differences that the
	// package comment tells under JSON Lines.
	JSONLines bool

	buffer
	bufferSize int // initial size; tests make it small

	state state
	first bool // nothing of the array or object at hand was read yet
	stops bool // next stops at the ends of parts, for NextPart
	ended Part // what the last step ended

	cells  []Cell // as many as the series has columns
	row    Row
	counts openCounts // of MessagePack
	lines  lineState  // of jsonl
	err    error      // what Err returns
	fatal  bool       // err ends the stream
	doc    document
	res    result
	ser    seriesState

	text     seriesText
	slab     seriesSlab
	columns  []string // of the series at hand
	like     *Series  // the last Series made, in this response or an earlier one; the next may share its texts
	memo     seriesMemo
	scratch  []byte
	messages []Message
}

// NewScanner returns a Scanner that reads from r. It does not read before the
// first call of Next.
func NewScanner(r io.Reader) *Scanner {
	s := new(Scanner)
	s.Reset(r)
	return s
}

// Reset makes the scanner read a new response from r, keeping its buffers, its
// precision and its options. It forgets the messages of the previous response.
// Every Series it handed out stays valid.
func (s *Scanner) Reset(r io.Reader) {
	if s.bufferSize == 0 {
		s.bufferSize = defaultBuffer
	}
	s.buffer.reset(r, s.bufferSize)
	s.state, s.first = stDocument, true
	s.counts.depth = 0
	s.lines.reset()
	s.err, s.fatal = nil, false
	s.ended = PartNone
	s.doc, s.res = document{}, result{}
	s.ser.reset()
	s.memo.n = 0
	s.row.s, s.row.series = s, nil
	s.row.cells = nil
	s.messages = nil
}

// SetPrecision sets the unit of integer times for Row.Time, which is the epoch
// parameter of the query. The zero value is Nanosecond. Times that come as
// RFC 3339 text need no precision.
func (s *Scanner) SetPrecision(p Precision) { s.row.precision = p }

// Precision returns the unit of integer times.
func (s *Scanner) Precision() Precision { return s.row.precision }

// fill reads more data, see buffer.fill. The text of a pending Series may be in the
// buffer, so it is made before the buffer moves.
func (s *Scanner) fill(limit int) error {
	s.makeSeries()
	return s.buffer.fill(limit)
}

// maxColumns bounds the columns of a series, and its tags. Each takes about columnBytes,
// however short its name is, and counts for that in a row.
func (s *Scanner) maxColumns() int { return max(s.maxRow()/columnBytes, 1024) }

func (s *Scanner) maxRow() int {
	switch {
	case s.MaxRowBytes <= 0:
		return defaultMaxRow
	case s.MaxRowBytes > maxBuffer:
		return maxBuffer
	}
	return s.MaxRowBytes
}

// Rows iterates over the rows of all series of all statements, in the order of
// the response. A row is valid until the next iteration. A *StatementError and a
// *ResponseError come in their place, and the iteration continues if the loop does; any
// other error is the last pair. The row beside an error is empty: it has no cells, and
// its getters return ErrColumn. Breaking out of the loop
// consumes no more of the reader; Rows and Next then continue after the last row.
func (s *Scanner) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for {
			if s.Next() {
				if !yield(&s.row, nil) {
					return
				}
				continue
			}
			if s.err == nil || !yield(&emptyRow, s.err) || s.fatal {
				return
			}
		}
	}
}

// Next moves to the next row. It reports false at the end of the response and at
// an error, which Err then returns. If Recoverable(Err()), calling Next again
// continues after that error.
func (s *Scanner) Next() bool {
	if s.state == stValues && !s.first && len(s.cells) > 0 && s.err == nil {
		// Nearly every row takes this way.
		b, i := s.buf, s.pos
		switch {
		case b[i] == ',' && b[i+1] == '[':
			i++
		case b[i] == ']':
			// A series ends here, and another may begin at once.
			s.pos++
			s.endValues()
			if i = s.pos; s.state != stValues || b[i] != '[' || len(s.cells) == 0 {
				return s.next()
			}
		default:
			return s.next()
		}
		s.row.unescaped = s.row.unescaped[:0]
		next := fastRow(b, i+1, s.cells, &s.row.unescaped, s.AllowInvalidUTF8)
		if next > 0 && next-s.pos <= s.maxRow() {
			s.row.cells = s.cells
			s.first = false
			s.pos = next
			return true
		}
	}
	if s.state == stPacked && s.err == nil && s.fastPacked() {
		return true
	}
	return s.next()
}

// next is Next without the short way.
func (s *Scanner) next() bool {
	if s.fatal {
		return false
	}
	s.err = nil
	for {
		var row bool
		var err error
		s.ended = PartNone
		switch s.state {
		case stValues:
			row, err = s.nextRow()
		case stPacked:
			row, err = s.nextPacked()
		case stLines:
			row, err = s.nextLine()
		default:
			err = s.step()
		}
		if err != nil {
			s.stop(err)
			return false
		}
		if row {
			return true
		}
		if s.state == stEnd || s.stops && s.ended != PartNone {
			return false
		}
	}
}

// stop keeps err as the error of the scanner.
func (s *Scanner) stop(err error) {
	s.err = err
	s.row.cells = nil
	switch err.(type) {
	case *StatementError, *ResponseError:
	default:
		s.fatal = true
	}
}

// Row returns the row that Next moved to, valid until the next call of Next.
func (s *Scanner) Row() *Row { return &s.row }

// Err returns the error at which Next reported false, or nil at the end of the
// response.
func (s *Scanner) Err() error { return s.err }

// Messages returns the messages of the server read so far, at most 1000 of them.
func (s *Scanner) Messages() []Message { return s.messages[:len(s.messages):len(s.messages)] }

// Documents returns the number of complete documents read so far, which is the
// number of chunks of a chunked response.
func (s *Scanner) Documents() int { return s.doc.count }

// Statements returns the number of statements seen so far, with or without
// rows. The results of several documents are one statement if the server gave them the
// same statement_id, or marked all but the last as partial.
func (s *Scanner) Statements() int { return s.res.count }

// StatementID returns the statement_id of the result that was read last, as in
// Series.StatementID.
func (s *Scanner) StatementID() int { return s.res.id }

// Offset returns the number of bytes consumed so far.
func (s *Scanner) Offset() int64 { return s.offset(s.pos) }

var (
	errFull     = errors.New("buffer is full")
	errBadCount = errors.New("reader returned an impossible count")
)

const (
	// pad is the number of zero bytes kept readable after the data, so that
	// loads of whole words never leave the buffer.
	pad = 64
	// defaultBuffer is the size of the buffer before a long row makes it grow.
	defaultBuffer = 64 << 10
	// columnBytes is what a column takes: its name as a string and as a span, a cell,
	// and a column of a frame.
	columnBytes = 256
	// defaultMaxRow is MaxRowBytes if it is zero.
	defaultMaxRow = 16 << 20
	// maxBuffer bounds MaxRowBytes, because positions in a row are 32 bits wide.
	maxBuffer = 1 << 30
	// maxEmptyReads is the number of reads without data and without an error
	// after which the reader counts as broken.
	maxEmptyReads = 100
)

// buffer is a window on a stream; see the head of this file.
type buffer struct {
	r    io.Reader
	buf  []byte
	pos  int
	end  int
	keep int   // if it is not negative, the first byte that must stay in the window
	base int64 // offset of buf[0] in the stream
	err  error // the error of the reader, reported once the data is used up
}

func (b *buffer) reset(r io.Reader, size int) {
	if len(b.buf) == 0 {
		b.buf = make([]byte, size+pad)
	}
	b.r = r
	b.pos, b.end, b.base = 0, 0, 0
	b.keep = -1
	b.err = nil
	clear(b.buf[:pad])
}

// offset returns the offset of buf[i] in the stream.
func (b *buffer) offset(i int) int64 { return b.base + int64(i) }

// fill reads more data to buf[end:], once. It moves the window, so positions other
// than pos and keep become invalid. If the bytes to keep fill the buffer, it grows,
// up to limit. fill returns io.EOF at the end of the stream and errFull at the
// limit.
func (b *buffer) fill(limit int) error {
	if b.err != nil {
		return b.err
	}
	if b.r == nil { // a zero Scanner has nothing to read
		b.err = io.EOF
		return b.err
	}
	low := b.pos
	if b.keep >= 0 && b.keep < low {
		low = b.keep
	}
	if b.end-low >= limit {
		return errFull
	}
	room := len(b.buf) - pad
	if low > 0 && (low == b.end || room-b.end < room/2) {
		copy(b.buf, b.buf[low:b.end])
		b.base += int64(low)
		b.pos -= low
		b.end -= low
		if b.keep >= 0 {
			b.keep -= low
		}
	}
	if b.end == room {
		grown := make([]byte, max(room+1, min(2*room, limit))+pad)
		copy(grown, b.buf[:b.end])
		b.buf = grown
		room = len(grown) - pad
	}
	for range maxEmptyReads {
		n, err := b.r.Read(b.buf[b.end:room])
		if n < 0 || n > room-b.end {
			b.err = errBadCount
			return b.err
		}
		b.end += n
		clear(b.buf[b.end : b.end+pad])
		if err != nil {
			b.err = err
			if n == 0 {
				return err
			}
		}
		if n > 0 {
			return nil
		}
	}
	b.err = io.ErrNoProgress
	return b.err
}

// Precision is the unit of integers in a time column: the epoch parameter of
// the query. It is the same type as lp.Precision.
type Precision = pointwire.Precision

// The precisions that InfluxDB 1.x knows.
const (
	Nanosecond  = pointwire.Nanosecond
	Microsecond = pointwire.Microsecond
	Millisecond = pointwire.Millisecond
	Second      = pointwire.Second
	Minute      = pointwire.Minute
	Hour        = pointwire.Hour
)
