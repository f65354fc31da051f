package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"
	"github.com/influxdata/telegraf/models"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// own is a spool. It encodes and compresses the points, or has the bodies already.
type own struct {
	s       *spool.Spool
	schema  *lp.Schema[workload.Trade]
	z       compress.Compressor
	batches [][]workload.Trade
	bodies  [][]byte // nil if Add makes them
	lines   []byte
	body    []byte
	in, out spool.Batch
}

var target = []byte("/write?db=metrics")

func newOwn(dir string, batches [][]workload.Trade, finished bool) (*own, error) {
	schema, err := lp.SchemaFor[workload.Trade]()
	if err != nil {
		return nil, err
	}
	s, err := spool.Open(dir, spool.Options{MaxBytes: 4 << 30})
	if err != nil {
		return nil, err
	}
	o := &own{s: s, schema: schema, z: compress.Gzip(1), batches: batches}
	for n := 0; finished && n < len(batches); n++ {
		if err := o.encode(n); err != nil {
			return nil, err
		}
		o.bodies = append(o.bodies, o.body)
		o.body = nil
	}
	return o, nil
}

// encode makes the body of batch n.
func (o *own) encode(n int) (err error) {
	if o.lines, err = o.schema.AppendAll(o.lines[:0], o.batches[n]); err != nil {
		return err
	}
	o.body = o.z.Append(o.body[:0], o.lines)
	return nil
}

func (o *own) Add(n int) error {
	if o.bodies != nil {
		o.body = o.bodies[n]
	} else if err := o.encode(n); err != nil {
		return err
	}
	o.in = spool.Batch{Target: target, Body: o.body, Encoding: spool.Gzip, Lines: len(o.batches[n])}
	if err := o.s.Put(&o.in); err != nil {
		return err
	}
	return o.s.Sync(context.Background())
}

func (o *own) Take() error {
	ok, err := o.s.TryNext(&o.out, spool.Oldest)
	if !ok {
		return errors.Join(errors.New("no batch"), err)
	}
	return nil
}

func (o *own) Check(n int) error {
	want, err := o.schema.AppendAll(nil, o.batches[n])
	if err != nil {
		return err
	}
	got, err := inflate.AppendGunzip(nil, o.out.Body, math.MaxInt)
	return errors.Join(err, measure.Differ(got, want))
}

func (o *own) Accept() error { return o.s.Ack(o.out.Seq) }
func (o *own) Close() error  { return o.s.Close() }

// peer is the disk buffer of telegraf.
type peer struct {
	b       models.Buffer
	metrics [][]telegraf.Metric
	taken   *models.Transaction
}

func newPeer(dir string, batches [][]workload.Trade) (*peer, error) {
	b, err := models.NewBuffer("influxdb", filepath.Base(dir), "", 1_000_000, "disk_write_through", filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	p := &peer{b: b}
	for _, trades := range batches {
		var list []telegraf.Metric
		for i := range trades {
			list = append(list, newMetric(&trades[i]))
		}
		p.metrics = append(p.metrics, list)
	}
	return p, nil
}

func newMetric(t *workload.Trade) telegraf.Metric {
	tags := map[string]string{"instrument": t.Instrument, "source": t.Source, "side": t.Side}
	fields := map[string]any{"price": t.Price, "size": t.Size, "trade_id": t.TradeID}
	return metric.New("Trade", tags, fields, time.Unix(0, t.Timestamp))
}

func (p *peer) Add(n int) error {
	if dropped := p.b.Add(p.metrics[n]...); dropped > 0 {
		return fmt.Errorf("%d metrics were dropped", dropped)
	}
	return nil
}

func (p *peer) Take() error {
	if p.taken = p.b.BeginTransaction(len(p.metrics[0])); len(p.taken.Batch) != len(p.metrics[0]) {
		return fmt.Errorf("%w: took %d metrics", measure.ErrWrong, len(p.taken.Batch))
	}
	return nil
}

func (p *peer) Check(n int) error {
	for i, got := range p.taken.Batch {
		want := p.metrics[n][i]
		if got.Name() != want.Name() || !got.Time().Equal(want.Time()) || !maps.Equal(got.Tags(), want.Tags()) || !maps.Equal(got.Fields(), want.Fields()) {
			return fmt.Errorf("%w: metric %d is %v instead of %v", measure.ErrWrong, i, got, want)
		}
	}
	return nil
}

func (p *peer) Accept() error {
	p.taken.AcceptAll()
	p.b.EndTransaction(p.taken)
	return nil
}

func (p *peer) Close() error { return p.b.Close() }

// directorySize returns the size of all files below dir.
func directorySize(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			size += st.Size()
		}
		return err
	})
	return size, err
}
