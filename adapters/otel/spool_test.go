package pwotel_test

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

// The values of a spool are those of the stats, by name.
func TestSpoolValues(t *testing.T) {
	got := collect(t, ofWriter(diskStats()))
	for id, want := range map[string]string{
		"writer.recovered_lines":                          "5",
		"writer.recovered":                                "50",
		"writer.spooled_lines":                            "7",
		"writer.spooled":                                  "70",
		"writer.other_target_lines":                       "2",
		"writer.other_target":                             "21",
		"writer.oldest_pending":                           "1.5",
		"writer.spool_disk":                               "3298534883328",
		"writer.spool_disk_limit":                         "4398046511104",
		"writer.spool_segments":                           "6",
		"writer.spool_entered_batches source=recovered":   "4",
		"writer.spool_entered_batches source=put":         "9",
		"writer.spool_entered source=put":                 "900",
		"writer.spool_left_batches outcome=acked":         "3",
		"writer.spool_left_lines outcome=dropped":         "20",
		"writer.spool_left outcome=damaged":               "100",
		"writer.spool_left outcome=gone":                  "0",
		"writer.spool_held_batches state=waiting":         "5",
		"writer.spool_held_lines state=leased":            "20",
		"writer.spool_held state=waiting":                 "500",
		"writer.spool_oldest state=waiting":               "2.5",
		"writer.spool_oldest state=leased":                "0",
		"writer.spool_syncs":                              "8",
		"writer.spool_sync_errors":                        "3",
		"writer.spool_failing operation=write":            "1",
		"writer.spool_failing operation=sync":             "0",
		"writer.spool_recovery_batches state=missing":     "3",
		"writer.spool_recovery_lines state=waiting":       "40",
		"writer.spool_recovery state=torn":                "100",
		"writer.spool_recovery_batches state=quarantined": "0",
		"writer.spool_recovery_disk state=torn":           "11",
		"writer.spool_recovery_disk state=quarantined":    "12",
		"writer.spool_recovery_files state=quarantined":   "2",
		"writer.spool_recovery_files state=missing":       "1",
		"writer.spool_recovery_lost file=manifest":        "0",
		"writer.spool_recovery_lost file=mark":            "1",
	} {
		if got[id] != want {
			t.Errorf("%s is %q, want %s", id, got[id], want)
		}
	}
}

// A writer has the instruments of a spool from its beginning to its end, or never.
func TestSpoolOrNot(t *testing.T) {
	s := newServer()
	defer s.Close()
	of := func(s batch.Stats) (ids []string) {
		for id := range collect(t, ofWriter(s)) {
			if strings.Contains(id, "spool") && !strings.HasSuffix(id, "reason=spool") || strings.Contains(id, "recover") || strings.Contains(id, "other_target") {
				ids = append(ids, id)
			}
		}
		return ids
	}
	want := len(of(diskStats()))
	if want < 50 {
		t.Errorf("%d values of a spool", want)
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
		if ids := of(w.Stats()); len(ids) != c.want {
			t.Errorf("a new writer with policy %v has %q", c.o.Overflow, ids)
		}
		if err := w.Append(context.Background(), []byte("m v=1 1\n")); err != nil {
			t.Fatal(err)
		}
		if at := collect(t, ofWriter(w.Stats()))["writer.oldest_pending"]; at == "0" || at == "" {
			t.Errorf("the line is from %q", at)
		}
		if err := w.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if ids := of(w.Stats()); len(ids) != c.want {
			t.Errorf("a closed writer with policy %v has %q", c.o.Overflow, ids)
		}
	}
}
