package pwprometheus

import (
	"math"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/pointwire/pointwire/lp"
)

// A pointer makes points of metrics.
type pointer struct {
	enc       *lp.Encoder
	now       time.Time // of metrics without a time
	fields    int       // of the open point
	points    int       // made
	notFinite int       // values left out
}

// family adds a point for each metric of f.
func (p *pointer) family(f *dto.MetricFamily) {
	for _, m := range f.Metric {
		p.enc.Point(f.GetName())
		for _, l := range m.Label {
			if v := l.GetValue(); v != "" {
				p.enc.Tag(l.GetName(), v)
			}
		}
		p.fields = 0
		p.values(f.GetType(), m)
		if p.fields == 0 {
			p.enc.Cancel() // a NaN alone is not an error: it says that there is no value
			continue
		}
		at := p.now
		if ms := m.GetTimestampMs(); ms > 0 {
			at = time.UnixMilli(ms)
		}
		if p.enc.End(at) == nil {
			p.points++
		}
	}
}

// values adds the fields of m.
func (p *pointer) values(kind dto.MetricType, m *dto.Metric) {
	switch {
	case kind == dto.MetricType_SUMMARY:
		p.summary(m.GetSummary())
	case kind == dto.MetricType_HISTOGRAM || kind == dto.MetricType_GAUGE_HISTOGRAM:
		p.histogram(m.GetHistogram())
	case m.Gauge != nil:
		p.float("gauge", m.GetGauge().GetValue())
	case m.Counter != nil:
		p.float("counter", m.GetCounter().GetValue())
	case m.Untyped != nil:
		p.float("value", m.GetUntyped().GetValue())
	}
}

func (p *pointer) summary(s *dto.Summary) {
	for _, q := range s.GetQuantile() {
		p.float(key(q.GetQuantile()), q.GetValue())
	}
	p.float("count", float64(s.GetSampleCount()))
	p.float("sum", s.GetSampleSum())
}

// histogram adds the bucket without a bound if it is not there: the library leaves it to
// the text form.
func (p *pointer) histogram(h *dto.Histogram) {
	count := total(h.GetSampleCount(), h.GetSampleCountFloat())
	infinite := false
	for _, b := range h.GetBucket() {
		infinite = infinite || math.IsInf(b.GetUpperBound(), 1)
		p.float(key(b.GetUpperBound()), total(b.GetCumulativeCount(), b.GetCumulativeCountFloat()))
	}
	if !infinite {
		p.float("+Inf", count)
	}
	p.float("count", count)
	p.float("sum", h.GetSampleSum())
}

// total returns the count of a histogram, which has a float in place of the integer if its
// counts are floats.
func total(n uint64, f float64) float64 {
	if n == 0 && f > 0 {
		return f
	}
	return float64(n)
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

// key returns the key of the field for a bound or a quantile, as Telegraf writes it.
func key(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
