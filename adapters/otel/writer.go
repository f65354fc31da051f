package pwotel

import (
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// RegisterWriter makes the instruments of a writer, and the callback that observes them
// until the registration ends. The argument stats is usually the method of a
// [batch.Writer], writer.Stats. A [batch.SyncWriter] may be used by one goroutine at a
// time, and a collection is another: let stats return a copy that the program makes.
// Several writers of one meter need attributes that differ.
func RegisterWriter(m metric.Meter, stats func() batch.Stats, attrs ...attribute.KeyValue) (metric.Registration, error) {
	return register(m, slices.Concat(writerInstruments, spoolInstruments), stats, attrs)
}

type writerStats = batch.Stats

var writerInstruments = []instrument[writerStats]{
	counter("pointwire.writer.appended_lines", "{line}", "Lines accepted by an append.", func(s *writerStats) uint64 { return s.Appended.Lines }),
	counter("pointwire.writer.appended", "By", "Bytes of the lines accepted by an append.", func(s *writerStats) uint64 { return s.Appended.Bytes }),
	settled("pointwire.writer.settled_lines", "{line}", "Lines by their outcome.", func(c batch.Count) uint64 { return c.Lines }),
	settled("pointwire.writer.settled", "By", "Bytes of lines by their outcome.", func(c batch.Count) uint64 { return c.Bytes }),
	gauge("pointwire.writer.pending_lines", "{line}", "Lines in the open batch, waiting, or under way.", func(s *writerStats) int { return int(s.Pending.Lines) }),
	gauge("pointwire.writer.pending", "By", "Bytes of the pending lines.", func(s *writerStats) int { return int(s.Pending.Bytes) }),
	moment("pointwire.writer.oldest_pending", "When the oldest batch in memory got its first line, since 1970, 0 without one.", func(s *writerStats) time.Time { return s.OldestPending }),
	lost("pointwire.writer.lost_lines", "{line}", "Lines that are rejected, uncertain or dropped, by reason.", func(c batch.Count) uint64 { return c.Lines }),
	lost("pointwire.writer.lost", "By", "Bytes of the lines that are rejected, uncertain or dropped, by reason.", func(c batch.Count) uint64 { return c.Bytes }),
	by("cause", "pointwire.writer.refused_lines", "{line}", "Lines and points that an append refused, by cause.", refused),

	counter("pointwire.writer.sealed_batches", "{batch}", "Batches sealed.", func(s *writerStats) uint64 { return s.Sealed }),
	counter("pointwire.writer.settled_batches", "{batch}", "Batches settled, up to the first that is not.", func(s *writerStats) uint64 { return s.Settled }),
	gauge("pointwire.writer.queued_requests", "{request}", "Requests waiting.", func(s *writerStats) int { return s.Queued }),
	gauge("pointwire.writer.inflight_requests", "{request}", "Requests under way.", func(s *writerStats) int { return s.InFlight }),
	counter("pointwire.writer.requests", "{request}", "Requests made.", func(s *writerStats) uint64 { return s.Requests }),
	counter("pointwire.writer.unanswered_requests", "{request}", "Requests without a response.", func(s *writerStats) uint64 { return s.NoResponse }),
	by("class", "pointwire.writer.responses", "{response}", "Responses by the class of their status.", responses),
	by("le", "pointwire.writer.requests_within", "{request}", "Requests that took at most the seconds in le.", within),
	seconds("pointwire.writer.request_time", "Total time that requests took.", func(s *writerStats) time.Duration { return s.RequestTime }),
	counter("pointwire.writer.retried_requests", "{request}", "Requests whose lines had to be sent again later.", func(s *writerStats) uint64 { return s.Retried }),
	counter("pointwire.writer.splits", "{request}", "Requests divided because of their size.", func(s *writerStats) uint64 { return s.Splits }),
	counter("pointwire.writer.raw", "By", "Bytes of all requests before compression.", func(s *writerStats) uint64 { return s.RawBytes }),
	counter("pointwire.writer.wire", "By", "Bytes of all requests after compression.", func(s *writerStats) uint64 { return s.WireBytes }),

	gauge("pointwire.writer.memory", "By", "Memory for lines and compression.", func(s *writerStats) int { return s.Memory }),
	gauge("pointwire.writer.memory_limit", "By", "The most memory that the writer may use.", func(s *writerStats) int { return s.MemoryLimit }),
	counter("pointwire.writer.blocked_appends", "{append}", "Appends that had to wait for memory.", func(s *writerStats) uint64 { return s.Blocked }),
	seconds("pointwire.writer.blocked_time", "Time that appends waited for memory.", func(s *writerStats) time.Duration { return s.BlockedFor }),

	gauge("pointwire.writer.down", "1", "Whether the server fails.", func(s *writerStats) int { return number(s.Down) }),
	gauge("pointwire.writer.failures_in_a_row", "{request}", "Failed requests since the last success or refusal.", func(s *writerStats) int { return int(s.Failures) }),
	moment("pointwire.writer.retry_at", "When a server that fails is tried again, since 1970, 0 unless it does.", func(s *writerStats) time.Time { return s.RetryAt }),
	{name: "pointwire.writer.server_failures_in_a_row", unit: "{request}", help: "Failed requests of a server whose last request failed.", attribute: "addr", ints: failing},
	counter("pointwire.writer.lost_events", "{event}", "Events that OnEvent was too slow for.", func(s *writerStats) uint64 { return s.EventsLost }),
	counter("pointwire.writer.dead_letter_errors", "{error}", "Errors of the dead letter.", func(s *writerStats) uint64 { return s.DeadLetterErrors }),
}

// by returns a counter whose values differ in an attribute.
func by(attribute, name, unit, help string, read func(s *writerStats, to put[int64])) instrument[writerStats] {
	return instrument[writerStats]{name: name, unit: unit, help: help, counter: true, attribute: attribute, ints: read}
}

// seconds returns a counter of time.
func seconds(name, help string, value func(*writerStats) time.Duration) instrument[writerStats] {
	return instrument[writerStats]{name: name, unit: "s", help: help, counter: true, floats: func(s *writerStats, to put[float64]) {
		to(value(s).Seconds(), "")
	}}
}

// moment returns a gauge of a point in time.
func moment(name, help string, value func(*writerStats) time.Time) instrument[writerStats] {
	return instrument[writerStats]{name: name, unit: "s", help: help, floats: func(s *writerStats, to put[float64]) {
		to(timestamp(value(s)), "")
	}}
}

// settled returns an instrument of the lines that have an outcome.
func settled(name, unit, help string, of func(batch.Count) uint64) instrument[writerStats] {
	return by("outcome", name, unit, help, func(s *writerStats, to put[int64]) {
		to(int64(of(s.Acked)), "acked")
		to(int64(of(s.Rejected)), "rejected")
		to(int64(of(s.Uncertain)), "uncertain")
		to(int64(of(s.Dropped)), "dropped")
	})
}

// lost returns an instrument of the lines that were not acked, by reason.
func lost(name, unit, help string, of func(batch.Count) uint64) instrument[writerStats] {
	return by("reason", name, unit, help, func(s *writerStats, to put[int64]) {
		for r := batch.ReasonLine; int(r) < len(s.ByReason); r++ {
			to(int64(of(s.ByReason[r])), r.String())
		}
	})
}

func refused(s *writerStats, to put[int64]) {
	to(int64(s.RefusedInvalid), "invalid")
	to(int64(s.RefusedOverflow), "overflow")
	to(int64(s.RefusedOther), "other")
}

func responses(s *writerStats, to put[int64]) {
	for digit, n := range s.Status {
		to(int64(n), strconv.Itoa(digit)+"xx")
	}
}

// within observes the counts of s.Latency as those of a histogram: each includes those of
// shorter times, and the last one has no bound.
func within(s *writerStats, to put[int64]) {
	var n uint64
	for i, c := range s.Latency {
		n += c
		bound := "+Inf"
		if i < len(s.Latency)-1 {
			bound = key((time.Millisecond << i).Seconds())
		}
		to(int64(n), bound)
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
func failing(s *writerStats, to put[int64]) {
	seen := make(map[string]bool, len(s.LastErrors))
	for _, f := range s.LastErrors {
		if !seen[f.Addr] {
			seen[f.Addr] = true
			to(int64(f.Failures), f.Addr)
		}
	}
}
