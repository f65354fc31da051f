package fastclient

import (
	"bytes"
	"context"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// tradeLines returns n trades as lines.
func tradeLines(n int) []byte {
	schema := must(lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"}))
	lines, err := schema.AppendAll(nil, workload.Trades(n, 1))
	if err != nil {
		panic(err)
	}
	return lines
}

// BenchmarkWrite writes 5,000 lines to a server in this process, whose work is
// part of what is measured; the comparison with other clients is in bench/.
func BenchmarkWrite(b *testing.B) {
	lines := tradeLines(5000)
	for _, c := range []struct {
		name string
		gzip Compression
	}{{"plain", Compression{Off: true}}, {"gzip", Compression{Always: true}}} {
		b.Run("case="+c.name+"/lib=pointwire", func(b *testing.B) {
			s := influxtest.New(b)
			cl, err := New(Options{Addr: s.URL, Database: "d", Compression: c.gzip})
			if err != nil {
				b.Fatal(err)
			}
			defer cl.Close()
			b.SetBytes(int64(len(lines)))
			b.ReportAllocs()
			for b.Loop() {
				if err := cl.Write(context.Background(), lines); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkQuery reads 10,000 rows from a server in this process.
func BenchmarkQuery(b *testing.B) {
	body, _ := workload.FindBody("trade")
	response := bytes.TrimSpace(body.Make(10_000./150_000, 0))
	s := influxtest.New(b, influxtest.JSON(string(response)+"\n"))
	c, err := New(Options{Addr: s.URL, Database: "d"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.SetBytes(int64(len(response)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := c.Query(context.Background(), "SELECT * FROM Trade")
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Rows() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
