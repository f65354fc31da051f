// Package batch sends lines in batches through a [fastclient.Client], and says what became
// of every line.
//
// A [Writer] takes lines from many goroutines and sends them from its own, as long as the
// process lives, until the server has stored or refused them. A [SyncWriter] sends on the
// goroutine that appends. Both check lines when they are appended, stamp those without a
// time, send again what may not have arrived, and search a batch that the server refused
// for the lines that it means. [Stats] adds up: appended is acked, rejected, uncertain,
// dropped and pending taken together.
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
// The parts, in the direction of a line: stage.go makes what is appended into valid lines,
// engine.go puts them into the open batch, queue.go holds sealed batches in their order and
// does what a verdict says, send.go makes one request, internal/verdict says what its
// response means for each line, and stats.go counts that. writer.go runs the engine with
// goroutines, syncwriter.go without.
package batch
