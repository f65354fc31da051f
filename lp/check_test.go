package lp_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		got, want error
	}{
		{lp.CheckMeasurement("m"), nil},
		{lp.CheckMeasurement(""), lp.ErrNoMeasurement},
		{lp.CheckMeasurement("#m"), lp.ErrComment},
		{lp.CheckTag("k", "v"), nil},
		{lp.CheckTag("k", ""), nil},
		{lp.CheckTag("", "v"), lp.ErrEmptyKey},
		{lp.CheckTag("time", "v"), lp.ErrReservedKey},
		{lp.CheckTag("k", `v\`), lp.ErrBackslash},
		{lp.CheckTag("k", `C:\,v`), lp.ErrNotPortable},
		{lp.CheckTag("k", `C:\\,v`), nil},
		{lp.CheckTag("k", `\\server\share`), nil},
		{lp.Influx1.CheckTag("k", `C:\,v`), nil},
		{lp.Influx1.CheckTag(`a\=`, `v`), nil},
		{lp.Influx1.CheckTag("k", `C:\ v`), lp.ErrBackslash},
		{lp.Portable.CheckTag(`a\=b`, `v`), lp.ErrNotPortable},
		{lp.CheckFieldKey("k"), nil},
		{lp.CheckFieldKey("time"), lp.ErrReservedKey},
		{lp.CheckFieldKey("a\nb"), lp.ErrNewline},
	} {
		if !errors.Is(tt.got, tt.want) || tt.want == nil && tt.got != nil {
			t.Errorf("%v, want %v", tt.got, tt.want)
		}
	}
}

func ExampleCheckMeasurement() {
	fmt.Println(lp.CheckMeasurement("cpu load"))
	fmt.Println(lp.CheckMeasurement("#cpu"))
	// Output:
	// <nil>
	// lp: measurement starts with #
}

func ExampleCheckTag() {
	fmt.Println(lp.CheckTag("path", `C:\`))
	// Output: lp: backslash that line protocol cannot carry
}

func ExampleCheckFieldKey() {
	fmt.Println(lp.CheckFieldKey("time"))
	// Output: lp: reserved key "time"
}
