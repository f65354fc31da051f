package lp_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

func ExampleSchema_Count() {
	type Reading struct {
		Room  string  `lp:"room,tag"`
		Value float64 `lp:"value"`
	}
	schema := must(lp.NewSchema[Reading](lp.SchemaOptions{Options: lp.Options{NotFinite: lp.NotFiniteDropPoint}}))
	lines, err := schema.AppendAll(nil, []Reading{{"attic", 1}, {"cellar", math.NaN()}, {"", 2}})
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(lines)
	fmt.Println(schema.Count(lp.ErrNotFinite), "not finite,", schema.Count(lp.EmptyTag), "without a room")
	// Output:
	// Reading,room=attic value=1
	// Reading value=2
	// 1 not finite, 1 without a room
}

func ExamplePoint_Count() {
	p := lp.Point{Options: lp.Options{NotFinite: lp.NotFiniteDropField}}
	p.SetMeasurement("cpu")
	p.SetFloat("load", 0.64)
	p.SetFloat("idle", math.Inf(1))
	line, err := p.AppendLP(nil)
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	fmt.Println(p.Count(lp.ErrNotFinite))
	// Output:
	// cpu load=0.64
	// 1
}

// TestCounts holds that what a policy leaves out or changes is counted without an
// encoder too, by whatever did it, and by an encoder where that did it.
func TestCounts(t *testing.T) {
	type point struct {
		_   lp.Measurement `lp:"m"`
		Tag string         `lp:"tag,tag"`
		F   float64        `lp:"f"`
		U   uint64         `lp:"u"`
	}
	values := []point{{Tag: "a", F: 1}, {F: math.NaN(), U: 1 << 63}, {Tag: "b\n", F: 3}, {F: 5}}
	all := func(reason lp.Reason, n uint64) (c counts) { c[reason] = n; return c }
	options := []struct {
		o    lp.Options
		want counts
	}{
		{lp.Options{}, counts{lp.ErrNotFinite: 1, lp.ErrNewline: 1, lp.EmptyTag: 2}},
		{lp.Options{NotFinite: lp.NotFiniteDropPoint, Text: lp.TextDropPoint}, counts{lp.ErrNotFinite: 1, lp.ErrNewline: 1, lp.EmptyTag: 2}},
		{lp.Options{NotFinite: lp.NotFiniteDropField, Text: lp.TextReplace, Unsigned: lp.UnsignedClamp}, counts{lp.ErrNotFinite: 1, lp.Replaced: 1, lp.EmptyTag: 2, lp.ErrUnsigned: 1}},
	}
	for _, c := range options {
		for name, form := range map[string]func(s *lp.Schema[point]){
			"Append": func(s *lp.Schema[point]) {
				for i := range values {
					s.Append(nil, &values[i])
				}
			},
			"AppendWith": func(s *lp.Schema[point]) {
				for i := range values {
					s.AppendWith(nil, &values[i])
				}
			},
			"AppendAll": func(s *lp.Schema[point]) { s.AppendAll(nil, values) },
			"AppendSeq": func(s *lp.Schema[point]) { s.AppendSeq(nil, slices.Values(values)) },
			"With":      func(s *lp.Schema[point]) { s.With(s.Options()).AppendAll(nil, values) },
		} {
			s := must(lp.NewSchema[point](lp.SchemaOptions{Options: c.o}))
			if form(s); countsOf(s.Count) != c.want {
				t.Errorf("%s with %+v counts %v, want %v", name, c.o, countsOf(s.Count), c.want)
			}
		}
		s := must(lp.NewSchema[point](lp.SchemaOptions{}))
		var e lp.Encoder
		e.SetOptions(c.o)
		for i := range values {
			s.Encode(&e, &values[i])
		}
		if countsOf(e.Count) != c.want || countsOf(s.Count) != (counts{}) {
			t.Errorf("Encode with %+v counts %v and %v, want %v and none", c.o, countsOf(e.Count), countsOf(s.Count), c.want)
		}

		var sum counts
		p := lp.Point{Options: c.o}
		for _, v := range values {
			p.Reset()
			p.SetMeasurement("m")
			p.SetTag("tag", v.Tag)
			p.SetFloat("f", v.F)
			p.SetUint("u", v.U)
			p.AppendLP(nil)
			q := p
			before := countsOf(e.Count)
			q.Encode(&e)
			got := countsOf(e.Count).since(before)
			for r := range sum {
				sum[r] += got[r]
			}
			if countsOf(q.Count) != countsOf(p.Count) {
				t.Errorf("Point.Encode with %+v counts in the point", c.o)
			}
		}
		if countsOf(p.Count) != c.want || sum != c.want {
			t.Errorf("Point with %+v counts %v, its encoder %v, want %v", c.o, countsOf(p.Count), sum, c.want)
		}
	}
	s := must(lp.SchemaFor[point]())
	s.AppendWith(nil, &values[0], lp.Tag{Key: "x"}, lp.Tag{Key: "y\n", Value: "1"})
	if got := countsOf(s.Count); got != (counts{lp.EmptyTag: 1, lp.ErrNewline: 1}) {
		t.Errorf("AppendWith counts %v of its tags", got)
	}
	if other := must(lp.SchemaFor[point]()); countsOf(other.Count) != (counts{}) {
		t.Errorf("another schema of the type has the counts %v", countsOf(other.Count))
	}
	if s.Count(255) != 0 || new(lp.Point).Count(255) != 0 {
		t.Error("an unknown reason has a count")
	}

	// Many goroutines at once.
	drop := must(lp.NewSchema[point](lp.SchemaOptions{Options: lp.Options{NotFinite: lp.NotFiniteDropPoint}}))
	p := lp.Point{Options: lp.Options{NotFinite: lp.NotFiniteDropPoint}}
	p.SetMeasurement("m")
	p.SetFloat("f", math.NaN())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				drop.Append(nil, &point{Tag: "a", F: math.NaN()})
				p.AppendLP(nil)
			}
		})
	}
	wg.Wait()
	if got := countsOf(drop.Count); got != all(lp.ErrNotFinite, 400) {
		t.Errorf("many goroutines: %v", got)
	}
	if got := countsOf(p.Count); got != all(lp.ErrNotFinite, 400) {
		t.Errorf("many goroutines, a point: %v", got)
	}
}
