package pointwire

import (
	"io"

	"github.com/pointwire/pointwire/lp"
)

// names makes strings of names, each once. It looks first at the name that was at the same
// place of the point before.
type names struct {
	places []string
	all    map[string]string
}

func (n *names) of(place int, b []byte) string {
	for place >= len(n.places) {
		n.places = append(n.places, "")
	}
	last := &n.places[place]
	if *last == string(b) {
		return *last
	}
	s, ok := n.all[string(b)]
	if !ok {
		if n.all == nil {
			n.all = map[string]string{}
		}
		s = string(b)
		n.all[s] = s
	}
	*last = s
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
	e.Point(r.n.of(0, p.Measurement()))
	place := 1
	for i := range p.NumTags() {
		key, value := p.Tag(i)
		e.Tag(r.n.of(place, key), r.n.of(place+1, value))
		place += 2
	}
	for i := range p.NumFields() {
		k, v := p.Field(i)
		key := r.n.of(place+i, k)
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
