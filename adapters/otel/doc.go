// Package pwotel connects pointwire with OpenTelemetry's metrics, both ways.
//
// [RegisterClient] and [RegisterWriter] show the stats of a client and of a writer as
// observable instruments of a [metric.Meter]. An [Exporter] is an exporter of the SDK that
// writes metrics to a database, through a [batch.LineWriter].
//
//	exporter := pwotel.NewExporter(writer, pwotel.ExporterOptions{})
//	reader := sdkmetric.NewPeriodicReader(exporter)
//	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
//	defer provider.Shutdown(ctx)
//
//	meter := provider.Meter("myprogram")
//	_, err := pwotel.RegisterClient(meter, client.Stats)
//
// # Instruments
//
// The names begin with pointwire.client., pointwire.endpoint. or pointwire.writer. Every
// field of the stats is in one instrument at least, except texts and names, which would
// make a series each. One snapshot is taken per collection, so the lines of a writer add up
// in it: those appended and recovered are those settled, pending and spooled. The time of
// requests is in
// pointwire.writer.requests_within, a counter of the requests that took at most the seconds
// in the attribute le, because OpenTelemetry has no observable histogram. Prometheus's
// function histogram_quantile takes it as it is.
//
// Only a writer with a spool has values of the instruments for it: pointwire.writer.spool_*,
// recovered, spooled and other_target. The gauge pointwire.writer.spool_failing is 1 for the
// operation write while the disk takes no batches, and 1 for sync if the last sync failed.
//
// # Points
//
// A data point becomes a point in the form of Telegraf's input for Prometheus with
// metric_version = 1. The name of the metric is the measurement, the attributes are tags:
//
//	monotonic sum          counter
//	other sum, gauge       gauge
//	histogram              a field for each bucket, named by its upper bound: 0.5, 1, +Inf;
//	                       count, sum, min, max
//	exponential histogram  count, sum, min, max
//	summary                a field for each quantile, named by it: 0.5, 0.99; count, sum
//
// Values of integer instruments are integers; counts, and everything else, are floats.
// Counts of buckets include those of lower bounds. The bounds of an exponential histogram
// change with its values, and each would be a new field, so they are not written.
//
// Tags are the attributes of the point, those of its scope, otel.scope.name and
// otel.scope.version, and the attributes of the resource that
// ExporterOptions.ResourceTags selects. Of two with one key, the first in this order is
// written. Values that are not texts are written as their JSON or decimal text. The
// timestamp is the time of the data point. Values that are NaN or infinite have no form in
// line protocol: they are left out and counted. Units, descriptions, start times and
// exemplars are not written.
//
// The exporter asks the SDK for cumulative values. It refuses data of another temporality,
// with [ErrTemporality]: a difference in the field of a total would be taken for one.
package pwotel
