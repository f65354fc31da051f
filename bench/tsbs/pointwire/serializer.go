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
// what is nil, and writes nothing of a point without fields.
type Serializer struct {
	e       lp.Encoder
	n       names
	numbers []int // places of the tags that are no strings
}

// Serialize writes p to w.
func (s *Serializer) Serialize(p *data.Point, w io.Writer) error {
	s.e.Reset()
	s.e.Point(s.n.of(p.MeasurementName()))
	keys, values := p.TagKeys(), p.TagValues()
	s.numbers = s.numbers[:0]
	for i, v := range values {
		switch v := v.(type) {
		case nil:
		case string:
			s.e.Tag(s.n.of(keys[i]), v)
		default:
			s.numbers = append(s.numbers, i)
		}
	}
	fields := false
	for _, i := range s.numbers {
		s.field(keys[i], values[i])
		fields = true
	}
	keys, values = p.FieldKeys(), p.FieldValues()
	for i, v := range values {
		if v != nil {
			s.field(keys[i], v)
			fields = true
		}
	}
	if !fields {
		s.e.Cancel()
		return nil
	}
	if err := s.e.End(*p.Timestamp()); err != nil {
		return fmt.Errorf("a point of TSBS: %w", err)
	}
	_, err := w.Write(s.e.Bytes())
	return err
}

func (s *Serializer) field(key []byte, v any) {
	name := s.n.of(key)
	switch v := v.(type) {
	case float64:
		s.e.Float(name, v)
	case int64:
		s.e.Int(name, v)
	case int:
		s.e.Int(name, int64(v))
	default:
		s.e.Value(name, v)
	}
}
