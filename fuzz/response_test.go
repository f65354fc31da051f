package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// This file reads query responses the slow way. jsontext reads whole documents into trees,
// and the trees give the events that a Scanner should report.

// A node is a JSON value.
type node struct {
	kind byte   // a kind of jsontext: n t f " 0 { [
	text string // text of a string or a number
	keys []string
	kids []node
}

// readNode reads the next value from d.
func readNode(d *jsontext.Decoder) (node, error) {
	t, err := d.ReadToken()
	if err != nil {
		return node{}, err
	}
	n := node{kind: byte(t.Kind())}
	switch n.kind {
	case '"', '0':
		n.text = t.String()
	case '{', '[':
		for d.PeekKind() != '}' && d.PeekKind() != ']' {
			if n.kind == '{' {
				k, err := d.ReadToken()
				if err != nil {
					return node{}, err
				}
				n.keys = append(n.keys, k.String())
			}
			kid, err := readNode(d)
			if err != nil {
				return node{}, err
			}
			n.kids = append(n.kids, kid)
		}
		if _, err := d.ReadToken(); err != nil {
			return node{}, err
		}
	}
	return n, nil
}

// An outcome is how reading a response ends.
type outcome string

const (
	complete  outcome = "complete"
	truncated outcome = "truncated"
	malformed outcome = "malformed" // not JSON, or not the JSON of a response
)

// errResponse is the error of a document that is not a response.
var errResponse = errors.New("not a response")

// A response is the slow reader's reading of a body.
type response struct {
	events []string
	end    outcome
	docs   [][]byte // the documents that are JSON objects

	pending bool // the last result announced another document, which counts after the first
	count   int  // number of statements

	// The current result.
	id     int
	usedID bool
	hasID  bool
	failed bool
	same   bool // its statement is that of the last result of the document before
	lastID int  // the number of that, if same may still change, and otherwise -1

	// The current series.
	series    int // number of series so far
	current   *series
	continues bool
	messages  []string
}

type series struct {
	number  int
	id      int
	name    string
	tags    []string
	columns []string
	partial bool
}

// readResponse reads body according to the documentation of jsonscan. lax is
// AllowInvalidUTF8.
func readResponse(body []byte, lax bool) *response {
	a := new(response)
	a.end = a.read(body, lax)
	return a
}

func (a *response) read(body []byte, lax bool) outcome {
	docs, lineOpen := 0, false
	for {
		for len(body) > 0 && strings.IndexByte(" \r\n\t", body[0]) >= 0 {
			lineOpen = lineOpen && body[0] != '\n'
			body = body[1:]
		}
		switch {
		case len(body) == 0 && (docs == 0 || a.pending && docs > 1):
			return truncated
		case len(body) == 0:
			return complete
		case body[0] != '{' && lineOpen:
			return malformed
		case body[0] != '{':
			line, rest, _ := bytes.Cut(body, []byte("\n"))
			if body[0] == '<' {
				line, rest = body, nil
			}
			body = rest
			text := bytes.ToValidUTF8(bytes.TrimSpace(line[:min(len(line), 4096)]), []byte("\uFFFD"))
			a.events = append(a.events, fmt.Sprintf("server text %q", text))
			docs++
			a.pending = false
			continue
		}
		d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(lax))
		n, err := readNode(d)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return truncated
		}
		if err != nil {
			return malformed
		}
		before := len(a.events)
		if a.document(n) != nil {
			a.events = a.events[:before]
			return malformed
		}
		a.docs = append(a.docs, body[:d.InputOffset()])
		body = body[d.InputOffset():]
		docs++
		lineOpen = true
	}
}

func (a *response) document(n node) error {
	results, isError, message, code := 0, false, "", ""
	known := len(n.keys) == 0 // 1.x sends an empty object if there was no statement
	for i, key := range n.keys {
		v := n.kids[i]
		switch key {
		case "results":
			if v.kind != 'n' && v.kind != '[' {
				return errResponse
			}
			known = true
			for _, r := range v.kids {
				if r.kind != '{' {
					return errResponse
				}
				last := -1
				if results == 0 && a.hasID && !a.failed {
					last = a.id
				}
				if a.same = a.pending && results == 0; !a.same {
					a.count++
					a.id = results
				}
				a.pending, a.lastID = false, last
				a.continues = a.continues && results == 0
				a.usedID, a.hasID, a.failed = false, false, false
				results++
				if err := a.result(r); err != nil {
					return err
				}
			}
		case "error":
			isError = true
			message = shortText(v)
		case "message":
			if m := shortText(v); message == "" {
				message = m
			}
		case "code":
			code = shortText(v)
		}
	}
	if isError || code != "" && results == 0 {
		a.pending = false
		a.events = append(a.events, fmt.Sprintf("server %q %q", message, code))
		return nil
	}
	if !known {
		return errResponse // this is a document of another service
	}
	return nil
}

func shortText(n node) string {
	if n.kind != '"' {
		return ""
	}
	return strings.ToValidUTF8(n.text[:min(len(n.text), 4096)], "")
}

func isBool(n node) bool { return n.kind == 't' || n.kind == 'f' || n.kind == 'n' }

func (a *response) result(n node) error {
	partial, isError, message := false, false, ""
	for i, key := range n.keys {
		v := n.kids[i]
		switch key {
		case "statement_id":
			if v.kind == 'n' {
				continue
			}
			id, err := strconv.ParseUint(v.text, 10, 64)
			if v.kind != '0' || err != nil || id > math.MaxInt32/10*10+9 || a.usedID && int(id) != a.id {
				return errResponse
			}
			a.id, a.hasID = int(id), true
			if same := a.id == a.lastID; a.lastID >= 0 && !a.usedID && same != a.same {
				if a.same = same; same {
					a.count--
				} else {
					a.count++
				}
			}
		case "series":
			if v.kind != 'n' && v.kind != '[' {
				return errResponse
			}
			for _, s := range v.kids {
				if s.kind != '{' {
					return errResponse
				}
				if err := a.readSeries(s); err != nil {
					return err
				}
			}
		case "messages":
			if v.kind != 'n' && v.kind != '[' {
				return errResponse
			}
			for _, m := range v.kids {
				if m.kind != '{' {
					return errResponse
				}
				a.usedID = true
				level, text := "", ""
				for j, k := range m.keys {
					switch k {
					case "level":
						level = shortText(m.kids[j])
					case "text":
						text = shortText(m.kids[j])
					}
				}
				a.messages = append(a.messages, fmt.Sprintf("%d %q %q", a.id, level, text))
			}
		case "partial":
			if !isBool(v) {
				return errResponse
			}
			partial = v.kind == 't'
		case "error":
			isError = true
			message = shortText(v)
		}
	}
	a.pending, a.failed = partial && !isError, isError
	a.continues = a.current != nil && a.current.partial
	if isError {
		a.events = append(a.events, fmt.Sprintf("statement %d %d %q", a.id, a.count-1, message))
	}
	return nil
}

// An envelope is the name, the tags and the columns of a series, from one object.
type envelope struct {
	series
	hasName, hasColumns bool
}

// key reads a key other than values.
func (e *envelope) key(key string, v node) error {
	switch key {
	case "name":
		if v.kind != '"' && v.kind != 'n' {
			return errResponse
		}
		e.name, e.hasName = v.text, true
	case "tags":
		if v.kind == 'n' {
			return nil
		}
		if v.kind != '{' {
			return errResponse
		}
		e.tags = nil
		for i, k := range v.keys {
			if t := v.kids[i]; t.kind != '"' && t.kind != 'n' {
				return errResponse
			}
			e.tags = append(e.tags, k, v.kids[i].text)
		}
	case "columns":
		if v.kind == 'n' {
			return nil
		}
		if v.kind != '[' {
			return errResponse
		}
		e.columns, e.hasColumns = nil, true
		for _, c := range v.kids {
			if c.kind != '"' && c.kind != 'n' {
				return errResponse
			}
			e.columns = append(e.columns, c.text)
		}
	case "partial":
		if !isBool(v) {
			return errResponse
		}
		e.partial = v.kind == 't'
	}
	return nil
}

func (a *response) readSeries(n node) error {
	var e envelope
	begun, ahead := false, false
	for i, key := range n.keys {
		v := n.kids[i]
		if key != "values" {
			if begun && (key == "name" || key == "tags" || key == "columns") {
				if !ahead {
					return errResponse
				}
				continue
			}
			if err := e.key(key, v); err != nil {
				return err
			}
			continue
		}
		if v.kind == 'n' {
			continue
		}
		if begun || v.kind != '[' {
			return errResponse
		}
		if !e.hasColumns || !e.hasName {
			ahead = true
			for j := i + 1; j < len(n.keys); j++ {
				if n.keys[j] == "values" && n.kids[j].kind != 'n' {
					return errResponse
				}
				if err := e.key(n.keys[j], n.kids[j]); err != nil {
					return err
				}
			}
			if !e.hasColumns {
				return errResponse
			}
		}
		begun = true
		a.begin(&e)
		for _, row := range v.kids {
			if err := a.row(row); err != nil {
				return err
			}
		}
	}
	if !begun {
		a.begin(&e)
	}
	a.current.partial = e.partial
	return nil
}

// begin makes e the series of the next rows. It may continue the series before it.
func (a *response) begin(e *envelope) {
	a.usedID = true
	s := a.current
	if a.continues && s.id == a.id && s.name == e.name && slices.Equal(s.tags, e.tags) && slices.Equal(s.columns, e.columns) {
		s.partial = false
	} else {
		a.series++
		a.current = &series{number: a.series, id: a.id, name: e.name, tags: e.tags, columns: e.columns}
	}
	a.continues = false
}

func (a *response) row(n node) error {
	s := a.current
	if n.kind != '[' || len(n.kids) != len(s.columns) {
		return errResponse
	}
	var b strings.Builder
	fmt.Fprintf(&b, "row %d %q %q %q", s.id, s.name, s.tags, s.columns)
	for _, c := range n.kids {
		text, err := cellText(c)
		if err != nil {
			return err
		}
		b.WriteString(text)
	}
	// Only rows give the series its number, see numberSeries.
	a.events = append(a.events, fmt.Sprintf("%s\x00%d", b.String(), s.number))
	return nil
}

// cellText returns the kind and the value of a cell as a text.
func cellText(n node) (string, error) {
	switch n.kind {
	case 'n':
		return " null", nil
	case 't':
		return " bool true", nil
	case 'f':
		return " bool false", nil
	case '"':
		return fmt.Sprintf(" string %q", n.text), nil
	case '0':
		if n.text != "-0" {
			if v, err := strconv.ParseInt(n.text, 10, 64); err == nil {
				return fmt.Sprintf(" int %d", v), nil
			}
			if v, err := strconv.ParseUint(n.text, 10, 64); err == nil {
				return fmt.Sprintf(" uint %d", v), nil
			}
		}
		v, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			return "", errResponse
		}
		return fmt.Sprintf(" float %x", v), nil
	}
	return "", errResponse
}

// numberSeries numbers the series in the order of their first rows. Series without rows get
// no number.
func numberSeries(events []string) []string {
	numbers := map[string]int{}
	out := make([]string, len(events))
	for i, e := range events {
		text, number, isRow := strings.Cut(e, "\x00")
		if isRow && strings.HasPrefix(e, "row ") {
			if numbers[number] == 0 {
				numbers[number] = len(numbers) + 1
			}
			text += fmt.Sprintf(" of series %d", numbers[number])
		}
		out[i] = text
	}
	return out
}
