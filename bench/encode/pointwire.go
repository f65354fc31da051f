package encode

import "github.com/pointwire/pointwire/lp"

const ownModule = "github.com/pointwire/pointwire"

// encoder drives lp.Encoder part by part. It is strict, so every name and value is
// checked, and it reuses its own buffer for each batch.
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

// schemaEntry writes the structs with a Schema compiled from their tags. It is strict, so
// every value is checked.
func schemaEntry[T any](points []T, measurement string) (entry, error) {
	s, err := lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement})
	return entry{name: "pointwire-schema", module: ownModule, contender: &schema[T]{points, s}}, err
}

type schema[T any] struct {
	points []T
	schema *lp.Schema[T]
}

func (c *schema[T]) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	return c.schema.AppendAll(dst, c.points[lo:hi])
}
