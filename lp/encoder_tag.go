package lp

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes tags. Encoder.Tag writes each tag where the point ends so far, in
// the order of the calls. Only where a point needs default or extra tags, or sorted
// ones, endTags finds the written tags again and puts them in order before the first
// field. The keySet of keyset.go finds a key that a point has twice.

// A Tag is a key and a value.
type Tag = pointwire.Tag

// tagSet is what the encoder knows of the tags of the open point.
type tagSet struct {
	keys   keySet
	series *series // of the open point
	of     *series // of the point that the keys come from
	at     int     // where the tags begin in the buffer

	// fixed are the extra tags and the default tags with other keys, sorted by key.
	fixed           []fixedTag
	index           *keyindex.Index // of fixed, see keyindex.Of
	defaults, extra []fixedTag
	given           []bool // which of fixed the open point has itself
	refs            []tagRef
	scratch         []byte
}

// repeats is keySet.repeats for points of one series only: keys that are new beside the
// tags of one series may be among those of another.
func (t *tagSet) repeats(key string, clean bool) bool {
	return t.keys.mode == keysRepeat && t.series == t.of && t.keys.repeats(key, clean)
}

// tagRef is a tag of the open point.
type tagRef struct {
	key        string
	start, end int // of ",key=value" in the buffer
}

func (t *tagSet) reset() {
	t.series = nil
	t.keys.reset()
}

// fixedTag is a tag of every point.
type fixedTag struct {
	key      string
	wire     string // ",key=value"
	override bool   // wins over a tag of the point
}

// SetDefaultTags sets tags for the points to come. A point gets each of them unless
// it has a tag with that key itself. They follow the tags of the point, in the order
// of their escaped keys. A tag with an empty value is left out. An error, a
// *[PointError], says which tag line protocol cannot carry; the default tags are then
// unchanged. An open point ends without being written.
func (e *Encoder) SetDefaultTags(tags ...Tag) error { return e.setFixed(tags, false) }

// SetExtraTags is like [Encoder.SetDefaultTags] for tags that override: every point
// gets them, and a tag of the point or a default tag with the same key is left out.
func (e *Encoder) SetExtraTags(tags ...Tag) error { return e.setFixed(tags, true) }

func (e *Encoder) setFixed(tags []Tag, override bool) error {
	e.Cancel()
	list := make([]fixedTag, 0, len(tags))
	var seen keyindex.Index
	for _, t := range tags {
		if t.Value == "" {
			continue
		}
		if err := checkTag(t, e.opt.Dialect); err != nil {
			return err
		}
		if seen.Search(t.Key, len(list), func(i int) string { return list[i].key }) >= 0 {
			return &PointError{Part: PartTagKey, Key: t.Key, Reason: ErrDuplicateTag}
		}
		list = append(list, fixedTag{strings.Clone(t.Key), string(appendCheckedTag(nil, t.Key, t.Value)), override})
	}
	t := &e.tags
	if override {
		t.extra = list
	} else {
		t.defaults = list
	}
	t.fixed = slices.Clone(t.extra)
	keyOf := func(i int) string { return t.fixed[i].key }
	extra := keyindex.Of(len(t.extra), keyOf)
	for _, f := range t.defaults {
		if keyindex.Find(extra, len(t.extra), f.key, keyOf) < 0 {
			t.fixed = append(t.fixed, f)
		}
	}
	slices.SortFunc(t.fixed, func(a, b fixedTag) int { return compareWireKeys([]byte(a.wire), []byte(b.wire)) })
	t.index = keyindex.Of(len(t.fixed), keyOf)
	return nil
}

// checkTag returns a *PointError if t has no representation in d.
func checkTag(t Tag, d Dialect) error {
	if r := checkTagKey(t.Key, d); r != 0 {
		return &PointError{Part: PartTagKey, Key: t.Key, Reason: r}
	}
	if t.Value != "" {
		if r := checkTagValue(t.Value, d); r != 0 {
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
	if t := &e.tags; t.keys.mode == keysRepeat && t.series == t.of && value != "" && t.keys.n < len(t.keys.keys) {
		k := &t.keys.keys[t.keys.n]
		// This is heldKey.is, and putName for most values.
		if len(key)+2 == int(k.size) && (len(key) < 8 && k.isShort(key) || len(key) >= 8 && k.isEnds(key) && (len(key) <= 16 || k.isMiddle(key))) {
			e.buf = grow(e.buf, heldText+len(value)+room)
			n := k.put(e.buf, len(e.buf))
			clean := false
			if len(value) <= 8 {
				w := swar.Head(value)
				swar.Store64(e.buf, n, w)
				clean = unclean(w|swar.Ones*'a'<<(8*uint(len(value)))) == 0
			} else {
				clean = putName(e.buf, n, value)
			}
			if clean {
				t.keys.n++
				e.buf = e.buf[:n+len(value)]
				return
			}
			if checkTagValue(value, e.opt.Dialect) == 0 {
				t.keys.n++
				e.buf = escapeTag(e.buf[:n], value)
				return
			}
		}
	}
	e.otherTag(key, value)
}

// otherTag is Tag for a key that the point before did not have at this place, or for a
// value that is not clean.
func (e *Encoder) otherTag(key, value string) {
	e.buf = grow(e.buf, len(key)+len(value)+2+2*room)
	n := len(e.buf)
	swar.StoreByte(e.buf, n, ',')
	if value != "" && putKey(e.buf, n+1, key) {
		n += 1 + len(key)
		swar.StoreByte(e.buf, n, '=')
		if putName(e.buf, n+1, value) {
			if e.tags.repeats(key, true) || e.newTag(key) {
				e.buf = e.buf[:n+1+len(value)]
			}
			return
		}
	}
	e.tagSlow(key, value)
}

// tagSlow adds a tag whose key or value may need escaping, replacing or refusing.
func (e *Encoder) tagSlow(key, value string) {
	if r := checkTagKey(key, e.opt.Dialect); r != 0 {
		if !e.badText(PartTagKey, key, r) {
			return
		}
		key = replaceTagKey(key, e.opt.Dialect)
	}
	if value == "" {
		e.counts[EmptyTag]++
		return
	}
	if r := checkTagValue(value, e.opt.Dialect); r != 0 {
		if !e.badText(PartTagValue, key, r) {
			return
		}
		value = replaceTagValue(value, e.opt.Dialect)
	}
	if !e.tags.repeats(key, allClean(key) && key != "time") && !e.newTag(key) {
		return
	}
	e.buf = append(e.buf, ',')
	e.buf = escapeTag(e.buf, key)
	e.buf = append(e.buf, '=')
	e.buf = escapeTag(e.buf, value)
}

// newTag adds key to the keys of the point. It refuses the point if it has a tag with
// this key already.
func (e *Encoder) newTag(key string) bool {
	if s := e.tags.series; s == nil || !s.has(key) {
		e.tags.of = s
		if e.tags.keys.add(key) {
			return true
		}
	}
	e.fail(PartTagKey, key, ErrDuplicateTag, nil)
	return false
}

// endTags completes the tags before the first field: it leaves out the tags that an
// extra tag overrides, adds the fixed tags and sorts if the options say so.
func (e *Encoder) endTags() {
	t := &e.tags
	if len(t.fixed) == 0 {
		if e.opt.TagOrder == TagsAsGiven || t.keys.n == 0 || t.keys.n == 1 && t.series == nil {
			return
		}
	}
	t.findTags(e.buf, e.line)
	t.given = slices.Grow(t.given[:0], len(t.fixed))[:len(t.fixed)]
	clear(t.given)
	n := 0
	for _, r := range t.refs {
		if i := t.findFixed(r.key); i >= 0 {
			if t.fixed[i].override {
				continue
			}
			t.given[i] = true
		}
		t.refs[n] = r
		n++
	}
	t.refs = t.refs[:n]
	for i, f := range t.fixed {
		if !t.given[i] {
			start := len(e.buf)
			e.buf = append(e.buf, f.wire...)
			t.refs = append(t.refs, tagRef{f.key, start, len(e.buf)})
		}
	}
	if e.opt.TagOrder == TagsSorted {
		slices.SortFunc(t.refs, func(a, b tagRef) int {
			return compareWireKeys(e.buf[a.start:a.end], e.buf[b.start:b.end])
		})
	}
	t.scratch = t.scratch[:0]
	for _, r := range t.refs {
		t.scratch = append(t.scratch, e.buf[r.start:r.end]...)
	}
	clear(t.refs)
	e.buf = append(e.buf[:t.at], t.scratch...)
}

// findFixed returns the place of the fixed tag with this key, or -1.
func (t *tagSet) findFixed(key string) int {
	return keyindex.Find(t.index, len(t.fixed), key, func(i int) string { return t.fixed[i].key })
}

// findTags finds the tags of the line that begins at line in buf. buf ends with
// them.
func (t *tagSet) findTags(buf []byte, line int) {
	t.refs = t.refs[:0]
	own := t.keys.keys[:t.keys.n]
	// A comma ends a measurement or a tag unless a backslash is before it.
	next := func(i int) int {
		for i++; i < len(buf) && (buf[i] != ',' || buf[i-1] == '\\'); i++ {
		}
		return i
	}
	t.at = next(line)
	i := t.at
	add := func(key string) {
		end := next(i)
		t.refs = append(t.refs, tagRef{key, i, end})
		i = end
	}
	if t.series != nil {
		for _, k := range t.series.keys {
			add(k.key)
		}
	}
	for i := range own {
		add(own[i].key)
	}
}

// compareWireKeys compares the escaped keys of two tags in the form ",key=value".
func compareWireKeys(a, b []byte) int {
	return bytes.Compare(wireKey(a), wireKey(b))
}

// wireKey returns the escaped key of a tag in the form ",key=value".
func wireKey(tag []byte) []byte {
	i := 1
	for tag[i] != '=' || tag[i-1] == '\\' {
		i++
	}
	return tag[1:i]
}
