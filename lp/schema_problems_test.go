package lp_test

import (
	"encoding"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// TestSchemaProblems holds that a bad schema says all that is wrong with it.
func TestSchemaProblems(t *testing.T) {
	type loop struct {
		Next *loop `lp:",inline"`
	}
	type bad struct {
		M1    lp.Measurement
		M2    lp.Measurement
		M3    *string        `lp:",measurement"`
		M4    int            `lp:",measurement"`
		T1    int64          `lp:"x,timestamp"`
		T2    time.Time      `lp:",timestamp"`
		T3    bool           `lp:",timestamp"`
		Chan  chan int       `lp:"chan"`
		Func  func()         `lp:"func,tag"`
		Map   map[string]int `lp:"map"`
		When  time.Time      `lp:"when"`
		NoKey int            `lp:",omitempty"`
		Time  int            `lp:"time"`
		TimeT string         `lp:"time,tag"`
		Slash int            `lp:"a\\\\"`
		Dup   int            `lp:"k"`
		Dup2  float64        `lp:"k"`
		TagK  string         `lp:"k,tag"`
		TagD  string         `lp:"d,tag"`
		TagD2 string         `lp:"d,tag"`
		FTag  float64        `lp:"ftag,tag"`
		BTag  bool           `lp:"btag,tag"`
		Opt   int            `lp:"opt,omitemtpy"`
		Str   int            `lp:"str,string"`
		Dec   int            `lp:"dec,decimal"`
		In    int            `lp:",inline"`
		Loop  loop           `lp:",inline"`
		priv  int            `lp:"priv"`
		Enum  float64        `lp:"enum"`
		Cplx  complex128     `lp:"cplx"`
		MP    *lp.Measurement
	}
	_, err := lp.NewSchema[bad](lp.SchemaOptions{
		Measurement: "#m",
		Enums:       map[string]map[int64]string{"Enum": {0: "x"}, "None": {0: "x"}},
		ExtraTags:   []lp.Tag{{Key: "time", Value: "v"}, {Key: "e", Value: "1"}, {Key: "e", Value: "2"}},
	})
	var se *lp.SchemaError
	if !errors.As(err, &se) {
		t.Fatalf("error %v", err)
	}
	want := []string{
		"field M2: second measurement",
		"field M3: second measurement",
		"field M4: second measurement",
		"field T1: a timestamp has no key",
		"field T2: second timestamp",
		"field T3: second timestamp",
		"field T3: bool cannot be a timestamp",
		"field Chan: type chan int has no place in line protocol",
		"field Func: type func() has no place in line protocol",
		"field Map: type map[string]int has no place in line protocol",
		"field When: time.Time needs the option timestamp, or as a field one of string, ns, us, ms and s",
		"field NoKey: no key in its lp tag",
		`field Time: key "time": lp: reserved key "time"`,
		`field TimeT: key "time": lp: reserved key "time"`,
		`field Slash: key "a\\\\": lp: backslash that line protocol cannot carry`,
		`field Dup2: second key "k"`,
		`field TagK: key "k" of a tag and a field`,
		`field TagD2: second key "d"`,
		"field FTag: float64 cannot be a tag",
		"field BTag: bool cannot be a tag",
		`field Opt: unknown option "omitemtpy"`,
		"field Str: int has no String method",
		"field Dec: int cannot be decimal",
		"field In: int cannot be inline",
		"lp_test.loop holds itself",
		"field priv: has an lp tag but is not exported",
		"field Enum: names for the values of float64, which is no integer",
		"field Cplx: type complex128 has no place in line protocol",
		"field MP: a measurement cannot be a pointer",
		"no struct field None for its names",
		`measurement "#m": lp: measurement starts with #`,
		`extra tag "time": lp: reserved key "time"`,
		`second extra tag "e"`,
	}
	for _, w := range want {
		if !slices.Contains(se.Problems, w) {
			t.Errorf("missing: %s", w)
		}
	}
	for _, p := range se.Problems {
		if !slices.Contains(want, p) {
			t.Errorf("unexpected: %s", p)
		}
		if !strings.Contains(se.Error(), p) {
			t.Errorf("the text of the error lacks %q", p)
		}
	}
	if _, err := lp.SchemaFor[int](); err == nil || !strings.Contains(err.Error(), "not a struct") {
		t.Errorf("schema of int: %v", err)
	}
	if _, err := lp.NewSchema[one[int]](lp.SchemaOptions{Columns: map[string]string{"W": "w"}}); err == nil || !strings.Contains(err.Error(), "no struct field W") {
		t.Errorf("column of no field: %v", err)
	}
	_ = bad{priv: 0}.priv
}

// TestSchemaIgnored holds that nothing in a tag is ignored in silence.
func TestSchemaIgnored(t *testing.T) {
	type base struct {
		_ lp.Measurement `lp:"base"`
		F int            `lp:"f"`
	}
	type base2 base
	for _, c := range []struct {
		err  error
		want string
	}{
		{problemsOf[struct {
			M lp.Measurement `lp:"Trade"`
			F int            `lp:"f"`
		}]("m"), "field M: a measurement has no key; a blank field names one in its tag"},
		{problemsOf[struct {
			M string `lp:"key,measurement"`
			F int    `lp:"f"`
		}]("m"), "field M: a measurement has no key; a blank field names one in its tag"},
		{problemsOf[struct {
			M lp.Measurement `lp:",tag"`
			F int            `lp:"f"`
		}]("m"), `field M: options "measurement" and "tag" exclude each other`},
		{problemsOf[struct {
			M lp.Measurement `lp:",omitempty"`
			F int            `lp:"f"`
		}]("m"), `field M: option "omitempty" has no meaning for "measurement"`},
		{problemsOf[struct {
			I base `lp:"i_,inline,omitempty,tag"`
		}]("m"), `field I: options "inline" and "tag" exclude each other; field I: option "omitempty" has no meaning for "inline"`},
		{problemsOf[struct {
			I base `lp:"i_,inline,string,decimal"`
		}]("m"), `field I: option "string" has no meaning for "inline"; field I: option "decimal" has no meaning for "inline"`},
		{problemsOf[struct {
			T string `lp:",timestamp,decimal"`
			F int    `lp:"f"`
		}]("m"), `field T: option "decimal" has no meaning for "timestamp"`},
		{problemsOf[struct {
			F int `lp:"f,tag,timestamp"`
		}]("m"), `field F: options "tag" and "timestamp" exclude each other`},
		{problemsOf[struct {
			_ lp.Measurement `lp:"a"`
			_ lp.Measurement `lp:"b"`
			F int            `lp:"f"`
		}](""), "second blank measurement"},
		{problemsOf[struct {
			base
			base2 `lp:"-"`
			X     base2 `lp:"x_,inline"`
		}](""), "second blank measurement"},
		{problemsOf[struct {
			_ lp.Measurement `lp:"Trade,tag"`
			F int            `lp:"f"`
		}]("m"), `field _: option "tag" after the measurement "Trade"`},
		{problemsOf[struct {
			_ lp.Measurement `lp:"Trade,x,omitempty"`
			F int            `lp:"f"`
		}]("m"), `field _: option "omitempty" after the measurement "Trade"`},
		{problemsOf[struct {
			_ int `lp:"x"`
			F int `lp:"f"`
		}]("m"), "field _: has an lp tag but is not exported"},
		{problemsOf[struct {
			F encoding.TextMarshaler `lp:"f"`
		}]("m"), "field F: type encoding.TextMarshaler has no place in line protocol"},
		{problemsOf[struct {
			F *encoding.TextAppender `lp:"f"`
		}]("m"), "field F: type *encoding.TextAppender has no place in line protocol"},
		// What has a meaning stays.
		{problemsOf[struct {
			base
			_ lp.Measurement `lp:"outer"`
			T string         `lp:",timestamp,omitempty"`
			M lp.Measurement `lp:",measurement"`
		}]("m"), ""},
	} {
		got := ""
		if c.err != nil {
			got = strings.Join(c.err.(*lp.SchemaError).Problems, "; ")
		}
		if got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

func problemsOf[T any](measurement string) error {
	_, err := lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement})
	if err != nil {
		return err
	}
	return nil
}
