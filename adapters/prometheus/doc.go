// Package pwprometheus connects pointwire with Prometheus's client library, both ways.
//
// [ClientCollector] and [WriterCollector] show the stats of a client and of a writer to
// Prometheus. An [Exporter] writes the metrics of any [prometheus.Gatherer] to a database,
// through a [batch.LineWriter].
//
//	registry.MustRegister(
//		pwprometheus.ClientCollector(client.Stats, nil),
//		pwprometheus.WriterCollector(writer.Stats, nil),
//	)
//	exporter := pwprometheus.NewExporter(registry, writer, pwprometheus.ExporterOptions{})
//	go exporter.Run(ctx)
//
// # Metrics
//
// The names begin with pointwire_client_, pointwire_endpoint_ or pointwire_writer_. Every
// field of the stats is in one metric at least, except texts and names, which would make a
// series each. A collector takes one snapshot per scrape, so the lines of a writer add up
// in it:
//
//	pointwire_writer_appended_lines_total =
//		sum(pointwire_writer_settled_lines_total) + pointwire_writer_pending_lines
//
// A writer with a spool has more metrics from its beginning on, and others never have them.
// Its sums include the lines on disk:
//
//	pointwire_writer_appended_lines_total + pointwire_writer_recovered_lines_total =
//		sum(pointwire_writer_settled_lines_total) + pointwire_writer_pending_lines +
//		pointwire_writer_spooled_lines
//	sum(pointwire_writer_spool_entered_lines_total) =
//		sum(pointwire_writer_spool_left_lines_total) + sum(pointwire_writer_spool_held_lines)
//
// The gauge pointwire_writer_spool_failing is 1 for the operation write while the disk takes
// no batches, and 1 for sync if the last sync failed.
//
// # Points
//
// A metric becomes a point in the form of Telegraf's input for Prometheus with
// metric_version = 1, so that queries and dashboards made for it work. Its name is the
// measurement, its labels are the tags, and all fields are floats:
//
//	counter    counter
//	gauge      gauge
//	untyped    value
//	histogram  a field for each bucket, named by its upper bound: 0.5, 1, +Inf; count, sum
//	summary    a field for each quantile, named by it: 0.5, 0.99; count, sum
//
// Counts of buckets include those of lower bounds. A label that is empty is left out. The
// timestamp is that of the metric if it has one, and the time of the export otherwise.
// Values that are NaN or infinite have no form in line protocol: they are left out and
// counted. A native histogram has the fields +Inf, count and sum, unless it has classic
// buckets too. Exemplars and help texts are not written. Telegraf adds a tag url to each
// point; Options.DefaultTags of the writer add tags here.
package pwprometheus
