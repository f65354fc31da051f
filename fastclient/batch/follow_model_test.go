package batch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestFollowModel changes the servers of a Writer at random while lines are appended and
// servers fail, hang and come back, and checks the accounts all the time. Every line that is
// acked came to a server, and every line is acked in the end.
func TestFollowModel(t *testing.T) {
	for seed := range uint64(4) {
		balance := []fastclient.Balance{fastclient.RoundRobin, fastclient.Failover}[seed%2]
		o := fastclient.Options{Balance: balance}
		if seed%3 == 0 {
			o.Hedge = fastclient.Hedge{After: 2, Share: 0.5}
		}
		following(t, o, 6, 2, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, down []atomic.Bool) {
			rng := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			calm := false
			stored := map[string]bool{}
			for _, one := range s {
				one.Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
					mu.Lock()
					mood, d := rng.IntN(20), time.Duration(rng.IntN(50))*time.Millisecond
					if calm {
						mood = 9
					}
					mu.Unlock()
					time.Sleep(d)
					switch mood {
					case 0:
						influxtest.Error(503, "busy").Play(c, r)
						return
					case 1:
						influxtest.Drop().Play(c, r)
						return
					case 2:
						time.Sleep(40 * time.Second)
					}
					mu.Lock()
					for line := range strings.Lines(string(r.Body)) {
						stored[line] = true
					}
					mu.Unlock()
					influxtest.Status(204).Play(c, r)
				}))
			}
			w, err := NewWriter(c, Options{BatchLines: 20, MaxDelay: 100 * time.Millisecond, RequestTimeout: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			stop := make(chan struct{})
			var all sync.WaitGroup
			var appended atomic.Int64
			for g := range 3 {
				all.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						case <-time.After(time.Millisecond):
						}
						if err := w.Append(context.Background(), fmt.Appendf(nil, "m,g=%d v=1 %d\n", g, i)); err != nil {
							t.Error(err)
						}
						appended.Add(1)
					}
				})
			}
			for range 40 {
				mu.Lock()
				from := rng.IntN(6)
				to := from + 1 + rng.IntN(6-from)
				k, isDown := rng.IntN(6), rng.IntN(3) == 0
				d := time.Duration(rng.IntN(300)) * time.Millisecond
				mu.Unlock()
				down[k].Store(isDown)
				if err := c.SetEndpoints(serverNames(from, to)...); err != nil {
					t.Error(err)
				}
				time.Sleep(d)
				audit(t, &w.engine)
			}
			close(stop)
			all.Wait()
			for i := range down {
				down[i].Store(false)
			}
			mu.Lock()
			calm = true
			mu.Unlock()
			if err := w.Flush(t.Context()); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			audit(t, &w.engine)
			time.Sleep(time.Minute) // requests that were given up end
			mu.Lock()
			defer mu.Unlock()
			if st := w.Stats(); st.Acked.Lines != uint64(appended.Load()) || len(stored) != int(st.Acked.Lines) || st.Acked.Lines < 300 {
				t.Errorf("seed %d: %d appended, %d acked, %d stored", seed, appended.Load(), st.Acked.Lines, len(stored))
			}
			if balance == fastclient.RoundRobin {
				running(t, w, len(c.Stats().Endpoints), 2)
			}
			mustClose(t, w)
		})
	}
}
