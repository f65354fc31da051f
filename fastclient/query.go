package fastclient

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/jsonscan"
)

// This file sends queries. A [queryCall] gathers what the options say, query sends it as a
// form by [core.do], and result.go reads the response. Exec and the statements for
// databases are queries whose rows nobody wants.
//
// Invariants: a name or a value of the caller never becomes part of a statement unquoted; an
// option that an endpoint does not have is an error, and never ignored.

const formType = "application/x-www-form-urlencoded"

// Query sends q, one or more InfluxQL statements, and returns when the response begins.
// [Result.Rows] reads the rows from the connection, so memory does not grow with the
// response. Close the result, or read Rows to its end: until then a response that did not
// arrive at once keeps its connection. ctx covers the reading, too.
//
// Pass values with [Param], quote names with [influxql.AppendIdent].
//
// The refusal of the whole query is a *[ServerError]. The failure of a single statement,
// such as a missing database, comes from Rows as a *[QueryError].
func (c *Client) Query(ctx context.Context, q string, opts ...QueryOption) (*Result, error) {
	qc := c.newQueryCall(opts)
	resp, err := c.query(ctx, q, qc)
	if err != nil {
		return nil, err
	}
	return c.newResult(resp, qc)
}

// Exec sends statements whose rows nobody wants, and returns the first error: an error of
// [Client.Query], a *[QueryError], or [ErrNoResult] if the response has no result at all.
// InfluxDB 2.x sends none for a statement that deletes.
func (c *Client) Exec(ctx context.Context, q string, opts ...QueryOption) error {
	unchunked := queryOption(func(c *queryCall) {
		c.chunked, c.get, c.deletes, c.format = false, false, deletes(q), FormatJSON
		if c.language != influxQL {
			c.err = &OptionError{"SQL", "and InfluxQL3 are not for Exec"}
		}
	})
	res, err := c.Query(ctx, q, append(opts[:len(opts):len(opts)], unchunked)...)
	if err != nil {
		return err
	}
	for _, err := range res.Rows() {
		if errors.Is(err, jsonscan.ErrNoResults) {
			return ErrNoResult
		}
		if err != nil {
			return err
		}
	}
	if res.s.Statements() == 0 && !res.emptied {
		return ErrNoResult
	}
	return nil
}

// deletes reports whether the first statement of q is one that deletes.
func deletes(q string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(q), " ")
	return strings.EqualFold(verb, "DELETE") || strings.EqualFold(verb, "DROP")
}

// CreateDatabase creates a database; an existing one is no error. The name may hold
// anything that InfluxQL can quote: it cannot end the statement. InfluxDB 2 has buckets
// instead: a client for [V2] creates one there, see [Client.CreateBucket].
func (c *Client) CreateDatabase(ctx context.Context, name string) error {
	err := c.database(ctx, "CREATE DATABASE ", name)
	if c.o.API == V2 && notImplemented(err) {
		return c.createBucket(ctx, name)
	}
	return err
}

// DropDatabase deletes a database with everything in it; a missing one is no error. On
// InfluxDB 2 a client for [V2] deletes the bucket of that name.
func (c *Client) DropDatabase(ctx context.Context, name string) error {
	err := c.database(ctx, "DROP DATABASE ", name)
	if c.o.API == V2 && notImplemented(err) {
		return c.dropBucket(ctx, name)
	}
	return err
}

// notImplemented recognises the error of a statement that InfluxDB 2 does not have.
func notImplemented(err error) bool {
	var e *QueryError
	return errors.As(err, &e) && strings.HasPrefix(e.Message, "not implemented: ")
}

func (c *Client) database(ctx context.Context, words, name string) error {
	switch {
	case name == "":
		return &OptionError{"Database", "is empty"}
	case !influxql.Quotable(name):
		return &OptionError{"Database", "holds bytes that InfluxQL cannot quote"}
	}
	return c.Exec(ctx, string(influxql.AppendIdent([]byte(words), name)))
}

func (c *Client) newQueryCall(opts []QueryOption) *queryCall {
	qc := &queryCall{db: c.to.db, rp: c.to.rp, chunked: true, policy: c.o.Retry,
		get: c.o.UseGET, format: c.o.ResponseFormat, compressed: c.o.Compression.Responses}
	for _, o := range opts {
		o.applyQuery(qc)
	}
	if qc.whole && qc.maxBytes <= 0 {
		qc.maxBytes = c.maxWhole
	}
	if qc.language != influxQL {
		qc.params = qc.params3
	}
	if qc.err == nil {
		qc.err = qc.params.err
	}
	switch {
	case qc.into != nil:
		*qc.into = qc.structs
	case qc.structs != 0 && qc.err == nil:
		qc.err = &OptionError{"StructOptions", "is for QueryInto and QueryOne"}
	}
	return qc
}

// query sends q and returns the open response.
func (c *Client) query(ctx context.Context, q string, qc *queryCall) (*transport.Response, error) {
	if qc.err != nil {
		return nil, qc.err
	}
	if hasControl(qc.db) || hasControl(qc.rp) {
		return nil, &OptionError{"Database", "or RetentionPolicy holds a control byte"}
	}
	if qc.language != influxQL {
		return c.query3(ctx, q, qc)
	}
	form := qc.form(q)
	one := call{op: "query", policy: qc.policy, idempotent: qc.idempotent, only: qc.server, ifUp: qc.server != nil}
	one.reads = qc.get && c.o.Hedge.After > 0 && onlyReads(q)
	one.req.Stream = true
	one.req.Accept, one.format = mediaJSON, qc.format
	if qc.compressed != ResponsesPlain {
		one.req.AcceptEncoding = "gzip"
	}
	one.path = append(one.path, "/query"...)
	if qc.get {
		one.req.Method = "GET"
		one.path = append(append(append(one.path, '?'), form...), c.userURI...)
	} else {
		one.req.Method, one.req.ContentType, one.req.Body = "POST", formType, form
		one.raw = len(form)
		if c.userURI != "" {
			one.path = append(append(one.path, '?'), c.userURI[1:]...)
		}
	}
	if err := c.do(ctx, &one); err != nil {
		return nil, err
	}
	return &one.resp, nil
}

// form returns the encoded parameters of the query.
func (qc *queryCall) form(q string) []byte {
	b := append([]byte("q="), url.QueryEscape(q)...)
	if qc.db != "" {
		b = param(b, '&', "db", qc.db)
	}
	if qc.rp != "" {
		b = param(b, '&', "rp", qc.rp)
	}
	if !qc.rfc3339 {
		b = param(b, '&', "epoch", qc.epoch.String())
	}
	if qc.chunked {
		b = append(b, "&chunked=true"...)
		if qc.chunkSize > 0 {
			b = strconv.AppendInt(append(b, "&chunk_size="...), int64(qc.chunkSize), 10)
		}
	}
	if len(qc.params.object) > 0 {
		b = param(b, '&', "params", string(qc.params.object)+"}")
	}
	return b
}

// A language is what a query is written in, and with that its endpoint.
type language uint8

const (
	influxQL  language = iota // at /query, of every server
	sql                       // at /api/v3/query_sql
	influxQL3                 // at /api/v3/query_influxql
)

// query3 sends q to the endpoint of its language, and returns the open response.
func (c *Client) query3(ctx context.Context, q string, qc *queryCall) (*transport.Response, error) {
	switch {
	case qc.only != "":
		return nil, &OptionError{qc.only, "is not for SQL and InfluxQL3"}
	case qc.db == "":
		return nil, ErrNoDatabase
	case qc.rp != "":
		return nil, &OptionError{"RetentionPolicy", "is unknown to InfluxDB 3"}
	case c.o.QueryAuth:
		return nil, &OptionError{"QueryAuth", "is not for SQL and InfluxQL3"}
	case !utf8.ValidString(q) || !utf8.ValidString(qc.db):
		return nil, &OptionError{"query", "or Database is not UTF-8"}
	}
	one := call{op: "query", policy: qc.policy, idempotent: qc.idempotent, only: qc.server, ifUp: qc.server != nil}
	one.req.Stream = true
	one.req.Accept = mediaJSONLines // it knows only whole types
	if qc.compressed != ResponsesPlain {
		one.req.AcceptEncoding = "gzip"
	}
	one.path = append(one.path, "/api/v3/query_sql"...)
	if qc.language == influxQL3 {
		one.path = append(one.path[:0], "/api/v3/query_influxql"...)
	}
	if qc.get {
		one.req.Method = "GET"
		one.path = param(one.path, '?', "db", qc.db)
		one.path = param(one.path, '&', "q", q)
		one.path = append(one.path, "&format=jsonl"...)
		if len(qc.params.object) > 0 {
			one.path = param(one.path, '&', "params", string(qc.params.object)+"}")
		}
	} else {
		body := append([]byte(`{"db":`), jsonText(qc.db)...)
		body = append(append(body, `,"q":`...), jsonText(q)...)
		body = append(body, `,"format":"jsonl"`...)
		if len(qc.params.object) > 0 {
			body = append(append(append(body, `,"params":`...), qc.params.object...), '}')
		}
		body = append(body, '}')
		one.req.Method, one.req.ContentType, one.req.Body = "POST", mediaJSON, body
		one.raw = len(body)
	}
	if err := c.do(ctx, &one); err != nil {
		return nil, err
	}
	return &one.resp, nil
}

// jsonText returns text, which is UTF-8, as JSON.
func jsonText(text string) []byte {
	b, _ := json.Marshal(text) // which has no error for a string
	return b
}

// QueryRaw sends q and returns the bytes of the response as the server sends them,
// decompressed: JSON documents, one for each chunk, or with [SQL] and [InfluxQL3] jsonl. It
// copies nothing and has no bound
// but [MaxBytes]. The reader must be closed. Its errors are *[TransportError]s.
func (c *Client) QueryRaw(ctx context.Context, q string, opts ...QueryOption) (io.ReadCloser, error) {
	qc := c.newQueryCall(opts)
	qc.format = FormatJSON
	resp, err := c.query(ctx, q, qc)
	if err != nil {
		return nil, err
	}
	return openBody(resp, qc)
}

// A queryCall is what a query asks for.
type queryCall struct {
	db, rp     string
	epoch      Precision
	rfc3339    bool
	chunked    bool
	chunkSize  int
	maxBytes   int64
	maxRow     int
	params     boundParams
	params3    boundParams // the same as InfluxDB 3 takes them
	err        error       // of an option
	language   language
	only       string // an option that only InfluxQL at /query has
	policy     *RetryPolicy
	idempotent bool
	deletes    bool
	whole      bool // the caller keeps the response
	get        bool // false for statements that change something
	structs    jsonscan.StructOption
	into       *jsonscan.StructOption // where the caller reads structs; nil if it does not
	compressed ResponseCompression
	format     ResponseFormat
	server     *endpoint // the one that is asked, nil for any
}

// boundParams are bound values as a JSON object without its closing brace, or what is wrong
// with them.
type boundParams struct {
	object []byte
	err    error
}

type queryOption func(*queryCall)

func (o queryOption) applyQuery(c *queryCall) { o(c) }

// Epoch asks for times as integers in units of p. The default is nanoseconds.
func Epoch(p Precision) QueryOption {
	return queryOption(func(c *queryCall) {
		if !p.Valid() {
			c.err = &OptionError{"Epoch", "is not one of the declared precisions"}
		}
		c.epoch, c.rfc3339, c.only = p, false, "Epoch"
	})
}

// RFC3339 asks for times as text, in the server's own form. Row.Time reads both forms.
func RFC3339() QueryOption {
	return queryOption(func(c *queryCall) { c.rfc3339, c.only = true, "RFC3339" })
}

// Chunked asks for the response in chunks of n rows. It is the default, with the server's
// own size of 10,000 rows; so is an n of 0. The rows are the same with every n; the
// server needs less memory with chunks and begins to respond earlier.
func Chunked(n int) QueryOption {
	return queryOption(func(c *queryCall) {
		if n < 0 {
			c.err = &OptionError{"Chunked", "is negative"}
		}
		c.chunked, c.chunkSize, c.only = true, n, "Chunked"
	})
}

// Unchunked asks for the response in one document. A server with a row limit then
// truncates series, which sets Series.Partial.
func Unchunked() QueryOption {
	return queryOption(func(c *queryCall) { c.chunked, c.only = false, "Unchunked" })
}

// Format asks for one response in another form than [Options].ResponseFormat.
func Format(f ResponseFormat) QueryOption {
	return queryOption(func(c *queryCall) {
		if f > FormatAuto {
			c.err = &OptionError{"Format", "is not one of the declared formats"}
		}
		c.format, c.only = f, "Format"
	})
}

// StructOptions relaxes what [QueryInto] and [QueryOne] require of a response, as in
// [jsonscan.StructsOf]. Any other query returns an *[OptionError] for it.
func StructOptions(options ...jsonscan.StructOption) QueryOption {
	return queryOption(func(c *queryCall) {
		for _, o := range options {
			c.structs |= o
		}
	})
}

// Whole says that the caller keeps the whole response: [MaxBytes] bounds it, or else
// [Options].MaxResponseBytes. [QueryInto], [Client.QueryFrames] and the functions of
// package admin imply it.
func Whole() QueryOption { return queryOption(func(c *queryCall) { c.whole = true }) }

// MaxBytes bounds the response, after decompression. A longer one is
// [ErrResponseTooLarge].
func MaxBytes(n int64) QueryOption { return queryOption(func(c *queryCall) { c.maxBytes = n }) }

// MaxRowBytes bounds the memory that one row may take, 16 MiB by default.
func MaxRowBytes(n int) QueryOption { return queryOption(func(c *queryCall) { c.maxRow = n }) }
