package fastclient

import (
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/pointwire/pointwire/jsonscan"
	"github.com/valyala/fastjson"
)

// This file builds JSON from a response: a [tree] makes one statement at a time of the
// parts that the scanner moves to.
//
// Invariant: the memory of a tree has a bound of its own, see [tree.arena].

// JSON reads the whole response as one tree and closes the result. The tree is an object
// with the array "results", which has an object for each statement, in the form of
// InfluxDB's own responses. A series that came in several chunks is one series in the
// tree, and a statement one statement. A series without rows has its columns and no
// "values"; "statement_id" is the server's, or the place of the statement if it sent none.
//
// Numbers are kept as the server's text: GetInt64 reads a 64-bit integer exactly, but
// GetFloat64 may be off by the last digit. [Result.Rows] reads both exactly. The tree
// belongs to the caller.
//
// In a MessagePack response the numbers are as InfluxDB prints them in JSON, which has no
// form for infinities: they are null. Use [Format] to ask for the server's own JSON.
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
// time, within the bounds of JSON. An error is the last pair. If it comes amid a
// statement, the pair before it has what was read of that.
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
	part      jsonscan.Part   // where the scanner is; what it has there is in no tree yet
	failed    *jsonscan.StatementError
	ended     bool

	series   *jsonscan.Series // series being read
	current  *fastjson.Value
	list     *fastjson.Value // "series" of the statement, or nil
	listed   int
	values   *fastjson.Value // of current, or nil before its first row
	numerous int             // number of rows in values
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
	if t.count == 0 && t.err == nil {
		t.pull()
	}
	if t.ended || t.err != nil {
		return false
	}
	t.count = t.s.Statements()
	t.list, t.listed, t.series = nil, 0, nil
	t.statement = t.arena(0).NewObject()
	t.statement.Set("statement_id", t.arena(0).NewNumberInt(t.s.StatementID()))
	for !t.ended && t.s.Statements() == t.count {
		switch t.part {
		case jsonscan.PartRow:
			t.add(t.s.Row())
		case jsonscan.PartSeries:
			t.begin(t.s.Row().Series())
		case jsonscan.PartNone:
			t.statement.Set("error", t.newString(t.failed.Message))
		}
		if t.err != nil {
			return false
		}
		t.pull()
	}
	t.endSeries()
	return true
}

// pull moves the scanner to the next part, which is in no tree yet.
func (t *tree) pull() {
	if t.part = t.s.NextPart(); t.part != jsonscan.PartNone {
		return
	}
	err := t.s.Err()
	if failed, ok := err.(*jsonscan.StatementError); ok {
		t.failed = failed
		return
	}
	t.ended, t.err = true, err
}

// begin makes s the series at hand, and adds it to the statement if it is another one.
func (t *tree) begin(s *jsonscan.Series) {
	if s == t.series {
		return
	}
	t.endSeries()
	if t.list == nil {
		t.list = t.arena(0).NewArray()
		t.statement.Set("series", t.list)
	}
	t.series, t.current, t.values, t.numerous = s, t.newSeries(s), nil, 0
	t.list.SetArrayItem(t.listed, t.current)
	t.listed++
}

// add adds a row to the statement.
func (t *tree) add(row *jsonscan.Row) {
	t.begin(row.Series())
	if t.values == nil {
		t.values = t.arena(0).NewArray()
		t.current.Set("values", t.values)
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
		v.Set("tags", t.newTags(s.Tags))
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

// newTags returns the tags of a series. Set looks for the key among all that an object has,
// so a server could make it take minutes; the parser does not look.
func (t *tree) newTags(list []jsonscan.Tag) *fastjson.Value {
	if len(list) <= 64 {
		tags := t.arena(0).NewObject()
		for _, tag := range list {
			tags.Set(tag.Key, t.newString(tag.Value))
		}
		return tags
	}
	seen := make(map[string]bool, len(list))
	text := []byte{'{'}
	for _, tag := range list {
		if t.err != nil {
			break
		}
		if seen[tag.Key] {
			continue
		}
		seen[tag.Key] = true
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(t.newString(tag.Key).MarshalTo(text), ':')
		text = t.newString(tag.Value).MarshalTo(text)
	}
	tags, err := fastjson.ParseBytes(append(text, '}'))
	if err != nil { // which cannot be: all of it is JSON of our own
		return t.arena(0).NewObject()
	}
	return tags
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
	if raw := string(row.Raw(i)); raw != "null" {
		return t.arena(len(raw)).NewNumberString(raw)
	}
	return t.arena(0).NewNull() // infinity, in MessagePack
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
