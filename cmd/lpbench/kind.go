package main

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"sort"
	"strings"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// batchLines is how many points go into one request.
const batchLines = 5000

// A kind is all points of one measurement.
type kind interface {
	name() string
	len() int
	// encode appends the lines of points i to k.
	encode(dst []byte, i, k int) ([]byte, error)
	// read asks the server for the points and keeps them. It returns the bytes
	// of the response.
	read(ctx context.Context, c *fastclient.Client) (int64, error)
	// mismatch describes the first difference between the points written and the
	// points read. It is "" if there is none.
	mismatch() string
}

// points are points of the struct type T, whose name is the measurement and whose
// fields carry the tags of lp.
type points[T any] struct {
	schema *lp.Schema[T]
	want   []T
	got    []T
}

func newPoints[T any](want []T) *points[T] {
	schema, err := lp.SchemaFor[T]()
	if err != nil {
		panic(err) // only types of this program are used
	}
	return &points[T]{schema: schema, want: want, got: make([]T, 0, len(want))}
}

func (p *points[T]) name() string { return reflect.TypeFor[T]().Name() }
func (p *points[T]) len() int     { return len(p.want) }

func (p *points[T]) encode(dst []byte, i, k int) ([]byte, error) {
	return p.schema.AppendAll(dst, p.want[i:k])
}

func (p *points[T]) read(ctx context.Context, c *fastclient.Client) (int64, error) {
	q := append([]byte("SELECT * FROM "), influxql.AppendIdent(nil, p.name())...)
	r, err := c.Query(ctx, string(q), fastclient.Chunked(10_000), fastclient.Epoch(lp.Nanosecond))
	if err != nil {
		return 0, err
	}
	defer r.Close()
	p.got, err = jsonscan.AppendStructs(p.got[:0], r.Rows())
	return r.Scanner().Offset(), err
}

// mismatch sorts both sides by time and series before it compares them, because
// the server returns points of the same time in any order.
func (p *points[T]) mismatch() string {
	identity := identityOf(reflect.TypeFor[T]())
	byIdentity := func(v []T) func(i, k int) bool {
		return func(i, k int) bool { return identity(reflect.ValueOf(&v[i]).Elem(), reflect.ValueOf(&v[k]).Elem()) }
	}
	sort.SliceStable(p.want, byIdentity(p.want))
	sort.SliceStable(p.got, byIdentity(p.got))
	for i := range min(len(p.want), len(p.got)) {
		want, got := reflect.ValueOf(&p.want[i]).Elem(), reflect.ValueOf(&p.got[i]).Elem()
		for f := range want.NumField() {
			if field := want.Type().Field(f); field.Tag.Get("lp") != "-" && !same(want.Field(f), got.Field(f)) {
				line, err := p.schema.Append(nil, &p.want[i])
				if err != nil {
					line = []byte(err.Error())
				}
				return fmt.Sprintf("%s, point %d of %d: %s: wrote %v, read %v\nthe line was: %s",
					p.name(), i+1, len(p.want), field.Name, want.Field(f), got.Field(f), strings.TrimSpace(string(line)))
			}
		}
	}
	if len(p.want) != len(p.got) {
		return fmt.Sprintf("%s: wrote %d points, read %d", p.name(), len(p.want), len(p.got))
	}
	return ""
}

// identityOf returns a less function for structs of type t. It orders them by time
// and tags, which together identify a point.
func identityOf(t reflect.Type) func(a, b reflect.Value) bool {
	var times, tags []int
	for i := range t.NumField() {
		switch _, options, _ := strings.Cut(t.Field(i).Tag.Get("lp"), ","); options {
		case "timestamp":
			times = append(times, i)
		case "tag":
			tags = append(tags, i)
		}
	}
	return func(a, b reflect.Value) bool {
		for _, i := range times {
			if x, y := a.Field(i).Int(), b.Field(i).Int(); x != y {
				return x < y
			}
		}
		for _, i := range tags {
			if x, y := a.Field(i).String(), b.Field(i).String(); x != y {
				return x < y
			}
		}
		return false
	}
}

// same reports whether two values are identical, floats bit by bit.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Float64 {
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	}
	return a.Equal(b)
}
