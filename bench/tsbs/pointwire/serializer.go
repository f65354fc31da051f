package pointwire

import (
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
// and tags are an lp.Series, made when a host is first seen, and keys are lp.FieldKeys. Both
// are found by comparing names and values with those of the last point of that measurement
// and host, so any point is written right, one of a known shape faster.
type Serializer struct {
	e      lp.Encoder
	shapes map[string]*shape
}

// maxSeries bounds the series of a shape that are kept.
const maxSeries = 1 << 16

// A shape is what the points of a measurement have in common.
type shape struct {
	measurement string
	tagKeys     []string
	fieldKeys   []string
	fields      []lp.FieldKey
	series      map[string]*host
}

// A host is the series of all tags that are strings.
type host struct {
	series lp.Series
	tags   []string // by place; "" where the tag is no string, or empty
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
			e.Value(sh.tagKeys[i], v)
			fields = true
		}
	}
	for i, v := range p.FieldValues() {
		switch v := v.(type) {
		case nil:
			continue
		case int64:
			e.IntFor(sh.fields[i], v)
		case float64:
			e.FloatFor(sh.fields[i], v)
		default:
			e.Value(sh.fieldKeys[i], v)
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
	sh, ok := s.shapes[string(p.MeasurementName())]
	if ok && same(sh.tagKeys, p.TagKeys()) && same(sh.fieldKeys, p.FieldKeys()) {
		return sh, nil
	}
	sh = &shape{measurement: string(p.MeasurementName()), series: make(map[string]*host)}
	for _, key := range p.TagKeys() {
		sh.tagKeys = append(sh.tagKeys, string(key))
	}
	for _, key := range p.FieldKeys() {
		k, err := lp.NewFieldKey(string(key))
		if err != nil {
			return nil, fmt.Errorf("a point of TSBS: %w", err)
		}
		sh.fieldKeys, sh.fields = append(sh.fieldKeys, string(key)), append(sh.fields, k)
	}
	if s.shapes == nil {
		s.shapes = make(map[string]*shape)
	}
	s.shapes[sh.measurement] = sh
	return sh, nil
}

func same(keys []string, names [][]byte) bool {
	if len(keys) != len(names) {
		return false
	}
	for i, key := range keys {
		if key != string(names[i]) {
			return false
		}
	}
	return true
}

// host returns the series with these tags. Those of a host are found by the first of them.
func (sh *shape) host(values []any) (*host, error) {
	var first string
	if len(values) > 0 {
		first, _ = values[0].(string)
	}
	h, ok := sh.series[first]
	if ok && h.has(values) {
		return h, nil
	}
	h = &host{}
	var tags []lp.Tag
	for i, v := range values {
		text, _ := v.(string)
		h.tags = append(h.tags, text)
		if text != "" {
			tags = append(tags, lp.Tag{Key: sh.tagKeys[i], Value: text})
		}
	}
	var err error
	if h.series, err = lp.NewSeries(sh.measurement, tags...); err != nil {
		return nil, fmt.Errorf("a point of TSBS: %w", err)
	}
	if len(sh.series) == maxSeries {
		clear(sh.series)
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
