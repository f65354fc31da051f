package itest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// TestStoppedServer stops the first of two servers with SIGSTOP, which then takes
// connections and never responds, and writes on. Everything is acknowledged while it is
// stopped, and stored by one of the two.
func TestStoppedServer(t *testing.T) {
	for _, balance := range []fastclient.Balance{fastclient.Failover, fastclient.RoundRobin} {
		t.Run(fmt.Sprint(balance), func(t *testing.T) {
			a, b := startInfluxd(t, Config{}), startInProcess(t, Config{})
			newDatabase(t, a, "pair")
			newDatabase(t, b, "pair")
			c, err := fastclient.New(fastclient.Options{Addr: a.URL(), Addrs: []string{b.URL()}, Database: "pair", Balance: balance})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			w, err := batch.NewWriter(c, batch.Options{RequestTimeout: 3 * time.Second, BatchLines: 1000})
			if err != nil {
				t.Fatal(err)
			}
			const lines = 50_000
			id := 0
			write := func(n int) {
				var block bytes.Buffer
				for range n {
					fmt.Fprintf(&block, "m v=%di %d\n", id, id+1)
					id++
				}
				if err := w.Append(t.Context(), block.Bytes()); err != nil {
					t.Fatal(err)
				}
			}
			write(lines / 2)
			if err := w.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := a.Pause(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { a.Resume() }) // before the server is closed
			start := time.Now()
			for range 10 {
				write(lines / 20)
			}
			if err := w.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if st := w.Stats(); st.Acked.Lines != lines {
				t.Errorf("%d of %d lines acked while a server was stopped: %+v", st.Acked.Lines, lines, st)
			}
			t.Logf("acked after %v", time.Since(start))
			if e := c.Stats().Endpoints; e[0].Up || !e[1].Up {
				t.Errorf("%+v", e)
			}
			if err := a.Resume(); err != nil {
				t.Error(err)
			}
			if err := w.Close(t.Context()); err != nil {
				t.Error(err)
			}
			seen := map[string]bool{}
			for _, s := range []*Server{a, b} {
				for _, row := range raws(t, newClient(t, s, fastclient.Options{Database: "pair"}), "SELECT v FROM m") {
					seen[row[1]] = true
				}
			}
			if len(seen) != lines {
				t.Errorf("%d of %d acked lines are stored", len(seen), lines)
			}
		})
	}
}
