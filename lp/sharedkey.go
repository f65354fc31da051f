package lp

// This file finds fields that have the key of a tag of the same point.
//
// Whether there are any depends on the keys only, and points mostly repeat the keys of the
// point before. So an Encoder remembers the lists of keys that it has compared last and
// found apart, and compares again only if one of them is another list. A list has changed
// if its keySet says so; the keys of two series are compared by a handle.

// keyState says where the keys of a point come from.
type keyState struct {
	tags, fields uint64 // keySet.change
	series       *series
	row          *layout
	fixed        *fixedTag // the first of the default and extra tags
}

// sharedKeys applies the policy for fields of the open point that have the key of a tag,
// and reports whether the point goes on.
func (e *Encoder) sharedKeys() bool {
	a := &e.apart
	row := e.row
	if e.fields.mode != keysOfRow {
		row = nil
	}
	if a.tags == e.tags.keys.change && a.fields == e.fields.change && a.series == e.tags.series &&
		a.row == row && a.fixed == nil && len(e.tags.fixed) == 0 {
		return true
	}
	return e.compareKeys(row)
}

// compareKeys is sharedKeys where some list of keys may be another than the one compared
// last.
func (e *Encoder) compareKeys(row *layout) bool {
	k := keyState{tags: e.tags.keys.change, fields: e.fields.change, series: e.tags.series, row: row}
	if len(e.tags.fixed) > 0 {
		k.fixed = &e.tags.fixed[0]
	}
	if a := e.apart; k.series != nil && a.series != nil && k.series.keyList == a.series.keyList {
		e.apart.series = k.series
	}
	if k == e.apart {
		return true
	}
	fields, n := e.fields.key, len(e.fields.keys)
	if k.row != nil {
		fields, n = k.row.key, len(k.row.keys)
	}
	// The lists as a whole first, with the keys that this point does not repeat: what
	// is found about these holds for the points to come.
	if !e.tagsShare(fields, n, len(e.tags.keys.keys), nil) {
		e.apart = k
		return true
	}
	if k.row == nil {
		n = e.fields.n
	}
	return !e.tagsShare(fields, n, e.tags.keys.n, func(key string) bool {
		return e.obey(e.opt.SharedKey.verdict(), PartFieldKey, key, ErrSharedKey, ErrSharedKey)
	})
}

// tagsShare reports whether one of n fields has the key of a tag of the open point, of which
// the first own are added one by one. If shared is not nil, it is called for each such
// field and says whether to go on; the result is then whether it was to end.
func (e *Encoder) tagsShare(fields func(i int) string, n, own int, shared func(key string) (next bool)) bool {
	t := &e.tags
	for i := range n {
		key := fields(i)
		if !t.keys.has(key, own) && t.findFixed(key) < 0 && (t.series == nil || !t.series.has(key)) {
			continue
		}
		if shared == nil || !shared(key) {
			return true
		}
	}
	return false
}
