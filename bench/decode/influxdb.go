package decode

import (
	"fmt"

	"github.com/influxdata/influxdb/models"
)

// influxdb is the parser of InfluxDB 1.8.10: ParsePoints, which checks each line and
// sorts its tags, then a walk over the tags and the fields of each point by the two
// ways that allocate least.
type influxdb struct{}

func (influxdb) Decode(body []byte, s *sum) error {
	points, err := models.ParsePoints(body)
	if err != nil {
		return err
	}
	for _, p := range points {
		s.text(p.Name())
		p.ForEachTag(func(k, v []byte) bool {
			s.text(k)
			s.text(v)
			return true
		})
		for f := p.FieldIterator(); f.Next(); {
			s.text(f.FieldKey())
			switch f.Type() {
			case models.Float:
				v, err := f.FloatValue()
				if err != nil {
					return err
				}
				s.float(v)
			case models.Integer:
				v, err := f.IntegerValue()
				if err != nil {
					return err
				}
				s.int(v)
			case models.Unsigned:
				v, err := f.UnsignedValue()
				if err != nil {
					return err
				}
				s.uint(v)
			case models.Boolean:
				v, err := f.BooleanValue()
				if err != nil {
					return err
				}
				s.bool(v)
			case models.String:
				s.string(f.StringValue())
			default:
				return fmt.Errorf("%s has no value", f.FieldKey())
			}
		}
		s.time(p.UnixNano())
	}
	return nil
}
