package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/timescale/tsbs/pkg/data"
	"github.com/timescale/tsbs/pkg/data/serialize"
	"github.com/timescale/tsbs/pkg/data/usecases/common"
	tsbs "github.com/timescale/tsbs/pkg/data/usecases/devops"
	"github.com/timescale/tsbs/pkg/targets/influx"

	"github.com/pointwire/pointwire/bench/tsbs/pointwire"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/lp"
)

// encodeBatch is the number of points of a run.
const encodeBatch = 5000

// simulated returns points of a use case, with the simulator of TSBS.
func simulated(use string, n int) (list []*data.Point) {
	var sim common.Simulator
	end := start.Add(time.Duration(n) * interval)
	if use == cpuOnly {
		sim = (&tsbs.CPUOnlySimulatorConfig{Start: start, End: end, InitHostCount: 100, HostCount: 100, HostConstructor: tsbs.NewHostCPUOnly}).NewSimulator(interval, 0)
	} else {
		sim = (&tsbs.DevopsSimulatorConfig{Start: start, End: end, InitHostCount: 100, HostCount: 100, HostConstructor: tsbs.NewHost}).NewSimulator(interval, 0)
	}
	for len(list) < n && !sim.Finished() {
		p := data.NewPoint()
		if !sim.Next(p) {
			continue
		}
		at := *p.Timestamp() // that of the simulator moves on
		p.SetTimestamp(&at)
		list = append(list, p)
	}
	return list
}

// encodeCase compares serializers on points of TSBS, whose values are in interfaces.
func encodeCase(b *bed, use string) (measure.Case, error) {
	points := simulated(use, measure.Scale(100_000, b.size, encodeBatch)/encodeBatch*encodeBatch)
	var text bytes.Buffer
	for _, p := range points[:encodeBatch] {
		if err := new(influx.Serializer).Serialize(p, &text); err != nil {
			return measure.Case{}, err
		}
	}
	c := measure.Case{Unit: "point", Units: encodeBatch, Bytes: text.Len()}
	for _, e := range []struct {
		name, module string
		s            serialize.PointSerializer
	}{
		{ownName, ownVersion, new(pointwire.Serializer)},
		{peerName, tsbsVersion, new(influx.Serializer)},
	} {
		o := &encoder{s: e.s, points: points}
		c.Ops = append(c.Ops, measure.Op{Contender: e.name, Version: measure.Version(e.module), Check: o.check, Run: o.run})
	}
	return c, nil
}

type encoder struct {
	s      serialize.PointSerializer
	points []*data.Point
	next   int
	out    bytes.Buffer
}

// run writes the next batch.
func (o *encoder) run() error {
	o.out.Reset()
	at := o.next * encodeBatch % len(o.points)
	o.next++
	for _, p := range o.points[at : at+encodeBatch] {
		if err := o.s.Serialize(p, &o.out); err != nil {
			return err
		}
	}
	return nil
}

// check decodes what all points became.
func (o *encoder) check() error {
	o.out.Reset()
	for _, p := range o.points {
		if err := o.s.Serialize(p, &o.out); err != nil {
			return err
		}
	}
	return samePoints(o.out.Bytes(), o.points)
}

// samePoints compares lines with points.
func samePoints(lines []byte, points []*data.Point) error {
	var d lp.Decoder
	d.Reset(lines)
	for i, p := range points {
		v, err := d.Next()
		if err != nil {
			return fmt.Errorf("%w: point %d: %v", measure.ErrWrong, i, err)
		}
		if err := samePoint(v, p); err != nil {
			return fmt.Errorf("%w: point %d, %s: %v", measure.ErrWrong, i, v.Raw(), err)
		}
	}
	if _, err := d.Next(); err != io.EOF {
		return fmt.Errorf("%w: lines after the last point", measure.ErrWrong)
	}
	return nil
}

// tagOf returns the value of a tag.
func tagOf(v *lp.PointView, key []byte) (value []byte, ok bool) {
	for i := range v.NumTags() {
		if k, value := v.Tag(i); bytes.Equal(k, key) {
			return value, true
		}
	}
	return nil, false
}

// samePoint compares a line with a point. TSBS prints 16 digits after the decimal point and
// no more, so numbers may differ by that.
func samePoint(v *lp.PointView, p *data.Point) error {
	if !bytes.Equal(v.Measurement(), p.MeasurementName()) {
		return fmt.Errorf("measurement %s", v.Measurement())
	}
	tags, fields := 0, 0
	var numbers []int
	for i, want := range p.TagValues() {
		text, ok := want.(string)
		if want != nil && !ok {
			numbers = append(numbers, i)
		}
		if !ok {
			continue
		}
		if value, ok := tagOf(v, p.TagKeys()[i]); !ok || string(value) != text {
			return fmt.Errorf("tag %s=%s, want %s", p.TagKeys()[i], value, text)
		}
		tags++
	}
	same := func(key []byte, want any) error {
		k, got := v.Field(fields)
		fields++
		ok := bytes.Equal(k, key)
		switch want := want.(type) {
		case float64:
			d := got.Float() - want
			ok = ok && got.Kind() == lp.FloatField && -1e-16 <= d && d <= 1e-16
		case int64:
			ok = ok && got.Kind() == lp.IntField && got.Int() == want
		case int:
			ok = ok && got.Kind() == lp.IntField && got.Int() == int64(want)
		default:
			ok = false
		}
		if !ok {
			return fmt.Errorf("field %s, want %s=%v", k, key, want)
		}
		return nil
	}
	for _, i := range numbers {
		if err := same(p.TagKeys()[i], p.TagValues()[i]); err != nil {
			return err
		}
	}
	for i, want := range p.FieldValues() {
		if want == nil {
			continue
		}
		if err := same(p.FieldKeys()[i], want); err != nil {
			return err
		}
	}
	if ts, _ := v.Timestamp(); ts != p.Timestamp().UnixNano() || v.NumTags() != tags || v.NumFields() != fields {
		return fmt.Errorf("time %d, %d tags, %d fields", ts, v.NumTags(), v.NumFields())
	}
	return nil
}
