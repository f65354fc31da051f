package pwotel_test

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	pwotel "github.com/pointwire/pointwire/adapters/otel"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// collect returns the values that an SDK collects after register, by name and attributes.
func collect(t *testing.T, register func(metric.Meter) (metric.Registration, error)) map[string]string {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	defer provider.Shutdown(context.Background())
	if _, err := register(provider.Meter("test")); err != nil {
		t.Fatal(err)
	}
	return read(t, reader)
}

func read(t *testing.T, reader sdkmetric.Reader) map[string]string {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range data.ScopeMetrics {
		for _, m := range s.Metrics {
			switch d := m.Data.(type) {
			case metricdata.Gauge[int64]:
				add(got, m.Name, d.DataPoints)
			case metricdata.Gauge[float64]:
				add(got, m.Name, d.DataPoints)
			case metricdata.Sum[int64]:
				add(got, m.Name, d.DataPoints)
			case metricdata.Sum[float64]:
				add(got, m.Name, d.DataPoints)
			default:
				t.Errorf("%s has data of type %T", m.Name, d)
			}
		}
	}
	return got
}

func add[N int64 | float64](got map[string]string, name string, points []metricdata.DataPoint[N]) {
	for _, p := range points {
		id := name
		for _, kv := range p.Attributes.ToSlice() {
			id += " " + string(kv.Key) + "=" + kv.Value.String()
		}
		got[strings.TrimPrefix(id, "pointwire.")] = fmt.Sprint(p.Value)
	}
}

func ofClient(s fastclient.Stats) func(metric.Meter) (metric.Registration, error) {
	return func(m metric.Meter) (metric.Registration, error) {
		return pwotel.RegisterClient(m, func() fastclient.Stats { return s })
	}
}

func ofWriter(s batch.Stats) func(metric.Meter) (metric.Registration, error) {
	return func(m metric.Meter) (metric.Registration, error) {
		return pwotel.RegisterWriter(m, func() batch.Stats { return s })
	}
}

// Every field of the stats changes what is collected: one that is added to them later needs
// an instrument.
func TestEveryFieldIsObserved(t *testing.T) {
	empty := collect(t, ofClient(oneOfEach[fastclient.Stats]()))
	forEachField(reflect.TypeFor[fastclient.Stats](), func(path string, set func(reflect.Value)) {
		s := oneOfEach[fastclient.Stats]()
		set(reflect.ValueOf(&s).Elem())
		if reflect.DeepEqual(collect(t, ofClient(s)), empty) {
			t.Errorf("fastclient.Stats.%s is in no instrument", path)
		}
	})
	empty = collect(t, ofWriter(spooling()))
	forEachField(reflect.TypeFor[batch.Stats](), func(path string, set func(reflect.Value)) {
		s := spooling()
		set(reflect.ValueOf(&s).Elem())
		same := reflect.DeepEqual(collect(t, ofWriter(s)), empty)
		if none := unseen[path] != "" || strings.HasPrefix(path, "ByReason.0."); none != same {
			t.Errorf("batch.Stats.%s is in an instrument: %v", path, !same)
		}
	})
}

// unseen are the fields of batch.Stats that no instrument shows, and why. ByReason[0], which is no
// reason, is another.
var unseen = map[string]string{
	"LastErrors.Err":  "for logs: as one of the attributes it would make a series for each text",
	"LastErrors.Time": "for logs: as one of the attributes it would make a series for each time",
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

// The values that are collected are those of the stats, by name.
func TestWriterValues(t *testing.T) {
	s := batch.Stats{
		Appended: batch.Count{Lines: 20, Bytes: 2000}, Acked: batch.Count{Lines: 10, Bytes: 1000}, Rejected: batch.Count{Lines: 4, Bytes: 400},
		Uncertain: batch.Count{Lines: 3, Bytes: 300}, Dropped: batch.Count{Lines: 2, Bytes: 200}, Pending: batch.Count{Lines: 1, Bytes: 100},
		RefusedOverflow: 6, Status: [6]uint64{2: 7, 5: 8}, BlockedFor: 1500 * time.Millisecond, Down: true, RetryAt: time.UnixMilli(1234567),
		LastErrors: []batch.ServerFailure{{Addr: "http://a:8086", Failures: 9}, {Addr: "http://b:8086", Failures: 3}, {Addr: "http://a:8086", Failures: 1}},
		Latency:    batch.Latency{0: 90, 3: 10, 15: 1}, RequestTime: 20 * time.Second, MemoryLimit: 64 << 20,
	}
	s.ByReason[batch.ReasonRetention] = batch.Count{Lines: 4, Bytes: 400}
	got := collect(t, ofWriter(s))
	for id, want := range map[string]string{
		"writer.appended_lines":                              "20",
		"writer.settled_lines outcome=acked":                 "10",
		"writer.settled_lines outcome=rejected":              "4",
		"writer.settled_lines outcome=uncertain":             "3",
		"writer.settled_lines outcome=dropped":               "2",
		"writer.pending_lines":                               "1",
		"writer.settled outcome=uncertain":                   "300",
		"writer.lost_lines reason=retention":                 "4",
		"writer.lost reason=retention":                       "400",
		"writer.lost_lines reason=unsent":                    "0",
		"writer.refused_lines cause=overflow":                "6",
		"writer.responses class=2xx":                         "7",
		"writer.responses class=5xx":                         "8",
		"writer.blocked_time":                                "1.5",
		"writer.down":                                        "1",
		"writer.retry_at":                                    "1234.567",
		"writer.server_failures_in_a_row addr=http://a:8086": "9",
		"writer.server_failures_in_a_row addr=http://b:8086": "3",
		"writer.memory_limit":                                "67108864",
		"writer.request_time":                                "20",
		"writer.requests_within le=0.001":                    "90",
		"writer.requests_within le=0.004":                    "90",
		"writer.requests_within le=0.008":                    "100",
		"writer.requests_within le=16.384":                   "100",
		"writer.requests_within le=+Inf":                     "101",
	} {
		if got[id] != want {
			t.Errorf("%s is %q, want %s", id, got[id], want)
		}
	}
}

// An address that the client was given twice is one series.
func TestSameAddressTwice(t *testing.T) {
	got := collect(t, ofClient(fastclient.Stats{Endpoints: []fastclient.EndpointStats{
		{Addr: "http://a:8086", Up: true, Conns: 2, Idle: 1}, {Addr: "http://b:8086", Up: true, Conns: 8}, {Addr: "http://a:8086", Conns: 3, Idle: 1},
	}}))
	for id, want := range map[string]string{
		"endpoint.up addr=http://a:8086": "0", "endpoint.up addr=http://b:8086": "1", "endpoint.connections addr=http://a:8086": "5",
		"endpoint.connections addr=http://b:8086": "8", "endpoint.idle_connections addr=http://a:8086": "2",
	} {
		if got[id] != want {
			t.Errorf("%s is %q, want %s", id, got[id], want)
		}
	}
}

// Two clients of one meter differ by their attributes, and a registration ends.
func TestRegistrations(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	defer provider.Shutdown(context.Background())
	var last metric.Registration
	for i, name := range []string{"a", "b"} {
		var err error
		last, err = pwotel.RegisterClient(provider.Meter("test"), func() fastclient.Stats { return fastclient.Stats{Requests: uint64(i + 1)} }, attribute.String("client", name))
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, reader); got["client.requests client=a"] != "1" || got["client.requests client=b"] != "2" {
		t.Errorf("%v", got)
	}
	if err := last.Unregister(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, reader); got["client.requests client=a"] != "1" || got["client.requests client=b"] != "" {
		t.Errorf("after the end of the second: %v", got)
	}
}
