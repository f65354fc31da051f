package frame

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// response returns a response of one statement with these series.
func response(series ...string) string {
	return `{"results":[{"statement_id":0,"series":[` + strings.Join(series, ",") + `]}]}` + "\n"
}

// series returns a series with the columns time and v.
func series(rows string) string {
	return `{"name":"m","columns":["time","v"],"values":[` + rows + `]}`
}

func reader(text string) *Reader { return NewReader(jsonscan.NewScanner(strings.NewReader(text))) }

// show writes a frame in one line, for tests.
func show(f *Frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s%v", f.StatementID, f.Measurement, f.Tags)
	if f.Time != nil {
		fmt.Fprintf(&b, " time%v", f.Time)
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		fmt.Fprintf(&b, " %s:%v[", c.Name, c.Type)
		for k := range c.Len() {
			if k > 0 {
				b.WriteByte(' ')
			}
			if c.IsNull(k) {
				b.WriteString("null")
			} else {
				b.Write(c.AppendValue(nil, k))
			}
		}
		b.WriteByte(']')
	}
	return b.String()
}

func showAll(t *testing.T, r *Reader) (list []string) {
	t.Helper()
	for f, err := range r.Frames() {
		if err != nil {
			list = append(list, "error: "+err.Error())
			continue
		}
		if err := f.check(0, f.Len()); err != nil {
			t.Error(err)
		}
		list = append(list, show(f))
	}
	return list
}

func TestReader(t *testing.T) {
	for k, tt := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", `{"results":[{"statement_id":0}]}`, nil},
		{"ints", response(series(`[1,10],[2,-20]`)), []string{"0 m[] time[1 2] v:int64[10 -20]"}},
		{"null first", response(series(`[1,null],[2,null],[3,7]`)), []string{"0 m[] time[1 2 3] v:int64[null null 7]"}},
		{"null in an integer column", response(series(`[1,9007199254740993],[2,null]`)), []string{"0 m[] time[1 2] v:int64[9007199254740993 null]"}},
		{"all null", response(series(`[1,null],[2,null]`)), []string{"0 m[] time[1 2] v:null[null null]"}},
		{"a float among integers", response(series(`[1,3],[2,null],[3,0.5]`)), []string{"0 m[] time[1 2 3] v:float64[3 null 0.5]"}},
		{"-0 keeps its sign", response(series(`[1,0],[2,-0]`)), []string{"0 m[] time[1 2] v:float64[0 -0]"}},
		{"21 digits", response(series(`[1,5],[2,100000000000000000000]`)), []string{"0 m[] time[1 2] v:float64[5 100000000000000000000]"}},
		{"uint64", response(series(`[1,5],[2,18446744073709551615]`)), []string{"0 m[] time[1 2] v:uint64[5 18446744073709551615]"}},
		{"uint64 and a negative", response(series(`[1,-5],[2,18446744073709551615]`)), []string{"0 m[] time[1 2] v:float64[-5 18446744073709552000]"}},
		{"uint64, then a float", response(series(`[1,18446744073709551615],[2,0.5]`)), []string{"0 m[] time[1 2] v:float64[18446744073709552000 0.5]"}},
		{"texts", response(series(`[1,""],[2,null],[3,"a\nb"],[4,"ü"]`)), []string{"0 m[] time[1 2 3 4] v:string[ null a\nb ü]"}},
		{"bools", response(series(`[1,true],[2,null],[3,false]`)), []string{"0 m[] time[1 2 3] v:bool[true null false]"}},
		{"a type that changes begins a frame", response(series(`[1,1],[2,"x"],[3,true],[4,2.5]`)), []string{
			"0 m[] time[1] v:int64[1]", "0 m[] time[2] v:string[x]", "0 m[] time[3] v:bool[true]", "0 m[] time[4] v:float64[2.5]"}},
		{"no time", response(`{"name":"databases","columns":["name"],"values":[["a"],["b"]]}`), []string{"0 databases[] name:string[a b]"}},
		{"no name", response(`{"columns":["key"],"values":[["m,host=a"]]}`), []string{"0 [] key:string[m,host=a]"}},
		{"time is not first", response(`{"name":"m","columns":["v","time","w"],"values":[[1,2,3]]}`), []string{"0 m[] time[2] v:int64[1] w:int64[3]"}},
		{"RFC 3339", response(series(`["1970-01-01T00:00:00.000000001Z",1],["1970-01-01T09:00:00.000000002+09:00",2]`)), []string{"0 m[] time[1 2] v:int64[1 2]"}},
		{"all times are zero", response(series(`[0,1],[0,2]`)), []string{"0 m[] time[0 0] v:int64[1 2]"}},
		{"two series of one key", response(series(`[1,1]`), series(`[2,2]`)), []string{"0 m[] time[1] v:int64[1]", "0 m[] time[2] v:int64[2]"}},
		{"tags", response(`{"name":"m","tags":{"a":"x","b":""},"columns":["time","v"],"values":[[1,2]]}`), []string{"0 m[{a x} {b }] time[1] v:int64[2]"}},
		{"statements", `{"results":[{"statement_id":0,"series":[` + series(`[1,1]`) + `]},{"statement_id":1,"error":"no"},{"statement_id":2,"series":[` + series(`[2,2]`) + `]}]}`,
			[]string{"0 m[] time[1] v:int64[1]", "error: jsonscan: statement 1: no", "2 m[] time[2] v:int64[2]"}},
		{"the next series begins with types of its own", response(series(`[1,0.5]`), series(`[2,9007199254740993]`)), []string{"0 m[] time[1] v:float64[0.5]", "0 m[] time[2] v:int64[9007199254740993]"}},
		{"the next series has nulls only", response(series(`[1,"x"]`), series(`[2,null]`), series(`[3,"y"]`), series(`[4,null],[5,7]`)), []string{
			"0 m[] time[1] v:string[x]", "0 m[] time[2] v:null[null]", "0 m[] time[3] v:string[y]", "0 m[] time[4 5] v:int64[null 7]"}},
		{"no time in a row", response(series(`[1,1],[null,2],[3,3]`)), []string{
			"0 m[] time[1] v:int64[1]", `error: jsonscan: read column 0 "time" as int64: cell is null`, "0 m[] time[3] v:int64[3]"}},
		{"text among integer times", response(series(`[1,1],["1970-01-01T00:00:00.000000002Z",2],[3,3]`)), []string{
			"0 m[] time[1] v:int64[1]", "0 m[] time[2] v:int64[2]", "0 m[] time[3] v:int64[3]"}},
		{"wide row", response(`{"name":"m","columns":["time","a","b","c"],"values":[[1,1,"x",true],[2,null,null,null],[3,2.5,"y",false]]}`),
			[]string{"0 m[] time[1 2 3] a:float64[1 null 2.5] b:string[x null y] c:bool[true null false]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Log(caseat.Line(k))
			got := showAll(t, reader(tt.body))
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("frame %d: %s\nwant      %s", i, got[i], tt.want[i])
				}
			}
		})
	}
}

// TestReaderTruncated truncates a response at every byte. The rows before that byte
// must come, and then an error.
func TestReaderTruncated(t *testing.T) {
	body := strings.TrimSpace(response(series(`[1,1],[2,2.5],[3,3]`)))
	for n := range len(body) {
		rows := 0
		var last error
		for f, err := range reader(body[:n]).Frames() {
			if last = err; err == nil {
				rows += f.Len()
			}
		}
		if last == nil && n > 0 {
			t.Errorf("%d bytes: no error", n)
		}
		if want := strings.Count(body[:n], "],["); n < len(body)-6 && rows > want+1 {
			t.Errorf("%d bytes: %d rows, want at most %d", n, rows, want+1)
		}
	}
}

// TestReaderBatches reads a series in frames of several sizes.
func TestReaderBatches(t *testing.T) {
	const rows = 3000
	var b strings.Builder
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		switch {
		case i%7 == 3:
			fmt.Fprintf(&b, "[%d,null]", i)
		case i < 1500:
			fmt.Fprintf(&b, "[%d,%d]", i, i)
		default:
			fmt.Fprintf(&b, "[%d,%d.5]", i, i)
		}
	}
	body := response(series(b.String()))
	for _, size := range []int{1, 2, 63, 64, 65, 100, 0, 2999, 3000, 3001, -1} {
		r := reader(body)
		r.Rows = size
		next, frames := int64(0), 0
		for f, err := range r.Frames() {
			if err != nil {
				t.Fatal(err)
			}
			frames++
			limit := size
			if size == 0 {
				limit = DefaultRows
			}
			if size > 0 && f.Len() > limit {
				t.Errorf("size %d: a frame of %d rows", size, f.Len())
			}
			c := f.Column("v")
			for i, ts := range f.Time {
				if ts != next {
					t.Fatalf("size %d: time %d, want %d", size, ts, next)
				}
				want := fmt.Sprint(next)
				switch {
				case next%7 == 3:
					want = ""
				case next >= 1500:
					want += ".5"
				}
				if got := string(c.AppendValue(nil, i)); got != want || c.IsNull(i) != (want == "") {
					t.Fatalf("size %d, row %d: %q, want %q", size, next, got, want)
				}
				next++
			}
		}
		if next != rows || size < 0 && frames != 1 {
			t.Errorf("size %d: %d rows in %d frames", size, next, frames)
		}
	}
}

// TestReaderKeepsFloat holds that a column which became float64 stays float64 in the
// next frames of its series.
func TestReaderKeepsFloat(t *testing.T) {
	r := reader(response(series(`[1,0.5],[2,3],[3,null],[4,null]`)))
	r.Rows = 1
	for f, err := range r.Frames() {
		if err != nil || f.Columns[0].Type != Float64 {
			t.Errorf("%s, %v", show(f), err)
		}
	}
}

func TestReaderRounded(t *testing.T) {
	for _, tt := range []struct {
		rows string
		want int
	}{
		{`[1,9007199254740993],[2,9007199254740992],[3,0.5]`, 1},
		{`[1,0.5],[2,-9007199254740993],[3,18446744073709551615]`, 2},
		{`[1,0.5],[2,5]`, 0},
		{`[1,9007199254740993]`, 0},
		{`[1,18446744073709551615],[2,1],[3,-1]`, 1},
	} {
		for f := range reader(response(series(tt.rows))).Frames() {
			if got := f.Columns[0].Rounded; got != tt.want {
				t.Errorf("%s: %d rounded, want %d", tt.rows, got, tt.want)
			}
		}
	}
	// A row that begins the next frame is counted there only.
	body := response(`{"name":"m","columns":["time","v","w"],"values":[[1,0.5,1],[2,9007199254740993,"x"]]}`)
	var got []int
	for f := range reader(body).Frames() {
		got = append(got, f.Columns[0].Rounded)
	}
	if fmt.Sprint(got) != "[0 1]" {
		t.Errorf("rounded %v", got)
	}
}

// A row that begins a new frame leaves the columns of the last frame as they were,
// wherever the time stands among the columns.
func TestReaderPushedRow(t *testing.T) {
	for _, columns := range []struct{ names, first, second string }{
		{`"time","a","b","n"`, `[1,9007199254740993,"x",null]`, `[2,0.5,7,true]`},
		{`"a","time","b","n"`, `[9007199254740993,1,"x",null]`, `[0.5,2,7,true]`},
		{`"a","n","b","time"`, `[9007199254740993,null,"x",1]`, `[0.5,true,7,2]`},
	} {
		r := reader(response(`{"name":"m","columns":[` + columns.names + `],"values":[` + columns.first + "," + columns.second + `]}`))
		var got []string
		for f, err := range r.Frames() {
			if err != nil {
				t.Fatal(err)
			}
			a, b, n := f.Column("a"), f.Column("b"), f.Column("n")
			got = append(got, fmt.Sprintf("%d %s %s %v %d", f.Time, a.AppendValue(nil, 0), b.AppendValue(nil, 0), n.Type, a.Rounded))
		}
		if want := []string{"[1] 9007199254740993 x null 0", "[2] 0.5 7 bool 0"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", columns.names, got, want)
		}
	}
}

func TestReaderMerge(t *testing.T) {
	s := func(name, host, rows string) string {
		return `{"name":"` + name + `","tags":{"dc":"x","host":"` + host + `"},"columns":["time","v"],"values":[` + rows + `]}`
	}
	body := response(s("m", "a", "[1,1],[2,2]"), s("m", "b", "[1,0.5]"), s("m", "a", "[3,null]"), s("n", "a", "[1,1]"))
	r := reader(body)
	r.Merge = true
	want := []string{
		"0 m[] time[1 2 1 3] v:float64[1 2 0.5 null] dc:dictionary[x x x x] host:dictionary[a a b a]",
		"0 n[] time[1] v:int64[1] dc:dictionary[x] host:dictionary[a]",
	}
	if got := showAll(t, r); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	r = reader(body)
	r.Merge, r.Rows = true, 3
	want = []string{
		"0 m[] time[1 2 1] v:float64[1 2 0.5] dc:dictionary[x x x] host:dictionary[a a b]",
		"0 m[] time[3] v:float64[null] dc:dictionary[x] host:dictionary[a]",
		want[1],
	}
	if got := showAll(t, r); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestReaderTags(t *testing.T) {
	r := reader(response(`{"name":"m","columns":["time","host","v"],"values":[[1,"a",1],[2,null,2],[3,"b",3],[4,"a",4]]}`))
	r.Tags = []string{"host"}
	for f, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		c := f.Column("host")
		if c.Role != Tag || c.Type != Dict || fmt.Sprint(c.Codes) != "[0 0 1 0]" || string(c.Data) != "ab" {
			t.Errorf("%+v", c)
		}
		lines, err := f.AppendLP(nil)
		if want := "m,host=a v=1i 1\nm v=2i 2\nm,host=b v=3i 3\nm,host=a v=4i 4\n"; string(lines) != want || err != nil {
			t.Errorf("%s%v", lines, err)
		}
	}
}

// TestReaderLargeDictionary holds that a large dictionary starts again from nothing.
func TestReaderLargeDictionary(t *testing.T) {
	var rows []string
	for i := range 10_000 {
		rows = append(rows, fmt.Sprintf(`[%d,"host%d"]`, i, i))
	}
	r := reader(response(series(strings.Join(rows, ","))))
	r.Tags = []string{"v"}
	n := 0
	for f, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		c := f.Column("v")
		if len(c.Offsets) > maxCodes+DefaultRows+1 {
			t.Fatalf("%d texts", len(c.Offsets)-1)
		}
		for i := range c.Len() {
			if string(c.Text(i)) != fmt.Sprint("host", n) {
				t.Fatalf("row %d: %s", n, c.Text(i))
			}
			n++
		}
	}
	if n != 10_000 {
		t.Errorf("%d rows", n)
	}
}

func TestReadAll(t *testing.T) {
	body := `{"results":[{"statement_id":0,"series":[` + series(`[1,1],[2,null],[3,0.5]`) + `,` + series(`[4,"x"]`) + `]},{"statement_id":1,"error":"no"}]}`
	frames, err := ReadAll(reader(body))
	var failed *jsonscan.StatementError
	if !errors.As(err, &failed) || failed.StatementID != 1 {
		t.Errorf("error %v", err)
	}
	want := []string{"0 m[] time[1 2 3] v:float64[1 null 0.5]", "0 m[] time[4] v:string[x]"}
	var got []string
	for _, f := range frames {
		got = append(got, show(f))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q", got)
	}
	r := reader(response(series(`[1,1],[2,0.5],[3,7]`)))
	r.Rows = 1
	frames, err = ReadAll(r)
	if err != nil || len(frames) != 3 || show(frames[0]) != "0 m[] time[1] v:int64[1]" || show(frames[2]) != "0 m[] time[3] v:float64[7]" {
		t.Errorf("%d frames, %v", len(frames), err)
	}
}

// TestReaderReset reads many responses with one reader.
func TestReaderReset(t *testing.T) {
	s := jsonscan.NewScanner(nil)
	r := NewReader(s)
	for i, tt := range []struct{ body, want string }{
		{response(series(`[1,1],[2,null]`)), "[0 m[] time[1 2] v:int64[1 null]]"},
		{response(`{"name":"n","columns":["a","b"],"values":[["x",null],[null,true]]}`), "[0 n[] a:string[x null] b:bool[null true]]"},
		{response(series(`[1,2.5]`)), "[0 m[] time[1] v:float64[2.5]]"},
		{response(series(`[1,"y"],[2,"z"],[3,null]`)), "[0 m[] time[1 2 3] v:string[y z null]]"},
	} {
		s.Reset(strings.NewReader(tt.body))
		r.Reset(s)
		if got := fmt.Sprint(showAll(t, r)); got != tt.want {
			t.Errorf("response %d: %s, want %s", i, got, tt.want)
		}
	}
}

func TestReaderPrecision(t *testing.T) {
	s := jsonscan.NewScanner(strings.NewReader(response(series(`[5,1]`))))
	s.SetPrecision(jsonscan.Millisecond)
	for f := range NewReader(s).Frames() {
		if f.Precision != lp.Millisecond || f.Time[0] != 5 {
			t.Errorf("%v %v", f.Precision, f.Time)
		}
	}
}

func TestFrameClone(t *testing.T) {
	f := &Frame{Measurement: "m", Tags: []lp.Tag{{Key: "a", Value: "b"}}, Time: []int64{1, 2}, Columns: []Column{
		Floats("f", []float64{1, math.Pi}), Strings("s", []string{"x", "y"}), Bools("b", []bool{true, false}), Tags("t", []string{"u", "u"}),
	}}
	f.Column("s").SetNull(1)
	c := f.Clone()
	before := show(c)
	f.Time[0], f.Tags[0].Key, f.Columns[0].Floats[0], f.Columns[1].Data[0] = 9, "z", 9, 'z'
	f.Column("s").Valid.Set(1)
	if show(c) != before {
		t.Errorf("%s, was %s", show(c), before)
	}
}

// A new series begins with an empty dictionary, and with the right columns whatever
// the program did to the columns of the last frame.
func TestReaderBeginsAnew(t *testing.T) {
	r := reader(response(series(`[1,"x"],[2,"y"]`), series(`[3,"z"]`), series(`[4,"x"]`)))
	r.Tags = []string{"v"}
	for _, want := range []string{"xy", "z", "x"} {
		if !r.Next() {
			t.Fatal(r.Err())
		}
		c := &r.Frame().Columns[0]
		if c.Name != "v" || c.Role != Tag || c.Type != Dict || string(c.Data) != want {
			t.Errorf("%s, role %v, %v with texts %q, want v, %v, %v with %q", c.Name, c.Role, c.Type, c.Data, Tag, Dict, want)
		}
		c.Name, c.Role = "changed", Field
	}
	r = reader(response(series(`[1,0.5]`), series(`[2,1.5]`)))
	for _, want := range []float64{0.5, 1.5} {
		if !r.Next() {
			t.Fatal(r.Err())
		}
		c := &r.Frame().Columns[0]
		if c.Name != "v" || c.Role != Field || c.Type != Float64 || c.Len() != 1 || c.Floats[0] != want {
			t.Errorf("%+v, want v with %v", *c, want)
		}
		*c = Ints("changed", []int64{1, 2, 3})
	}
}
