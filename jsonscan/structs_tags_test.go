package jsonscan

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type place struct {
	X int64  `lp:"x"`
	Y string `lp:"y,tag"`
}

// TestStructInline reads structs within structs, with and without a prefix.
func TestStructInline(t *testing.T) {
	type point struct {
		From place `lp:"from_,inline"`
		To   place `lp:"to_,inline"`
		Also place `lp:",inline"`
	}
	got, err := AppendStructs[point](nil, NewScanner(structBody(`"time","from_x","from_y","to_x","to_y","x","y"`, `0,1,"a",2,"b",3,"c"`)).Rows())
	want := []point{{From: place{1, "a"}, To: place{2, "b"}, Also: place{3, "c"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStructDecimal(t *testing.T) {
	type point struct {
		S string `lp:"s,decimal"`
		B []byte `lp:"b,decimal"`
	}
	got, err := AppendStructs[point](nil, NewScanner(structBody(`"s","b"`, `-0.1000,100000000000000000000`, `7,18446744073709551615`, `"x","y"`)).Rows())
	want := []point{{"-0.1000", []byte("100000000000000000000")}, {"7", []byte("18446744073709551615")}, {"x", []byte("y")}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	type text struct {
		S string `lp:"s"`
	}
	if _, err := AppendStructs[text](nil, NewScanner(structBody(`"s"`, `1`)).Rows()); !errors.Is(err, ErrKind) {
		t.Errorf("a number in a string: %v", err)
	}
}

type anyTag struct {
	Name  string `lp:",measurement"`
	Rack  int16  `lp:"rack,tag"`
	Slot  *uint8 `lp:"slot,tag"`
	Raw   []byte `lp:"raw,tag"`
	Level level  `lp:"level,tag"`
	V     int64  `lp:"v"`
}

// TestStructTags reads tags of every kind that lp.Schema writes, as columns and as
// the tags of a series.
func TestStructTags(t *testing.T) {
	slot := uint8(200)
	full := anyTag{Name: "m", Rack: -5, Slot: &slot, Raw: []byte("a b"), Level: 2, V: 1}
	none := anyTag{Name: "m", V: 1}
	series := func(tags string) string {
		return `{"results":[{"series":[{"name":"m","tags":{` + tags + `},"columns":["time","v"],"values":[[0,1]]}]}]}`
	}
	columns := func(row string) string {
		return `{"results":[{"series":[{"name":"m","columns":["time","level","rack","raw","slot","v"],"values":[[0,` + row + `,1]]}]}]}`
	}
	for _, tt := range []struct {
		body string
		want anyTag
	}{
		{series(`"level":"error","rack":"-5","raw":"a b","slot":"200"`), full},
		{series(`"level":"","rack":"","raw":"","slot":""`), none},
		{columns(`"error","-5","a b","200"`), full},
		{columns(`null,null,null,null`), none},
	} {
		got, err := AppendStructs[anyTag](nil, NewScanner(strings.NewReader(tt.body)).Rows())
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], tt.want) {
			t.Errorf("%s: %+v, %v", tt.body, got, err)
		}
	}
	for _, rack := range []string{"40000", "-40000", "x", "1.0", "0x1", "1_0", " 1"} {
		var bind *BindError
		_, err := AppendStructs[anyTag](nil, NewScanner(strings.NewReader(series(`"level":"error","rack":"`+rack+`","raw":"","slot":""`))).Rows())
		if !errors.As(err, &bind) || !strings.Contains(err.Error(), fmt.Sprintf(`rack=%q (a tag that int16 cannot hold)`, rack)) {
			t.Errorf("tag %q: %v", rack, err)
		}
		_, err = AppendStructs[anyTag](nil, NewScanner(strings.NewReader(columns(`null,"`+rack+`",null,null`))).Rows())
		if want := map[bool]error{true: ErrRange, false: ErrKind}[strings.HasSuffix(rack, "40000")]; !errors.Is(err, want) {
			t.Errorf("column %q: %v, want %v", rack, err, want)
		}
	}
}

func TestStructOptions(t *testing.T) {
	type bad struct {
		A int `lp:"a,omitEmpty"`
		*place
		C int `lp:",measurement"`
	}
	_, err := AppendStructs[bad](nil, NewScanner(structBody(`"a"`, `1`)).Rows())
	want := `jsonscan: read into type jsonscan.bad: field A: unknown option "omitEmpty"; field X: in a struct behind the pointer place, which is not exported and cannot be set; ` +
		`field Y: in a struct behind the pointer place, which is not exported and cannot be set; ` +
		`field C: int cannot be a measurement`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestStructNotThere reads series that lack what lp.Schema leaves out, one after another.
func TestStructNotThere(t *testing.T) {
	type deep struct {
		Y  *string `lp:"y"`
		At int     `lp:"at"`
	}
	type Inner struct {
		X    float64 `lp:"x"`
		Host string  `lp:"host,tag"`
		Deep *deep   `lp:"deep_,inline"`
	}
	type point struct {
		V     int     `lp:"v"`
		Raw   []byte  `lp:"raw"`
		P     *int    `lp:"p"`
		Note  string  `lp:"note,omitempty"`
		Zone  string  `lp:"zone,tag"`
		In    *Inner  `lp:"in_,inline"`
		Other float64 // which is not touched
	}
	five, text := 5, "text"
	full := point{V: 1, Raw: []byte{}, P: &five, Note: "n", Zone: "z", In: &Inner{X: 2, Host: "h", Deep: &deep{Y: &text, At: 3}}}
	const columns = `"columns":["v","raw","p","note","zone","in_x","in_host","in_deep_y","in_deep_at"],`
	const fullRow = `[1,"",5,"n","z",2,"h","text",3]`
	body := `{"results":[{"series":[{"name":"m",` + columns + `"values":[` + fullRow + `,[2,null,null,null,null,null,null,null,null],` + fullRow + `]},` +
		`{"name":"m","columns":["v"],"values":[[3]]},` +
		`{"name":"m","tags":{"in_host":"h","zone":""},"columns":["v"],"values":[[4]]},` +
		`{"name":"m","tags":{"in_host":""},"columns":["in_deep_at","v"],"values":[[7,5],[null,6]]}]}]}`
	want := []point{full, {V: 2}, full, {V: 3}, {V: 4, In: &Inner{Host: "h"}}, {V: 5, In: &Inner{Deep: &deep{At: 7}}}, {V: 6}}
	check := func(name string, got []point) {
		t.Helper()
		for i := range max(len(got), len(want)) {
			if len(got) != len(want) || !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("%s: %d of %d structs; %d is %+v, want %+v", name, len(got), len(want), i, got[i], want[i])
			}
		}
	}
	got, err := AppendStructs[point](nil, NewScanner(strings.NewReader(body)).Rows())
	if err != nil {
		t.Fatal(err)
	}
	check("AppendStructs", got)
	got = nil
	for v, err := range StructsOf[point](NewScanner(strings.NewReader(body)).Rows()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	check("StructsOf", got) // also that no two of them share a struct
	// What the schema always writes must be there.
	var bind *BindError
	if _, err := AppendStructs[point](nil, NewScanner(structBody(`"p"`, `1`)).Rows()); !errors.As(err, &bind) || fmt.Sprint(bind.Missing) != "[v]" {
		t.Errorf("without v: %v", err)
	}
}

// TestStructDuration reads durations from the texts of their String method.
func TestStructDuration(t *testing.T) {
	type point struct {
		Tag  time.Duration  `lp:"t,tag"`
		Text *time.Duration `lp:"s,string"`
		V    time.Duration  `lp:"v"`
	}
	for _, d := range []time.Duration{0, 1, -1, 1500 * time.Microsecond, time.Hour, math.MaxInt64, math.MinInt64} {
		number := fmt.Sprint(int64(d))
		for _, body := range []string{
			`"columns":["t","s","v"],"values":[["` + d.String() + `","` + d.String() + `",` + number + `]]`,
			`"tags":{"t":"` + d.String() + `"},"columns":["s","v"],"values":[["` + d.String() + `",` + number + `]]`,
			`"tags":{"t":"` + number + `"},"columns":["s","v"],"values":[[` + number + `,` + number + `]]`,
		} {
			got, err := AppendStructs[point](nil, NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m",`+body+`}]}]}`)).Rows())
			if err != nil || got[0].Tag != d || *got[0].Text != d || got[0].V != d {
				t.Errorf("%s: %+v, %v", body, got, err)
			}
		}
	}
	if _, err := AppendStructs[point](nil, NewScanner(structBody(`"s","v"`, `"soon",1`)).Rows()); !errors.Is(err, ErrKind) {
		t.Errorf("no duration: %v", err)
	}
}

// TestStructTagsAndColumns holds that a tag and a column of one name are told apart by
// what the struct says, whatever series comes before.
func TestStructTagsAndColumns(t *testing.T) {
	type both struct {
		Tag   string  `lp:"d,tag"`
		Field float64 `lp:"d"`
		E     int     `lp:"e"`
	}
	type tag struct {
		D string `lp:"d,tag"`
		E int    `lp:"e"`
	}
	type field struct {
		D float64 `lp:"d"`
		E int     `lp:"e"`
	}
	const (
		grouped   = `{"name":"m","tags":{"d":"t"},"columns":["time","d","e"],"values":[[0,1.5,2]]}`
		all       = `{"name":"m","columns":["time","d","d_1","e"],"values":[[0,1.5,"t",2]]}`
		tagOnly   = `{"name":"m","tags":{"d":"7"},"columns":["time","e"],"values":[[0,2]]}`
		text      = `{"name":"m","columns":["time","d","e"],"values":[[0,"t",2]]}`
		otherTags = `{"name":"m","tags":{"c":""},"columns":["time","d","e"],"values":[[0,"u",3]]}`
	)
	body := func(series ...string) *Scanner {
		return NewScanner(strings.NewReader(`{"results":[{"series":[` + strings.Join(series, ",") + `]}]}`))
	}
	got, err := AppendStructs[both](nil, body(grouped).Rows())
	if err != nil || len(got) != 1 || got[0] != (both{"t", 1.5, 2}) {
		t.Errorf("both: %+v, %v", got, err)
	}
	if got, err := AppendStructs[tag](nil, body(grouped, text).Rows()); err != nil || fmt.Sprint(got) != "[{t 2} {t 2}]" {
		t.Errorf("tag: %+v, %v", got, err)
	}
	if got, err := AppendStructs[field](nil, body(grouped).Rows()); err != nil || got[0] != (field{1.5, 2}) {
		t.Errorf("field: %+v, %v", got, err)
	}
	// The columns of both series are the same, and the tags are not.
	if got, err := AppendStructs[tag](nil, body(grouped, text, grouped, otherTags).Rows(), AllowExtraColumns); err != nil || fmt.Sprint(got) != "[{t 2} {t 2} {t 2} {u 3}]" {
		t.Errorf("after another series: %+v, %v", got, err)
	}
	var bind *BindError
	for _, series := range []string{all, text} {
		_, err := AppendStructs[both](nil, body(series).Rows(), AllowExtraColumns, AllowMissingColumns)
		if !errors.As(err, &bind) || !strings.Contains(err.Error(), "d (a tag and a field, which GROUP BY tells apart)") {
			t.Errorf("both without GROUP BY: %v", err)
		}
	}
	if _, err := AppendStructs[field](nil, body(tagOnly).Rows()); !errors.As(err, &bind) {
		t.Errorf("a float of a tag: %v", err)
	}
	if _, err := AppendStructs[tag](nil, body(all).Rows()); !errors.As(err, &bind) || len(bind.Extra) != 1 || bind.Extra[0] != "d_1" {
		t.Errorf("a column that is renamed: %v", err)
	}
}
