package itest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// TestWriterThroughRestarts appends 1,000,000 points while the server is stopped and started
// three times. Every point must be stored, and the Writer's statistics must agree with the
// server.
func TestWriterThroughRestarts(t *testing.T) {
	const (
		points   = 1_000_000
		workers  = 4
		restarts = 3
	)
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		if _, ok := s.backend.(foreign); ok {
			t.Skip("not ours to stop")
		}
		if testing.Short() {
			t.Skip("a load of a million points")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		db := newDatabase(t, s, "writer_restarts")
		c := newClient(t, s, fastclient.Options{Database: db})
		failed := make(chan struct{}, 1) // gets a value when an attempt failed
		w, err := batch.NewWriter(c, batch.Options{OnEvent: func(e batch.Event) {
			if e.Kind == batch.EventRetry {
				select {
				case failed <- struct{}{}:
				default:
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		var appended atomic.Int64
		reached := make(chan struct{}, restarts) // gets a value after each quarter of the points
		var load sync.WaitGroup
		for g := range workers {
			load.Go(func() {
				series := must[lp.Series](t)(lp.NewSeries("load", lp.Tag{Key: "worker", Value: fmt.Sprint(g)}))
				for i := range points / workers {
					err := w.Encode(ctx, func(e *lp.Encoder) {
						e.Series(series)
						e.Int("i", int64(i))
						e.EndTimestamp(int64(1_500_000_000_000_000_000 + i))
					})
					if err != nil {
						t.Error(err)
						return
					}
					if n := appended.Add(1); n%(points/(restarts+1)) == 0 && n < points {
						reached <- struct{}{}
					}
				}
			})
		}
		for range restarts {
			select {
			case <-reached:
			case <-ctx.Done():
				t.Fatal(ctx.Err())
			}
			select {
			case <-failed: // an earlier failure
			default:
			}
			if err := s.Stop(); err != nil {
				t.Log(err) // Stop cut off requests
			}
			select {
			case <-failed:
			case <-ctx.Done():
				t.Fatal("the server was not missed")
			}
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
		}
		load.Wait()
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
		n := w.Stats()
		if n.Appended.Lines != points || n.Acked.Lines != points || n.Pending.Lines != 0 {
			t.Errorf("appended %d, acked %d, pending %d", n.Appended.Lines, n.Acked.Lines, n.Pending.Lines)
		}
		type count struct {
			Worker string `lp:"worker,tag"`
			N      int64  `lp:"n"`
			Sum    int64  `lp:"sum"`
		}
		counts, err := fastclient.QueryInto(ctx, c, []count(nil), `SELECT count(i) AS n, sum(i) AS sum FROM load GROUP BY worker`)
		if err != nil {
			t.Fatal(err)
		}
		const each = points / workers
		if len(counts) != workers {
			t.Fatalf("%d series, want %d", len(counts), workers)
		}
		for _, got := range counts {
			if got.N != each || got.Sum != each*(each-1)/2 {
				t.Errorf("worker %s: %d points with the sum %d, want %d and %d", got.Worker, got.N, got.Sum, each, each*(each-1)/2)
			}
		}
	})
}
