// Package batch sends lines in batches through a [fastclient.Client], and says what became
// of every line.
//
// A [Writer] accepts lines from many goroutines and sends them from its own until the
// server has stored or refused them, for as long as the process lives. A [SyncWriter] sends
// on the goroutine that appends. [WriteStructs] and other code for both take a
// [LineWriter]. A [ReplicaWriter] writes to each of several servers by itself, a [ShardWriter]
// each line to the one that has its series. [RouteOptions] choose the database of each line by
// a tag.
//
// Both writers check lines when they are appended, and give those without a timestamp the
// time of the append. They send lines again that may not have arrived. When a server
// refuses lines without naming them, they search the batch for those lines.
//
//	w, err := batch.NewWriter(client, batch.Options{})
//	if err != nil {
//		return err
//	}
//	if err := w.Append(ctx, []byte("cpu,host=a load=0.64\n")); err != nil {
//		return err
//	}
//	err = w.Close(ctx) // nil: everything is stored
//
// [Options] says when a batch is full, how much memory the Writer may use and what happens
// when it is used up ([OverflowPolicy]), and how refused lines are searched for
// ([Isolation]). With [SpoolOptions] lines go to disk before memory runs out, or before
// they are sent, and the next Writer of the directory goes on with what a crash left
// ([ReplayOrder]).
//
// With Options.Sink the batches go to a queue or a file in place of a server: a [Sink] takes
// each as a [Sealed] one, and [Send] writes it to a server later and returns its [Outcome].
//
// # Words
//
// A batch is sealed when it takes no more lines, and settled when each of its lines has an
// outcome: a line is acked (stored), rejected (refused by the server for good), uncertain
// (stored or not, which the response leaves open) or dropped (by the Writer). Until then it
// is pending, or spooled while it is only on disk. A [Reason] says why a line was not acked.
//
// # Errors
//
// An append returns an [AppendError]; its cause may be [ErrWriterClosed], [ErrOverflow],
// [ErrNoTimeLeft], [ErrNotLogged] or a [RouteError]. Flush and Close return a [BatchError] for each run of lines that are
// lost or uncertain. In addition Flush returns a [PendingError] if its context ended first,
// and Close an [UnsentError] with each [Batch] that it could not send; both hold a
// [ServerFailure] for each server that failed. With a spool both return a [SpooledError]
// instead for what is on disk. A Writer without one cannot sync: [ErrNoSpool].
//
// # Lost lines
//
// A [DeadLetter] gets the [LostLines] themselves. A [DeadLetterFile] appends them to a file;
// its errors are [ErrDeadLetterFull], [ErrDeadLetterLocked] and [ErrNotDeadLetter].
//
// # Sinks
//
// A Sink returns a [RefusedError] for lines that it refuses, and [ErrTooLarge] for a batch.
// What is no sealed batch is [ErrNotSealed] to Send.
//
// # Events and stats
//
// Options.OnEvent is called with each [Event], whose [EventKind] is its subject. [Stats] is
// the state at one moment. It counts lines in a [Count], and always adds up: appended lines
// and those recovered from disk are acked, rejected, uncertain, dropped, pending or spooled.
//
// # Inside
//
// The files, in the direction of a line: stage.go turns what is appended into valid lines,
// engine.go puts them into the open batch, whose memory is in memory.go, and queue.go holds
// the sealed batches in order and gives them to senders. route.go reads from tags where lines
// go, and routes.go has a batch for each of these places. send.go makes one request to a
// target, see target.go. Package internal/verdict decides what the response means for each
// line; queue.go applies that, and stats.go counts it. writer.go runs the engine with
// goroutines, syncwriter.go without. ondisk.go declares what a spool adds, which spooler.go
// runs: log.go writes what stays in memory, spill.go what leaves it, and replay.go brings
// batches back. sealed.go declares batches outside of a writer, sinktarget.go makes a sink a
// target, and sendsealed.go sends such a batch.
package batch
