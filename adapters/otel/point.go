package pwotel

import (
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/pointwire/pointwire/lp"
)

// A pointer makes points of metrics.
type pointer struct {
	enc       *lp.Encoder
	now       time.Time // of data points without a time
	outer     []attribute.KeyValue
	fields    int // of the open point
	points    int // made
	notFinite int // values left out

	bad     int // metrics left out
	badName string
	cause   error
}

// all adds a point for each data point of m.
func (p *pointer) all(m *metricdata.ResourceMetrics, resource attribute.Filter) {
	for i := range m.ScopeMetrics {
		scope := &m.ScopeMetrics[i]
		p.outer = outer(&scope.Scope, m.Resource.Set(), resource)
		for _, one := range scope.Metrics {
			p.metric(&one)
		}
	}
}

// outer returns the attributes that all points of a scope have, each key once. A scope
// needs its name and version as tags: two scopes may have metrics of one name.
func outer(s *instrumentation.Scope, r *attribute.Set, selected attribute.Filter) []attribute.KeyValue {
	list := s.Attributes.ToSlice()
	for _, kv := range []attribute.KeyValue{attribute.String("otel.scope.name", s.Name), attribute.String("otel.scope.version", s.Version)} {
		if !s.Attributes.HasValue(kv.Key) {
			list = append(list, kv)
		}
	}
	scope := attribute.NewSet(list...)
	for _, kv := range r.ToSlice() {
		if selected(kv) && !scope.HasValue(kv.Key) {
			list = append(list, kv)
		}
	}
	return list
}

func (p *pointer) metric(m *metricdata.Metrics) {
	switch d := m.Data.(type) {
	case metricdata.Gauge[int64]:
		numbers(p, m.Name, "gauge", d.DataPoints)
	case metricdata.Gauge[float64]:
		numbers(p, m.Name, "gauge", d.DataPoints)
	case metricdata.Sum[int64]:
		sum(p, m.Name, &d)
	case metricdata.Sum[float64]:
		sum(p, m.Name, &d)
	case metricdata.Histogram[int64]:
		histogram(p, m.Name, &d)
	case metricdata.Histogram[float64]:
		histogram(p, m.Name, &d)
	case metricdata.ExponentialHistogram[int64]:
		exponential(p, m.Name, &d)
	case metricdata.ExponentialHistogram[float64]:
		exponential(p, m.Name, &d)
	case metricdata.Summary:
		p.summary(m.Name, d.DataPoints)
	default:
		p.leaveOut(m.Name, ErrAggregation)
	}
}

// leaveOut counts a metric that cannot be written and keeps the first cause.
func (p *pointer) leaveOut(name string, cause error) {
	if p.bad == 0 {
		p.badName, p.cause = name, cause
	}
	p.bad++
}

// cumulative reports whether the values of a metric are totals, and leaves it out otherwise.
func (p *pointer) cumulative(name string, t metricdata.Temporality) bool {
	if t != metricdata.CumulativeTemporality {
		p.leaveOut(name, ErrTemporality)
		return false
	}
	return true
}

// begin starts a point with its tags.
func (p *pointer) begin(name string, attrs *attribute.Set) {
	p.fields = 0
	p.enc.Point(name)
	for i := attrs.Iter(); i.Next(); {
		p.tag(i.Attribute())
	}
	for _, kv := range p.outer {
		if !attrs.HasValue(kv.Key) {
			p.tag(kv)
		}
	}
}

func (p *pointer) tag(kv attribute.KeyValue) {
	if v := kv.Value.String(); v != "" {
		p.enc.Tag(string(kv.Key), v)
	}
}

// end ends a point. A NaN alone is not an error: it says that there is no value.
func (p *pointer) end(at time.Time) {
	if p.fields == 0 {
		p.enc.Cancel()
		return
	}
	if at.IsZero() {
		at = p.now
	}
	if p.enc.End(at) == nil {
		p.points++
	}
}

// float adds a field, unless line protocol cannot carry v.
func (p *pointer) float(key string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		p.notFinite++
		return
	}
	p.fields++
	p.enc.Float(key, v)
}

func numbers[N int64 | float64](p *pointer, name, field string, points []metricdata.DataPoint[N]) {
	for i := range points {
		d := &points[i]
		p.begin(name, &d.Attributes)
		switch v := any(d.Value).(type) {
		case int64:
			p.fields++
			p.enc.Int(field, v)
		case float64:
			p.float(field, v)
		}
		p.end(d.Time)
	}
}

func sum[N int64 | float64](p *pointer, name string, s *metricdata.Sum[N]) {
	if !p.cumulative(name, s.Temporality) {
		return
	}
	field := "gauge"
	if s.IsMonotonic {
		field = "counter"
	}
	numbers(p, name, field, s.DataPoints)
}

func histogram[N int64 | float64](p *pointer, name string, h *metricdata.Histogram[N]) {
	if !p.cumulative(name, h.Temporality) {
		return
	}
	for i := range h.DataPoints {
		d := &h.DataPoints[i]
		p.begin(name, &d.Attributes)
		n := uint64(0)
		for k, c := range d.BucketCounts {
			n += c
			bound := math.Inf(1)
			if k < len(d.Bounds) {
				bound = d.Bounds[k]
			}
			p.float(key(bound), float64(n))
		}
		distribution(p, d.Count, d.Sum, d.Min, d.Max)
		p.end(d.Time)
	}
}

func exponential[N int64 | float64](p *pointer, name string, h *metricdata.ExponentialHistogram[N]) {
	if !p.cumulative(name, h.Temporality) {
		return
	}
	for i := range h.DataPoints {
		d := &h.DataPoints[i]
		p.begin(name, &d.Attributes)
		distribution(p, d.Count, d.Sum, d.Min, d.Max)
		p.end(d.Time)
	}
}

// distribution adds what both kinds of histograms have.
func distribution[N int64 | float64](p *pointer, count uint64, sum N, least, greatest metricdata.Extrema[N]) {
	p.float("count", float64(count))
	p.float("sum", float64(sum))
	if v, ok := least.Value(); ok {
		p.float("min", float64(v))
	}
	if v, ok := greatest.Value(); ok {
		p.float("max", float64(v))
	}
}

func (p *pointer) summary(name string, points []metricdata.SummaryDataPoint) {
	for i := range points {
		d := &points[i]
		p.begin(name, &d.Attributes)
		for _, q := range d.QuantileValues {
			p.float(key(q.Quantile), q.Value)
		}
		p.float("count", float64(d.Count))
		p.float("sum", d.Sum)
		p.end(d.Time)
	}
}

// key returns the key of the field for a bound or a quantile, as Telegraf writes it.
func key(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
