package fuzz

import (
	"bytes"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/influxdb/models"

	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/line/dialect"
	"github.com/pointwire/pointwire/lp"
)

// A class is a kind of line that pointwire refuses, although the server reads a point from
// it, or that the two end at different places.
type class struct {
	name  string // of the row
	rules []line.Rule
	// is reports whether a line that was refused by one of the rules is of the class.
	is func(r *reading) bool
}

// The names of the classes for the lines after one that the server does not end.
const (
	openQuote   = "string without its closing quote"
	openComment = "comment with a double quote"
)

// classes are tried in this order. Each is named after a row of the table in
// internal/line/dialect that belongs to it.
var classes = []class{
	{"line feed in a measurement", []line.Rule{line.NameNewline}, func(r *reading) bool { return bytes.Contains(r.text, []byte("\\\n")) }},
	{"backslash before an equals sign in a measurement", []line.Rule{line.Backslash}, func(r *reading) bool {
		return r.lost != nil || bytes.Contains(r.text, []byte(`\\=`))
	}},
	{"tag value that begins with an equals sign", []line.Rule{line.EqualsInTag}, func(r *reading) bool { return r.lost != nil && bytes.Contains(r.text, []byte("==")) }},
	{"text after the closing quote", []line.Rule{line.AfterQuote, line.CarriageReturn}, func(r *reading) bool { return r.quoteInString() }},
	{"line feed after a quote in a field key", []line.Rule{line.NoFields, line.NoTagValue, line.NoFieldKey, line.NoFieldValue}, func(r *reading) bool {
		return r.feedInName() && bytes.IndexByte(r.text, '"') >= 0
	}},
	{"comma in a field key", []line.Rule{line.NoFieldKey, line.NoFieldValue}, func(r *reading) bool { return r.commaInKey() || r.quoteInString() }},
	{"field without a key after a tab", []line.Rule{line.NoFieldKey}, func(r *reading) bool { return r.lost == errEmptyKey }},
	{"field with the key time", []line.Rule{line.ReservedKey}, func(r *reading) bool { return r.lost == errReserved }},
	{"byte order mark", []line.Rule{line.ByteOrderMark}, func(r *reading) bool { return strings.HasPrefix(r.point.measurement, "\xef\xbb\xbf") }},
	{"line end within what looks like a string", []line.Rule{line.CutElsewhere}, func(r *reading) bool {
		for _, text := range [][]byte{r.text, bytes.TrimLeft(r.text, " \t\x00")} {
			if end, _ := serverCut(slices.Concat(text, []byte("\nz v=1 1\n"))); end != len(text) {
				return true
			}
		}
		return false
	}},
}

// quoteInString reports whether a string that the server reads has a double quote, or lacks
// one of its own quotes.
func (r *reading) quoteInString() bool {
	for _, f := range r.point.fields {
		if s, ok := f.value.(string); ok && strings.Contains(s, `"`) {
			return true
		}
	}
	return r.lost == errPanic
}

// feedInName reports whether a name that the server reads has a line feed.
func (r *reading) feedInName() bool {
	all := r.point.measurement
	for _, t := range r.point.tags {
		all += t.key + t.value
	}
	for _, f := range r.point.fields {
		all += f.key
	}
	return strings.Contains(all, "\n")
}

func (r *reading) commaInKey() bool {
	for _, f := range r.point.fields {
		if strings.Contains(f.key, ",") {
			return true
		}
	}
	return false
}

// A judge compares bodies and counts the differences by class.
type judge struct {
	t       testing.TB
	s       line.Scanner
	counts  map[string]int
	samples map[string][]byte
	p       lp.Precision
	taken   int
	failed  int     // number of differences without a class
	kept    []byte  // the lines of a body that were accepted
	points  []point // and their points
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

// body compares the points that pointwire and the server read from body.
func (j *judge) body(body []byte) {
	t, s := j.t, &j.s
	t.Helper()
	s.SetOptions(line.Options{Precision: j.p})
	s.Reset(body)
	more := s.Next()
	j.kept, j.points, j.plain = j.kept[:0], j.points[:0], j.plain[:0]
	serverReads(body, j.p, func(r *reading) {
		if r.err == errNothing {
			j.note(openComment, body)
			return
		}
		if !more {
			t.Fatalf("%q: no line at %d, where the server has %q", body, r.offset, r.text)
		}
		if int(s.Offset()) != r.offset || int(s.End()) != r.end {
			t.Fatalf("%q: line at %d to %d, the server's is %q at %d to %d", body, s.Offset(), s.End(), r.text, r.offset, r.end)
		}
		rule := s.Fault.Rule
		if at := s.Fault.At; at < 0 || at > len(s.Line()) {
			t.Fatalf("%q: fault at %d of %q", body, at, s.Line())
		}
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
				j.note(openQuote, body)
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
				j.failed++
				name = "UNEXPLAINED " + rule.String()
				t.Errorf("%q: %q is refused (%v), the server reads %v (%v)", body, r.text, rule, r.point, r.lost)
			}
			j.note(name, body)
			if j.failed > 20 {
				t.FailNow()
			}
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

// requireSame fails unless the server reads j.points from lines, with another line before
// and after them.
func (j *judge) requireSame(body, lines []byte) {
	j.t.Helper()
	all := append(append([]byte("y v=1 1\n"), lines...), "z,k=v s=\"a\nb\",v=t 1"...)
	got, err := models.ParsePointsWithPrecision(all, time.Time{}, word(j.p))
	if err != nil || len(got) != len(j.points)+2 {
		j.t.Fatalf("%q: the server reads %d points of\n%q\nwant %d (%v)", body, len(got), all, len(j.points)+2, err)
	}
	for i, p := range j.points {
		q, err := serverPoint(got[i+1], j.p)
		if err != nil || !p.same(q) {
			j.t.Fatalf("%q: the server reads\n%v (%v)\nof\n%q\nwant\n%v", body, q, err, all, p)
		}
	}
}

// report prints the classes, and fails if one of want did not occur.
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

// TestClasses checks that the table has the row of each class, and that the row belongs to
// the class.
func TestClasses(t *testing.T) {
	j := newJudge(t)
	for _, r := range dialect.Rows {
		clear(j.counts)
		j.body([]byte(r.Body))
		names := slices.Collect(maps.Keys(j.counts))
		reads, differs := r.Reads[dialect.InfluxDB18]
		if !differs && r.Rule != line.ReservedKey && len(names) > 0 {
			t.Errorf("%s: InfluxDB reads the same, yet it is of the classes %q", r.Name, names)
		}
		for _, c := range names {
			if !slices.ContainsFunc(dialect.Rows, func(r dialect.Row) bool { return r.Name == c }) {
				t.Errorf("%q is no row", c)
			}
		}
		if slices.ContainsFunc(classes, func(c class) bool { return c.name == r.Name }) && reads != dialect.Refused && !slices.Equal(names, []string{r.Name}) {
			t.Errorf("%s: %q is of the classes %q", r.Name, r.Body, names)
		}
	}
	for _, c := range classes {
		if !slices.ContainsFunc(dialect.Rows, func(r dialect.Row) bool { return r.Name == c.name }) {
			t.Errorf("%q is no row", c.name)
		}
	}
}

// every calls f with all texts of up to whole letters, and with a sample of the longer ones
// up to n letters: one in share, the same ones in each run.
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

// wholeProof makes the tests of this file use all texts instead of a sample.
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
	j.report("line feed in a measurement", "backslash before an equals sign in a measurement", "text after the closing quote", "line end within what looks like a string", openQuote)
}

// TestSlots compares all texts of up to 5 bytes in every slot of a line that is followed by
// another line.
func TestSlots(t *testing.T) {
	// The content of a slot while the text is in another slot.
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
