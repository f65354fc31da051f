package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// families are metrics of every kind.
func families() []*dto.MetricFamily {
	p := func(v float64) *float64 { return &v }
	n := func(v uint64) *uint64 { return &v }
	name := func(s string) *string { return &s }
	label := []*dto.LabelPair{{Name: name("path"), Value: name("a b,\"c\"")}, {Name: name("none"), Value: name("")}}
	ms := int64(1500000000123)
	return []*dto.MetricFamily{
		{Name: name("requests_total"), Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{{Label: label, Counter: &dto.Counter{Value: p(3)}, TimestampMs: &ms}}},
		{Name: name("temperature"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: p(-1.5)}, TimestampMs: &ms}}},
		{Name: name("nothing"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: p(math.NaN())}}}},
		{Name: name("untyped"), Type: dto.MetricType_UNTYPED.Enum(), Metric: []*dto.Metric{{Untyped: &dto.Untyped{Value: p(1e300)}, TimestampMs: &ms}}},
		{Name: name("latency"), Type: dto.MetricType_SUMMARY.Enum(), Metric: []*dto.Metric{{TimestampMs: &ms, Summary: &dto.Summary{
			SampleCount: n(5), SampleSum: p(2.5), Quantile: []*dto.Quantile{{Quantile: p(0.5), Value: p(0.25)}, {Quantile: p(0.99), Value: p(math.NaN())}}}}}},
		{Name: name("sizes"), Type: dto.MetricType_HISTOGRAM.Enum(), Metric: []*dto.Metric{{TimestampMs: &ms, Histogram: &dto.Histogram{
			SampleCount: n(7), SampleSum: p(70), Bucket: []*dto.Bucket{{UpperBound: p(10), CumulativeCount: n(4)}, {UpperBound: p(math.Inf(1)), CumulativeCount: n(7)}}}}}},
	}
}

// start runs a gateway and returns its address for StatsD, what it prints, and its end.
func start(t *testing.T, url, prometheus string) (statsd string, out *bytes.Buffer, stop func() error) {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out = new(bytes.Buffer)
	g := gateway{url: url, prometheus: prometheus, every: 100 * time.Millisecond, out: out,
		sampler: hostproc.Sampler{Root: "../../internal/hostproc/testdata/proc"}}
	done := make(chan error, 1)
	go func() { done <- g.run(ctx, socket) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	return socket.LocalAddr().String(), out, stop
}

func TestGateway(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		enc := expfmt.NewEncoder(w, expfmt.NewFormat(expfmt.TypeTextPlain))
		for _, f := range families() {
			if err := enc.Encode(f); err != nil {
				t.Error(err)
			}
		}
	}))
	defer page.Close()
	bodies := make(chan string, 10_000)
	s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		bodies <- string(r.Body)
		influxtest.Status(204).Play(c, r)
	}))
	statsd, out, stop := start(t, s.URL+"?database=d", page.URL)
	conn, err := net.Dial("udp", statsd)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, datagram := range []string{"hits:1|c|#app:web,empty\nhits:2|c|@0.5|#app:web,empty\n", "depth:5|g", "depth:-2|g\nwait:10|ms\nwait:30|ms", "bad\nbad:x|c\nbad:1|q\nbad:1|c|@2"} {
		fmt.Fprint(conn, datagram)
	}
	fmt.Fprint(conn, "end:1|c") // when it is there, so are those before it
	for all := ""; !strings.Contains(all, "end,host") || !strings.Contains(all, "sizes,host"); {
		all += <-bodies
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range s.Requests() {
		lines = append(lines, strings.Split(string(r.Body), "\n")...)
	}
	host, _ := os.Hostname()
	for _, want := range []string{
		`requests_total,path=a\ b\,"c",host=HOST counter=3 1500000000123000000`,
		`temperature,host=HOST gauge=-1.5 1500000000123000000`,
		`untyped,host=HOST value=1e+300 1500000000123000000`,
		`latency,host=HOST 0.5=0.25,count=5,sum=2.5 1500000000123000000`,
		`sizes,host=HOST 10=4,+Inf=7,count=7,sum=70 1500000000123000000`,
		`cpu,cpu=cpu0,host=HOST .*`, `disk,device=.*`, `network,interface=.*`,
		`hits,app=web,host=HOST counter=5 .*`, `depth,host=HOST gauge=3 .*`, `wait,host=HOST count=2,mean=20,max=30 .*`,
	} {
		form := want
		if !strings.HasSuffix(want, ".*") {
			form = regexp.QuoteMeta(want)
		}
		re := regexp.MustCompile("(?i)^" + strings.ReplaceAll(form, "HOST", regexp.QuoteMeta(host)) + "$")
		if !slices.ContainsFunc(lines, re.MatchString) {
			t.Errorf("no line %s", want)
		}
	}
	if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "nothing") || strings.HasPrefix(l, "bad") }) {
		t.Error("lines without a value")
	}
	if text := out.String(); !strings.Contains(text, " 0 refused, 0 dropped; 4 lines of StatsD not understood") {
		t.Errorf("%q", text)
	}
	if t.Failed() {
		t.Logf("%q", lines[:min(60, len(lines))])
	}
}

// TestEndpointDown holds that a source that fails takes nothing from the others, and that a
// page that does not end is not read for ever.
func TestEndpointDown(t *testing.T) {
	big := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(bytes.Repeat([]byte("# x\n"), 1<<10)); err != nil {
				return
			}
		}
	}))
	defer big.Close()
	for _, url := range []string{"http://127.0.0.1:1", big.URL} {
		arrived := make(chan struct{}, 1000)
		s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			influxtest.Status(204).Play(c, r)
			if bytes.Contains(r.Body, []byte("cpu=cpu0")) {
				arrived <- struct{}{}
			}
		}))
		_, _, stop := start(t, s.URL+"?database=d", url)
		<-arrived
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestStatsDBound holds that datagrams cannot fill the memory.
func TestStatsDBound(t *testing.T) {
	a := aggregate{metrics: map[metric]*summary{}}
	for i := range 100_001 {
		if ok := a.add(fmt.Sprintf("m%d:1|c", i)); ok != (i < 100_000) {
			t.Fatalf("%d: %t", i, ok)
		}
	}
	if !a.add("m5:1|c") {
		t.Error("a metric that is there is refused")
	}
}
