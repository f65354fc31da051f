package fastclient

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

// TestCloseWhileReading closes responses that are being read, in the midst of which a
// gzip.Reader went back to its pool, and to the next caller: rows of one response
// came out of another. Every row here holds its own number.
func TestCloseWhileReading(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		var b strings.Builder
		b.WriteString(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[0,0]`)
		for i := range 20_000 {
			n := strconv.Itoa(i + 1)
			b.WriteString(",[" + n + "," + n + "]")
		}
		b.WriteString("]}]}]}")
		s := influxtest.New(t, influxtest.Gzip(b.String()))
		o.Compression.Responses = ResponsesGzip
		c := client(t, s, o)
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				for round := range 20 {
					r, err := c.Query(t.Context(), "SELECT v FROM m")
					if err != nil {
						t.Error(err)
						return
					}
					if g%2 == 0 {
						readNumbered(t, r, 20_001, nil)
						continue
					}
					closed := make(chan struct{})
					readNumbered(t, r, 100+round*900, func() {
						go func() {
							r.Close()
							close(closed)
						}()
					})
					<-closed
				}
			})
		}
		all.Wait()
	})
}

// readNumbered reads rows that hold their numbers, and calls then after row n.
func readNumbered(t *testing.T, r *Result, n int, then func()) {
	want := int64(0)
	for row, err := range r.Rows() {
		if err != nil {
			if then == nil {
				t.Error(err)
			}
			return
		}
		if got, err := row.Int(1); got != want || err != nil {
			t.Errorf("row %d is %d, %v", want, got, err)
			return
		}
		if want++; then != nil && int(want) == n {
			then()
		}
	}
	if then == nil && int(want) != n {
		t.Errorf("%d rows, want %d", want, n)
	}
}

// A chunked response that ends after a document that promises more was cut, even if
// that is its first. A plain response says so of what a row limit left out.
func TestCutBetweenChunks(t *testing.T) {
	const first = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[0,1]],"partial":true}],"partial":true}]}` + "\n"
	both(t, func(t *testing.T, o Options) {
		s := influxtest.New(t, influxtest.UntilClose(first))
		c := client(t, s, o)
		query := func(opts ...QueryOption) *Result {
			r, err := c.Query(t.Context(), "SELECT v FROM m", opts...)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		rows := func(opts ...QueryOption) (n int, last error) {
			for _, err := range query(opts...).Rows() {
				if last = err; err == nil {
					n++
				}
			}
			return n, last
		}
		if n, err := rows(); n != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Rows: %d rows, %v", n, err)
		}
		if n, err := rows(Unchunked()); n != 1 || err != nil {
			t.Errorf("Rows of a plain response: %d rows, %v", n, err)
		}
		type point struct {
			V int64 `lp:"v"`
		}
		if got, err := QueryInto(t.Context(), c, []point(nil), "SELECT v FROM m"); len(got) != 1 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("QueryInto: %v, %v", got, err)
		}
		var last error
		for _, err := range query().Frames() {
			last = err
		}
		if !errors.Is(last, io.ErrUnexpectedEOF) {
			t.Error("Frames: ", last)
		}
		if _, err := query().JSON(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error("JSON: ", err)
		}
		var read *jsonscan.ReadError
		if _, err := rows(); !errors.As(err, &read) {
			t.Errorf("%T", err)
		}
	})
}
