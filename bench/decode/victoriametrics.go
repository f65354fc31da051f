package decode

import (
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/bytesutil"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/protoparser/influx"
)

// victoriaMetrics is the parser of VictoriaMetrics, whose rows are reused as in its
// server. It converts less than the others: each field becomes a float64, texts become 0
// without being read, and integers above 2^53 and some floats are rounded. So only the
// keys of fields and the sum of their values are compared.
type victoriaMetrics struct{ rows influx.Rows }

func (c *victoriaMetrics) Decode(body []byte, s sum) (sum, error) {
	if err := c.rows.Unmarshal(bytesutil.ToUnsafeString(body), false); err != nil {
		return s, err
	}
	for i := range c.rows.Rows {
		r := &c.rows.Rows[i]
		s = s.string(r.Measurement)
		for k := range r.Tags {
			s = s.string(r.Tags[k].Key)
			s = s.string(r.Tags[k].Value)
		}
		for k := range r.Fields {
			s = s.string(r.Fields[k].Key)
			s.rough += r.Fields[k].Value
		}
		s = s.time(r.Timestamp)
	}
	return s, nil
}
