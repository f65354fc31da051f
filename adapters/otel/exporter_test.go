package pwotel_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	pwotel "github.com/pointwire/pointwire/adapters/otel"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// export returns the sorted lines that an exporter writes for m.
func export(t *testing.T, o pwotel.ExporterOptions, m *metricdata.ResourceMetrics) (lines []string, stats pwotel.ExporterStats, err error) {
	t.Helper()
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()
	x := pwotel.NewExporter(w, o)
	err = x.Export(context.Background(), m)
	if closeErr := w.Close(context.Background()); closeErr != nil {
		t.Fatal(closeErr)
	}
	lines = s.taken()
	slices.Sort(lines)
	return lines, x.Stats(), err
}

// one returns metrics of one scope without a name.
func one(list ...metricdata.Metrics) *metricdata.ResourceMetrics {
	return &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: list}}}
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Each kind of instrument of the SDK, recorded, collected by a PeriodicReader and written.
func TestInstruments(t *testing.T) {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()
	x := pwotel.NewExporter(w, pwotel.ExporterOptions{})
	exponential := sdkmetric.NewView(sdkmetric.Instrument{Name: "exponential"}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(x, sdkmetric.WithInterval(time.Hour))), sdkmetric.WithView(exponential),
		sdkmetric.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"), attribute.String("host.name", "h"))))
	record(t, provider.Meter("scope", metric.WithInstrumentationVersion("v2")))

	begin := time.Now()
	if err := provider.ForceFlush(context.Background()); err != nil { // collects, exports and flushes the writer
		t.Fatal(err)
	}
	var got []string
	for _, line := range s.taken() {
		text, ts, _ := cutLast(line)
		if at := time.Unix(0, ts); at.Before(begin) || at.After(time.Now()) {
			t.Errorf("the time of %s is %v", line, at)
		}
		got = append(got, text)
	}
	slices.Sort(got)
	const tags = ",otel.scope.name=scope,otel.scope.version=v2,service.name=shop "
	compare(t, got, []string{
		"balance" + tags + "gauge=-2i",
		"exponential" + tags + "count=2,sum=5,min=2,max=3",
		"level,room=a\\ b" + tags + "gauge=0.5",
		"observed" + tags + "counter=9223372036854775807i",
		"requests,code=200,ok=true" + tags + "counter=3i",
		"requests,code=500,ok=false" + tags + "counter=1i",
		"seconds" + tags + "0.1=1,2.5=3,+Inf=4,count=4,sum=14.05,min=0.05,max=10",
		"temperature" + tags + "gauge=-21.25",
	})
	if err := provider.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if st := x.Stats(); st.Points != 16 || st.Exports != 2 || st.Failures != 0 { // the shutdown exports too
		t.Errorf("%+v", st)
	}
	if err := w.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// record makes instruments and gives them values.
func record(t *testing.T, m metric.Meter) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	requests, err := m.Int64Counter("requests")
	must(err)
	for _, code := range []int{200, 500, 200, 200} {
		requests.Add(ctx, 1, metric.WithAttributes(attribute.Int("code", code), attribute.Bool("ok", code == 200)))
	}
	balance, err := m.Int64UpDownCounter("balance")
	must(err)
	balance.Add(ctx, -2)
	temperature, err := m.Float64Gauge("temperature")
	must(err)
	temperature.Record(ctx, -21.25)
	seconds, err := m.Float64Histogram("seconds", metric.WithExplicitBucketBoundaries(0.1, 2.5))
	must(err)
	exponential, err := m.Int64Histogram("exponential")
	must(err)
	for _, v := range []float64{0.05, 2, 2, 10} {
		seconds.Record(ctx, v)
	}
	exponential.Record(ctx, 2)
	exponential.Record(ctx, 3)
	_, err = m.Int64ObservableCounter("observed", metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(math.MaxInt64)
		return nil
	}))
	must(err)
	_, err = m.Float64ObservableGauge("level", metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
		o.Observe(0.5, metric.WithAttributes(attribute.String("room", "a b"), attribute.String("empty", "")))
		return nil
	}))
	must(err)
}

// cutLast returns a line without its timestamp.
func cutLast(line string) (text string, ts int64, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	for _, c := range line[i+1:] {
		ts = ts*10 + int64(c-'0')
	}
	return line[:i], ts, i > 0
}

// Summaries come from bridges of other libraries. Their points are those that the adapter
// for Prometheus writes.
func TestSummary(t *testing.T) {
	lines, _, err := export(t, pwotel.ExporterOptions{}, one(metricdata.Metrics{Name: "rpc", Data: metricdata.Summary{DataPoints: []metricdata.SummaryDataPoint{{
		Time: time.Unix(0, 5), Count: 3, Sum: 6.5, QuantileValues: []metricdata.QuantileValue{{Quantile: 0.5, Value: 2}, {Quantile: 0.999, Value: math.NaN()}},
	}}}}))
	if err != nil {
		t.Error(err)
	}
	compare(t, lines, []string{"rpc 0.5=2,count=3,sum=6.5 5"})
}

// A key that the point, its scope and the resource have is written once, with the value of
// the first. Other attributes of the resource are written only if they are selected.
func TestTags(t *testing.T) {
	m := one(metricdata.Metrics{Name: "g", Data: metricdata.Gauge[int64]{DataPoints: []metricdata.DataPoint[int64]{
		{Attributes: attribute.NewSet(attribute.String("a", "point"), attribute.StringSlice("list", []string{"x", "y"})), Value: 1, Time: time.Unix(0, 5)},
	}}})
	m.ScopeMetrics[0].Scope = instrumentation.Scope{Name: "scope", Attributes: attribute.NewSet(attribute.String("a", "scope"), attribute.String("b", "scope"), attribute.String("otel.scope.version", "own"))}
	m.Resource = resource.NewSchemaless(attribute.String("a", "resource"), attribute.String("b", "resource"), attribute.String("c", "resource"), attribute.String("service.name", "shop"))
	lines, _, err := export(t, pwotel.ExporterOptions{ResourceTags: attribute.NewDenyKeysFilter("service.name")}, m)
	if err != nil {
		t.Error(err)
	}
	compare(t, lines, []string{`g,a=point,list=["x"\,"y"],b=scope,otel.scope.name=scope,otel.scope.version=own,c=resource gauge=1i 5`})
	if lines, _, err = export(t, pwotel.ExporterOptions{}, m); err != nil {
		t.Error(err)
	}
	compare(t, lines, []string{`g,a=point,list=["x"\,"y"],b=scope,otel.scope.name=scope,otel.scope.version=own,service.name=shop gauge=1i 5`})
}

// Two scopes with a metric of one name do not replace each other's points.
func TestScopes(t *testing.T) {
	g := []metricdata.Metrics{{Name: "g", Data: metricdata.Gauge[int64]{DataPoints: []metricdata.DataPoint[int64]{{Value: 1, Time: time.Unix(0, 5)}}}}}
	lines, _, err := export(t, pwotel.ExporterOptions{}, &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{
		{Scope: instrumentation.Scope{Name: "a"}, Metrics: g}, {Scope: instrumentation.Scope{Name: "b"}, Metrics: g}, {Scope: instrumentation.Scope{Name: "b", Version: "2"}, Metrics: g},
	}})
	if err != nil {
		t.Error(err)
	}
	compare(t, lines, []string{"g,otel.scope.name=a gauge=1i 5", "g,otel.scope.name=b gauge=1i 5", "g,otel.scope.name=b,otel.scope.version=2 gauge=1i 5"})
}

// What cannot be written is left out, reported and counted; the rest is written.
func TestLeftOut(t *testing.T) {
	at := time.Unix(0, 5)
	lines, stats, err := export(t, pwotel.ExporterOptions{}, one(
		metricdata.Metrics{Name: "delta", Data: metricdata.Sum[float64]{Temporality: metricdata.DeltaTemporality, DataPoints: []metricdata.DataPoint[float64]{{Value: 1, Time: at}}}},
		metricdata.Metrics{Name: "nan", Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Value: math.NaN(), Time: at}, {Value: 2, Time: at}}}},
		metricdata.Metrics{Name: "delta2", Data: metricdata.Histogram[int64]{Temporality: metricdata.DeltaTemporality}},
		metricdata.Metrics{Name: "delta3", Data: metricdata.ExponentialHistogram[int64]{Temporality: metricdata.DeltaTemporality}},
		metricdata.Metrics{Name: "nothing"},
		metricdata.Metrics{Name: "ends in a backslash\\", Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Value: 1, Time: at}}}},
	))
	var refused *batch.AppendError
	if !errors.Is(err, pwotel.ErrTemporality) || !errors.As(err, &refused) || refused.Accepted != 1 || refused.Refused != 1 {
		t.Error(err)
	}
	if want := `pwotel: metric "delta" and 3 more: values that are not cumulative`; err == nil || !strings.HasPrefix(err.Error(), want+"\n") {
		t.Errorf("%v, want %s", err, want)
	}
	compare(t, lines, []string{"nan gauge=2 5"})
	if want := (pwotel.ExporterStats{Exports: 1, Failures: 1, Points: 1, NotFinite: 1}); stats != want {
		t.Errorf("%+v, want %+v", stats, want)
	}
	if _, _, err := export(t, pwotel.ExporterOptions{}, one(metricdata.Metrics{Name: "nothing"})); !errors.Is(err, pwotel.ErrAggregation) {
		t.Error(err)
	}
}

// A data point without a time gets that of the export.
func TestNoTime(t *testing.T) {
	begin := time.Now()
	lines, _, err := export(t, pwotel.ExporterOptions{}, one(metricdata.Metrics{Name: "g", Data: metricdata.Gauge[int64]{DataPoints: []metricdata.DataPoint[int64]{{Value: 1}}}}))
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	if _, ts, _ := cutLast(lines[0]); ts < begin.UnixNano() || ts > time.Now().UnixNano() {
		t.Error(lines[0])
	}
}

// After Shutdown nothing is written, and ForceFlush says whether all lines are stored.
func TestShutdown(t *testing.T) {
	s := newServer()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()
	x := pwotel.NewExporter(w, pwotel.ExporterOptions{})
	m := one(metricdata.Metrics{Name: "g", Data: metricdata.Gauge[int64]{DataPoints: []metricdata.DataPoint[int64]{{Value: 1}}}})
	if err := x.Export(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := x.Shutdown(t.Context()); err != nil || len(s.taken()) != 1 {
		t.Errorf("the shutdown did not flush: %v", err)
	}
	if err := x.Shutdown(t.Context()); !errors.Is(err, sdkmetric.ErrExporterShutdown) {
		t.Errorf("second shutdown: %v", err)
	}
	if err := x.Export(t.Context(), m); !errors.Is(err, sdkmetric.ErrExporterShutdown) || w.Stats().Appended.Lines != 1 {
		t.Errorf("export after the shutdown: %v", err)
	}
	s.Close()
	if err := w.Append(t.Context(), []byte("m v=1 1\n")); err != nil { // the writer is open
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var pending *batch.PendingError
	if err := x.ForceFlush(ended); !errors.As(err, &pending) {
		t.Errorf("flush without a server: %v", err)
	}
	w.Close(ended)
}
