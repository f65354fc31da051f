package pwprometheus

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// WriterCollector returns a collector of the stats of a writer. The argument stats is
// usually the method of a [batch.Writer], writer.Stats. A [batch.SyncWriter] may be used by
// one goroutine at a time, and a scrape is another: let stats return a copy that the
// program makes.
//
// Labels are added to each metric. To register collectors of several writers, give all of
// them the same labels with different values: {"writer": "metrics"}, {"writer": "logs"}.
func WriterCollector(stats func() batch.Stats, labels prometheus.Labels) prometheus.Collector {
	return newCollector(stats, slices.Concat(writerMetrics, spoolMetrics), &writerLatency, labels)
}

type writerStats = batch.Stats

var writerMetrics = []metric[writerStats]{
	counter("pointwire_writer_appended_lines_total", "Lines accepted by an append.", func(s *writerStats) uint64 { return s.Appended.Lines }),
	counter("pointwire_writer_appended_bytes_total", "Bytes of the lines accepted by an append.", func(s *writerStats) uint64 { return s.Appended.Bytes }),
	settled("pointwire_writer_settled_lines_total", "Lines by their outcome.", func(c batch.Count) uint64 { return c.Lines }),
	settled("pointwire_writer_settled_bytes_total", "Bytes of lines by their outcome.", func(c batch.Count) uint64 { return c.Bytes }),
	gauge("pointwire_writer_pending_lines", "Lines in the open batch, waiting, or under way.", func(s *writerStats) float64 { return float64(s.Pending.Lines) }),
	gauge("pointwire_writer_pending_bytes", "Bytes of the pending lines.", func(s *writerStats) float64 { return float64(s.Pending.Bytes) }),
	gauge("pointwire_writer_oldest_pending_timestamp_seconds", "When the oldest batch in memory got its first line, 0 without one.", func(s *writerStats) float64 { return timestamp(s.OldestPending) }),
	lost("pointwire_writer_lost_lines_total", "Lines that are rejected, uncertain or dropped, by reason.", func(c batch.Count) uint64 { return c.Lines }),
	lost("pointwire_writer_lost_bytes_total", "Bytes of the lines that are rejected, uncertain or dropped, by reason.", func(c batch.Count) uint64 { return c.Bytes }),
	{"pointwire_writer_refused_lines_total", "Lines and points that an append refused, by cause.", prometheus.CounterValue, []string{"cause"}, refused},

	counter("pointwire_writer_sealed_batches_total", "Batches sealed.", func(s *writerStats) uint64 { return s.Sealed }),
	counter("pointwire_writer_settled_batches_total", "Batches settled, up to the first that is not.", func(s *writerStats) uint64 { return s.Settled }),
	gauge("pointwire_writer_queued_requests", "Requests waiting.", func(s *writerStats) float64 { return float64(s.Queued) }),
	gauge("pointwire_writer_inflight_requests", "Requests under way.", func(s *writerStats) float64 { return float64(s.InFlight) }),
	counter("pointwire_writer_requests_total", "Requests made.", func(s *writerStats) uint64 { return s.Requests }),
	counter("pointwire_writer_unanswered_requests_total", "Requests without a response.", func(s *writerStats) uint64 { return s.NoResponse }),
	{"pointwire_writer_responses_total", "Responses by the class of their status.", prometheus.CounterValue, []string{"class"}, responses},
	counter("pointwire_writer_retried_requests_total", "Requests whose lines had to be sent again later.", func(s *writerStats) uint64 { return s.Retried }),
	counter("pointwire_writer_splits_total", "Requests divided because of their size.", func(s *writerStats) uint64 { return s.Splits }),
	counter("pointwire_writer_raw_bytes_total", "Bytes of all requests before compression.", func(s *writerStats) uint64 { return s.RawBytes }),
	counter("pointwire_writer_wire_bytes_total", "Bytes of all requests after compression.", func(s *writerStats) uint64 { return s.WireBytes }),

	gauge("pointwire_writer_memory_bytes", "Memory for lines and compression.", func(s *writerStats) float64 { return float64(s.Memory) }),
	gauge("pointwire_writer_memory_limit_bytes", "The most memory that the writer may use.", func(s *writerStats) float64 { return float64(s.MemoryLimit) }),
	counter("pointwire_writer_blocked_appends_total", "Appends that had to wait for memory.", func(s *writerStats) uint64 { return s.Blocked }),
	{"pointwire_writer_blocked_seconds_total", "Time that appends waited for memory.", prometheus.CounterValue, nil, func(s *writerStats, to put) { to(s.BlockedFor.Seconds()) }},

	gauge("pointwire_writer_down", "Whether the server fails.", func(s *writerStats) float64 { return number(s.Down) }),
	gauge("pointwire_writer_failures_in_a_row", "Failed requests since the last success or refusal.", func(s *writerStats) float64 { return float64(s.Failures) }),
	gauge("pointwire_writer_retry_timestamp_seconds", "When a server that fails is tried again, 0 unless it does.", func(s *writerStats) float64 { return timestamp(s.RetryAt) }),
	{"pointwire_writer_server_failures_in_a_row", "Failed requests of a server whose last request failed.", prometheus.GaugeValue, []string{"addr"}, failing},
	counter("pointwire_writer_lost_events_total", "Events that OnEvent was too slow for.", func(s *writerStats) uint64 { return s.EventsLost }),
	counter("pointwire_writer_dead_letter_errors_total", "Errors of the dead letter.", func(s *writerStats) uint64 { return s.DeadLetterErrors }),
}

var writerLatency = histogram[writerStats]{"pointwire_writer_request_duration_seconds", "Requests by the time that they took.", latency}

// settled returns a metric of the lines that have an outcome.
func settled(name, help string, of func(batch.Count) uint64) metric[writerStats] {
	return metric[writerStats]{name, help, prometheus.CounterValue, []string{"outcome"}, func(s *writerStats, to put) {
		to(float64(of(s.Acked)), "acked")
		to(float64(of(s.Rejected)), "rejected")
		to(float64(of(s.Uncertain)), "uncertain")
		to(float64(of(s.Dropped)), "dropped")
	}}
}

// lost returns a metric of the lines that were not acked, by reason.
func lost(name, help string, of func(batch.Count) uint64) metric[writerStats] {
	return metric[writerStats]{name, help, prometheus.CounterValue, []string{"reason"}, func(s *writerStats, to put) {
		for r := batch.ReasonLine; int(r) < len(s.ByReason); r++ {
			to(float64(of(s.ByReason[r])), r.String())
		}
	}}
}

func refused(s *writerStats, to put) {
	to(float64(s.RefusedInvalid), "invalid")
	to(float64(s.RefusedOverflow), "overflow")
	to(float64(s.RefusedOther), "other")
}

func responses(s *writerStats, to put) {
	for digit, n := range s.Status {
		to(float64(n), strconv.Itoa(digit)+"xx")
	}
}

// timestamp returns t in seconds since 1970, 0 for no time.
func timestamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// failing takes each address once: see distinct.
func failing(s *writerStats, to put) {
	seen := make(map[string]bool, len(s.LastErrors))
	for _, f := range s.LastErrors {
		if !seen[f.Addr] {
			seen[f.Addr] = true
			to(float64(f.Failures), f.Addr)
		}
	}
}

// latency returns the histogram of s. The last count has no upper bound: it is in the total
// alone.
func latency(s *writerStats) (count uint64, sum float64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, len(s.Latency)-1)
	for i, n := range s.Latency {
		count += n
		if i < len(s.Latency)-1 {
			buckets[(time.Millisecond << i).Seconds()] = count
		}
	}
	return count, s.RequestTime.Seconds(), buckets
}
