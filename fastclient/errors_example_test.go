package fastclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// What a server's refusal is, by its status.
func ExampleServerError() {
	for _, c := range []struct {
		sentinel error
		reply    influxtest.Reply
	}{
		{fastclient.ErrBadRequest, influxtest.Error(400, "unable to parse 'm': missing fields")},
		{fastclient.ErrBadRequest, influxtest.Error(400, "partial write: field type conflict dropped=1")},
		{fastclient.ErrUnauthorized, influxtest.Error(401, "authorization failed")},
		{fastclient.ErrForbidden, influxtest.Error(403, `"jane" user is not authorized to write`)},
		{fastclient.ErrNotFound, influxtest.Error(404, `database not found: "mydb"`)},
		{fastclient.ErrTooLarge, influxtest.Error(413, "Request Entity Too Large")},
		{fastclient.ErrRateLimited, influxtest.Status(429, "Retry-After", "7")},
		{fastclient.ErrUnavailable, influxtest.Error(503, "timeout")},
	} {
		client, s := exampleClient(c.reply)
		err := client.Write(context.Background(), []byte("m v=1 1\n"))
		var server *fastclient.ServerError
		if errors.As(err, &server) {
			fmt.Println(errors.Is(err, c.sentinel), fastclient.Retryable(err), fastclient.RetryDelay(err), err)
		}
		client.Close()
		s.Close()
	}
	// Output:
	// true false 0s fastclient: write: status 400: unable to parse 'm': missing fields
	// true false 0s fastclient: write: status 400: partial write: field type conflict dropped=1
	// true false 0s fastclient: write: status 401: authorization failed
	// true false 0s fastclient: write: status 403: "jane" user is not authorized to write
	// true false 0s fastclient: write: status 404: database not found: "mydb"
	// true false 0s fastclient: write: status 413: Request Entity Too Large
	// true true 7s fastclient: write: status 429: Too Many Requests
	// true true 0s fastclient: write: status 503: timeout
}

// The lines that a server of version 3 did not store.
func ExampleLineError() {
	c, s := exampleClient(influxtest.Body(400, `{"error":"partial write of line protocol occurred","data":[`+
		`{"error_message":"invalid column type","line_number":2,"original_line":"m v=\"x\" 2"}]}`))
	defer s.Close()
	defer c.Close()
	lines := []byte("m v=1 1\nm v=\"x\" 2\n")
	err := c.Write(context.Background(), lines)
	var partial *fastclient.PartialWriteError
	if errors.As(err, &partial) {
		for _, bad := range partial.Lines {
			fmt.Printf("line %d, %s: %s\n", bad.Line, bad.Text, bad.Message)
		}
	}
	// Output: line 2, m v="x" 2: invalid column type
}

// Why no usable response arrived: the phase that failed and the cause.
func ExampleTransportError() {
	ctx := context.Background()
	for _, c := range []struct {
		cause error
		phase fastclient.Phase
		reply influxtest.Reply
		limit time.Duration
	}{
		{fastclient.ErrTimeout, fastclient.PhaseHeader, influxtest.Silent(), 10 * time.Millisecond},
		{io.ErrUnexpectedEOF, fastclient.PhaseBody, influxtest.CutChunk(cpuResponse), 0},
		{fastclient.ErrResponseTooLarge, fastclient.PhaseBody, influxtest.JSON(strings.Repeat(" ", 2000) + cpuResponse), 0},
	} {
		s, err := influxtest.Start(c.reply)
		if err != nil {
			fmt.Println(err)
			return
		}
		client, err := fastclient.New(fastclient.Options{Addr: s.URL, HeaderTimeout: c.limit})
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := client.QueryRaw(ctx, "SELECT load FROM cpu", fastclient.MaxBytes(1000))
		if err == nil {
			_, err = io.Copy(io.Discard, body)
			body.Close()
		}
		var t *fastclient.TransportError
		if errors.As(err, &t) {
			fmt.Println(errors.Is(err, c.cause), t.Phase == c.phase, t.Op, t.Phase, t.Unwrap())
			fmt.Println("  a time limit:", t.Timeout(), "worth another attempt:", fastclient.Retryable(err))
		}
		client.Close()
		s.Close()
	}
	// Output:
	// true true query header time limit exceeded
	//   a time limit: true worth another attempt: true
	// true true query body response cut short: unexpected EOF
	//   a time limit: false worth another attempt: true
	// true true query body response exceeds the limit
	//   a time limit: false worth another attempt: false
}

// The phases before a response. Nothing was sent in the first three.
func ExamplePhase() {
	s, err := influxtest.Start(influxtest.StallBody(cpuResponse))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	dial := func(c net.Conn, err error) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) { return c, err }
	}
	ours, theirs := net.Pipe()
	theirs.Close() // every write to ours fails
	for _, c := range []struct {
		phase   fastclient.Phase
		options fastclient.Options
	}{
		{fastclient.PhaseDial, fastclient.Options{Addr: s.URL, Dial: dial(nil, errors.New("no route"))}},
		{fastclient.PhaseTLS, fastclient.Options{Addr: "https://" + s.Addr, Dial: dial(ours, nil)}},
		{fastclient.PhaseWrite, fastclient.Options{Addr: s.URL, Dial: dial(ours, nil)}},
		{fastclient.PhaseWait, fastclient.Options{Addr: s.URL, MaxConns: 1, PoolTimeout: time.Millisecond}},
	} {
		client, err := fastclient.New(c.options)
		if err != nil {
			fmt.Println(err)
			return
		}
		// Under PhaseWait the first query holds the only connection.
		r, err := client.Query(context.Background(), "SELECT load FROM cpu")
		if c.phase == fastclient.PhaseWait {
			_, err = client.Query(context.Background(), "SELECT load FROM cpu")
			fmt.Println(errors.Is(err, fastclient.ErrPoolExhausted))
			r.Close()
		}
		var t *fastclient.TransportError
		if errors.As(err, &t) {
			fmt.Println(t.Phase, t.Phase == c.phase, t.BytesWritten, t.Ambiguous)
		}
		client.Close()
	}
	// Output:
	// dial true 0 false
	// tls true 0 false
	// write true 0 false
	// true
	// wait true 0 false
}

// A client, and a result, that was closed.
func ExampleClient_Close() {
	c, s := exampleClient(influxtest.StallBody(cpuResponse))
	defer s.Close()
	ctx := context.Background()
	body, err := c.QueryRaw(ctx, "SELECT load FROM cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	body.Close()
	_, err = body.Read(make([]byte, 10))
	fmt.Println(errors.Is(err, fastclient.ErrClosed))
	c.Close()
	err = c.Write(ctx, []byte("m v=1 1\n"))
	fmt.Println(errors.Is(err, fastclient.ErrClosed))
	// Output:
	// true
	// true
}

// A write needs a database, of the client or of the call.
func ExampleDatabase() {
	s, err := influxtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{Addr: s.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	ctx := context.Background()
	err = c.Write(ctx, []byte("m v=1 1\n"))
	fmt.Println(errors.Is(err, fastclient.ErrNoDatabase), err)
	fmt.Println(c.Write(ctx, []byte("m v=1 1\n"), fastclient.Database("metrics")))
	// Output:
	// true fastclient: no database given
	// <nil>
}

// What responds to a statement without a result of it is no success, whatever its
// status.
func ExampleClient_CreateDatabase_noResult() {
	c, s := exampleClient(influxtest.JSON(`{"status":"ok"}`))
	defer s.Close()
	defer c.Close()
	err := c.CreateDatabase(context.Background(), "metrics")
	fmt.Println(errors.Is(err, fastclient.ErrNoResult), err)
	// Output: true fastclient: no result in the response
}

// A file is written from where it failed: what came before Offset is stored.
func ExampleStoppedError_offset() {
	c, s := exampleClient(influxtest.Status(204), influxtest.Error(503, "timeout"))
	defer s.Close()
	defer c.Close()
	file := strings.Repeat("m v=1 1\n", 200_000)
	sent, err := c.WriteFrom(context.Background(), strings.NewReader(file))
	var piece *fastclient.StoppedError
	if errors.As(err, &piece) {
		fmt.Println(sent == piece.Offset, file[piece.Offset:piece.Offset+8] == "m v=1 1\n", piece.Unwrap())
	}
	// A line longer than any server takes ends the stream, too.
	_, err = c.WriteFrom(context.Background(), strings.NewReader("m v=\""+strings.Repeat("x", 17<<20)+"\""))
	fmt.Println(errors.Is(err, fastclient.ErrLineTooLong))
	// Output:
	// true true fastclient: write: status 503: timeout
	// true
}

// Points that are no lines are left out; the others are written.
func ExamplePointsError() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	points := make([]*lp.Point, 3)
	for i, host := range []string{"a", "b\n", "c"} {
		points[i] = &lp.Point{}
		points[i].SetMeasurement("cpu")
		points[i].SetTag("host", host)
		points[i].SetFloat("load", 0.5)
		points[i].SetTimestamp(1)
	}
	err := fastclient.WritePoints(context.Background(), c, points)
	var left *fastclient.PointsError
	if errors.As(err, &left) {
		fmt.Println(left.Bad, "left out, the first is number", left.Index, "because of", left.First)
		fmt.Println("the others:", left.Write)
	}
	fmt.Println(errors.Is(err, lp.ErrNewline))
	fmt.Printf("%s", s.Last().Body)
	// Output:
	// 1 left out, the first is number 1 because of lp: point 0 of "cpu": tag value "host": line feed
	// the others: <nil>
	// true
	// cpu,host=a load=0.5 1
	// cpu,host=c load=0.5 1
}

// A write of many points is sent in several bodies. If one of them fails, the error
// says which points are still to be written.
func ExampleStoppedError() {
	s, err := influxtest.Start(influxtest.Status(204), influxtest.Error(503, "busy"), influxtest.Status(204))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	points := make([]fastclient.Lines, 3)
	for i := range points {
		points[i] = fmt.Appendf(nil, "log text=%q %d\n", strings.Repeat("x", 1<<20), i)
	}
	err = fastclient.WritePoints(context.Background(), c, points)
	var stopped *fastclient.StoppedError
	if errors.As(err, &stopped) && fastclient.Retryable(err) {
		fmt.Println(err)
		fmt.Println(fastclient.WritePoints(context.Background(), c, points[stopped.Index:]))
	}
	// Output:
	// fastclient: write: stopped at point 1: status 503: busy
	// <nil>
}

// A page that something else sends in place of the server acknowledges nothing.
func ExampleErrNotAcknowledged() {
	c, s := exampleClient(influxtest.Body(200, "<html>log in</html>"))
	defer s.Close()
	defer c.Close()
	err := c.Write(context.Background(), []byte("m v=1 1\n"))
	fmt.Println(errors.Is(err, fastclient.ErrNotAcknowledged))
	// Output: true
}
