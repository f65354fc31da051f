// Package fastclient talks to InfluxDB over HTTP. It writes line protocol, reads queries as
// streams of typed rows, and sends the statements that manage databases.
//
//	c, err := fastclient.New(fastclient.Options{Addr: "http://127.0.0.1:8086", Database: "testdb"})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	if err := c.Write(ctx, []byte("cpu,host=a load=0.64 1257894000000000000\n")); err != nil {
//		return err
//	}
//	res, err := c.Query(ctx, "SELECT load FROM cpu")
//	if err != nil {
//		return err
//	}
//	for row, err := range res.Rows() {
//		...
//	}
//
// A [Client] is safe for concurrent use. Every call that uses the network takes a context
// and returns promptly when it ends. Close leaves no goroutine and no connection behind.
//
// # Writing
//
// [Client.Write] sends lines as they are, [Client.WriteFrom] those of a reader,
// [WritePoints] and [WriteSeq] points of any kind, [WriteStructs] structs,
// [Client.WriteFrame] columns and [Client.WriteEncoder] the batch of an encoder. Each
// returns when the server has responded. A program that makes many small writes should
// batch them instead: a Writer of package batch takes lines from many goroutines, sends
// them in batches, repeats what failed, and says what became of every line.
//
//	w, err := batch.NewWriter(c, batch.Options{})
//	if err != nil {
//		return err
//	}
//	err = w.Append(ctx, []byte("cpu,host=a load=0.64\n"))
//
// # Querying
//
// [Client.Query] streams rows; [QueryInto] reads structs or values, [QueryOne] one of them,
// [Client.QueryFrames] columns, [Result.JSON] a tree, and [Client.QueryRaw] bytes. With the
// options [SQL] and [InfluxQL3] they ask the endpoints of InfluxDB 3; [Client.QuerySQL] and
// [Client.QueryInfluxQL3] are Query with one of them.
// [Client.Exec] sends statements whose rows nobody wants; package admin has a function for
// each statement that manages a server, and [Client.CreateBucket] makes what InfluxDB 2 has
// for databases. Options of one query are [Param], [ParamIdent] and [ParamRegex], which
// bind values, [Epoch] and [RFC3339] for the form of times, [StructOptions] for
// [QueryInto], [Chunked] and [Unchunked], and the bounds [MaxBytes], [MaxRowBytes] and
// [Whole]. [Database], [RetentionPolicy], [Retry], [NoRetry] and [Idempotent] fit writes
// and queries.
//
// # Errors
//
// What the server says is a [*ServerError]; a [*PartialWriteError] if it stored some of the
// lines, a [*ReplicaError] if several servers had to store them, and a [*QueryError] for a
// statement that fails within a response. A connection that fails is a [*TransportError].
// What is wrong with the input is a [*PointsError], a wrong option an [*OptionError]. A
// [*StoppedError] says where a write of many requests stopped.
//
// Sentinels, such as [ErrUnauthorized] and [ErrTimeout], are for errors.Is. [Retryable]
// reports whether the same call may succeed later, [RetryDelay] how long the server asked
// to wait. No error text holds a password, a token or lines of a body, except for what the
// server itself quotes.
//
// # Observing
//
// [Client.Stats] returns counters as [Stats], with [EndpointStats] for each server. The
// functions of [Hooks] get a [DialEvent], [ConnEvent], [DoneEvent], [RetryEvent] or
// [SplitEvent]. With [Options].Logger set, every request is logged at level Debug with its
// sizes, status and duration, but not its text, and every failure that is retried at level
// Warn.
package fastclient
