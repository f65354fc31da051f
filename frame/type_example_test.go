package frame_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
)

// The type of a column says which of its slices hold the values.
func ExampleType() {
	empty := frame.Column{Name: "empty"}
	empty.AppendNull()
	columns := []frame.Column{
		empty,
		frame.Bools("up", []bool{true}),
		frame.Ints("delta", []int64{-5}),
		frame.Uints("bytes", []uint64{7}),
		frame.Floats("load", []float64{0.64}),
		frame.Floats32("temp", []float32{0.1}),
		frame.Strings("note", []string{"idle"}),
		frame.Tags("host", []string{"a"}),
	}
	for i := range columns {
		c := &columns[i]
		fmt.Print(c.Name, " ", c.Type, ": ")
		switch c.Type {
		case frame.Null:
			fmt.Println("nothing in", c.Len(), "row")
		case frame.Bool:
			fmt.Println(c.Bool(0))
		case frame.Int64:
			fmt.Println(c.Ints)
		case frame.Uint64:
			fmt.Println(c.Uints)
		case frame.Float64:
			fmt.Println(c.Floats)
		case frame.Float32:
			fmt.Println(c.Floats32)
		case frame.String:
			fmt.Printf("%q at %d\n", c.Data, c.Offsets)
		case frame.Dict:
			fmt.Printf("%d of %q\n", c.Codes, c.Data)
		}
	}
	// Output:
	// empty null: nothing in 1 row
	// up bool: true
	// delta int64: [-5]
	// bytes uint64: [7]
	// load float64: [0.64]
	// temp float32: [0.1]
	// note string: "idle" at [0 4]
	// host dictionary: [0] of "a"
}

// The columns of a response are fields, except those that the program names as tags.
func ExampleRole() {
	const body = `{"results":[{"series":[{"name":"cpu","columns":["time","host","load"],"values":[[1,"a",0.5],[2,"b",0.25]]}]}]}`
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(body)))
	r.Tags = []string{"host"}
	for f, err := range r.Frames() {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, c := range f.Columns {
			switch c.Role {
			case frame.Tag:
				fmt.Println("tag", c.Name, c.Type)
			case frame.Field:
				fmt.Println("field", c.Name, c.Type)
			}
		}
	}
	// Output:
	// tag host dictionary
	// field load float64
}

// A long series comes in frames of DefaultRows rows, or as many as Reader.Rows says.
func ExampleReader_rows() {
	var body strings.Builder
	body.WriteString(`{"results":[{"series":[{"name":"m","columns":["time","v"],"values":[[0,0]`)
	for i := range frame.DefaultRows + 499 {
		fmt.Fprintf(&body, ",[%d,%d]", i+1, i)
	}
	body.WriteString(`]}]}]}`)
	for _, rows := range []int{0, frame.DefaultRows / 2, -1} {
		r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(body.String())))
		r.Rows = rows
		for r.Next() {
			fmt.Print(r.Frame().Len(), " ")
		}
		fmt.Println(r.Err())
	}
	// Output:
	// 1024 500 <nil>
	// 512 512 500 <nil>
	// 1524 <nil>
}

// A malformed frame cannot be written.
func ExampleShapeError() {
	short := &frame.Frame{Measurement: "cpu", Time: []int64{1, 2}, Columns: []frame.Column{frame.Floats("load", []float64{0.5})}}
	astray := &frame.Frame{Measurement: "cpu", Time: []int64{1}, Columns: []frame.Column{frame.Tags("host", []string{"a"})}}
	astray.Columns[0].Codes[0] = 7 // there is one text
	write := func(f *frame.Frame) error {
		_, err := f.AppendLP(nil)
		return err
	}
	for _, c := range []struct{ cause, err error }{
		{frame.ErrNoColumn, short.SetTags("host")},
		{frame.ErrLength, write(short)},
		{frame.ErrLayout, write(astray)},
	} {
		var shape *frame.ShapeError
		if errors.As(c.err, &shape) {
			fmt.Println(shape.Column, errors.Is(c.err, c.cause), shape)
		}
	}
	// Output:
	// host true frame: column "host": no such column
	// load true frame: column "load": another number of rows: 1 instead of 2
	// host true frame: column "host": bitmap, offset or code out of range
}

// A column panics if it would hold more text than its offsets can address. A program
// that collects texts without a bound can begin another frame then.
func ExampleColumn_AppendString() {
	fits := func(c *frame.Column, text string) (ok bool) {
		defer func() {
			if r := recover(); r == frame.ErrTooLarge {
				ok = false
			} else if r != nil {
				panic(r)
			}
		}()
		c.AppendString(text)
		return true
	}
	full := []frame.Column{}
	notes := frame.Column{Name: "note"}
	for _, text := range []string{"idle", "busy", "idle"} {
		if !fits(&notes, text) {
			full = append(full, notes)
			notes = frame.Column{Name: "note"}
			notes.AppendString(text)
		}
	}
	fmt.Println(len(full), notes.Len())
	// Output: 0 3
}
