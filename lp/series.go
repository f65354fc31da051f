package lp

import (
	"slices"
	"strings"
)

// A Series is a measurement and a set of tags, checked and escaped once, the
// tags in the order of their escaped keys. It is immutable and may be shared.
// The zero value holds nothing and cannot be written.
type Series struct{ p *series }

type series struct {
	measurement string
	wire        string // "measurement,key=value,…"
	tagsAt      int    // where the tags begin in wire
	keys        []seriesKey
}

func (s *series) has(key string) bool {
	for i := range s.keys {
		if s.keys[i].key == key {
			return true
		}
	}
	return false
}

type seriesKey struct {
	key  string
	size int // of ",key=value"
}

// NewSeries returns the series of measurement and tags. Tags with an empty value
// are left out. An error is a *[PointError].
func NewSeries(measurement string, tags ...Tag) (Series, error) {
	if r := checkMeasurement(measurement); r != 0 {
		return Series{}, &PointError{Measurement: measurement, Part: PartMeasurement, Reason: r}
	}
	type wireTag struct{ key, wire string }
	list := make([]wireTag, 0, len(tags))
	for _, t := range tags {
		if err := checkTag(t, Portable); err != nil {
			err.(*PointError).Measurement = measurement
			return Series{}, err
		}
		if slices.ContainsFunc(list, func(w wireTag) bool { return w.key == t.Key }) {
			return Series{}, &PointError{Measurement: measurement, Part: PartTagKey, Key: t.Key, Reason: ErrDuplicateTag}
		}
		if t.Value != "" {
			list = append(list, wireTag{strings.Clone(t.Key), string(AppendTag(nil, t.Key, t.Value))})
		}
	}
	slices.SortFunc(list, func(a, b wireTag) int { return compareWireKeys([]byte(a.wire), []byte(b.wire)) })
	wire := AppendMeasurement(nil, measurement)
	s := &series{measurement: strings.Clone(measurement), tagsAt: len(wire)}
	for _, w := range list {
		wire = append(wire, w.wire...)
		s.keys = append(s.keys, seriesKey{w.key, len(w.wire)})
	}
	s.wire = string(wire)
	return Series{s}, nil
}

// Append appends the start of a line: the measurement and the tags. The caller
// appends a space and the fields.
func (s Series) Append(dst []byte) []byte {
	if s.p == nil {
		return dst
	}
	return append(dst, s.p.wire...)
}

// Measurement returns the measurement of the series.
func (s Series) Measurement() string {
	if s.p == nil {
		return ""
	}
	return s.p.measurement
}

// Must returns v, and panics if err is not nil. It is for package variables:
//
//	var load = lp.Must(lp.NewFieldKey("load"))
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
