package lp_test

import (
	"fmt"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// A time in every unit, and the word by which servers call the unit.
func ExamplePrecision() {
	t := time.Date(2009, 11, 10, 23, 0, 0, 123456789, time.UTC)
	for _, p := range []lp.Precision{lp.Nanosecond, lp.Microsecond, lp.Millisecond, lp.Second, lp.Minute, lp.Hour} {
		fmt.Printf("%-2s %s\n", p, lp.AppendTime(nil, t, p))
	}
	// Output:
	// ns 1257894000123456789
	// u  1257894000123456
	// ms 1257894000123
	// s  1257894000
	// m  20964900
	// h  349415
}

// Code that is given an encoder asks for its unit.
func ExampleEncoder_Precision() {
	var e lp.Encoder
	e.SetPrecision(lp.Millisecond)
	e.Point("login")
	e.Bool("ok", true)
	ts, err := lp.ParseTimestamp("2018-08-08 15:22:33", e.Precision())
	if err != nil {
		fmt.Println(err)
		return
	}
	e.EndTimestamp(ts)
	fmt.Printf("%s", e.Bytes())
	// Output: login ok=true 1533741753000
}
