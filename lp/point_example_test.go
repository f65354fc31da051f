package lp_test

import (
	"fmt"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// A form says what a point leaves open.
func ExamplePoint_AppendLPAs() {
	form := lp.Form{Precision: lp.Second, Measurement: "m", Unsigned: lp.UnsignedInt}
	var p lp.Point
	p.SetUint("f", 1)
	p.SetTime(time.Unix(5, 0))
	line, err := p.AppendLPAs(nil, form)
	fmt.Printf("%s%v\n", line, err)
	p.SetMeasurement("own")
	p.Options.Unsigned = lp.UnsignedKeep
	line, err = p.AppendLPAs(nil, form)
	fmt.Printf("%s%v\n", line, err)
	// Output:
	// m f=1i 5
	// <nil>
	// own f=1u 5
	// <nil>
}

func ExamplePoint_AppendLPIn() {
	var p lp.Point
	p.SetMeasurement("m")
	p.SetInt("v", 1)
	p.SetTime(time.Unix(5, 0))
	line, err := p.AppendLPIn(nil, lp.Millisecond)
	fmt.Printf("%s%v\n", line, err)
	// Output:
	// m v=1i 5000
	// <nil>
}

// pair is two points of one time.
type pair struct {
	at   time.Time
	a, b float64
}

func (p pair) AppendLP(dst []byte) ([]byte, error) { return p.AppendLPIn(dst, lp.Nanosecond) }

func (p pair) AppendLPIn(dst []byte, in lp.Precision) ([]byte, error) {
	dst = lp.AppendFloat(append(dst, "a v="...), p.a)
	dst = append(lp.AppendTime(append(dst, ' '), p.at, in), '\n')
	dst = lp.AppendFloat(append(dst, "b v="...), p.b)
	return append(lp.AppendTime(append(dst, ' '), p.at, in), '\n'), nil
}

// The encoder says in which precision the times are written.
func ExamplePrecisionAppender() {
	var e lp.Encoder
	e.SetPrecision(lp.Second)
	if err := e.Append(pair{time.Unix(5, 0), 0.5, 1}); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s", e.Bytes())
	// Output:
	// a v=0.5 5
	// b v=1 5
}
