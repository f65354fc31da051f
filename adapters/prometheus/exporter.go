package pwprometheus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// defaultInterval is the default of ExporterOptions.Interval.
const defaultInterval = 10 * time.Second

// ExporterOptions configure an [Exporter]. The zero value of each field selects its
// default.
type ExporterOptions struct {
	// Interval is the time between two exports of Run, 10 s by default. It also bounds
	// the time of each of them.
	Interval time.Duration
	// OnError is called by Run with the error of each export that failed. By default the
	// failures are only counted.
	OnError func(error)
}

// An Exporter writes the metrics of a [prometheus.Gatherer] as points, in the form that the
// package comment describes. Several goroutines may use it at once if they may use its
// writer.
type Exporter struct {
	from prometheus.Gatherer
	to   batch.LineWriter
	o    ExporterOptions

	exports, failures, points, notFinite atomic.Uint64
}

// ExporterStats count what an [Exporter] has done.
type ExporterStats struct {
	Exports   uint64 // calls of Export, those of Run included
	Failures  uint64 // exports that returned an error
	Points    uint64 // points that the writer accepted
	NotFinite uint64 // values left out because they are NaN or infinite
}

// NewExporter returns an Exporter that appends the metrics of from to a writer. It does
// nothing before Run or Export is called, and never closes the writer.
func NewExporter(from prometheus.Gatherer, to batch.LineWriter, o ExporterOptions) *Exporter {
	if o.Interval <= 0 {
		o.Interval = defaultInterval
	}
	return &Exporter{from: from, to: to, o: o}
}

// Run exports at each end of an interval until ctx ends. An export that fails is not
// repeated: the next one has newer values. To write the last values of a program, call
// Export after Run has returned.
func (x *Exporter) Run(ctx context.Context) {
	tick := time.NewTicker(x.o.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		one, cancel := context.WithTimeout(ctx, x.o.Interval)
		err := x.Export(one)
		cancel()
		if err != nil && x.o.OnError != nil {
			x.o.OnError(err)
		}
	}
}

// Export gathers the metrics and appends a point for each to the writer, which sends them
// as its options say. If gathering fails, the metrics that were gathered are written
// nevertheless, as Prometheus's handlers do if they are told to. A point that cannot be
// written is refused and the others are accepted: the error is then a [*batch.AppendError].
func (x *Exporter) Export(ctx context.Context) error {
	families, err := x.from.Gather()
	if err != nil {
		err = fmt.Errorf("pwprometheus: gather: %w", err)
	}
	p := pointer{now: time.Now()}
	appendErr := x.to.Encode(ctx, func(e *lp.Encoder) {
		p.enc = e
		for _, f := range families {
			p.family(f)
		}
	})
	var part *batch.AppendError
	switch {
	case appendErr == nil:
	case errors.As(appendErr, &part):
		p.points = part.Accepted
	default:
		p.points = 0
	}
	x.count(p, err != nil || appendErr != nil)
	return errors.Join(err, appendErr)
}

func (x *Exporter) count(p pointer, failed bool) {
	x.exports.Add(1)
	if failed {
		x.failures.Add(1)
	}
	x.points.Add(uint64(p.points))
	x.notFinite.Add(uint64(p.notFinite))
}

// Stats returns the counters.
func (x *Exporter) Stats() ExporterStats {
	return ExporterStats{x.exports.Load(), x.failures.Load(), x.points.Load(), x.notFinite.Load()}
}
