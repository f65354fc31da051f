package fastclient

import "context"

// This file holds the queries to the endpoints that only InfluxDB 3 has. They are those of
// query.go with another language: the endpoint responds in jsonl, which package jsonscan
// reads.
//
// It follows the source of InfluxDB 3 Core 3.10. No test runs such a server.

// QuerySQL sends q, a query in SQL, to InfluxDB 3, and returns when the response begins: it
// is [Client.Query] with the option [SQL].
//
//	r, err := c.QuerySQL(ctx, "SELECT * FROM cpu WHERE host = $host", fastclient.Param("host", "a"))
func (c *Client) QuerySQL(ctx context.Context, q string, opts ...QueryOption) (*Result, error) {
	return c.Query(ctx, q, append(opts[:len(opts):len(opts)], SQL())...)
}

// QueryInfluxQL3 sends q, a query in InfluxQL, to the endpoint that InfluxDB 3 has for it
// beside the one of 1.x: it is [Client.Query] with the option [InfluxQL3]. The rows are those
// of SQL: exact, with types, and with tags as columns. The names of the measurements are
// those of the series.
func (c *Client) QueryInfluxQL3(ctx context.Context, q string, opts ...QueryOption) (*Result, error) {
	return c.Query(ctx, q, append(opts[:len(opts):len(opts)], InfluxQL3())...)
}

// SQL says that a query is written in SQL, for InfluxDB 3. It works with [Client.Query],
// [QueryInto], [QueryOne], [Client.QueryFrames] and [Client.QueryRaw].
//
// The response has one statement and one series without a name or tags, whose columns are
// learnt from the rows: see JSON Lines in package jsonscan. It needs a database. Of the
// options of queries it takes [Database], [Param], [MaxBytes], [MaxRowBytes], [Whole],
// [StructOptions], [Retry], [NoRetry] and [Idempotent]. Any other is an *[OptionError], and so
// is a retention policy.
//
// A refusal is a *[ServerError]. Once the rows have begun, the server can only break the
// response off: that is a *[TransportError] with [io.ErrUnexpectedEOF], after the rows that
// arrived.
func SQL() QueryOption { return queryOption(func(c *queryCall) { c.language = sql }) }

// InfluxQL3 says that a query is written in InfluxQL and goes to the endpoint that InfluxDB 3
// has for it. Everything else is as with [SQL].
func InfluxQL3() QueryOption { return queryOption(func(c *queryCall) { c.language = influxQL3 }) }
