package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pointwire/pointwire/bench/internal/sink"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

const (
	singleCase  = "writer"
	bulkCase    = "writer-structs"
	withoutName = "without"
	spillName   = "pointwire-spill"
	aheadName   = "pointwire-writeahead"
)

// renewed is the number of batches that a new Writer gets before it is timed.
const renewed = 3

// A points is a batch of trades, as structs and as lines.
type points struct {
	trades []workload.Trade
	lines  []byte
}

// tradeBatches returns batches of trades. The lines are those of the standard library.
func tradeBatches(size float64) (list []points) {
	n := measure.Scale(26, size, 2) * batchPoints
	set, _ := workload.FindLineSet("trade")
	trades := workload.Trades(n, 1)
	for i, lines := range workload.LineBodies(set, n, batchPoints, 1) {
		list = append(list, points{trades[i*batchPoints : (i+1)*batchPoints], lines})
	}
	return list
}

// An appender appends a batch to a Writer.
type appender func(ctx context.Context, w *batch.Writer, p *points) error

// appenders are the ways of the cases: one struct per call, as from a collector, and all at
// once.
var appenders = map[string]appender{
	singleCase: func(ctx context.Context, w *batch.Writer, p *points) error {
		for i := range p.trades {
			if err := batch.WriteStructs(ctx, w, tradeSchema, p.trades[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	},
	bulkCase: func(ctx context.Context, w *batch.Writer, p *points) error {
		return batch.WriteStructs(ctx, w, tradeSchema, p.trades)
	},
}

var tradeSchema = func() *lp.Schema[workload.Trade] {
	s, err := lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"})
	if err != nil {
		panic(err)
	}
	return s
}()

// A writer is a Writer and its client.
type writer struct {
	c   *fastclient.Client
	w   *batch.Writer
	dir string // "" for a Writer without a spool
	add appender
}

func newWriter(addr, dir string, policy batch.OverflowPolicy, add appender) (*writer, error) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr, Database: "testdb", Compression: fastclient.Compression{Always: true}})
	if err != nil {
		return nil, err
	}
	o := batch.Options{Overflow: policy}
	if policy >= batch.Spill {
		o.Spool = batch.SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 4 << 30}}
	}
	w, err := batch.NewWriter(c, o)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &writer{c, w, o.Spool.Dir, add}, nil
}

// write returns when the server has acknowledged the batch.
func (x *writer) write(p *points) error {
	ctx := context.Background()
	if err := x.add(ctx, x.w, p); err != nil {
		return err
	}
	return x.w.Flush(ctx)
}

func (x *writer) close() error {
	err := errors.Join(x.w.Close(context.Background()), x.c.Close())
	if x.dir != "" {
		err = errors.Join(err, os.RemoveAll(x.dir))
	}
	return err
}

// writerCase compares Writers by the processor time of this process.
func writerCase(name, dir string, size float64) (c measure.Case, end func(), err error) {
	end = func() {}
	list := tradeBatches(size)
	c = measure.Case{Unit: "point", Units: batchPoints, Bytes: len(list[0].lines), CPU: true, Warm: true}
	server, err := sink.Start()
	if err != nil {
		return c, end, err
	}
	var open []*writerOp
	end = func() {
		for _, o := range open {
			o.x.close()
		}
		server.Close()
	}
	for _, m := range []struct {
		name   string
		policy batch.OverflowPolicy
	}{{withoutName, batch.Block}, {spillName, batch.Spill}, {aheadName, batch.WriteAhead}} {
		o := &writerOp{list: list, policy: m.policy, add: appenders[name], addr: server.Addr, dir: filepath.Join(dir, m.name)}
		if o.x, err = newWriter(o.addr, o.dir, o.policy, o.add); err != nil {
			return c, end, fmt.Errorf("%s: %w", m.name, err)
		}
		open = append(open, o)
		c.Ops = append(c.Ops, measure.Op{
			Contender: m.name, Version: measure.Version("github.com/pointwire/pointwire"), Check: o.check, Run: o.run, Renew: o.renew,
		})
	}
	return c, end, nil
}

// A writerOp is a contender of a writerCase.
type writerOp struct {
	list      []points
	next      int
	policy    batch.OverflowPolicy
	add       appender
	addr, dir string
	x         *writer
}

func (o *writerOp) run() error {
	o.next++
	return o.x.write(&o.list[o.next%len(o.list)])
}

// renew makes another Writer, because a connection keeps the buffers that the kernel first
// gave it, and the cost of a write differs by a factor of two between them.
func (o *writerOp) renew() (err error) {
	if err := o.x.close(); err != nil {
		return err
	}
	if o.x, err = newWriter(o.addr, o.dir, o.policy, o.add); err != nil {
		return err
	}
	for range renewed {
		if err := o.run(); err != nil {
			return err
		}
	}
	return nil
}

// check writes a batch to a server that keeps the body, and compares the body with the lines.
// It also checks that the Writer puts on disk what its policy says.
func (o *writerOp) check() error {
	k := sink.Keep()
	defer k.Close()
	x, err := newWriter(k.Addr(), o.dir+"-check", o.policy, o.add)
	if err != nil {
		return err
	}
	defer x.close()
	p := &o.list[0]
	if err := x.write(p); err != nil {
		return err
	}
	want := uint64(0)
	if o.policy == batch.WriteAhead {
		want = batchPoints
	}
	if got := x.w.Stats().Spool.Put.Lines; got != want {
		return fmt.Errorf("%w: %d lines were put on disk, not %d", measure.ErrWrong, got, want)
	}
	body, err := k.Body()
	if err != nil {
		return err
	}
	return measure.Differ(body, p.lines)
}
