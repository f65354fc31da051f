package lp_test

import (
	"errors"
	"fmt"
	"log"
	"math"

	"github.com/pointwire/pointwire/lp"
)

// What a strict encoder refuses, and why: errors.Is finds the reason in the error,
// whose text adds the place.
func ExampleReason() {
	for _, c := range []struct {
		reason lp.Reason
		write  func(e *lp.Encoder)
	}{
		{lp.ErrNoMeasurement, func(e *lp.Encoder) { e.Point("") }},
		{lp.ErrComment, func(e *lp.Encoder) { e.Point("#cpu") }},
		{lp.ErrLeadingSpace, func(e *lp.Encoder) { e.Point("\tcpu") }},
		{lp.ErrNewline, func(e *lp.Encoder) { e.Point("cpu"); e.Tag("host", "a\nb") }},
		{lp.ErrBackslash, func(e *lp.Encoder) { e.Point("disk"); e.Tag("path", `C:\`) }},
		{lp.ErrEmptyKey, func(e *lp.Encoder) { e.Point("cpu"); e.Tag("", "a") }},
		{lp.ErrDuplicateTag, func(e *lp.Encoder) { e.Point("cpu"); e.Tag("host", "a"); e.Tag("host", "b") }},
		{lp.ErrReservedKey, func(e *lp.Encoder) { e.Point("cpu"); e.Float("time", 0.5) }},
		{lp.ErrUTF8, func(e *lp.Encoder) { e.Point("log"); e.String("text", "caf\xe9") }},
		{lp.ErrNotFinite, func(e *lp.Encoder) { e.Point("cpu"); e.Float("load", math.NaN()) }},
		{lp.ErrNumber, func(e *lp.Encoder) { e.Point("trade"); e.Decimal("price", "12 EUR") }},
		{lp.ErrType, func(e *lp.Encoder) { e.Point("cpu"); e.Value("loads", []float64{1, 2}) }},
		{lp.ErrDuplicateField, func(e *lp.Encoder) { e.Point("cpu"); e.Int("n", 1); e.Int("n", 2) }},
		{lp.ErrOrder, func(e *lp.Encoder) { e.Point("cpu"); e.Int("n", 1); e.Tag("host", "a") }},
		{lp.ErrNoFields, func(e *lp.Encoder) { e.Point("cpu"); e.Tag("host", "a") }},
		{lp.ErrTimeRange, func(e *lp.Encoder) { e.Point("cpu"); e.Int("n", 1); e.EndTimestamp(lp.MaxTime + 1) }},
		{lp.ErrLine, func(e *lp.Encoder) { e.Line([]byte("cpu,host=a")) }},
	} {
		var e lp.Encoder
		c.write(&e)
		e.EndNoTimestamp()
		fmt.Println(errors.Is(e.Err(), c.reason), e.Err())
	}
	// Output:
	// true lp: point 0: measurement: missing measurement
	// true lp: point 0 of "#cpu": measurement: measurement starts with #
	// true lp: point 0 of "\tcpu": measurement: leading tab or zero byte
	// true lp: point 0 of "cpu": tag value "host": line feed
	// true lp: point 0 of "disk": tag value "path": backslash that line protocol cannot carry
	// true lp: point 0 of "cpu": tag key: empty key
	// true lp: point 0 of "cpu": tag key "host": duplicate tag
	// true lp: point 0 of "cpu": field key "time": reserved key "time"
	// true lp: point 0 of "log": field value "text": invalid UTF-8
	// true lp: point 0 of "cpu": field value "load": not a finite number
	// true lp: point 0 of "trade": field value "price": invalid number
	// true lp: point 0 of "cpu": field value "loads": unsupported type
	// true lp: point 0 of "cpu": field key "n": duplicate field
	// true lp: point 0 of "cpu": tag key "host": call out of order
	// true lp: point 0 of "cpu": no fields
	// true lp: point 0 of "cpu": timestamp: time out of range
	// true lp: point 0: not one complete line: lp: line 1, column 10: missing fields in "cpu,host=a"
}

// Reasons that need an option, a text or a schema to come about.
func ExampleReason_more() {
	var e lp.Encoder
	e.SetOptions(lp.Options{Unsigned: lp.UnsignedInt})
	e.Point("net")
	e.Uint("bytes", math.MaxUint64)
	err := e.EndNoTimestamp()
	fmt.Println(errors.Is(err, lp.ErrUnsigned), err)

	_, err = lp.ParseTimestamp("yesterday", lp.Nanosecond)
	fmt.Println(errors.Is(err, lp.ErrTime), err)

	type door struct {
		State int `lp:"state"`
	}
	schema, err := lp.NewSchema[door](lp.SchemaOptions{
		Enums: map[string]map[int64]string{"State": {0: "open", 1: "closed"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = schema.Append(nil, &door{State: 2})
	fmt.Println(errors.Is(err, lp.ErrValue), err)
	// Output:
	// true lp: point 0 of "net": field value "bytes": unsigned integer not allowed
	// true lp: invalid time
	// true lp: point 0 of "door": field value "state": value without text
}

// What is left out or changed without an error is counted.
func ExampleEncoder_Count() {
	var e lp.Encoder
	e.SetOptions(lp.Options{Text: lp.TextReplace})
	e.Point("disk")
	e.Tag("path", `C:\`)
	e.Tag("label", "")
	e.Int("free", 4096)
	fmt.Println(e.EndNoTimestamp())
	fmt.Printf("%s", e.Bytes())
	fmt.Println(lp.EmptyTag.String(), e.Count(lp.EmptyTag))
	fmt.Println(lp.Replaced.String(), e.Count(lp.Replaced))
	// Output:
	// <nil>
	// disk,path=C:_ free=4096i
	// empty tag value 1
	// replaced text 1
}

// The part of the line that an error is about tells what to look at.
func ExamplePart() {
	write := func(measurement, tag, host, field string, load float64, ts int64) error {
		var e lp.Encoder
		e.Point(measurement)
		e.Tag(tag, host)
		e.Float(field, load)
		return e.EndTimestamp(ts)
	}
	var e lp.Encoder
	e.Point("cpu")
	for _, err := range []error{
		e.EndNoTimestamp(), // without a field
		write("", "host", "a", "load", 0.5, 1),
		write("cpu", "time", "a", "load", 0.5, 1),
		write("cpu", "host", "a\nb", "load", 0.5, 1),
		write("cpu", "host", "a", "", 0.5, 1),
		write("cpu", "host", "a", "load", math.Inf(1), 1),
		write("cpu", "host", "a", "load", 0.5, math.MinInt64),
	} {
		var bad *lp.PointError
		if !errors.As(err, &bad) {
			continue
		}
		switch bad.Part {
		case lp.PartLine:
			fmt.Println("the point:", bad.Reason.String())
		case lp.PartMeasurement:
			fmt.Println("choose another measurement:", bad.Reason.String())
		case lp.PartTagKey, lp.PartFieldKey:
			fmt.Printf("rename the %s %q: %s\n", bad.Part, bad.Key, bad.Reason.String())
		case lp.PartTagValue, lp.PartFieldValue:
			fmt.Printf("look at what %q is set to, a %s: %s\n", bad.Key, bad.Part, bad.Reason.String())
		case lp.PartTimestamp:
			fmt.Println("look at the clock:", bad.Reason.String())
		}
	}
	// Output:
	// the point: no fields
	// choose another measurement: missing measurement
	// rename the tag key "time": reserved key "time"
	// look at what "host" is set to, a tag value: line feed
	// rename the field key "": empty key
	// look at what "load" is set to, a field value: not a finite number
	// look at the clock: time out of range
}
