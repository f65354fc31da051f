package fastclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

const sqlRows = `{"host":"a","time":"2026-01-01T00:00:00","usage":0.5}` + "\n" +
	`{"time":"2026-01-01T00:00:01.000000001"}` + "\n" +
	`{"cores":9223372036854775807,"host":"b","time":"2026-01-01T00:00:02","usage":1.0}` + "\n"

// jsonl responds as InfluxDB 3 does, in chunks.
func jsonl(parts ...string) influxtest.Reply {
	return influxtest.Raw("HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n" +
		influxtest.ChunkedBody(parts...) + "0\r\n\r\n")
}

// rowsOf reads a result into a line for each row, and returns the last error.
func rowsOf(r *Result) (list []string, last error) {
	for row, err := range r.Rows() {
		if last = err; err == nil {
			list = append(list, fmt.Sprintf("%s%v%s", row.Series().Name, row.Series().Columns, row.AppendJSON(nil)))
		}
	}
	return list, last
}

// TestSQLRequest holds what is sent, by POST and by GET, to each of the two endpoints.
func TestSQLRequest(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		s := influxtest.New(t, jsonl(sqlRows))
		for _, get := range []bool{false, true} {
			for path, query := range map[string]func(c *Client, q string, opts ...QueryOption) (*Result, error){
				"/base/api/v3/query_sql": func(c *Client, q string, opts ...QueryOption) (*Result, error) {
					return c.QuerySQL(t.Context(), q, opts...)
				},
				"/base/api/v3/query_influxql": func(c *Client, q string, opts ...QueryOption) (*Result, error) {
					return c.QueryInfluxQL3(t.Context(), q, opts...)
				},
			} {
				o.Addr, o.Database, o.UseGET = s.URL+"/base", "my db", get
				o.Token, o.BearerAuth = NewSecret("apiv3_x"), get
				c := must(New(o))
				t.Cleanup(func() { c.Close() })
				const q = `SELECT "a" FROM t WHERE b < $x & '%'`
				r, err := query(c, q, Param("x", 5.0), Param("s", `a"b`), Param("u", uint64(math.MaxUint64)))
				if err != nil {
					t.Fatal(err)
				}
				if rows, err := rowsOf(r); len(rows) != 3 || err != nil {
					t.Error(rows, err)
				}
				got, auth := s.Last(), "Token apiv3_x"
				if get {
					auth = "Bearer apiv3_x"
				}
				if got.Path != path || got.Header.Get("Accept") != "application/jsonl" || got.Header.Get("Authorization") != auth {
					t.Errorf("%s: %s %v", path, got.Path, got.Header)
				}
				const params = `{"x":5.0,"s":"a\"b","u":18446744073709551615}`
				if get {
					v := got.Query
					if got.Method != "GET" || v.Get("q") != q || v.Get("db") != "my db" || v.Get("format") != "jsonl" || v.Get("params") != params || len(v) != 4 {
						t.Errorf("%s %v", got.Method, v)
					}
					continue
				}
				var body struct {
					DB, Q, Format string
					Params        json.RawMessage
				}
				if err := json.Unmarshal(got.Body, &body); err != nil || got.Method != "POST" || got.Header.Get("Content-Type") != "application/json" || len(got.Query) > 0 {
					t.Errorf("%s %v %s: %v", got.Method, got.Header, got.Body, err)
				}
				if body.DB != "my db" || body.Q != q || body.Format != "jsonl" || string(body.Params) != params {
					t.Errorf("%s", got.Body)
				}
			}
		}
	})
	s := influxtest.New(t, jsonl())
	if r, err := client(t, s, Options{}).QuerySQL(t.Context(), "SELECT 1", Database("other")); err != nil || r.Close() != nil {
		t.Error(err)
	}
	if got := string(s.Last().Body); got != `{"db":"other","q":"SELECT 1","format":"jsonl"}` {
		t.Error(got)
	}
}

// TestSQLForms reads one response in every form that a query has.
func TestSQLForms(t *testing.T) {
	type load struct {
		Time  time.Time `lp:",timestamp"`
		Host  string    `lp:"host,tag"`
		Usage *float64  `lp:"usage"`
		Cores *int64    `lp:"cores"`
	}
	both(t, func(t *testing.T, o Options) {
		s := influxtest.New(t, jsonl(sqlRows[:20], sqlRows[20:21], sqlRows[21:]))
		c := client(t, s, o)
		ctx := t.Context()
		r, err := c.QuerySQL(ctx, "q")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			`[host time usage]["a","2026-01-01T00:00:00",0.5]`,
			`[host time usage][null,"2026-01-01T00:00:01.000000001",null]`,
			`[host time usage cores]["b","2026-01-01T00:00:02",1.0,9223372036854775807]`,
		}
		if rows, err := rowsOf(r); err != nil || fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Errorf("%v\n%q\n%q", err, rows, want)
		}
		loads, err := QueryInto(ctx, c, []load(nil), "q", SQL())
		if err != nil || len(loads) != 3 || loads[1].Time.Nanosecond() != 1 || loads[1].Usage != nil || *loads[2].Cores != math.MaxInt64 || loads[0].Cores != nil {
			t.Errorf("%+v, %v", loads, err)
		}
		if _, err := QueryInto(ctx, c, []load(nil), "q", InfluxQL3(), StructOptions(jsonscan.AllowExtraColumns)); err != nil {
			t.Error(err)
		}
		if _, err := QueryOne[load](ctx, c, "q", SQL()); !errors.Is(err, ErrTooManyRows) {
			t.Error(err)
		}
		frames, err := c.QueryFrames(ctx, "q", SQL())
		if err != nil || len(frames) != 1 || frames[0].Len() != 3 {
			t.Fatalf("%v, %v", frames, err)
		}
		f := frames[0]
		if f.Time[1] != 1767225601000000001 || !f.Column("cores").IsNull(1) || f.Column("cores").Ints[2] != math.MaxInt64 || !f.Column("usage").IsNull(1) {
			t.Errorf("%+v", f)
		}
		r, err = c.QuerySQL(ctx, "q")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for f, err := range r.Frames() {
			if n++; err != nil || f.Len() != 3 {
				t.Error(f, err)
			}
		}
		raw, err := c.QueryRaw(ctx, "q", SQL())
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(raw); err != nil || string(text) != sqlRows {
			t.Errorf("%q, %v", text, err)
		}
		raw.Close()
		r, err = c.QuerySQL(ctx, "q")
		if err != nil {
			t.Fatal(err)
		}
		tree, err := r.JSON()
		if err != nil || tree.Get("results", "0", "series", "1", "values", "0", "3").String() != "9223372036854775807" || len(tree.GetArray("results", "0", "series")) != 2 {
			t.Error(tree, err)
		}
		s.Play(jsonl(`{"max(usage)":1.5}` + "\n"))
		if v, err := QueryOne[float64](ctx, c, "q", SQL()); v != 1.5 || err != nil {
			t.Error(v, err)
		}
		s.Play(jsonl("{}\n"))
		if v, err := QueryOne[*float64](ctx, c, "q", SQL()); v != nil || err != nil {
			t.Error(v, err)
		}
		s.Play(jsonl())
		if _, err := QueryOne[float64](ctx, c, "q", SQL()); !errors.Is(err, ErrNoRows) {
			t.Error(err)
		}
		if n := c.Stats(); n.Conns != n.Idle {
			t.Errorf("%d connections of %d idle", n.Idle, n.Conns)
		}
	})
}

// TestSQLGolden reads the bodies that were made by the source of InfluxDB 3.
func TestSQLGolden(t *testing.T) {
	files, err := filepath.Glob("../jsonscan/testdata/*-by-source.jsonl")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := influxtest.New(t, jsonl(string(body[:len(body)/2])+"", string(body[len(body)/2:])))
		if len(body) == 0 {
			s = influxtest.New(t, jsonl())
		}
		c := client(t, s, Options{})
		r, err := c.QuerySQL(t.Context(), "q")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := rowsOf(r)
		if err != nil || len(rows) != strings.Count(string(body), "\n") {
			t.Errorf("%s: %d rows, %v", file, len(rows), err)
		}
		null := strings.Contains(file, "sql-nulls") // a row of it has no time
		if _, err := c.QueryFrames(t.Context(), "q", SQL()); err != nil && !(null && errors.Is(err, jsonscan.ErrNull)) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestSQLCut holds that a response which is not whole, or may not be, ends with an error,
// also where the lines are.
func TestSQLCut(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\n"
	const chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
	both(t, func(t *testing.T, o Options) {
		for name, reply := range map[string]influxtest.Reply{
			"no last chunk":   influxtest.RawClose(chunked + influxtest.ChunkedBody(sqlRows)),
			"within a chunk":  influxtest.RawClose(chunked + fmt.Sprintf("%x\r\n%s", len(sqlRows)+10, sqlRows)),
			"short of length": influxtest.RawClose(head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(sqlRows)+10, sqlRows)),
			"until close":     influxtest.RawClose(head + "Connection: close\r\n\r\n" + sqlRows),
			"within a line":   jsonl(sqlRows, `{"host":"c"`),
			"no line feed":    jsonl(sqlRows, `{"host":"c"}`),
		} {
			s := influxtest.New(t, reply)
			c := client(t, s, o)
			r, err := c.QuerySQL(t.Context(), "q")
			if err != nil {
				t.Fatal(err)
			}
			rows, err := rowsOf(r)
			if len(rows) != 3 || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %d rows, %v", name, len(rows), err)
			}
			frames, err := c.QueryFrames(t.Context(), "q", SQL())
			if len(frames) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %d frames, %v", name, len(frames), err)
			}
			if _, err := QueryInto(t.Context(), c, []map[string]any(nil), "q", SQL()); err == nil {
				t.Errorf("%s: no error", name)
			}
			if name == "within a line" || name == "no line feed" {
				continue // of which the bytes are all there
			}
			raw, err := c.QueryRaw(t.Context(), "q", SQL())
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(raw); !errors.Is(err, io.ErrUnexpectedEOF) || string(text) != sqlRows {
				t.Errorf("%s: raw %q, %v", name, text, err)
			}
		}
		// The end of gzip is an end, too.
		packed := influxtest.Compress(sqlRows)
		s := influxtest.New(t, influxtest.RawClose(head+"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"+packed),
			influxtest.RawClose(head+"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"+packed[:len(packed)-9]))
		o.Compression.Responses = ResponsesGzip
		c := client(t, s, o)
		for _, want := range []error{nil, io.ErrUnexpectedEOF} {
			r, err := c.QuerySQL(t.Context(), "q")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rowsOf(r); !errors.Is(err, want) {
				t.Errorf("gzip: %v, want %v", err, want)
			}
		}
	})
}

// TestSQLErrors holds what a refusal before the rows is.
func TestSQLErrors(t *testing.T) {
	for _, tt := range []struct {
		reply   influxtest.Reply
		is      error
		message string
		foreign bool
	}{
		{influxtest.Raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 37\r\n\r\n" + `{"error":"Error during planning: no"}`), ErrBadRequest, "Error during planning: no", false},
		{influxtest.Raw("HTTP/1.1 404 Not Found\r\nContent-Length: 31\r\n\r\n" + `{"error":"database not found"}` + "\n"), ErrNotFound, "database not found", false},
		{influxtest.Raw("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), ErrUnauthorized, "Unauthorized", true},
		{influxtest.Raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), ErrForbidden, "Forbidden", true},
		{influxtest.Raw("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops"), ErrUnavailable, "oops", true},
		{influxtest.Body(200, "<html>\x1b[31m", "Content-Type", "text/html"), nil, "response is", false},
		{influxtest.JSON(`{"results":[{"statement_id":0}]}` + "\n"), nil, `response is "application/json" in place of application/jsonl`, false},
		{influxtest.Raw("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>"), nil, "text/html", true},
	} {
		both(t, func(t *testing.T, o Options) {
			c := client(t, influxtest.New(t, tt.reply), o)
			for range 2 {
				r, err := c.QuerySQL(t.Context(), "q")
				var e *ServerError
				if !errors.As(err, &e) || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(e.Message, tt.message) || e.Foreign != tt.foreign || e.Op != "query" {
					t.Errorf("%v, %+v, want %q", r, err, tt.message)
				}
				if err != nil && strings.ContainsAny(err.Error(), "\x1b\x7f\n") {
					t.Errorf("%q", err)
				}
			}
			if n := c.Stats(); n.Conns != n.Idle {
				t.Errorf("%q: %d connections of %d idle", tt.message, n.Idle, n.Conns)
			}
		})
	}
	// A line that looks like an error is a row: the server has no other way to send it.
	c := client(t, influxtest.New(t, jsonl(`{"error":"x"}`+"\n")), Options{})
	r, err := c.QuerySQL(t.Context(), "SELECT error FROM log")
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := rowsOf(r); err != nil || fmt.Sprint(rows) != `[[error]["x"]]` {
		t.Error(rows, err)
	}
	// What is no row ends the rows.
	c = client(t, influxtest.New(t, jsonl("{\"a\":1}\n", "error: out of memory\n", "{\"a\":2}\n")), Options{})
	if r, err = c.QuerySQL(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	var syntax *jsonscan.SyntaxError
	if rows, err := rowsOf(r); len(rows) != 1 || !errors.As(err, &syntax) || syntax.Offset != 8 {
		t.Error(rows, err)
	}
}

// TestSQLOptions holds that what these endpoints do not have is an error, and nothing is sent.
func TestSQLOptions(t *testing.T) {
	s := influxtest.New(t, jsonl())
	for _, tt := range []struct {
		field string
		o     Options
		opts  []QueryOption
	}{
		{"Epoch", Options{}, []QueryOption{Epoch(Second)}},
		{"RFC3339", Options{}, []QueryOption{RFC3339()}},
		{"Chunked", Options{}, []QueryOption{Chunked(5)}},
		{"Unchunked", Options{}, []QueryOption{Unchunked()}},
		{"Format", Options{}, []QueryOption{Format(FormatJSON)}},
		{"RetentionPolicy", Options{RetentionPolicy: "rp"}, nil},
		{"RetentionPolicy", Options{}, []QueryOption{RetentionPolicy("rp")}},
		{"QueryAuth", Options{Username: "u", Password: NewSecret("p"), QueryAuth: true}, nil},
		{"ParamIdent", Options{}, []QueryOption{ParamIdent("a", "b")}},
		{"ParamIdent", Options{}, []QueryOption{ParamRegex("a", "b")}},
		{"Param", Options{}, []QueryOption{Param("a", time.Second)}},
		{"Param", Options{}, []QueryOption{Param("a", math.NaN())}},
		{"Param", Options{}, []QueryOption{Param("a", "\xff")}},
		{"Param", Options{}, []QueryOption{Param("a b", "")}},
		{"Database", Options{}, []QueryOption{Database("a\n")}},
		{"query", Options{}, []QueryOption{Database("a\xff")}},
		{"StructOptions", Options{}, []QueryOption{StructOptions(jsonscan.NullAsZero)}},
	} {
		c := client(t, s, tt.o)
		for _, query := range []func() error{
			func() error { _, err := c.QuerySQL(t.Context(), "q", tt.opts...); return err },
			func() error {
				_, err := c.QueryInfluxQL3(t.Context(), "q", tt.opts...)
				return err
			},
			func() error { // in another order
				_, err := c.Query(t.Context(), "q", append([]QueryOption{SQL()}, tt.opts...)...)
				return err
			},
		} {
			var e *OptionError
			if err := query(); !errors.As(err, &e) || e.Field != tt.field {
				t.Errorf("%s: %v", tt.field, err)
			}
		}
	}
	c := client(t, s, Options{}).WithDatabase("")
	if _, err := c.QuerySQL(t.Context(), "q"); !errors.Is(err, ErrNoDatabase) {
		t.Error(err)
	}
	var e *OptionError
	if _, err := client(t, s, Options{}).QuerySQL(t.Context(), "\xff"); !errors.As(err, &e) || e.Field != "query" {
		t.Error(err)
	}
	if err := client(t, s, Options{}).Exec(t.Context(), "q", SQL()); !errors.As(err, &e) || e.Field != "SQL" {
		t.Error(err)
	}
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
	// The format of other responses, and MessagePack, have nothing to do with it.
	c = client(t, s, Options{ResponseFormat: FormatMessagePack})
	if r, err := c.QuerySQL(t.Context(), "q"); err != nil || s.Last().Header.Get("Accept") != "application/jsonl" {
		t.Error(r, err)
	}
}

func TestParamText3(t *testing.T) {
	type named float32
	for _, tt := range []struct {
		in   any
		want string
	}{
		{1.0, "1.0"}, {-2.5, "-2.5"}, {1e21, "1e+21"}, {1e-7, "1e-07"}, {float32(0.1), "0.1"}, {named(3), "3.0"}, {math.MaxFloat64, "1.7976931348623157e+308"},
		{math.Copysign(0, -1), "-0.0"}, {int64(math.MinInt64), "-9223372036854775808"}, {uint64(math.MaxUint64), "18446744073709551615"}, {uint8(1), "1"},
		{true, "true"}, {`a"b`, `"a\"b"`}, {time.Unix(1_500_000_000, 5), `"2017-07-14T02:40:00.000000005Z"`},
	} {
		got, err := paramText3(tt.in)
		if err != nil || string(got) != strings.Replace(tt.want, "e-07", "e-7", 1) && string(got) != tt.want || !json.Valid(got) {
			t.Errorf("%v: %s %v, want %s", tt.in, got, err, tt.want)
		}
	}
}

// TestSQLBounds holds that a hostile server cannot make a query take more than its bounds.
func TestSQLBounds(t *testing.T) {
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "{\"c%d\":1}\n", i)
	}
	columns := b.String()
	body := columns + strings.Repeat("{}\n", 10_000) // 30 million cells
	s := influxtest.New(t, jsonl(body))
	c := client(t, s, Options{MaxResponseBytes: 2 << 20})
	frames, err := c.QueryFrames(t.Context(), "q", SQL())
	cells := 0
	for _, f := range frames {
		cells += f.Len() * len(f.Columns)
	}
	if !errors.Is(err, ErrResponseTooLarge) || cells > 2<<20+3001 {
		t.Errorf("%d cells, %v", cells, err)
	}
	r, err := c.QuerySQL(t.Context(), "q")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.JSON(); !errors.Is(err, ErrResponseTooLarge) {
		t.Error(err)
	}
	if _, err := QueryInto(t.Context(), c, []float64(nil), "q", SQL(), MaxBytes(1000)); !errors.Is(err, ErrResponseTooLarge) {
		var bind *jsonscan.BindError
		if !errors.As(err, &bind) {
			t.Error(err)
		}
	}
	// Without a bound of the whole, rows and frames go through.
	if r, err = c.QuerySQL(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for f, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		rows += f.Len()
	}
	if rows != 13_000 {
		t.Errorf("%d rows", rows)
	}
	var size *jsonscan.RowSizeError
	if r, err = c.QuerySQL(t.Context(), "q", MaxRowBytes(5)); err != nil {
		t.Fatal(err)
	}
	if _, err := rowsOf(r); !errors.As(err, &size) || size.Limit != 5 {
		t.Error(err)
	}
}
