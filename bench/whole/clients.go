package whole

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	influxdb3 "github.com/InfluxCommunity/influxdb3-go/v2/influxdb3"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
	influxdb1 "github.com/influxdata/influxdb1-client/v2"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

const (
	ownModule = "github.com/pointwire/pointwire"
	gzipName  = "pointwire-gzip" // asks for compressed responses, as influxdb1-client does
	v1Name    = "influxdb1-client"
	readQuery = "SELECT * FROM Trade"
)

// A maker makes a Contender for a database of the server at addr.
type maker struct {
	name, module string
	open         func(addr, database string) (Contender, error)
	unread       string // why it cannot read from the server
}

// makers are the clients, ours first.
var makers = []maker{
	{"pointwire", ownModule, openOwn(fastclient.ResponsesPlain), ""},
	{gzipName, ownModule, openOwn(fastclient.ResponsesGzip), ""},
	{"influxdb-client-go", "github.com/influxdata/influxdb-client-go/v2", open2, "it reads Flux only, which this server does not speak"},
	{v1Name, "github.com/influxdata/influxdb1-client", open1, ""},
	{"influxdb3-go", "github.com/InfluxCommunity/influxdb3-go/v2", open3, "it reads Arrow Flight only, which this server does not speak"},
}

var errUnread = errors.New("this client cannot read from this server")

// own is a fastclient.Client with a Schema.
type own struct {
	client *fastclient.Client
	schema *lp.Schema[workload.Trade]
	lines  []byte
}

func openOwn(responses fastclient.ResponseCompression) func(addr, database string) (Contender, error) {
	return func(addr, database string) (Contender, error) {
		c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr, Database: database, Compression: fastclient.Compression{Always: true, Responses: responses}})
		if err != nil {
			return nil, err
		}
		schema, err := lp.SchemaFor[workload.Trade]()
		return &own{client: c, schema: schema}, err
	}
}

func (o *own) Write(points []workload.Trade) (err error) {
	if o.lines, err = o.schema.AppendAll(o.lines[:0], points); err != nil {
		return err
	}
	return o.client.Write(context.Background(), o.lines)
}

func (o *own) Read(dst []workload.Trade) ([]workload.Trade, error) {
	return fastclient.QueryInto(context.Background(), o.client, dst, readQuery)
}

func (o *own) Close() { o.client.Close() }

// maps returns the tags, fields and time of a trade, as the other clients take them.
func maps(p *workload.Trade) (map[string]string, map[string]any, time.Time) {
	return map[string]string{"instrument": p.Instrument, "source": p.Source, "side": p.Side},
		map[string]any{"price": p.Price, "size": p.Size, "trade_id": p.TradeID}, time.Unix(0, p.Timestamp)
}

// client2 is the blocking write API of influxdb-client-go.
type client2 struct {
	client influxdb2.Client
	api    api.WriteAPIBlocking
}

func open2(addr, database string) (Contender, error) {
	c := influxdb2.NewClientWithOptions("http://"+addr, "token", influxdb2.DefaultOptions().SetUseGZip(true))
	return &client2{c, c.WriteAPIBlocking("org", database)}, nil
}

func (c *client2) Write(points []workload.Trade) error {
	list := make([]*write.Point, len(points))
	for i := range points {
		tags, fields, t := maps(&points[i])
		list[i] = write.NewPoint("Trade", tags, fields, t)
	}
	return c.api.WritePoint(context.Background(), list...)
}

func (c *client2) Read(dst []workload.Trade) ([]workload.Trade, error) { return dst, errUnread }
func (c *client2) Close()                                              { c.client.Close() }

// client3 is influxdb3-go.
type client3 struct{ client *influxdb3.Client }

func open3(addr, database string) (Contender, error) {
	o := influxdb3.DefaultWriteOptions
	c, err := influxdb3.New(influxdb3.ClientConfig{Host: "http://" + addr, Token: "token", Database: database, WriteOptions: &o})
	return &client3{c}, err
}

func (c *client3) Write(points []workload.Trade) error {
	list := make([]*influxdb3.Point, len(points))
	for i := range points {
		tags, fields, t := maps(&points[i])
		list[i] = influxdb3.NewPoint("Trade", tags, fields, t)
	}
	return c.client.WritePoints(context.Background(), list)
}

func (c *client3) Read(dst []workload.Trade) ([]workload.Trade, error) { return dst, errUnread }
func (c *client3) Close()                                              { c.client.Close() }

// client1 is influxdb1-client, which asks for gzip'ed bodies and decodes a response whole.
type client1 struct {
	client   influxdb1.Client
	database string
}

func open1(addr, database string) (Contender, error) {
	c, err := influxdb1.NewHTTPClient(influxdb1.HTTPConfig{Addr: "http://" + addr, WriteEncoding: influxdb1.GzipEncoding})
	return &client1{c, database}, err
}

func (c *client1) Write(points []workload.Trade) error {
	list, err := influxdb1.NewBatchPoints(influxdb1.BatchPointsConfig{Database: c.database, Precision: "ns"})
	if err != nil {
		return err
	}
	for i := range points {
		tags, fields, t := maps(&points[i])
		p, err := influxdb1.NewPoint("Trade", tags, fields, t)
		if err != nil {
			return err
		}
		list.AddPoint(p)
	}
	return c.client.Write(list)
}

func (c *client1) Read(dst []workload.Trade) ([]workload.Trade, error) {
	r, err := c.client.Query(influxdb1.NewQuery(readQuery, c.database, "ns"))
	if err == nil {
		err = r.Error()
	}
	if err != nil {
		return dst, err
	}
	for _, series := range r.Results[0].Series {
		for _, row := range series.Values {
			var p workload.Trade
			for i, name := range series.Columns {
				if err := set(&p, name, row[i]); err != nil {
					return dst, err
				}
			}
			dst = append(dst, p)
		}
	}
	return dst, nil
}

// set gives a trade the value of a column, as influxdb1-client returns it.
func set(p *workload.Trade, column string, v any) (err error) {
	text, isText := v.(string)
	number, isNumber := v.(json.Number)
	switch column {
	case "instrument":
		p.Instrument = text
	case "source":
		p.Source = text
	case "side":
		p.Side = text
	case "trade_id":
		p.TradeID = text
	case "time":
		p.Timestamp, err = number.Int64()
	case "size":
		p.Size, err = number.Int64()
	case "price":
		p.Price, err = number.Float64()
	}
	if !isText && !isNumber {
		return fmt.Errorf("column %s holds %T", column, v)
	}
	return err
}

func (c *client1) Close() { c.client.Close() }
