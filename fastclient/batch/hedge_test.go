package batch

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestWriterHedges checks that a batch which a server does not respond to is handed to another
// one after three times the usual time, far before RequestTimeout, with every Balance, that it
// is acked once, and that the Writer keeps its bytes until both attempts have ended.
func TestWriterHedges(t *testing.T) {
	for _, balance := range []fastclient.Balance{fastclient.RoundRobin, fastclient.Failover} {
		o := fastclient.Options{Balance: balance, Hedge: fastclient.Hedge{After: 3, Share: 1}}
		following(t, o, 2, 2, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
			w, err := NewWriter(c, Options{BatchLines: 1, MaxInFlight: 1})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			send := func(lines int) time.Duration {
				start := time.Now()
				for range lines {
					mustAppend(t, w, fmt.Sprintf("m v=1 %d\n", n))
					n++
				}
				if err := w.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				return time.Since(start)
			}
			send(60)
			s[0].Play(influxtest.Silent())
			before := c.Stats()
			for range 5 {
				if took := send(4); took > 2*time.Second {
					t.Errorf("balance %d: four batches took %v", balance, took)
				}
			}
			st := w.Stats()
			if st.Acked.Lines != uint64(n) || st.Down || len(st.LastErrors) > 0 || st.NoResponse > 0 || len(got(s)) != n {
				t.Errorf("balance %d: %+v", balance, st)
			}
			if now := c.Stats(); now.HedgeWon == before.HedgeWon || now.HedgeWon != now.Hedged || now.Writes != uint64(n) {
				t.Errorf("balance %d: %+v", balance, now)
			}
			mustClose(t, w)

			w, err = NewWriter(c, Options{BatchLines: 1, MaxInFlight: 1, NoStamp: true, RequestTimeout: 2 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			before = c.Stats()
			mustAppend(t, w, "m v=1\n")
			if err := w.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if now := c.Stats(); now.Hedged != before.Hedged {
				t.Errorf("balance %d: lines without timestamps are hedged", balance)
			}
			mustClose(t, w)
		})
	}
}
