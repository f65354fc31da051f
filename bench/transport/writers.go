package transport

import (
	"context"
	"errors"

	"github.com/InfluxCommunity/influxdb3-go/v2/influxdb3"
	"github.com/InfluxCommunity/influxdb3-go/v2/influxdb3/batching"
	"github.com/pointwire/pointwire/fastclient/batch"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// writerMakers make writers, which take points one after the other and send them in
// gzip'ed batches of 5,000. Write gives a writer a batch of structs and waits until it is
// acknowledged. influxdb1-client has no batching of its own, so the points are collected
// by hand, as in its documentation.
var writerMakers = []maker{
	{ownName + "-writer", ownModule, ownWriter},
	{v2Name + "-async", v2Module, writer2},
	{v1Name, v1Module, structs1},
	{v3Name + "-batching", v3Module, batcher3},
}

// A taggedTrade is a trade with its tags in the order of the reference lines.
type taggedTrade struct {
	Timestamp  int64   `lp:",timestamp"`
	Instrument string  `lp:"instrument,tag"`
	Side       string  `lp:"side,tag"`
	Source     string  `lp:"source,tag"`
	Price      float64 `lp:"price"`
	Size       int64   `lp:"size"`
	TradeID    string  `lp:"trade_id"`
}

// ownWriter is a fastclient.Writer. It gets one struct per call, as from a collector.
func ownWriter(addr string) (Contender, error) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr, Database: "testdb", Compression: fastclient.Compression{Always: true}})
	if err != nil {
		return nil, err
	}
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		c.Close()
		return nil, err
	}
	schema, err := lp.NewSchema[taggedTrade](lp.SchemaOptions{Measurement: "Trade"})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	one := make([]taggedTrade, 1)
	return contender{func(b *Batch) error {
		for i := range b.Trades {
			one[0] = tagged(&b.Trades[i])
			if err := batch.WriteStructs(ctx, w, schema, one); err != nil {
				return err
			}
		}
		return w.Flush(ctx)
	}, func() { w.Close(ctx); c.Close() }}, nil
}

func tagged(t *workload.Trade) taggedTrade {
	return taggedTrade{t.Timestamp, t.Instrument, t.Side, t.Source, t.Price, t.Size, t.TradeID}
}

// writer2 is the asynchronous WriteAPI of influxdb-client-go with its default
// batch of 5,000 points.
func writer2(addr string) (Contender, error) {
	c := influxdb2.NewClientWithOptions("http://"+addr, "token", influxdb2.DefaultOptions().SetUseGZip(true))
	w := c.WriteAPI("org", "testdb")
	failed := make(chan error, 1)
	go func() {
		for err := range w.Errors() {
			select {
			case failed <- err:
			default:
			}
		}
	}()
	return contender{func(b *Batch) error {
		for i := range b.Trades {
			tags, fields, t := maps(&b.Trades[i])
			w.WritePoint(write.NewPoint("Trade", tags, fields, t))
		}
		w.Flush()
		select {
		case err := <-failed:
			return err
		default:
			return nil
		}
	}, c.Close}, nil
}

// batcher3 is the batcher of influxdb3-go, whose callback writes the points.
func batcher3(addr string) (Contender, error) {
	c, err := influxdb3.New(influxdb3.ClientConfig{Host: "http://" + addr, Token: "token", Database: "testdb"})
	if err != nil {
		return nil, err
	}
	var failed error
	send := func(points []*influxdb3.Point) {
		failed = errors.Join(failed, c.WritePoints(context.Background(), points))
	}
	batch := batching.NewBatcher(batching.WithSize(5000), batching.WithInitialCapacity(5000), batching.WithEmitCallback(send))
	return contender{func(b *Batch) error {
		for i := range b.Trades {
			tags, fields, t := maps(&b.Trades[i])
			batch.Add(influxdb3.NewPoint("Trade", tags, fields, t))
		}
		if rest := batch.Emit(); len(rest) > 0 {
			send(rest)
		}
		return failed
	}, func() { c.Close() }}, nil
}
