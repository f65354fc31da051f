package pwprometheus_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	pwprometheus "github.com/pointwire/pointwire/adapters/prometheus"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// The stats of a client and of a writer on the page that Prometheus scrapes.
func Example() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()

	registry := prometheus.NewRegistry()
	registry.MustRegister(pwprometheus.ClientCollector(c.Stats, nil), pwprometheus.WriterCollector(w.Stats, nil))
	w.Append(context.Background(), []byte("cpu load=0.64 1\n"))
	w.Close(context.Background())

	page := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer page.Close()
	response, err := http.Get(page.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "pointwire_writer_settled_lines_total") || strings.HasPrefix(line, "pointwire_client_writes_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// pointwire_client_writes_total 1
	// pointwire_writer_settled_lines_total{outcome="acked"} 1
	// pointwire_writer_settled_lines_total{outcome="dropped"} 0
	// pointwire_writer_settled_lines_total{outcome="rejected"} 0
	// pointwire_writer_settled_lines_total{outcome="uncertain"} 0
}

// Two clients in one registry have a label each.
func ExampleClientCollector() {
	s := newServer()
	defer s.Close()
	metrics, _ := openWriter(s.URL, batch.Options{})
	defer metrics.Close()
	logs, _ := openWriter(s.URL, batch.Options{})
	defer logs.Close()

	registry := prometheus.NewRegistry()
	registry.MustRegister(
		pwprometheus.ClientCollector(metrics.Stats, prometheus.Labels{"client": "metrics"}),
		pwprometheus.ClientCollector(logs.Stats, prometheus.Labels{"client": "logs"}),
	)
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(families[0].GetName(), len(families[0].Metric))
	// Output: pointwire_client_busy_retries_total 2
}

func ExampleWriterCollector() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()

	registry := prometheus.NewRegistry()
	registry.MustRegister(pwprometheus.WriterCollector(w.Stats, nil))
	w.Append(context.Background(), []byte("cpu load=0.64 1\n"))
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "pointwire_writer_pending_lines" {
			fmt.Println(f.Metric[0].Gauge.GetValue())
		}
	}
	w.Close(context.Background())
	// Output: 1
}

// A program writes its own metrics every ten seconds.
func ExampleNewExporter() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()

	registry := prometheus.NewRegistry()
	orders := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "orders_total", Help: "Orders."}, []string{"side"})
	registry.MustRegister(orders)
	exporter := pwprometheus.NewExporter(registry, w, pwprometheus.ExporterOptions{
		Interval: 10 * time.Second,
		OnError:  func(err error) { log.Print(err) },
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		exporter.Run(ctx)
		close(ended)
	}()

	orders.WithLabelValues("buy").Add(3)

	stop()
	<-ended
	if err := exporter.Export(context.Background()); err != nil { // the last values
		log.Print(err)
	}
	if err := w.Close(context.Background()); err != nil {
		log.Print(err)
	}
	line := s.taken()[0]
	fmt.Println(line[:strings.LastIndex(line, " ")]) // without the timestamp
	// Output: orders_total,side=buy counter=3
}

func ExampleExporter_Stats() {
	s := newServer()
	defer s.Close()
	c, w := openWriter(s.URL, batch.Options{})
	defer c.Close()

	registry := prometheus.NewRegistry()
	queue := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "queue", Help: "Entries."}, []string{"of"})
	registry.MustRegister(queue)
	queue.WithLabelValues("orders").Set(12)
	exporter := pwprometheus.NewExporter(registry, w, pwprometheus.ExporterOptions{})
	if err := exporter.Export(context.Background()); err != nil {
		log.Print(err)
	}
	w.Close(context.Background())
	fmt.Printf("%+v\n", exporter.Stats())
	// Output: {Exports:1 Failures:0 Points:1 NotFinite:0}
}
