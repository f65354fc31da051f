package jsonscan

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/workload"
)

type level int

func (l *level) UnmarshalText(b []byte) error {
	for i, name := range []string{"info", "warning", "error"} {
		if string(b) == name {
			*l = level(i)
			return nil
		}
	}
	return errors.New("unknown level")
}

type inner struct {
	I8  int8  `lp:"i8"`
	I16 int16 `lp:"i16"`
}

type kinds struct {
	Time  time.Time `lp:",timestamp"`
	Host  string    `lp:"host,tag"`
	Other int       // without tag
	inner
	I32   int32                 `lp:"i32"`
	I64   int64                 `lp:"i64"`
	I     int                   `lp:"i"`
	U8    uint8                 `lp:"u8"`
	U16   uint16                `lp:"u16"`
	U32   uint32                `lp:"u32"`
	U64   uint64                `lp:"u64"`
	U     uint                  `lp:"u"`
	F32   float32               `lp:"f32"`
	F64   float64               `lp:"f64"`
	B     bool                  `lp:"b"`
	S     string                `lp:"s"`
	Raw   []byte                `lp:"raw"`
	D     time.Duration         `lp:"d"`
	Level level                 `lp:"level"`
	PF    *float64              `lp:"pf"`
	PS    *string               `lp:"ps"`
	PT    *time.Time            `lp:"pt"`
	PD    *time.Duration        `lp:"pd"`
	Note  string                `lp:"note,omitempty"`
	Skip  string                `lp:"-"`
	_     pointwire.Measurement `lp:"kinds"`
}

const kindColumns = `"time","host","i8","i16","i32","i64","i","u8","u16","u32","u64","u","f32","f64","b","s","raw","d","level","pf","ps","pt","pd","note"`

func structBody(columns string, rows ...string) io.Reader {
	return strings.NewReader(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":[` + columns +
		`],"values":[[` + strings.Join(rows, `],[`) + `]]}]}]}`)
}

func TestStructKinds(t *testing.T) {
	s := NewScanner(structBody(kindColumns,
		`1500000000000000001,"a",-128,-32768,-2147483648,-9223372036854775808,1,255,65535,4294967295,18446744073709551615,2,0.1,0.1,true,"x\ny","\u0000",1500,"warning",1.5,"p","2017-07-14T02:40:00Z",7,null`,
		`1500000000000000002,null,127,32767,2147483647,9223372036854775807,1,0,0,0,0,2,3,3,false,"","é",-1,"info",null,null,null,null,"n"`))
	f, p, pt, pd := 1.5, "p", time.Unix(1500000000, 0).UTC(), time.Duration(7)
	want := []kinds{
		{Time: time.Unix(1500000000, 1).UTC(), Host: "a", inner: inner{-128, -32768}, I32: math.MinInt32, I64: math.MinInt64, I: 1,
			U8: 255, U16: 65535, U32: math.MaxUint32, U64: math.MaxUint64, U: 2, F32: 0.1, F64: 0.1, B: true, S: "x\ny", Raw: []byte{0},
			D: 1500, Level: 1, PF: &f, PS: &p, PT: &pt, PD: &pd},
		{Time: time.Unix(1500000000, 2).UTC(), inner: inner{127, 32767}, I32: math.MaxInt32, I64: math.MaxInt64, I: 1,
			U: 2, F32: 3, F64: 3, Raw: []byte("é"), D: -1, Note: "n"},
	}
	got, err := AppendStructs[kinds](nil, s.Rows())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestStructsOfEqualsAppendStructs(t *testing.T) {
	trades, _ := workload.FindBody("trade")
	body := trades.Make(500./150_000, 0)
	type trade = workload.Trade
	want, err := AppendStructs[trade](nil, NewScanner(strings.NewReader(string(body))).Rows())
	if err != nil || len(want) != 500 {
		t.Fatalf("%d, %v", len(want), err)
	}
	s := sized(strings.NewReader(string(body)), 300)
	i := 0
	for got, err := range StructsOf[trade](s.Rows()) {
		if err != nil || got != want[i] {
			t.Fatalf("row %d is %+v, %v, want %+v", i, got, err, want[i])
		}
		i++
	}
	s.Reset(strings.NewReader(string(body)))
	for i := 0; s.Next(); i++ {
		v, _ := s.Row().Int(0)
		id, _ := s.Row().String(6)
		if want[i].Timestamp != v || want[i].TradeID != id {
			t.Fatalf("row %d is %+v", i, want[i])
		}
	}
}

// Strings share blocks of memory and must not change when the scanner moves on.
func TestStructsOutliveScanner(t *testing.T) {
	type row struct {
		S string `lp:"s"`
		B []byte `lp:"b"`
	}
	var rows []string
	for i := range 3000 {
		rows = append(rows, fmt.Sprintf(`"text\n%d","%d"`, i/2, i))
	}
	s := sized(structBody(`"s","b"`, rows...), 128)
	got, err := AppendStructs[row](nil, s.Rows())
	if err != nil {
		t.Fatal(err)
	}
	s.Reset(strings.NewReader(strings.Repeat("x", 1000)))
	s.Next()
	for i, r := range got {
		_ = append(r.B, 'x')
		if r.S != fmt.Sprintf("text\n%d", i/2) || string(r.B) != strconv.Itoa(i) {
			t.Fatalf("row %d is %q %q", i, r.S, r.B)
		}
	}
}

func TestStructTagsOfGroupBy(t *testing.T) {
	type cpu struct {
		Time time.Time `lp:",timestamp"`
		Host string    `lp:"host,tag"`
		Mean *float64  `lp:"mean"`
	}
	body := `{"results":[{"series":[{"name":"cpu","tags":{"host":"a"},"columns":["time","mean"],"values":[[1,2.5],[2,null]]},` +
		`{"name":"cpu","tags":{"host":"b"},"columns":["time","mean"],"values":[[3,4]]}]}]}`
	got, err := AppendStructs[cpu](nil, NewScanner(strings.NewReader(body)).Rows())
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	if got[0].Host != "a" || *got[0].Mean != 2.5 || got[1].Host != "a" || got[1].Mean != nil || got[2].Host != "b" || *got[2].Mean != 4 {
		t.Errorf("%+v", got)
	}
}

func TestStructPolicies(t *testing.T) {
	type point struct {
		A float64 `lp:"a"`
		B string  `lp:"b"`
	}
	tests := []struct {
		columns, row string
		options      []StructOption
		want         point
		err          string
	}{
		{`"time","a","b"`, `1,2,"x"`, nil, point{2, "x"}, ""},
		{`"a","b","c"`, `2,"x",1`, nil, point{}, `jsonscan: read series "m" as jsonscan.point: no field for c`},
		{`"a","b","c"`, `2,"x",1`, []StructOption{AllowExtraColumns}, point{2, "x"}, ""},
		{`"a","a","b"`, `2,3,"x"`, nil, point{}, `jsonscan: read series "m" as jsonscan.point: no field for a`},
		{`"a"`, `2`, nil, point{}, `jsonscan: read series "m" as jsonscan.point: no column for b`},
		{`"a"`, `2`, []StructOption{AllowMissingColumns}, point{A: 2}, ""},
		{`"c"`, `2`, []StructOption{AllowMissingColumns, AllowExtraColumns}, point{}, ""},
		{`"a","b"`, `null,"x"`, nil, point{}, `jsonscan: read column 0 "a" as float64: cell is null`},
		{`"a","b"`, `null,"x"`, []StructOption{NullAsZero}, point{0, "x"}, ""},
		{`"a","b"`, `2,3`, nil, point{}, `jsonscan: read column 1 "b" as string: cell holds another kind of value: int`},
		{`"a","b"`, `"2","x"`, nil, point{}, `jsonscan: read column 0 "a" as float64: cell holds another kind of value: string`},
	}
	for _, tt := range tests {
		got, err := AppendStructs[point](nil, NewScanner(structBody(tt.columns, tt.row)).Rows(), tt.options...)
		switch {
		case tt.err != "":
			if err == nil || err.Error() != tt.err || len(got) != 0 {
				t.Errorf("%s: %v, %v, want %s", tt.row, got, err, tt.err)
			}
		case err != nil || len(got) != 1 || got[0] != tt.want:
			t.Errorf("%s: %v, %v, want %v", tt.row, got, err, tt.want)
		}
	}
}

func TestStructRanges(t *testing.T) {
	type narrow struct {
		I int8    `lp:"i,omitempty"`
		U uint8   `lp:"u,omitempty"`
		F float32 `lp:"f,omitempty"`
	}
	for _, row := range []string{"128,0,0", "-129,0,0", "0,256,0", "0,-1,0", "0,0,1e39", "1.5,0,0", "0,0.5,0", "9223372036854775808,0,0"} {
		var e *CellError
		_, err := AppendStructs[narrow](nil, NewScanner(structBody(`"i","u","f"`, row)).Rows())
		if !errors.As(err, &e) || !errors.Is(err, ErrRange) && !errors.Is(err, ErrInexact) {
			t.Errorf("%s: %v", row, err)
		}
	}
}

// A float64 half way between two float32 must not be rounded twice.
func TestStructFloat32(t *testing.T) {
	type f32 struct {
		F float32 `lp:"f"`
	}
	for _, text := range []string{"0.1", "16777217", "16777217.0000000001", "16777216.9999999999", "1.00000017881393432617187499", "1.00000017881393432617187501",
		"1e-45", "7e-46", "1.1754943508222875e-38", "3.4028234663852886e38", "3.4028235677973364e38", "-0"} {
		want, werr := strconv.ParseFloat(text, 32)
		got, err := AppendStructs[f32](nil, NewScanner(structBody(`"f"`, text)).Rows())
		if (err != nil) != (werr != nil) || err == nil && math.Float32bits(got[0].F) != math.Float32bits(float32(want)) {
			t.Errorf("%s is %v, %v, want %v, %v", text, got, err, want, werr)
		}
	}
}

func TestStructErrors(t *testing.T) {
	type bad struct {
		A chan int  `lp:"a"`
		B int       `lp:""`
		c int       `lp:"c"`
		D int       `lp:"d"`
		E int       `lp:"d"`
		F float64   `lp:",timestamp"`
		G time.Time `lp:",timestamp"`
		H time.Time `lp:",timestamp"`
	}
	_, err := AppendStructs[bad](nil, NewScanner(structBody(`"d"`, `1`)).Rows())
	want := "jsonscan: read into type jsonscan.bad: field A: type chan int has no place in line protocol; field B: no key in its lp tag; " +
		"field c: has an lp tag but is not exported; field E: second key \"d\"; field F: float64 cannot be a timestamp; " +
		"field H: second timestamp"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	_ = bad{}.c
	for v, err := range StructsOf[int](NewScanner(structBody(`"d"`, `1`)).Rows()) {
		var e *StructError
		if !errors.As(err, &e) || v != 0 {
			t.Errorf("StructsOf[int]: %v, %v", v, err)
		}
	}
}

// A statement that fails and a series that does not fit leave the rows of the others
// alone.
func TestStructsContinue(t *testing.T) {
	type point struct {
		V int8 `lp:"v"`
	}
	body := `{"results":[{"statement_id":0,"series":[{"name":"a","columns":["v"],"values":[[1],[1000],[2]]},` +
		`{"name":"b","columns":["w"],"values":[[3],[4]]}]},{"statement_id":1,"error":"x"},` +
		`{"statement_id":2,"series":[{"name":"a","columns":["v"],"values":[[5]]}]}]}`
	var got []string
	for v, err := range StructsOf[point](NewScanner(strings.NewReader(body)).Rows()) {
		if err != nil {
			got = append(got, fmt.Sprintf("%T", err))
		} else {
			got = append(got, fmt.Sprint(v.V))
		}
	}
	want := []string{"1", "*jsonscan.CellError", "2", "*jsonscan.BindError", "*jsonscan.StatementError", "5"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	body = strings.Replace(strings.Replace(body, "1000", "100", 1), `"w"`, `"v"`, 1)
	all, err := AppendStructs[point](nil, NewScanner(strings.NewReader(body)).Rows())
	var e *StatementError
	if len(all) != 6 || !errors.As(err, &e) {
		t.Errorf("%v, %v", all, err)
	}
}

// TestAppendStructsLastError holds that the error which ends the rows is returned,
// however many statements failed before it.
func TestAppendStructsLastError(t *testing.T) {
	type point struct {
		V int8 `lp:"v"`
	}
	for _, n := range []int{0, 15, 16, 17, 40} {
		body := `{"results":[` + strings.Repeat(`{"statement_id":0,"error":"x"},`, n) +
			`{"statement_id":1,"series":[{"name":"a","columns":["v"],"values":[[1]`
		got, err := AppendStructs[point](nil, NewScanner(strings.NewReader(body)).Rows())
		if len(got) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d errors: %v, %v", n, got, err)
		}
		joined := 1
		if list, ok := err.(interface{ Unwrap() []error }); ok {
			joined = len(list.Unwrap())
		}
		if want := min(n, 16) + 1; joined != want {
			t.Errorf("%d errors: %d joined, want %d", n, joined, want)
		}
	}
}

func TestStructTimestamps(t *testing.T) {
	type stamps struct {
		T int64 `lp:",timestamp"`
	}
	type text struct {
		T string `lp:",timestamp"`
	}
	for _, tt := range []struct {
		cell string
		p    Precision
		want int64
	}{{"1500000000", Second, 1500000000}, {`"2017-07-14T02:40:00.9Z"`, Second, 1500000000}, {`"1969-12-31T23:59:59.5Z"`, Millisecond, -500}} {
		s := NewScanner(structBody(`"time"`, tt.cell))
		s.SetPrecision(tt.p)
		got, err := AppendStructs[stamps](nil, s.Rows())
		if err != nil || got[0].T != tt.want {
			t.Errorf("%s: %v, %v", tt.cell, got, err)
		}
	}
	got, err := AppendStructs[text](nil, NewScanner(structBody(`"time"`, `"2017-07-14T02:40:00Z"`)).Rows())
	if err != nil || got[0].T != "2017-07-14T02:40:00Z" {
		t.Error(got, err)
	}
}
