package lp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// The Append functions write a line part by part, with nothing kept.
func ExampleAppendMeasurement() {
	var line []byte
	line = lp.AppendMeasurement(line, "cpu load")
	line = lp.AppendTag(line, "host", "server01")
	line = lp.AppendTag(line, "rack", "") // no tag
	line = append(line, ' ')
	line = lp.AppendFieldKey(line, "value")
	line = lp.AppendFloat(line, 0.64)
	line = append(line, ' ')
	line = lp.AppendTimestamp(line, 1257894000000000000)
	fmt.Printf("%s\n", line)
	// Output: cpu\ load,host=server01 value=0.64 1257894000000000000
}

func ExampleAppendTag() {
	fmt.Printf("%s\n", lp.AppendTag(nil, "city", "New York, NY"))
	fmt.Printf("%s\n", lp.AppendTag(nil, "path", `C:\`)) // line protocol cannot carry it
	// Output:
	// ,city=New\ York\,\ NY
	// ,path=C:_
}

func ExampleAppendFieldKey() {
	fmt.Printf("%s\n", lp.AppendFieldKey(nil, `size "total"`))
	// Output: size\ \"total\"=
}

func ExampleAppendFloat() {
	for _, v := range []float64{1, 0.1, 1.5e-7, 1e21, math.NaN()} {
		fmt.Printf("%s\n", lp.AppendFloat(nil, v))
	}
	// Output:
	// 1
	// 0.1
	// 1.5e-07
	// 1e+21
}

func ExampleAppendFloat32() {
	v := float32(0.1)
	fmt.Printf("%s %s\n", lp.AppendFloat32(nil, v), lp.AppendFloat(nil, float64(v)))
	// Output: 0.1 0.10000000149011612
}

func ExampleAppendInt() {
	fmt.Printf("%s\n", lp.AppendInt(nil, -5))
	// Output: -5i
}

func ExampleAppendUint() {
	fmt.Printf("%s\n", lp.AppendUint(nil, math.MaxUint64))
	// Output: 18446744073709551615u
}

func ExampleAppendBool() {
	fmt.Printf("%s\n", lp.AppendBool(nil, true))
	// Output: true
}

func ExampleAppendString() {
	fmt.Printf("%s\n", lp.AppendString(nil, `say "hi"`))
	// Output: "say \"hi\""
}

func ExampleAppendTimestamp() {
	fmt.Printf("%s\n", lp.AppendTimestamp(nil, 1540184368785116000))
	// Output: 1540184368785116000
}

// Times are rounded down, before 1970 too.
func ExampleAppendTime() {
	t := time.Date(1969, 12, 31, 23, 59, 59, 500e6, time.UTC)
	fmt.Printf("%s %s\n", lp.AppendTime(nil, t, lp.Second), lp.AppendTime(nil, t, lp.Nanosecond))
	// Output: -1 -500000000
}

func ExampleTimestampCache() {
	var c lp.TimestampCache
	line := c.Append(nil, 1540184368785116000)
	line = append(line, ' ')
	line = c.Append(line, 1540184368785117000) // shares its first digits
	fmt.Printf("%s\n", line)
	// Output: 1540184368785116000 1540184368785117000
}

func ExampleParseTimestamp() {
	for _, text := range []string{"2009-11-10T23:00:00Z", "2018-01-01", "2018-08-08 15:22:33", "yesterday"} {
		fmt.Println(lp.ParseTimestamp(text, lp.Nanosecond))
	}
	// Output:
	// 1257894000000000000 <nil>
	// 1514764800000000000 <nil>
	// 1533741753000000000 <nil>
	// 0 lp: invalid time
}

func ExampleAppendRFC3339() {
	fmt.Printf("%s\n", lp.AppendRFC3339(nil, 1540184368785116000, lp.Nanosecond))
	fmt.Printf("%s\n", lp.AppendRFC3339(nil, 1540184368, lp.Second))
	// Output:
	// 2018-10-22T04:59:28.785116Z
	// 2018-10-22T04:59:28Z
}

func ExampleEncoder() {
	var e lp.Encoder
	for i, load := range []float64{0.64, math.NaN(), 0.66} {
		e.Point("cpu")
		e.Tag("host", "server01")
		e.Float("load", load)
		e.Int("cores", 8)
		e.EndTimestamp(1257894000000000000 + int64(i)) // a bad point is left out
	}
	fmt.Println(e.Err())
	os.Stdout.Write(e.Bytes())
	// Output:
	// lp: point 1 of "cpu": field value "load": not a finite number
	// cpu,host=server01 load=0.64,cores=8i 1257894000000000000
	// cpu,host=server01 load=0.66,cores=8i 1257894000000000002
}

// Policies say what happens to what line protocol cannot carry. All of it is
// counted.
func ExampleEncoder_SetOptions() {
	var e lp.Encoder
	e.SetOptions(lp.Options{
		Precision: lp.Second,
		NotFinite: lp.NotFiniteDropField,
		Text:      lp.TextReplace,
		Unsigned:  lp.UnsignedInt,
		TagOrder:  lp.TagsSorted,
	})
	e.Point("disk")
	e.Tag("path", `C:\`)
	e.Tag("host", "a")
	e.Uint("free", 5)
	e.Float("load", math.Inf(1))
	if err := e.End(time.Unix(1257894000, 0)); err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(e.Bytes())
	fmt.Println(e.Count(lp.Replaced), e.Count(lp.ErrNotFinite))
	// Output:
	// disk,host=a,path=C:_ free=5i 1257894000
	// 1 1
}

func ExampleEncoder_SetDefaultTags() {
	var e lp.Encoder
	if err := e.SetDefaultTags(lp.Tag{Key: "dc", Value: "eu"}, lp.Tag{Key: "host", Value: "unknown"}); err != nil {
		fmt.Println(err)
	}
	e.Point("cpu")
	e.Tag("host", "server01")
	e.Bool("up", true)
	e.EndNoTimestamp()
	os.Stdout.Write(e.Bytes())
	// Output: cpu,host=server01,dc=eu up=true
}

func ExampleEncoder_Line() {
	var e lp.Encoder
	fmt.Println(e.Line([]byte("cpu load=0.64 1257894000000000000")))
	fmt.Println(e.Line([]byte("cpu load=")))
	os.Stdout.Write(e.Bytes())
	// Output:
	// <nil>
	// lp: point 1: not one complete line: lp: line 1, column 9: missing field value in "cpu load="
	// cpu load=0.64 1257894000000000000
}

func ExampleEncoder_Append() {
	p, err := lp.NewPoint("cpu", nil, map[string]any{"load": 0.64}, time.Time{})
	if err != nil {
		fmt.Println(err)
	}
	var e lp.Encoder
	if err := e.Append(p); err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(e.Bytes())
	// Output: cpu load=0.64
}

func ExamplePointError() {
	var e lp.Encoder
	e.Point("cpu")
	e.Tag("host", "a\nb")
	err := e.EndNoTimestamp()
	var pe *lp.PointError
	if errors.As(err, &pe) {
		fmt.Println(pe.Part, pe.Key, pe.Reason.String())
	}
	fmt.Println(errors.Is(err, lp.ErrNewline))
	// Output:
	// tag value host line feed
	// true
}

// A Series and FieldKeys are escaped once.
func ExampleSeries() {
	series, err := lp.NewSeries("cpu", lp.Tag{Key: "region", Value: "eu west"}, lp.Tag{Key: "host", Value: "a"})
	if err != nil {
		fmt.Println(err)
	}
	var e lp.Encoder
	for i := range 2 {
		e.Series(series)
		e.Int("n", int64(i))
		e.EndTimestamp(int64(i))
	}
	os.Stdout.Write(e.Bytes())
	// Output:
	// cpu,host=a,region=eu\ west n=0i 0
	// cpu,host=a,region=eu\ west n=1i 1
}

func ExampleFieldKey() {
	load, err := lp.NewFieldKey("load 1")
	if err != nil {
		log.Fatal(err)
	}
	var e lp.Encoder
	e.Point("cpu")
	e.FloatFor(load, 0.64)
	e.EndNoTimestamp()
	os.Stdout.Write(e.Bytes())
	// Output: cpu load\ 1=0.64
}

// A Layout is a list of fields that is the same for every point.
func ExampleLayout() {
	series, err := lp.NewSeries("cpu", lp.Tag{Key: "host", Value: "a"})
	if err != nil {
		log.Fatal(err)
	}
	layout, err := lp.NewLayout("user", "system", "cores")
	if err != nil {
		log.Fatal(err)
	}
	var e lp.Encoder
	e.Series(series)
	row := layout.Row(&e)
	row.Float(0.5)
	row.Skip()
	row.Int(8)
	e.EndTimestamp(1)
	e.Series(series)
	row = layout.Row(&e)
	row.Floats([]float64{0.25, 0.125})
	e.EndTimestamp(2)
	os.Stdout.Write(e.Bytes())
	// Output:
	// cpu,host=a user=0.5,cores=8i 1
	// cpu,host=a user=0.25,system=0.125 2
}

type Trade struct {
	Timestamp  time.Time `lp:",timestamp"`
	Instrument string    `lp:"instrument,tag"`
	Side       Side      `lp:"side,tag"`
	Price      float64   `lp:"price"`
	Size       int       `lp:"size"`
	Note       *string   `lp:"note"`
}

type Side int

func (s Side) String() string { return [...]string{"BUY", "SELL"}[s] }

func ExampleSchema() {
	schema, err := lp.SchemaFor[Trade]()
	if err != nil {
		fmt.Println(err)
	}
	trade := Trade{time.Unix(0, 1540184368785116000), "AAPL", 0, 219.23, 100, nil}
	line, err := schema.Append(nil, &trade)
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	// Output: Trade,instrument=AAPL,side=BUY price=219.23,size=100i 1540184368785116000
}

func ExampleSchema_AppendWith() {
	schema, err := lp.SchemaFor[Trade]()
	if err != nil {
		log.Fatal(err)
	}
	line, err := schema.AppendWith(nil, &Trade{Instrument: "V"}, lp.Tag{Key: "source", Value: "NYSE"})
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	// Output: Trade,instrument=V,side=BUY,source=NYSE price=0,size=0i
}

// A bad point is left out; the others are written.
func ExampleSchema_AppendAll() {
	schema, err := lp.SchemaFor[Trade]()
	if err != nil {
		log.Fatal(err)
	}
	lines, err := schema.AppendAll(nil, []Trade{{Instrument: "A", Price: 1}, {Instrument: "B", Price: math.NaN()}, {Instrument: "C", Price: 3}})
	fmt.Println(err)
	os.Stdout.Write(lines)
	// Output:
	// lp: point 1 of "Trade": field value "price": not a finite number
	// Trade,instrument=A,side=BUY price=1,size=0i
	// Trade,instrument=C,side=BUY price=3,size=0i
}

func ExampleSchema_AppendSeq() {
	schema, err := lp.SchemaFor[Trade]()
	if err != nil {
		log.Fatal(err)
	}
	lines, err := schema.AppendSeq(nil, slices.Values([]Trade{{Size: 1}, {Size: 2}}))
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(lines)
	// Output:
	// Trade,side=BUY price=0,size=1i
	// Trade,side=BUY price=0,size=2i
}

func ExampleSchema_Encode() {
	schema, err := lp.SchemaFor[Trade]()
	if err != nil {
		log.Fatal(err)
	}
	var e lp.Encoder
	e.SetPrecision(lp.Second)
	if err := schema.Encode(&e, &Trade{Timestamp: time.Unix(7, 0)}); err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(e.Bytes())
	// Output: Trade,side=BUY price=0,size=0i 7
}

// A struct whose tags belong to somebody else gets its schema from options.
func ExampleNewSchema() {
	type Reading struct {
		Station string
		State   int
		Celsius float64
	}
	schema, err := lp.NewSchema[Reading](lp.SchemaOptions{
		Measurement: "weather",
		Columns:     map[string]string{"Station": "station,tag", "State": "state", "Celsius": "temp,omitempty"},
		Enums:       map[string]map[int64]string{"State": {0: "OK", 1: "FAILED"}},
		ExtraTags:   []lp.Tag{{Key: "unit", Value: "C"}},
	})
	if err != nil {
		fmt.Println(err)
	}
	line, err := schema.Append(nil, &Reading{"Kyoto", 1, 0})
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	// Output: weather,station=Kyoto,unit=C state="FAILED"
}

func ExampleSchemaError() {
	_, err := lp.SchemaFor[struct {
		A chan int `lp:"a"`
		B float64  `lp:"time"`
	}]()
	var se *lp.SchemaError
	if errors.As(err, &se) {
		for _, p := range se.Problems {
			fmt.Println(p)
		}
	}
	// Output:
	// field A: type chan int has no place in line protocol
	// field B: key "time": lp: reserved key "time"
	// measurement "": lp: missing measurement
}

func ExamplePoint() {
	var p lp.Point
	p.SetMeasurement("cpu")
	p.SetTag("host", "a")
	p.SetFloat("load", 0.64)
	p.SetInt("cores", 8)
	p.SetFloat("load", 0.65) // takes the place of the other
	p.SetTimestamp(1257894000000000000)
	line, err := p.AppendLP(nil)
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	// Output: cpu,host=a load=0.65,cores=8i 1257894000000000000
}

func ExampleNewPoint() {
	p, err := lp.NewPoint("cpu", map[string]string{"host": "a"}, map[string]any{"up": true, "cores": 8}, time.Unix(0, 1))
	if err != nil {
		fmt.Println(err)
	}
	line, err := p.AppendLP(nil)
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	// Output: cpu,host=a cores=8i,up=true 1
}

// The mapping of the Python clients.
func ExamplePointFromMap() {
	p, err := lp.PointFromMap(map[string]any{
		"time":        "2009-11-10T23:00:00Z",
		"measurement": "cpu_load_short",
		"tags":        map[string]any{"host": "server01", "region": "us-west"},
		"fields":      map[string]any{"value": 0.64},
	}, "")
	if err != nil {
		fmt.Println(err)
	}
	line, err := p.AppendLP(nil)
	if err != nil {
		fmt.Println(err)
	}
	os.Stdout.Write(line)
	// Output: cpu_load_short,host=server01,region=us-west value=0.64 1257894000000000000
}

// A decoder with UseNumber keeps every integer exact, also a time in milliseconds.
func ExamplePointFromMapIn() {
	d := json.NewDecoder(strings.NewReader(`{"time": 1257894000000, "fields": {"value": 0.64, "n": 9007199254740993}}`))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		fmt.Println(err)
	}
	p, err := lp.PointFromMapIn(m, "cpu", lp.Millisecond)
	if err != nil {
		fmt.Println(err)
	}
	line, err := p.AppendLP(nil)
	fmt.Printf("%s%v\n", line, err)
	_, err = lp.PointFromMapIn(map[string]any{"time": int64(1257894000000)}, "cpu", lp.Hour)
	fmt.Println(errors.Is(err, lp.ErrTimeRange))
	// Output:
	// cpu n=9007199254740993i,value=0.64 1257894000000000000
	// <nil>
	// true
}
