package pointwire

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/timescale/tsbs/pkg/data"

	"github.com/pointwire/pointwire/lp"
)

// A Serializer writes points of TSBS as line protocol. It implements
// serialize.PointSerializer. Its zero value is ready to use, by one goroutine at a time.
//
// As TSBS's own serializer does, it writes tags that are no strings as fields, leaves out
// what is nil, and writes nothing of a point without fields. Tags are in the order of their
// keys, as InfluxDB recommends.
//
// It uses pointwire as its documentation recommends for series that come again: measurement
// and tags are an lp.Series, made when a host is first seen, and the fields are an lp.Layout.
// Both are found by comparing all names and values with those of earlier points, so any point
// is written right, one that is expected faster.
type Serializer struct {
	e      lp.Encoder
	shapes map[string]*shape
	last   *shape
}

// maxSeries bounds the series of a shape that are kept.
const maxSeries = 1 << 16

// A shape is what the points of a measurement have in common.
type shape struct {
	measurement string
	tagKeys     []name
	fieldKeys   []name
	fields      lp.Layout
	series      map[string]*host
	last        *host
}

// A host is the series of all tags that are strings.
type host struct {
	series lp.Series
	tags   []string // by place; "" where the tag is no string, or empty
	next   *host    // of the point that came after the last one of this host
}

// Serialize writes p to w.
func (s *Serializer) Serialize(p *data.Point, w io.Writer) error {
	sh, err := s.shape(p)
	if err != nil {
		return err
	}
	h, err := sh.host(p.TagValues())
	if err != nil {
		return err
	}
	e := &s.e
	e.Reset()
	e.Series(h.series)
	fields := false
	for i, v := range p.TagValues() {
		if _, ok := v.(string); !ok && v != nil {
			e.Value(sh.tagKeys[i].text, v)
			fields = true
		}
	}
	row := sh.fields.Row(e)
	for i, v := range p.FieldValues() {
		switch v := v.(type) {
		case int64:
			row.Int(v)
		case float64:
			row.Float(v)
		case nil:
			row.Skip()
			continue
		case int:
			row.Int(int64(v))
		case float32:
			row.Float32(v)
		case bool:
			row.Bool(v)
		case string:
			row.String(v)
		case []byte:
			row.String(string(v))
		default:
			e.Cancel()
			return fmt.Errorf("a point of TSBS: field %s is a %T", sh.fieldKeys[i].text, v)
		}
		fields = true
	}
	if !fields {
		e.Cancel()
		return nil
	}
	if err := e.End(*p.Timestamp()); err != nil {
		return fmt.Errorf("a point of TSBS: %w", err)
	}
	_, err = w.Write(e.Bytes())
	return err
}

// shape returns the shape of p.
func (s *Serializer) shape(p *data.Point) (*shape, error) {
	sh := s.last
	if sh == nil || sh.measurement != string(p.MeasurementName()) {
		sh = s.shapes[string(p.MeasurementName())]
	}
	if sh != nil && same(sh.tagKeys, p.TagKeys()) && same(sh.fieldKeys, p.FieldKeys()) {
		s.last = sh
		return sh, nil
	}
	sh = &shape{measurement: string(p.MeasurementName()), series: make(map[string]*host)}
	for _, key := range p.TagKeys() {
		sh.tagKeys = append(sh.tagKeys, newName(key))
	}
	var keys []string
	for _, key := range p.FieldKeys() {
		sh.fieldKeys = append(sh.fieldKeys, newName(key))
		keys = append(keys, string(key))
	}
	var err error
	if sh.fields, err = lp.NewLayout(keys...); err != nil {
		return nil, fmt.Errorf("a point of TSBS: %w", err)
	}
	if s.shapes == nil {
		s.shapes = make(map[string]*shape)
	}
	s.shapes[sh.measurement], s.last = sh, sh
	return sh, nil
}

// A name is a key, with its first and its last bytes in words.
type name struct {
	text       string
	head, tail uint64
}

func newName(key []byte) name {
	k := name{text: string(key)}
	switch n := len(key); {
	case n >= 8:
		k.head, k.tail = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:])
	case n >= 4:
		k.head, k.tail = uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[n-4:]))
	}
	return k
}

// same compares keys, of up to 16 bytes without a call.
func same(keys []name, names [][]byte) bool {
	if len(keys) != len(names) {
		return false
	}
	for i, b := range names {
		k := &keys[i]
		if len(b) != len(k.text) {
			return false
		}
		switch n := len(b); {
		case n > 16 || n < 4:
			if string(b) != k.text {
				return false
			}
		case n >= 8:
			if binary.LittleEndian.Uint64(b) != k.head || binary.LittleEndian.Uint64(b[n-8:]) != k.tail {
				return false
			}
		default:
			if uint64(binary.LittleEndian.Uint32(b)) != k.head || uint64(binary.LittleEndian.Uint32(b[n-4:])) != k.tail {
				return false
			}
		}
	}
	return true
}

// host returns the series with these tags: the one that came after the last one before, or
// by the first of them.
func (sh *shape) host(values []any) (*host, error) {
	if last := sh.last; last != nil && last.next != nil && last.next.has(values) {
		sh.last = last.next
		return sh.last, nil
	}
	var first string
	if len(values) > 0 {
		first, _ = values[0].(string)
	}
	h, ok := sh.series[first]
	if !ok || !h.has(values) {
		var err error
		if h, err = sh.newHost(first, values); err != nil {
			return nil, err
		}
	}
	if sh.last != nil {
		sh.last.next = h
	}
	sh.last = h
	return h, nil
}

// newHost makes the series with these tags, and keeps it under the first of them.
func (sh *shape) newHost(first string, values []any) (*host, error) {
	h := &host{}
	var tags []lp.Tag
	for i, v := range values {
		text, _ := v.(string)
		h.tags = append(h.tags, text)
		if text != "" {
			tags = append(tags, lp.Tag{Key: sh.tagKeys[i].text, Value: text})
		}
	}
	var err error
	if h.series, err = lp.NewSeries(sh.measurement, tags...); err != nil {
		return nil, fmt.Errorf("a point of TSBS: %w", err)
	}
	if len(sh.series) == maxSeries {
		clear(sh.series)
		sh.last = nil
	}
	sh.series[first] = h
	return h, nil
}

func (h *host) has(values []any) bool {
	for i, v := range values {
		if text, _ := v.(string); text != h.tags[i] {
			return false
		}
	}
	return true
}
