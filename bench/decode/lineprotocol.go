package decode

import (
	"fmt"
	"time"

	protocol "github.com/influxdata/line-protocol"
	"github.com/influxdata/line-protocol/v2/lineprotocol"
)

// lineProtocol2 is the Decoder of influxdata/line-protocol/v2 over a body in memory,
// each part asked for in order, as its documentation says. A decoder cannot be used
// again: there is one for each body.
type lineProtocol2 struct{}

func (lineProtocol2) Decode(body []byte, s sum) (sum, error) {
	d := lineprotocol.NewDecoderWithBytes(body)
	for d.Next() {
		name, err := d.Measurement()
		if err != nil {
			return s, err
		}
		s = s.text(name)
		for {
			k, v, err := d.NextTag()
			if err != nil {
				return s, err
			}
			if k == nil {
				break
			}
			s = s.text(k)
			s = s.text(v)
		}
		for {
			k, v, err := d.NextField()
			if err != nil {
				return s, err
			}
			if k == nil {
				break
			}
			s = s.text(k)
			switch v.Kind() {
			case lineprotocol.Float:
				s = s.float(v.FloatV())
			case lineprotocol.Int:
				s = s.int(v.IntV())
			case lineprotocol.Uint:
				s = s.uint(v.UintV())
			case lineprotocol.Bool:
				s = s.bool(v.BoolV())
			case lineprotocol.String:
				s = s.text(v.BytesV())
			}
		}
		t, err := d.Time(lineprotocol.Nanosecond, time.Time{})
		if err != nil {
			return s, err
		}
		s = s.time(t.UnixNano())
	}
	return s, d.Err()
}

// lineProtocol1 is the parser of influxdata/line-protocol, a state machine made by
// ragel that telegraf and influxdb-client-go share. Its points are objects, with
// sorted tags.
type lineProtocol1 struct{ p *protocol.Parser }

func newLineProtocol1() *lineProtocol1 {
	return &lineProtocol1{protocol.NewParser(protocol.NewMetricHandler())}
}

func (c *lineProtocol1) Decode(body []byte, s sum) (sum, error) {
	metrics, err := c.p.Parse(body)
	if err != nil {
		return s, err
	}
	for _, m := range metrics {
		s = s.string(m.Name())
		for _, t := range m.TagList() {
			s = s.string(t.Key)
			s = s.string(t.Value)
		}
		for _, f := range m.FieldList() {
			s = s.string(f.Key)
			switch v := f.Value.(type) {
			case float64:
				s = s.float(v)
			case int64:
				s = s.int(v)
			case uint64:
				s = s.uint(v)
			case bool:
				s = s.bool(v)
			case string:
				s = s.string(v)
			default:
				return s, fmt.Errorf("%s is a %T", f.Key, v)
			}
		}
		s = s.time(m.Time().UnixNano())
	}
	return s, nil
}
