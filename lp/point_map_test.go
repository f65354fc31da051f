package lp

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// randomMap returns a map as PointFromMap takes it, mostly without a fault.
func randomMap(r *rand.Rand) map[string]any {
	m := map[string]any{}
	pick := func(key string, values ...any) {
		if k := r.IntN(len(values) + 1); k < len(values) {
			m[key] = values[k]
		}
	}
	odd := r.IntN(4) == 0 // this map may have faults
	value := func() any {
		v := []any{
			1.5, float32(0.1), 7, int64(-7), int32(1), int16(2), int8(3), uint(4), uint64(5), uint32(6), uint16(7), uint8(8),
			true, false, "text", []byte("bytes"), time.Second, nil, json.Number("12"), time.Month(3), time.Unix(5, 6),
		}
		if odd && r.IntN(8) == 0 {
			return []any{struct{}{}, json.Number("x"), []int{1}, make(chan int)}[r.IntN(4)]
		}
		return v[r.IntN(len(v))]
	}
	size := []int{0, 1, 2, 3, 5, 16, 17, 40, 80}[r.IntN(9)]
	key := func() string { return fmt.Sprintf("%c%d", 'a'+r.IntN(5), r.IntN(100)) }
	fields, tags, mixed := map[string]any{}, map[string]string{}, map[string]any{}
	for range size {
		fields[key()] = value()
		tags[key()+"t"] = []string{"", "x", "y z"}[r.IntN(3)]
		mixed[key()+"t"] = []any{"x", nil}[r.IntN(2)]
	}
	if r.IntN(8) > 0 {
		m["fields"] = fields
	}
	pick("tags", tags, mixed, nil)
	pick("measurement", "m", "", nil)
	pick("time", nil, time.Unix(1, 2), int64(5), "2018-01-01", json.Number("17"), time.Time{})
	if odd {
		pick("time", "soon", 1.5, int64(1<<62), uint64(1<<63), json.Number("1.5"))
		pick("tags", 1, map[string]any{"b": 1, "a": "x"}, map[string]any{"z": 1, "y": 2}, []string{"a"})
		pick("measurement", 1, []byte("m"))
		pick("fields", nil, 1, map[string]float64{"a": 1})
		pick("extra", 1)
	}
	return m
}

// TestPointFromMapSlow compares the two ways to read a map, with and without faults, and
// NewPoint with the calls that it stands for.
func TestPointFromMapSlow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	line := func(p *Point, err error) string {
		if err != nil {
			return err.Error()
		}
		p.Options.Times = TimeNanoseconds
		p.SetTag("last", "1") // where an index of many keys is used
		p.SetTag("a1t", "2")
		p.SetFloat("a1", 2)
		p.SetFloat("last", 1)
		text, err := p.AppendLP(nil)
		return fmt.Sprintf("%s%v", text, err)
	}
	fast, bad := 0, 0
	for range 20_000 {
		m := randomMap(r)
		unit := []Precision{Nanosecond, Second}[r.IntN(2)]
		if pointFromMap(m, "other", unit) != nil {
			fast++
		}
		slow, err := pointFromMapSlow(m, "other", unit)
		if err != nil {
			bad++
		}
		got, want := line(PointFromMapIn(m, "other", unit)), line(slow, err)
		if got != want {
			t.Fatalf("%#v:\n got %s\nwant %s", m, got, want)
		}
		fields, _ := m["fields"].(map[string]any)
		tags, _ := m["tags"].(map[string]string)
		if err != nil || tags == nil && m["tags"] != nil || m["measurement"] == "m" || m["time"] != nil {
			continue
		}
		if got := line(NewPoint("other", tags, fields, time.Time{})); got != want {
			t.Fatalf("NewPoint of %#v:\n got %s\nwant %s", m, got, want)
		}
	}
	if fast < 10_000 || bad < 1_000 || fast+bad != 20_000 {
		t.Errorf("%d maps read the fast way, %d with a fault", fast, bad)
	}
	_, err := NewPoint("m", nil, map[string]any{"b": struct{}{}, "a": 1, "c": struct{}{}}, time.Time{})
	if want := (&PointError{Measurement: "m", Part: PartFieldValue, Key: "b", Reason: ErrType}).Error(); err == nil || err.Error() != want {
		t.Errorf("NewPoint: %v, want %s", err, want)
	}
}
