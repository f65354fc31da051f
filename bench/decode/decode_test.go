package decode

import (
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// TestSum checks that every mistake a contender could make changes the sum.
func TestSum(t *testing.T) {
	line := func(change func(l *workload.Line)) (s [numForms]sum) {
		l := &workload.Line{Measurement: "m", Timestamp: 5,
			Tags:   []workload.LineTag{{Key: "b", Value: "x"}, {Key: "a", Value: "yz"}},
			Fields: []workload.LineField{{Key: "f", Value: 1.5}, {Key: "i", Value: int64(1)}, {Key: "t", Value: true}, {Key: "s", Value: "text"}}}
		change(l)
		for f := range numForms {
			s[f] = sum{at: place(0)}.add(l, f)
		}
		return s
	}
	plain := line(func(*workload.Line) {})
	if plain[inOrder] == plain[tagsSorted] || plain[fieldsRough].rough != 3.5 || plain[inOrder].rough != 0 {
		t.Errorf("%+v", plain)
	}
	for name, change := range map[string]func(l *workload.Line){
		"measurement":          func(l *workload.Line) { l.Measurement = "n" },
		"a tag's key":          func(l *workload.Line) { l.Tags[1].Key = "c" },
		"a tag's value":        func(l *workload.Line) { l.Tags[1].Value = "yy" },
		"length of a value":    func(l *workload.Line) { l.Tags[1].Value = "yyz" },
		"a tag less":           func(l *workload.Line) { l.Tags = l.Tags[:1] },
		"key and value change": func(l *workload.Line) { l.Tags[0] = workload.LineTag{Key: "x", Value: "b"} },
		"a field's key":        func(l *workload.Line) { l.Fields[0].Key = "g" },
		"time":                 func(l *workload.Line) { l.Timestamp++ },
	} {
		got := line(change)
		for f := range numForms {
			if got[f].differ(plain[f]) == nil {
				t.Errorf("%s makes no difference in form %d", name, f)
			}
		}
	}
	for name, change := range map[string]func(l *workload.Line){
		"last bit":       func(l *workload.Line) { l.Fields[0].Value = 1.5000000000000002 },
		"int for float":  func(l *workload.Line) { l.Fields[0].Value = int64(1.5 * 2) },
		"int for bool":   func(l *workload.Line) { l.Fields[2].Value = int64(1) },
		"text":           func(l *workload.Line) { l.Fields[3].Value = "texs" },
		"order":          func(l *workload.Line) { l.Fields[0], l.Fields[1] = l.Fields[1], l.Fields[0] },
		"text for a tag": func(l *workload.Line) { l.Fields[3].Value = "" },
	} {
		if got := line(change); got[inOrder].differ(plain[inOrder]) == nil {
			t.Errorf("%s makes no difference", name)
		}
	}
}

// TestPlaces checks that the sums of different bodies look at different bytes of their
// texts, and that only one body looks at the last byte.
func TestPlaces(t *testing.T) {
	seen := map[uint]bool{}
	for i := range 26 {
		p := place(i)
		if p > 256 || seen[p] {
			t.Errorf("body %d looks at %d", i, p)
		}
		seen[p] = true
	}
	if place(0) != 256 {
		t.Errorf("the first body looks at %d", place(0))
	}
}

// TestNames checks that the suite has all sets of lines.
func TestNames(t *testing.T) {
	if len(names) != len(workload.LineSets) {
		t.Errorf("%d names, %d sets", len(names), len(workload.LineSets))
	}
	for i, s := range workload.LineSets {
		if names[i] != s.Name {
			t.Errorf("name %s, want %s", names[i], s.Name)
		}
	}
	bodies := makeBodies(workload.LineSets[0], 2*batch+1)
	if len(bodies) != 2 || bodies[0].want == bodies[1].want {
		t.Errorf("%d bodies", len(bodies))
	}
}
