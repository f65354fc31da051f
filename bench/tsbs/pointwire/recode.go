package pointwire

import (
	"io"

	"github.com/pointwire/pointwire/lp"
)

// names makes strings of names, each once.
type names map[string]string

func (n *names) of(b []byte) string {
	if s, ok := (*n)[string(b)]; ok {
		return s
	}
	if *n == nil {
		*n = names{}
	}
	s := string(b)
	(*n)[s] = s
	return s
}

// A recoder decodes lines and encodes their points again.
type recoder struct {
	d lp.Decoder
	e lp.Encoder
	n names
}

// recode returns the lines, valid until the next call, and how many fields they have.
func (r *recoder) recode(lines []byte) (again []byte, fields uint64, err error) {
	r.e.Reset()
	r.d.Reset(lines)
	for {
		p, err := r.d.Next()
		if err == io.EOF {
			return r.e.Bytes(), fields, nil
		}
		if err != nil {
			return nil, 0, err
		}
		if err := r.point(p); err != nil {
			return nil, 0, err
		}
		fields += uint64(p.NumFields())
	}
}

func (r *recoder) point(p *lp.PointView) error {
	e := &r.e
	e.Point(r.n.of(p.Measurement()))
	for i := range p.NumTags() {
		key, value := p.Tag(i)
		e.Tag(r.n.of(key), r.n.of(value))
	}
	for i := range p.NumFields() {
		k, v := p.Field(i)
		key := r.n.of(k)
		switch v.Kind() {
		case lp.FloatField:
			e.Float(key, v.Float())
		case lp.IntField:
			e.Int(key, v.Int())
		case lp.UintField:
			e.Uint(key, v.Uint())
		case lp.BoolField:
			e.Bool(key, v.Bool())
		case lp.StringField:
			e.StringBytes(key, v.Bytes())
		}
	}
	ts, ok := p.Timestamp()
	if !ok {
		return e.EndNoTimestamp()
	}
	return e.EndTimestamp(ts)
}
