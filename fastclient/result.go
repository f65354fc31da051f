package fastclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/nocopy"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/valyala/fastjson"
)

// This file reads the response to a query. A [responseBody] is its bytes, decompressed
// and bounded; a scanner over it gives rows; a [tree] builds JSON from the rows. Whatever
// reads to the end, or leaves its loop, closes the result.
//
// Invariants: memory holds the row at hand, except for JSON, QueryInto and QueryFrames,
// which have bounds of their own; a response that was cut short ends with an error.

// A Result is the response to a query. One goroutine may use it; another may call Close.
type Result struct {
	_     nocopy.Field
	body  *responseBody
	s     *jsonscan.Scanner
	whole int64 // bound of JSON
	// emptied is set if the server's response to a deletion has no result.
	emptied bool
}

func (c *core) newResult(resp *transport.Response, qc *queryCall) (*Result, error) {
	// InfluxDB 2.x responds with an empty object to a deletion.
	emptied := qc.deletes && strings.HasPrefix(resp.Header("X-Influxdb-Version"), "v2.")
	body, err := openBody(resp, qc)
	if err != nil {
		return nil, err
	}
	r := &Result{body: body, s: jsonscan.NewScanner(body), whole: c.maxWhole, emptied: emptied}
	r.s.MaxRowBytes = qc.maxRow
	r.s.Chunked = qc.chunked
	r.s.SetPrecision(qc.epoch)
	return r, nil
}

// Rows iterates over the rows of all series of all statements. A row is valid until the
// next one is asked for. The failure of one statement is a *[QueryError] with a nil row;
// what the server says within the response about the whole request is a
// *[jsonscan.ResponseError]. After either, the iteration goes on if the loop does. An
// error of the connection or of the response's form is the last pair: a response that was
// cut short never ends without one. At the end, and when the loop is left, the result is
// closed.
func (r *Result) Rows() iter.Seq2[*jsonscan.Row, error] {
	return func(yield func(*jsonscan.Row, error) bool) {
		defer r.Close()
		for row, err := range r.s.Rows() {
			if !yield(row, err) {
				return
			}
		}
	}
}

// boundedRows is Rows for a caller that keeps size bytes for each row. They may take
// eight times the bound of the response, as a tree may: a row can be as short as two
// bytes.
func (r *Result) boundedRows(size int64) iter.Seq2[*jsonscan.Row, error] {
	left := min(r.body.left, math.MaxInt64/8) * 8
	return func(yield func(*jsonscan.Row, error) bool) {
		for row, err := range r.Rows() {
			if left -= size; err == nil && left < 0 {
				yield(nil, r.body.fail(ErrResponseTooLarge))
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// Scanner returns the scanner under Rows, for reading row by row, and for messages,
// statements and documents. The result must still be closed.
func (r *Result) Scanner() *jsonscan.Scanner { return r.s }

// FrameReader returns a reader of frames over the scanner under Rows, so that its options
// can be set. The result must still be closed.
func (r *Result) FrameReader() *frame.Reader { return frame.NewReader(r.s) }

// Frames iterates over the rows as frames: columns of at most [frame.DefaultRows] rows of
// one series. A frame is valid until the next one is asked for. Errors are those of
// [Result.Rows], and those of rows without a valid time. At the end, and when the loop is
// left, the result is closed.
func (r *Result) Frames() iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		defer r.Close()
		for f, err := range r.FrameReader().Frames() {
			if !yield(f, err) {
				return
			}
		}
	}
}

// Messages returns the messages of the server, such as warnings, in the part of the
// response that was read.
func (r *Result) Messages() []jsonscan.Message { return r.s.Messages() }

// Close releases the connection. A short rest of the response is read so that the
// connection can be used again; otherwise it is closed. Close returns nil and may be
// called again.
func (r *Result) Close() error {
	r.body.Close()
	return nil
}

// A responseBody is the body of a response: decompressed, bounded, and with the errors of
// this package.
type responseBody struct {
	resp  *transport.Response
	src   io.Reader
	left  int64     // bytes that may still be read, -1 without a bound
	close io.Closer // of the decompression, nil without
	mu    sync.Mutex
	done  bool
}

// openBody returns the body of a successful response to a query.
func openBody(resp *transport.Response, qc *queryCall) (*responseBody, error) {
	b := &responseBody{resp: resp, left: -1, src: resp.Stream}
	if qc.maxBytes > 0 {
		b.left = qc.maxBytes
	}
	if b.src == nil {
		b.src = strings.NewReader("")
		return b, nil
	}
	switch encoding := strings.ToLower(resp.Header("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		if qc.compressed == ResponsesPipelined {
			p := compress.NewPipeline(b.src)
			b.src, b.close = p, p
			return b, nil
		}
		z := compress.NewReader(b.src)
		b.src, b.close = z, z
	default:
		resp.Close()
		return nil, &ServerError{Op: "query", Status: resp.Status, Message: "response in an encoding that was not asked for"}
	}
	return b, nil
}

// Read reads decompressed bytes.
func (b *responseBody) Read(p []byte) (int, error) {
	if b.left >= 0 && int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.src.Read(p)
	if b.left >= 0 {
		if int64(n) > b.left {
			n, b.left = int(b.left), 0
			return n, b.fail(ErrResponseTooLarge)
		}
		b.left -= int64(n)
	}
	if err != nil && err != io.EOF {
		err = b.fail(err)
	}
	return n, err
}

// fail makes err an error of this package. What gzip finds wrong is the response's fault;
// an early end is told from a false checksum.
func (b *responseBody) fail(err error) error {
	var t *transport.Error
	if errors.As(err, &t) {
		return transportError("query", err)
	}
	switch {
	case errors.Is(err, compress.ErrClosed):
		err = transport.ErrBodyClosed
	case errors.Is(err, transport.ErrBodyClosed), errors.Is(err, context.Canceled):
	case errors.Is(err, ErrResponseTooLarge):
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = transport.ErrTruncated
	default:
		err = transport.ErrMalformed
	}
	return &TransportError{Op: "query", Phase: PhaseBody, Addr: "response", Reused: b.resp.Reused, Ambiguous: true, Err: err}
}

// Close releases the connection. It may be called again, and during a Read, which then
// fails.
func (b *responseBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return nil
	}
	b.done = true
	err := b.resp.Close() // ends a Read under way; the decompression waits for it
	if b.close != nil {
		b.close.Close()
	}
	return err
}

// JSON reads the whole response as one tree and closes the result. The tree is an object
// with the array "results", which has an object for each statement, in the form of
// InfluxDB's own responses. A series that came in several chunks is one series in the
// tree.
//
// Numbers are kept as the server's text: GetInt64 reads a 64-bit integer exactly, but
// GetFloat64 may be off by the last digit. [Result.Rows] reads both exactly. The tree
// belongs to the caller.
//
// A tree costs up to 150 times the memory of the bytes it is made from, so both are
// bounded: the response by [Options].MaxResponseBytes, and the tree by eight times that,
// where every value, such as a number or an array, counts for 256 bytes and four times
// its text. Beyond that the error is a *[TransportError] with [ErrResponseTooLarge]. A
// failed statement is an "error" in the tree, not an error of JSON.
func (r *Result) JSON() (*fastjson.Value, error) {
	defer r.Close()
	if r.body.left < 0 || r.body.left > r.whole {
		r.body.left = r.whole
	}
	t := r.newTree()
	results := t.a.NewArray()
	n := 0
	for t.next() {
		results.SetArrayItem(n, t.statement)
		n++
	}
	if t.err != nil {
		return nil, t.err
	}
	// Messages are complete only at the end.
	for _, m := range r.s.Messages() {
		for _, statement := range results.GetArray() {
			if statement.GetInt("statement_id") == m.StatementID {
				t.addMessage(statement, m)
				break
			}
		}
	}
	doc := t.a.NewObject()
	doc.Set("results", results)
	return doc, nil
}

// Statements iterates over the statements of the response as trees, in the form that
// [Result.JSON] has under "results" but without messages, and closes the result at the
// end. A tree is valid until the next one is asked for: memory holds one statement at a
// time, within the bounds of JSON. An error is the last pair.
func (r *Result) Statements() iter.Seq2[*fastjson.Value, error] {
	return func(yield func(*fastjson.Value, error) bool) {
		defer r.Close()
		t := r.newTree()
		for t.next() {
			if !yield(t.statement, nil) {
				return
			}
			t.a.Reset()
			t.used, t.left = 0, r.treeBytes()
		}
		if t.err != nil {
			yield(nil, t.err)
		}
	}
}

// SeriesJSON returns the envelope of a series as a tree: name, tags, columns and partial,
// without the rows. The tree belongs to the caller.
func SeriesJSON(s *jsonscan.Series) *fastjson.Value {
	t := tree{a: new(fastjson.Arena), left: math.MaxInt64}
	v := t.newSeries(s)
	if s.Partial {
		v.Set("partial", t.a.NewTrue())
	}
	return v
}

// A tree builds statements from what the scanner reads.
type tree struct {
	a    *fastjson.Arena
	used int   // values of the arena in use, at most arenaValues
	left int64 // bytes that the tree may still take
	body *responseBody
	s    *jsonscan.Scanner
	err  error

	statement *fastjson.Value // the statement that next made
	count     int             // number of statements made
	held      bool            // the scanner's row is in no tree yet
	failed    *jsonscan.StatementError
	ended     bool

	series   *jsonscan.Series // series of the rows being read
	current  *fastjson.Value
	list     *fastjson.Value // "series" of the statement, or nil
	listed   int
	values   *fastjson.Value
	numerous int // number of rows in values
}

// treeBytes bounds the memory of a tree.
func (r *Result) treeBytes() int64 { return min(r.whole, math.MaxInt64/8) * 8 }

func (r *Result) newTree() *tree {
	return &tree{a: new(fastjson.Arena), left: r.treeBytes(), body: r.body, s: r.s}
}

// An Arena moves its values as it grows, and values in use keep their old places in
// memory: up to five times the memory. So an arena gets at most arenaValues values, where
// a text counts as one for every 16 bytes.
const (
	arenaValues = 256
	valueBytes  = 256 // memory of a value and the reference to it
)

// arena counts a value of n bytes of text and returns the arena to make it in.
func (t *tree) arena(n int) *fastjson.Arena {
	if t.left -= valueBytes + 4*int64(n); t.left < 0 && t.err == nil {
		t.err = t.body.fail(ErrResponseTooLarge)
	}
	values := 1 + n/16
	if t.used += values; t.used > arenaValues {
		t.a, t.used = new(fastjson.Arena), values
	}
	return t.a
}

// next makes the next statement. It reports false at the end and at an error.
func (t *tree) next() bool {
	if t.err != nil {
		return false
	}
	if !t.held && t.failed == nil && !t.ended {
		t.pull()
	}
	if t.err != nil || t.ended && t.count >= t.s.Statements() {
		return false
	}
	t.count++
	t.statement = t.arena(0).NewObject()
	if t.count < t.s.Statements() || t.ended {
		// The statement had no rows: the scanner has passed it.
		t.statement.Set("statement_id", t.arena(0).NewNumberInt(t.count-1))
		return true
	}
	if t.held {
		t.statement.Set("statement_id", t.arena(0).NewNumberInt(t.s.Row().Series().StatementID))
		t.list, t.listed, t.series = nil, 0, nil
		for t.held && t.s.Statements() == t.count {
			if t.add(t.s.Row()); t.err != nil {
				return false
			}
			t.pull()
		}
		t.endSeries()
		if t.failed == nil || t.failed.Index != t.count-1 {
			return true
		}
	} else {
		t.statement.Set("statement_id", t.arena(0).NewNumberInt(t.failed.StatementID))
	}
	t.statement.Set("error", t.newString(t.failed.Message))
	t.failed = nil
	return true
}

// pull moves the scanner on.
func (t *tree) pull() {
	if t.held = t.s.Next(); t.held {
		return
	}
	err := t.s.Err()
	if failed, ok := err.(*jsonscan.StatementError); ok {
		t.failed = failed
		return
	}
	t.ended, t.err = true, err
}

// add adds a row to the statement.
func (t *tree) add(row *jsonscan.Row) {
	if s := row.Series(); s != t.series {
		t.endSeries()
		if t.list == nil {
			t.list = t.arena(0).NewArray()
			t.statement.Set("series", t.list)
		}
		t.series, t.current = s, t.newSeries(s)
		t.values, t.numerous = t.arena(0).NewArray(), 0
		t.current.Set("values", t.values)
		t.list.SetArrayItem(t.listed, t.current)
		t.listed++
	}
	cells := t.arena(0).NewArray()
	for i := 0; i < row.Len() && t.err == nil; i++ {
		cells.SetArrayItem(i, t.newCell(row, i))
	}
	t.values.SetArrayItem(t.numerous, cells)
	t.numerous++
}

// endSeries marks the series that was read if the server said that there is more of it.
func (t *tree) endSeries() {
	if t.series != nil && t.series.Partial {
		t.current.Set("partial", t.a.NewTrue())
	}
}

// newSeries returns the envelope of s.
func (t *tree) newSeries(s *jsonscan.Series) *fastjson.Value {
	v := t.arena(0).NewObject()
	if s.Name != "" {
		v.Set("name", t.newString(s.Name))
	}
	if len(s.Tags) > 0 {
		tags := t.arena(0).NewObject()
		for _, tag := range s.Tags {
			tags.Set(tag.Key, t.newString(tag.Value))
		}
		v.Set("tags", tags)
	}
	columns := t.arena(0).NewArray()
	for i, name := range s.Columns {
		if t.err != nil {
			break
		}
		columns.SetArrayItem(i, t.newString(name))
	}
	v.Set("columns", columns)
	return v
}

// newString makes a string. An Arena quotes special bytes as Go does, which a tree does
// not read back: \x01 is not JSON.
func (t *tree) newString(s string) *fastjson.Value {
	if !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' }) {
		return t.arena(len(s)).NewString(s)
	}
	text := []byte{'"'}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			text = append(text, '\\', c)
		case c < ' ':
			text = fmt.Appendf(text, `\u%04x`, c)
		default:
			text = append(text, c)
		}
	}
	t.arena(len(text))
	v, _ := fastjson.ParseBytes(append(text, '"')) // it is a string of JSON
	return v
}

func (t *tree) newCell(row *jsonscan.Row, i int) *fastjson.Value {
	switch cell := row.Cell(i); cell.Kind() {
	case jsonscan.KindNull:
		return t.arena(0).NewNull()
	case jsonscan.KindBool:
		if v, _ := cell.Bool(); v {
			return t.arena(0).NewTrue()
		}
		return t.arena(0).NewFalse()
	case jsonscan.KindString:
		text, _ := row.String(i)
		return t.newString(text)
	}
	return t.arena(len(row.Raw(i))).NewNumberString(string(row.Raw(i)))
}

// addMessage adds a message of the server to a statement.
func (t *tree) addMessage(statement *fastjson.Value, m jsonscan.Message) {
	list := statement.Get("messages")
	if list == nil {
		list = t.arena(0).NewArray()
		statement.Set("messages", list)
	}
	v := t.arena(0).NewObject()
	v.Set("level", t.newString(m.Level))
	v.Set("text", t.newString(m.Text))
	list.SetArrayItem(len(list.GetArray()), v)
}
