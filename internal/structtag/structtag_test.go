package structtag_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// problems returns what package lp says of T when it is to be written, and package
// jsonscan when it is to be read.
func problems[T any]() (write, read string) {
	if _, err := lp.NewSchema[T](lp.SchemaOptions{Measurement: "m"}); err != nil {
		write = err.Error()
	}
	body := `{"results":[{"series":[{"name":"m","columns":["time","f","t"],"values":[[1,2,"x"]]}]}]}`
	_, err := jsonscan.AppendStructs[T](nil, jsonscan.NewScanner(strings.NewReader(body)).Rows())
	if e, ok := err.(*jsonscan.StructError); ok {
		read = e.Error()
	}
	return write, read
}

type writerOnly struct{}

func (writerOnly) MarshalText() ([]byte, error) { return []byte("x"), nil }

type named int

func (named) String() string { return "named" }

type inner struct {
	G int `lp:"g"`
}

// TestBoth holds that a type which can be written can be read, and that the two packages
// refuse the same tags in the same words.
func TestBoth(t *testing.T) {
	check := func(name, write, read string, w, r string) {
		t.Helper()
		if (w == "") != (write == "") || !strings.Contains(w, write) {
			t.Errorf("%s: written %q, want %q", name, w, write)
		}
		if (r == "") != (read == "") || !strings.Contains(r, read) {
			t.Errorf("%s: read %q, want %q", name, r, read)
		}
	}
	w, r := problems[struct {
		_ pointwire.Measurement `lp:"m"`
		T time.Time             `lp:",timestamp"`
		H string                `lp:"t,tag"`
		U uintptr               `lp:"f"`
	}]()
	check("uintptr", "", "", w, r)
	w, r = problems[struct {
		M pointwire.Measurement
		F float64 `lp:"f"`
	}]()
	check("measurement by its type", "", "", w, r)
	w, r = problems[struct {
		M string  `lp:",measurement"`
		T int64   `lp:",timestamp"`
		F *string `lp:"f"`
	}]()
	check("measurement by its option", "", "", w, r)
	w, r = problems[struct {
		inner
		In inner `lp:"in.,inline"`
	}]()
	check("structs in it", "", "", w, r)
	w, r = problems[struct {
		T time.Time `lp:",timestamp,string"`
		F int       `lp:"f"`
	}]()
	check("string on a timestamp", `option "string" has no meaning for "timestamp"`, `option "string" has no meaning for "timestamp"`, w, r)
	w, r = problems[struct {
		F int `lp:"f,required"`
	}]()
	check("unknown option", `unknown option "required"`, `unknown option "required"`, w, r)
	w, r = problems[struct {
		F int `lp:"f,tag,field"`
	}]()
	check("two roles", "exclude each other", "exclude each other", w, r)
	w, r = problems[struct {
		f int `lp:"f"`
		G int `lp:"g"`
	}]()
	check("not exported", "has an lp tag but is not exported", "has an lp tag but is not exported", w, r)
	w, r = problems[struct {
		F chan int `lp:"f"`
	}]()
	check("channel", "has no place in line protocol", "has no place in line protocol", w, r)
	w, r = problems[struct {
		F float64 `lp:"t,tag"`
		G int     `lp:"g"`
	}]()
	check("float as a tag", "float64 cannot be a tag", "float64 cannot be a tag", w, r)
	w, r = problems[struct {
		F int `lp:"f"`
		G int `lp:"f"`
	}]()
	check("one key twice", `"f"`, `second key "f"`, w, r)
	w, r = problems[struct {
		A time.Time `lp:",timestamp"`
		B time.Time `lp:",timestamp"`
		F int       `lp:"f"`
	}]()
	check("two timestamps", "second timestamp", "second timestamp", w, r)
	// What only one of them can do is told by that one.
	w, r = problems[struct {
		F writerOnly `lp:"f"`
	}]()
	check("a text that cannot be read", "", "has no UnmarshalText method", w, r)
	w, r = problems[struct {
		F named `lp:"f,string"`
	}]()
	check("a String method", "", "has no UnmarshalText method", w, r)
	w, r = problems[struct {
		F time.Time `lp:"f"`
	}]()
	check("a time as a field", "time.Time needs the option timestamp, or as a field one of string, ns, us, ms and s", "", w, r)
}

// TestTimes holds the options of a time that is a field.
func TestTimes(t *testing.T) {
	both := func(name, want, w, r string) {
		t.Helper()
		if (w == "") != (want == "") || !strings.Contains(w, want) || (r == "") != (want == "") || !strings.Contains(r, want) {
			t.Errorf("%s: written %q, read %q, want %q", name, w, r, want)
		}
	}
	w, r := problems[struct {
		A time.Time  `lp:"a,string"`
		B *time.Time `lp:"b,ns,omitempty"`
		C time.Time  `lp:"c,us"`
		D time.Time  `lp:"d,ms"`
		E time.Time  `lp:"e,s"`
	}]()
	if w != "" || strings.Contains(r, "read into type") {
		t.Errorf("%q, %q", w, r)
	}
	w, r = problems[struct {
		F time.Time `lp:"f,string,ms"`
	}]()
	both("two forms", `options "ms" and "string" exclude each other`, w, r)
	w, r = problems[struct {
		F time.Time `lp:"f,s,ms"`
	}]()
	both("two units", `options "s" and "ms" exclude each other`, w, r)
	w, r = problems[struct {
		F int64 `lp:"f,ms"`
	}]()
	both("an integer", "int64 cannot be a time in a unit", w, r)
	w, r = problems[struct {
		T time.Time `lp:",timestamp,ms"`
		F int       `lp:"f"`
	}]()
	both("a timestamp", `option "ms" has no meaning for "timestamp"`, w, r)
	w, r = problems[struct {
		T time.Time `lp:"t,tag,ms"`
		F int       `lp:"f"`
	}]()
	both("a tag", "time.Time cannot be a tag", w, r)
}

// TestSwapped holds that tags of influxdb-client-go, which have the role first, are refused
// with the right spelling, unless the key is meant.
func TestSwapped(t *testing.T) {
	both := func(want, w, r string) {
		t.Helper()
		if !strings.Contains(w, want) || !strings.Contains(r, want) || want == "" && (w != "" || strings.Contains(r, "read into type")) {
			t.Errorf("written %q, read %q, want %q", w, r, want)
		}
	}
	w, r := problems[struct {
		Host string `lp:"tag"`
		F    int    `lp:"f"`
	}]()
	both(`field Host: lp:"tag" is written lp:"Host,tag" here; with the option literal, "tag" is a key`, w, r)
	w, r = problems[struct {
		Host string `lp:"tag,location"`
		F    int    `lp:"f"`
	}]()
	both(`field Host: lp:"tag,location" is written lp:"location,tag" here; with the option literal, "tag" is a key`, w, r)
	w, r = problems[struct {
		F int `lp:"field,temperature"`
	}]()
	both(`field F: lp:"field,temperature" is written lp:"temperature" here; with the option literal, "field" is a key`, w, r)
	w, r = problems[struct {
		F int `lp:"field"`
	}]()
	both(`field F: lp:"field" is written lp:"F" here; with the option literal, "field" is a key`, w, r)
	w, r = problems[struct {
		Host string `lp:"tag,field"`
		F    int    `lp:"f"`
	}]()
	both(`field Host: lp:"tag,field" is written lp:"field,literal,tag" here; with the option literal, "tag" is a key`, w, r)
	w, r = problems[struct {
		T time.Time `lp:"timestamp"`
		M string    `lp:"measurement"`
		F int       `lp:"f"`
	}]()
	both(`field T: lp:"timestamp" is written lp:",timestamp" here`, w, r)
	both(`field M: lp:"measurement" is written lp:",measurement" here`, w, r)
	w, r = problems[struct {
		A string `lp:"tag,tag"`
		B int    `lp:"field,field"`
		C int    `lp:"timestamp,literal"`
		D string `lp:"measurement,literal,tag"`
		E inner  `lp:"inline,inline"`
		F int    `lp:"f,literal"`
	}]()
	both("", w, r)
}

// TestNumbers holds what is a number by its methods, and what may be asked of one.
func TestNumbers(t *testing.T) {
	w, r := problems[struct {
		T json.Number  `lp:",timestamp"`
		A json.Number  `lp:"a"`
		B *json.Number `lp:"b,decimal"`
		H json.Number  `lp:"h,tag"`
	}]()
	if w != "" || strings.Contains(r, "read into type") {
		t.Errorf("json.Number: %q, %q", w, r)
	}
	if w, _ = problems[struct {
		A json.Number `lp:"a,string"`
		B ratio       `lp:"b"`
		C *ratio      `lp:"c"`
	}](); w != "" {
		t.Errorf("other numbers: %q", w)
	}
	if w, _ = problems[struct {
		A ratio `lp:"a,tag"`
		B ratio `lp:"b,decimal"`
		F int   `lp:"f"`
	}](); !strings.Contains(w, "type structtag_test.ratio has no place in line protocol") {
		t.Errorf("a number as a tag: %q", w)
	}
}

// ratio is a number by its methods.
type ratio struct{ a, b int64 }

func (r *ratio) Int64() (int64, error)     { return r.a / r.b, nil }
func (r *ratio) Float64() (float64, error) { return float64(r.a) / float64(r.b), nil }
