package lp_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// A trade is the point of the user guide that the project re-imagines.
type trade struct {
	_          lp.Measurement `lp:"Trade"`
	Timestamp  int64          `lp:",timestamp"`
	Instrument string         `lp:"instrument,tag"`
	Source     string         `lp:"source,tag"`
	Side       string         `lp:"side,tag"`
	Price      float64        `lp:"price"`
	Size       int64          `lp:"size"`
	TradeID    string         `lp:"trade_id"`
}

// benchTrades are the trades of some symbols at some venues: prices with cents,
// small sizes, random ids, some microseconds from one to the next.
func benchTrades() []trade {
	symbols := []string{"AAPL", "MSFT", "GOOG", "AMZN", "META", "NVDA", "TSLA", "BRK.B", "JPM", "V"}
	venues := []string{"NASDAQ", "NYSE", "ARCA", "BATS"}
	sides := []string{"BUY", "SELL"}
	ts := int64(1540184368785116000)
	return makeSet(func(r *rand.Rand) trade {
		ts += r.Int64N(50_000)
		return trade{
			Timestamp:  ts,
			Instrument: symbols[r.IntN(len(symbols))],
			Source:     venues[r.IntN(len(venues))],
			Side:       sides[r.IntN(len(sides))],
			Price:      decimals(10+r.Float64()*990, 2),
			Size:       (1 + r.Int64N(50)) * 10,
			TradeID: fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<16),
				r.IntN(1<<16), r.Int64N(1<<48)),
		}
	})
}

// batch is how many points the benchmarks put into one buffer before they start
// anew.
const batch = 1 << 12

// encodeTrade writes t with the Encoder.
func encodeTrade(e *lp.Encoder, t *trade) error {
	e.Point("Trade")
	e.Tag("instrument", t.Instrument)
	e.Tag("source", t.Source)
	e.Tag("side", t.Side)
	e.Float("price", t.Price)
	e.Int("size", t.Size)
	e.String("trade_id", t.TradeID)
	return e.EndTimestamp(t.Timestamp)
}

// appendTrade writes t with the append primitives.
func appendTrade(dst []byte, t *trade) []byte {
	dst = lp.AppendMeasurement(dst, "Trade")
	dst = lp.AppendTag(dst, "instrument", t.Instrument)
	dst = lp.AppendTag(dst, "source", t.Source)
	dst = lp.AppendTag(dst, "side", t.Side)
	dst = append(dst, ' ')
	dst = lp.AppendFieldKey(dst, "price")
	dst = lp.AppendFloat(dst, t.Price)
	dst = append(dst, ',')
	dst = lp.AppendFieldKey(dst, "size")
	dst = lp.AppendInt(dst, t.Size)
	dst = append(dst, ',')
	dst = lp.AppendFieldKey(dst, "trade_id")
	dst = lp.AppendString(dst, t.TradeID)
	dst = append(dst, ' ')
	dst = lp.AppendTimestamp(dst, t.Timestamp)
	return append(dst, '\n')
}

// BenchmarkWide writes points of 10 tags and 10 float fields, one per operation.
func BenchmarkWide(b *testing.B) {
	var tags []lp.Tag
	var keys []string
	for i := range 10 {
		tags = append(tags, lp.Tag{Key: fmt.Sprintf("tag_%02d", i), Value: fmt.Sprintf("value_%d", i)})
		keys = append(keys, fmt.Sprintf("field_%02d", i))
	}
	values := makeSet(floatSets[0].make)
	b.Run("encoder", func(b *testing.B) {
		var e lp.Encoder
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				e.Reset()
			}
			e.Point("cpu")
			for _, t := range tags {
				e.Tag(t.Key, t.Value)
			}
			for j, k := range keys {
				e.Float(k, values[(i*10+j)&(benchValues-1)])
			}
			if err := e.EndTimestamp(1540184368785116000 + int64(i)*1000); err != nil {
				b.Fatal(err)
			}
		}
	})
	series := lp.Must(lp.NewSeries("cpu", tags...))
	layout := lp.Must(lp.NewLayout(keys...))
	b.Run("layout", func(b *testing.B) {
		var e lp.Encoder
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				e.Reset()
			}
			e.Series(series)
			r := layout.Row(&e)
			for j := range keys {
				r.Float(values[(i*10+j)&(benchValues-1)])
			}
			if err := e.EndTimestamp(1540184368785116000 + int64(i)*1000); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("layout-floats", func(b *testing.B) {
		var e lp.Encoder
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				e.Reset()
			}
			e.Series(series)
			r := layout.Row(&e)
			at := i * 10 & (benchValues - 1)
			r.Floats(values[min(at, benchValues-10):][:10])
			if err := e.EndTimestamp(1540184368785116000 + int64(i)*1000); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkTrade writes one point per operation.
func BenchmarkTrade(b *testing.B) {
	trades := benchTrades()
	b.Run("encoder", func(b *testing.B) {
		var e lp.Encoder
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				e.Reset()
			}
			if err := encodeTrade(&e, &trades[i&(benchValues-1)]); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(e.Len()) / int64(max(1, e.Lines())))
	})
	b.Run("append", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				buf = buf[:0]
			}
			buf = appendTrade(buf, &trades[i&(benchValues-1)])
		}
	})
	schema := lp.Must(lp.SchemaFor[trade]())
	b.Run("schema", func(b *testing.B) {
		var buf []byte
		var err error
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				buf = buf[:0]
			}
			if buf, err = schema.Append(buf, &trades[i&(benchValues-1)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("schema-all", func(b *testing.B) {
		var buf []byte
		var err error
		b.ReportAllocs()
		for i := 0; i < b.N; i += batch {
			at := i & (benchValues - 1)
			if buf, err = schema.AppendAll(buf[:0], trades[at:at+min(batch, b.N-i)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	// The floor: the same bytes copied.
	b.Run("copy", func(b *testing.B) {
		var e lp.Encoder
		lines := make([][]byte, batch)
		for i := range lines {
			at := e.Len()
			encodeTrade(&e, &trades[i])
			lines[i] = append([]byte(nil), e.Bytes()[at:]...)
		}
		var buf []byte
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				buf = buf[:0]
			}
			buf = append(buf, lines[i%batch]...)
		}
	})
}
