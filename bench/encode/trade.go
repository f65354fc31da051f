package encode

import (
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// taggedTrade is workload.Trade in the form that DataToPoint of
// influxdb-client-go and WriteData of influxdb3-go read.
type taggedTrade struct {
	Measurement string    `lp:"measurement"`
	Instrument  string    `lp:"tag,instrument"`
	Source      string    `lp:"tag,source"`
	Side        string    `lp:"tag,side"`
	Price       float64   `lp:"field,price"`
	Size        int64     `lp:"field,size"`
	TradeID     string    `lp:"field,trade_id"`
	Timestamp   time.Time `lp:"timestamp"`
}

// tradeCase is the lead example: 3 tags, 3 fields, 135 bytes.
func tradeCase(size float64) (measure.Case, error) {
	type T = workload.Trade
	points := workload.Trades(measure.Scale(131072, size, batch+1), 1)
	want := reference(points, "Trade", func(p *T) (tags, fields []pair, ts int64) {
		return []pair{{"instrument", p.Instrument}, {"source", p.Source}, {"side", p.Side}},
			[]pair{{"price", p.Price}, {"size", p.Size}, {"trade_id", p.TradeID}}, p.Timestamp
	})
	own, err := schemaEntry(points, "Trade")
	if err != nil {
		return measure.Case{}, err
	}
	entries := []entry{
		own,
		frameEntry(points),
		{name: "pointwire-encoder", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			e.Point("Trade")
			e.Tag("instrument", p.Instrument)
			e.Tag("source", p.Source)
			e.Tag("side", p.Side)
			e.Float("price", p.Price)
			e.Int("size", p.Size)
			e.String("trade_id", p.TradeID)
			return e.EndTimestamp(p.Timestamp)
		}}},
		{name: "pointwire-append", module: ownModule, contender: &handwritten[T]{points, func(dst []byte, p *T) []byte {
			dst = lp.AppendMeasurement(dst, "Trade")
			dst = lp.AppendTag(dst, "instrument", p.Instrument)
			dst = lp.AppendTag(dst, "source", p.Source)
			dst = lp.AppendTag(dst, "side", p.Side)
			dst = append(dst, " price="...)
			dst = lp.AppendFloat(dst, p.Price)
			dst = append(dst, ",size="...)
			dst = lp.AppendInt(dst, p.Size)
			dst = append(dst, ",trade_id="...)
			dst = lp.AppendString(dst, p.TradeID)
			dst = append(dst, ' ')
			dst = lp.AppendTimestamp(dst, p.Timestamp)
			return append(dst, '\n')
		}}},
		{name: "handwritten", contender: &handwritten[T]{points, func(dst []byte, p *T) []byte {
			dst = append(dst, "Trade"...)
			dst = handTag(dst, "instrument", p.Instrument)
			dst = handTag(dst, "source", p.Source)
			dst = handTag(dst, "side", p.Side)
			dst = handFloat(dst, ' ', "price", p.Price)
			dst = handInt(dst, ',', "size", p.Size)
			dst = handString(dst, ',', "trade_id", p.TradeID)
			return handTime(dst, p.Timestamp)
		}}},
	}
	entries = append(entries, lp2Entries(points, func(e *lineprotocol.Encoder, p *T) {
		e.StartLine("Trade")
		e.AddTag("instrument", p.Instrument)
		e.AddTag("side", p.Side)
		e.AddTag("source", p.Source)
		e.AddField("price", mustFloat(p.Price))
		e.AddField("size", lineprotocol.IntValue(p.Size))
		e.AddField("trade_id", mustString(p.TradeID))
		e.EndLine(time.Unix(0, p.Timestamp))
	})...)
	clients, err := clientEntries(points, "Trade", func(p *T) (map[string]string, map[string]any, time.Time) {
		return map[string]string{"instrument": p.Instrument, "source": p.Source, "side": p.Side},
			map[string]any{"price": p.Price, "size": p.Size, "trade_id": p.TradeID}, time.Unix(0, p.Timestamp)
	})
	if err != nil {
		return measure.Case{}, err
	}
	tagged := make([]any, len(points))
	for i, p := range points {
		tagged[i] = &taggedTrade{"Trade", p.Instrument, p.Source, p.Side, p.Price, p.Size, p.TradeID, time.Unix(0, p.Timestamp)}
	}
	forms, err := structEntries(tagged)
	entries = append(append(entries, clients...), forms...)
	return newCase("trade", len(points), want, entries), err
}
