package pwotel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// Causes of errors of [Exporter.Export].
var (
	// ErrTemporality says that the values of a metric are not cumulative.
	ErrTemporality = errors.New("values that are not cumulative")
	// ErrAggregation says that a metric is of a type that this package does not know.
	ErrAggregation = errors.New("unknown type of data")
)

// ExporterOptions configure an [Exporter]. The zero value of each field selects its
// default.
type ExporterOptions struct {
	// ResourceTags selects the attributes of the resource that become tags of every
	// point: by default service.name alone. attribute.NewAllowKeysFilter() selects none.
	ResourceTags attribute.Filter
}

// An Exporter writes metrics as points, in the form that the package comment describes. It
// is for a [sdkmetric.PeriodicReader], and implements [sdkmetric.Exporter].
type Exporter struct {
	to       batch.LineWriter
	resource attribute.Filter
	shut     atomic.Bool

	exports, failures, points, notFinite atomic.Uint64
}

var _ sdkmetric.Exporter = (*Exporter)(nil)

// ExporterStats count what an [Exporter] has done.
type ExporterStats struct {
	Exports   uint64 // calls of Export before the shutdown
	Failures  uint64 // exports that returned an error
	Points    uint64 // points that the writer accepted
	NotFinite uint64 // values left out because they are NaN or infinite
}

// NewExporter returns an Exporter that appends metrics to a writer, which sends them as its
// options say. It never closes the writer.
func NewExporter(to batch.LineWriter, o ExporterOptions) *Exporter {
	if o.ResourceTags == nil {
		o.ResourceTags = attribute.NewAllowKeysFilter("service.name")
	}
	return &Exporter{to: to, resource: o.ResourceTags}
}

// Temporality returns that all values are cumulative.
func (x *Exporter) Temporality(sdkmetric.InstrumentKind) metricdata.Temporality {
	return metricdata.CumulativeTemporality
}

// Aggregation returns the SDK's default for the kind. A view changes it for an instrument.
func (x *Exporter) Aggregation(kind sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(kind)
}

// Export appends a point for each data point of m to the writer. What cannot be written is
// left out and the rest is written: the error then says what was wrong first. It is a
// [*batch.AppendError] if points were refused. After Shutdown, Export appends nothing and
// returns [sdkmetric.ErrExporterShutdown].
func (x *Exporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	if x.shut.Load() {
		return sdkmetric.ErrExporterShutdown
	}
	p := pointer{now: time.Now()}
	appendErr := x.to.Encode(ctx, func(e *lp.Encoder) {
		p.enc = e
		p.all(m, x.resource)
	})
	var part *batch.AppendError
	switch {
	case appendErr == nil:
	case errors.As(appendErr, &part):
		p.points = part.Accepted
	default:
		p.points = 0
	}
	err := errors.Join(p.err(), appendErr)
	x.exports.Add(1)
	if err != nil {
		x.failures.Add(1)
	}
	x.points.Add(uint64(p.points))
	x.notFinite.Add(uint64(p.notFinite))
	return err
}

// ForceFlush flushes the writer: it returns nil when every line is stored.
func (x *Exporter) ForceFlush(ctx context.Context) error { return x.to.Flush(ctx) }

// Shutdown flushes the writer, and makes every later Export fail.
func (x *Exporter) Shutdown(ctx context.Context) error {
	if x.shut.Swap(true) {
		return sdkmetric.ErrExporterShutdown
	}
	return x.to.Flush(ctx)
}

// Stats returns the counters.
func (x *Exporter) Stats() ExporterStats {
	return ExporterStats{x.exports.Load(), x.failures.Load(), x.points.Load(), x.notFinite.Load()}
}

// err returns the error of the metrics that were left out.
func (p *pointer) err() error {
	switch {
	case p.bad == 0:
		return nil
	case p.bad == 1:
		return fmt.Errorf("pwotel: metric %q: %w", p.badName, p.cause)
	}
	return fmt.Errorf("pwotel: metric %q and %d more: %w", p.badName, p.bad-1, p.cause)
}
