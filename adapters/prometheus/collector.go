package pwprometheus

import (
	"github.com/prometheus/client_golang/prometheus"
)

// A put takes one value of a metric, with a value for each of its labels.
type put func(value float64, labels ...string)

// A metric is one metric of a snapshot S.
type metric[S any] struct {
	name, help string
	kind       prometheus.ValueType
	labels     []string
	read       func(s *S, to put)
}

// counter returns a metric without labels that only grows.
func counter[S any](name, help string, value func(*S) uint64) metric[S] {
	return metric[S]{name, help, prometheus.CounterValue, nil, func(s *S, to put) { to(float64(value(s))) }}
}

// gauge returns a metric without labels that goes up and down.
func gauge[S any](name, help string, value func(*S) float64) metric[S] {
	return metric[S]{name, help, prometheus.GaugeValue, nil, func(s *S, to put) { to(value(s)) }}
}

// A histogram is the one metric of a snapshot that has buckets.
type histogram[S any] struct {
	name, help string
	read       func(s *S) (count uint64, sum float64, buckets map[float64]uint64)
}

// A collector collects the metrics of the snapshots that stats returns.
type collector[S any] struct {
	stats     func() S
	metrics   []metric[S]
	descs     []*prometheus.Desc // of metrics
	histogram *histogram[S]      // may be nil
	buckets   *prometheus.Desc   // of histogram
}

func newCollector[S any](stats func() S, metrics []metric[S], h *histogram[S], labels prometheus.Labels) *collector[S] {
	c := &collector[S]{stats: stats, metrics: metrics, histogram: h}
	for _, m := range metrics {
		c.descs = append(c.descs, prometheus.NewDesc(m.name, m.help, m.labels, labels))
	}
	if h != nil {
		c.buckets = prometheus.NewDesc(h.name, h.help, nil, labels)
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector[S]) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
	if c.histogram != nil {
		ch <- c.buckets
	}
}

// Collect implements prometheus.Collector.
func (c *collector[S]) Collect(ch chan<- prometheus.Metric) {
	s := c.stats()
	for i, m := range c.metrics {
		m.read(&s, func(value float64, labels ...string) {
			one, err := prometheus.NewConstMetric(c.descs[i], m.kind, value, labels...)
			send(ch, c.descs[i], one, err)
		})
	}
	if c.histogram != nil {
		count, sum, buckets := c.histogram.read(&s)
		one, err := prometheus.NewConstHistogram(c.buckets, count, sum, buckets)
		send(ch, c.buckets, one, err)
	}
}

// send sends m, or err in its place.
func send(ch chan<- prometheus.Metric, d *prometheus.Desc, m prometheus.Metric, err error) {
	if err != nil {
		m = prometheus.NewInvalidMetric(d, err)
	}
	ch <- m
}

// number returns 1 for true.
func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
