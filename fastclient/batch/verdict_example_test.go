package batch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// InfluxDB 1.x stores the good lines of a request, and names one cause for the lines that it
// refused. A Writer searches for these until it knows the outcome of each line.
func ExampleIsolation() {
	// This server knows x as an integer and refuses lines in which it is a float.
	server := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		if n := strings.Count(string(r.Body), "x=1.5"); n > 0 {
			influxtest.Error(400, fmt.Sprintf(`partial write: field type conflict: input field "x" on measurement "m" is type float, already exists as type integer dropped=%d`, n)).Play(c, r)
			return
		}
		influxtest.Status(204).Play(c, r)
	})
	for _, isolate := range []batch.Isolation{batch.IsolateAuto, batch.IsolateAll, batch.IsolateNone} {
		c, s := exampleClient(server)
		w, err := batch.NewWriter(c, batch.Options{Isolate: isolate, IsolateRequests: 10})
		if err != nil {
			fmt.Println(err)
			return
		}
		ctx := context.Background()
		w.Append(ctx, []byte("m x=1i 1\nm x=1.5 2\nm x=2i 3\nm x=3i 4\n"))
		w.Flush(ctx)
		stats := w.Stats()
		fmt.Println(stats.Requests, "requests:", stats.Acked.Lines, "acked,", stats.Rejected.Lines, "rejected,", stats.Uncertain.Lines, "uncertain")
		w.Close(ctx)
		c.Close()
		s.Close()
	}
	// Output:
	// 3 requests: 3 acked, 1 rejected, 0 uncertain
	// 3 requests: 3 acked, 1 rejected, 0 uncertain
	// 1 requests: 0 acked, 0 rejected, 4 uncertain
}

// A login page in place of a server stores no line, whatever its status is. Meanwhile lines
// are kept, and the error says why.
func ExampleServerFailure() {
	page := influxtest.Raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 19\r\n\r\n<html>log in</html>")
	s, err := influxtest.Start(page)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "metrics"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	w.Append(ctx, []byte("m v=1i 1\n"))
	err = w.Flush(ctx)
	var pending *batch.PendingError
	if errors.As(err, &pending) {
		for _, failure := range pending.LastErrors {
			fmt.Println(failure.Addr == s.URL, failure.Err)
		}
	}
	fmt.Println(errors.Is(err, fastclient.ErrNotAcknowledged), len(w.Stats().LastErrors))
	w.Close(ctx)
	// Output:
	// true fastclient: write: status 200: the response does not acknowledge a write
	// true 1
}
