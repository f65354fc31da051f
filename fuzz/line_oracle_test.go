package fuzz

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/influxdb/models"

	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// This file holds what pointwire reads of any bytes against what InfluxDB 1.8.10
// reads, both ways: what one takes and the other does not belongs to a class that has
// a name here and a row in the table of internal/line/dialect.

// serverCut returns where the server ends the first line of body, and whether that is
// within a quote that stays open.
//
// The server takes a backslash before the last byte of a body for one that escapes
// nothing. That changes no point, only whether such a body ends within a quote.
func serverCut(body []byte) (end int, open bool) {
	afterSpace := false // fields may have begun
	depth := 0          // equals signs less commas since
	inString := false
	for end < len(body) {
		c := body[end]
		switch {
		case c == '\\':
			end++ // with what is after it
		case c == '\n' && !inString:
			return end, false
		case c == ' ':
			afterSpace = true
		case !afterSpace:
		case c == '"' && depth > 0:
			inString = !inString
		case c == '=' && !inString:
			depth++
		case c == ',' && !inString:
			depth--
		}
		end++
	}
	return min(end, len(body)), inString
}

// A reading is what a server does with one line.
type reading struct {
	offset, end int
	text        []byte // the line, with its line feed if it has one
	err         error  // it refuses the line
	point       point
	lost        error // it takes the line, and the point cannot be found or read again
	comment     bool  // with further lines in it
	open        bool  // up to the end of the body, for the want of a quote
}

// errNothing is of a line that is blank or a comment.
var errNothing = errors.New("nothing")

// serverReads returns what InfluxDB does with each line of body that is neither blank
// nor a comment. Behind a line that swallows others, because of a quote that is never
// closed or because it is a comment, it goes on at the next line feed, as pointwire
// does and the server does not; the reading says so.
func serverReads(body []byte, p lp.Precision, each func(*reading)) {
	var r reading
	for at := 0; at < len(body); at = r.end {
		end, open := serverCut(body[at:])
		end = min(at+end+1, len(body))
		r = reading{offset: at, end: end, text: body[at:end]}
		first := bytes.TrimLeft(r.text, " \t\x00")
		feed := bytes.IndexByte(r.text, '\n')
		if comment := len(first) > 0 && first[0] == '#'; (comment || open) && feed >= 0 && feed < len(r.text)-1 {
			r.comment, r.open = comment, open
			r.end = at + feed + 1
		}
		r.read(p)
		if r.err != errNothing || r.comment {
			each(&r)
		}
	}
}

// read asks the server's parser.
func (r *reading) read(p lp.Precision) {
	word := p.String()
	if word == "ns" {
		word = "n"
	}
	parsed, err := models.ParsePointsWithPrecision(bytes.Clone(r.text), time.Time{}, word)
	if err != nil {
		r.err = err
		return
	}
	if len(parsed) == 0 {
		r.err = errNothing
		return
	}
	if len(parsed) != 1 {
		panic(fmt.Sprintf("%q is %d lines", r.text, len(parsed)))
	}
	r.point, r.lost = serverPoint(parsed[0], p)
}

// serverPoint returns what is read back of a point, or why it is not.
func serverPoint(m models.Point, p lp.Precision) (q point, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic // a string that is one quote
		}
	}()
	q.measurement = string(m.Name())
	name, tags := models.ParseKeyBytes(m.Key())
	if string(name) != q.measurement {
		return q, fmt.Errorf("point of %q has a key of %q", q.measurement, name)
	}
	if made := models.MakeKey(name, tags); !bytes.Equal(made, m.Key()) {
		return q, fmt.Errorf("point is stored as %q and looked for as %q", m.Key(), made)
	}
	for _, t := range m.Tags() {
		if string(t.Key) == "time" {
			err = errReserved
		}
		q.tags = append(q.tags, tag{string(t.Key), string(t.Value)})
	}
	for it := m.FieldIterator(); it.Next(); {
		f := field{key: string(it.FieldKey())}
		if f.key == "time" {
			err = errReserved
		}
		var e error
		switch it.Type() {
		case models.Float:
			f.value, e = it.FloatValue()
		case models.Integer:
			f.value, e = it.IntegerValue()
		case models.Unsigned:
			f.value, e = it.UnsignedValue()
		case models.Boolean:
			f.value, e = it.BooleanValue()
		case models.String:
			f.value = it.StringValue()
		default:
			e = errors.New("empty field")
		}
		if e != nil {
			return q, e
		}
		if f.key == "" {
			return q, errEmptyKey
		}
		q.fields = append(q.fields, f)
	}
	if !m.Time().IsZero() {
		q.ts, q.hasTime = m.UnixNano()/p.Unit(), true
	}
	return q, err
}

var (
	errReserved = errors.New(`tag or field "time"`)
	errPanic    = errors.New("the server panics")
	errEmptyKey = errors.New("field without a key is dropped")
)

// ownPoint returns the line that s has just taken.
func ownPoint(s *line.Scanner) point {
	p := point{measurement: string(s.Text(s.Name)), ts: s.Time, hasTime: s.Stamped}
	for _, t := range s.Tags[:s.NumTags()] {
		p.tags = append(p.tags, tag{string(s.Text(t.Key)), string(s.Text(t.Value))})
	}
	for _, f := range s.Fields[:s.NumFields()] {
		g := field{key: string(s.Text(f.Key))}
		switch f.Kind {
		case line.Float:
			g.value = math.Float64frombits(f.Bits)
		case line.Int:
			g.value = int64(f.Bits)
		case line.Uint:
			g.value = f.Bits
		case line.Bool:
			g.value = f.Bits != 0
		case line.String:
			g.value = string(s.Text(line.Span(f.Bits)))
		}
		p.fields = append(p.fields, g)
	}
	return p
}

// same reports whether two points are the same, values bit for bit.
func (p point) same(q point) bool {
	if p.measurement != q.measurement || p.ts != q.ts || p.hasTime != q.hasTime || len(p.tags) != len(q.tags) || len(p.fields) != len(q.fields) {
		return false
	}
	p, q = p.sorted(), q.sorted()
	for i, t := range p.tags {
		if t != q.tags[i] {
			return false
		}
	}
	for i, f := range p.fields {
		g := q.fields[i]
		if f.key != g.key {
			return false
		}
		if a, ok := f.value.(float64); ok {
			if b, ok := g.value.(float64); !ok || math.Float64bits(a) != math.Float64bits(b) {
				return false
			}
		} else if f.value != g.value {
			return false
		}
	}
	return true
}

// A class is a kind of line that pointwire refuses although the server makes a point
// of it, or cuts otherwise.
type class struct {
	name  string
	rules []line.Rule
	// is reports whether a line that was refused by one of the rules is of the class.
	is func(r *reading) bool
}

// classes are looked through in their order. Each is a row of the table in
// internal/line/dialect, which says what servers do with it.
var classes = []class{
	{"line feed in a name", []line.Rule{line.NameNewline}, func(r *reading) bool { return bytes.Contains(r.text, []byte("\\\n")) }},
	{"backslash in a name", []line.Rule{line.Backslash}, func(r *reading) bool {
		return r.lost != nil || bytes.Contains(r.text, []byte(`\\=`))
	}},
	{"tag value that begins with an equals sign", []line.Rule{line.EqualsInTag}, func(r *reading) bool { return r.lost != nil && bytes.Contains(r.text, []byte("==")) }},
	{"text after the closing quote", []line.Rule{line.AfterQuote, line.CarriageReturn}, func(r *reading) bool { return r.quoteInString() }},
	{"comma in a field key", []line.Rule{line.NoFieldKey, line.NoFieldValue}, func(r *reading) bool { return r.commaInKey() || r.quoteInString() }},
	{"field key of white space", []line.Rule{line.NoFieldKey}, func(r *reading) bool { return r.lost == errEmptyKey }},
	{"reserved key", []line.Rule{line.ReservedKey}, func(r *reading) bool { return r.lost == errReserved }},
	{"quote in a measurement after white space", []line.Rule{line.NoFields}, func(r *reading) bool {
		return blank(r.text[0]) && bytes.IndexByte([]byte(r.point.measurement), '\n') >= 0
	}},
	{"end of line elsewhere", []line.Rule{line.CutElsewhere}, func(r *reading) bool {
		end, _ := serverCut(append(bytes.Clone(r.text), "\nz v=1 1\n"...))
		return end > len(r.text)
	}},
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == 0 }

// quoteInString reports whether a string that the server reads has a double quote, or
// is less than a quoted string.
func (r *reading) quoteInString() bool {
	for _, f := range r.point.fields {
		if s, ok := f.value.(string); ok && bytes.IndexByte([]byte(s), '"') >= 0 {
			return true
		}
	}
	return r.lost == errPanic
}

func (r *reading) commaInKey() bool {
	for _, f := range r.point.fields {
		if bytes.IndexByte([]byte(f.key), ',') >= 0 {
			return true
		}
	}
	return false
}

// A judge compares bodies and counts the classes of what differs.
type judge struct {
	t       testing.TB
	s, own  line.Scanner
	counts  map[string]int
	samples map[string][]byte
	taken   int
	kept    []byte  // the lines of a body that were taken
	points  []point // and what they say
	plain   []byte
}

func newJudge(t testing.TB) *judge {
	return &judge{t: t, counts: map[string]int{}, samples: map[string][]byte{}}
}

func (j *judge) note(name string, body []byte) {
	j.counts[name]++
	if old, ok := j.samples[name]; !ok || len(body) < len(old) {
		j.samples[name] = bytes.Clone(body)
	}
}

// body compares what pointwire and the server read of body.
func (j *judge) body(body []byte) {
	t, s := j.t, &j.s
	t.Helper()
	s.Reset(body)
	more := s.Next()
	j.kept, j.points, j.plain = j.kept[:0], j.points[:0], j.plain[:0]
	serverReads(body, lp.Nanosecond, func(r *reading) {
		if r.err == errNothing {
			j.note("comment with a quote", body)
			return
		}
		if !more {
			t.Fatalf("%q: no line at %d, where the server has %q", body, r.offset, r.text)
		}
		if int(s.Offset()) != r.offset || int(s.End()) != r.end {
			t.Fatalf("%q: line at %d to %d, the server's is %q at %d to %d", body, s.Offset(), s.End(), r.text, r.offset, r.end)
		}
		rule := s.Fault.Rule
		switch {
		case rule == 0 && r.err != nil:
			t.Fatalf("%q: %q is taken, the server refuses it: %v", body, r.text, r.err)
		case rule == 0 && r.lost != nil:
			t.Fatalf("%q: %q is taken, the server loses it: %v", body, r.text, r.lost)
		case rule == 0:
			p := ownPoint(s)
			if !r.point.same(p) {
				t.Fatalf("%q: %q is read as\n%v\nby the server as\n%v", body, r.text, p, r.point)
			}
			if r.open || r.comment {
				t.Fatalf("%q: %q is taken, for the server it goes on", body, r.text)
			}
			j.taken++
			j.points = append(j.points, p)
			j.kept = append(append(j.kept, s.Line()...), '\n')
			j.plain = s.AppendPlain(j.plain)
		case r.err != nil:
			if r.open && r.end < r.offset+len(r.text) {
				j.note("quote that stays open", body)
			}
		default:
			name := ""
			for _, c := range classes {
				for _, of := range c.rules {
					if of == rule && c.is(r) {
						name = c.name
						break
					}
				}
				if name != "" {
					break
				}
			}
			if name == "" {
				t.Fatalf("%q: %q is refused (%v), the server reads %v (%v)", body, r.text, rule, r.point, r.lost)
			}
			j.note(name, body)
		}
		more = s.Next()
	})
	if more {
		t.Fatalf("%q: a line at %d that the server does not have", body, s.Offset())
	}
	if len(j.points) > 0 {
		j.requireSame(body, j.kept)
		j.requireSame(body, j.plain)
	}
}

// requireSame fails unless the server reads j.points from lines, before and after
// which is another line.
func (j *judge) requireSame(body, lines []byte) {
	j.t.Helper()
	all := append(append([]byte("y v=1 1\n"), lines...), "z,k=v s=\"a\nb\",v=t 1"...)
	got, err := models.ParsePointsString(string(all))
	if err != nil || len(got) != len(j.points)+2 {
		j.t.Fatalf("%q: the server reads %d points of\n%q\nwant %d (%v)", body, len(got), all, len(j.points)+2, err)
	}
	for i, p := range j.points {
		q, err := serverPoint(got[i+1], lp.Nanosecond)
		if !p.hasTime {
			q.ts, q.hasTime = 0, false // the server's clock
		}
		if err != nil || !p.same(q) {
			j.t.Fatalf("%q: the server reads\n%v (%v)\nof\n%q\nwant\n%v", body, q, err, all, p)
		}
	}
}

// report prints the classes, and fails where one of want was not met.
func (j *judge) report(want ...string) {
	j.t.Logf("%9d lines taken", j.taken)
	for _, name := range slices.Sorted(maps.Keys(j.counts)) {
		j.t.Logf("%9d %-40s %q", j.counts[name], name, j.samples[name])
	}
	for _, name := range want {
		if j.counts[name] == 0 {
			j.t.Errorf("no body is of the class %q", name)
		}
	}
}

// every calls f with all texts of up to n letters, of which those longer than whole
// are a share of one in every: which ones is the same in each run.
func every(letters string, n, whole, share int, f func(text []byte)) {
	text := make([]byte, 0, n)
	count := 0
	var walk func(left int)
	walk = func(left int) {
		if len(text) <= whole {
			f(text)
		} else if count++; uint32(count)*2654435761%uint32(share) == 0 {
			f(text)
		}
		if left == 0 {
			return
		}
		for _, c := range []byte(letters) {
			text = append(text, c)
			walk(left - 1)
			text = text[:len(text)-1]
		}
	}
	walk(n)
}

// wholeProof makes the tests of this file look at all texts in place of a sample.
var wholeProof = flag.Bool("line.exhaustive", false, "compare all short bodies with InfluxDB's parser, which takes half an hour")

const (
	bodyLetters = "a=, \"\\\n1"
	slotLetters = bodyLetters + "#\tiute-."
)

// TestShortBodies compares all bodies of up to 8 bytes.
func TestShortBodies(t *testing.T) {
	j := newJudge(t)
	whole, share := 6, 400
	if *wholeProof {
		whole = 8
	}
	every(bodyLetters, 8, whole, share, j.body)
	j.report("line feed in a name", "backslash in a name", "text after the closing quote", "end of line elsewhere")
}

// TestSlots compares all texts of up to 5 bytes in every slot of a line, with another
// line after it.
func TestSlots(t *testing.T) {
	// What is in a slot while the text is in another one.
	template := []string{"", "m", "", ",k", "", "=", "v", " f", "", "=", "1", ",s=\"", "", "\" 1", "", "\nm v=1 1\n"}
	j := newJudge(t)
	whole, share := 3, 300
	if *wholeProof {
		whole = 5
	}
	for _, slot := range []int{0, 2, 4, 6, 8, 10, 12, 14} {
		head, tail := []byte(strings.Join(template[:slot], "")), []byte(strings.Join(template[slot+1:], ""))
		every(slotLetters, 5, whole, share, func(text []byte) {
			j.body(slices.Concat(head, text, tail))
		})
	}
	j.report()
}
