package batch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// pipeSet returns a client of several servers in memory. Those in down refuse connections.
func pipeSet(t *testing.T, o fastclient.Options, down []atomic.Bool) (*fastclient.Client, []*influxtest.Server) {
	t.Helper()
	var servers []*influxtest.Server
	dials := map[string]func(context.Context, string, string) (net.Conn, error){}
	index := map[string]int{}
	for i := range down {
		s, dial := influxtest.NewPipe(t)
		addr := fmt.Sprintf("server%d:8086", i)
		dials[addr], index[addr] = dial, i
		servers = append(servers, s)
		o.Addrs = append(o.Addrs, "http://"+addr)
	}
	o.Addr, o.Addrs, o.Database = o.Addrs[0], o.Addrs[1:], "d"
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if down[index[addr]].Load() {
			return nil, errReset
		}
		return dials[addr](ctx, network, addr)
	}
	c, err := fastclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, servers
}

// TestSyncWriterServers: a SyncWriter uses the servers that are up, with every Balance.
func TestSyncWriterServers(t *testing.T) {
	for _, balance := range []fastclient.Balance{fastclient.Failover, fastclient.RoundRobin} {
		synctest.Test(t, func(t *testing.T) {
			down := make([]atomic.Bool, 3)
			down[0].Store(true)
			c, servers := pipeSet(t, fastclient.Options{Balance: balance}, down)
			w, err := NewSyncWriter(c, Options{RetryFor: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			for range 4 {
				mustAppend(t, w, "m v=1 1\n")
				if err := w.Flush(context.Background()); err != nil {
					t.Errorf("balance %d: %v", balance, err)
				}
			}
			second, third := len(servers[1].Requests()), len(servers[2].Requests())
			if second+third != 4 || balance == fastclient.RoundRobin && (second == 0 || third == 0) {
				t.Errorf("balance %d: %d and %d requests", balance, second, third)
			}
			mustClose(t, w)
			c.Close()
			for _, s := range servers {
				s.Close()
			}
		})
	}
}

// TestCloseTriesServersOnceMore: after all servers were down, Close tries them once more,
// although the pause of the client is not over.
func TestCloseTriesServersOnceMore(t *testing.T) {
	for _, balance := range []fastclient.Balance{fastclient.Failover, fastclient.RoundRobin} {
		for _, batch := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				down := make([]atomic.Bool, 2)
				down[0].Store(true)
				down[1].Store(true)
				c, servers := pipeSet(t, fastclient.Options{Balance: balance}, down)
				w, err := lineWriter(c, Options{RetryFor: 20 * time.Second, MaxInFlight: 1}, batch)
				if err != nil {
					t.Fatal(err)
				}
				mustAppend(t, w, "m v=1 1\n")
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				if err := w.Flush(ctx); !isPending(err) {
					t.Errorf("Flush: %v", err)
				}
				cancel()
				down[0].Store(false)
				down[1].Store(false)
				ctx, cancel = context.WithTimeout(context.Background(), 2*time.Second)
				if err := w.Close(ctx); err != nil {
					t.Errorf("balance %d, batch %v: Close: %v", balance, batch, err)
				}
				cancel()
				c.Close()
				for _, s := range servers {
					s.Close()
				}
			})
		}
	}
}

func lineWriter(c *fastclient.Client, o Options, batch bool) (LineWriter, error) {
	if batch {
		return NewSyncWriter(c, o)
	}
	return NewWriter(c, o)
}

// TestManyServers: the default memory suffices for 16 servers, and for more with a subset.
func TestManyServers(t *testing.T) {
	for _, c := range []struct{ servers, subset, inFlight int }{{2, 0, 2}, {8, 0, 2}, {16, 0, 1}, {28, 0, 1}, {100, 0, 0}, {100, 4, 2}} {
		o := fastclient.Options{Database: "d", Balance: fastclient.RoundRobin, Addr: "http://influx:8086", Subset: fastclient.Subset{Size: c.subset, ID: "a"}}
		for i := 1; i < c.servers; i++ {
			o.Addrs = append(o.Addrs, fmt.Sprintf("http://influx%d:8086", i))
		}
		client, err := fastclient.New(o)
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWriter(client, Options{})
		if got := 0; c.inFlight == 0 {
			var oe *fastclient.OptionError
			if !errors.As(err, &oe) || oe.Field != "Options.MaxMemory" {
				t.Errorf("%d servers: %v", c.servers, err)
			}
		} else if err != nil {
			t.Errorf("%d servers: %v", c.servers, err)
		} else {
			if got = w.o.MaxInFlight; got != c.inFlight {
				t.Errorf("%d servers: %d requests to each, want %d", c.servers, got, c.inFlight)
			}
			if st := w.Stats(); st.Memory > st.MemoryLimit {
				t.Errorf("%d servers: memory %d of %d", c.servers, st.Memory, st.MemoryLimit)
			}
			mustClose(t, w)
		}
		client.Close()
	}
}
