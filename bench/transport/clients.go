package transport

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	influxdb3 "github.com/InfluxCommunity/influxdb3-go/v2/influxdb3"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
	influxdb1root "github.com/influxdata/influxdb1-client"
	influxdb1 "github.com/influxdata/influxdb1-client/v2"
	"github.com/valyala/fasthttp"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

const (
	ownModule  = "github.com/pointwire/pointwire"
	fastModule = "github.com/valyala/fasthttp"
	v1Module   = "github.com/influxdata/influxdb1-client"
	v2Module   = "github.com/influxdata/influxdb-client-go/v2"
	v3Module   = "github.com/InfluxCommunity/influxdb3-go/v2"
)

// A contender is a Contender made of functions.
type contender struct {
	write func(b *Batch) error
	close func()
}

func (c contender) Write(b *Batch) error { return c.write(b) }
func (c contender) Close() {
	if c.close != nil {
		c.close()
	}
}

var plainMakers = []maker{
	{ownName, ownModule, func(addr string) (Contender, error) {
		return own(addr, context.Background(), fastclient.Compression{Off: true})
	}},
	{ownName + "-cancel", ownModule, func(addr string) (Contender, error) {
		ctx, cancel := context.WithCancel(context.Background())
		c, err := own(addr, ctx, fastclient.Compression{Off: true})
		if err != nil {
			cancel()
			return nil, err
		}
		return contender{c.Write, func() { cancel(); c.Close() }}, nil
	}},
	{fastName, fastModule, bareFasthttp},
	{netName, "", func(addr string) (Contender, error) { return netHTTP(addr, false) }},
	{v2Name, v2Module, func(addr string) (Contender, error) {
		return client2(addr, false, func(w api.WriteAPIBlocking, b *Batch) error { return w.WriteRecord(context.Background(), b.Text) })
	}},
	{v1Name, v1Module, lines1},
	{v3Name, v3Module, func(addr string) (Contender, error) {
		return client3(addr, false, func(c *influxdb3.Client, b *Batch) error { return c.Write(context.Background(), b.Lines) })
	}},
}

var gzipMakers = []maker{
	{ownName, ownModule, func(addr string) (Contender, error) {
		return own(addr, context.Background(), fastclient.Compression{Always: true})
	}},
	{netName, "", func(addr string) (Contender, error) { return netHTTP(addr, true) }},
	{v2Name, v2Module, func(addr string) (Contender, error) {
		return client2(addr, true, func(w api.WriteAPIBlocking, b *Batch) error { return w.WriteRecord(context.Background(), b.Text) })
	}},
	{v3Name, v3Module, func(addr string) (Contender, error) {
		return client3(addr, true, func(c *influxdb3.Client, b *Batch) error { return c.Write(context.Background(), b.Lines) })
	}},
}

var structMakers = []maker{
	{ownName + "-encoder", ownModule, encoderStructs},
	{v2Name, v2Module, func(addr string) (Contender, error) {
		return client2(addr, true, func(w api.WriteAPIBlocking, b *Batch) error {
			points := make([]*write.Point, len(b.Trades))
			for i := range b.Trades {
				tags, fields, t := maps(&b.Trades[i])
				points[i] = write.NewPoint("Trade", tags, fields, t)
			}
			return w.WritePoint(context.Background(), points...)
		})
	}},
	{v1Name, v1Module, structs1},
	{v3Name, v3Module, func(addr string) (Contender, error) {
		return client3(addr, true, func(c *influxdb3.Client, b *Batch) error {
			points := make([]*influxdb3.Point, len(b.Trades))
			for i := range b.Trades {
				tags, fields, t := maps(&b.Trades[i])
				points[i] = influxdb3.NewPoint("Trade", tags, fields, t)
			}
			return c.WritePoints(context.Background(), points)
		})
	}},
}

// maps returns the tags, fields and time of a trade, as the clients take them.
func maps(p *workload.Trade) (map[string]string, map[string]any, time.Time) {
	return map[string]string{"instrument": p.Instrument, "source": p.Source, "side": p.Side},
		map[string]any{"price": p.Price, "size": p.Size, "trade_id": p.TradeID}, time.Unix(0, p.Timestamp)
}

// own is a fastclient.Client.
func own(addr string, ctx context.Context, gzip fastclient.Compression) (Contender, error) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr, Database: "testdb", Compression: gzip})
	if err != nil {
		return nil, err
	}
	return contender{func(b *Batch) error { return c.Write(ctx, b.Lines) }, func() { c.Close() }}, nil
}

// encoderStructs encodes with lp.Encoder, compresses and writes.
func encoderStructs(addr string) (Contender, error) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr, Database: "testdb", Compression: fastclient.Compression{Always: true}})
	if err != nil {
		return nil, err
	}
	var e lp.Encoder
	return contender{func(b *Batch) error {
		e.Reset()
		for i := range b.Trades {
			p := &b.Trades[i]
			e.Point("Trade")
			e.Tag("instrument", p.Instrument)
			e.Tag("side", p.Side)
			e.Tag("source", p.Source)
			e.Float("price", p.Price)
			e.Int("size", p.Size)
			e.String("trade_id", p.TradeID)
			if err := e.EndTimestamp(p.Timestamp); err != nil {
				return err
			}
		}
		return c.Write(context.Background(), e.Bytes())
	}, func() { c.Close() }}, nil
}

// bareFasthttp is a fasthttp.Client with pooled requests and responses, as in its
// documentation.
func bareFasthttp(addr string) (Contender, error) {
	var c fasthttp.Client
	url := "http://" + addr + "/write?db=testdb"
	return contender{func(b *Batch) error {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI(url)
		req.Header.SetMethod(fasthttp.MethodPost)
		req.SetBodyRaw(b.Lines)
		if err := c.Do(req, resp); err != nil {
			return err
		}
		if resp.StatusCode() != fasthttp.StatusNoContent {
			return fmt.Errorf("status %d", resp.StatusCode())
		}
		return nil
	}, c.CloseIdleConnections}, nil
}

// netHTTP is a new http.Client. With gzip it reuses one writer of compress/gzip and one
// buffer.
func netHTTP(addr string, gzip bool) (Contender, error) {
	t := &http.Transport{}
	c := &http.Client{Transport: t}
	url := "http://" + addr + "/write?db=testdb"
	var compressed bytes.Buffer
	z := stdgzip.NewWriter(&compressed)
	return contender{func(b *Batch) error {
		body := b.Lines
		if gzip {
			compressed.Reset()
			z.Reset(&compressed)
			if _, err := z.Write(body); err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			body = compressed.Bytes()
		}
		req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		if gzip {
			req.Header.Set("Content-Encoding", "gzip")
		}
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusNoContent {
			return fmt.Errorf("status %s", resp.Status)
		}
		return nil
	}, t.CloseIdleConnections}, nil
}

// client2 is the blocking write API of influxdb-client-go.
func client2(addr string, gzip bool, send func(api.WriteAPIBlocking, *Batch) error) (Contender, error) {
	c := influxdb2.NewClientWithOptions("http://"+addr, "token", influxdb2.DefaultOptions().SetUseGZip(gzip))
	w := c.WriteAPIBlocking("org", "testdb")
	return contender{func(b *Batch) error { return send(w, b) }, c.Close}, nil
}

// client3 is influxdb3-go.
func client3(addr string, gzip bool, send func(*influxdb3.Client, *Batch) error) (Contender, error) {
	o := influxdb3.DefaultWriteOptions
	if !gzip {
		o.GzipThreshold = 0
	}
	c, err := influxdb3.New(influxdb3.ClientConfig{Host: "http://" + addr, Token: "token", Database: "testdb", WriteOptions: &o})
	if err != nil {
		return nil, err
	}
	return contender{func(b *Batch) error { return send(c, b) }, func() { c.Close() }}, nil
}

// lines1 is WriteLineProtocol of influxdb1-client, which takes encoded lines.
func lines1(addr string) (Contender, error) {
	c, err := influxdb1root.NewClient(influxdb1root.Config{URL: url.URL{Scheme: "http", Host: addr}})
	if err != nil {
		return nil, err
	}
	return contender{write: func(b *Batch) error {
		_, err := c.WriteLineProtocol(b.Text, "testdb", "", "ns", "")
		return err
	}}, nil
}

// structs1 is Write of influxdb1-client with gzip.
func structs1(addr string) (Contender, error) {
	c, err := influxdb1.NewHTTPClient(influxdb1.HTTPConfig{Addr: "http://" + addr, WriteEncoding: influxdb1.GzipEncoding})
	if err != nil {
		return nil, err
	}
	return contender{func(b *Batch) error {
		points, err := influxdb1.NewBatchPoints(influxdb1.BatchPointsConfig{Database: "testdb", Precision: "ns"})
		if err != nil {
			return err
		}
		for i := range b.Trades {
			tags, fields, t := maps(&b.Trades[i])
			p, err := influxdb1.NewPoint("Trade", tags, fields, t)
			if err != nil {
				return err
			}
			points.AddPoint(p)
		}
		return c.Write(points)
	}, func() { c.Close() }}, nil
}
