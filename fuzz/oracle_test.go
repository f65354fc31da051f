package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/influxdb/models"
	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/lp"
)

func init() {
	// The released server refuses unsigned integers, but its parser can read them.
	models.EnableUintSupport()
}

// readInflux reads data as InfluxDB 1.8.10 does. It fails if the server would refuse a line,
// or store a point that cannot be found again.
func readInflux(data []byte, p lp.Precision) ([]point, error) {
	parsed, err := models.ParsePointsWithPrecision(bytes.Clone(data), time.Time{}, word(p))
	if err != nil {
		return nil, err
	}
	var points []point
	for _, m := range parsed {
		q := point{measurement: string(m.Name())}
		name, tags := models.ParseKeyBytes(m.Key())
		if string(name) != q.measurement {
			return nil, fmt.Errorf("point of %q has a key of %q", q.measurement, name)
		}
		// A series is found by the key made from its name and tags. A point stored under
		// another spelling of this key cannot be found.
		if made := models.MakeKey(name, tags); !bytes.Equal(made, m.Key()) {
			return nil, fmt.Errorf("point is stored as %q and looked for as %q", m.Key(), made)
		}
		for _, t := range m.Tags() {
			q.tags = append(q.tags, tag{string(t.Key), string(t.Value)})
		}
		for it := m.FieldIterator(); it.Next(); {
			f := field{key: string(it.FieldKey())}
			switch it.Type() {
			case models.Float:
				f.value, err = it.FloatValue()
			case models.Integer:
				f.value, err = it.IntegerValue()
			case models.Unsigned:
				f.value, err = it.UnsignedValue()
			case models.Boolean:
				f.value, err = it.BooleanValue()
			case models.String:
				f.value = it.StringValue()
			default:
				err = errors.New("empty field")
			}
			if err != nil {
				return nil, err
			}
			q.fields = append(q.fields, f)
		}
		if !m.Time().IsZero() {
			q.ts, q.hasTime = m.UnixNano()/p.Unit(), true
		}
		points = append(points, q)
	}
	return points, nil
}

// readReference reads data with the decoder of influxdata/line-protocol.
func readReference(data []byte) ([]point, error) {
	d := lineprotocol.NewDecoderWithBytes(data)
	var points []point
	for d.Next() {
		name, err := d.Measurement()
		if err != nil {
			return nil, err
		}
		q := point{measurement: string(name)}
		for {
			k, v, err := d.NextTag()
			if err != nil {
				return nil, err
			}
			if k == nil {
				break
			}
			q.tags = append(q.tags, tag{string(k), string(v)})
		}
		for {
			k, v, err := d.NextField()
			if err != nil {
				return nil, err
			}
			if k == nil {
				break
			}
			q.fields = append(q.fields, field{string(k), v.Interface()})
		}
		ts, err := d.TimeBytes()
		if err != nil {
			return nil, err
		}
		if ts != nil {
			q.hasTime = true
			if q.ts, err = strconv.ParseInt(string(ts), 10, 64); err != nil {
				return nil, err
			}
		}
		points = append(points, q)
	}
	return points, nil
}

// referenceLines returns how many lines of data the reference decoder accepts, and how many
// it refuses.
func referenceLines(data []byte) (good, bad int) {
	for d := lineprotocol.NewDecoderWithBytes(data); d.Next(); {
		if _, err := d.TimeBytes(); err == nil {
			good++
		} else {
			bad++
		}
	}
	return good, bad
}

// control reports whether s has a byte that the reference decoder accepts in no name, see
// "control bytes" in README.md.
func control(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// referenceRefuses reports whether the reference decoder refuses p although InfluxDB accepts
// it.
func referenceRefuses(p point) bool {
	if control(p.measurement) {
		return true
	}
	for _, t := range p.tags {
		if control(t.key) || control(t.value) {
			return true
		}
	}
	for _, f := range p.fields {
		if control(f.key) {
			return true
		}
	}
	return false
}

// referenceReads returns the point that the reference decoder reads where InfluxDB reads p,
// see "double quote in a field key" in README.md.
func referenceReads(p point) point {
	fields := make([]field, len(p.fields))
	for i, f := range p.fields {
		f.key = strings.ReplaceAll(f.key, `"`, `\"`)
		fields[i] = f
	}
	p.fields = fields
	return p
}

// refusedKey reports whether InfluxDB refuses p because the series key is too long for its
// index.
func refusedKey(p point) bool {
	n := len(p.measurement)
	for _, t := range p.tags {
		n += len(t.key) + len(t.value) + 2
	}
	longest := 0
	for _, f := range p.fields {
		longest = max(longest, len(f.key))
	}
	return 2*(n+longest)+4 > models.MaxKeyLength
}

// requirePoints fails unless both oracles read exactly the points want from data.
func requirePoints(t testing.TB, data []byte, p lp.Precision, want ...point) {
	t.Helper()
	refuses, long := false, false
	reads := make([]point, len(want))
	for i, w := range want {
		refuses = refuses || referenceRefuses(w)
		long = long || refusedKey(w)
		reads[i] = referenceReads(w)
	}
	if !long {
		got, err := readInflux(data, p)
		if err != nil {
			t.Fatalf("InfluxDB on %q: %v", data, err)
		}
		if g, w := describe(got), describe(want); g != w {
			t.Fatalf("InfluxDB reads %q as\n%swant\n%s", data, g, w)
		}
	}
	got, err := readReference(data)
	if refuses {
		if err == nil {
			t.Fatalf("the reference decoder takes %q: the table of differences is wrong", data)
		}
		return
	}
	if err != nil {
		t.Fatalf("reference decoder on %q: %v", data, err)
	}
	if g, w := describe(got), describe(reads); g != w {
		t.Fatalf("the reference decoder reads %q as\n%swant\n%s", data, g, w)
	}
}

// floor returns floor(a/b) for b > 0.
func floor(a, b int64) int64 {
	if q := a / b; a%b >= 0 {
		return q
	} else {
		return q - 1
	}
}

// storable reports whether a server stores ts units of p.
func storable(ts int64, p lp.Precision) bool {
	return ts >= -(math.MaxInt64-1)/p.Unit() && ts <= (math.MaxInt64-1)/p.Unit()
}
