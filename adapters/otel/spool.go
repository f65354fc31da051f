package pwotel

import (
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// spoolInstruments are those of a writer with a spool. Other writers have no values of
// them.
var spoolInstruments = ifSpool(
	counter("pointwire.writer.recovered_lines", "{line}", "Lines that the writer found on disk.", func(s *writerStats) uint64 { return s.Recovered.Lines }),
	counter("pointwire.writer.recovered", "By", "Bytes of the lines that the writer found on disk.", func(s *writerStats) uint64 { return s.Recovered.Bytes }),
	gauge("pointwire.writer.spooled_lines", "{line}", "Lines that are only on disk.", func(s *writerStats) uint64 { return s.Spooled.Lines }),
	gauge("pointwire.writer.spooled", "By", "Bytes of the lines that are only on disk, uncompressed.", func(s *writerStats) uint64 { return s.Spooled.Bytes }),
	gauge("pointwire.writer.other_target_lines", "{line}", "Lines on disk that go elsewhere or cannot be read.", func(s *writerStats) uint64 { return s.OtherTargets.Lines }),
	gauge("pointwire.writer.other_target", "By", "Bytes of the lines on disk that go elsewhere or cannot be read, uncompressed.", func(s *writerStats) uint64 { return s.OtherTargets.Bytes }),

	gauge("pointwire.writer.spool_disk", "By", "Size of the segments and of the quarantine.", func(s *writerStats) int64 { return s.Spool.DiskBytes }),
	gauge("pointwire.writer.spool_disk_limit", "By", "The most that the spool may take on disk.", func(s *writerStats) int64 { return s.Spool.MaxBytes }),
	gauge("pointwire.writer.spool_segments", "{file}", "Files that hold batches.", func(s *writerStats) int { return s.Spool.Segments }),
	entered("pointwire.writer.spool_entered_batches", "{batch}", "Batches that the spool found on disk or that were put into it.", batches),
	entered("pointwire.writer.spool_entered_lines", "{line}", "Lines of the batches that entered the spool.", lines),
	entered("pointwire.writer.spool_entered", "By", "Bytes of the lines that entered the spool, uncompressed.", bytes),
	left("pointwire.writer.spool_left_batches", "{batch}", "Batches that left the spool, by their outcome.", batches),
	left("pointwire.writer.spool_left_lines", "{line}", "Lines of the batches that left the spool, by their outcome.", lines),
	left("pointwire.writer.spool_left", "By", "Bytes of the lines that left the spool, uncompressed, by their outcome.", bytes),
	held("pointwire.writer.spool_held_batches", "{batch}", "Batches in the spool that wait, or are leased: also in memory.", batches),
	held("pointwire.writer.spool_held_lines", "{line}", "Lines of the batches in the spool.", lines),
	held("pointwire.writer.spool_held", "By", "Bytes of the lines in the spool, uncompressed.", bytes),
	instrument[writerStats]{name: "pointwire.writer.spool_oldest", unit: "s", help: "When the oldest batch in the spool was sealed, since 1970, 0 without one.", attribute: "state", floats: oldestHeld},
	counter("pointwire.writer.spool_syncs", "{sync}", "Syncs of segments.", func(s *writerStats) uint64 { return s.Spool.Syncs }),
	counter("pointwire.writer.spool_sync_errors", "{sync}", "Syncs that failed, of segments and of the mark.", func(s *writerStats) uint64 { return s.Spool.SyncErrors }),
	now("operation", "pointwire.writer.spool_failing", "1", "Whether the disk takes nothing at the moment, and whether the last sync failed.", diskFailing),

	recovery("pointwire.writer.spool_recovery_batches", "{batch}", "Batches that the last recovery found, by their state.", batches),
	recovery("pointwire.writer.spool_recovery_lines", "{line}", "Lines that the last recovery found, by their state.", lines),
	recovery("pointwire.writer.spool_recovery", "By", "Bytes of the lines that the last recovery found, uncompressed, by their state.", bytes),
	now("state", "pointwire.writer.spool_recovery_disk", "By", "Size on disk of what the last recovery cut off or put into quarantine.", recoveryDisk),
	now("state", "pointwire.writer.spool_recovery_files", "{file}", "Files that the last recovery put into quarantine or missed.", recoveryFiles),
	now("file", "pointwire.writer.spool_recovery_lost", "1", "Whether the last recovery found the manifest or the mark lost.", recoveryLost),
)

// ifSpool returns the instruments with values only where there is a spool.
func ifSpool(list ...instrument[writerStats]) []instrument[writerStats] {
	for i := range list {
		list[i].ints = onlyIf(list[i].ints)
		list[i].floats = onlyIf(list[i].floats)
	}
	return list
}

func onlyIf[N int64 | float64](read func(*writerStats, put[N])) func(*writerStats, put[N]) {
	if read == nil {
		return nil
	}
	return func(s *writerStats, to put[N]) {
		if s.Spool.MaxBytes > 0 {
			read(s, to)
		}
	}
}

// now returns a gauge whose values differ in an attribute.
func now(attribute, name, unit, help string, read func(s *writerStats, to put[int64])) instrument[writerStats] {
	return instrument[writerStats]{name: name, unit: unit, help: help, attribute: attribute, ints: read}
}

func batches(c spool.Count) uint64 { return c.Batches }

func lines(c spool.Count) uint64 { return c.Lines }

func bytes(c spool.Count) uint64 { return c.Bytes }

func entered(name, unit, help string, of func(spool.Count) uint64) instrument[writerStats] {
	return by("source", name, unit, help, func(s *writerStats, to put[int64]) {
		to(int64(of(s.Spool.Recovered)), "recovered")
		to(int64(of(s.Spool.Put)), "put")
	})
}

func left(name, unit, help string, of func(spool.Count) uint64) instrument[writerStats] {
	return by("outcome", name, unit, help, func(s *writerStats, to put[int64]) {
		to(int64(of(s.Spool.Acked)), "acked")
		to(int64(of(s.Spool.Dropped)), "dropped")
		to(int64(of(s.Spool.Damaged)), "damaged")
		to(int64(of(s.Spool.Gone)), "gone")
	})
}

func held(name, unit, help string, of func(spool.Count) uint64) instrument[writerStats] {
	return now("state", name, unit, help, func(s *writerStats, to put[int64]) {
		to(int64(of(s.Spool.Waiting)), "waiting")
		to(int64(of(s.Spool.Leased)), "leased")
	})
}

func oldestHeld(s *writerStats, to put[float64]) {
	to(timestamp(s.Spool.OldestWaiting), "waiting")
	to(timestamp(s.Spool.OldestLeased), "leased")
}

func diskFailing(s *writerStats, to put[int64]) {
	to(int64(number(s.SpoolErr != nil)), "write")
	to(int64(number(s.Spool.LastSyncError != nil)), "sync")
}

// recovery returns an instrument of what the spool found. It is a gauge, because a spool
// whose directory was removed makes another one, and the numbers begin again.
func recovery(name, unit, help string, of func(spool.Count) uint64) instrument[writerStats] {
	return now("state", name, unit, help, func(s *writerStats, to put[int64]) {
		to(int64(of(s.SpoolRecovery.Waiting)), "waiting")
		to(int64(of(s.SpoolRecovery.Torn)), "torn")
		to(int64(of(s.SpoolRecovery.Quarantined)), "quarantined")
		to(int64(of(s.SpoolRecovery.Missing)), "missing")
	})
}

func recoveryDisk(s *writerStats, to put[int64]) {
	to(s.SpoolRecovery.TornBytes, "torn")
	to(s.SpoolRecovery.QuarantinedBytes, "quarantined")
}

func recoveryFiles(s *writerStats, to put[int64]) {
	to(int64(s.SpoolRecovery.QuarantinedFiles), "quarantined")
	to(int64(s.SpoolRecovery.MissingFiles), "missing")
}

func recoveryLost(s *writerStats, to put[int64]) {
	to(int64(number(s.SpoolRecovery.ManifestLost)), "manifest")
	to(int64(number(s.SpoolRecovery.MarkLost)), "mark")
}
