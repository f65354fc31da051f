// Package transport compares clients that write line protocol to a server or read query
// responses from it.
//
// The server is a sink in a process of its own, which reads a request, discards it and
// responds 204. The processor time of the client process is compared, with system calls
// and garbage collection. Before it is timed, every contender writes to a server that
// keeps the body, which must hold the lines.
//
// Each run writes the next of 26 batches, so that neither lines nor compressed bytes
// repeat soon.
package transport

import (
	"bytes"
	"fmt"
	"io"

	"github.com/pointwire/pointwire/bench/internal/sink"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// A Contender writes batches of points to a server.
type Contender interface {
	// Write returns when the server has acknowledged the batch.
	Write(b *Batch) error
	Close()
}

// A Batch is a number of points, as structs and as lines.
type Batch struct {
	Trades []workload.Trade
	Lines  []byte
	// Text is Lines as a string, for libraries that take a string.
	Text string
}

const (
	// allocsUnit is the unit of measure.Allocs, heapUnit that of measure.PeakHeap.
	allocsUnit = "allocations a call"
	heapUnit   = "MB of heap"

	suite    = "transport"
	ownName  = "pointwire"
	netName  = "net-http"
	v2Name   = "influxdb-client-go"
	v1Name   = "influxdb1-client"
	v3Name   = "influxdb3-go"
	fastName = "fasthttp"
)

// ServeSink runs the server of this suite and of others if this process was started as one,
// and then does not return. The programs of this module call it first in main.
func ServeSink() {
	sink.Serve(func(w io.Writer, compressed bool) error {
		if compressed {
			return sendCompressedStream(w)
		}
		return sendStream(w)
	})
}

// Suite is the suite "transport".
var Suite = measure.Suite{Name: suite, About: "writes to a server that discards them, in processor time of the client", Names: names, Cases: cases}

var names = []string{"write5000", "write1", "gzip5000", "structs5000", "writer5000", streamCase, compressedCase}

// Goals are the goals of the design for this suite. To cost 0.45 times as much is to be
// 2.22 times as fast.
var Goals = []measure.Goal{
	{Suite: suite, Case: "write5000", Contender: ownName, Against: []string{netName}, Factor: 2.22},
	{Suite: suite, Case: "write5000", Contender: ownName, Unit: allocsUnit, Most: 0},
	{Suite: suite, Case: "write1", Contender: ownName, Against: []string{netName}, Factor: 1.67},
	{Suite: suite, Case: "gzip5000", Contender: ownName, Against: []string{v2Name}, Factor: 20},
	{Suite: suite, Case: "gzip5000", Contender: ownName, Against: []string{v3Name}, Factor: 16},
	{Suite: suite, Case: streamCase, Contender: ownName, Against: []string{bareName}, Factor: 0.91}, // 1.1 times its cost
	{Suite: suite, Case: streamCase, Contender: ownName, Unit: heapUnit, Most: 1},
	{Suite: suite, Case: compressedCase, Contender: ownName, Against: []string{klauspostName}, Factor: 1.6},
	{Suite: suite, Case: "structs5000", Contender: "pointwire-encoder", Against: []string{v2Name}, Factor: 20},
	{Suite: suite, Case: "structs5000", Contender: "pointwire-encoder", Against: []string{v1Name}, Factor: 16},
	{Suite: suite, Case: "structs5000", Contender: "pointwire-encoder", Against: []string{v3Name}, Factor: 16},
	{Suite: suite, Case: "writer5000", Contender: "pointwire-writer", Against: []string{v2Name + "-async"}, Factor: 20},
	{Suite: suite, Case: "writer5000", Contender: "pointwire-writer", Against: []string{v1Name}, Factor: 16},
	{Suite: suite, Case: "writer5000", Contender: "pointwire-writer", Against: []string{v3Name + "-batching"}, Factor: 16},
}

// A maker makes a contender that writes to the server at addr, host:port.
type maker struct {
	name, module string
	make         func(addr string) (Contender, error)
}

var makers = map[string][]maker{
	"write5000":   plainMakers,
	"write1":      plainMakers,
	"gzip5000":    gzipMakers,
	"structs5000": structMakers,
	"writer5000":  writerMakers,
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	for _, name := range names {
		if !want(name) {
			continue
		}
		var c measure.Case
		var err error
		switch name {
		case streamCase:
			c, err = newStreamCase(name, bareName, stream(), streamers)
		case compressedCase:
			c, err = newStreamCase(name, klauspostName, compressedStream().plain, compressedStreamers)
		default:
			n, count := 5000, measure.Scale(26, size, 2)
			if name == "write1" {
				n, count = 1, measure.Scale(5000, size, 2)
			}
			c, err = newCase(name, batches(n, count))
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// renewed is the number of runs of a new contender before it is timed.
const renewed = 3

// batches makes count batches of n points.
func batches(n, count int) []Batch {
	trades := workload.Trades(n*count, 1)
	list := make([]Batch, count)
	for i := range list {
		b := &list[i]
		b.Trades = trades[i*n : (i+1)*n]
		for k := range b.Trades {
			b.Lines = appendTrade(b.Lines, &b.Trades[k])
		}
		b.Text = string(b.Lines)
	}
	return list
}

func appendTrade(dst []byte, p *workload.Trade) []byte {
	dst = lp.AppendMeasurement(dst, "Trade")
	dst = lp.AppendTag(dst, "instrument", p.Instrument)
	dst = lp.AppendTag(dst, "side", p.Side)
	dst = lp.AppendTag(dst, "source", p.Source)
	dst = append(dst, " price="...)
	dst = lp.AppendFloat(dst, p.Price)
	dst = append(dst, ",size="...)
	dst = lp.AppendInt(dst, p.Size)
	dst = append(dst, ",trade_id="...)
	dst = lp.AppendString(dst, p.TradeID)
	dst = append(dst, ' ')
	dst = lp.AppendTimestamp(dst, p.Timestamp)
	return append(dst, '\n')
}

func newCase(name string, list []Batch) (measure.Case, error) {
	server, err := sink.Start()
	if err != nil {
		return measure.Case{}, err
	}
	c := measure.Case{Suite: suite, Name: name, Unit: "request", Units: 1, Bytes: len(list[0].Lines), Base: netName, CPU: true, Warm: true}
	switch name {
	case "structs5000":
		c.Unit, c.Units, c.Base = "point", len(list[0].Trades), v2Name
	case "writer5000":
		c.Unit, c.Units, c.Base = "point", len(list[0].Trades), v2Name+"-async"
	}
	exact := name == "write5000"
	if exact {
		c.ExtraUnit = allocsUnit
	}
	var open []*Contender
	c.Close = func() {
		for _, x := range open {
			(*x).Close()
		}
		server.Close()
	}
	for _, m := range makers[name] {
		x, err := m.make(server.Addr)
		if err != nil {
			c.Close()
			return c, fmt.Errorf("%s: %w", m.name, err)
		}
		open = append(open, &x)
		next := 0
		run := func() error {
			next++
			return x.Write(&list[next%len(list)])
		}
		op := measure.Op{
			Contender: m.name,
			Version:   measure.Version(m.module),
			Check:     func() error { return check(m, &list[0]) },
			Run:       run,
			// A connection keeps the buffers that the kernel first gave it, and the
			// cost of a write differs by a factor of two between them.
			Renew: func() error {
				x.Close()
				if x, err = m.make(server.Addr); err != nil {
					return err
				}
				for range renewed {
					if err := run(); err != nil {
						return err
					}
				}
				return nil
			},
		}
		if exact {
			op.Extra = func() (float64, error) { return measure.Allocs(100, run) }
		}
		c.Ops = append(c.Ops, op)
	}
	return c, nil
}

// check has a contender write b to a server that keeps the body, and compares the body
// with the lines of b.
func check(m maker, b *Batch) error {
	k := sink.Keep()
	defer k.Close()
	x, err := m.make(k.Addr())
	if err != nil {
		return err
	}
	defer x.Close()
	if err := x.Write(b); err != nil {
		return err
	}
	got, err := k.Body()
	if err != nil {
		return err
	}
	// Some clients omit the last line feed.
	return measure.Differ(bytes.TrimSuffix(got, []byte("\n")), bytes.TrimSuffix(b.Lines, []byte("\n")))
}
