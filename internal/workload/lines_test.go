package workload

import (
	"bytes"
	"slices"
	"testing"
)

// TestLineSets checks that the bodies follow their seed, that no line occurs twice, and
// that sets have the properties in their comments.
func TestLineSets(t *testing.T) {
	const n = 10_000
	for _, s := range LineSets {
		body := bytes.Join(LineBodies(s, n, 3000, 1), nil)
		if !bytes.Equal(body, LineBodies(s, n, n, 1)[0]) || bytes.Equal(body, LineBodies(s, n, n, 2)[0]) {
			t.Errorf("%s: the same seed gives other lines, or another seed the same", s.Name)
		}
		seen := map[string]bool{}
		for line := range bytes.Lines(body) {
			if seen[string(line)] {
				t.Fatalf("%s: twice %s", s.Name, line)
			}
			seen[string(line)] = true
		}
		if len(seen) != n {
			t.Errorf("%s: %d lines", s.Name, len(seen))
		}
		names, shapes, fields := map[string]bool{}, map[string]bool{}, 0
		for l := range s.Make(n, 1) {
			names[l.Measurement] = true
			shape := l.Measurement
			for _, f := range l.Fields {
				shape += "," + f.Key
			}
			shapes[shape] = true
			fields += len(l.Fields)
		}
		want := map[string]int{"mixed": 5, "names": 2000}[s.Name]
		if want == 0 {
			want = 1
		}
		if low := want * 95 / 100; len(names) < low || len(names) > want {
			t.Errorf("%s: %d measurements", s.Name, len(names))
		}
		if s.Name == "sparse" && (len(shapes) < 1500 || fields < 8.9*n || fields > 9.1*n) {
			t.Errorf("%d shapes and %d fields of %d sparse lines", len(shapes), fields, n)
		}
		t.Logf("%s: %d bytes a line, %s", s.Name, len(body)/n, body[:bytes.IndexByte(body, '\n')])
		if _, ok := FindLineSet(s.Name); !ok {
			t.Errorf("FindLineSet does not find %s", s.Name)
		}
	}
	if sizes := LineBodies(LineSets[0], 10, 4, 1); len(sizes) != 3 || bytes.Count(sizes[2], []byte("\n")) != 2 {
		t.Errorf("%d bodies", len(sizes))
	}
}

// TestLineAppend checks the text of a line with every character that needs an escape.
func TestLineAppend(t *testing.T) {
	l := Line{Measurement: "a b,c=d", Tags: []LineTag{{"k =,", "v =,"}}, Timestamp: -1, Fields: []LineField{
		{"f", 1.5}, {"g h", int64(-2)}, {"i", true}, {"j", `say "\"`}}}
	const want = `a\ b\,c=d,k\ \=\,=v\ \=\, f=1.5,g\ h=-2i,i=true,j="say \"\\\"" -1` + "\n"
	if got := l.Append(nil); string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := slices.Collect(mapLines(LineSets[0])); got[0] == got[1] {
		t.Errorf("the same point twice: %s", got)
	}
}

func mapLines(s LineSet) func(func(string) bool) {
	return func(yield func(string) bool) {
		for l := range s.Make(2, 1) {
			if !yield(string(l.Append(nil))) {
				return
			}
		}
	}
}
