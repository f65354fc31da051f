package lp_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// reading is written in every form. Its keys need escaping and are longer and
// shorter than the words of the copy loops.
type reading struct {
	M    lp.Measurement
	Time int64    `lp:",timestamp"`
	Host string   `lp:"host,tag"`
	Rack string   `lp:"a rather long = odd key,tag"`
	Load float64  `lp:"load"`
	Temp float32  `lp:"a rather long = odd field"`
	N    int64    `lp:"n"`
	U    uint64   `lp:"u=v"`
	Ok   bool     `lp:"ok"`
	Text string   `lp:"text"`
	Opt  *float64 `lp:"opt"`
}

var (
	readingLayout = must(lp.NewLayout("load", "a rather long = odd field", "n", "u=v", "ok", "text", "opt"))
	readingKeys   = func() (keys []lp.FieldKey) {
		for i := range readingLayout.Len() {
			keys = append(keys, must(lp.NewFieldKey(readingLayout.Key(i))))
		}
		return keys
	}()
	readingSchema = must(lp.SchemaFor[reading]())
)

func (r *reading) encode(e *lp.Encoder) error {
	e.Point(string(r.M))
	e.Tag("host", r.Host)
	e.Tag("a rather long = odd key", r.Rack)
	e.Float("load", r.Load)
	e.Float32("a rather long = odd field", r.Temp)
	e.Int("n", r.N)
	e.Uint("u=v", r.U)
	e.Bool("ok", r.Ok)
	e.String("text", r.Text)
	if r.Opt != nil {
		e.Float("opt", *r.Opt)
	}
	return e.EndTimestamp(r.Time)
}

func (r *reading) encodeLayout(e *lp.Encoder) error {
	e.Point(string(r.M))
	e.Tag("host", r.Host)
	e.Tag("a rather long = odd key", r.Rack)
	row := readingLayout.Row(e)
	row.Float(r.Load)
	row.Float32(r.Temp)
	row.Int(r.N)
	row.Uint(r.U)
	row.Bool(r.Ok)
	row.String(r.Text)
	if r.Opt != nil {
		row.Floats([]float64{*r.Opt})
	} else {
		row.Skip()
	}
	return e.EndTimestamp(r.Time)
}

func (r *reading) encodeKeys(e *lp.Encoder) error {
	e.Point(string(r.M))
	e.Tag("host", r.Host)
	e.Tag("a rather long = odd key", r.Rack)
	e.FloatFor(readingKeys[0], r.Load)
	e.Float32(readingKeys[1].String(), r.Temp)
	e.IntFor(readingKeys[2], r.N)
	e.UintFor(readingKeys[3], r.U)
	e.BoolFor(readingKeys[4], r.Ok)
	e.StringFor(readingKeys[5], r.Text)
	if r.Opt != nil {
		e.FloatFor(readingKeys[6], *r.Opt)
	}
	return e.EndTimestamp(r.Time)
}

// encodeSeries begins with a series; its tags are in the order of their keys.
func (r *reading) encodeSeries(e *lp.Encoder) error {
	s, err := lp.NewSeries(string(r.M), lp.Tag{Key: "host", Value: r.Host}, lp.Tag{Key: "a rather long = odd key", Value: r.Rack})
	if err != nil {
		return err
	}
	e.Series(s)
	for i, v := range []any{r.Load, r.Temp, r.N, r.U, r.Ok, r.Text} {
		e.Value(readingKeys[i].String(), v)
	}
	if r.Opt != nil {
		e.Value("opt", *r.Opt)
	}
	return e.EndTimestamp(r.Time)
}

func (r *reading) setPoint(p *lp.Point) {
	p.Reset()
	p.SetMeasurement(string(r.M))
	p.SetTag("host", r.Host)
	p.SetTag("a rather long = odd key", r.Rack)
	p.SetFloat("load", r.Load)
	p.SetFloat32("a rather long = odd field", r.Temp)
	p.SetInt("n", r.N)
	p.SetUint("u=v", r.U)
	p.SetBool("ok", r.Ok)
	p.SetString("text", r.Text)
	if r.Opt != nil {
		p.SetFloat("opt", *r.Opt)
	}
	p.SetTimestamp(r.Time)
}

// checkForms writes r in every form with the options o: each gives the line, or
// the reason, and the counts of the Encoder. An encoder has default tags and extra
// tags if asked for.
func checkForms(t *testing.T, r reading, o lp.Options, defaults, extra bool) {
	t.Helper()
	var e lp.Encoder
	e.SetOptions(o)
	defaultTags := []lp.Tag{{Key: "b,c", Value: "x y"}, {Key: "host", Value: "none"}, {Key: "i", Value: "v"}}
	extraTags := []lp.Tag{{Key: "Extra key", Value: "e,1"}, {Key: "b", Value: "2"}, {Key: "zz", Value: "3"}}
	if defaults {
		must(0, e.SetDefaultTags(defaultTags...))
	}
	if extra {
		must(0, e.SetExtraTags(extraTags...))
	}
	err := r.encode(&e)
	want := string(e.Bytes())
	wantCounts := countsOf(e.Count)
	reason := func(err error) lp.Reason {
		var pe *lp.PointError
		if errors.As(err, &pe) {
			return pe.Reason
		}
		return 0
	}
	check := func(form string, got []byte, gotErr error) {
		t.Helper()
		if string(got) != want || reason(gotErr) != reason(err) {
			t.Errorf("%s of %+v with %+v, defaults %t, extra %t:\n%q, %v, want\n%q, %v", form, r, o, defaults, extra, got, gotErr, want, err)
		}
	}
	checkCounts := func(form string, got counts) {
		t.Helper()
		if got != wantCounts {
			t.Errorf("%s of %+v with %+v counts %v, want %v", form, r, o, got, wantCounts)
		}
	}
	encoder := func(form string, f func(e *lp.Encoder) error) {
		t.Helper()
		e.Reset()
		before := countsOf(e.Count)
		err := f(&e)
		check(form, e.Bytes(), err)
		checkCounts(form, countsOf(e.Count).since(before))
	}
	encoder("Encoder, once more", r.encode)
	encoder("Layout", r.encodeLayout)
	encoder("FieldKey", r.encodeKeys)
	var p lp.Point
	p.Options.Precision = o.Precision // the unit of the timestamp
	r.setPoint(&p)
	encoder("Point.Encode", p.Encode)
	p.Options = o
	if !defaults && !extra {
		encoder("Encoder.Append of a Point", func(e *lp.Encoder) error { return e.Append(&p) })
		got, gotErr := p.AppendLP(nil)
		check("Point.AppendLP", got, gotErr)
		checkCounts("Point.AppendLP", countsOf(p.Count))
	}
	// A schema has a measurement of its own. Of two tags that are not written it counts
	// first what comes first in the line, an Encoder what is given first.
	sorted := o.TagOrder == lp.TagsSorted && o.Text != lp.TextReplace
	if r.M != "" && !(sorted && badTag(r.Host) && badTag(r.Rack)) {
		s := readingSchema.With(o)
		encoder("Schema.Encode", func(e *lp.Encoder) error { return s.Encode(e, &r) })
		if !defaults {
			tags := extraTags
			if !extra {
				tags = nil
				got, gotErr := s.Append(nil, &r)
				check("Schema.Append", got, gotErr)
				got, gotErr = s.Append(make([]byte, 0, 2048), &r)
				check("Schema.Append to a long buffer", got, gotErr)
				got, gotErr = s.AppendAll(nil, []reading{r})
				check("Schema.AppendAll", got, gotErr)
			}
			before := countsOf(s.Count)
			got, gotErr := s.AppendWith(nil, &r, tags...)
			check("Schema.AppendWith", got, gotErr)
			checkCounts("Schema.AppendWith", countsOf(s.Count).since(before))
		}
	}

	if o.Text == lp.TextRefuse { // what a Series takes is settled before
		o.TagOrder = lp.TagsSorted
		e.SetOptions(o)
		e.Reset()
		err = r.encode(&e)
		want = string(e.Bytes())
		e.Reset()
		err := r.encodeSeries(&e)
		check("Series", e.Bytes(), err)
	}
}

// badTag reports whether a tag with this value is not written.
func badTag(value string) bool {
	_, err := lp.NewSeries("m", lp.Tag{Key: "k", Value: value})
	return value == "" || err != nil
}

// counts are how often something was refused, left out or changed, by reason.
type counts [lp.Replaced + 1]uint64

func countsOf(count func(lp.Reason) uint64) (c counts) {
	for r := range c {
		c[r] = count(lp.Reason(r))
	}
	return c
}

func (c counts) since(before counts) counts {
	for r := range c {
		c[r] -= before[r]
	}
	return c
}

// wild are texts and numbers at the limits of what is clean and what is allowed.
var (
	wildTexts = []string{"", "a", "host", "server01", "exactly 16 bytes", "a=b", `C:\x`, `C:\`, `a\ b`, "x\ny", "\xff", "#a", "é", `say "hi"`,
		"clean_but_longer_than_two_words", "\t", strings.Repeat("long and dirty, ", 20), "time", `a\\`, "a\x00b"}
	wildFloats = []float64{0, math.Copysign(0, -1), 1, 0.64, 219.23, -1e-7, 1e21, 5e-324, math.MaxFloat64, math.Pi, math.NaN(), math.Inf(1), 1e6}
)

func randomReading(r *rand.Rand) reading {
	text := func() string {
		if r.IntN(3) > 0 {
			return wildTexts[1+r.IntN(4)]
		}
		return wildTexts[r.IntN(len(wildTexts))]
	}
	float := func() float64 {
		switch r.IntN(12) {
		case 0:
			return wildFloats[r.IntN(len(wildFloats))]
		case 1:
			return math.Float64frombits(r.Uint64())
		}
		return math.Round(r.Float64()*1e5) / 100
	}
	v := reading{
		M: lp.Measurement(text()), Time: r.Int64() >> r.IntN(64), Host: text(), Rack: text(), Load: float(), Temp: float32(float()),
		N: int64(r.Uint64()) >> r.IntN(64), U: r.Uint64() >> r.IntN(64), Ok: r.IntN(2) == 0, Text: text(),
	}
	if r.IntN(2) == 0 {
		v.Opt = ref(float())
	}
	return v
}

func randomOptions(bits uint32) lp.Options {
	return lp.Options{
		Precision:     lp.Precision(bits & 7 % 6),
		NotFinite:     lp.NotFinitePolicy(bits >> 3 & 3 % 3),
		Text:          lp.TextPolicy(bits >> 5 & 3 % 3),
		Unsigned:      lp.UnsignedPolicy(bits >> 14 & 7 % 5),
		RefuseNewline: bits>>9&1 != 0,
		TagOrder:      lp.TagOrder(bits >> 12 & 1),

		AllowDuplicateFields: bits>>13&1 != 0,
	}
}

// TestForms holds that all forms write the same bytes.
func TestForms(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 30000 {
		o := lp.Options{}
		if r.IntN(2) == 0 {
			o = randomOptions(r.Uint32())
		}
		if checkForms(t, randomReading(r), o, r.IntN(2) == 0, r.IntN(2) == 0); t.Failed() {
			return
		}
	}
}

// FuzzForms does the same with whatever a fuzzer finds.
func FuzzForms(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		v := randomReading(r)
		f.Add(string(v.M), v.Host, v.Rack, v.Text, v.Load, v.Temp, v.N, v.U, v.Time, r.Uint32())
	}
	f.Fuzz(func(t *testing.T, m, host, rack, text string, load float64, temp float32, n int64, u uint64, ts int64, bits uint32) {
		v := reading{M: lp.Measurement(m), Time: ts, Host: host, Rack: rack, Load: load, Temp: temp, N: n, U: u, Ok: bits>>10&1 != 0, Text: text}
		if bits>>11&1 != 0 {
			v.Opt = &load
		}
		checkForms(t, v, randomOptions(bits), bits>>14&1 != 0, bits>>15&1 != 0)
	})
}

// TestLayoutRefuses has the calls that do not fit.
func TestLayoutRefuses(t *testing.T) {
	layout := must(lp.NewLayout("a", "b"))
	for _, c := range []struct {
		name   string
		row    func(r *lp.Row)
		reason lp.Reason
		want   string
	}{
		{"full", func(r *lp.Row) { r.Int(1); r.Bool(true) }, 0, "m a=1i,b=true\n"},
		{"first only", func(r *lp.Row) { r.Float(1) }, 0, "m a=1\n"},
		{"second only", func(r *lp.Row) { r.Skip(); r.String("x") }, 0, "m b=\"x\"\n"},
		{"none", func(r *lp.Row) {}, lp.ErrNoFields, ""},
		{"skipped", func(r *lp.Row) { r.Skip(); r.Skip() }, lp.ErrNoFields, ""},
		{"third", func(r *lp.Row) { r.Int(1); r.Int(2); r.Int(3) }, lp.ErrOrder, ""},
		{"third float", func(r *lp.Row) { r.Int(1); r.Int(2); r.Float(math.NaN()) }, lp.ErrOrder, ""},
		{"third skipped", func(r *lp.Row) { r.Int(1); r.Int(2); r.Skip() }, lp.ErrOrder, ""},
		{"floats", func(r *lp.Row) { r.Floats([]float64{1, 2}) }, 0, "m a=1,b=2\n"},
		{"too many floats", func(r *lp.Row) { r.Floats([]float64{1, 2, 3}) }, lp.ErrOrder, ""},
		{"NaN", func(r *lp.Row) { r.Int(1); r.Float(math.NaN()) }, lp.ErrNotFinite, ""},
		{"NaN among floats", func(r *lp.Row) { r.Floats([]float64{1, math.NaN()}) }, lp.ErrNotFinite, ""},
		{"unsigned", func(r *lp.Row) { r.Uint(1) }, 0, "m a=1u\n"},
	} {
		var e lp.Encoder
		e.Point("m")
		row := layout.Row(&e)
		c.row(&row)
		err := e.EndNoTimestamp()
		if c.reason == 0 && err != nil || c.reason != 0 && !errors.Is(err, c.reason) || string(e.Bytes()) != c.want {
			t.Errorf("%s: %q, %v", c.name, e.Bytes(), err)
		}
	}
	for _, keys := range [][]string{{"a", "a"}, {""}, {"time"}, {"a\n"}, {`a\`}} {
		if _, err := lp.NewLayout(keys...); !errors.As(err, new(*lp.PointError)) {
			t.Errorf("layout of %q: %v", keys, err)
		}
	}
	var none lp.Layout
	var e lp.Encoder
	e.Point("m")
	row := none.Row(&e)
	row.Floats(nil)
	row.Int(1)
	if err := e.EndNoTimestamp(); !errors.Is(err, lp.ErrOrder) || none.Len() != 0 {
		t.Errorf("layout of nothing: %v", err)
	}
}

// TestPoint has what a Point does beside being written.
func TestPoint(t *testing.T) {
	var p lp.Point
	p.SetMeasurement("m")
	p.SetTag("b", "1")
	p.SetTag("a", "2")
	p.SetTag("b", "3")
	p.SetInt("f", 1)
	p.SetFloat32("g", 0.1)
	p.SetString("f", "again")
	p.SetTime(time.Unix(0, 7))
	p.SetTag("gone", "")
	if got, err := p.AppendLP([]byte("x\n")); err != nil || string(got) != "x\nm,b=3,a=2 f=\"again\",g=0.1 7\n" {
		t.Errorf("%q, %v", got, err)
	}
	p.SetTimestamp(0)
	if got, err := p.AppendLP(nil); err != nil || string(got) != "m,b=3,a=2 f=\"again\",g=0.1 0\n" {
		t.Errorf("time 0: %q, %v", got, err)
	}
	p.SetTime(time.Time{})
	p.SetTag("c", "x\n")
	if got, err := p.AppendLP([]byte("x")); !errors.Is(err, lp.ErrNewline) || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if err := p.SetValue("v", struct{}{}); !errors.Is(err, lp.ErrType) {
		t.Errorf("value of a struct: %v", err)
	}
	p.Reset()
	if got, err := p.AppendLP(nil); !errors.Is(err, lp.ErrNoMeasurement) || len(got) != 0 || p.Measurement() != "" || len(p.Tags()) != 0 {
		t.Errorf("after Reset: %q, %v", got, err)
	}
	q, err := lp.NewPoint("m", map[string]string{"b": "2", "a": "1"}, map[string]any{"z": nil, "y": 1, "x": true}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := q.AppendLP(nil); err != nil || string(got) != "m,a=1,b=2 x=true,y=1i\n" {
		t.Errorf("NewPoint: %q, %v", got, err)
	}
	if _, err := lp.NewPoint("m", nil, map[string]any{"z": []int{}}, time.Time{}); !errors.Is(err, lp.ErrType) {
		t.Errorf("NewPoint of a slice: %v", err)
	}
	m := map[string]any{
		"time": "2009-11-10T23:00:00Z", "measurement": "cpu_load_short",
		"tags": map[string]string{"host": "server01", "region": "us-west"}, "fields": map[string]any{"value1": 0.64, "value2": true, "value3": 10},
	}
	q, err = lp.PointFromMap(m, "other")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := q.AppendLP(nil); err != nil || string(got) != "cpu_load_short,host=server01,region=us-west value1=0.64,value2=true,value3=10i 1257894000000000000\n" {
		t.Errorf("PointFromMap: %q, %v", got, err)
	}
	for _, bad := range []map[string]any{
		{"measurement": 1}, {"tags": 1}, {"tags": map[string]any{"a": 1}}, {"fields": 1}, {"fields": map[string]any{"a": []int{}}},
		{"time": 1.5}, {"time": "foo"}, {"tag": nil},
	} {
		if _, err := lp.PointFromMap(bad, "m"); !errors.As(err, new(*lp.PointError)) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// must returns v; an error is a fault of the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
