package lp_test

import (
	"fmt"
	"math"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// A NaN under each policy: the point is refused, or written without the field, or
// left out. It is counted in every case.
func ExampleNotFinitePolicy() {
	for _, policy := range []lp.NotFinitePolicy{lp.NotFiniteRefuse, lp.NotFiniteDropField, lp.NotFiniteDropPoint} {
		var e lp.Encoder
		e.SetOptions(lp.Options{NotFinite: policy})
		e.Point("cpu")
		e.Float("load", math.NaN())
		e.Int("cores", 8)
		err := e.EndNoTimestamp()
		fmt.Printf("%q %d %v\n", e.Bytes(), e.Count(lp.ErrNotFinite), err)
	}
	// Output:
	// "" 1 lp: point 0 of "cpu": field value "load": not a finite number
	// "cpu cores=8i\n" 1 <nil>
	// "" 1 <nil>
}

// A tag value that line protocol cannot carry under each policy.
func ExampleTextPolicy() {
	for _, policy := range []lp.TextPolicy{lp.TextRefuse, lp.TextReplace, lp.TextDropPoint} {
		var e lp.Encoder
		e.SetOptions(lp.Options{Text: policy})
		e.Point("disk")
		e.Tag("path", `C:\`)
		e.Int("free", 4096)
		err := e.EndNoTimestamp()
		fmt.Printf("%q %d %d %v\n", e.Bytes(), e.Count(lp.ErrBackslash), e.Count(lp.Replaced), err)
	}
	// Output:
	// "" 1 0 lp: point 0 of "disk": tag value "path": backslash that line protocol cannot carry
	// "disk,path=C:_ free=4096i\n" 0 1 <nil>
	// "" 1 0 <nil>
}

// A time as a field under each policy. A time that is the timestamp needs none.
func ExampleTimePolicy() {
	at := time.Date(2009, 11, 10, 23, 0, 0, 5e8, time.UTC)
	for _, policy := range []lp.TimePolicy{lp.TimeRefuse, lp.TimeText, lp.TimeNanoseconds, lp.TimeMicroseconds, lp.TimeMilliseconds, lp.TimeSeconds} {
		var e lp.Encoder
		e.SetOptions(lp.Options{Times: policy})
		e.Point("job")
		e.Value("begun", at)
		err := e.EndNoTimestamp()
		fmt.Printf("%q %v\n", e.Bytes(), err)
	}
	// Output:
	// "" lp: point 0 of "job": field value "begun": unsupported type
	// "job begun=\"2009-11-10T23:00:00.5Z\"\n" <nil>
	// "job begun=1257894000500000000i\n" <nil>
	// "job begun=1257894000500000i\n" <nil>
	// "job begun=1257894000500i\n" <nil>
	// "job begun=1257894000i\n" <nil>
}

// A tag and a field of one key under each policy.
func ExampleSharedKeyPolicy() {
	for _, policy := range []lp.SharedKeyPolicy{lp.SharedKeyAllow, lp.SharedKeyRefuse} {
		var e lp.Encoder
		e.SetOptions(lp.Options{SharedKey: policy})
		e.Point("disk")
		e.Tag("state", "ok")
		e.Int("state", 0)
		err := e.EndNoTimestamp()
		fmt.Printf("%q %d %v\n", e.Bytes(), e.Count(lp.ErrSharedKey), err)
	}
	// Output:
	// "disk,state=ok state=0i\n" 1 <nil>
	// "" 1 lp: point 0 of "disk": field key "state": field with the key of a tag
}

// A small unsigned value and the largest one under each policy.
func ExampleUnsignedPolicy() {
	for _, policy := range []lp.UnsignedPolicy{lp.UnsignedAuto, lp.UnsignedKeep, lp.UnsignedInt, lp.UnsignedClamp, lp.UnsignedRefuse} {
		var e lp.Encoder
		e.SetOptions(lp.Options{Unsigned: policy})
		for _, v := range []uint64{5, math.MaxUint64} {
			e.Point("net")
			e.Uint("bytes", v)
			e.EndNoTimestamp()
		}
		fmt.Printf("%q %d %v\n", e.Bytes(), e.Count(lp.ErrUnsigned), e.Err())
	}
	// Output:
	// "net bytes=5u\nnet bytes=18446744073709551615u\n" 0 <nil>
	// "net bytes=5u\nnet bytes=18446744073709551615u\n" 0 <nil>
	// "net bytes=5i\n" 1 lp: point 1 of "net": field value "bytes": unsigned integer not allowed
	// "net bytes=5i\nnet bytes=9223372036854775807i\n" 1 <nil>
	// "" 2 lp: point 0 of "net": field value "bytes": unsigned integer not allowed
}

func ExampleTagOrder() {
	for _, order := range []lp.TagOrder{lp.TagsAsGiven, lp.TagsSorted} {
		var e lp.Encoder
		e.SetOptions(lp.Options{TagOrder: order})
		e.Point("cpu")
		e.Tag("region", "eu")
		e.Tag("host", "a")
		e.Float("load", 0.64)
		e.EndNoTimestamp()
		fmt.Printf("%s", e.Bytes())
	}
	// Output:
	// cpu,region=eu,host=a load=0.64
	// cpu,host=a,region=eu load=0.64
}

// An option is changed for some points and put back.
func ExampleEncoder_Options() {
	var e lp.Encoder
	e.SetOptions(lp.Options{Precision: lp.Second, TagOrder: lp.TagsSorted})
	strict := e.Options()
	lenient := strict
	lenient.NotFinite = lp.NotFiniteDropField
	for _, o := range []lp.Options{strict, lenient, strict} {
		e.SetOptions(o)
		e.Point("cpu")
		e.Float("load", math.Inf(1))
		e.Int("cores", 8)
		fmt.Println(e.EndTimestamp(1257894000))
	}
	fmt.Printf("%s", e.Bytes())
	// Output:
	// lp: point 0 of "cpu": field value "load": not a finite number
	// <nil>
	// lp: point 2 of "cpu": field value "load": not a finite number
	// cpu cores=8i 1257894000
}
