package lp_test

import (
	"fmt"
	"math"
	"time"

	"github.com/pointwire/pointwire/lp"
)

func ExampleEncoder_Cancel() {
	var e lp.Encoder
	e.Point("m")
	e.Int("n", 1)
	e.Cancel() // the point is not wanted after all
	fmt.Println(e.Lines(), e.Err())
	// Output:
	// 0 <nil>
}

func ExampleEncoder_SetExtraTags() {
	var e lp.Encoder
	e.SetExtraTags(lp.Tag{Key: "dc", Value: "eu"})
	e.Point("m")
	e.Tag("dc", "us")
	e.Int("n", 1)
	e.EndNoTimestamp()
	fmt.Printf("%s", e.Bytes())
	// Output:
	// m,dc=eu n=1i
}

// Fields of every type.
func ExampleEncoder_Value() {
	var e lp.Encoder
	e.Point("m")
	e.Float("float", 0.64)
	e.Float32("float32", 0.1)
	e.Int("int", -1)
	e.Uint("uint", 1)
	e.Bool("bool", true)
	e.String("string", `say "hi"`)
	e.StringBytes("bytes", []byte("raw"))
	e.Decimal("decimal", "3.540")
	e.Value("any", time.Second)
	e.EndNoTimestamp()
	fmt.Printf("%s", e.Bytes())
	// Output:
	// m float=0.64,float32=0.1,int=-1i,uint=1u,bool=true,string="say \"hi\"",bytes="raw",decimal=3.540,any=1000000000i
}

// What a policy leaves out or changes is counted.
func ExampleOptions() {
	var e lp.Encoder
	e.SetOptions(lp.Options{
		NotFinite: lp.NotFiniteDropField,
		Text:      lp.TextReplace,
		Unsigned:  lp.UnsignedClamp,
	})
	e.Point("m")
	e.Tag("path", `C:\`)
	e.Float("load", math.NaN())
	e.Uint("total", math.MaxUint64)
	e.EndNoTimestamp()
	fmt.Printf("%s", e.Bytes())
	for _, r := range []lp.Reason{lp.ErrNotFinite, lp.Replaced, lp.ErrUnsigned} {
		fmt.Println(e.Count(r), r.String())
	}
	// Output:
	// m,path=C:_ total=9223372036854775807i
	// 1 not a finite number
	// 1 replaced text
	// 1 unsigned integer not allowed
}

// A type of one's own adds its lines to a batch.
func ExampleAppender() {
	var a lp.Appender = lines("m n=1i\nm n=2i\n")
	var e lp.Encoder
	err := e.Append(a)
	fmt.Println(e.Lines(), err)
	// Output:
	// 2 <nil>
}

type lines string

func (l lines) AppendLP(dst []byte) ([]byte, error) { return append(dst, l...), nil }

func ExampleEncoder_Unfinished() {
	var e lp.Encoder
	e.Point("cpu")
	e.Float("load", 0.5)
	fmt.Println(e.Unfinished())
	e.EndNoTimestamp()
	fmt.Println(e.Unfinished())
	// Output:
	// lp: point 0 of "cpu": call out of order
	// <nil>
}
