package lp_test

import (
	"fmt"
	"log"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// Every type of a field has its method.
func ExampleEncoder_Float() {
	var e lp.Encoder
	e.Point("m")
	e.Float32("float32", 0.1)
	e.Decimal("decimal", "3.540")
	e.StringBytes("text", []byte("a"))
	e.EndTimestamp(1)
	fmt.Printf("%s", e.Bytes())
	// Output: m float32=0.1,decimal=3.540,text="a" 1
}

// Keys that are escaped once serve every point.
func ExampleEncoder_FloatFor() {
	load, err := lp.NewFieldKey("load avg")
	if err != nil {
		log.Fatal(err)
	}
	up, err := lp.NewFieldKey("up")
	if err != nil {
		log.Fatal(err)
	}
	procs, err := lp.NewFieldKey("procs")
	if err != nil {
		log.Fatal(err)
	}
	state, err := lp.NewFieldKey("state")
	if err != nil {
		log.Fatal(err)
	}
	bytes, err := lp.NewFieldKey("bytes")
	if err != nil {
		log.Fatal(err)
	}
	var e lp.Encoder
	e.Point("cpu")
	e.FloatFor(load, 0.5)
	e.BoolFor(up, true)
	e.IntFor(procs, 3)
	e.StringFor(state, "idle")
	e.UintFor(bytes, 7)
	e.EndTimestamp(1)
	fmt.Printf("%s", e.Bytes())
	// Output: cpu load\ avg=0.5,up=true,procs=3i,state="idle",bytes=7u 1
}

// An encoder is used again batch by batch.
func ExampleEncoder_Reset() {
	var e lp.Encoder
	if err := e.SetExtraTags(lp.Tag{Key: "dc", Value: "x"}); err != nil {
		fmt.Println(err)
	}
	e.Point("a")
	e.Int("v", 1)
	e.EndTimestamp(1)
	e.Point("b") // has no field
	e.EndTimestamp(1)
	e.Point("c")
	e.Int("v", 1)
	e.Cancel() // on second thoughts
	fmt.Println(e.Lines(), e.Len(), e.Refused())
	e.Reset()
	fmt.Println(e.Lines(), e.Len(), e.Refused())
	// Output:
	// 1 14 1
	// 0 0 0
}

// A batch is handed on without a copy.
func ExampleEncoder_SetBuffer() {
	var e lp.Encoder
	e.Point("a")
	e.Int("v", 1)
	e.EndTimestamp(1)
	batch := e.Bytes()
	e.SetBuffer(make([]byte, 0, 1<<20)) // batch is ours now
	fmt.Printf("%s%d lines\n", batch, e.Lines())
	// Output:
	// a v=1i 1
	// 0 lines
}

// Values may be of every type; those left out have no field.
func ExampleRow() {
	layout, err := lp.NewLayout("load", "temp", "up", "state")
	if err != nil {
		log.Fatal(err)
	}
	series, err := lp.NewSeries("cpu", lp.Tag{Key: "host", Value: "a"})
	if err != nil {
		log.Fatal(err)
	}
	var e lp.Encoder
	e.Series(series)
	row := layout.Row(&e)
	row.Float32(0.1)
	row.Skip()
	row.Bool(true)
	row.String("idle")
	e.EndTimestamp(1)
	fmt.Printf("%d fields: %s", layout.Len(), e.Bytes())
	// Output: 4 fields: cpu,host=a load=0.1,up=true,state="idle" 1
}

// A schema takes other options without being compiled again.
func ExampleSchema_With() {
	type load struct {
		Time time.Time `lp:",timestamp"`
		Load float64   `lp:"load"`
	}
	s, err := lp.SchemaFor[load]()
	if err != nil {
		log.Fatal(err)
	}
	seconds := s.With(lp.Options{Precision: lp.Second})
	line, err := seconds.Append(nil, &load{time.Unix(5, 0), 0.5})
	fmt.Printf("%s%v\n", line, err)
	// Output:
	// load load=0.5 5
	// <nil>
}

// A schema takes another measurement without being compiled again.
func ExampleSchema_WithMeasurement() {
	type load struct {
		Load float64 `lp:"load"`
	}
	s, err := lp.SchemaFor[load]()
	if err != nil {
		log.Fatal(err)
	}
	cpu, err := s.WithMeasurement("cpu load")
	if err != nil {
		log.Fatal(err)
	}
	line, err := cpu.Append(nil, &load{0.5})
	fmt.Printf("%s%v\n", line, err)
	_, err = s.WithMeasurement("two\nlines")
	fmt.Println(err)
	// Output:
	// cpu\ load load=0.5
	// <nil>
	// lp: schema of lp_test.load: measurement "two\nlines": lp: line feed
}

// A point is filled again and again.
func ExamplePoint_Reset() {
	var p lp.Point
	p.SetMeasurement("m")
	p.SetTag("host", "a")
	p.SetBool("bool", true)
	p.SetUint("uint", 7)
	p.SetFloat32("float32", 0.1)
	p.SetDecimal("decimal", "3.54")
	p.SetString("text", "a b")
	if err := p.SetValue("int", 5); err != nil {
		fmt.Println(err)
	}
	p.SetTime(time.Unix(0, 1))
	line, err := p.AppendLP(nil)
	fmt.Printf("%v %s%v\n", p.Tags(), line, err)
	p.Reset()
	fmt.Println(len(p.Tags()))
	// Output:
	// [{host a}] m,host=a bool=true,uint=7u,float32=0.1,decimal=3.54,text="a b",int=5i 1
	// <nil>
	// 0
}
