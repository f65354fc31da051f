//go:build linux

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
)

const database = "chaos"

// A group is the whole cluster.
type group struct {
	t     *testing.T
	meta  [3]*node
	store [3]*node
	sql   [2]*node
}

// executables returns the directory of the servers. The test takes minutes, so it is skipped
// unless it is asked for.
func executables(t *testing.T) string {
	if os.Getenv("POINTWIRE_REQUIRE_CLUSTER") != "1" {
		t.Skip("POINTWIRE_REQUIRE_CLUSTER=1 runs it")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "pointwire", "opengemini-v1.3.1")
	if _, err := os.Stat(filepath.Join(dir, "ts-sql")); err != nil {
		t.Fatal("no openGemini (build it with go run -C itest/cluster ./cmd/build): ", err)
	}
	return dir
}

// newGroup starts a cluster that can be written to and read.
func newGroup(t *testing.T) *group {
	t.Helper()
	exe := executables(t)
	parent, err := os.MkdirTemp("/dev/shm", "cluster-")
	if err != nil {
		parent = t.TempDir()
	}
	if os.Getenv("POINTWIRE_CLUSTER_KEEP") == "1" {
		t.Log("nodes in ", parent)
	} else {
		t.Cleanup(func() { os.RemoveAll(parent) })
	}
	g := &group{t: t}
	for host := range 3 {
		dir := filepath.Join(parent, address(host))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		config(t, dir, host)
		make := func(role string) *node {
			return &node{role: role, host: host, exe: filepath.Join(exe, "ts-"+role), dir: dir}
		}
		g.meta[host], g.store[host] = make("meta"), make("store")
		if host < len(g.sql) {
			g.sql[host] = make("sql")
		}
	}
	t.Cleanup(func() {
		for _, list := range [][]*node{g.sql[:], g.store[:], g.meta[:]} {
			for _, n := range list {
				n.stop()
			}
		}
	})
	began := time.Now()
	for _, n := range g.meta {
		g.start(n)
	}
	for _, n := range g.meta {
		g.until(n.String()+" responds", time.Minute, func() error { return ping("http://" + address(n.host) + ":8091/ping") })
	}
	time.Sleep(3 * time.Second) // without it the leader may not know the stores, for ever
	for _, n := range append(g.store[:], g.sql[:]...) {
		g.start(n)
	}
	g.until("all stores are alive", time.Minute, g.alive)
	g.until("a database", time.Minute, func() error {
		_, err := g.query(0, "", "CREATE DATABASE "+database+" WITH REPLICATION 3")
		return err
	})
	if err := g.takesWrites(time.Minute); err != nil {
		t.Fatal("not ready: ", err)
	}
	for i := range g.sql {
		g.until("a read through "+g.sql[i].String(), time.Minute, func() error {
			rows, err := g.query(i, database, "SELECT v FROM ready")
			if err == nil && len(rows) != 1 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		})
	}
	t.Logf("ready after %v", time.Since(began).Round(time.Millisecond))
	return g
}

func (g *group) start(n *node) {
	g.t.Helper()
	if err := n.start(); err != nil {
		g.t.Fatal(err)
	}
}

// until calls f until it returns nil.
func (g *group) until(what string, limit time.Duration, f func() error) {
	g.t.Helper()
	var err error
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	g.t.Fatalf("%s: not within %v: %v", what, limit, err)
}

// takesWrites waits until a sql takes a write, with a client that is not tested.
func (g *group) takesWrites(limit time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for i := 0; ctx.Err() == nil; i++ {
		if err = g.write(ctx, i%len(g.sql)); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

func (g *group) write(ctx context.Context, sql int) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // the limit of a sql is 10 s
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url(sql)+"/write?db="+database, strings.NewReader("ready v=1i 1\n"))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("status %d %s", resp.StatusCode, text)
	}
	return nil
}

// client asks the servers, without the client that is tested.
var client = &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func ping(url string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// url returns the address of a sql.
func (g *group) url(sql int) string { return "http://" + address(g.sql[sql].host) + ":8086" }

// alive returns an error unless every store is alive.
func (g *group) alive() error {
	c, err := fastclient.New(fastclient.Options{Addr: g.url(0)})
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	nodes, err := admin.Cluster(ctx, c)
	if err != nil {
		return err
	}
	n := 0
	for _, node := range nodes {
		if node.Role == "data" {
			if node.Status != "alive" {
				return fmt.Errorf("%s is %s", node.Address, node.Status)
			}
			n++
		}
	}
	if n != len(g.store) {
		return fmt.Errorf("%d stores", n)
	}
	return nil
}

// knownPanic is what a store of 1.3.1 may say for ever once it is started again: the leader
// has dropped a part of the raft log that the store still needs (lib/raftconn/node.go:238).
// The other two stores go on, and nothing that was acknowledged is lost by it.
const knownPanic = "panic: replay wal error"

// back waits until every store is alive. It returns the store that has the known fault of
// the server and will never be alive again, or nil.
func (g *group) back(event string) *node {
	g.t.Helper()
	var ended *node
	g.until("all stores are alive after "+event, 2*time.Minute, func() error {
		for _, n := range g.store {
			if n.running() {
				continue
			}
			text, err := os.ReadFile(n.output())
			if err != nil {
				g.t.Fatal(err)
			}
			if !strings.Contains(string(text), knownPanic) {
				g.t.Fatalf("%v has ended by itself:\n%s", n, text[max(0, len(text)-4000):])
			}
			ended = n
			return nil
		}
		return g.alive()
	})
	return ended
}

// query returns the rows of a statement.
func (g *group) query(sql int, db, q string) (rows [][]json.Number, err error) {
	resp, err := client.PostForm(g.url(sql)+"/query", url.Values{"db": {db}, "q": {q}, "epoch": {"ns"}, "chunked": {"true"}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	for d := json.NewDecoder(resp.Body); d.More(); {
		var chunk struct {
			Error   string
			Results []struct {
				Error  string
				Series []struct{ Values [][]json.Number }
			}
		}
		if err := d.Decode(&chunk); err != nil {
			return nil, err
		}
		for _, r := range chunk.Results {
			if chunk.Error+r.Error != "" {
				return nil, fmt.Errorf("%s: %s%s", q, chunk.Error, r.Error)
			}
			for _, s := range r.Series {
				rows = append(rows, s.Values...)
			}
		}
	}
	return rows, nil
}
