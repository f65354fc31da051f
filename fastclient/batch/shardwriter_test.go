package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/shard"
)

// placePlain returns which of the servers has the series of a line without escapes. It does
// not use the code under test.
func placePlain(servers []string, text string) (at int) {
	mix := func(x uint64) uint64 {
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	sum := func(s string) uint64 {
		h := fnv.New64a()
		h.Write([]byte(s))
		return mix(h.Sum64())
	}
	series, _, _ := strings.Cut(text, " ")
	parts := strings.Split(series, ",")
	h := sum(parts[0])
	for _, tag := range parts[1:] {
		h += sum(strings.Replace(tag, "=", "\xff", 1))
	}
	most := uint64(0)
	for i, s := range servers {
		if score := mix(h ^ sum(s)); i == 0 || score > most {
			most, at = score, i
		}
	}
	return at
}

// TestShardWriter: every line is on the server of its series, and while one of three servers is
// down, only its lines wait.
func TestShardWriter(t *testing.T) {
	for _, overflow := range []OverflowPolicy{Block, Spill} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			down := make([]atomic.Bool, 3)
			down[1].Store(true)
			c, servers := pipeSet(t, fastclient.Options{Balance: fastclient.Shard}, down)
			defer c.Close()
			o := Options{Overflow: overflow}
			if overflow == Spill {
				o.Spool = SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 64 << 20}}
			}
			w, err := NewShardWriter(c, o)
			if err != nil {
				t.Fatal(err)
			}
			addrs := []string{}
			for _, s := range w.ServerStats() {
				addrs = append(addrs, s.Addr)
			}
			want := make([]map[string]bool, 3)
			for i := range want {
				want[i] = map[string]bool{}
			}
			for n := range 300 {
				text := fmt.Sprintf("m,b=x,id=%d v=1i 1", n)
				if err := w.Append(context.Background(), []byte(text)); err != nil {
					t.Fatal(err)
				}
				at := placePlain(addrs, text)
				want[at][text] = true
				from, _ := c.Place([]byte(fmt.Sprintf("m,id=%d,b=x", n)))
				if w.Place([]byte(text)) != addrs[at] || from != addrs[at] {
					t.Errorf("%q is at %s and %s, want %s", text, w.Place([]byte(text)), from, addrs[at])
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			if err := w.Flush(ctx); err == nil || !strings.Contains(err.Error(), addrs[1]) || strings.Contains(err.Error(), addrs[0]) {
				t.Errorf("Flush: %v", err)
			}
			compare := func(i int) {
				t.Helper()
				lines := linesAt(servers[i])
				for _, l := range lines {
					if !want[i][l] {
						t.Errorf("server %d has %q", i, l)
					}
				}
				if len(lines) != len(want[i]) || len(lines) < 50 {
					t.Errorf("server %d has %d lines, want %d", i, len(lines), len(want[i]))
				}
			}
			compare(0)
			compare(2)
			if st := w.ServerStats()[1].Stats; st.Pending.Lines+st.Spooled.Lines != uint64(len(want[1])) {
				t.Errorf("%+v", st)
			}
			sum := w.Stats()
			if sum.Appended.Lines != 300 || sum.Acked.Lines != uint64(len(want[0])+len(want[2])) || sum.Appended != sum.Acked.plus(sum.Pending).plus(sum.Spooled) || !sum.Down {
				t.Errorf("%+v", sum)
			}
			down[1].Store(false)
			time.Sleep(time.Minute)
			compare(1)
			if err := w.Close(context.Background()); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// TestShardWriterWaits: an append that must wait for the memory of one server has its lines for
// the others accepted, and they are sent.
func TestShardWriterWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := make([]atomic.Bool, 2)
		down[0].Store(true)
		c, servers := pipeSet(t, fastclient.Options{Balance: fastclient.Shard, Compression: fastclient.Compression{Off: true}}, down)
		defer c.Close()
		w, err := NewShardWriter(c, Options{BatchBytes: 1 << 10, MaxMemory: 16 << 10})
		if err != nil {
			t.Fatal(err)
		}
		var lines []byte
		want := 0
		for n := range 5000 {
			text := fmt.Sprintf("m,id=%d v=1i 1", n)
			lines = append(append(lines, text...), '\n')
			want += placePlain(w.addrs, text)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		var ae *AppendError
		err = w.Append(ctx, lines)
		if !errors.As(err, &ae) || !errors.Is(err, context.DeadlineExceeded) || ae.Accepted <= want || ae.Accepted+ae.Refused != 5000 {
			t.Fatalf("%v, %d for the server that is up", err, want)
		}
		if got := len(linesAt(servers[1])); got != want {
			t.Errorf("%d lines arrived, want %d", got, want)
		}
		st := w.Stats()
		if st.RefusedOther != uint64(ae.Refused) || st.Appended.Lines != uint64(ae.Accepted) {
			t.Errorf("%+v, %v", st, ae)
		}
		down[0].Store(false)
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestShardWriterErrors: the client of independent servers refuses what it cannot know.
func TestShardWriterErrors(t *testing.T) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://a", Addrs: []string{"http://b"}, Database: "d", Balance: fastclient.Shard})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var oe *fastclient.OptionError
	if _, err := NewWriter(c, Options{}); !errors.As(err, &oe) || oe.Field != "Balance" {
		t.Error(err)
	}
	if _, err := NewSyncWriter(c, Options{}); !errors.As(err, &oe) || oe.Field != "Balance" {
		t.Error(err)
	}
	if _, err := NewShardWriter(c, Options{MaxMemory: 1 << 20}); !errors.As(err, &oe) || oe.Field != "Options.MaxMemory" {
		t.Error(err)
	}
	if err := c.Write(t.Context(), []byte("m v=1\n")); !errors.Is(err, fastclient.ErrSharded) {
		t.Error(err)
	}
	if _, err := fastclient.QueryOne[int64](t.Context(), c, "SELECT 1"); !errors.Is(err, fastclient.ErrSharded) {
		t.Error(err)
	}
	w, err := NewShardWriter(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(t.Context(), []byte("bad\nworse\n")); err == nil || w.Stats().RefusedInvalid != 2 {
		t.Error(err, w.Stats().RefusedInvalid)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := w.Append(t.Context(), []byte("m v=1\n")); !errors.Is(err, ErrWriterClosed) {
		t.Error(err)
	}
	if w.Place(nil) != "" || w.Place([]byte(",")) != "" {
		t.Error("nothing has a place")
	}
}

// A shardServer is one of several servers of a history.
type shardServer struct {
	h     *history
	addrs []string
	at    int
	seam.Sender
}

func (s *shardServer) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	eachLine(decompressed(b), func(id int, line string) {
		if at := placePlain(s.addrs, line); at != s.at {
			s.h.t.Errorf("line %q is for server %d, sent to %d", line, at, s.at)
		}
	})
	s.Sender.Send(ctx, b, r)
}

// TestModelShard plays the histories of TestModel against a ShardWriter whose servers misbehave
// independently of each other.
func TestModelShard(t *testing.T) {
	runHistories(t, modelHistories/5, func(t *testing.T, seed uint64) { newHistory(t, seed).playShard() })
}

func (h *history) playShard() {
	n := 1 + h.rng.IntN(4)
	w := &ShardWriter{waits: h.config.o.Overflow == Block}
	for i := range n {
		w.addrs = append(w.addrs, fmt.Sprintf("http://server%d:8086", i))
	}
	w.servers = shard.Of(w.addrs)
	w.scratch.New = func() any { return &shards{make([][]byte, n), make([]int, n)} }
	var servers []*moodyServer
	for i := range n {
		one := &moodyServer{ // every server has its moods
			rng: rand.New(rand.NewPCG(h.rng.Uint64(), 3)), api: h.server.api, stored: map[int]string{}, letGo: map[int]bool{},
			trust: h.server.trust, limit: h.server.limit, noGzip: h.server.noGzip, strict: h.server.strict,
		}
		if h.rng.IntN(3) == 0 {
			one.trust = 1
		}
		servers = append(servers, one)
		cfg := h.config
		cfg.targets = nil
		for range h.config.targets {
			cfg.targets = append(cfg.targets, &target{api: one.api, server: fakeTarget{&shardServer{h, w.addrs, i, one}}})
		}
		writer, err := newWriter(cfg)
		if err != nil {
			h.t.Fatal(err)
		}
		w.writers = append(w.writers, writer)
	}
	for _, one := range w.writers {
		one.startAll()
	}
	var wg sync.WaitGroup
	for range 1 + h.rng.IntN(3) {
		rng := rand.New(rand.NewPCG(h.rng.Uint64(), 2))
		wg.Go(func() {
			for range 5 + rng.IntN(20) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rng.Int64N(int64(3*time.Second))))
				if rng.IntN(12) == 0 {
					w.Flush(ctx)
				} else {
					h.appendShards(ctx, rng, w)
				}
				cancel()
				for _, one := range w.writers {
					audit(h.t, &one.engine)
				}
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(h.rng.Int64N(int64(time.Minute))))
	defer cancel()
	err := w.Close(ctx)
	all := &UnsentError{}
	for _, one := range w.writers {
		audit(h.t, &one.engine)
		var ue *UnsentError
		if errors.As(one.closeErr, &ue) {
			all.Lines += ue.Lines
			all.Batches = append(all.Batches, ue.Batches...)
		}
	}
	if (err == nil) && all.Lines > 0 {
		h.t.Error("Close says nothing about unsent lines")
	}
	trust := 1.0
	for _, s := range servers {
		trust = min(trust, s.trust)
		for id, text := range s.stored {
			h.server.stored[id] = text
		}
		for id := range s.letGo {
			h.server.letGo[id] = true
		}
	}
	h.server.trust = trust
	h.compare(w.Stats(), all)
}

// appendShards appends one line at a time: of several, those that are refused are not the last
// ones.
func (h *history) appendShards(ctx context.Context, rng *rand.Rand, w LineWriter) {
	for range 1 + rng.IntN(8) {
		ids, text := h.lines(rng, 1)
		err := w.Append(ctx, []byte(text[0]))
		h.mu.Lock()
		if err == nil {
			h.accepted[ids[0]] = text[0]
		} else {
			h.refused[ids[0]] = true
		}
		h.mu.Unlock()
	}
}

// TestRouteServers: writers for several servers choose the database, too.
func TestRouteServers(t *testing.T) {
	for _, kind := range []string{"replica", "shard"} {
		synctest.Test(t, func(t *testing.T) {
			c, servers := pipeSet(t, fastclient.Options{Balance: fastclient.Shard}, make([]atomic.Bool, 2))
			defer c.Close()
			o := Options{Route: RouteOptions{DatabaseTag: "db"}}
			var w LineWriter
			var err error
			if kind == "shard" {
				w, err = NewShardWriter(c, o)
			} else {
				w, err = NewReplicaWriter(c, o, NeedAll)
			}
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			for n := range 100 {
				err := w.Append(ctx, fmt.Appendf(nil, "m,db=x,id=%d v=1 1\nm,db=/,id=%[1]d v=1 1\nm,db=y\\ z,id=%[1]d v=1 1\n", n))
				var ae *AppendError
				var re *RouteError
				if !errors.As(err, &ae) || ae.Accepted != 2 || ae.Refused != 1 || !errors.As(err, &re) || re.Value != "/" {
					t.Fatal(err)
				}
			}
			if err := w.Close(ctx); err != nil {
				t.Error(err)
			}
			if st := w.Stats(); st.Acked.Lines != 200 || st.RefusedInvalid != 100 || st.RefusedOther != 0 {
				t.Errorf("%s: %+v", kind, st)
			}
			var all []string
			for _, s := range servers {
				var lines []string
				for _, r := range s.Requests() {
					for l := range strings.Lines(string(r.Body)) {
						lines = append(lines, r.Query.Get("db")+" "+l)
					}
				}
				slices.Sort(lines)
				if kind == "replica" && len(slices.Compact(lines)) != 200 || kind == "shard" && len(lines) < 50 {
					t.Errorf("%s: a server has %d lines", kind, len(lines))
				}
				all = append(all, lines...)
			}
			slices.Sort(all)
			all = slices.Compact(all)
			if len(all) != 200 || all[0] != "x m,id=0 v=1 1\n" || all[199] != "y z m,id=99 v=1 1\n" {
				t.Errorf("%s: %d lines, %q", kind, len(all), all)
			}
		})
	}
}

// TestShardWriterRouteIndex: the number of a line that has no place is that among all lines of
// the append.
func TestShardWriterRouteIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pipeSet(t, fastclient.Options{Balance: fastclient.Shard}, make([]atomic.Bool, 3))
		defer c.Close()
		for _, overflow := range []OverflowPolicy{Block, DropNewest} {
			w, err := NewShardWriter(c, Options{Overflow: overflow, Route: RouteOptions{DatabaseTag: "db"}})
			if err != nil {
				t.Fatal(err)
			}
			for bad := range 30 {
				var text []byte
				for i := range 30 {
					db := "good"
					if i == bad {
						db = ".."
					}
					text = fmt.Appendf(text, "m%d,db=%s v=1 1\n", i, db)
				}
				var e *RouteError
				if err := w.Append(t.Context(), text); !errors.As(err, &e) || e.Index != bad {
					t.Fatalf("%v, want line %d", err, bad)
				}
			}
			if s := w.Stats(); s.Appended.Lines != 30*29 || s.RefusedInvalid != 30 {
				t.Errorf("%v appended, %d refused", s.Appended, s.RefusedInvalid)
			}
			mustClose(t, w)
		}
	})
}

// TestShardWriterRouteWaits: with a Route, too, an append that waits for the memory of one server
// does not keep its lines from the others.
func TestShardWriterRouteWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := make([]atomic.Bool, 3)
		for i := range down {
			down[i].Store(true)
		}
		c, _ := pipeSet(t, fastclient.Options{Balance: fastclient.Shard}, down)
		defer c.Close()
		w, err := NewShardWriter(c, Options{BatchBytes: 8 << 10, MaxMemory: 3 << 20, MaxInFlight: 1, Route: RouteOptions{DatabaseTag: "db"}})
		if err != nil {
			t.Fatal(err)
		}
		// The memory of the first server is used up.
		var own, others []byte
		for i := range 100 {
			text := fmt.Appendf(nil, "m,db=d,i=%d v=1 1\n", i)
			if w.Place(text) == w.addrs[0] {
				own = append(own, text...)
			} else {
				others = append(others, text...)
			}
		}
		for err == nil {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			err = w.Append(ctx, own)
			cancel()
		}
		done := make(chan error)
		go func() { done <- w.Append(context.Background(), append(own, others...)) }()
		time.Sleep(time.Minute)
		s := w.ServerStats()
		if n := s[1].Stats.Appended.Bytes + s[2].Stats.Appended.Bytes; n != uint64(len(others)-len(",db=d")*bytes.Count(others, []byte("\n"))) {
			t.Errorf("the other servers have %d bytes of %d", n, len(others))
		}
		for i := range down {
			down[i].Store(false)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		mustClose(t, w)
	})
}
