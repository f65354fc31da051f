package lp_test

import (
	"fmt"
	"log"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// Lines put together by hand from parts that were escaped once.
func ExampleSeries_Append() {
	series, err := lp.NewSeries("cpu", lp.Tag{Key: "region", Value: "eu west"})
	if err != nil {
		log.Fatal(err)
	}
	load, err := lp.NewFieldKey("load avg")
	if err != nil {
		log.Fatal(err)
	}
	var lines []byte
	for i, v := range []float64{0.5, 0.25} {
		lines = series.Append(lines)
		lines = append(lines, ' ')
		lines = load.Append(lines)
		lines = lp.AppendFloat(lines, v)
		lines = append(lines, ' ')
		lines = lp.AppendTimestamp(lines, int64(i))
		lines = append(lines, '\n')
	}
	fmt.Printf("%s", lines)
	fmt.Println(series.Measurement(), load) // not escaped
	// Output:
	// cpu,region=eu\ west load\ avg=0.5 0
	// cpu,region=eu\ west load\ avg=0.25 1
	// cpu load avg
}

// The keys of a layout say what the values of a row are.
func ExampleLayout_Key() {
	layout, err := lp.NewLayout("rx bytes", "tx bytes")
	if err != nil {
		log.Fatal(err)
	}
	counters := []uint64{1024, 512}
	var e lp.Encoder
	e.Point("net")
	row := layout.Row(&e)
	for i, v := range counters {
		fmt.Println(layout.Key(i), v)
		row.Uint(v)
	}
	e.EndNoTimestamp()
	fmt.Printf("%s", e.Bytes())
	// Output:
	// rx bytes 1024
	// tx bytes 512
	// net rx\ bytes=1024u,tx\ bytes=512u
}

// The measurement of a type, and one of every value.
func ExampleMeasurement() {
	type load struct {
		_     lp.Measurement `lp:"cpu load"`
		Value float64        `lp:"value"`
	}
	type counter struct {
		Name  lp.Measurement
		Value int `lp:"value"`
	}
	loads, err := lp.SchemaFor[load]()
	if err != nil {
		log.Fatal(err)
	}
	line, err := loads.Append(nil, &load{Value: 0.64})
	fmt.Printf("%s%v\n", line, err)
	counters, err := lp.SchemaFor[counter]()
	if err != nil {
		log.Fatal(err)
	}
	lines, err := counters.AppendAll(nil, []counter{{"hits", 5}, {"misses", 1}})
	fmt.Printf("%s%v\n", lines, err)
	// Output:
	// cpu\ load value=0.64
	// <nil>
	// hits value=5i
	// misses value=1i
	// <nil>
}

// One option differs from those of the schema.
func ExampleSchema_Options() {
	type load struct {
		Time  time.Time `lp:",timestamp"`
		Value float64   `lp:"value"`
	}
	schema, err := lp.NewSchema[load](lp.SchemaOptions{
		Options:     lp.Options{Precision: lp.Nanosecond, NotFinite: lp.NotFiniteDropPoint},
		Measurement: "load",
	})
	if err != nil {
		log.Fatal(err)
	}
	o := schema.Options()
	o.Precision = lp.Millisecond
	line, err := schema.With(o).Append(nil, &load{time.Unix(5, 0), 0.5})
	fmt.Printf("%s%v\n", line, err)
	// Output:
	// load value=0.5 5000
	// <nil>
}

// Points of several shapes in one batch; the bad one is left out.
func ExamplePoint_Encode() {
	var good, bad lp.Point
	good.SetMeasurement("cpu")
	good.SetFloat("load", 0.64)
	good.SetTimestamp(1)
	bad.SetMeasurement("disk")
	bad.SetTag("path", "C:\\")
	bad.SetInt("free", 4096)
	var e lp.Encoder
	for _, p := range []*lp.Point{&good, &bad} {
		if err := p.Encode(&e); err != nil {
			fmt.Println(p.Measurement(), "is left out:", err)
		}
	}
	fmt.Printf("%s", e.Bytes())
	// Output:
	// disk is left out: lp: point 1 of "disk": tag value "path": backslash that line protocol cannot carry
	// cpu load=0.64 1
}
