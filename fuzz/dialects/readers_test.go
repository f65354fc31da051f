package dialects

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/protoparser/influx"
	"github.com/influxdata/influxdb/v2/models"
	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/internal/line/dialect"
)

// influx2 reads body with the parser of InfluxDB 2.8.0. As in 1.x, a point is lost if its
// series key is not the one made from its name and tags.
func influx2(body string) (points []dialect.Point, refused, lost bool) {
	parsed, err := models.ParsePointsWithPrecision([]byte(body), time.Time{}, "ns")
	for _, m := range parsed {
		p := dialect.Point{Measurement: string(m.Name())}
		name, tags := models.ParseKeyBytes(m.Key())
		if string(name) != p.Measurement || !bytes.Equal(models.MakeKey(name, tags), m.Key()) {
			lost = true
			continue
		}
		for _, t := range m.Tags() {
			p.Tags = append(p.Tags, [2]string{string(t.Key), string(t.Value)})
		}
		for it := m.FieldIterator(); it.Next(); {
			f := dialect.Field{Key: string(it.FieldKey())}
			var err error
			switch it.Type() {
			case models.Float:
				f.Value, err = it.FloatValue()
			case models.Integer:
				f.Value, err = it.IntegerValue()
			case models.Unsigned:
				f.Value, err = it.UnsignedValue()
			case models.Boolean:
				f.Value, err = it.BooleanValue()
			case models.String:
				f.Value = it.StringValue()
			}
			if err != nil {
				lost = true
			}
			p.Fields = append(p.Fields, f)
		}
		if !m.Time().IsZero() {
			p.Time, p.Stamped = m.UnixNano(), true
		}
		points = append(points, p)
	}
	return points, err != nil, lost
}

// victoria reads body as VictoriaMetrics reads a request: one bad line makes it refuse the
// whole body.
func victoria(body string) (points []dialect.Point, refused, lost bool) {
	var rows influx.Rows
	if err := rows.Unmarshal(body, false); err != nil {
		return nil, true, false
	}
	for _, r := range rows.Rows {
		p := dialect.Point{Measurement: strings.Clone(r.Measurement), Time: r.Timestamp, Stamped: r.Timestamp != 0}
		for _, t := range r.Tags {
			p.Tags = append(p.Tags, [2]string{strings.Clone(t.Key), strings.Clone(t.Value)})
		}
		for _, f := range r.Fields {
			p.Fields = append(p.Fields, dialect.Field{Key: strings.Clone(f.Key), Value: f.Value})
		}
		points = append(points, p)
	}
	return points, false, false
}

// reference reads body with the decoder of line-protocol/v2. It goes on after an error.
func reference(body string) (points []dialect.Point, refused, lost bool) {
	d := lineprotocol.NewDecoderWithBytes([]byte(body))
	for d.Next() {
		p, err := referencePoint(d)
		if err != nil {
			refused = true
			continue
		}
		points = append(points, p)
	}
	return points, refused, false
}

func referencePoint(d *lineprotocol.Decoder) (p dialect.Point, err error) {
	name, err := d.Measurement()
	if err != nil {
		return p, err
	}
	p.Measurement = string(name)
	for {
		k, v, err := d.NextTag()
		if err != nil {
			return p, err
		}
		if k == nil {
			break
		}
		p.Tags = append(p.Tags, [2]string{string(k), string(v)})
	}
	for {
		k, v, err := d.NextField()
		if err != nil {
			return p, err
		}
		if k == nil {
			break
		}
		p.Fields = append(p.Fields, dialect.Field{Key: string(k), Value: v.Interface()})
	}
	if len(p.Fields) == 0 {
		return p, errors.New("no fields")
	}
	ts, err := d.TimeBytes()
	if err != nil || ts == nil {
		return p, err
	}
	p.Stamped = true
	if p.Time, err = strconv.ParseInt(string(ts), 10, 64); err != nil {
		return p, fmt.Errorf("timestamp: %w", err)
	}
	return p, nil
}
