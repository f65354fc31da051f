package itest

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// TestWriterCountsRefusedLines appends batches with many lines that the server cannot parse,
// see spoiler. The server must have exactly the lines that the Writer counts as acked. The
// responses quote every bad line, and so are as long as the request.
func TestWriterCountsRefusedLines(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, c := range []struct {
			name       string
			lines, bad int
			o          batch.Options
		}{
			{name: "few", lines: 2000, bad: 3},
			{name: "many", lines: 2000, bad: 600},
			{name: "nearly all", lines: 5000, bad: 4999},
			{name: "unstamped", lines: 2000, bad: 600, o: batch.Options{NoStamp: true}},
			{name: "isolated", lines: 2000, bad: 10, o: batch.Options{Isolate: batch.IsolateAll}},
		} {
			t.Run(c.name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				db := newDatabase(t, s, "writer_refused")
				spoil := &spoiler{next: new(http.Transport)}
				t.Cleanup(spoil.next.CloseIdleConnections)
				client := newClient(t, s, fastclient.Options{Database: db, HTTPClient: &http.Client{Transport: spoil}})
				w, err := batch.NewWriter(client, c.o)
				if err != nil {
					t.Fatal(err)
				}
				var lines []byte
				for i := range c.lines {
					bad := ""
					// The bad lines are spread over the batch, from the first line on.
					if i*c.bad/c.lines != (i-1+c.lines)*c.bad/c.lines-c.bad {
						bad = "," + spoilGood
					}
					lines = fmt.Appendf(lines, "refused,host=<server\\ %d> v=1%s %d\n", i%7, bad, 1_500_000_000_000_000_000+i)
				}
				if err := w.Append(ctx, lines); err != nil {
					t.Fatal(err)
				}
				if err := w.Flush(ctx); err == nil {
					t.Error("Flush says nothing of the bad lines")
				}
				if err := w.Close(ctx); err != nil {
					t.Error(err)
				}
				type count struct {
					N uint64 `lp:"n"`
				}
				got, err := fastclient.QueryInto(ctx, client, []count(nil), `SELECT count(v) AS n FROM refused`)
				if err == nil && len(got) == 0 && is2(s) {
					got = []count{{}} // no series
				}
				if err != nil || len(got) != 1 {
					t.Fatalf("%v, %v", got, err)
				}
				n := w.Stats()
				if got[0].N != n.Acked.Lines || n.Acked.Lines != uint64(c.lines-c.bad) || n.Rejected.Lines != uint64(c.bad) {
					t.Errorf("acked %d, rejected %d of %d bad lines, but the server has %d", n.Acked.Lines, n.Rejected.Lines, c.bad, got[0].N)
				}
			})
		}
	})
}
