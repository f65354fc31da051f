package lp

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// This file makes a Point of maps.
//
// The keys of a map are distinct, so its tags and fields are not searched for one another:
// they are put into a slice of the size of the map and sorted there. A map with a fault is
// read a second time, in the order of its keys, for the error.

// NewPoint returns a point of a measurement, tags and fields. Tags and fields are in the
// order of their keys. A field value may be of any type that [Encoder.Value] takes; nil
// adds no field. The zero time means no timestamp. An error, a *[PointError] with
// [ErrType], says which field has another type. Names and values that line protocol
// cannot carry are found when the point is written.
func NewPoint(measurement string, tags map[string]string, fields map[string]any, t time.Time) (*Point, error) {
	p := &Point{measurement: measurement, time: t}
	p.tags = sortedTags(tags)
	if !p.takeFields(fields) {
		return nil, p.fieldFault(fields)
	}
	return p, nil
}

// PointFromMap returns the point that m describes in the form of the Python clients.
// "measurement" is a string, "tags" a map[string]string or a map[string]any of strings,
// "fields" a map[string]any, and "time" a time.Time, an integer of nanoseconds, also as a
// json.Number, text that [ParseTimestamp] takes, or nil. Each may be missing. A missing or
// empty measurement is replaced by the argument. Other keys are an error.
func PointFromMap(m map[string]any, measurement string) (*Point, error) {
	return PointFromMapIn(m, measurement, Nanosecond)
}

// PointFromMapIn is [PointFromMap] for maps whose integer times are in units of unit.
func PointFromMapIn(m map[string]any, measurement string, unit Precision) (*Point, error) {
	if p := pointFromMap(m, measurement, unit); p != nil {
		return p, nil
	}
	return pointFromMapSlow(m, measurement, unit)
}

// pointFromMap is PointFromMapIn for a map without a fault. It returns nil for any other.
func pointFromMap(m map[string]any, measurement string, unit Precision) *Point {
	name, named := m["measurement"]
	stamp, stamped := m["time"]
	tags, tagged := m["tags"]
	fields, hasFields := m["fields"]
	if count(named)+count(stamped)+count(tagged)+count(hasFields) != len(m) {
		return nil // there is another key
	}
	p := &Point{measurement: measurement}
	if name != nil {
		own, ok := name.(string)
		if !ok {
			return nil
		}
		if own != "" {
			p.measurement = own
		}
	}
	if stamped && p.setTime(stamp, unit) != 0 {
		return nil
	}
	switch tags := tags.(type) {
	case nil:
	case map[string]string:
		p.tags = sortedTags(tags)
	case map[string]any:
		if len(tags) > 0 {
			p.tags = make([]Tag, 0, len(tags))
		}
		for k, v := range tags {
			s, isString := v.(string)
			if !isString && v != nil {
				return nil
			}
			p.tags = append(p.tags, Tag{Key: k, Value: s})
		}
		sortByKey(p.tags, tagKey, compareTags)
	default:
		return nil
	}
	if hasFields {
		fields, ok := fields.(map[string]any)
		if !ok || !p.takeFields(fields) {
			return nil
		}
	}
	return p
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func tagKey(t *Tag) string          { return t.Key }
func fieldKey(f *pointField) string { return f.key }

func compareTags(a, b Tag) int          { return strings.Compare(a.Key, b.Key) }
func compareFields(a, b pointField) int { return strings.Compare(a.key, b.key) }

// sortedTags returns the tags in the order of their keys.
func sortedTags(m map[string]string) []Tag {
	if len(m) == 0 {
		return nil
	}
	tags := make([]Tag, 0, len(m))
	for k, v := range m {
		tags = append(tags, Tag{Key: k, Value: v})
	}
	sortByKey(tags, tagKey, compareTags)
	return tags
}

// takeFields gives p, which has no fields, those of m, in the order of their keys. It
// reports false if one has a value of a type that a field cannot have.
func (p *Point) takeFields(m map[string]any) bool {
	if len(m) == 0 {
		return true
	}
	p.fields = make([]pointField, 0, len(m))
	for k, v := range m {
		if v == nil {
			continue
		}
		n := len(p.fields)
		p.fields = p.fields[:n+1]
		f := &p.fields[n]
		if f.setValue(v) != 0 {
			return false
		}
		f.key = k
	}
	sortByKey(p.fields, fieldKey, compareFields)
	return true
}

// fieldFault returns the error about the first field that takeFields does not take.
func (p *Point) fieldFault(m map[string]any) error {
	p.fields = nil
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := p.SetValue(k, m[k]); err != nil {
			return err
		}
	}
	return nil
}

// sortByKey sorts list by its keys, which are distinct. Few elements are sorted by
// insertion, without a call for each comparison.
func sortByKey[T any](list []T, key func(*T) string, compare func(a, b T) int) {
	if len(list) > 16 {
		slices.SortFunc(list, compare)
		return
	}
	for i := 1; i < len(list); i++ {
		j := i
		for j > 0 && key(&list[i]) < key(&list[j-1]) {
			j--
		}
		if j < i {
			v := list[i]
			copy(list[j+1:i+1], list[j:i])
			list[j] = v
		}
	}
}

// pointFromMapSlow is PointFromMapIn for any map: it looks at the keys in their order, so
// that of several faults the error is always about the same one.
func pointFromMapSlow(m map[string]any, measurement string, unit Precision) (*Point, error) {
	p := &Point{measurement: measurement}
	bad := func(part Part, key string, r Reason) error {
		return &PointError{Measurement: p.measurement, Part: part, Key: key, Reason: r}
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		ok := true
		switch k {
		case "measurement":
			if m[k] != nil {
				var own string
				if own, ok = m[k].(string); own != "" {
					p.measurement = own
				}
			}
		case "time":
			if err := p.setTime(m[k], unit); err != 0 {
				return nil, bad(PartTimestamp, "", err)
			}
		case "tags":
			switch tags := m[k].(type) {
			case nil:
			case map[string]string:
				for _, t := range slices.Sorted(maps.Keys(tags)) {
					p.SetTag(t, tags[t])
				}
			case map[string]any:
				for _, t := range slices.Sorted(maps.Keys(tags)) {
					v, isString := tags[t].(string)
					if !isString && tags[t] != nil {
						return nil, bad(PartTagValue, t, ErrType)
					}
					p.SetTag(t, v)
				}
			default:
				ok = false
			}
		case "fields":
			var fields map[string]any
			if fields, ok = m[k].(map[string]any); ok {
				for _, f := range slices.Sorted(maps.Keys(fields)) {
					if err := p.SetValue(f, fields[f]); err != nil {
						return nil, err
					}
				}
			}
		default:
			ok = false
		}
		if !ok {
			return nil, bad(PartLine, "", ErrType).(*PointError).because(fmt.Errorf("key %q", k))
		}
	}
	return p, nil
}

func (e *PointError) because(err error) error {
	e.Err = err
	return e
}

func (p *Point) setTime(v any, unit Precision) Reason {
	switch v := v.(type) {
	case nil:
	case time.Time:
		p.SetTime(v)
	case string:
		ts, r := parseTimestamp(v, Nanosecond)
		if r != 0 {
			return r
		}
		p.SetTimestamp(ts)
	default:
		ts, r := integer(v)
		if r != 0 {
			return r
		}
		ns := ts * unit.Unit()
		if ns/unit.Unit() != ts {
			return ErrTimeRange
		}
		p.SetTimestamp(ns)
	}
	return 0
}
