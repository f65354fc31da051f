package complaint

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/valyala/fastjson"
)

// A Document is the JSON object that a server sends as an error.
//
// It is read in one pass that keeps nothing of the members it does not know, so that its
// memory does not grow with their number: as a tree, 4 MiB of "[0,0,…" take 1 GB.
type Document struct {
	Error, Message, Err, Code string
	// Line is the number of the line that the server names, 0 without one.
	Line int
	// Faults is the list of version 3, at most as many as were asked for; More tells that
	// there were others.
	Faults []Fault
	More   bool
	// Database tells that the object has the form in which databases send an error, and
	// no member that they do not send.
	Database bool
}

// A Fault is what version 3 says of one line. Its texts are clipped.
type Fault struct {
	Line          int
	Message, Text string
}

// members are what the databases put into the object of an error.
var members = [...]string{"error", "code", "message", "err", "op", "line", "data", "errorId"}

// ReadDocument reads body, a JSON object with at most maxFaults faults of interest. ok is
// false if it is anything else.
func ReadDocument(body []byte, maxFaults int) (d Document, ok bool) {
	w := walk{b: body}
	var hasError, hasMessage, hasCode, foreign bool
	seen := uint(0) // the first of two members of one name counts
	ok = w.object(0, func(key []byte) bool {
		member := slices.IndexFunc(members[:], func(m string) bool { return string(key) == m })
		foreign = foreign || member < 0
		if member < 0 || seen>>member&1 != 0 {
			return w.skip(1)
		}
		seen |= 1 << member
		hasCode = hasCode || members[member] == "code"
		switch members[member] {
		case "error":
			d.Error, hasError = w.text()
		case "message":
			d.Message, hasMessage = w.text()
		case "err":
			d.Err, _ = w.text()
		case "code":
			d.Code, _ = w.text()
		case "line":
			d.Line = w.int()
		case "data":
			return w.faults(&d, maxFaults)
		}
		return w.skip(1)
	})
	w.space()
	d.Database = !foreign && (hasError || hasMessage && hasCode)
	return d, ok && w.i == len(w.b)
}

// HasMember reports whether body is a JSON object with a member key.
func HasMember(body []byte, key string) bool {
	_, found := member(body, key)
	return found
}

// TextMember returns the text of the member key of the JSON object in body, empty without.
func TextMember(body []byte, key string) string {
	text, _ := member(body, key)
	return text
}

func member(body []byte, key string) (text string, found bool) {
	w := walk{b: body}
	ok := w.object(0, func(k []byte) bool {
		if !found && string(k) == key {
			found = true
			text, _ = w.text()
		}
		return w.skip(1)
	})
	w.space()
	if !ok || w.i != len(w.b) {
		return "", false
	}
	return text, found
}

// faults reads the list of version 3, or the one fault that it sends as an object.
func (w *walk) faults(d *Document, maxFaults int) bool {
	one := func() bool {
		if w.peek() != '{' {
			return w.skip(2)
		}
		if len(d.Faults) == maxFaults {
			d.More = true
			return w.skip(2)
		}
		var f Fault
		ok := w.object(2, func(key []byte) bool {
			switch string(key) {
			case "line_number":
				f.Line = w.int()
			case "error_message":
				f.Message, _ = w.text()
				f.Message = Clip(f.Message)
			case "original_line":
				f.Text, _ = w.text()
				f.Text = Clip(f.Text)
			}
			return w.skip(3)
		})
		d.Faults = append(d.Faults, f)
		return ok
	}
	if w.peek() == '[' {
		return w.array(1, one)
	}
	return one()
}

// maxDepth is how deep values may nest, so that the stack is bounded.
const maxDepth = 300

// A walk goes over a JSON text from i on. It checks the structure, and of numbers and
// texts only where they end: nothing depends on the rest.
type walk struct {
	b []byte
	i int
}

func (w *walk) space() {
	for w.i < len(w.b) && (w.b[w.i] == ' ' || w.b[w.i] == '\n' || w.b[w.i] == '\t' || w.b[w.i] == '\r') {
		w.i++
	}
}

// peek returns the next byte that is no space, 0 at the end.
func (w *walk) peek() byte {
	if w.space(); w.i < len(w.b) {
		return w.b[w.i]
	}
	return 0
}

func (w *walk) take(c byte) bool {
	if w.peek() != c {
		return false
	}
	w.i++
	return true
}

// quoted goes over a text and returns it with its quotes, nil if there is none.
func (w *walk) quoted() []byte {
	if w.peek() != '"' {
		return nil
	}
	from := w.i
	for w.i++; ; w.i++ {
		n := bytes.IndexAny(w.b[w.i:], "\"\\")
		if n < 0 {
			w.i = len(w.b)
			return nil
		}
		if w.i += n; w.b[w.i] == '"' {
			w.i++
			return w.b[from:w.i]
		}
		if w.i++; w.i == len(w.b) { // what is escaped
			return nil
		}
	}
}

// text returns the text at hand without going over it.
func (w *walk) text() (string, bool) {
	at := w.peek()
	from := w.i
	quoted := w.quoted()
	w.i = from
	if at != '"' || quoted == nil {
		return "", false
	}
	v, err := fastjson.ParseBytes(quoted)
	if err != nil {
		return "", false
	}
	text, err := v.StringBytes()
	return string(text), err == nil
}

// int returns the integer at hand without going over it, 0 if there is none.
func (w *walk) int() int {
	w.space()
	from := w.i
	to := from
	for to < len(w.b) && (w.b[to] >= '0' && w.b[to] <= '9' || w.b[to] == '-') {
		to++
	}
	n, _ := strconv.Atoi(string(w.b[from:to]))
	return n
}

// skip goes over a value.
func (w *walk) skip(depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch c := w.peek(); {
	case c == '{':
		return w.object(depth, func([]byte) bool { return w.skip(depth + 1) })
	case c == '[':
		return w.array(depth, func() bool { return w.skip(depth + 1) })
	case c == '"':
		return w.quoted() != nil
	case c == '-' || c >= '0' && c <= '9':
		for w.i < len(w.b) && bytes.IndexByte([]byte("0123456789+-.eE"), w.b[w.i]) >= 0 {
			w.i++
		}
		return true
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(w.b[w.i:], []byte(word)) {
			w.i += len(word)
			return true
		}
	}
	return false
}

// object goes over an object and calls f at each value, which f must go over.
func (w *walk) object(depth int, f func(key []byte) bool) bool {
	if depth > maxDepth || !w.take('{') {
		return false
	}
	if w.take('}') {
		return true
	}
	for {
		key := w.quoted()
		if key == nil || !w.take(':') || !f(key[1:len(key)-1]) {
			return false
		}
		if w.take('}') {
			return true
		}
		if !w.take(',') {
			return false
		}
	}
}

// array goes over an array and calls f at each value, which f must go over.
func (w *walk) array(depth int, f func() bool) bool {
	if depth > maxDepth || !w.take('[') {
		return false
	}
	if w.take(']') {
		return true
	}
	for {
		if !f() {
			return false
		}
		if w.take(']') {
			return true
		}
		if !w.take(',') {
			return false
		}
	}
}
