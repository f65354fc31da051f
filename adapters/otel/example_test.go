package pwotel_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	pwotel "github.com/pointwire/pointwire/adapters/otel"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// A program writes its metrics every ten seconds.
func Example() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()

	exporter := pwotel.NewExporter(w, pwotel.ExporterOptions{})
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithInterval(10*time.Second))),
		sdkmetric.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"))),
	)
	orders, err := provider.Meter("example/orders").Int64Counter("orders")
	if err != nil {
		log.Fatal(err)
	}
	orders.Add(context.Background(), 3, metric.WithAttributes(attribute.String("side", "buy")))

	if err := provider.Shutdown(context.Background()); err != nil { // exports and flushes
		log.Print(err)
	}
	if err := w.Close(context.Background()); err != nil {
		log.Print(err)
	}
	line := s.taken()[0]
	fmt.Println(line[:strings.LastIndex(line, " ")]) // without the timestamp
	// Output: orders,side=buy,otel.scope.name=example/orders,service.name=shop counter=3i
}

// The program reads its instruments by itself.
func ExampleRegisterClient() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("example")
	if _, err := pwotel.RegisterClient(meter, c.Stats, attribute.String("client", "metrics")); err != nil {
		log.Fatal(err)
	}

	w.Append(context.Background(), []byte("cpu load=0.64 1\n"))
	w.Close(context.Background())
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		log.Fatal(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if m.Name == "pointwire.client.writes" {
			fmt.Println(m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
		}
	}
	// Output: 1
}

func ExampleRegisterWriter() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("example")
	if _, err := pwotel.RegisterWriter(meter, w.Stats); err != nil {
		log.Fatal(err)
	}

	w.Append(context.Background(), []byte("cpu load=0.64 1\n"))
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		log.Fatal(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if m.Name == "pointwire.writer.pending_lines" {
			fmt.Println(m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value)
		}
	}
	w.Close(context.Background())
	// Output: 1
}

// What a PeriodicReader does with an exporter.
func ExampleExporter() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()
	ctx := context.Background()

	x := pwotel.NewExporter(w, pwotel.ExporterOptions{ResourceTags: attribute.NewAllowKeysFilter()})
	fmt.Println(x.Temporality(sdkmetric.InstrumentKindCounter), x.Aggregation(sdkmetric.InstrumentKindCounter))
	err := x.Export(ctx, &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{
		{Name: "temperature", Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Value: 21.5, Time: time.Unix(1, 0)}}}},
		{Name: "changes", Data: metricdata.Sum[int64]{Temporality: metricdata.DeltaTemporality}},
	}}}})
	fmt.Println(err, errors.Is(err, pwotel.ErrTemporality))
	if err := x.ForceFlush(ctx); err != nil {
		log.Print(err)
	}
	fmt.Println(s.taken())
	if err := x.Shutdown(ctx); err != nil {
		log.Print(err)
	}
	fmt.Printf("%+v\n", x.Stats())
	w.Close(ctx)
	// Output:
	// CumulativeTemporality {}
	// pwotel: metric "changes": values that are not cumulative true
	// [temperature gauge=21.5 1000000000]
	// {Exports:1 Failures:1 Points:1 NotFinite:0}
}
