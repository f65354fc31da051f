package lp

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pointwire/pointwire/internal/keyindex"
)

// This file holds what a point with many keys becomes against plain quadratic rules, and
// that many keys are found by an index, whose work internal/keyindex bounds.

// firstTwice returns the first key that an earlier one equals, or "".
func firstTwice(keys []string) string {
	for i, k := range keys {
		if slices.Contains(keys[:i], k) {
			return k
		}
	}
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// someKeys returns up to n keys in any order, and now and then one of them twice.
func someKeys(r *rand.Rand, n int) []string {
	var keys []string
	for _, i := range r.Perm(n)[:r.IntN(n)] {
		keys = append(keys, fmt.Sprint("k", i))
	}
	if len(keys) > 0 && r.IntN(3) == 0 {
		keys[r.IntN(len(keys))] = keys[r.IntN(len(keys))]
	}
	return keys
}

func tagsOf(keys []string, value string) (tags []Tag) {
	for _, k := range keys {
		tags = append(tags, Tag{Key: k, Value: value})
	}
	return tags
}

// refusedFor checks that err refuses the key for the reason, or is nil if there is no key.
func refusedFor(t *testing.T, what string, err error, key string, reason Reason) {
	t.Helper()
	var p *PointError
	if key == "" && err != nil {
		t.Errorf("%s: %v", what, err)
	} else if key != "" && (!errors.As(err, &p) || p.Key != key || p.Reason != reason) {
		t.Errorf("%s: %v, want %v of %q", what, err, reason, key)
	}
}

// TestManyKeys compares the ways in which a point can have a key twice with the plain rule,
// with fewer and with more keys than the limits from which on an index is used.
func TestManyKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var e, again Encoder
	for range 600 {
		series, tags, fields := someKeys(r, 100), someKeys(r, 200), someKeys(r, 200)
		s, err := NewSeries("m", tagsOf(series, "v")...)
		refusedFor(t, "NewSeries", err, firstTwice(series), ErrDuplicateTag)
		if err == nil {
			e.Series(s)
			for _, k := range tags {
				e.Tag(k, "v")
			}
			e.Int("f", 1)
			refusedFor(t, "Series and Tag", e.EndNoTimestamp(), firstTwice(slices.Concat(series, tags)), ErrDuplicateTag)
		}
		for _, allow := range []bool{false, true} {
			again.SetOptions(Options{AllowDuplicateFields: allow})
			for range 2 { // the second time from the same strings
				again.Point("m")
				for _, k := range fields {
					again.Int(k, 1)
				}
				again.Int("f", 1)
				twice := firstTwice(fields)
				if allow {
					twice = ""
				}
				refusedFor(t, "Int", again.EndNoTimestamp(), twice, ErrDuplicateField)
			}
		}
		l, err := NewLayout(tags...)
		refusedFor(t, "NewLayout", err, firstTwice(tags), ErrDuplicateField)
		if err == nil {
			e.Point("m")
			row := l.Row(&e)
			for range tags {
				row.Int(1)
			}
			for _, k := range fields {
				e.Int(k, 1)
			}
			e.Int("f", 1)
			refusedFor(t, "Layout", e.EndNoTimestamp(), firstTwice(slices.Concat(tags, fields)), ErrDuplicateField)
		}
	}
}

// TestManyFixedTags compares the tags of points that have default and extra tags with a map.
func TestManyFixedTags(t *testing.T) {
	type point struct {
		K1, K50 string
		F       int64 `lp:"f"`
	}
	schema, err := NewSchema[point](SchemaOptions{Columns: map[string]string{"K1": "k1,tag", "K50": "k50,tag", "F": "f"}})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 1000 {
		defaults, extra, own := someKeys(r, 100), someKeys(r, 100), someKeys(r, 100)
		var e Encoder
		err := e.SetDefaultTags(tagsOf(defaults, "default")...)
		refusedFor(t, "SetDefaultTags", err, firstTwice(defaults), ErrDuplicateTag)
		err2 := e.SetExtraTags(tagsOf(extra, "extra")...)
		refusedFor(t, "SetExtraTags", err2, firstTwice(extra), ErrDuplicateTag)
		if err != nil || err2 != nil || firstTwice(own) != "" {
			continue
		}
		e.Point("m")
		for _, k := range own {
			e.Tag(k, "own")
		}
		e.Int("f", 1)
		must(t, e.EndNoTimestamp())
		must(t, schema.Encode(&e, &point{"own", "own", 1}))
		out, err := schema.AppendWith(slices.Clone(e.Bytes()), &point{"own", "own", 1}, tagsOf(extra, "extra")...)
		must(t, err)
		structTags := []string{"k1", "k50"}
		for i, sets := range [][3][]string{{defaults, own, extra}, {defaults, structTags, extra}, {nil, structTags, extra}} {
			want := map[string]string{}
			for k, value := range []string{"default", "own", "extra"} {
				for _, key := range sets[k] {
					want[key] = value
				}
			}
			if got := lineTags(t, out, i); !maps.Equal(got, want) {
				t.Fatalf("line %d has %d tags, want %d:\n%s\n%v", i, len(got), len(want), out, want)
			}
		}
	}
}

// lineTags returns the tags of line i.
func lineTags(t *testing.T, lines []byte, i int) map[string]string {
	t.Helper()
	var d Decoder
	d.Reset(lines)
	for ; ; i-- {
		p, err := d.Next()
		must(t, err)
		if i == 0 {
			tags := map[string]string{}
			for i := range p.NumTags() {
				key, value := p.Tag(i)
				tags[string(key)] = string(value)
			}
			return tags
		}
	}
}

// TestPointMany compares a Point that gets tags and fields again and again, and loses some,
// with lists.
func TestPointMany(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var p Point
	for round := range 400 {
		p.Reset()
		p.SetMeasurement("m")
		p.SetInt("first", 0)
		var tags, fields []Tag
		set := func(list []Tag, key, value string) []Tag {
			if i := slices.IndexFunc(list, func(t Tag) bool { return t.Key == key }); i >= 0 {
				list[i].Value = value
				return list
			}
			return append(list, Tag{Key: key, Value: value})
		}
		for n := range r.IntN(1000) {
			key := fmt.Sprint("k", r.IntN(10+round))
			switch r.IntN(5) {
			case 0, 1:
				p.SetTag(key, fmt.Sprint(n))
				tags = set(tags, key, fmt.Sprint(n))
			case 2, 3:
				p.SetInt("f"+key, int64(n))
				fields = set(fields, "f"+key, fmt.Sprint(n, "i"))
			default:
				must(t, p.SetValue("f"+key, nil))
				fields = slices.DeleteFunc(fields, func(t Tag) bool { return t.Key == "f"+key })
			}
			if n == 500 {
				c := p // a copy that grows leaves p as it is
				c.SetTag("copy", "1")
				c.SetInt("copy", 1)
			}
		}
		want := "m"
		for _, tag := range tags {
			want += "," + tag.Key + "=" + tag.Value
		}
		want += " first=0i"
		for _, f := range fields {
			want += "," + f.Key + "=" + f.Value
		}
		if got, err := p.AppendLP(nil); err != nil || string(got) != want+"\n" {
			t.Fatalf("round %d: %v\n%s\n%s", round, err, got, want)
		}
	}
}

// TestManyKeysIndexed holds that 32,000 keys, which have all in common that a cheap hash
// might look at, are in an index: what is looked up in it is counted by internal/keyindex.
func TestManyKeysIndexed(t *testing.T) {
	const n = 32_000
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("beginning%06dtheirend", i)
	}
	var e Encoder
	var p Point
	e.Point("m")
	for _, k := range keys {
		e.Tag(k, "v")
		p.SetTag(k, "v")
	}
	for _, k := range keys {
		e.Int(k, 1)
		p.SetInt(k, 1)
	}
	must(t, e.EndNoTimestamp())
	if got := []int{e.tags.keys.index.Len(), e.fields.index.Len(), p.index.tags.Len(), p.index.fields.Len()}; slices.Min(got) < n-1 {
		t.Errorf("the indexes of %d keys have %v", n, got)
	}
	s, err := NewSeries("m", tagsOf(keys, "v")...)
	must(t, err)
	must(t, e.SetDefaultTags(tagsOf(keys, "v")...))
	if got := []int{s.p.index.Len(), e.tags.index.Len()}; slices.Min(got) != n {
		t.Errorf("the indexes of %d keys have %v", n, got)
	}
	e.Reset()
	e.Point("m")
	e.Tag("a", "v")
	e.Int("f", 1)
	must(t, e.EndNoTimestamp())
	if cap(e.tags.keys.stamps) > stampSlots {
		t.Errorf("the table of few keys has %d slots", cap(e.tags.keys.stamps))
	}
}

// TestManyOverrides checks that tags of a call replace those of a schema where both are
// many, by the rule for few.
func TestManyOverrides(t *testing.T) {
	type point struct {
		F int `lp:"f"`
	}
	for _, n := range []int{3, 2 * keyindex.Few, 5_000} {
		var own, given []Tag
		want := "m"
		for i := range n {
			own = append(own, Tag{Key: fmt.Sprintf("k%d", i), Value: "own"})
			if i%2 == 0 {
				given = append(given, Tag{Key: fmt.Sprintf("k%d", i), Value: "given"})
			} else {
				want += fmt.Sprintf(",k%d=own", i)
			}
		}
		for _, tag := range given {
			want += "," + tag.Key + "=given"
		}
		schema, err := NewSchema[point](SchemaOptions{Measurement: "m", ExtraTags: own})
		must(t, err)
		out, err := schema.AppendWith(nil, &point{1}, given...)
		if want += " f=1i\n"; err != nil || string(out) != want {
			t.Errorf("%d tags: %.200s, %v\nwant %.200s", n, out, err, want)
		}
	}
}
