package jsonscan_test

import (
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/jsonscan"
)

// A loop can switch on the kind of each cell.
func ExampleKind() {
	const body = `{"results":[{"series":[{"name":"m","columns":["a","b","c","d","e","f"],` +
		`"values":[[null,true,-5,18446744073709551615,2.5,"x"]]}]}]}`
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, c := range row.Cells() {
			switch c.Kind() {
			case jsonscan.KindNull:
				fmt.Println("nothing")
			case jsonscan.KindBool:
				v, _ := c.Bool()
				fmt.Println("bool", v)
			case jsonscan.KindInt:
				v, _ := c.Int()
				fmt.Println("integer", v)
			case jsonscan.KindUint: // beyond the largest int64
				fmt.Println("unsigned", c.Bits())
			case jsonscan.KindFloat:
				v, _ := c.Float()
				fmt.Println("float", v)
			case jsonscan.KindString:
				v, _ := row.Bytes(i)
				fmt.Printf("text %s\n", v)
			}
		}
	}
	// Output:
	// nothing
	// bool true
	// integer -5
	// unsigned 18446744073709551615
	// float 2.5
	// text x
}

// Text reads most texts, and Bytes all of them.
func ExampleRow_Text() {
	const body = `{"results":[{"series":[{"name":"m","columns":["a","b","c"],"values":[["plain","with \"quotes\"",5]]}]}]}`
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, c := range row.Cells() {
			if c.Kind() != jsonscan.KindString {
				continue
			}
			text, ok := row.Text(c)
			if !ok {
				if text, err = row.Bytes(i); err != nil {
					fmt.Println(err)
					return
				}
			}
			fmt.Printf("%s\n", text)
		}
	}
	// Output:
	// plain
	// with "quotes"
}

// InfluxDB prints a float without fraction as an integer. Float reads both.
func ExampleCell_Float() {
	const body = `{"results":[{"series":[{"name":"m","columns":["time","load"],"values":[[1,0.5],[2,3]]}]}]}`
	sum := 0.0
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		load, ok := row.Cell(1).Float()
		_, whole := row.Cell(1).Int()
		fmt.Println(load, ok, whole)
		sum += load
	}
	fmt.Println(sum)
	// Output:
	// 0.5 true false
	// 3 true true
	// 3.5
}

// String copies a text, so that it can be kept. Bytes returns a view of the row.
func ExampleRow_String() {
	var places []string
	for row, err := range jsonscan.NewScanner(strings.NewReader(quality)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		place, err := row.String(2)
		if err != nil {
			fmt.Println(err)
			return
		}
		places = append(places, place)
	}
	fmt.Println(places)
	// Output: [coyote_creek santa_monica coyote_creek]
}

// A series stays valid after its rows.
func ExampleSeries() {
	const body = `{"results":[{"series":[` +
		`{"name":"cpu","tags":{"dc":"x","host":"a"},"columns":["time","load"],"values":[[1,0.5],[2,0.25]]},` +
		`{"name":"cpu","tags":{"dc":"x","host":"b"},"columns":["time","load"],"values":[[1,2]]}]}]}`
	var last *jsonscan.Series
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if row.Series() == last {
			continue
		}
		last = row.Series()
		fmt.Print(last.Name)
		for _, tag := range last.Tags {
			fmt.Print(" ", tag.Key, "=", tag.Value)
		}
		fmt.Println("", last.Columns)
	}
	// Output:
	// cpu dc=x host=a [time load]
	// cpu dc=x host=b [time load]
}

// One time reads the same in each unit of the epoch parameter.
func ExamplePrecision() {
	for _, c := range []struct {
		unit jsonscan.Precision
		time string
	}{
		{jsonscan.Nanosecond, "1500000000000000000"},
		{jsonscan.Microsecond, "1500000000000000"},
		{jsonscan.Millisecond, "1500000000000"},
		{jsonscan.Second, "1500000000"},
		{jsonscan.Minute, "25000000"},
		{jsonscan.Hour, "416666"},
	} {
		s := jsonscan.NewScanner(strings.NewReader(
			`{"results":[{"series":[{"name":"m","columns":["time"],"values":[[` + c.time + `]]}]}]}`))
		s.SetPrecision(c.unit)
		for row, err := range s.Rows() {
			if err != nil {
				fmt.Println(err)
				return
			}
			t, err := row.Time(0)
			fmt.Println(c.unit, t, err)
		}
	}
	// Output:
	// ns 2017-07-14 02:40:00 +0000 UTC <nil>
	// u 2017-07-14 02:40:00 +0000 UTC <nil>
	// ms 2017-07-14 02:40:00 +0000 UTC <nil>
	// s 2017-07-14 02:40:00 +0000 UTC <nil>
	// m 2017-07-14 02:40:00 +0000 UTC <nil>
	// h 2017-07-14 02:00:00 +0000 UTC <nil>
}
