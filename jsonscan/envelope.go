package jsonscan

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// state is the place in the answer between two steps.
type state uint8

const (
	stDocument state = iota // before a document
	stTop                   // in a document
	stResults               // in results
	stResult                // in a result
	stList                  // in the series array of a result
	stSeries                // in a series
	stValues                // in values
	stEnd
)

const (
	// maxErrorText bounds the text of a ServerError.
	maxErrorText = 4096
	maxMessages  = 1000
)

// document is what was read of the document at hand.
type document struct {
	count    int // complete documents
	start    int64
	results  int // results so far
	message  string
	code     string
	isError  bool
	pending  bool // the last result said that its statement has more documents
	lineOpen bool // nothing but white space since the last document, and no line end
}

// result is what was read of the result at hand.
type result struct {
	count     int // statements so far
	id        int
	hasID     bool
	usedID    bool // the id was handed out
	partial   bool
	message   string
	isError   bool
	continues bool // the result before it was partial
}

// seriesState is what was read of the series at hand.
type seriesState struct {
	current   *Series // the series of the last row, or nil
	continues bool    // the next series may be the rest of current
	begun     bool    // rows were handed out
	ahead     bool    // the keys behind values were read before it
	partial   bool
}

func (t *seriesState) reset() { *t = seriesState{} }

// step consumes a piece of the envelope and moves the state on.
func (s *Scanner) step() error {
	switch s.state {
	case stDocument:
		return s.stepDocument()
	case stTop:
		return s.stepTop()
	case stResults:
		return s.stepResults()
	case stResult:
		return s.stepResult()
	case stList:
		return s.stepList()
	case stSeries:
		return s.stepSeries()
	}
	return nil
}

func (s *Scanner) enter(st state) { s.state, s.first = st, true }
func (s *Scanner) leave(st state) { s.state, s.first = st, false }

// stepDocument looks for the next document, the next line of plain text, or
// the end.
func (s *Scanner) stepDocument() error {
	for {
		for s.pos < s.end {
			c := s.buf[s.pos]
			switch c {
			case '\n':
				s.doc.lineOpen = false
				s.pos++
				continue
			case ' ', '\r', '\t':
				s.pos++
				continue
			}
			s.doc.start = s.offset(s.pos)
			if c == '{' {
				s.pos++
				s.doc = document{count: s.doc.count, start: s.doc.start, pending: s.doc.pending}
				s.enter(stTop)
				return nil
			}
			if s.doc.lineOpen {
				return s.syntax(s.pos, "unexpected byte behind a document")
			}
			return s.plainText()
		}
		err := s.fill(s.maxRow())
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return &ReadError{Offset: s.offset(s.end), Err: err}
		}
		if s.doc.count == 0 || s.doc.pending && (s.Chunked || s.doc.count > 1) {
			return &ReadError{Offset: s.offset(s.end), Err: io.ErrUnexpectedEOF}
		}
		s.state = stEnd
		return nil
	}
}

// plainText reads a line that stands in the place of a document. InfluxDB up
// to 1.7 sends one per chunk that it cannot encode, and goes on behind it.
func (s *Scanner) plainText() error {
	e := &ServerError{Offset: s.offset(s.pos), Text: true}
	html := s.buf[s.pos] == '<' // a page has no document behind it
	var text []byte
	for {
		line, rest, found := bytes.Cut(s.buf[s.pos:s.end], []byte("\n"))
		if html {
			line, found = s.buf[s.pos:s.end], false
		}
		text = append(text, line[:min(len(line), maxErrorText-len(text))]...)
		if found {
			s.pos = s.end - len(rest)
			break
		}
		s.pos = s.end
		err := s.fill(s.maxRow())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &ReadError{Offset: s.offset(s.end), Err: err}
		}
	}
	e.Message = string(bytes.ToValidUTF8(bytes.TrimSpace(text), []byte("\ufffd")))
	s.doc.count++
	s.doc.pending = false
	return e
}

func (s *Scanner) stepTop() error {
	more, err := s.element(s.first, '}')
	if err != nil {
		return err
	}
	s.first = false
	if !more {
		return s.endDocument()
	}
	key, err := s.key()
	if err != nil {
		return err
	}
	switch string(key) {
	case "results":
		return s.open('[', stResults)
	case "error":
		s.doc.isError = true
		s.doc.message, err = s.shortText()
	case "message":
		var m string
		if m, err = s.shortText(); s.doc.message == "" {
			s.doc.message = m
		}
	case "code":
		s.doc.code, err = s.shortText()
	default:
		return s.skip()
	}
	return err
}

func (s *Scanner) endDocument() error {
	s.doc.count++
	s.doc.lineOpen = true
	s.state = stDocument
	if s.doc.isError || s.doc.code != "" && s.doc.results == 0 {
		s.doc.pending = false
		return &ServerError{Message: s.doc.message, Code: s.doc.code, Offset: s.doc.start}
	}
	return nil
}

// open consumes the array or object that a key holds, or null in its place.
func (s *Scanner) open(c byte, st state) error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	msg := "expected an array"
	if c == '{' {
		msg = "expected an object"
	}
	if err := s.expect(c, msg); err != nil {
		return err
	}
	s.enter(st)
	return nil
}

func (s *Scanner) stepResults() error {
	more, err := s.element(s.first, ']')
	if err != nil {
		return err
	}
	if !more {
		s.leave(stTop)
		return nil
	}
	if err := s.expect('{', "expected a result"); err != nil {
		return err
	}
	continues := s.doc.pending && s.doc.results == 0
	s.doc.pending = false
	count := s.res.count
	if !continues {
		count++
	}
	s.res = result{count: count, id: s.doc.results, continues: continues}
	s.ser.continues = s.ser.continues && s.doc.results == 0
	s.doc.results++
	s.enter(stResult)
	return nil
}

func (s *Scanner) stepResult() error {
	more, err := s.element(s.first, '}')
	if err != nil {
		return err
	}
	s.first = false
	if !more {
		return s.endResult()
	}
	key, err := s.key()
	if err != nil {
		return err
	}
	switch string(key) {
	case "statement_id":
		return s.statementID()
	case "series":
		return s.open('[', stList)
	case "messages":
		return s.readMessages()
	case "partial":
		s.res.partial, err = s.boolean()
	case "error":
		s.res.isError = true
		s.res.message, err = s.shortText()
	default:
		return s.skip()
	}
	return err
}

func (s *Scanner) endResult() error {
	s.leave(stResults)
	s.doc.pending = s.res.partial
	// Only the last series of a result can go on in the next document.
	s.ser.continues = s.ser.current != nil && s.ser.current.Partial
	if s.res.isError {
		s.doc.pending = false
		return &StatementError{StatementID: s.res.id, Index: s.res.count - 1, Message: s.res.message}
	}
	return nil
}

func (s *Scanner) statementID() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c == 'n' {
		return s.word("null")
	}
	at := s.offset(s.pos)
	num, err := s.number()
	if err != nil {
		return err
	}
	id := 0
	for _, c := range num {
		if c < '0' || c > '9' || id > math.MaxInt32/10 {
			return &SyntaxError{Offset: at, Msg: "statement_id is not a small integer"}
		}
		id = 10*id + int(c-'0')
	}
	if s.res.usedID && id != s.res.id {
		return &SyntaxError{Offset: at, Msg: "statement_id behind the rows of its statement"}
	}
	s.res.id, s.res.hasID = id, true
	return nil
}

func (s *Scanner) stepList() error {
	more, err := s.element(s.first, ']')
	if err != nil {
		return err
	}
	if !more {
		s.leave(stResult)
		return nil
	}
	if s.fastSeries() {
		return nil
	}
	if err := s.expect('{', "expected a series"); err != nil {
		return err
	}
	s.newSeries()
	s.text.raw = s.text.raw[:0]
	s.enter(stSeries)
	return nil
}

func (s *Scanner) newSeries() {
	s.text.reset()
	s.ser.begun, s.ser.ahead, s.ser.partial = false, false, false
}

func (s *Scanner) stepSeries() error {
	more, err := s.element(s.first, '}')
	if err != nil {
		return err
	}
	s.first = false
	if !more {
		if !s.ser.begun {
			s.beginSeries(false)
		}
		s.ser.current.Partial = s.ser.partial
		s.leave(stList)
		return nil
	}
	key, err := s.key()
	if err != nil {
		return err
	}
	if string(key) == "values" {
		return s.openValues()
	}
	return s.seriesKey(key)
}

// seriesKey reads the value of a key of a series other than values.
func (s *Scanner) seriesKey(key []byte) error {
	var err error
	switch string(key) {
	case "name", "tags", "columns":
		if s.ser.begun {
			if s.ser.ahead {
				return s.skip()
			}
			return s.syntax(s.pos, "name, tags or columns behind the values of a series")
		}
	}
	switch string(key) {
	case "name":
		return s.readName()
	case "tags":
		return s.readTags()
	case "columns":
		return s.readColumns()
	case "partial":
		s.ser.partial, err = s.boolean()
		return err
	}
	return s.skip()
}

// openValues enters the rows. If the columns are not known yet, or the name is
// not, it looks for them behind the values first.
func (s *Scanner) openValues() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if s.ser.begun {
		return s.syntax(s.pos, "second values in a series")
	}
	if err := s.expect('[', "expected an array"); err != nil {
		return err
	}
	if !s.text.hasCols || !s.text.hasName {
		if err := s.lookAhead(); err != nil {
			return err
		}
	}
	s.beginSeries(false)
	s.enter(stValues)
	return nil
}

// aheadWindow is how far lookAhead reads for a name, which may be missing.
const aheadWindow = defaultBuffer

// lookAhead reads the keys behind the values of the series, whose '[' was
// consumed, and comes back. It holds all of the values in the buffer while it
// does: up to MaxRowBytes for the columns, without which no row can be read,
// and up to 64 KiB for the rest. InfluxDB always sends the columns first.
func (s *Scanner) lookAhead() error {
	limit, optional := s.MaxRowBytes, s.text.hasCols
	if optional {
		s.MaxRowBytes = min(s.maxRow(), aheadWindow)
	}
	s.keep = s.pos
	err := s.keysBehindValues()
	s.pos, s.keep = s.keep, -1
	s.MaxRowBytes = limit
	s.ser.ahead = err == nil
	if err == nil || optional && !s.text.hasName && len(s.text.tags) == 0 {
		return nil // what is wrong there will be met again behind the rows
	}
	return err
}

func (s *Scanner) keysBehindValues() error {
	s.pos-- // back to the '['
	s.keep = s.pos + 1
	if err := s.skip(); err != nil {
		return err
	}
	for {
		more, err := s.element(false, '}')
		if err != nil {
			return err
		}
		if !more {
			if s.pos-s.keep > s.maxRow() {
				return &RowSizeError{Offset: s.offset(s.keep), Limit: s.maxRow()}
			}
			if !s.text.hasCols {
				return s.syntax(s.keep, "values without columns")
			}
			return nil
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if string(key) == "values" {
			null, err := s.null()
			if err != nil {
				return err
			}
			if null {
				continue
			}
			return s.syntax(s.pos, "second values in a series")
		}
		if err := s.seriesKey(key); err != nil {
			return err
		}
	}
}

// beginSeries makes the series at hand the series of the next rows.
func (s *Scanner) beginSeries(fast bool) {
	t := &s.ser
	t.begun = true
	s.res.usedID = true
	if !fast {
		s.text.src = s.text.text
	}
	cur := t.current
	if t.continues && cur.StatementID == s.res.id && string(s.text.bytes(s.text.name)) == cur.Name &&
		s.text.sameTags(cur) && s.text.sameColumns(cur.Columns) {
		cur.Partial = false
	} else {
		cur = s.slab.take(&s.text, s.like)
		s.like = cur
		cur.StatementID = s.res.id
	}
	t.continues = false
	t.current = cur
	s.row.series = cur
	if n := len(cur.Columns); n != len(s.cells) {
		if cap(s.cells) < n {
			s.cells = make([]Cell, n)
		}
		s.cells = s.cells[:n]
	}
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

// shortText reads the text of an error, cut at maxErrorText bytes. Anything
// but a string is skipped and has no text.
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

// part reads a string into the text of the series. Null is the empty string.
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
		s.text.tags = append(s.text.tags, key, value)
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
		s.text.columns = append(s.text.columns, c)
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
