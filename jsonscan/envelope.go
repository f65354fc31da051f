package jsonscan

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// This file walks through the envelope of a response: documents, results and their
// members, except series, which are in envelope_series.go.
//
// The walk is a state machine, because the caller takes over between the rows. Each
// call of Scanner.step consumes a piece of the envelope and moves the state on:
//
//	stDocument → stTop → stResults → stResult → stList → stSeries → stValues
//
// enter moves to the right, at the beginning of an array or object; leave moves back,
// after its end. stDocument ends in stEnd. In stValues nextRow takes the place of
// step, and in stPacked, where the rows of MessagePack are, nextPacked. A jsonl response has
// no envelope: it is in stLines from its beginning to its end, and nextLine reads it.
//
// What was read of the document, the result and the series at hand is in s.doc, s.res
// and s.ser. Each is cleared where the next one begins, except for its counters and
// what a document says about the next one: pending and continues, see below.
//
// A statement may be spread over several documents. The first result of a document
// continues the last one before it if the two have the same statement_id. A statement
// that failed is at its end: the servers give those after it, which they do not execute,
// its number. For a response without numbers, "partial" at the end of a result says that
// the first result of the next document continues it (pending). The servers leave the
// mark out for SHOW TAG KEYS and SHOW TAG VALUES, which have a document for each series.
//
// "partial" at the end of a series says that the first series of the next document may
// continue the series (seriesState.continues). An error in the place of a document ends
// the promises of both marks.

// state is the place in the response between two steps.
type state uint8

const (
	stDocument state = iota // before a document
	stTop                   // in a document
	stResults               // in the array of results
	stResult                // in a result
	stList                  // in the series array of a result
	stSeries                // in a series
	stValues                // in values
	stPacked                // in values of MessagePack
	stLines                 // in a jsonl response
	stEnd
)

const (
	// maxErrorText bounds the texts of the server: errors and messages.
	maxErrorText = 4096
	maxMessages  = 1000
)

// document holds what was read of the document at hand.
type document struct {
	count    int // complete documents
	start    int64
	results  int // results so far
	message  string
	code     string
	isError  bool
	pending  bool // the last result was partial: its statement continues in the next document
	lineOpen bool // only white space followed the last document, and no line feed
	members  bool // it has any member
	response bool // it has results
}

// result holds what was read of the result at hand.
type result struct {
	count     int // statements so far
	id        int
	hasID     bool
	usedID    bool // the id was handed out and must not change
	partial   bool
	message   string
	isError   bool
	continues bool // it continues the last result of the previous document

	// The last result of the previous document, if this is the first of its own.
	lastID  int
	lastHas bool // it had an id and did not fail
}

// seriesState holds what was read of the series at hand.
type seriesState struct {
	current   *Series // the series of the last row; nil before it is made
	pending   bool    // the series of the last row is not made yet, see Scanner.makeSeries
	id        int     // its StatementID
	continues bool    // the next series may be the rest of current
	begun     bool    // its name, tags and columns are fixed: rows follow
	filled    bool    // it has a row in this document, and its values ended
	ahead     bool    // lookAhead read the keys after its values already
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
	if s.JSONLines {
		s.stepLines()
		return nil
	}
	if s.MessagePack {
		return s.packedDocument()
	}
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
				return s.syntax(s.pos, "unexpected byte after a document")
			}
			return s.plainText()
		}
		err := s.fill(s.maxRow())
		if err == nil {
			continue
		}
		return s.endOfStream(err)
	}
}

// endOfStream ends the response between two documents, where reading ended with err.
func (s *Scanner) endOfStream(err error) error {
	if !errors.Is(err, io.EOF) {
		return &ReadError{Offset: s.offset(s.end), Err: err}
	}
	if s.doc.count == 0 || s.doc.pending && (s.Chunked || s.doc.count > 1) {
		return &ReadError{Offset: s.offset(s.end), Err: io.ErrUnexpectedEOF}
	}
	s.state = stEnd
	return nil
}

// plainText reads a line of text in the place of a document. InfluxDB up to 1.7
// sends one for each chunk that it cannot encode, and continues after it.
func (s *Scanner) plainText() error {
	e := &ResponseError{Offset: s.offset(s.pos), Text: true}
	html := s.buf[s.pos] == '<' // a page is the rest of the response
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

// stepTop consumes a member of a document, or its end.
func (s *Scanner) stepTop() error {
	more, err := s.element(s.first, '}')
	if err != nil {
		return err
	}
	if !more {
		return s.endDocument()
	}
	key, err := s.key()
	if err != nil {
		return err
	}
	s.first, s.doc.members = false, true
	switch string(key) {
	case "results":
		s.doc.response = true
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

// endDocument ends a document, and returns the error that it held.
func (s *Scanner) endDocument() error {
	s.doc.count++
	s.doc.lineOpen = true
	s.state = stDocument
	if s.doc.isError || s.doc.code != "" && s.doc.results == 0 {
		s.doc.pending = false
		return &ResponseError{Message: s.doc.message, Code: s.doc.code, Offset: s.doc.start}
	}
	if s.doc.members && !s.doc.response {
		return &SyntaxError{Offset: s.doc.start, Msg: ErrNoResults.Error(), err: ErrNoResults}
	}
	return nil
}

// open enters the array or object that is the value of a key; null is skipped.
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

// stepResults begins a result, or ends the array of results.
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
	last := s.res
	s.res = result{count: last.count, id: s.doc.results, continues: continues}
	if !continues {
		s.res.count++
	} else {
		s.res.id = last.id // unless the server repeats it
	}
	if s.MessagePack && !continues {
		s.res.id = s.res.count - 1 // a result with an error has no id there
	}
	if s.doc.results == 0 {
		s.res.lastID, s.res.lastHas = last.id, last.hasID && !last.isError
	}
	s.ser.continues = s.ser.continues && s.doc.results == 0
	s.doc.results++
	s.enter(stResult)
	return nil
}

// stepResult consumes a member of a result, or its end.
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

// endResult ends a result, and returns the error of its statement.
func (s *Scanner) endResult() error {
	s.leave(stResults)
	s.doc.pending = s.res.partial
	// Only the last series of a result can continue in the next document.
	s.ser.continues = s.ser.current != nil && s.ser.current.Partial
	if s.res.isError {
		s.doc.pending = false
		return &StatementError{StatementID: s.res.id, Index: s.res.count - 1, Message: s.res.message}
	}
	s.ended = PartResult
	return nil
}

// statementID reads the number of the statement, which must come before its rows.
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
		return &SyntaxError{Offset: at, Msg: "statement_id after the rows of its statement"}
	}
	s.res.hasID = true
	if s.res.usedID {
		return nil
	}
	s.res.id = id
	if same := id == s.res.lastID; s.res.lastHas && same != s.res.continues {
		s.res.continues = same
		if same {
			s.res.count--
		} else {
			s.res.count++
		}
	}
	return nil
}
