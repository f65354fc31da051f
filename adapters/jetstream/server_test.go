package pwjetstream_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// A cluster is servers of NATS in this process.
type cluster struct {
	t       testing.TB
	options []*server.Options
	servers []*server.Server
	log     serverLog
}

// A serverLog keeps what the servers say of what they cannot do, for a test that fails.
type serverLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *serverLog) add(format string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text.Len() < 1<<16 {
		fmt.Fprintf(&l.text, format+"\n", args...)
	}
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *serverLog) Noticef(string, ...any)            {}
func (l *serverLog) Debugf(string, ...any)             {}
func (l *serverLog) Tracef(string, ...any)             {}
func (l *serverLog) Warnf(format string, args ...any)  { l.add(format, args) }
func (l *serverLog) Errorf(format string, args ...any) { l.add(format, args) }
func (l *serverLog) Fatalf(format string, args ...any) { l.add(format, args) }

// freePort returns a port that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	addr, err := influxtest.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return int(netip.MustParseAddrPort(addr).Port())
}

// newCluster starts n servers, which end with the test.
func newCluster(t testing.TB, n int, payload int32) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var routes []string
	for i := range n {
		o := &server.Options{
			ServerName: fmt.Sprint("node", i), Host: "127.0.0.1", Port: freePort(t), JetStream: true, StoreDir: t.TempDir(),
			MaxPayload: payload, NoSigs: true,
		}
		if n > 1 {
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: freePort(t)}
			routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", o.Cluster.Port))
		}
		c.options = append(c.options, o)
	}
	c.servers = make([]*server.Server, n)
	for i, o := range c.options {
		if n > 1 {
			o.Routes = server.RoutesFromStr(fmt.Sprint(routes[0], ",", routes[1], ",", routes[2]))
		}
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range c.servers {
			c.stop(i)
		}
	})
	for _, s := range c.servers {
		if !s.ReadyForConnections(time.Minute) {
			t.Fatalf("a server does not start:\n%s", &c.log)
		}
	}
	return c
}

func (c *cluster) start(i int) {
	s, err := server.NewServer(c.options[i].Clone())
	if err != nil {
		c.t.Fatal(err)
	}
	c.servers[i] = s
	s.SetLogger(&c.log, false, false)
	s.Start()
}

func (c *cluster) stop(i int) {
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

// connect returns a connection to all servers.
func (c *cluster) connect(options ...nats.Option) jetstream.JetStream {
	c.t.Helper()
	urls := ""
	for i, o := range c.options {
		if i > 0 {
			urls += ","
		}
		urls += fmt.Sprintf("nats://127.0.0.1:%d", o.Port)
	}
	nc, err := nats.Connect(urls, append([]nats.Option{nats.MaxReconnects(-1), nats.ReconnectWait(50 * time.Millisecond), nats.RetryOnFailedConnect(true)}, options...)...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		c.t.Fatal(err)
	}
	return js
}

// streams makes the stream of points and that of dead letters, as often as it takes until
// the cluster has a leader.
func streams(t testing.TB, js jetstream.JetStream, replicas int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, c := range []jetstream.StreamConfig{
		{Name: "points", Subjects: []string{"points.>"}, Retention: jetstream.WorkQueuePolicy},
		{Name: "dead", Subjects: []string{"dead.>"}},
	} {
		c.Replicas = replicas
		for {
			try, cancel := context.WithTimeout(ctx, 2*time.Second) // nobody answers without a leader
			_, err := js.CreateOrUpdateStream(try, c)
			cancel()
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// leader returns which server leads the stream.
func (c *cluster) leader(js jetstream.JetStream, stream string) int {
	c.t.Helper()
	s, err := js.Stream(c.t.Context(), stream)
	if err != nil {
		c.t.Fatal(err)
	}
	return slices.IndexFunc(c.options, func(o *server.Options) bool { return o.ServerName == s.CachedInfo().Cluster.Leader })
}

// messages returns what is in a stream.
func messages(t testing.TB, js jetstream.JetStream, stream string) (list []*jetstream.RawStreamMsg) {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	state := s.CachedInfo().State
	for seq := state.FirstSeq; seq <= state.LastSeq && state.Msgs > 0; seq++ {
		if m, err := s.GetMsg(t.Context(), seq); err == nil {
			list = append(list, m)
		}
	}
	return list
}

// eventually waits until f reports true.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !f(); {
		if time.Now().After(end) {
			t.Fatal("not within a minute: ", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
