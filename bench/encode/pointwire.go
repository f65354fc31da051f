package encode

import "github.com/pointwire/pointwire/lp"

const ownModule = "github.com/pointwire/pointwire"

// encoder drives lp.Encoder part by part: strict, every name and value checked,
// its own buffer used again for each batch.
type encoder[T any] struct {
	points []T
	enc    lp.Encoder
	add    func(e *lp.Encoder, p *T) error
}

func (c *encoder[T]) AppendLines(_ []byte, lo, hi int) ([]byte, error) {
	c.enc.Reset()
	for i := lo; i < hi; i++ {
		if err := c.add(&c.enc, &c.points[i]); err != nil {
			return c.enc.Bytes(), err
		}
	}
	return c.enc.Bytes(), nil
}
