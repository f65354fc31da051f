package lp

import (
	"slices"
	"strings"
)

// A Tag is a key and a value.
type Tag struct{ Key, Value string }

// tagRef is a tag of the open point.
type tagRef struct {
	key        string
	start, end int // of ",key=value" in the buffer
}

// tagSet is what the encoder knows of the tags of the open point.
type tagSet struct {
	series *series
	refs   []tagRef
	last   string // the key of the last tag
	mixed  bool   // the keys are not in strictly ascending order

	// fixed are the default and extra tags by key.
	fixed   []fixedTag
	scratch []byte
}

// fixedTag is a tag of every point.
type fixedTag struct {
	key      string
	wire     string // ",key=value"
	override bool   // wins over a tag of the point
}

func (t *tagSet) reset() {
	t.series = nil
	clear(t.refs)
	t.refs = t.refs[:0]
	t.last, t.mixed = "", false
}

// SetDefaultTags sets tags that every point to come gets unless it has a tag of
// that key itself. They follow the tags of the point, in the order of their
// keys. An empty value leaves a tag out. An error, a *[PointError], says which
// tag line protocol cannot carry; the tags are then unchanged.
func (e *Encoder) SetDefaultTags(tags ...Tag) error { return e.setFixed(tags, false) }

// SetExtraTags is like [Encoder.SetDefaultTags] for tags that every point gets
// whatever its own tags are: a tag of the point with the same key is left out.
func (e *Encoder) SetExtraTags(tags ...Tag) error { return e.setFixed(tags, true) }

func (e *Encoder) setFixed(tags []Tag, override bool) error {
	e.Cancel()
	fixed := make([]fixedTag, 0, len(e.tags.fixed)+len(tags))
	for _, t := range tags {
		if t.Value == "" {
			continue
		}
		if err := checkTag(t); err != nil {
			return err
		}
		if slices.ContainsFunc(fixed, func(f fixedTag) bool { return f.key == t.Key }) {
			return &PointError{Part: PartTagKey, Key: t.Key, Reason: ErrDuplicateTag}
		}
		fixed = append(fixed, fixedTag{strings.Clone(t.Key), string(AppendTag(nil, t.Key, t.Value)), override})
	}
	for _, f := range e.tags.fixed {
		if f.override == override {
			continue // replaced by tags
		}
		i := slices.IndexFunc(fixed, func(g fixedTag) bool { return f.key == g.key })
		switch {
		case i < 0:
			fixed = append(fixed, f)
		case f.override:
			fixed[i] = f
		}
	}
	slices.SortFunc(fixed, func(a, b fixedTag) int { return strings.Compare(a.wire, b.wire) })
	e.tags.fixed = fixed
	return nil
}

// checkTag returns a *PointError if t has no representation.
func checkTag(t Tag) error {
	if r := checkTagKey(t.Key); r != 0 {
		return &PointError{Part: PartTagKey, Key: t.Key, Reason: r}
	}
	if t.Value != "" {
		if r := checkTagValue(t.Value); r != 0 {
			return &PointError{Part: PartTagValue, Key: t.Key, Reason: r}
		}
	}
	return nil
}

// Tag adds a tag. A tag with an empty value is left out and counted as
// [EmptyTag]. Tags go before fields.
func (e *Encoder) Tag(key, value string) {
	if e.state != stateTags {
		e.misplaced(PartTagKey, key)
		return
	}
	if r := checkTagKey(key); r != 0 {
		if !e.badText(PartTagKey, key, r) {
			return
		}
		key = replaceTagKey(key)
	}
	if value == "" {
		e.counts[EmptyTag]++
		return
	}
	if r := checkTagValue(value); r != 0 {
		if !e.badText(PartTagValue, key, r) {
			return
		}
		value = replaceTagValue(value)
	}
	t := &e.tags
	if key <= t.last {
		t.mixed = true
	}
	t.last = key
	start := len(e.buf)
	e.buf = append(e.buf, ',')
	e.buf = escapeTag(e.buf, key)
	e.buf = append(e.buf, '=')
	e.buf = escapeTag(e.buf, value)
	t.refs = append(t.refs, tagRef{key, start, len(e.buf)})
}

// endTags completes the tags before the first field. It reports whether the
// point is still good.
func (e *Encoder) endTags() bool {
	t := &e.tags
	if len(t.refs) == 0 && len(t.fixed) == 0 {
		return true
	}
	if !t.mixed && t.series == nil && len(t.fixed) == 0 && (e.opt.TagOrder == TagsAsGiven || t.plain(e.buf)) {
		return true
	}
	return e.mergeTags()
}

// plain reports whether the tags, whose keys ascend, ascend in their escaped
// form too.
func (t *tagSet) plain(buf []byte) bool {
	if len(t.refs) < 2 {
		return true
	}
	tags := buf[t.refs[0].start:t.refs[len(t.refs)-1].end]
	return !slices.Contains(tags, '\\')
}

// mergeTags finds duplicates, adds the fixed tags and sorts.
func (e *Encoder) mergeTags() bool {
	t := &e.tags
	tagsAt := len(e.buf)
	if len(t.refs) > 0 {
		tagsAt = t.refs[0].start
	}
	if s := t.series; s != nil {
		// The tags of the series come first.
		tagsAt -= len(s.wire) - s.tagsAt
		n := len(t.refs)
		t.refs = append(t.refs, make([]tagRef, len(s.keys))...)
		copy(t.refs[len(s.keys):], t.refs[:n])
		at := tagsAt
		for i, k := range s.keys {
			t.refs[i] = tagRef{k.key, at, at + k.size}
			at += k.size
		}
	}
	for i := range t.refs {
		for j := range t.refs[:i] {
			if t.refs[i].key == t.refs[j].key {
				e.fail(PartTagKey, t.refs[i].key, ErrDuplicateTag, nil)
				return false
			}
		}
	}
	// Build the tags anew behind the present ones, then move them down.
	refs := t.refs
	old := len(e.buf)
	keep := refs[:0]
	for _, r := range refs {
		i := slices.IndexFunc(t.fixed, func(f fixedTag) bool { return f.key == r.key })
		if i < 0 || !t.fixed[i].override {
			keep = append(keep, r)
		}
	}
	own := len(keep)
	for _, f := range t.fixed {
		if !slices.ContainsFunc(keep[:own], func(r tagRef) bool { return r.key == f.key }) {
			start := len(e.buf)
			e.buf = append(e.buf, f.wire...)
			keep = append(keep, tagRef{f.key, start, len(e.buf)})
		}
	}
	t.refs = keep
	if e.opt.TagOrder == TagsSorted {
		slices.SortStableFunc(keep, func(a, b tagRef) int {
			return compareWireKeys(e.buf[a.start:a.end], e.buf[b.start:b.end])
		})
	}
	t.scratch = t.scratch[:0]
	for _, r := range keep {
		t.scratch = append(t.scratch, e.buf[r.start:r.end]...)
	}
	e.buf = append(e.buf[:tagsAt], t.scratch...)
	_ = old
	return true
}

// compareWireKeys compares the escaped keys of two tags in the form ",key=value".
func compareWireKeys(a, b []byte) int {
	return strings.Compare(string(wireKey(a)), string(wireKey(b)))
}

// wireKey returns the escaped key of a tag in the form ",key=value".
func wireKey(tag []byte) []byte {
	for i := 1; i < len(tag); i++ {
		switch tag[i] {
		case '\\':
			i++
		case '=':
			return tag[1:i]
		}
	}
	return tag[1:]
}
