package pwarrow_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// answer is a response to SELECT load FROM cpu GROUP BY host.
const answer = `{"results":[{"statement_id":0,"series":[
	{"name":"cpu","tags":{"host":"a"},"columns":["time","load"],"values":[[1000,0.25],[2000,null]]},
	{"name":"cpu","tags":{"host":"b"},"columns":["time","load"],"values":[[1000,3]]}]}]}`

// A frame and its record share their memory.
func ExampleRecord() {
	f := &frame.Frame{
		Measurement: "cpu", Time: []int64{1, 2, 3}, Precision: lp.Second, Tags: []lp.Tag{{Key: "host", Value: "a"}},
		Columns: []frame.Column{frame.Floats("load", []float64{0.25, 0.5, 0.75})},
	}
	record, err := pwarrow.Record(f)
	if err != nil {
		log.Fatal(err)
	}
	defer record.Release()
	for i, a := range record.Columns() {
		fmt.Println(record.ColumnName(i), a.DataType(), a)
	}
	// Output:
	// time timestamp[s, tz=UTC] [1 2 3]
	// host dictionary<values=utf8, indices=int32, ordered=false> { dictionary: ["a"]
	//   indices: [0 0 0] }
	// load float64 [0.25 0.5 0.75]
}

// The columns that a program writes come from Arrow.
func ExampleFrame() {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}},
		{Name: "host", Type: arrow.BinaryTypes.String},
		{Name: "load", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader(`[{"time": 5, "host": "a", "load": 0.25}, {"time": 6, "host": "b", "load": 0.5}]`))
	if err != nil {
		log.Fatal(err)
	}
	f, err := pwarrow.Frame(record)
	if err != nil {
		log.Fatal(err)
	}
	f.Measurement = "cpu"
	if err := f.SetTags("host"); err != nil {
		log.Fatal(err)
	}
	lines, err := f.AppendLP(nil) // Client.WriteFrame writes it
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(lines))
	// Output:
	// cpu,host=a load=0.25 5
	// cpu,host=b load=0.5 6
}

// A response of any size becomes a stream, frame by frame.
func ExampleWriteStream() {
	reader := frame.NewReader(jsonscan.NewScanner(strings.NewReader(answer))) // Result.FrameReader for a query
	reader.Merge = true
	var stream bytes.Buffer
	if err := pwarrow.WriteStream(&stream, nil, reader.Frames(), ipc.WithZstd()); err != nil {
		log.Fatal(err)
	}
	for f, err := range pwarrow.ReadStream(&stream) {
		if err != nil {
			log.Fatal(err)
		}
		lines, _ := f.AppendLP(nil)
		fmt.Print(string(lines))
	}
	// Output:
	// cpu,host=a load=0.25 1000
	// cpu,host=b load=3 1000
}

func ExampleWriteFile() {
	reader := frame.NewReader(jsonscan.NewScanner(strings.NewReader(answer)))
	var file bytes.Buffer // usually an *os.File
	if err := pwarrow.WriteFile(&file, nil, reader.Frames()); err != nil {
		log.Fatal(err)
	}
	for f, err := range pwarrow.ReadFile(bytes.NewReader(file.Bytes())) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f.Measurement, f.Len(), f.Time)
	}
	// Output:
	// cpu 2 [1000 2000]
	// cpu 1 [1000]
}

// The series of a response differ in their columns, and the field of the second is a float.
func ExampleSchema() {
	body := `{"results":[{"series":[{"name":"m","columns":["time","a"],"values":[[1,1]]},{"name":"m","columns":["time","a","b"],"values":[[2,0.5,"x"]]}]}]}`
	frames, err := frame.ReadAll(frame.NewReader(jsonscan.NewScanner(strings.NewReader(body))))
	if err != nil {
		log.Fatal(err)
	}
	s, err := pwarrow.Schema(frames...)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range frames {
		record, err := pwarrow.RecordAs(f, s)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Column(1), record.Column(2))
		record.Release()
	}
	// Output:
	// [1] [(null)]
	// [0.5] ["x"]
}

func ExampleColumnError() {
	_, err := pwarrow.Frame(recordOf("day", array.MakeArrayOfNull(memory.DefaultAllocator, arrow.FixedWidthTypes.Date32, 1)))
	var column *pwarrow.ColumnError
	if errors.As(err, &column) {
		fmt.Println(column.Column, errors.Is(err, pwarrow.ErrType))
		fmt.Println(err)
	}
	// Output:
	// day true
	// pwarrow: column "day": type cannot be converted: date32
}
