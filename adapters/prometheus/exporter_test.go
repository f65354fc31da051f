package pwprometheus_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	pwprometheus "github.com/pointwire/pointwire/adapters/prometheus"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// canonical returns lines in one form: tags and fields in order, numbers as Go prints them,
// and the word now for a timestamp that the test does not know.
func canonical(t *testing.T, lines string, now func(ts int64) bool) []string {
	t.Helper()
	var out []string
	for p, err := range lp.Points([]byte(lines)) {
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{}
		for i := range p.NumFields() {
			key, value := p.Field(i)
			if value.Kind() != lp.FloatField {
				t.Errorf("field %s is no float", key)
			}
			fields[string(key)] = fmt.Sprint(value.Float())
		}
		tags := map[string]string{}
		for i := range p.NumTags() {
			key, value := p.Tag(i)
			tags[string(key)] = string(value)
		}
		ts, _ := p.Timestamp()
		at := fmt.Sprint(ts)
		if now(ts) {
			at = "now"
		}
		out = append(out, fmt.Sprintf("%s %q %q %s", p.Measurement(), tags, fields, at)) // maps are printed in order
	}
	slices.Sort(out)
	return out
}

// export returns the lines that an exporter writes for the families of g.
func export(t *testing.T, g prometheus.Gatherer, o batch.Options) (lines []string, stats pwprometheus.ExporterStats, err error) {
	t.Helper()
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, o)
	defer c.Close()
	x := pwprometheus.NewExporter(g, w, pwprometheus.ExporterOptions{})
	err = x.Export(context.Background())
	if closeErr := w.Close(context.Background()); closeErr != nil {
		t.Fatal(closeErr)
	}
	return s.taken(), x.Stats(), err
}

// gatherer returns the families of a page in place of those of a registry.
func gatherer(families map[string]*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return slices.Collect(maps.Values(families)), nil })
}

// The points of a page are those that Telegraf makes of it. The golden file is what version
// 1.37.2 printed, see README.md; it has the time 1 where the page has none.
func TestTelegraf(t *testing.T) {
	page, err := os.ReadFile("testdata/page.txt")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/page-telegraf-1.37.2.lp")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().UnixNano()
	lines, stats, err := export(t, gatherer(parse(t, string(page))), batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := canonical(t, strings.Join(lines, "\n"), func(ts int64) bool { return begin <= ts && ts <= time.Now().UnixNano() })
	want := canonical(t, string(golden), func(ts int64) bool { return ts == 1 })
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := (pwprometheus.ExporterStats{Exports: 1, Points: 11, NotFinite: 4}); stats != want {
		t.Errorf("%+v, want %+v", stats, want)
	}
}

// A registry gives the same points as its page: the library leaves out the last bucket,
// which the page has.
func TestRegistryAndPage(t *testing.T) {
	all := []prometheus.Collector{writerOf(batch.Stats{Latency: batch.Latency{1, 2, 15: 3}})}
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "size_bytes", Help: "h", Buckets: []float64{1, 1e6, math.Inf(1)}})
	q := prometheus.NewSummary(prometheus.SummaryOpts{Name: "wait_seconds", Help: "h", Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001}})
	for _, v := range []float64{0.5, 2, 3e6} {
		h.Observe(v)
		q.Observe(v)
	}
	all = append(all, h, q)
	r := prometheus.NewRegistry()
	r.MustRegister(all...)
	direct, _, err := export(t, r, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scraped, _, err := export(t, gatherer(parse(t, scrape(t, all...))), batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	any := func(int64) bool { return true }
	got, want := canonical(t, strings.Join(direct, "\n"), any), canonical(t, strings.Join(scraped, "\n"), any)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if i := slices.Index(got, `size_bytes map[] map["+Inf":"3" "1":"1" "1e+06":"2" "count":"3" "sum":"3.0000025e+06"] now`); i < 0 {
		t.Errorf("no size_bytes in\n%s", strings.Join(got, "\n"))
	}
}

// A native histogram has no buckets with fixed bounds: its total is written.
func TestNativeHistogram(t *testing.T) {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Help: "h", NativeHistogramBucketFactor: 1.1})
	h.Observe(3)
	h.Observe(5)
	r := prometheus.NewRegistry()
	r.MustRegister(h)
	lines, _, err := export(t, r, batch.Options{})
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "h +Inf=2,count=2,sum=8 ") {
		t.Errorf("%q, %v", lines, err)
	}
	// Its counts may be floats.
	kind, n, sum := dto.MetricType_GAUGE_HISTOGRAM, 2.5, 8.0
	name := "f"
	lines, _, err = export(t, gatherer(map[string]*dto.MetricFamily{"f": {Name: &name, Type: &kind, Metric: []*dto.Metric{
		{Histogram: &dto.Histogram{SampleCountFloat: &n, SampleSum: &sum}},
	}}}), batch.Options{})
	if err != nil || len(lines) != 1 || !strings.HasPrefix(lines[0], "f +Inf=2.5,count=2.5,sum=8 ") {
		t.Errorf("%q, %v", lines, err)
	}
}

// A label that line protocol cannot carry refuses its point, or is replaced if the options
// of the writer say so. The other points are written.
func TestRefusedLabel(t *testing.T) {
	r := prometheus.NewRegistry()
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "g", Help: "h"}, []string{"path"})
	r.MustRegister(g)
	g.WithLabelValues(`C:\`).Set(1)
	g.WithLabelValues(`D:`).Set(2)
	lines, stats, err := export(t, r, batch.Options{})
	var refused *batch.AppendError
	if !errors.As(err, &refused) || refused.Accepted != 1 || refused.Refused != 1 || stats.Points != 1 || stats.Failures != 1 {
		t.Errorf("%v, %+v", err, stats)
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "g,path=D: gauge=2 ") {
		t.Errorf("%q", lines)
	}
	lines, _, err = export(t, r, replacing)
	if err != nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "g,path=C:_ gauge=1 ") {
		t.Errorf("%q, %v", lines, err)
	}
}

// What was gathered is written although something else could not be.
func TestGatherError(t *testing.T) {
	name, v := "g", 1.0
	kind := dto.MetricType_GAUGE
	g := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return []*dto.MetricFamily{{Name: &name, Type: &kind, Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &v}}}}}, io.ErrUnexpectedEOF
	})
	lines, stats, err := export(t, g, batch.Options{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(lines) != 1 || stats != (pwprometheus.ExporterStats{Exports: 1, Failures: 1, Points: 1}) {
		t.Errorf("%q, %+v, %v", lines, stats, err)
	}
}

// Run exports at the end of every interval, reports failures, and ends with its context.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := fastclient.New(fastclient.Options{Addr: "http://127.0.0.1:1", Database: "mydb"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		w, err := batch.NewSyncWriter(c, batch.Options{}) // sends nothing before it is full
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var at []time.Duration
		g := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			at = append(at, time.Since(began))
			if len(at) == 2 {
				return nil, io.ErrUnexpectedEOF
			}
			name, v := "g", 1.0
			return []*dto.MetricFamily{{Name: &name, Metric: []*dto.Metric{{Untyped: &dto.Untyped{Value: &v}}}}}, nil
		})
		failed := 0
		x := pwprometheus.NewExporter(g, w, pwprometheus.ExporterOptions{OnError: func(err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
			failed++
		}})
		ctx, cancel := context.WithTimeout(context.Background(), 35*time.Second)
		defer cancel()
		x.Run(ctx)
		if want := []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second}; !slices.Equal(at, want) || time.Since(began) != 35*time.Second {
			t.Errorf("exports at %v until %v, want %v", at, time.Since(began), want)
		}
		if st := x.Stats(); failed != 1 || st != (pwprometheus.ExporterStats{Exports: 3, Failures: 1, Points: 2}) || w.Stats().Appended.Lines != 2 {
			t.Errorf("%+v, %d failed, %d lines", st, failed, w.Stats().Appended.Lines)
		}
	})
}
