package fastclient

import (
	"iter"

	"github.com/valyala/fastjson"

	"github.com/pointwire/pointwire/jsonscan"
)

// JSON reads the whole answer as one tree, for callers that want it as such, and
// closes the result: an object with the array "results", which has an object for
// each statement, in the form of InfluxDB's own answers. A series that came in
// several chunks is one series in the tree.
//
// Numbers are held as the text that the server sent: reading a 64-bit integer with
// GetInt64 is exact, but GetFloat64 may be off by the last digit: rows are read
// exactly by [Result.Rows]. The tree takes many times the memory of the answer,
// which is bounded by [Options].MaxResponseBytes, and belongs to the caller. A
// statement that failed is an "error" in the tree, not an error of JSON.
func (r *Result) JSON() (*fastjson.Value, error) {
	defer r.Close()
	if r.body.left < 0 || r.body.left > r.whole {
		r.body.left = r.whole
	}
	var a fastjson.Arena
	results := a.NewArray()
	n := 0
	t := tree{a: &a, s: r.s}
	for t.next() {
		results.SetArrayItem(n, t.statement)
		n++
	}
	if t.err != nil {
		return nil, t.err
	}
	// Messages are known to be complete at the end only.
	for _, m := range r.s.Messages() {
		for _, statement := range results.GetArray() {
			if statement.GetInt("statement_id") == m.StatementID {
				t.addMessage(statement, m)
				break
			}
		}
	}
	doc := a.NewObject()
	doc.Set("results", results)
	return doc, nil
}

// Statements iterates over the statements of the answer as trees, in the form that
// [Result.JSON] has under "results" but without messages, and closes the result at
// its end. A tree is valid until the next one is asked for: memory holds one
// statement at a time. An error is the last pair.
func (r *Result) Statements() iter.Seq2[*fastjson.Value, error] {
	return func(yield func(*fastjson.Value, error) bool) {
		defer r.Close()
		var a fastjson.Arena
		t := tree{a: &a, s: r.s}
		for t.next() {
			if !yield(t.statement, nil) {
				return
			}
			if !t.held {
				a.Reset()
			}
		}
		if t.err != nil {
			yield(nil, t.err)
		}
	}
}

// SeriesJSON returns the envelope of a series as a tree: name, tags, columns and
// partial, without the rows. It belongs to the caller.
func SeriesJSON(s *jsonscan.Series) *fastjson.Value {
	t := tree{a: new(fastjson.Arena)}
	v := t.newSeries(s)
	if s.Partial {
		v.Set("partial", t.a.NewTrue())
	}
	return v
}

// A tree builds the statements of an answer from what the scanner reads.
type tree struct {
	a   *fastjson.Arena
	s   *jsonscan.Scanner
	err error

	statement *fastjson.Value // the one that next made
	count     int             // how many were made
	held      bool            // the scanner is at a row that is in no tree yet
	failed    *jsonscan.StatementError
	ended     bool

	series   *jsonscan.Series // of the rows being read
	current  *fastjson.Value
	list     *fastjson.Value // "series" of the statement, or nil
	listed   int
	values   *fastjson.Value
	numerous int // rows in values
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
	t.statement = t.a.NewObject()
	if t.count < t.s.Statements() || t.ended {
		// It had no rows: the scanner went over it to the one at hand.
		t.statement.Set("statement_id", t.a.NewNumberInt(t.count-1))
		return true
	}
	if t.held {
		t.statement.Set("statement_id", t.a.NewNumberInt(t.s.Row().Series().StatementID))
		t.list, t.listed, t.series = nil, 0, nil
		for t.held && t.s.Statements() == t.count {
			t.add(t.s.Row())
			t.pull()
		}
		t.endSeries()
		if t.failed == nil || t.failed.Index != t.count-1 {
			return true
		}
	} else {
		t.statement.Set("statement_id", t.a.NewNumberInt(t.failed.StatementID))
	}
	t.statement.Set("error", t.a.NewString(t.failed.Message))
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
			t.list = t.a.NewArray()
			t.statement.Set("series", t.list)
		}
		t.series, t.current = s, t.newSeries(s)
		t.values, t.numerous = t.a.NewArray(), 0
		t.current.Set("values", t.values)
		t.list.SetArrayItem(t.listed, t.current)
		t.listed++
	}
	cells := t.a.NewArray()
	for i := range row.Len() {
		cells.SetArrayItem(i, t.newCell(row, i))
	}
	t.values.SetArrayItem(t.numerous, cells)
	t.numerous++
}

// endSeries marks the series that was read if the server said that it has more.
func (t *tree) endSeries() {
	if t.series != nil && t.series.Partial {
		t.current.Set("partial", t.a.NewTrue())
	}
}

// newSeries returns the envelope of s.
func (t *tree) newSeries(s *jsonscan.Series) *fastjson.Value {
	v := t.a.NewObject()
	if s.Name != "" {
		v.Set("name", t.a.NewString(s.Name))
	}
	if len(s.Tags) > 0 {
		tags := t.a.NewObject()
		for _, tag := range s.Tags {
			tags.Set(tag.Key, t.a.NewString(tag.Value))
		}
		v.Set("tags", tags)
	}
	columns := t.a.NewArray()
	for i, name := range s.Columns {
		columns.SetArrayItem(i, t.a.NewString(name))
	}
	v.Set("columns", columns)
	return v
}

func (t *tree) newCell(row *jsonscan.Row, i int) *fastjson.Value {
	switch cell := row.Cell(i); cell.Kind() {
	case jsonscan.KindNull:
		return t.a.NewNull()
	case jsonscan.KindBool:
		if v, _ := cell.Bool(); v {
			return t.a.NewTrue()
		}
		return t.a.NewFalse()
	case jsonscan.KindString:
		text, _ := row.Bytes(i)
		return t.a.NewStringBytes(text)
	}
	return t.a.NewNumberString(string(row.Raw(i)))
}

// addMessage adds a message of the server to a statement.
func (t *tree) addMessage(statement *fastjson.Value, m jsonscan.Message) {
	list := statement.Get("messages")
	if list == nil {
		list = t.a.NewArray()
		statement.Set("messages", list)
	}
	v := t.a.NewObject()
	v.Set("level", t.a.NewString(m.Level))
	v.Set("text", t.a.NewString(m.Text))
	list.SetArrayItem(len(list.GetArray()), v)
}
