// Package fastclient talks to InfluxDB over HTTP: writes of line protocol,
// queries as streams of typed rows, and the database statements.
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
// A [Client] is safe for concurrent use. Every call that goes to the network
// takes a context and returns promptly when it ends. Close leaves no goroutine
// and no connection behind.
//
// # Errors
//
// A server that refuses is a [*ServerError], and a [*PartialWriteError] when it
// stored some of the lines; a connection that fails is a [*TransportError]; a
// statement that fails within a response is a [*QueryError]. The sentinels, such
// as [ErrUnauthorized] and [ErrTimeout], are for errors.Is. [Retryable] tells
// whether the same call may succeed later. No error text holds a password, a
// token or lines of a body, except for what the server itself quotes.
//
// # Logging
//
// With [Options].Logger set, every request is logged at level Debug with the
// size of its body, plain and compressed, its status and duration, but not its text,
// and failures that the caller does not see, because they were retried, at level
// Warn.
package fastclient
