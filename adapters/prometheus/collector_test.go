package pwprometheus_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	pwprometheus "github.com/pointwire/pointwire/adapters/prometheus"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// scrape returns the page of the collectors as Prometheus gets it over HTTP.
func scrape(t *testing.T, collectors ...prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry() // checks that Collect sends what Describe says
	for _, c := range collectors {
		if err := registry.Register(c); err != nil {
			t.Fatal(err)
		}
	}
	s := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer s.Close()
	r, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("status %d, %v: %s", r.StatusCode, err, text)
	}
	return string(text)
}

// parse returns the families of a page.
func parse(t *testing.T, page string) map[string]*dto.MetricFamily {
	t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("%v in\n%s", err, page)
	}
	return families
}

// value returns the value of the metric with these labels, in the order name, value.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		var got []string
		for _, l := range m.Label {
			got = append(got, l.GetName(), l.GetValue())
		}
		if reflect.DeepEqual(got, labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Errorf("no %s%q", name, labels)
	return math.NaN()
}

// Every field of the stats changes the page: one that is added to them later needs a metric.
func TestEveryFieldIsCollected(t *testing.T) {
	empty := scrape(t, clientOf(oneOfEach[fastclient.Stats]()))
	forEachField(reflect.TypeFor[fastclient.Stats](), func(path string, set func(reflect.Value)) {
		s := oneOfEach[fastclient.Stats]()
		set(reflect.ValueOf(&s).Elem())
		if scrape(t, clientOf(s)) == empty {
			t.Errorf("fastclient.Stats.%s is in no metric", path)
		}
	})
	empty = scrape(t, writerOf(spooling()))
	forEachField(reflect.TypeFor[batch.Stats](), func(path string, set func(reflect.Value)) {
		s := spooling()
		set(reflect.ValueOf(&s).Elem())
		same := scrape(t, writerOf(s)) == empty
		if none := unseen[path] != "" || strings.HasPrefix(path, "ByReason.0."); none != same {
			t.Errorf("batch.Stats.%s is in a metric: %v", path, !same)
		}
	})
}

// unseen are the fields of batch.Stats that no metric shows, and why. ByReason[0], which is no
// reason, is another.
var unseen = map[string]string{
	"LastErrors.Err":  "for logs: as one of the labels it would make a series for each text",
	"LastErrors.Time": "for logs: as one of the labels it would make a series for each time",
	"Spool.LastSeq":   "a name; how many batches were put is in spool_entered_batches",
	"Spool.AckedUpTo": "a name; how many batches are not acked is in spool_held_batches",
}

// spooling returns stats of a writer with a spool.
func spooling() batch.Stats {
	s := oneOfEach[batch.Stats]()
	s.Spool.MaxBytes = 1 << 30
	return s
}

// oneOfEach returns stats whose slices have one element.
func oneOfEach[S any]() (s S) {
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice {
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	return s
}

func clientOf(s fastclient.Stats) prometheus.Collector {
	return pwprometheus.ClientCollector(func() fastclient.Stats { return s }, nil)
}

func writerOf(s batch.Stats) prometheus.Collector {
	return pwprometheus.WriterCollector(func() batch.Stats { return s }, nil)
}

// forEachField calls f for each field within typ that holds a value, with a function that
// sets it in a value of typ.
func forEachField(typ reflect.Type, f func(path string, set func(reflect.Value))) {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		f("", func(v reflect.Value) { v.Set(reflect.ValueOf(time.Unix(5, 0))) })
	case typ.Kind() == reflect.Struct:
		for i := range typ.NumField() {
			forEachField(typ.Field(i).Type, func(path string, set func(reflect.Value)) {
				f(strings.TrimSuffix(typ.Field(i).Name+"."+path, "."), func(v reflect.Value) { set(v.Field(i)) })
			})
		}
	case typ.Kind() == reflect.Array:
		for i := range typ.Len() {
			forEachField(typ.Elem(), func(path string, set func(reflect.Value)) {
				f(strings.TrimSuffix(string(rune('0'+i))+"."+path, "."), func(v reflect.Value) { set(v.Index(i)) })
			})
		}
	case typ.Kind() == reflect.Slice:
		forEachField(typ.Elem(), func(path string, set func(reflect.Value)) {
			f(path, func(v reflect.Value) { set(v.Index(0)) })
		})
	case typ.Kind() == reflect.Bool:
		f("", func(v reflect.Value) { v.SetBool(true) })
	case typ.Kind() == reflect.String:
		f("", func(v reflect.Value) { v.SetString("http://a:8086") })
	case typ.Kind() == reflect.Uint64:
		f("", func(v reflect.Value) { v.SetUint(7e9) })
	case typ.Kind() == reflect.Int || typ.Kind() == reflect.Int64:
		f("", func(v reflect.Value) { v.SetInt(7e8) })
	case typ.Kind() == reflect.Interface:
		f("", func(v reflect.Value) { v.Set(reflect.ValueOf(io.EOF)) })
	default:
		panic("a field of another kind: " + typ.String())
	}
}

// The values of a page are those of the stats, by name.
func TestWriterPage(t *testing.T) {
	s := batch.Stats{
		Appended: batch.Count{Lines: 20, Bytes: 2000}, Acked: batch.Count{Lines: 10, Bytes: 1000}, Rejected: batch.Count{Lines: 4, Bytes: 400},
		Uncertain: batch.Count{Lines: 3, Bytes: 300}, Dropped: batch.Count{Lines: 2, Bytes: 200}, Pending: batch.Count{Lines: 1, Bytes: 100},
		RefusedOverflow: 6, Status: [6]uint64{2: 7, 5: 8}, BlockedFor: 1500 * time.Millisecond, Down: true, RetryAt: time.UnixMilli(1234567),
		LastErrors: []batch.ServerFailure{{Addr: "http://a:8086", Failures: 9}, {Addr: "http://b:8086", Failures: 3}, {Addr: "http://a:8086", Failures: 1}},
		Latency:    batch.Latency{0: 90, 3: 10, 15: 1}, RequestTime: 20 * time.Second, MemoryLimit: 64 << 20,
	}
	s.ByReason[batch.ReasonRetention] = batch.Count{Lines: 4, Bytes: 400}
	page := scrape(t, writerOf(s))
	families := parse(t, page)
	get := func(name string, labels ...string) float64 {
		return value(t, families, "pointwire_writer_"+name, labels...)
	}
	sum := get("pending_lines")
	for _, outcome := range []string{"acked", "rejected", "uncertain", "dropped"} {
		sum += get("settled_lines_total", "outcome", outcome)
	}
	if sum != 20 || get("appended_lines_total") != 20 {
		t.Errorf("%v lines in all, want 20", sum)
	}
	for _, c := range []struct{ got, want float64 }{
		{get("settled_bytes_total", "outcome", "uncertain"), 300},
		{get("lost_lines_total", "reason", "retention"), 4},
		{get("lost_bytes_total", "reason", "retention"), 400},
		{get("lost_lines_total", "reason", "unsent"), 0},
		{get("refused_lines_total", "cause", "overflow"), 6},
		{get("responses_total", "class", "2xx"), 7},
		{get("responses_total", "class", "5xx"), 8},
		{get("blocked_seconds_total"), 1.5},
		{get("down"), 1},
		{get("retry_timestamp_seconds"), 1234.567},
		{get("server_failures_in_a_row", "addr", "http://a:8086"), 9},
		{get("server_failures_in_a_row", "addr", "http://b:8086"), 3},
		{get("memory_limit_bytes"), 64 << 20},
	} {
		if c.got != c.want {
			t.Errorf("%v, want %v in\n%s", c.got, c.want, page)
		}
	}
	h := families["pointwire_writer_request_duration_seconds"].GetMetric()[0].GetHistogram()
	if h.GetSampleCount() != 101 || h.GetSampleSum() != 20 || len(h.Bucket) != 16 {
		t.Errorf("histogram %v", h)
	}
	for i, bound := range []float64{0.001, 0.002, 0.004, 0.008} {
		want := uint64(90)
		if i == 3 {
			want = 100
		}
		if b := h.Bucket[i]; b.GetUpperBound() != bound || b.GetCumulativeCount() != want {
			t.Errorf("bucket %d: %v, want %d up to %v s", i, b, want, bound)
		}
	}
	if b := h.Bucket[14]; b.GetUpperBound() != 16.384 || b.GetCumulativeCount() != 100 {
		t.Errorf("last bounded bucket %v", b)
	}
}

// An address that the client was given twice is one series.
func TestSameAddressTwice(t *testing.T) {
	s := fastclient.Stats{Endpoints: []fastclient.EndpointStats{
		{Addr: "http://a:8086", Up: true, Conns: 2, Idle: 1}, {Addr: "http://b:8086", Up: true, Conns: 8}, {Addr: "http://a:8086", Conns: 3, Idle: 1},
	}}
	families := parse(t, scrape(t, clientOf(s)))
	for _, c := range []struct {
		name, addr string
		want       float64
	}{
		{"up", "http://a:8086", 0}, {"up", "http://b:8086", 1}, {"connections", "http://a:8086", 5}, {"connections", "http://b:8086", 8}, {"idle_connections", "http://a:8086", 2},
	} {
		if got := value(t, families, "pointwire_endpoint_"+c.name, "addr", c.addr); got != c.want {
			t.Errorf("%s of %s is %v, want %v", c.name, c.addr, got, c.want)
		}
	}
}

// Names and help texts follow the rules of Prometheus.
func TestLint(t *testing.T) {
	for _, c := range []prometheus.Collector{clientOf(fastclient.Stats{Endpoints: make([]fastclient.EndpointStats, 1)}), writerOf(batch.Stats{}), writerOf(spooling())} {
		problems, err := promlint.New(strings.NewReader(scrape(t, c))).Lint()
		if err != nil || len(problems) > 0 {
			t.Error(problems, err)
		}
	}
}

// Labels distinguish collectors; two without fail to register, as any metric does.
func TestLabels(t *testing.T) {
	r := prometheus.NewRegistry()
	for i, c := range []struct {
		labels prometheus.Labels
		ok     bool
	}{
		{prometheus.Labels{"writer": "a"}, true}, {prometheus.Labels{"writer": "b"}, true}, {prometheus.Labels{"writer": "b"}, false},
		{nil, false}, {prometheus.Labels{"0": "bad name"}, false},
	} {
		err := r.Register(pwprometheus.WriterCollector(func() batch.Stats { return batch.Stats{} }, c.labels))
		if (err == nil) != c.ok {
			t.Errorf("collector %d: %v", i, err)
		}
	}
}
