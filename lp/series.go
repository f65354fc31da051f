package lp

import (
	"slices"
	"strings"
	"unique"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file has the parts of a line that are escaped beforehand: Series, the measurement
// with its tags, and FieldKey. Each keeps the escaped text beside the key: the text is
// copied into lines, and the key is what the Encoder compares when it looks for a key that
// a point has twice. Neither changes once it is made, so goroutines share them.
//
// The tags of a Series are sorted by their escaped keys, the order that servers keep them
// in. So a point with a Series and no other tags is in that order without any work.

// A Series is a measurement and a set of tags that are checked and escaped once. The
// tags are in the order of their escaped keys. A Series is immutable and may be
// shared. The zero value holds nothing and cannot be written.
type Series struct{ p *series }

type series struct {
	measurement string
	wire        string // "measurement,key=value,…"
	tagsAt      int    // where the tags begin in wire
	keys        []seriesKey
	index       *keyindex.Index       // of keys, see keyindex.Of
	keyList     unique.Handle[string] // all keys, the same for all series that have them
}

func (s *series) has(key string) bool {
	return keyindex.Find(s.index, len(s.keys), key, s.key) >= 0
}

func (s *series) key(i int) string { return s.keys[i].key }

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
	var seen keyindex.Index
	for _, t := range tags {
		if err := checkTag(t, Portable); err != nil {
			err.(*PointError).Measurement = measurement
			return Series{}, err
		}
		if t.Value == "" {
			continue
		}
		if seen.Search(t.Key, len(list), func(i int) string { return list[i].key }) >= 0 {
			return Series{}, &PointError{Measurement: measurement, Part: PartTagKey, Key: t.Key, Reason: ErrDuplicateTag}
		}
		list = append(list, wireTag{strings.Clone(t.Key), string(AppendTag(nil, t.Key, t.Value))})
	}
	slices.SortFunc(list, func(a, b wireTag) int { return compareWireKeys([]byte(a.wire), []byte(b.wire)) })
	wire := AppendMeasurement(nil, measurement)
	s := &series{measurement: strings.Clone(measurement), tagsAt: len(wire)}
	var keys strings.Builder
	for _, w := range list {
		keys.Write(wireKey([]byte(w.wire)))
		keys.WriteByte(',')
		wire = append(wire, w.wire...)
		s.keys = append(s.keys, seriesKey{w.key, len(w.wire)})
	}
	s.wire = string(wire)
	s.keyList = unique.Make(keys.String())
	s.index = keyindex.Of(len(s.keys), s.key)
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

// A FieldKey is the key of a field that is checked and escaped once. It is immutable
// and may be shared. The zero value is not a key.
type FieldKey struct {
	key  string
	wire string // "key="
}

// NewFieldKey returns the field key for key. An error is a *[PointError].
func NewFieldKey(key string) (FieldKey, error) {
	if r := checkFieldKey(key, Portable); r != 0 {
		return FieldKey{}, &PointError{Part: PartFieldKey, Key: key, Reason: r}
	}
	return FieldKey{strings.Clone(key), string(AppendFieldKey(nil, key))}, nil
}

// Append appends "key=", escaped.
func (k FieldKey) Append(dst []byte) []byte { return append(dst, k.wire...) }

// String returns the key, not escaped.
func (k FieldKey) String() string { return k.key }

// fieldFor is Encoder.field for a key that is escaped already.
func (e *Encoder) fieldFor(k *FieldKey, n int) int {
	if e.state == stateTags {
		e.startFields()
	}
	if e.state != stateFields || k.key == "" {
		if k.key == "" && e.open("") {
			e.fail(PartFieldKey, "", ErrEmptyKey, nil)
		} else {
			e.misplaced(PartFieldKey, k.key)
		}
		return -1
	}
	if !e.fields.again(k.key) && !e.newField(k.key) {
		return -1
	}
	e.buf = grow(e.buf, len(k.wire)+1+room+n)
	at := len(e.buf)
	swar.StoreByte(e.buf, at, e.separator)
	e.separator = ','
	return putLiteral(e.buf, at+1, k.wire)
}

// FloatFor is [Encoder.Float] for a key that is escaped already.
func (e *Encoder) FloatFor(k FieldKey, v float64) {
	if !finite(v) {
		e.notFinite(k.key)
		return
	}
	if n := e.fieldFor(&k, decimal.RoomFloat); n >= 0 {
		e.buf = e.buf[:decimal.PutFloat64(e.buf, n, v)]
	}
}

// IntFor is [Encoder.Int] for a key that is escaped already.
func (e *Encoder) IntFor(k FieldKey, v int64) {
	if n := e.fieldFor(&k, decimal.RoomInt); n >= 0 {
		n = decimal.PutInt64(e.buf, n, v)
		swar.StoreByte(e.buf, n, 'i')
		e.buf = e.buf[:n+1]
	}
}

// UintFor is [Encoder.Uint] for a key that is escaped already.
func (e *Encoder) UintFor(k FieldKey, v uint64) {
	if e.opt.Unsigned > UnsignedKeep {
		e.uintByPolicy(k.key, v)
		return
	}
	if n := e.fieldFor(&k, decimal.RoomInt); n >= 0 {
		n = decimal.PutUint64(e.buf, n, v)
		swar.StoreByte(e.buf, n, 'u')
		e.buf = e.buf[:n+1]
	}
}

// BoolFor is [Encoder.Bool] for a key that is escaped already.
func (e *Encoder) BoolFor(k FieldKey, v bool) {
	if n := e.fieldFor(&k, room); n >= 0 {
		e.buf = AppendBool(e.buf[:n], v)
	}
}

// StringFor is [Encoder.String] for a key that is escaped already.
func (e *Encoder) StringFor(k FieldKey, v string) {
	if n := e.fieldFor(&k, len(v)+2+room); n >= 0 {
		e.putString(n, k.key, v)
	}
}
