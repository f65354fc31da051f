package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// A ContinuousQuery is a query that the server runs periodically. Query is the whole
// statement that made it.
type ContinuousQuery struct{ Database, Name, Query string }

// ShowContinuousQueries returns the continuous queries of all databases.
func ShowContinuousQueries(ctx context.Context, c *fastclient.Client, opts ...fastclient.QueryOption) ([]ContinuousQuery, error) {
	var out []ContinuousQuery
	err := each(ctx, c, newStatement("SHOW CONTINUOUS QUERIES"), opts, func(row *jsonscan.Row) error {
		out = append(out, ContinuousQuery{row.Series().Name, column(row, "name"), column(row, "query")})
		return nil
	})
	return out, err
}

// A Resample says how often a continuous query runs, and over how much time up to now. A
// zero field is the server's default: the interval of GROUP BY time.
type Resample struct{ Every, For time.Duration }

// CreateContinuousQuery makes the server run a query periodically, in a database or, if
// that is empty, in the client's. The query is a SELECT with INTO and GROUP BY time in
// InfluxQL; quote names and values in it with influxql.AppendIdent and AppendText. A
// continuous query that exists with the same text is no error.
func CreateContinuousQuery(ctx context.Context, c *fastclient.Client, database, name, query string, r Resample, opts ...fastclient.QueryOption) error {
	s := newStatement("CREATE CONTINUOUS QUERY ").name("name", name).words(" ON ").name("Database", cmp.Or(database, c.Database()))
	if r.Every < 0 || r.For < 0 {
		s.refuse("Resample", "is negative")
	}
	if r != (Resample{}) {
		s.words(" RESAMPLE")
	}
	if r.Every > 0 {
		s.words(" EVERY ").words(durationLiteral(r.Every))
	}
	if r.For > 0 {
		s.words(" FOR ").words(durationLiteral(r.For))
	}
	return exec(ctx, c, s.words(" BEGIN ").words(query).words(" END"), opts...)
}

// DropContinuousQuery deletes a continuous query of a database, or of the client's if that
// is empty. A missing one is no error.
func DropContinuousQuery(ctx context.Context, c *fastclient.Client, database, name string, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("DROP CONTINUOUS QUERY ").name("name", name).
		words(" ON ").name("Database", cmp.Or(database, c.Database())), opts...)
}

// A RunningQuery is a query that a server is carrying out.
type RunningQuery struct {
	ID       uint64 // for [KillQuery]
	Query    string
	Database string
	Duration time.Duration // since it began
	Status   string        // running or killed
}

// ShowQueries returns the queries that the server is carrying out, SHOW QUERIES among them.
// A query whose duration cannot be read has none, and is an error beside the others.
func ShowQueries(ctx context.Context, c *fastclient.Client, opts ...fastclient.QueryOption) ([]RunningQuery, error) {
	var out []RunningQuery
	var unread error
	err := each(ctx, c, newStatement("SHOW QUERIES"), opts, func(row *jsonscan.Row) error {
		id, err := row.Uint(row.Series().Column("qid"))
		if err != nil {
			return err
		}
		q := RunningQuery{ID: id, Query: column(row, "query"), Database: column(row, "database"), Status: column(row, "status")}
		var known bool
		if q.Duration, known = parseDuration(column(row, "duration")); !known {
			unread = errors.Join(unread, fmt.Errorf("admin: show queries: the duration of query %d cannot be read", id))
		}
		out = append(out, q)
		return nil
	})
	return out, errors.Join(err, unread)
}

// KillQuery ends a query, which fails then. The server stops at its next check, so the
// query may be shown for a moment. A query that is not running is fastclient.ErrNotFound.
func KillQuery(ctx context.Context, c *fastclient.Client, id uint64, opts ...fastclient.QueryOption) error {
	return exec(ctx, c, newStatement("KILL QUERY ").words(strconv.FormatUint(id, 10)), opts...)
}
