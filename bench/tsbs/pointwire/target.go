// Package pointwire is a target of TSBS: it loads generated data, and runs generated
// queries, by pointwire. The commands in ../cmd are made of it, as those of TSBS's own targets
// are made of theirs.
package pointwire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/timescale/tsbs/pkg/targets"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
)

// Options say how lines are loaded.
type Options struct {
	URL      string
	Database string
	// Lines are the lines, in the form that TSBS generates for InfluxDB. BatchSize is how many
	// of them are one request.
	Lines     io.Reader
	BatchSize uint
	// Gzip compresses requests, at Level, 1 by default.
	Gzip  bool
	Level int
	// Recode decodes each line and encodes its point again. Otherwise lines are passed
	// through.
	Recode bool
}

// A Benchmark loads lines. It implements targets.Benchmark.
type Benchmark struct {
	o Options
	c *fastclient.Client
	s *source
}

// New returns a Benchmark. Call Close at the end, which says whether all lines were read.
func New(o Options) (*Benchmark, error) {
	c, err := fastclient.New(fastclient.Options{
		Addr: o.URL, Database: o.Database,
		Compression: fastclient.Compression{Off: !o.Gzip, Always: o.Gzip, Level: o.Level},
		Retry:       &fastclient.RetryPolicy{MaxAttempts: 10},
	})
	if err != nil {
		return nil, err
	}
	return &Benchmark{o: o, c: c, s: &source{r: o.Lines, size: o.BatchSize}}, nil
}

// Close ends the connections.
func (b *Benchmark) Close() error { return errors.Join(b.s.Err(), b.c.Close()) }

func (b *Benchmark) GetDataSource() targets.DataSource         { return b.s }
func (b *Benchmark) GetBatchFactory() targets.BatchFactory     { return factory{} }
func (b *Benchmark) GetPointIndexer(uint) targets.PointIndexer { return &targets.ConstantIndexer{} }
func (b *Benchmark) GetProcessor() targets.Processor           { return &processor{b: b} }
func (b *Benchmark) GetDBCreator() targets.DBCreator           { return creator{b.c} }

// A processor sends the batches of a worker.
type processor struct {
	b *Benchmark
	r recoder
}

func (p *processor) Init(int, bool, bool) {}

// ProcessBatch sends a batch, and returns how many values and lines it has.
func (p *processor) ProcessBatch(batch targets.Batch, load bool) (metrics, rows uint64) {
	b := batch.(*loadBatch).block
	defer blocks.Put(b)
	lines := b.lines
	if p.b.o.Recode {
		var err error
		if lines, metrics, err = p.r.recode(lines); err != nil {
			log.Fatal(err)
		}
	} else {
		metrics = countFields(lines)
	}
	if load {
		if err := p.b.c.Write(context.Background(), lines); err != nil {
			log.Fatal(err)
		}
	}
	return metrics, uint64(b.rows)
}

// countFields returns the number of fields in lines as TSBS makes them: tags, fields and
// timestamp without escapes, with a space between.
func countFields(lines []byte) (n uint64) {
	for len(lines) > 0 {
		i := bytes.IndexByte(lines, ' ')
		if i < 0 {
			return n
		}
		lines = lines[i+1:]
		if i = bytes.IndexByte(lines, ' '); i < 0 {
			return n
		}
		n += uint64(bytes.Count(lines[:i], comma)) + 1
		lines = lines[i+1:]
		if i = bytes.IndexByte(lines, '\n'); i < 0 {
			return n
		}
		lines = lines[i+1:]
	}
	return n
}

var comma = []byte(",")

// A creator makes the database. It implements targets.DBCreator.
type creator struct{ c *fastclient.Client }

// limit bounds a statement.
const limit = time.Minute

func (d creator) Init() {}

func (d creator) DBExists(name string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	names, err := admin.ShowDatabases(ctx, d.c)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func (d creator) CreateDB(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return d.c.CreateDatabase(ctx, name)
}

func (d creator) RemoveOldDB(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := d.c.DropDatabase(ctx, name); err != nil {
		return fmt.Errorf("dropping the old database: %w", err)
	}
	return nil
}
