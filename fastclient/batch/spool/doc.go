// Package spool keeps batches on disk until they are acked: request bodies as they will be
// sent, with their target and number of lines. It knows neither line protocol nor a server,
// and can be used alone.
//
//	s, err := spool.Open("/var/lib/collector/spool", spool.Options{MaxBytes: 1 << 30})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	if err := s.Put(&spool.Batch{Target: target, Body: body, Lines: 5000}); err != nil {
//		return err
//	}
//
// Another goroutine sends them:
//
//	var b spool.Batch
//	for s.Next(ctx, &b, spool.Oldest) == nil {
//		if err := send(b.Target, b.Body, b.Encoding); err != nil {
//			s.Return(b.Seq)
//			continue
//		}
//		s.Ack(b.Seq)
//	}
//
// A batch is waiting, leased by Next or PutLeased, or acked. Several may be leased at a
// time, and acked in any order.
//
// # What a crash takes
//
// If the process crashes, nothing: what Put accepted is there after the next [Open]. If the
// machine crashes, batches that were put after the last [Spool.Sync], and at most
// Options.SyncInterval ago. A batch that is partly on the disk is cut off; a batch is
// returned as it was put or not at all.
//
// # What comes again
//
// After a restart, leased batches wait again. After a crash, so do acked batches in two
// cases: an older batch of the same segment was not acked, or the machine crashed within
// Options.SyncInterval of the ack. A segment is a file of up to 16 MiB; it is freed when
// all of its batches are acked, whatever is in older ones. So with [Newest], too, no more
// than the segments that are being sent come again.
//
// # Errors of the disk
//
// If Put fails, the spool does not have the batch, and goes on with the next Put if the disk
// does. A failed sync is an error of Sync until the batches concerned are acked. If somebody
// removes the directory, Put makes another one; Stats counts what was in it as Gone. A full
// disk can be emptied, since acks need no space.
//
// # Format
//
// This is version 1. Numbers are little-endian; checksums are CRC-32C (Castagnoli) of all
// bytes of the record before them, unless another range is given. Every file begins with a
// prologue of 16 bytes, in every version: 8 bytes for the kind of file, the version in 4
// bytes, a checksum. Open refuses a directory that has a file of another version and changes
// nothing in it. The directory has mode 0700 and its files 0600. Files with other names than
// these are left alone.
//
//	lock                  empty; locked by flock while a Spool is open
//	manifest              the segments in use; replaced as a whole, by rename
//	manifest.tmp          the next manifest, not complete
//	mark                  the number up to which every batch is acked
//	ID.seg                segments, ID in 16 hexadecimal digits
//	quarantine/ID-OFFSET-REASON.seg
//
// The manifest begins with its prologue ("pwspoolm"), the next free ID, a lower bound of the
// next batch number, and the number of entries, 8 bytes each, then 4 zeros and a checksum.
// The entries follow:
//
//	 0  ID
//	 8  number of the first batch
//	16  salt, a random number
//	24  size of the segment, or 0 while it is not synced
//	32  number of batches, 4 bytes, 0 while it is not synced
//	36  number of lines, 8 bytes, 0 while it is not synced
//	44  checksum
//
// The mark has two slots, at 0 and at 512, each of 40 bytes: its prologue ("pwspoolk"), the
// number, a checksum in 4 bytes, zeros. The larger valid number is the mark. Only the slot
// which is not the last durable one is written. At 1024, up to the end of the file, is what
// Close knew of acks beyond the mark: a prologue ("pwspoola"), the number of segments in 8
// bytes, for each of them ID, salt, a number of words in 4 bytes and these words, whose bits
// are the acked batches, lowest first, and a checksum in 4 bytes.
//
// A segment begins with a header of 128 bytes: its prologue ("pwspools"), ID, number of the
// first batch, salt, a checksum in 4 bytes, and zeros. At 64 is a record once none of its
// batches is wanted any more: "retired\n", ID, salt. Such a segment is cut to its header,
// and removed when no manifest lists it. The frames follow without gaps, one per batch,
// with consecutive batch numbers:
//
//	 0  checksum of the bytes 4 to 40
//	 4  checksum of target and body
//	 8  number of the batch
//	16  sealed time, in nanoseconds since 1970
//	24  size of the body, 4 bytes
//	28  size of the lines before they were compressed, 4 bytes
//	32  number of lines, 4 bytes
//	36  size of the target, 2 bytes
//	38  encoding of the body: 0 none, 1 gzip, 2 zstd
//	39  0xFB
//	40  target, body
//
// The checksums of the frames continue that of ID, first number and salt (24 bytes), so that a
// frame of another segment is never valid.
//
// A quarantined file is a whole segment, or the header of a segment followed by its bytes
// from OFFSET on. REASON is "header" for a header that is damaged, "body" for a body,
// "unlisted" for an old segment that no manifest lists, and "overlap" for a segment whose
// batches have the numbers of others, such as a copy from another directory. The files
// count towards Options.MaxBytes; removing them is up to the operator.
//
// # Recovery
//
// Open reads every frame. In a segment whose size the manifest does not tell, which may
// have grown until a crash, what follows the last good frame is cut off if the file ends
// within a frame or only zeros follow. Anything else that is not a good frame is damage:
// the rest of that segment goes to quarantine, and start goes on. A segment which the
// manifest lists as complete must have its size and its number of frames; what is missing
// is counted. A damaged manifest is made again from the headers of the segments, and a
// damaged mark begins at 0. [Recovery] has the counts. [Stats] has the state at any later
// moment.
//
// # Inside
//
// format.go knows the bytes of each record, scan.go reads frames, and disk.go is all that is
// asked of the operating system. segment.go knows the state of the batches in a segment.
// put.go stores batches, commit.go makes them durable, lease.go gives them out, and retire.go
// frees segments; manifest.go and mark.go keep the files of these names. recovery.go opens a
// directory, quarantine.go keeps what cannot be read, and damage.go counts what is lost
// later.
package spool
