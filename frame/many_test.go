package frame

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// TestManyColumns compares frames that have, and get, more tags and columns than are
// compared one by one with the plain way, and with SetTags of a few names at a time.
func TestManyColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 200 {
		f, few := &Frame{Measurement: "m"}, &Frame{Measurement: "m"}
		var extra []lp.Tag
		var names []string
		for _, k := range r.Perm(200)[:100] {
			name := fmt.Sprint("k", k)
			if r.IntN(500) == 0 {
				name = "k1" // perhaps twice
			}
			c := Ints(name, []int64{1, 2})
			f.Columns, few.Columns = append(f.Columns, c), append(few.Columns, c)
			if r.IntN(2) == 0 {
				names = append(names, name)
			}
			f.Tags = append(f.Tags, lp.Tag{Key: fmt.Sprint("t", k), Value: []string{"", "v"}[r.IntN(2)]})
			extra = append(extra, lp.Tag{Key: []string{"k", "t"}[r.IntN(2)] + fmt.Sprint(r.IntN(10000)), Value: "extra"})
		}
		few.Tags = f.Tags
		if err := f.SetTags(names...); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := few.SetTags(name); err != nil {
				t.Fatal(err)
			}
		}
		var shape *ShapeError
		if err := f.SetTags(append(names, "none")...); !errors.As(err, &shape) || shape.Column != "none" {
			t.Error(err)
		}
		keys := f.tagKeys()
		for i := range f.Columns {
			if f.Columns[i].Role != few.Columns[i].Role {
				t.Fatalf("column %s of %q", f.Columns[i].Name, names)
			}
		}
		for _, tag := range extra {
			if keys[tag.Key] != f.hasTag(tag.Key) {
				t.Fatalf("tag %s: %v", tag.Key, keys[tag.Key])
			}
		}
		comparePlain(t, f, lp.Options{}, extra)
	}
}

// TestManyTagColumns checks the role of each column where Tags and the tags of a series are
// many, by the rule for few.
func TestManyTagColumns(t *testing.T) {
	for _, n := range []int{3, 2 * keyindex.Few, 20_000} {
		var r Reader
		s := &jsonscan.Series{}
		for i := range n {
			name := strconv.Itoa(i)
			s.Columns = append(s.Columns, name)
			if i%2 == 0 {
				r.Tags = append(r.Tags, name)
			}
			if i%3 == 0 {
				s.Tags = append(s.Tags, jsonscan.Tag{Key: name, Value: "v"})
			}
		}
		isTag := r.tagRule(s)
		for i, name := range s.Columns {
			if want := i%2 == 0 && i%3 != 0; isTag(name) != want {
				t.Fatalf("%d columns: %s is a tag: %v", n, name, !want)
			}
		}
	}
}
