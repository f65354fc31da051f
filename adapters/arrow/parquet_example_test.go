package pwarrow_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// Records become Parquet by the library's package pqarrow, which a program that does not
// import it does not get.
func Example_parquet() {
	f := &frame.Frame{
		Measurement: "cpu", Time: []int64{1000, 2000}, Precision: lp.Millisecond,
		Columns: []frame.Column{frame.Tags("host", []string{"a", "b"}), frame.Floats("load", []float64{0.25, 0.5})},
	}
	record, err := pwarrow.Record(f)
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer // usually an *os.File
	w, err := pqarrow.NewFileWriter(record.Schema(), &out, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd)),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema())) // keeps the roles of columns
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Write(record); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	in, err := file.NewParquetReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		log.Fatal(err)
	}
	r, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		log.Fatal(err)
	}
	table, err := r.ReadTable(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer table.Release()
	records := array.NewTableReader(table, 1024)
	defer records.Release()
	for records.Next() {
		back, err := pwarrow.Frame(records.RecordBatch())
		if err != nil {
			log.Fatal(err)
		}
		back.Measurement = f.Measurement // pqarrow reads the metadata of columns, not of the schema
		lines, err := back.AppendLP(nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(string(lines))
	}
	// Output:
	// cpu,host=a load=0.25 1000
	// cpu,host=b load=0.5 2000
}
