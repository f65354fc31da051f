package encode

import (
	"context"
	"io"
	"net/http"
	"time"

	influxdb3 "github.com/InfluxCommunity/influxdb3-go/v2/influxdb3"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
	influxdb1 "github.com/influxdata/influxdb1-client/v2"
)

const (
	v1Module = "github.com/influxdata/influxdb1-client"
	v2Module = "github.com/influxdata/influxdb-client-go/v2"
	v3Module = "github.com/InfluxCommunity/influxdb3-go/v2"
)

// bodies replaces the network: it appends the body of each request to dst and responds
// 204.
type bodies struct{ dst []byte }

func (b *bodies) Do(req *http.Request) (*http.Response, error) {
	for {
		if len(b.dst) == cap(b.dst) {
			b.dst = append(b.dst, make([]byte, 1<<20)...)[:len(b.dst)]
		}
		n, err := req.Body.Read(b.dst[len(b.dst):cap(b.dst)])
		b.dst = b.dst[:len(b.dst)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: http.StatusNoContent, Status: "204 No Content", Proto: "HTTP/1.1",
		ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

func (b *bodies) RoundTrip(req *http.Request) (*http.Response, error) { return b.Do(req) }

// v1 makes a point and its line as the Write method of influxdb1-client does.
type v1[T any] struct {
	points []T
	point  func(p *T) (*influxdb1.Point, error)
}

func (c *v1[T]) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	for i := lo; i < hi; i++ {
		p, err := c.point(&c.points[i])
		if err != nil {
			return dst, err
		}
		dst = append(dst, p.PrecisionString("ns")...)
		dst = append(dst, '\n')
	}
	return dst, nil
}

// v2 writes a batch through the blocking write API of influxdb-client-go,
// without a network.
type v2[T any] struct {
	points []T
	point  func(p *T) *write.Point
	api    api.WriteAPIBlocking
	bodies *bodies
	batch  []*write.Point
}

func newV2[T any](points []T, point func(p *T) *write.Point) *v2[T] {
	c := &v2[T]{points: points, point: point, bodies: &bodies{}}
	o := influxdb2.DefaultOptions().SetUseGZip(false)
	o.HTTPOptions().SetHTTPDoer(c.bodies)
	c.api = influxdb2.NewClientWithOptions("http://localhost:8086", "token", o).WriteAPIBlocking("org", "bucket")
	return c
}

func (c *v2[T]) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	c.batch = c.batch[:0]
	for i := lo; i < hi; i++ {
		c.batch = append(c.batch, c.point(&c.points[i]))
	}
	c.bodies.dst = dst
	err := c.api.WritePoint(context.Background(), c.batch...)
	return c.bodies.dst, err
}

// v3 writes a batch through influxdb3-go, without a network.
type v3[T any] struct {
	points []T
	point  func(p *T) *influxdb3.Point
	client *influxdb3.Client
	bodies *bodies
	batch  []*influxdb3.Point
}

func newV3Client(b *bodies) (*influxdb3.Client, error) {
	o := influxdb3.DefaultWriteOptions
	o.GzipThreshold = 0
	return influxdb3.New(influxdb3.ClientConfig{
		Host: "http://localhost:8086", Token: "token", Database: "bucket",
		HTTPClient: &http.Client{Transport: b}, WriteOptions: &o,
	})
}

func newV3[T any](points []T, point func(p *T) *influxdb3.Point) (*v3[T], error) {
	c := &v3[T]{points: points, point: point, bodies: &bodies{}}
	var err error
	c.client, err = newV3Client(c.bodies)
	return c, err
}

func (c *v3[T]) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	c.batch = c.batch[:0]
	for i := lo; i < hi; i++ {
		c.batch = append(c.batch, c.point(&c.points[i]))
	}
	c.bodies.dst = dst
	err := c.client.WritePoints(context.Background(), c.batch)
	return c.bodies.dst, err
}

// clientEntries returns the three clients. They get the tags and fields of each point as
// maps, the form that their documentation shows first.
func clientEntries[T any](points []T, measurement string, maps func(p *T) (map[string]string, map[string]any, time.Time)) ([]entry, error) {
	third, err := newV3(points, func(p *T) *influxdb3.Point {
		tags, fields, t := maps(p)
		return influxdb3.NewPoint(measurement, tags, fields, t)
	})
	return []entry{
		{name: "influxdb1-client", module: v1Module, sorts: true, contender: &v1[T]{points, func(p *T) (*influxdb1.Point, error) {
			tags, fields, t := maps(p)
			return influxdb1.NewPoint(measurement, tags, fields, t)
		}}},
		{name: "influxdb-client-go", module: v2Module, sorts: true, contender: newV2(points, func(p *T) *write.Point {
			tags, fields, t := maps(p)
			return write.NewPoint(measurement, tags, fields, t)
		})},
		{name: "influxdb3-go", module: v3Module, sorts: true, contender: third},
	}, err
}

// structs writes through the struct forms of the clients: DataToPoint of
// influxdb-client-go and WriteData of influxdb3-go, which read the same tags.
type structs struct {
	points []any
	v2     api.WriteAPIBlocking
	v3     *influxdb3.Client
	bodies *bodies
	batch  []*write.Point
}

func (c *structs) AppendLines(dst []byte, lo, hi int) (_ []byte, err error) {
	c.bodies.dst = dst
	if c.v3 != nil {
		err = c.client3(lo, hi)
	} else {
		err = c.client2(lo, hi)
	}
	return c.bodies.dst, err
}

func (c *structs) client2(lo, hi int) error {
	c.batch = c.batch[:0]
	for _, p := range c.points[lo:hi] {
		q, err := api.DataToPoint(p)
		if err != nil {
			return err
		}
		c.batch = append(c.batch, q)
	}
	return c.v2.WritePoint(context.Background(), c.batch...)
}

func (c *structs) client3(lo, hi int) error {
	return c.v3.WriteData(context.Background(), c.points[lo:hi])
}

// structEntries returns both clients with points, which are pointers to structs.
func structEntries(points []any) ([]entry, error) {
	second := &structs{points: points, bodies: &bodies{}}
	o := influxdb2.DefaultOptions().SetUseGZip(false)
	o.HTTPOptions().SetHTTPDoer(second.bodies)
	second.v2 = influxdb2.NewClientWithOptions("http://localhost:8086", "token", o).WriteAPIBlocking("org", "bucket")
	third := &structs{points: points, bodies: &bodies{}}
	var err error
	third.v3, err = newV3Client(third.bodies)
	return []entry{
		{name: "influxdb-client-go-struct", module: v2Module, sorts: true, contender: second},
		{name: "influxdb3-go-struct", module: v3Module, sorts: true, contender: third},
	}, err
}
