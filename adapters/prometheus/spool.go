package pwprometheus

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// spoolMetrics are those of a writer with a spool. Other writers have no values of them.
var spoolMetrics = ifSpool(
	counter("pointwire_writer_recovered_lines_total", "Lines that the writer found on disk.", func(s *writerStats) uint64 { return s.Recovered.Lines }),
	counter("pointwire_writer_recovered_bytes_total", "Bytes of the lines that the writer found on disk.", func(s *writerStats) uint64 { return s.Recovered.Bytes }),
	gauge("pointwire_writer_spooled_lines", "Lines that are only on disk.", func(s *writerStats) float64 { return float64(s.Spooled.Lines) }),
	gauge("pointwire_writer_spooled_bytes", "Bytes of the lines that are only on disk, uncompressed.", func(s *writerStats) float64 { return float64(s.Spooled.Bytes) }),
	gauge("pointwire_writer_other_target_lines", "Lines on disk that go elsewhere or cannot be read.", func(s *writerStats) float64 { return float64(s.OtherTargets.Lines) }),
	gauge("pointwire_writer_other_target_bytes", "Bytes of the lines on disk that go elsewhere or cannot be read, uncompressed.", func(s *writerStats) float64 { return float64(s.OtherTargets.Bytes) }),

	gauge("pointwire_writer_spool_disk_bytes", "Size of the segments and of the quarantine.", func(s *writerStats) float64 { return float64(s.Spool.DiskBytes) }),
	gauge("pointwire_writer_spool_disk_limit_bytes", "The most that the spool may take on disk.", func(s *writerStats) float64 { return float64(s.Spool.MaxBytes) }),
	gauge("pointwire_writer_spool_segments", "Files that hold batches.", func(s *writerStats) float64 { return float64(s.Spool.Segments) }),
	entered("pointwire_writer_spool_entered_batches_total", "Batches that the spool found on disk or that were put into it.", batches),
	entered("pointwire_writer_spool_entered_lines_total", "Lines of the batches that entered the spool.", lines),
	entered("pointwire_writer_spool_entered_bytes_total", "Bytes of the lines that entered the spool, uncompressed.", bytes),
	left("pointwire_writer_spool_left_batches_total", "Batches that left the spool, by their outcome.", batches),
	left("pointwire_writer_spool_left_lines_total", "Lines of the batches that left the spool, by their outcome.", lines),
	left("pointwire_writer_spool_left_bytes_total", "Bytes of the lines that left the spool, uncompressed, by their outcome.", bytes),
	held("pointwire_writer_spool_held_batches", "Batches in the spool that wait, or are leased: also in memory.", batches),
	held("pointwire_writer_spool_held_lines", "Lines of the batches in the spool.", lines),
	held("pointwire_writer_spool_held_bytes", "Bytes of the lines in the spool, uncompressed.", bytes),
	metric[writerStats]{"pointwire_writer_spool_oldest_timestamp_seconds", "When the oldest batch in the spool was sealed, 0 without one.", prometheus.GaugeValue, []string{"state"}, oldestHeld},
	counter("pointwire_writer_spool_syncs_total", "Syncs of segments.", func(s *writerStats) uint64 { return s.Spool.Syncs }),
	counter("pointwire_writer_spool_sync_errors_total", "Syncs that failed, of segments and of the mark.", func(s *writerStats) uint64 { return s.Spool.SyncErrors }),
	metric[writerStats]{"pointwire_writer_spool_failing", "Whether the disk takes nothing at the moment, and whether the last sync failed.", prometheus.GaugeValue, []string{"operation"}, diskFailing},

	recovery("pointwire_writer_spool_recovery_batches", "Batches that the last recovery found, by their state.", batches),
	recovery("pointwire_writer_spool_recovery_lines", "Lines that the last recovery found, by their state.", lines),
	recovery("pointwire_writer_spool_recovery_bytes", "Bytes of the lines that the last recovery found, uncompressed, by their state.", bytes),
	metric[writerStats]{"pointwire_writer_spool_recovery_disk_bytes", "Size on disk of what the last recovery cut off or put into quarantine.", prometheus.GaugeValue, []string{"state"}, recoveryDisk},
	metric[writerStats]{"pointwire_writer_spool_recovery_files", "Files that the last recovery put into quarantine or missed.", prometheus.GaugeValue, []string{"state"}, recoveryFiles},
	metric[writerStats]{"pointwire_writer_spool_recovery_lost", "Whether the last recovery found the manifest or the mark lost.", prometheus.GaugeValue, []string{"file"}, recoveryLost},
)

// ifSpool returns the metrics with values only where there is a spool.
func ifSpool(list ...metric[writerStats]) []metric[writerStats] {
	for i := range list {
		read := list[i].read
		list[i].read = func(s *writerStats, to put) {
			if s.Spool.MaxBytes > 0 {
				read(s, to)
			}
		}
	}
	return list
}

func batches(c spool.Count) uint64 { return c.Batches }

func lines(c spool.Count) uint64 { return c.Lines }

func bytes(c spool.Count) uint64 { return c.Bytes }

func entered(name, help string, of func(spool.Count) uint64) metric[writerStats] {
	return metric[writerStats]{name, help, prometheus.CounterValue, []string{"source"}, func(s *writerStats, to put) {
		to(float64(of(s.Spool.Recovered)), "recovered")
		to(float64(of(s.Spool.Put)), "put")
	}}
}

func left(name, help string, of func(spool.Count) uint64) metric[writerStats] {
	return metric[writerStats]{name, help, prometheus.CounterValue, []string{"outcome"}, func(s *writerStats, to put) {
		to(float64(of(s.Spool.Acked)), "acked")
		to(float64(of(s.Spool.Dropped)), "dropped")
		to(float64(of(s.Spool.Damaged)), "damaged")
		to(float64(of(s.Spool.Gone)), "gone")
	}}
}

func held(name, help string, of func(spool.Count) uint64) metric[writerStats] {
	return metric[writerStats]{name, help, prometheus.GaugeValue, []string{"state"}, func(s *writerStats, to put) {
		to(float64(of(s.Spool.Waiting)), "waiting")
		to(float64(of(s.Spool.Leased)), "leased")
	}}
}

func oldestHeld(s *writerStats, to put) {
	to(timestamp(s.Spool.OldestWaiting), "waiting")
	to(timestamp(s.Spool.OldestLeased), "leased")
}

func diskFailing(s *writerStats, to put) {
	to(number(s.SpoolErr != nil), "write")
	to(number(s.Spool.LastSyncError != nil), "sync")
}

// recovery returns a metric of what the spool found. It is a gauge, because a spool whose
// directory was removed makes another one, and the numbers begin again.
func recovery(name, help string, of func(spool.Count) uint64) metric[writerStats] {
	return metric[writerStats]{name, help, prometheus.GaugeValue, []string{"state"}, func(s *writerStats, to put) {
		to(float64(of(s.SpoolRecovery.Waiting)), "waiting")
		to(float64(of(s.SpoolRecovery.Torn)), "torn")
		to(float64(of(s.SpoolRecovery.Quarantined)), "quarantined")
		to(float64(of(s.SpoolRecovery.Missing)), "missing")
	}}
}

func recoveryDisk(s *writerStats, to put) {
	to(float64(s.SpoolRecovery.TornBytes), "torn")
	to(float64(s.SpoolRecovery.QuarantinedBytes), "quarantined")
}

func recoveryFiles(s *writerStats, to put) {
	to(float64(s.SpoolRecovery.QuarantinedFiles), "quarantined")
	to(float64(s.SpoolRecovery.MissingFiles), "missing")
}

func recoveryLost(s *writerStats, to put) {
	to(number(s.SpoolRecovery.ManifestLost), "manifest")
	to(number(s.SpoolRecovery.MarkLost), "mark")
}
