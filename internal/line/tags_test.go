package line

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// FuzzFindTag compares FindTag with the tags of the Scanner, for every key of a line and for
// one that is not there.
func FuzzFindTag(f *testing.F) {
	for _, s := range []string{
		"m v=1\n", "m,a=b v=1 1\n", `m\,x\ y,a\=b=c\,d\ e\=f,k=\\ v=1` + "\n", `m,a=\\\,b,c=d v="x,a=y z=1"` + "\n",
		`m,aa=1,a=2 v=1` + "\n", `\,m,a=b\ \ ,c=\x v=1` + "\n", "m,k=a\\\\ b v=1 1\n", "m,k=a\\\\,b\\\\=c v=1\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Scanner
		s.Reset(data)
		for s.Next() {
			if s.Fault.Rule != 0 {
				continue
			}
			text := s.AppendPlain(nil)
			if at := SeriesPart(text, 0); !bytes.Equal(AppendMeasurement(nil, text[:at]), s.Text(s.Name)) {
				t.Fatalf("%q: the measurement ends at %d", text, at)
			}
			for i, tag := range s.Tags {
				key, want := s.Text(tag.Key), s.Text(tag.Value)
				comma, value, end := FindTag(text, EscapeTag(nil, string(key)))
				if comma < 0 || text[comma] != ',' || !bytes.Equal(AppendTag(nil, text[value:end]), want) {
					t.Fatalf("%q: tag %d, %q: %d %d %d, want %q", text, i, key, comma, value, end, want)
				}
				if eq := Equals(text, comma+1, end); eq != value-1 {
					t.Fatalf("%q: the equals sign of tag %d is at %d, want %d", text, i, eq, value-1)
				}
				// Without the tag, the line has the others.
				var rest Scanner
				rest.Reset(append(bytes.Clone(text[:comma]), text[end:]...))
				if !rest.Next() || rest.Fault.Rule != 0 || len(rest.Tags) != len(s.Tags)-1 || rest.HasTag(string(key)) {
					t.Fatalf("%q without %q: %v", text, key, rest.Fault)
				}
			}
			if comma, _, _ := FindTag(text, []byte("absent")); comma >= 0 && !s.HasTag("absent") {
				t.Fatalf("%q: found what is not there", text)
			}
		}
	})
}

// TestFindTagRandom looks for tags in lines of random bytes with many escapes.
func TestFindTagRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 200_000 {
		line := []byte("m")
		for range 1 + rng.IntN(4) {
			line = append(line, ',')
			for range 1 + rng.IntN(4) {
				line = append(line, `\\\,= ab`[rng.IntN(8)])
			}
			line = append(line, '=')
			for range 1 + rng.IntN(6) {
				line = append(line, `\\\,= ab`[rng.IntN(8)])
			}
		}
		line = append(line, " v=1\n"...)
		var s Scanner
		s.Reset(line)
		if !s.Next() || s.Fault.Rule != 0 || len(s.Tags) == 0 {
			continue
		}
		tag := s.Tags[rng.IntN(len(s.Tags))]
		_, value, end := FindTag(s.AppendPlain(nil), EscapeTag(nil, string(s.Text(tag.Key))))
		if got := AppendTag(nil, s.AppendPlain(nil)[value:end]); !bytes.Equal(got, s.Text(tag.Value)) {
			t.Fatalf("%q: %q, want %q", line, got, s.Text(tag.Value))
		}
		found++
	}
	if found < 1000 {
		t.Errorf("only %d lines are valid", found)
	}
}
