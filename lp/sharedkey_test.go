package lp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// sharedPlain is the plain rule: the fields that have the key of a tag.
func sharedPlain(tags, fields []string) (shared []string) {
	for _, f := range fields {
		if slices.Contains(tags, f) {
			shared = append(shared, f)
		}
	}
	return shared
}

// TestSharedKey compares with the plain rule what an Encoder counts and refuses, over points
// that repeat keys of the points before in every way: the same strings and others, the same
// and other series and layouts, fewer and more of them, default and extra tags.
func TestSharedKey(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	var e Encoder
	var pool, copies []string
	for i := range 300 {
		pool = append(pool, fmt.Sprint("k", i))
		copies = append(copies, fmt.Sprint("k", i))
	}
	// keys returns different keys from a range of the pool.
	keys := func(lo, hi, n int) (list []string) {
		for _, i := range r.Perm(hi - lo)[:r.IntN(min(n, hi-lo)+1)] {
			if k := pool[lo+i]; r.IntN(8) > 0 {
				list = append(list, k)
			} else {
				list = append(list, copies[lo+i])
			}
		}
		return list
	}
	shared, points := 0, 0
	var own, fields, ofSeries, ofRow, fixed []string
	var series Series
	var layout Layout
	for range 30_000 {
		if r.IntN(3) == 0 { // each kind of key stays for some points
			span, overlap := 10, r.IntN(4)
			if r.IntN(5) == 0 {
				span = 90 // more than are compared without an index
			}
			switch r.IntN(5) {
			case 0:
				own = keys(100-span, 100+r.IntN(2)*overlap, span)
			case 1:
				fields = keys(100-overlap, 100+span, span)
			case 2:
				ofSeries = keys(200-overlap, 200-overlap+4, 4)
				s, err := NewSeries("m", tagsOf(ofSeries, "v")...)
				must(t, err)
				series = s
			case 3:
				ofRow = keys(200, 204, 4)
				l, err := NewLayout(ofRow...)
				must(t, err)
				layout = l
			default:
				fixed = keys(100+overlap, 104, 3)
				if overlap == 3 {
					fixed = nil
				}
				set, other := e.SetDefaultTags, e.SetExtraTags
				if r.IntN(2) == 0 {
					set, other = other, set
				}
				must(t, other())
				must(t, set(tagsOf(fixed, "v")...))
			}
		}
		policy := SharedKeyPolicy(r.IntN(3))
		e.SetOptions(Options{SharedKey: policy, AllowDuplicateFields: r.IntN(2) == 0, TagOrder: TagOrder(r.IntN(2))})
		wantTags, wantFields := slices.Concat(own, fixed), []string(nil)
		if series.p != nil && r.IntN(2) == 0 {
			e.Series(series)
			wantTags = append(wantTags, ofSeries...)
		} else {
			e.Point("m")
		}
		n := len(own)
		if r.IntN(4) == 0 {
			n = r.IntN(n + 1)
			wantTags = slices.Concat(wantTags[len(own):], own[:n])
		}
		for _, k := range own[:n] {
			e.Tag(k, "v")
		}
		if layout.p != nil && r.IntN(2) == 0 {
			row := layout.Row(&e)
			for range ofRow {
				row.Int(1)
			}
			wantFields = append(wantFields, ofRow...)
		}
		if n = len(fields); r.IntN(4) == 0 {
			n = r.IntN(n + 1)
		}
		for _, k := range fields[:n] {
			e.Int(k, 1)
		}
		wantFields = append(wantFields, fields[:n]...)
		if len(wantFields) == 0 {
			e.Cancel()
			continue
		}
		before := e.Count(ErrSharedKey)
		err := e.EndNoTimestamp()
		if errors.Is(err, ErrDuplicateTag) { // of the series and the point
			t.Fatal(err)
		}
		want := sharedPlain(wantTags, wantFields)
		counted := len(want)
		if points++; counted > 0 {
			shared++
		}
		if policy == SharedKeyAllow || len(want) == 0 {
			must(t, err)
		} else {
			refusedFor(t, "shared", err, want[0], ErrSharedKey)
			counted = 1
		}
		if got := e.Count(ErrSharedKey) - before; got != uint64(counted) {
			t.Fatalf("tags %q and fields %q with policy %d: %d counted, want %q", wantTags, wantFields, policy, got, want)
		}
		e.Reset()
	}
	if shared < points/10 || shared > points*9/10 {
		t.Errorf("%d of %d points share a key", shared, points)
	}
}

// TestSharedKeyMany holds that a large point is compared by the index too.
func TestSharedKeyMany(t *testing.T) {
	const n = 32_000
	var e Encoder
	e.SetOptions(Options{SharedKey: SharedKeyRefuse})
	for _, last := range []string{"x", "t7"} {
		e.Point("m")
		for i := range n {
			e.Tag(fmt.Sprint("t", i), "v")
		}
		for i := range n {
			e.Int(fmt.Sprint("f", i), 1)
		}
		e.Int(last, 1)
		err := e.EndNoTimestamp()
		if want := last == "t7"; errors.Is(err, ErrSharedKey) != want {
			t.Errorf("with the field %s: %v", last, err)
		}
	}
	if got := e.tags.keys.index.Len(); got != n {
		t.Errorf("the index of the tags has %d keys", got)
	}
}

// TestSharedKeySchema holds what tags that are added to a schema do.
func TestSharedKeySchema(t *testing.T) {
	type point struct {
		T int64 `lp:"t,tag"`
		F int64 `lp:"f"`
	}
	for _, policy := range []SharedKeyPolicy{SharedKeyAllow, SharedKeyRefuse, 9} {
		s, err := NewSchema[point](SchemaOptions{Options: Options{SharedKey: policy}})
		must(t, err)
		for _, c := range []struct {
			tags   []Tag
			shared int
		}{
			{[]Tag{{Key: "a", Value: "v"}}, 0},
			{[]Tag{{Key: "f"}}, 0},
			{[]Tag{{Key: "t", Value: "v"}}, 0},
			{[]Tag{{Key: "a", Value: "v"}, {Key: "f", Value: "v"}}, 1},
		} {
			before := s.Count(ErrSharedKey)
			line, err := s.AppendWith([]byte("x"), &point{1, 2}, c.tags...)
			var e Encoder
			e.SetOptions(s.Options())
			must(t, e.SetDefaultTags(c.tags...))
			errEncode := s.Encode(&e, &point{1, 2})
			key := ""
			if c.shared > 0 && policy != SharedKeyAllow {
				key = "f"
			}
			refusedFor(t, "AppendWith", err, key, ErrSharedKey)
			refusedFor(t, "Encode", errEncode, key, ErrSharedKey)
			if key != "" && string(line) != "x" {
				t.Errorf("a refused point left %q", line)
			}
			if got, encoded := s.Count(ErrSharedKey)-before, e.Count(ErrSharedKey); got != uint64(c.shared) || encoded != got {
				t.Errorf("policy %d, tags %v: %d and %d counted, want %d", policy, c.tags, got, encoded, c.shared)
			}
		}
	}
	for _, o := range []SchemaOptions{{ExtraTags: []Tag{{Key: "f", Value: "v"}}}, {Columns: map[string]string{"T": "f,tag", "F": "f"}}} {
		var bad *SchemaError
		if _, err := NewSchema[point](o); !errors.As(err, &bad) || len(bad.Problems) != 1 {
			t.Errorf("a schema with a tag and a field of one key: %v", err)
		}
	}
	if _, err := NewSchema[point](SchemaOptions{ExtraTags: []Tag{{Key: "f"}}}); err != nil {
		t.Errorf("an extra tag that is not written: %v", err)
	}
}

// TestAppendPointWithManyFixedTags holds that a Point goes into a batch without the tags of
// the encoder, also where these are many.
func TestAppendPointWithManyFixedTags(t *testing.T) {
	var keys []string
	for i := range 100 {
		keys = append(keys, fmt.Sprint("k", i))
	}
	var e Encoder
	must(t, e.SetExtraTags(tagsOf(keys, "v")...))
	p := Point{Options: Options{TagOrder: TagsSorted}}
	p.SetMeasurement("m")
	p.SetTag("k2", "v")
	p.SetTag("k1", "v")
	p.SetInt("k3", 1)
	must(t, e.Append(&p))
	if got := string(e.Bytes()); got != "m,k1=v,k2=v k3=1i\n" || e.Count(ErrSharedKey) != 0 {
		t.Errorf("%q, %d shared", got, e.Count(ErrSharedKey))
	}
	e.Point("m")
	e.Int("k3", 1)
	must(t, e.EndNoTimestamp())
	if n := e.Count(ErrSharedKey); n != 1 {
		t.Errorf("%d shared with the extra tags", n)
	}
}
