package pointwire

import (
	"context"
	"hash/crc32"
	"math"
	"sync"
	"time"

	"github.com/timescale/tsbs/pkg/query"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
)

// A Sum is what a number of results hold. It does not depend on their order.
type Sum struct {
	// Rows and Values count; a value is a cell that is not null, apart from times.
	Rows, Values int64
	// Bits is the exclusive or of the times, in nanoseconds, of the bits of the numbers, as
	// float64, and of the checksums of the texts.
	Bits uint64
}

// Add adds t to s.
func (s *Sum) Add(t Sum) {
	s.Rows += t.Rows
	s.Values += t.Values
	s.Bits ^= t.Bits
}

// AddNumber adds a number.
func (s *Sum) AddNumber(v float64) {
	s.Values++
	s.Bits ^= math.Float64bits(v)
}

// AddText adds a text.
func (s *Sum) AddText(v []byte) {
	s.Values++
	s.Bits ^= uint64(crc32.ChecksumIEEE(v))
}

// A Queries runs the queries that TSBS generates. Each value of a result is read.
type Queries struct {
	c      *fastclient.Client
	frames bool

	mu  sync.Mutex
	sum Sum
}

// NewQueries returns Queries that read results as rows, or as frames.
func NewQueries(url, database string, frames bool, format fastclient.ResponseFormat) (*Queries, error) {
	c, err := fastclient.New(fastclient.Options{Addr: url, Database: database, ResponseFormat: format})
	if err != nil {
		return nil, err
	}
	return &Queries{c: c, frames: frames}, nil
}

// Close ends the connections.
func (q *Queries) Close() error { return q.c.Close() }

// Sum returns what the results so far hold.
func (q *Queries) Sum() Sum {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sum
}

// Processor returns a processor for a worker. It implements query.ProcessorCreate.
func (q *Queries) Processor() query.Processor { return &queryWorker{q: q} }

type queryWorker struct{ q *Queries }

func (w *queryWorker) Init(int) {}

// ProcessQuery runs a query.
func (w *queryWorker) ProcessQuery(q query.Query, _ bool) ([]*query.Stat, error) {
	begin := time.Now()
	sum, err := w.q.run(string(q.(*query.HTTP).RawQuery))
	if err != nil {
		return nil, err
	}
	took := time.Since(begin)
	w.q.mu.Lock()
	w.q.sum.Add(sum)
	w.q.mu.Unlock()
	stat := query.GetStat()
	stat.Init(q.HumanLabelName(), float64(took.Nanoseconds())/1e6)
	return []*query.Stat{stat}, nil
}

func (q *Queries) run(text string) (s Sum, err error) {
	// TSBS's own target asks for one document, too. Chunks, the default, would cost a read for
	// each series.
	res, err := q.c.Query(context.Background(), text, fastclient.Unchunked())
	if err != nil {
		return s, err
	}
	defer res.Close()
	if q.frames {
		for f, err := range res.Frames() {
			if err != nil {
				return s, err
			}
			addFrame(&s, f)
		}
		return s, nil
	}
	for row, err := range res.Rows() {
		if err != nil {
			return s, err
		}
		if err := addRow(&s, row); err != nil {
			return s, err
		}
	}
	return s, nil
}

// addRow adds a row, whose first column is its time.
func addRow(s *Sum, row *jsonscan.Row) error {
	s.Rows++
	ts, err := row.Timestamp(0)
	if err != nil {
		return err
	}
	s.Bits ^= uint64(ts)
	for i := 1; i < row.Len(); i++ {
		switch row.Kind(i) {
		case jsonscan.KindNull:
			continue
		case jsonscan.KindString:
			text, err := row.Bytes(i)
			if err != nil {
				return err
			}
			s.AddText(text)
			continue
		}
		v, err := row.Float(i)
		if err != nil {
			return err
		}
		s.AddNumber(v)
	}
	return nil
}

// addFrame adds a frame.
func addFrame(s *Sum, f *frame.Frame) {
	s.Rows += int64(f.Len())
	for _, ts := range f.Time {
		s.Bits ^= uint64(ts)
	}
	for k := range f.Columns {
		c := &f.Columns[k]
		for i := range c.Len() {
			switch {
			case c.IsNull(i):
			case c.Type == frame.Float64:
				s.AddNumber(c.Floats[i])
			case c.Type == frame.Int64:
				s.AddNumber(float64(c.Ints[i]))
			default:
				s.AddText(c.Text(i))
			}
		}
	}
}
