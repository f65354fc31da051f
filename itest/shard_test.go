package itest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/lp"
)

// TestShard writes series to two servers, one of which is stopped for a while. Each point must
// be stored on the server that Place names, and on no other.
func TestShard(t *testing.T) {
	a, b := startInProcess(t, Config{}), startInProcess(t, Config{})
	servers := []*Server{a, b}
	for _, s := range servers {
		newDatabase(t, s, "shard")
	}
	c, err := fastclient.New(fastclient.Options{Addr: a.URL(), Addrs: []string{b.URL()}, Database: "shard", Balance: fastclient.Shard})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Write(t.Context(), []byte("m v=1 1\n")); !errors.Is(err, fastclient.ErrSharded) {
		t.Error(err)
	}
	w, err := batch.NewShardWriter(c, batch.Options{
		MaxDelay: 50 * time.Millisecond, Overflow: batch.Spill,
		Spool: batch.SpoolOptions{Dir: filepath.Join(t.TempDir(), "spool"), Options: spool.Options{MaxBytes: 64 << 20}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const points = 4000
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	place := map[int]string{}
	var series [2]int
	write := func(from, to int) {
		t.Helper()
		for id := from; id < to; id++ {
			// Place is asked about the tags in another order than they are written.
			host, zone := fmt.Sprintf("host %d", id/10), fmt.Sprintf("=%d,", id%10)
			escaped := fmt.Sprintf(`zone=\=%d\,,host=host\ %d`, id%10, id/10)
			addr, err := c.Place([]byte(`the\ m\,x,` + escaped))
			if err != nil {
				t.Fatal(err)
			}
			place[id] = addr
			if addr == b.URL() {
				series[1]++
			} else {
				series[0]++
			}
			if rng.IntN(2) == 0 {
				err = w.Append(ctx, fmt.Appendf(nil, "the\\ m\\,x,%s id=%di %d\n", escaped, id, id+1))
			} else {
				err = w.Encode(ctx, func(e *lp.Encoder) {
					e.Point("the m,x")
					e.Tag("host", host)
					e.Tag("zone", zone)
					e.Int("id", int64(id))
					e.EndTimestamp(int64(id + 1))
				})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	compare := func(s *Server, addr string, upto int) {
		t.Helper()
		one := newClient(t, s, fastclient.Options{Database: "shard"})
		got := map[int]int{}
		res, err := one.Query(ctx, `SELECT id FROM "the m,x"`)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range res.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			id, _ := row.Int(1)
			got[int(id)]++
		}
		for id := range upto {
			if want := place[id] == addr; want != (got[id] == 1) || got[id] > 1 {
				t.Errorf("%s has the point %d %d times, its place is %s", addr, id, got[id], place[id])
			}
		}
	}
	write(0, points/2)
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	stop(t, b)
	write(points/2, points)
	short, cancelShort := context.WithTimeout(ctx, 3*time.Second)
	defer cancelShort()
	if err := w.Flush(short); err == nil {
		t.Error("Flush succeeds while a server is stopped")
	}
	compare(a, a.URL(), points)
	stats := w.ServerStats()
	if st := stats[0].Stats; st.Acked.Lines != uint64(series[0]) || st.Pending.Lines+st.Spooled.Lines > 0 || st.Down {
		t.Errorf("%+v", st)
	}
	if st := stats[1].Stats; st.Acked.Lines+st.Pending.Lines+st.Spooled.Lines != uint64(series[1]) || st.Acked.Lines == st.Appended.Lines || !st.Down {
		t.Errorf("%+v", st)
	}
	restart(t, b)
	for w.Stats().Acked.Lines < points && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	if err := w.Close(ctx); err != nil {
		t.Error(err)
	}
	compare(a, a.URL(), points)
	compare(b, b.URL(), points)
	if min(series[0], series[1]) < points/3 {
		t.Errorf("the servers have %v points", series)
	}
	t.Logf("%v points", series)
}
