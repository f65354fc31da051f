package pwprometheus_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// diskStats are of a writer whose spool has seen everything that may happen.
func diskStats() batch.Stats {
	count := func(n uint64) spool.Count { return spool.Count{Batches: n, Lines: 10 * n, Bytes: 100 * n} }
	return batch.Stats{
		Appended: batch.Count{Lines: 20, Bytes: 200}, Recovered: batch.Count{Lines: 5, Bytes: 50}, Acked: batch.Count{Lines: 12, Bytes: 120},
		Pending: batch.Count{Lines: 6, Bytes: 60}, Spooled: batch.Count{Lines: 7, Bytes: 70}, OtherTargets: batch.Count{Lines: 2, Bytes: 21},
		OldestPending: time.UnixMilli(1500),
		Spool: spool.Stats{
			Counts: spool.Counts{
				Recovered: count(4), Put: count(9), Acked: count(3), Dropped: count(2), Damaged: count(1), Waiting: count(5), Leased: count(2),
			},
			OldestWaiting: time.UnixMilli(2500), DiskBytes: 3 << 40, MaxBytes: 4 << 40, Segments: 6, Syncs: 8, SyncErrors: 3,
		},
		SpoolRecovery: spool.Recovery{
			Waiting: count(4), Torn: count(1), TornBytes: 11, QuarantinedFiles: 2, QuarantinedBytes: 12, Missing: count(3), MissingFiles: 1, MarkLost: true,
		},
		SpoolErr: spool.ErrFull,
	}
}

// The values of a spool are those of the stats, by name, and its batches and the lines of
// the writer add up.
func TestSpoolPage(t *testing.T) {
	page := scrape(t, writerOf(diskStats()))
	families := parse(t, page)
	get := func(name string, labels ...string) float64 {
		return value(t, families, "pointwire_writer_"+name, labels...)
	}
	for _, c := range []struct{ got, want float64 }{
		{get("recovered_lines_total"), 5},
		{get("recovered_bytes_total"), 50},
		{get("spooled_lines"), 7},
		{get("spooled_bytes"), 70},
		{get("other_target_lines"), 2},
		{get("other_target_bytes"), 21},
		{get("oldest_pending_timestamp_seconds"), 1.5},
		{get("spool_disk_bytes"), 3 << 40},
		{get("spool_disk_limit_bytes"), 4 << 40},
		{get("spool_segments"), 6},
		{get("spool_entered_batches_total", "source", "recovered"), 4},
		{get("spool_entered_batches_total", "source", "put"), 9},
		{get("spool_entered_bytes_total", "source", "put"), 900},
		{get("spool_left_batches_total", "outcome", "acked"), 3},
		{get("spool_left_lines_total", "outcome", "dropped"), 20},
		{get("spool_left_bytes_total", "outcome", "damaged"), 100},
		{get("spool_left_bytes_total", "outcome", "gone"), 0},
		{get("spool_held_batches", "state", "waiting"), 5},
		{get("spool_held_lines", "state", "leased"), 20},
		{get("spool_held_bytes", "state", "waiting"), 500},
		{get("spool_oldest_timestamp_seconds", "state", "waiting"), 2.5},
		{get("spool_oldest_timestamp_seconds", "state", "leased"), 0},
		{get("spool_syncs_total"), 8},
		{get("spool_sync_errors_total"), 3},
		{get("spool_failing", "operation", "write"), 1},
		{get("spool_failing", "operation", "sync"), 0},
		{get("spool_recovery_batches", "state", "missing"), 3},
		{get("spool_recovery_lines", "state", "waiting"), 40},
		{get("spool_recovery_bytes", "state", "torn"), 100},
		{get("spool_recovery_batches", "state", "quarantined"), 0},
		{get("spool_recovery_disk_bytes", "state", "torn"), 11},
		{get("spool_recovery_disk_bytes", "state", "quarantined"), 12},
		{get("spool_recovery_files", "state", "quarantined"), 2},
		{get("spool_recovery_files", "state", "missing"), 1},
		{get("spool_recovery_lost", "file", "manifest"), 0},
		{get("spool_recovery_lost", "file", "mark"), 1},
	} {
		if c.got != c.want {
			t.Errorf("%v, want %v in\n%s", c.got, c.want, page)
		}
	}
	sum := func(name string) (n float64) {
		for _, m := range families["pointwire_writer_"+name].GetMetric() {
			n += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		return n
	}
	if in, out := sum("spool_entered_batches_total"), sum("spool_left_batches_total")+sum("spool_held_batches"); in != 13 || in != out {
		t.Errorf("%v batches entered, %v left or are held", in, out)
	}
	in, out := sum("appended_lines_total")+sum("recovered_lines_total"), sum("settled_lines_total")+sum("pending_lines")+sum("spooled_lines")
	if in != 25 || in != out {
		t.Errorf("%v lines came, %v are somewhere", in, out)
	}
}

// A writer has the metrics of a spool from its beginning to its end, or never.
func TestSpoolOrNot(t *testing.T) {
	s := newServer()
	defer s.Close()
	of := func(page string) (names []string) {
		for name := range parse(t, page) {
			if strings.Contains(name, "spool") || strings.Contains(name, "recover") || strings.Contains(name, "other_target") {
				names = append(names, name)
			}
		}
		return names
	}
	want := len(of(scrape(t, writerOf(diskStats()))))
	if want != 28 {
		t.Errorf("%d metrics of a spool", want)
	}
	for _, c := range []struct {
		o    batch.Options
		want int
	}{
		{batch.Options{MaxDelay: time.Minute}, 0},
		{batch.Options{MaxDelay: time.Minute, Overflow: batch.Spill, Spool: batch.SpoolOptions{
			Dir: filepath.Join(t.TempDir(), "spool"), Options: spool.Options{MaxBytes: 1 << 30},
		}}, want},
	} {
		client, w := openWriter(s.URL, c.o)
		defer client.Close()
		page := func() string { return scrape(t, writerOf(w.Stats())) }
		if names := of(page()); len(names) != c.want {
			t.Errorf("a new writer with policy %v has %q", c.o.Overflow, names)
		}
		if err := w.Append(context.Background(), []byte("m v=1 1\n")); err != nil {
			t.Fatal(err)
		}
		if at := value(t, parse(t, page()), "pointwire_writer_oldest_pending_timestamp_seconds"); at < 1e9 {
			t.Errorf("the line is from %v", at)
		}
		if err := w.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if names := of(page()); len(names) != c.want {
			t.Errorf("a closed writer with policy %v has %q", c.o.Overflow, names)
		}
	}
}
