package decode

import (
	"fmt"

	"github.com/influxdata/influxdb/models"
)

// influxdb is the parser of InfluxDB 1.8.10. ParsePoints checks each line and sorts its
// tags; then the tags and the fields of each point are read by the two methods that
// allocate least.
type influxdb struct{}

func (influxdb) Decode(body []byte, s sum) (sum, error) {
	points, err := models.ParsePoints(body)
	if err != nil {
		return s, err
	}
	for _, p := range points {
		s = s.text(p.Name())
		p.ForEachTag(func(k, v []byte) bool {
			s = s.text(k)
			s = s.text(v)
			return true
		})
		for f := p.FieldIterator(); f.Next(); {
			s = s.text(f.FieldKey())
			switch f.Type() {
			case models.Float:
				v, err := f.FloatValue()
				if err != nil {
					return s, err
				}
				s = s.float(v)
			case models.Integer:
				v, err := f.IntegerValue()
				if err != nil {
					return s, err
				}
				s = s.int(v)
			case models.Unsigned:
				v, err := f.UnsignedValue()
				if err != nil {
					return s, err
				}
				s = s.uint(v)
			case models.Boolean:
				v, err := f.BooleanValue()
				if err != nil {
					return s, err
				}
				s = s.bool(v)
			case models.String:
				s = s.string(f.StringValue())
			default:
				return s, fmt.Errorf("%s has no value", f.FieldKey())
			}
		}
		s = s.time(p.UnixNano())
	}
	return s, nil
}
