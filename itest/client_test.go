package itest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/transport"
)

// TestClientQuickStart runs the beginning of the user guide.
func TestClientQuickStart(t *testing.T) {
	eachClient(t, Config{}, fastclient.Options{}, func(t *testing.T, s *Server, c *fastclient.Client) {
		ctx := t.Context()
		pong, err := c.Ping(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if pong.Version != s.Version() {
			t.Errorf("version %q, want %q", pong.Version, s.Version())
		}
		c = createDatabase(t, s, c, "testdb")
		writeLines(t, c, "cpu_load_short,direction=in,host=server01,region=us-west value=0.64 1434055562000000000\n")
		got := raws(t, c, "SELECT value FROM cpu_load_short")
		if want := [][]string{{"1434055562000000000", "0.64"}}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestClientChunks reads 20,000 points in chunks of 15,000 and 5,000.
func TestClientChunks(t *testing.T) {
	eachClient(t, Config{}, fastclient.Options{}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "chunks")
		writeLines(t, c, manyLines(20_000))
		res, err := c.Query(t.Context(), "SELECT v FROM b", fastclient.Chunked(15_000))
		if err != nil {
			t.Fatal(err)
		}
		var perDocument []int
		n := 0
		for row, err := range res.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			for len(perDocument) <= res.Scanner().Documents() {
				perDocument = append(perDocument, 0)
			}
			perDocument[res.Scanner().Documents()]++
			if ts, v := must[int64](t)(row.Timestamp(0)), must[int64](t)(row.Int(1)); v != int64(n) || ts != v+1 {
				t.Fatalf("row %d: %d at %d", n, v, ts)
			}
			n++
		}
		if want := []int{15_000, 5_000}; !slices.Equal(perDocument, want) {
			t.Errorf("rows per document: %v, want %v", perDocument, want)
		}
	})
}

func TestClientPartialWrite(t *testing.T) {
	eachClient(t, Config{}, fastclient.Options{}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "partial")
		err := c.Write(t.Context(), []byte("m f=1i 1\nbad\nm f=2i 2\n"))
		if is2(s) {
			partialWrite2(t, c, err)
			return
		}
		partial, ok := errors.AsType[*fastclient.PartialWriteError](err)
		if !ok {
			t.Fatalf("error %v, want a PartialWriteError", err)
		}
		if text := "unable to parse 'bad': missing fields"; !strings.Contains(partial.Server.Message, text) {
			t.Errorf("message %q, want %q in it", partial.Server.Message, text)
		}
		if !isPartial(err) || fastclient.Retryable(err) {
			t.Errorf("partial %v, retryable %v", isPartial(err), fastclient.Retryable(err))
		}
		if got := raws(t, c, "SELECT f FROM m"); fmt.Sprint(got) != "[[1 1] [2 2]]" {
			t.Errorf("stored %v, want the good lines", got)
		}
		// A type conflict is found after parsing, and the server counts it.
		err = c.Write(t.Context(), []byte("m f=3i 3\nm f=4.5 4\n"))
		partial, ok = errors.AsType[*fastclient.PartialWriteError](err)
		if !ok || partial.Dropped != 1 {
			t.Errorf("type conflict: %v", err)
		}
		// If no line is good, the write is not partial.
		err = c.Write(t.Context(), []byte("bad\n"))
		refused, ok := errors.AsType[*fastclient.ServerError](err)
		if !ok || refused.Status != 400 || isPartial(err) || !strings.Contains(refused.Message, "unable to parse 'bad'") {
			t.Errorf("only bad lines: %v", err)
		}
	})
}

// partialWrite2 is the test for InfluxDB 2, which stores nothing of a body with a line that
// it cannot parse. err is the error of that body. A type conflict is a partial write there
// too, but with status 422.
func partialWrite2(t *testing.T, c *fastclient.Client, err error) {
	t.Helper()
	refused, ok := errors.AsType[*fastclient.ServerError](err)
	if !ok || refused.Status != 400 || isPartial(err) || !strings.Contains(refused.Message, "unable to parse 'bad': missing fields") || fastclient.Retryable(err) {
		t.Errorf("a bad line between two good ones: %v", err)
	}
	if got := raws(t, c, "SELECT f FROM m"); len(got) != 0 {
		t.Errorf("stored %v, want nothing", got)
	}
	writeLines(t, c, "m f=1i 1\nm f=2i 2\n")
	err = c.Write(t.Context(), []byte("m f=3i 3\nm f=4.5 4\n"))
	partial, ok := errors.AsType[*fastclient.PartialWriteError](err)
	if !ok || partial.Dropped != 1 || partial.Server.Status != 422 || fastclient.Retryable(err) {
		t.Errorf("type conflict: %v", err)
	}
	if got := raws(t, c, "SELECT f FROM m"); fmt.Sprint(got) != "[[1 1] [2 2] [3 3]]" {
		t.Errorf("stored %v, want all but the last line", got)
	}
}

// TestClientRefusals checks the error for each refusal of a server.
func TestClientRefusals(t *testing.T) {
	eachClient(t, Config{}, fastclient.Options{Database: "missing"}, func(t *testing.T, s *Server, c *fastclient.Client) {
		ctx := t.Context()
		line := []byte("m f=1i 1\n")
		err := c.Write(ctx, line)
		if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != 404 || !errors.Is(err, fastclient.ErrNotFound) || fastclient.Retryable(err) {
			t.Errorf("write to a missing database: %v", err)
		}
		_, err = rawsAndError(t, c, "SELECT * FROM m")
		if e, ok := errors.AsType[*fastclient.QueryError](err); !ok || !strings.Contains(e.Error(), "database not found: missing") {
			t.Errorf("query of a missing database: %v", err)
		}
		good := createDatabase(t, s, c, "refusals")
		err = good.Write(ctx, line, fastclient.RetentionPolicy("missing"))
		noPolicy, noParse := 500, "error parsing query"
		if is2(s) { // InfluxDB 2 looks for a bucket or a mapping
			noPolicy, noParse = 404, "failed to parse query"
		}
		if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != noPolicy || fastclient.Retryable(err) {
			t.Errorf("write to a missing retention policy: %v, retryable %v", err, fastclient.Retryable(err))
		}
		_, err = good.Query(ctx, "SELECT FROM")
		if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != 400 || !strings.Contains(e.Message, noParse) {
			t.Errorf("query that does not parse: %v", err)
		}
		// 1.x copies the bad line unchanged into a header of the response, where
		// net/http refuses some bytes. InfluxDB 2 has it only in the JSON body.
		netHTTP := strings.HasSuffix(t.Name(), "/nethttp") && !is2(s)
		for _, bad := range []string{"m,a\x00 f=1", "m,a\x01\x7f", "m,\u2028é\xff", "m,a\rb", "m,a\tb"} {
			err = good.Write(ctx, []byte(bad+"\n"))
			if netHTTP && strings.ContainsAny(bad, "\x00\x01") {
				if !errors.Is(err, transport.ErrMalformed) {
					t.Errorf("bad line %q over net/http: %v", bad, err)
				}
				continue
			}
			if e, ok := errors.AsType[*fastclient.ServerError](err); !ok || e.Status != 400 {
				t.Errorf("bad line %q: %v", bad, err)
			}
		}
		if err := good.Write(ctx, line); err != nil {
			t.Errorf("after the refusals: %v", err)
		}
	})
}

// TestClientLargeBody checks that a body that is too large gives the server's refusal and
// not an error of the connection, which the server closes while the body is sent.
// InfluxDB 2 has no limit by default and accepts the body.
func TestClientLargeBody(t *testing.T) {
	// There are few lines, so that the size counts and not the time to store them.
	line := `m,tag=value field="` + strings.Repeat("x", 32<<10) + "\" 1500000000000000000\n"
	lines := []byte(strings.Repeat(line, 26_000_000/len(line)))
	eachClient(t, Config{}, fastclient.Options{Compression: fastclient.Compression{Off: true}}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "large")
		err := c.Write(t.Context(), lines)
		e, ok := errors.AsType[*fastclient.ServerError](err)
		if is2(s) {
			if err != nil {
				t.Errorf("a body of 26 MB: %v", err)
			}
		} else if !ok || e.Status != 413 || !errors.Is(err, fastclient.ErrTooLarge) {
			t.Errorf("%v, want 413", err)
		}
		if err := c.Write(t.Context(), []byte("m f=1i 1\n")); err != nil {
			t.Errorf("after it: %v", err)
		}
	})
}

// TestClientSplits checks that a write that is too large is halved at line ends.
func TestClientSplits(t *testing.T) {
	eachClient(t, Config{MaxBodySize: 10_000}, fastclient.Options{}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "splits")
		if err := c.Write(t.Context(), []byte(manyLines(5000)), fastclient.Retry(fastclient.RetryPolicy{})); err != nil {
			t.Fatal(err)
		}
		if got := raws(t, c, "SELECT count(v), sum(v) FROM b"); fmt.Sprint(got) != "[[0 5000 12497500]]" {
			t.Errorf("stored %v", got)
		}
		if c.Stats().Splits == 0 {
			t.Error("no split counted")
		}
	})
}

func TestClientSocketAndTLS(t *testing.T) {
	for _, cfg := range []Config{{UnixSocket: true}, {TLS: true}} {
		name := "tls"
		if cfg.UnixSocket {
			name = "socket"
		}
		t.Run(name, func(t *testing.T) {
			eachClient(t, cfg, fastclient.Options{}, func(t *testing.T, s *Server, c *fastclient.Client) {
				c = createDatabase(t, s, c, "place")
				writeLines(t, c, manyLines(2000))
				if got := raws(t, c, "SELECT v FROM b"); len(got) != 2000 {
					t.Errorf("%d rows, want 2000", len(got))
				}
			})
		})
	}
}

func TestClientUntrusted(t *testing.T) {
	eachServer(t, Config{TLS: true}, func(t *testing.T, s *Server) {
		c, err := fastclient.New(fastclient.Options{Addr: s.URL()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = c.Ping(t.Context())
		if e, ok := errors.AsType[*fastclient.TransportError](err); !ok || e.Phase != fastclient.PhaseTLS || fastclient.Retryable(err) {
			t.Errorf("certificate of an unknown authority: %v, retryable %v", err, fastclient.Retryable(err))
		}
	})
}

// TestClientCancel ends the context in the middle of a stream.
func TestClientCancel(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		c := newClient(t, s, fastclient.Options{})
		c = createDatabase(t, s, c, "cancel")
		writeLines(t, c, manyLines(100_000))
		query := strings.Repeat("SELECT v FROM b;", 20)

		var took []time.Duration
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			res, err := c.Query(ctx, query)
			if err != nil {
				t.Fatal(err)
			}
			var start time.Time
			var last error
			n := 0
			for _, err := range res.Rows() {
				if n++; n == 20_000 {
					start = time.Now()
					cancel()
				}
				last = err
			}
			took = append(took, time.Since(start))
			cancel()
			if !errors.Is(last, context.Canceled) {
				t.Errorf("the last error is %v, want context.Canceled", last)
			}
			if fastclient.Retryable(last) {
				t.Error("a cancelled call is retryable")
			}
			if n > 500_000 {
				t.Errorf("%d rows after the end of the context", n-20_000)
			}
		}
		if slices.Max(took) > 50*time.Millisecond {
			t.Errorf("the stream ended after %v", took)
		}
		// The connections are not reused, and later calls work.
		if got := raws(t, c, "SELECT v FROM b LIMIT 1"); len(got) != 1 {
			t.Errorf("after it: %v", got)
		}
		c.DropDatabase(t.Context(), "cancel")
		c.Close()
		wantNoGoroutines(t)
	})
}

// TestClientCancelWaiting ends the context while the server has not responded.
func TestClientCancelWaiting(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		c := newClient(t, s, fastclient.Options{})
		c = createDatabase(t, s, c, "cancel")
		writeLines(t, c, manyLines(100_000))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := rawsAndErrorContext(ctx, c, strings.Repeat("SELECT percentile(v, 50) FROM b;", 100), fastclient.Unchunked())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("returned after %v, the context ended after 20ms", took)
		}
		c.DropDatabase(t.Context(), "cancel")
		c.Close()
		wantNoGoroutines(t)
	})
}

func rawsAndErrorContext(ctx context.Context, c *fastclient.Client, q string, opts ...fastclient.QueryOption) (n int, err error) {
	res, err := c.Query(ctx, q, opts...)
	if err != nil {
		return 0, err
	}
	for _, err := range res.Rows() {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// TestClientBreak leaves the loop early. The client must stay usable.
func TestClientBreak(t *testing.T) {
	eachClient(t, Config{}, fastclient.Options{MaxConns: 1}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "leave")
		writeLines(t, c, manyLines(50_000))
		for range 5 {
			res, err := c.Query(t.Context(), "SELECT v FROM b")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, err := range res.Rows() {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n == 10 {
					break
				}
			}
			if err := res.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestClientGzip sends and receives compressed bodies.
func TestClientGzip(t *testing.T) {
	for name, how := range map[string]fastclient.ResponseCompression{
		"plain": fastclient.ResponsesPlain, "gzip": fastclient.ResponsesGzip, "pipelined": fastclient.ResponsesPipelined,
	} {
		t.Run(name, func(t *testing.T) { testClientGzip(t, fastclient.Compression{Always: true, Responses: how}) })
	}
}

func testClientGzip(t *testing.T, how fastclient.Compression) {
	eachClient(t, Config{}, fastclient.Options{Compression: how}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "gzip")
		lines := manyLines(20_000)
		writeLines(t, c, lines)
		if st := c.Stats(); st.WireBytes > uint64(len(lines))/2 {
			t.Errorf("%d bytes on the wire for %d bytes of lines", st.WireBytes, len(lines))
		}
		for _, opts := range [][]fastclient.QueryOption{nil, {fastclient.Unchunked()}} {
			if got := raws(t, c, "SELECT v FROM b", opts...); len(got) != 20_000 || got[19_999][1] != "19999" {
				t.Errorf("%d options: %d rows", len(opts), len(got))
			}
		}
		body, err := c.QueryRaw(t.Context(), "SELECT count(v) FROM b")
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		var raw bytes.Buffer
		if _, err := raw.ReadFrom(body); err != nil || !strings.Contains(raw.String(), `[[0,20000]]`) {
			t.Errorf("raw: %s, %v", &raw, err)
		}
	})
}

// isPartial reports whether err means that the server stored some of the lines.
func isPartial(err error) bool {
	_, ok := errors.AsType[*fastclient.PartialWriteError](err)
	return ok
}
