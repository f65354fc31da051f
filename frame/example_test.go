package frame_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

const loads = `{"results":[{"statement_id":0,"series":[` +
	`{"name":"cpu","tags":{"host":"a"},"columns":["time","load","note"],"values":[[1,0.5,"x"],[2,null,null],[3,2,"y"]]},` +
	`{"name":"cpu","tags":{"host":"b"},"columns":["time","load","note"],"values":[[1,1.5,null]]}]}]}`

func Example() {
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(loads)))
	for f, err := range r.Frames() {
		if err != nil {
			fmt.Println(err)
			return
		}
		load := f.Column("load")
		sum, n := 0.0, 0
		for i, v := range load.Floats {
			if !load.IsNull(i) {
				sum += v
				n++
			}
		}
		fmt.Println(f.Measurement, f.Tag("host"), f.Time, sum/float64(n))
	}
	// Output:
	// cpu a [1 2 3] 1.25
	// cpu b [1] 1.5
}

func ExampleReader_merge() {
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(loads)))
	r.Merge = true
	for r.Next() {
		f := r.Frame()
		host := f.Column("host")
		for i := range f.Len() {
			fmt.Printf("%d %s %q\n", f.Time[i], host.Text(i), f.Column("load").AppendValue(nil, i))
		}
	}
	fmt.Println(r.Err())
	// Output:
	// 1 a "0.5"
	// 2 a ""
	// 3 a "2"
	// 1 b "1.5"
	// <nil>
}

func ExampleReadAll() {
	frames, err := frame.ReadAll(frame.NewReader(jsonscan.NewScanner(strings.NewReader(loads))))
	fmt.Println(len(frames), frames[0].Len(), frames[0].Column("load").Nulls(), err)
	// Output: 2 3 1 <nil>
}

func ExampleFrame_AppendLP() {
	f := &frame.Frame{
		Measurement: "prices",
		Tags:        []lp.Tag{{Key: "asset_class", Value: "equities"}},
		Time:        []int64{1, 2, 3},
		Columns: []frame.Column{
			frame.Tags("symbol", []string{"AAPL", "MSFT", "AAPL"}),
			frame.Floats("price", []float64{219.23, 0, 0}),
			frame.Ints("size", []int64{100, 200, 0}),
		},
	}
	f.Columns[1].SetNull(1)
	f.Columns[1].SetNull(2)
	f.Columns[2].SetNull(2)
	lines, err := f.AppendLP(nil)
	fmt.Printf("%s%d skipped, %v\n", lines, f.Skipped(), err)
	// Output:
	// prices,asset_class=equities,symbol=AAPL price=219.23,size=100i 1
	// prices,asset_class=equities,symbol=MSFT size=200i 2
	// 1 skipped, <nil>
}

func ExampleEncoder() {
	e := frame.Encoder{
		Options: lp.Options{TagOrder: lp.TagsSorted},
		Tags:    []lp.Tag{{Key: "dc", Value: "x"}},
	}
	f := &frame.Frame{Measurement: "cpu", Columns: []frame.Column{frame.Tags("host", []string{"a", "b"}), frame.Bools("up", []bool{true, false})}}
	lines, err := e.Append(nil, f)
	fmt.Printf("%s%d lines, %v\n", lines, e.Lines(), err)
	// Output:
	// cpu,dc=x,host=a up=true
	// cpu,dc=x,host=b up=false
	// 2 lines, <nil>
}

func ExampleFrame_SetTags() {
	body := `{"results":[{"series":[{"name":"cpu","columns":["time","host","load"],"values":[[1,"a",0.5],[2,"b",0.25]]}]}]}`
	frames, _ := frame.ReadAll(frame.NewReader(jsonscan.NewScanner(strings.NewReader(body))))
	if err := frames[0].SetTags("host"); err != nil {
		fmt.Println(err)
	}
	lines, err := frames[0].AppendLP(nil)
	fmt.Printf("%s%v\n", lines, err)
	// Output:
	// cpu,host=a load=0.5 1
	// cpu,host=b load=0.25 2
	// <nil>
}

func ExampleFrame_TagColumn() {
	body := `{"results":[{"series":[{"name":"cpu","tags":{"host":"a"},"columns":["time","host"],"values":[[1,0.5]]}]}]}`
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(body)))
	r.Merge = true
	frames, err := frame.ReadAll(r)
	fmt.Println(string(frames[0].TagColumn("host").Text(0)), frames[0].Column("host").Floats, err)
	// Output: a [0.5] <nil>
}

func ExampleColumn() {
	c := frame.Column{Name: "load"}
	c.AppendFloat(0.5)
	c.AppendNull()
	c.AppendFloat(2)
	fmt.Println(c.Type, c.Len(), c.Nulls(), c.IsNull(1), c.Valid.Get(2))
	// Output: float64 3 1 true true
}

func ExampleReader_Take() {
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(loads)))
	var kept []*frame.Frame
	for r.Next() {
		kept = append(kept, r.Take())
	}
	fmt.Println(len(kept), kept[0].Time, kept[1].Time)
	// Output: 2 [1 2 3] [1]
}

func ExampleColumn_Text() {
	c := frame.Strings("note", []string{"a", "b"})
	fmt.Printf("%s %d\n", c.Text(1), c.Offsets)
	// Output: b [0 1 2]
}

func ExampleFrame_Clone() {
	f := &frame.Frame{Measurement: "m", Columns: []frame.Column{frame.Ints("i", []int64{1})}}
	c := f.Clone()
	f.Columns[0].Ints[0] = 2
	fmt.Println(c.Columns[0].Ints)
	// Output: [1]
}

// Columns can also be built value by value.
func ExampleColumn_AppendInt() {
	ints, uints := frame.Column{Name: "i"}, frame.Uints("u", []uint64{1})
	ints.AppendInt(-5)
	uints.AppendUint(7)
	ints.AppendNull()
	floats := frame.Floats32("f", []float32{0.1})
	floats.AppendFloat32(0.2)
	bools, texts, codes := frame.Column{Name: "b"}, frame.Column{Name: "s"}, frame.Column{Name: "t", Role: frame.Tag}
	for _, v := range []string{"x", "y"} {
		bools.AppendBool(v == "y")
		texts.AppendString(v)
		codes.AppendCode("same")
	}
	f := &frame.Frame{Measurement: "m", Columns: []frame.Column{codes, ints, uints, floats, bools, texts}}
	lines, err := f.AppendLP(nil)
	fmt.Printf("%s%v\n", lines, err)
	fmt.Println(f.Column("b").Bool(1), f.Column("t").Codes)
	ints.Reset()
	fmt.Println(ints.Len())
	// Output:
	// m,t=same i=-5i,u=1u,f=0.1,b=false,s="x"
	// m,t=same u=7u,f=0.2,b=true,s="y"
	// <nil>
	// true [0 0]
	// 0
}

func ExampleBitmap() {
	b := frame.NewBitmap(10) // all set
	b.Clear(3)
	b.Clear(4)
	b.Set(4)
	fmt.Println(b.Get(3), b.Get(4), b.Count(), []byte(b))
	// Output: false true 9 [247 3]
}

// The columns of a CSV file, which have their types beforehand.
func ExampleColumn_AppendParsed() {
	rows, err := csv.NewReader(strings.NewReader("a,0.5,3\nb,,4\nc,x,5\n")).ReadAll()
	if err != nil {
		fmt.Println(err)
		return
	}
	f := frame.Frame{Measurement: "load", Columns: []frame.Column{
		{Name: "host", Role: frame.Tag}, {Name: "load", Type: frame.Float64}, {Name: "jobs", Type: frame.Int64}}}
	for _, row := range rows {
		for i, text := range row {
			if err := f.Columns[i].AppendParsed(text); err != nil {
				fmt.Println(err)
				f.Columns[i].AppendNull()
			}
		}
	}
	lines, err := f.AppendLP(nil)
	fmt.Printf("%s%v\n", lines, err)
	// Output:
	// frame: parse row 2 of column "load" as float64: "x": text is no such value
	// load,host=a load=0.5,jobs=3i
	// load,host=b jobs=4i
	// load,host=c jobs=5i
	// <nil>
}

func ExampleParseError() {
	c := frame.Column{Name: "jobs", Type: frame.Int64}
	err := c.AppendParsed("3.5")
	var parsed *frame.ParseError
	if errors.As(err, &parsed) {
		fmt.Println(parsed.Column, parsed.Row, parsed.Type, parsed.Text, errors.Is(err, frame.ErrText))
	}
	// Output: jobs 0 int64 3.5 true
}

// One encoder writes frames of any precision in that of a batch, and keeps count.
func ExampleEncoder_AppendAs() {
	f := &frame.Frame{Precision: lp.Second, Time: []int64{7, 8}, Columns: []frame.Column{frame.Floats("f", []float64{1, math.NaN()})}}
	e := frame.Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropPoint}}
	lines, err := e.AppendAs(nil, f, lp.Form{Precision: lp.Millisecond, Measurement: "m"})
	fmt.Printf("%q %v %d\n", lines, err, e.Count(lp.ErrNotFinite))
	// Output: "m f=1 7000\n" <nil> 1
}

// An encoder that is put aside need not keep the last frame from being freed.
func ExampleEncoder_Reset() {
	var e frame.Encoder
	lines, err := e.Append(nil, &frame.Frame{Measurement: "m", Columns: []frame.Column{frame.Floats("f", []float64{1})}})
	e.Reset()
	fmt.Printf("%q %v %d\n", lines, err, e.Lines())
	// Output: "m f=1\n" <nil> 1
}

// A large frame can be written in parts.
func ExampleEncoder_AppendRows() {
	f := &frame.Frame{Measurement: "m", Columns: []frame.Column{frame.Floats("f", []float64{1, math.NaN(), 3})}}
	e := frame.Encoder{Options: lp.Options{NotFinite: lp.NotFiniteDropField}}
	for lo := 0; lo < f.Len(); lo += 2 {
		lines, err := e.AppendRows(nil, f, lo, min(lo+2, f.Len()))
		fmt.Printf("%q %v\n", lines, err)
	}
	fmt.Println(e.Count(lp.ErrNotFinite), e.Skipped())
	// Output:
	// "m f=1\n" <nil>
	// "m f=3\n" <nil>
	// 1 1
}

func ExampleReader_Reset() {
	s := jsonscan.NewScanner(nil)
	r := frame.NewReader(s)
	r.Rows = 2
	for range 2 { // responses
		s.Reset(strings.NewReader(loads))
		r.Reset(s)
		frames := 0
		for r.Next() {
			frames++
		}
		fmt.Println(frames, r.Err())
	}
	// Output:
	// 3 <nil>
	// 3 <nil>
}

func ExampleRecoverable() {
	response := `{"results":[{"statement_id":0,"error":"no such function"},` +
		`{"statement_id":1,"series":[{"name":"m","columns":["time","v"],"values":[[1,10],[null,20],[3,30]]}]}]}`
	r := frame.NewReader(jsonscan.NewScanner(strings.NewReader(response)))
	for f, err := range r.Frames() {
		switch {
		case err == nil:
			fmt.Println(f.Measurement, f.Time)
		case frame.Recoverable(err):
			fmt.Println("without it:", err)
		default:
			fmt.Println("the end:", err)
		}
	}
	// Output:
	// without it: jsonscan: statement 0: no such function
	// m [1]
	// without it: jsonscan: read column 0 "time" as int64: cell is null
	// m [3]
}

// A form sets what the frame does not say.
func ExampleFrame_AppendLPAs() {
	f := &frame.Frame{Precision: lp.Second, Time: []int64{5}, Columns: []frame.Column{frame.Ints("v", []int64{1})}}
	lines, err := f.AppendLPAs(nil, lp.Form{Precision: lp.Millisecond, Measurement: "m"})
	fmt.Printf("%s%v %q\n", lines, err, f.Measurement)
	// Output:
	// m v=1i 5000
	// <nil> ""
}

func ExampleFrame_AppendLPIn() {
	f := frame.Frame{Measurement: "cpu", Precision: lp.Second, Time: []int64{5}, Columns: []frame.Column{frame.Floats("load", []float64{0.5})}}
	lines, err := f.AppendLPIn(nil, lp.Millisecond)
	fmt.Printf("%s%v\n", lines, err)
	// Output:
	// cpu load=0.5 5000
	// <nil>
}
