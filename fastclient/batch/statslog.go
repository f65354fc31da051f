package batch

import (
	"encoding/json"
	"log/slog"
	"time"
)

// This file prints stats: for a log, and for programs that read JSON, as package expvar
// publishes it.

// LogValue returns what a log needs of s: the lines by their outcome, and by reason if any
// are lost; requests and queue; the latency by its quantiles, see [Latency.Quantile]; the
// memory; the spool if there is one; and what is wrong now. Counts that are seldom not 0
// are left out while they are 0. The keys may change.
func (s Stats) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.Uint64("appended", s.Appended.Lines), slog.Uint64("acked", s.Acked.Lines), slog.Uint64("rejected", s.Rejected.Lines),
		slog.Uint64("uncertain", s.Uncertain.Lines), slog.Uint64("dropped", s.Dropped.Lines), slog.Uint64("pending", s.Pending.Lines),
	}
	attrs = appendCount(attrs, "spooled", s.Spooled.Lines)
	attrs = appendCount(attrs, "recovered", s.Recovered.Lines)
	if !s.OldestPending.IsZero() {
		attrs = append(attrs, slog.Time("oldest_pending", s.OldestPending))
	}
	var reasons []slog.Attr
	for r := ReasonLine; r < numReasons; r++ {
		reasons = appendCount(reasons, r.String(), s.ByReason[r].Lines)
	}
	attrs = appendGroup(attrs, "by_reason", reasons)
	refused := appendCount(nil, "invalid", s.RefusedInvalid)
	refused = appendCount(refused, "overflow", s.RefusedOverflow)
	attrs = appendGroup(attrs, "refused", appendCount(refused, "other", s.RefusedOther))

	attrs = append(attrs, slog.Int("queued", s.Queued), slog.Int("in_flight", s.InFlight), slog.Uint64("requests", s.Requests))
	attrs = appendCount(attrs, "no_response", s.NoResponse)
	attrs = appendCount(attrs, "retried", s.Retried)
	attrs = appendCount(attrs, "splits", s.Splits)
	attrs = append(attrs, slog.Uint64("raw_bytes", s.RawBytes), slog.Uint64("wire_bytes", s.WireBytes))
	if s.Latency.Count() > 0 {
		attrs = append(attrs, slog.Group("latency", slog.Duration("p50", s.Latency.Quantile(0.5)),
			slog.Duration("p90", s.Latency.Quantile(0.9)), slog.Duration("p99", s.Latency.Quantile(0.99))))
	}

	attrs = append(attrs, slog.Int("memory", s.Memory), slog.Int("memory_limit", s.MemoryLimit))
	if s.Blocked > 0 {
		attrs = append(attrs, slog.Uint64("blocked", s.Blocked), slog.Duration("blocked_for", s.BlockedFor))
	}
	attrs = appendGroup(attrs, "spool", s.logSpool())
	attrs = appendCount(attrs, "events_lost", s.EventsLost)
	attrs = appendCount(attrs, "dead_letter_errors", s.DeadLetterErrors)
	if s.Down {
		attrs = append(attrs, slog.Bool("down", true), slog.Uint64("failures", s.Failures), slog.Time("retry_at", s.RetryAt))
	}
	var failed []slog.Attr
	for _, f := range s.LastErrors {
		failed = append(failed, slog.Any(f.Addr, f.Err))
	}
	return slog.GroupValue(appendGroup(attrs, "last_errors", failed)...)
}

// logSpool returns what a log needs of the spool, or nothing without one.
func (s *Stats) logSpool() []slog.Attr {
	if s.Spool.MaxBytes == 0 {
		return nil
	}
	attrs := []slog.Attr{
		slog.Int64("disk_bytes", s.Spool.DiskBytes), slog.Int64("max_bytes", s.Spool.MaxBytes),
		slog.Uint64("waiting_batches", s.Spool.Waiting.Batches), slog.Uint64("leased_batches", s.Spool.Leased.Batches),
	}
	attrs = appendCount(attrs, "other_targets", s.OtherTargets.Lines)
	if s.SpoolErr != nil {
		attrs = append(attrs, slog.Any("error", s.SpoolErr))
	}
	if s.Spool.LastSyncError != nil {
		attrs = append(attrs, slog.Any("sync_error", s.Spool.LastSyncError))
	}
	return attrs
}

// appendCount appends a count that is not 0.
func appendCount(attrs []slog.Attr, key string, n uint64) []slog.Attr {
	if n == 0 {
		return attrs
	}
	return append(attrs, slog.Uint64(key, n))
}

// appendGroup appends a group that is not empty.
func appendGroup(attrs []slog.Attr, key string, group []slog.Attr) []slog.Attr {
	if len(group) == 0 {
		return attrs
	}
	return append(attrs, slog.Attr{Key: key, Value: slog.GroupValue(group...)})
}

// MarshalJSON returns f as an object in which Err is a text, or null.
func (f ServerFailure) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Addr     string
		Err      *string
		Time     time.Time
		Failures uint64
	}{f.Addr, errorText(f.Err), f.Time, f.Failures})
}

// MarshalJSON returns s as an object in which errors are texts, or null.
func (s Stats) MarshalJSON() ([]byte, error) {
	type fields Stats
	return json.Marshal(struct {
		fields
		SpoolErr *string // hides that of fields
	}{fields(s), errorText(s.SpoolErr)})
}

// errorText returns the text of err for JSON, nil for nil.
func errorText(err error) *string {
	if err == nil {
		return nil
	}
	s := err.Error()
	return &s
}
