package pwjetstream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"

	"github.com/nats-io/nats.go/jetstream"
)

// A store is a server that stores lines, like InfluxDB 1.x: it refuses those with the tag bad.
type store struct {
	*httptest.Server
	mu       sync.Mutex
	lines    map[string]int // how often each arrived
	encoding map[string]int
	down     bool
}

func newStore(t testing.TB) *store {
	s := startStore()
	t.Cleanup(s.Close)
	return s
}

func startStore() *store {
	s := &store{lines: map[string]int{}, encoding: map[string]int{}}
	s.Server = httptest.NewServer(s)
	return s
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("X-Influxdb-Version", "1.8.10")
	refuse := func(status int, words string) {
		w.Header().Set("X-Influxdb-Error", words)
		w.WriteHeader(status)
		io.WriteString(w, `{"error":"`+strings.ReplaceAll(words, `"`, `\"`)+`"}`)
	}
	if s.down {
		refuse(503, "timeout")
		return
	}
	s.encoding[r.Header.Get("Content-Encoding")]++
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			refuse(400, err.Error())
			return
		}
	}
	bad := 0
	for line := range strings.Lines(string(body)) {
		if strings.Contains(line, ",bad=") {
			bad++
			continue
		}
		s.lines[strings.TrimSpace(line)]++
	}
	if bad > 0 {
		refuse(400, `partial write: points beyond retention policy dropped=`+itoa(bad))
		return
	}
	w.WriteHeader(204)
}

func (s *store) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *store) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

// clientOf returns a client of the database d on a server.
func clientOf(t testing.TB, url string) *fastclient.Client {
	t.Helper()
	c, err := fastclient.New(fastclient.Options{Addr: url, Database: "d", Compression: fastclient.Compression{Always: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// newSink returns a Sink for the subject points.a.
func newSink(t testing.TB, js jetstream.JetStream, o pwjetstream.SinkOptions) *pwjetstream.Sink {
	t.Helper()
	o.Subject = "points.a"
	s, err := pwjetstream.NewSink(t.Context(), js, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newWriter returns a Writer to a Sink.
func newWriter(t testing.TB, c *fastclient.Client, sink batch.Sink, o batch.Options) *batch.Writer {
	t.Helper()
	o.Sink = sink
	w, err := batch.NewWriter(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// forward runs a Forwarder until stop is called, which returns its stats.
func forward(t testing.TB, js jetstream.JetStream, c *fastclient.Client, o pwjetstream.ForwarderOptions) (f *pwjetstream.Forwarder, stop func() pwjetstream.ForwarderStats) {
	t.Helper()
	o.Stream, o.Durable, o.DeadLetter = "points", "forwarders", "dead.points"
	f, err := pwjetstream.NewForwarder(t.Context(), js, c, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	return f, sync.OnceValue(func() pwjetstream.ForwarderStats {
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("Run: %v", err)
		}
		s := f.Stats()
		if s.Received != s.Stored+s.Foreign+s.Broken+s.Returned+s.UnconfirmedMessages || s.InFlight != 0 {
			t.Errorf("the messages do not add up: %+v", s)
		}
		return s
	})
}

// account holds that the lines of both ends add up when nothing is pending.
func account(t testing.TB, sinks []pwjetstream.SinkStats, forwarders []pwjetstream.ForwarderStats) {
	t.Helper()
	var published, settled batch.Count
	plus := func(to *batch.Count, c batch.Count) { to.Lines, to.Bytes = to.Lines+c.Lines, to.Bytes+c.Bytes }
	for _, s := range sinks {
		plus(&published, s.Published)
	}
	for _, s := range forwarders {
		plus(&settled, s.Acked)
		plus(&settled, s.Rejected)
		plus(&settled, s.Uncertain)
	}
	if published != settled {
		t.Errorf("published %v, settled %v: %+v %+v", published, settled, sinks, forwarders)
	}
}
