package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads a page of Prometheus' text format and writes a point for each metric.
func scrape(ctx context.Context, url string, w *batch.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(http.MaxBytesReader(nil, response.Body, 16<<20))
	if err != nil {
		return err
	}
	now := time.Now()
	return w.Encode(ctx, func(e *lp.Encoder) {
		for name, family := range families {
			for _, m := range family.Metric {
				encodeMetric(e, name, m, now)
			}
		}
	})
}

// encodeMetric writes a metric as Telegraf does: the name is the measurement, labels are
// tags, and buckets and quantiles are fields. The encoder keeps the error of a bad point.
func encodeMetric(e *lp.Encoder, name string, m *dto.Metric, now time.Time) {
	e.Point(name)
	for _, l := range m.Label {
		if l.GetValue() != "" {
			e.Tag(l.GetName(), l.GetValue())
		}
	}
	fields := 0
	value := func(key string, v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) { // which line protocol does not have
			e.Float(key, v)
			fields++
		}
	}
	switch {
	case m.Counter != nil:
		value("counter", m.Counter.GetValue())
	case m.Gauge != nil:
		value("gauge", m.Gauge.GetValue())
	case m.Untyped != nil:
		value("value", m.Untyped.GetValue())
	case m.Summary != nil:
		for _, q := range m.Summary.Quantile {
			value(fmt.Sprint(q.GetQuantile()), q.GetValue())
		}
		value("count", float64(m.Summary.GetSampleCount()))
		value("sum", m.Summary.GetSampleSum())
	case m.Histogram != nil:
		for _, b := range m.Histogram.Bucket {
			value(fmt.Sprint(b.GetUpperBound()), float64(b.GetCumulativeCount()))
		}
		value("count", float64(m.Histogram.GetSampleCount()))
		value("sum", m.Histogram.GetSampleSum())
	}
	if ms := m.GetTimestampMs(); ms != 0 {
		now = time.UnixMilli(ms)
	}
	if fields == 0 {
		e.Cancel()
	} else {
		e.End(now)
	}
}
