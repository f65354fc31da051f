package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/lp"
)

const ownModule = "github.com/pointwire/pointwire"

// pull is lp.Decoder. One decoder reads all bodies.
type pull struct{ d lp.Decoder }

func (c *pull) Decode(body []byte, s sum) (sum, error) {
	c.d.Reset(body)
	for {
		p, err := c.d.Next()
		if err != nil {
			if err == io.EOF {
				return s, nil
			}
			return s, err
		}
		s = addPoint(s, p)
	}
}

// points is lp.Points, which makes a decoder for each body.
type points struct{}

func (points) Decode(body []byte, s sum) (sum, error) {
	for p, err := range lp.Points(body) {
		if err != nil {
			return s, err
		}
		s = addPoint(s, p)
	}
	return s, nil
}

func addPoint(s sum, p *lp.PointView) sum {
	s = s.text(p.Measurement())
	for i := range p.NumTags() {
		k, v := p.Tag(i)
		s = s.text(k)
		s = s.text(v)
	}
	for i := range p.NumFields() {
		k, v := p.Field(i)
		s = s.text(k)
		switch v.Kind() {
		case lp.FloatField:
			s = s.float(v.Float())
		case lp.IntField:
			s = s.int(v.Int())
		case lp.UintField:
			s = s.uint(v.Uint())
		case lp.BoolField:
			s = s.bool(v.Bool())
		case lp.StringField:
			s = s.text(v.Bytes())
		}
	}
	ts, _ := p.Timestamp()
	return s.time(ts)
}

// lintOp is lp.Valid, which says whether all lines are valid and returns no values. It is
// right if it accepts each body, and names the broken line of another.
func lintOp(bodies []body) measure.Op {
	next := 0
	return measure.Op{
		Contender: lintName,
		Version:   measure.Version(ownModule),
		Check: func() error {
			for i, b := range bodies {
				if err := lp.Valid(b.text); err != nil {
					return fmt.Errorf("%w: body %d: %v", measure.ErrWrong, i, err)
				}
			}
			// Remove the fields of the last line but one.
			broken := bytes.Clone(bodies[0].text)
			end := bytes.LastIndexByte(broken[:len(broken)-1], '\n')
			from := bytes.LastIndexByte(broken[:end], '\n') + 1
			for i := from; i < end; i++ {
				broken[i] = 'x'
			}
			var e *lp.SyntaxError
			if err := lp.Valid(broken); !errors.As(err, &e) || e.Line != batch-1 || e.Rule != lp.RuleNoFields {
				return fmt.Errorf("%w: line %d without fields: %v", measure.ErrWrong, batch-1, err)
			}
			return nil
		},
		Run: func() error {
			next++
			return lp.Valid(bodies[next%len(bodies)].text)
		},
	}
}
