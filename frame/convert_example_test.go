package frame_test

import (
	"errors"
	"fmt"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
)

func ExampleColumn_Convert() {
	load := frame.Ints("load", []int64{1, 1<<53 + 1}) // as JSON has it
	err := load.Convert(frame.Float64)
	var bad *frame.ConvertError
	if errors.As(err, &bad) {
		fmt.Println(bad, errors.Is(err, jsonscan.ErrInexact))
	}
	load.Ints[1] = 2
	fmt.Println(load.Convert(frame.Float64), load.Type, load.Floats)
	// Output:
	// frame: convert row 1 of column "load" from int64 to float64: value would lose digits true
	// <nil> float64 [1 2]
}
