package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// requests returns what a server was asked to write: path, parameters and lines of each.
func requests(s *influxtest.Server) (list []string) {
	for _, r := range s.Requests() {
		list = append(list, r.Path+"?"+r.Query.Encode()+" "+string(r.Body))
	}
	return list
}

// replayOf runs replay against a server that plays the replies.
func replayOf(t *testing.T, dir string, replies []influxtest.Reply, args ...string) (int, string, *influxtest.Server) {
	t.Helper()
	s := influxtest.New(t, replies...)
	got, said := spoolOf(t, append([]string{"replay", dir, "-url", s.URL, "-retry", "0"}, args...)...)
	return got, said, s
}

// accounts fails unless said has these rows of the accounting: batches and lines.
func accounts(t *testing.T, said, found, sent string, stored, rejected, uncertain int, left string) {
	t.Helper()
	text := strings.Join(strings.Fields(said), " ")
	contains(t, text, fmt.Sprintf("batches lines found %s sent %s stored %d rejected %d uncertain %d ", found, sent, stored, rejected, uncertain), " left "+left+" ")
}

func TestReplaySpool(t *testing.T) {
	dir := newSpool(t, threeTargets(t)...)
	got, said, s := replayOf(t, dir, nil)
	if got != 0 {
		t.Errorf("status %d\n%s", got, said)
	}
	accounts(t, said, "4 7", "4 7", 7, 0, 0, "0 0")
	want := []string{
		"/write?db=testdb&precision=s&rp=autogen a v=1 1\na v=2 2\n",
		"/api/v2/write?bucket=b&org=o&precision=ns b v=1 1\n",
		"/api/v3/write_lp?db=d&precision=nanosecond c v=1 1\nc v=2 2\nc v=3 3\n",
		"/write?db=testdb&precision=s&rp=autogen a v=3 3\n",
	}
	if list := requests(s); !slices.Equal(list, want) {
		t.Errorf("sent\n%q, want\n%q", list, want)
	}
	if left := held(t, dir); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if got, said, _ := replayOf(t, dir, nil); got != 0 {
		t.Errorf("an empty spool: status %d\n%s", got, said)
	}
}

func TestReplayOverrides(t *testing.T) {
	dir := newSpool(t, threeTargets(t)[:2]...)
	got, said, s := replayOf(t, dir, nil, "-db", "x", "-rp", "y", "-bucket", "z", "-org", "p")
	want := []string{"/write?db=x&precision=s&rp=y a v=1 1\na v=2 2\n", "/api/v2/write?bucket=z&org=p&precision=ns b v=1 1\n"}
	if list := requests(s); got != 0 || !slices.Equal(list, want) {
		t.Errorf("status %d, sent\n%q, want\n%q\n%s", got, list, want, said)
	}
	// Version 3 has no retention policies, so the batch cannot be sent.
	dir = newSpool(t, threeTargets(t)[2])
	if got, said, s = replayOf(t, dir, nil, "-rp", "y"); got != 1 || len(s.Requests()) > 0 || !strings.Contains(said, "RetentionPolicy") || len(held(t, dir)) != 1 {
		t.Errorf("status %d\n%s", got, said)
	}
}

// TestReplayAuth holds that the credentials of -url are used and not printed.
func TestReplayAuth(t *testing.T) {
	s := influxtest.New(t, influxtest.Error(401, "authorization failed"))
	url := strings.Replace(s.URL, "://", "://user:sesame@", 1)
	dir := newSpool(t, threeTargets(t)...)
	got, said := spoolOf(t, "replay", dir, "-url", url, "-retry", "0")
	if got != 1 || strings.Contains(said, "sesame") || !strings.Contains(said, "authorization failed") {
		t.Errorf("status %d\n%s", got, said)
	}
	if user, password, ok := basic(s.Last()); !ok || user != "user" || password != "sesame" {
		t.Errorf("%q, %q", user, password)
	}
	if len(held(t, dir)) != 4 {
		t.Error("batches are gone")
	}
}

func basic(r *influxtest.Request) (user, password string, ok bool) {
	return (&http.Request{Header: r.Header}).BasicAuth()
}

// sixBatches are six batches of two lines, numbered from 0.
func sixBatches(t *testing.T) (list []spool.Batch) {
	for i := range 6 {
		list = append(list, newBatch(t, toV1, spool.Gzip, fmt.Sprintf("m v=%d 1\nn v=%d 1\n", i, i)))
	}
	return list
}

// ok is the reply of a server that stored a request.
var ok = influxtest.Status(204)

// TestReplayDown holds that a failing server costs no batch: those before are acked, and
// the one that failed is left with those after it.
func TestReplayDown(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply influxtest.Reply
		says  string
	}{
		{"unavailable", influxtest.Error(503, "engine: closed"), "503: engine: closed"},
		{"no database", influxtest.Error(404, `database not found: "testdb"`), "database not found"},
		{"no response", influxtest.Drop(), ""},
		{"a proxy", influxtest.Body(200, "<html>please log in</html>", "Content-Type", "text/html"), ""},
	} {
		dir := newSpool(t, sixBatches(t)...)
		got, said, _ := replayOf(t, dir, []influxtest.Reply{ok, ok, c.reply})
		if got != 1 {
			t.Errorf("%s: status %d", c.name, got)
		}
		accounts(t, said, "6 12", "2 4", 4, 0, 0, "4 8")
		contains(t, said, "batch 3 for "+toV1+": ", "4 batches with 8 lines left in the spool", c.says)
		left := held(t, dir)
		if len(left) != 4 || left[0] != toV1+" m v=2 1\nn v=2 1\n" {
			t.Errorf("%s: left %q", c.name, left)
		}
		got, said, s := replayOf(t, dir, nil)
		if got != 0 || len(s.Requests()) != 4 {
			t.Errorf("%s, again: status %d, %d requests\n%s", c.name, got, len(s.Requests()), said)
		}
	}
	got, said := spoolOf(t, "replay", newSpool(t, sixBatches(t)...), "-url", "http://127.0.0.1:1", "-retry", "0")
	if got != 1 || !strings.Contains(said, "refused") {
		t.Errorf("no server: status %d\n%s", got, said)
	}
}

// TestReplayRetries holds that a failure within -retry is none.
func TestReplayRetries(t *testing.T) {
	dir := newSpool(t, sixBatches(t)...)
	s := influxtest.New(t, ok, influxtest.Error(503, "busy"), ok)
	if got, said := spoolOf(t, "replay", dir, "-url", s.URL, "-retry", "1m"); got != 0 || len(s.Requests()) != 7 {
		t.Errorf("status %d, %d requests\n%s", got, len(s.Requests()), said)
	}
}

// refuses is a server that cannot parse lines that begin with "bad", and stores the
// others, as 1.8.10 does.
func refuses(t *testing.T, bad string) (*influxtest.Server, func() []string) {
	var mu sync.Mutex
	var stored []string
	s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		mu.Lock()
		defer mu.Unlock()
		var words []string
		for line := range strings.Lines(string(r.Body)) {
			if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, bad) {
				words = append(words, "unable to parse '"+line+"': bad timestamp")
			} else {
				stored = append(stored, line)
			}
		}
		if len(words) == 0 {
			influxtest.Status(204).Play(c, r)
			return
		}
		influxtest.Error(400, "partial write: "+strings.Join(words, "\n")+" dropped=0").Play(c, r)
	}))
	return s, func() []string { mu.Lock(); defer mu.Unlock(); return stored }
}

func TestReplayRefused(t *testing.T) {
	batches := []spool.Batch{
		newBatch(t, toV1, spool.Gzip, "m v=1 1\n"),
		newBatch(t, toV1, spool.Gzip, "m v=2 2\nbad v=1 1\nm v=3 3\n"),
		newBatch(t, toV1, spool.Gzip, "m v=4 4\n"),
	}
	s, _ := refuses(t, "bad")
	dir := newSpool(t, batches...)
	got, said := spoolOf(t, "replay", dir, "-url", s.URL, "-retry", "0")
	if got != 1 {
		t.Errorf("status %d", got)
	}
	accounts(t, said, "3 5", "1 1", 1, 0, 0, "2 4")
	contains(t, said, "the server refused lines, and there is no -dead file for them: ", "2 batches with 4 lines left")
	if left := held(t, dir); len(left) != 2 || !strings.Contains(left[0], "bad v=1") {
		t.Errorf("left %q", left)
	}

	s, stored := refuses(t, "bad")
	dead := filepath.Join(t.TempDir(), "dead.lp")
	got, said = spoolOf(t, "replay", dir, "-url", s.URL, "-retry", "0", "-dead", dead)
	if got != 1 {
		t.Errorf("status %d", got)
	}
	accounts(t, said, "2 4", "2 4", 3, 1, 0, "0 0")
	contains(t, said, "1 line refused or uncertain, kept in "+dead)
	if len(held(t, dir)) > 0 {
		t.Error("batches are left")
	}
	if want := []string{"m v=2 2", "m v=3 3", "m v=4 4"}; !slices.Equal(stored(), want) {
		t.Errorf("stored %q", stored())
	}
	text, err := os.ReadFile(dead)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text), toV1+": ", "\nbad v=1 1\n")
	if bytes.Contains(text, []byte("m v=2")) {
		t.Errorf("the file has\n%s", text)
	}
}

// TestReplayUncertain holds that lines count as uncertain if the server may have stored them
// and they have no timestamp to send them again with.
func TestReplayUncertain(t *testing.T) {
	dir := newSpool(t, newBatch(t, toV1, spool.Plain, "m v=1\nm v=2\n"), newBatch(t, toV1, spool.Plain, "m v=3 3\n"))
	dead := filepath.Join(t.TempDir(), "dead.lp")
	conflict := influxtest.Error(400, "partial write: field type conflict dropped=1")
	got, said, s := replayOf(t, dir, []influxtest.Reply{conflict, ok}, "-dead", dead)
	if got != 1 || len(s.Requests()) != 2 {
		t.Errorf("status %d, %d requests", got, len(s.Requests()))
	}
	accounts(t, said, "2 3", "2 3", 1, 0, 2, "0 0")
	text, err := os.ReadFile(dead)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text), "uncertain", "\nm v=1\nm v=2\n")
}

// TestReplayDeadFails holds that refused lines for which the file has no room stay in the
// spool.
func TestReplayDeadFails(t *testing.T) {
	s, _ := refuses(t, "bad")
	server, err := fastclient.ParseURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	file, err := batch.OpenDeadLetterFile(filepath.Join(t.TempDir(), "dead.lp"), 10)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dir := newSpool(t, newBatch(t, toV1, spool.Plain, "m v=1 1\n"), newBatch(t, toV1, spool.Plain, "bad v=1 1\n"))
	open, err := openSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := quiet()
	r := replayer{
		o: &replayOptions{server: server}, job: spoolJob{console: c, dir: dir, s: open}, walk: walk{s: open},
		clients: map[string]*fastclient.Client{}, dead: &deadLines{file: file},
	}
	defer r.closeClients()
	if err := r.all(context.Background()); !errors.Is(err, batch.ErrDeadLetterFull) {
		t.Error(err)
	}
	if err := open.Close(); err != nil {
		t.Error(err)
	}
	if left := held(t, dir); len(left) != 1 || !strings.Contains(left[0], "bad v=1") {
		t.Errorf("left %q", left)
	}
}

// TestReplaySkips holds that batches that cannot be sent stay, whatever is around them,
// and that those which were sent do not come again.
func TestReplaySkips(t *testing.T) {
	cut := newBatch(t, toV1, spool.Gzip, "cut v=1 1\n")
	cut.Body = cut.Body[:12]
	count := newBatch(t, toV1, spool.Plain, "count v=1 1\n")
	count.Lines = 2
	more := newBatch(t, toV1, spool.Plain, "more v=1 1\nmore v=2 2\nmore v=3 3\n")
	more.Lines = 2
	bad := []spool.Batch{
		newBatch(t, "db=metrics", spool.Plain, "other v=1 1\n"), cut, count, more,
		newBatch(t, toV1, spool.Plain, "good v=1 1\nv=\n"),
		newBatch(t, "/write?db=d&u=sesame", spool.Plain, "user v=1 1\n"),
	}
	for _, first := range []int{0, 3, 5} { // batches that are good before each that is bad
		var batches []spool.Batch
		var want []string
		for i, b := range bad {
			for k := range first {
				batches = append(batches, newBatch(t, toV1, spool.Gzip, fmt.Sprintf("m v=%d %d\n", i, k)))
			}
			batches = append(batches, b)
		}
		dir := newSpool(t, batches...)
		for _, text := range held(t, dir) {
			if !strings.Contains(text, " m v=") {
				want = append(want, text)
			}
		}
		got, said, s := replayOf(t, dir, nil)
		if got != 1 || len(s.Requests()) != 6*first {
			t.Errorf("%d good: status %d, %d requests", first, got, len(s.Requests()))
		}
		contains(t, said, "6 batches could not be sent, the first: batch ", "is left: its target is not the path of a write endpoint", "6 batches with 9 lines left")
		accounts(t, said, fmt.Sprint(6*first+6, 6*first+9), fmt.Sprint(6*first, 6*first), 6*first, 0, 0, "6 9")
		if strings.Contains(said, "sesame") {
			t.Errorf("a value of a parameter is printed:\n%s", said)
		}
		if left := held(t, dir); !slices.Equal(left, want) {
			t.Errorf("%d good: left\n%q, want\n%q", first, left, want)
		}
	}
}

// TestReplayInterrupt ends a replay in its third request.
func TestReplayInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := newSpool(t, sixBatches(t)...)
	s := influxtest.New(t, ok, ok, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		cancel()
		influxtest.Silent().Play(c, r)
	}))
	c, out := quiet()
	err := run(ctx, c, []string{"replay", dir, "-url", s.URL})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	accounts(t, out.String(), "6 12", "2 4", 4, 0, 0, "4 8")
	if left := held(t, dir); len(left) != 4 {
		t.Errorf("left %q", left)
	}
}

// TestReplayDamaged damages a batch that was good when the spool was opened.
func TestReplayDamaged(t *testing.T) {
	dir := newSpool(t, newBatch(t, toV1, spool.Plain, "first v=1 1\n"), newBatch(t, toV1, spool.Plain, "second v=1 1\n"))
	var once sync.Once
	s := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		once.Do(func() { breakSegment(t, dir, "second") })
		influxtest.Status(204).Play(c, r)
	}))
	got, said := spoolOf(t, "replay", dir, "-url", s.URL)
	if got != 1 {
		t.Errorf("status %d", got)
	}
	contains(t, strings.Join(strings.Fields(said), " "), "found 2 2 sent 1 1 stored 1 rejected 0 uncertain 0 damaged 1 1 left 0 0", "the spool is damaged")
}

// TestReplayQuarantine holds that all is not well if batches are in quarantine, though none
// is left.
func TestReplayQuarantine(t *testing.T) {
	dir := newSpool(t, newBatch(t, toV1, spool.Plain, "first v=1 1\n"), newBatch(t, toV1, spool.Plain, "second v=1 1\n"))
	breakSegment(t, dir, "second")
	got, said, s := replayOf(t, dir, nil)
	if got != 1 || len(s.Requests()) != 1 {
		t.Errorf("status %d, %d requests", got, len(s.Requests()))
	}
	accounts(t, said, "1 1", "1 1", 1, 0, 0, "0 0")
	contains(t, said, "in quarantine: 1 file", "lpbench: the spool is damaged\n")
}

// TestReplayLarge sends a batch that is larger than a request may be by default, and one of
// more lines.
func TestReplayLarge(t *testing.T) {
	long := "m v=\"" + strings.Repeat("x", 2<<20) + "\" 1\n"
	many := strings.Repeat("m v=1 1\n", 20_000)
	got, said, s := replayOf(t, newSpool(t, newBatch(t, toV1, spool.Gzip, long), newBatch(t, toV3, spool.Gzip, many)), nil)
	if got != 0 || len(s.Requests()) != 2 || string(s.Requests()[0].Body) != long || string(s.Requests()[1].Body) != many {
		t.Errorf("status %d, %d requests\n%s", got, len(s.Requests()), said)
	}
	// More than servers accept becomes several requests.
	huge := strings.Repeat(long, 8)
	got, said, s = replayOf(t, newSpool(t, newBatch(t, toV1, spool.Gzip, huge)), nil)
	var all []byte
	for _, r := range s.Requests() {
		all = append(all, r.Body...)
	}
	if got != 0 || len(s.Requests()) < 2 || string(all) != huge {
		t.Errorf("status %d, %d requests, %d bytes\n%s", got, len(s.Requests()), len(all), said)
	}
}

func TestReplayRate(t *testing.T) {
	for _, c := range []struct {
		lines int64
		rate  float64
		want  time.Duration
	}{{0, 5, 0}, {10, 5, 2 * time.Second}, {1, 1e-300, math.MaxInt64 / 2}, {5000, 1e9, 5 * time.Microsecond}} {
		if got := due(c.lines, c.rate); got < c.want-time.Microsecond || got > c.want+time.Microsecond {
			t.Errorf("%d lines at %v: %v, want %v", c.lines, c.rate, got, c.want)
		}
	}
	got, said, s := replayOf(t, newSpool(t, sixBatches(t)...), nil, "-rate", "1e6")
	if got != 0 || len(s.Requests()) != 6 {
		t.Errorf("status %d, %d requests\n%s", got, len(s.Requests()), said)
	}
	// At a line in an hour the second batch waits, until the interrupt.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := newSpool(t, sixBatches(t)...)
	server := influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		ok.Play(c, r)
		cancel()
	}))
	c, _ := quiet()
	if err := run(ctx, c, []string{"replay", dir, "-url", server.URL, "-rate", "0.0003"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left := held(t, dir); len(left) < 5 {
		t.Errorf("left %q", left)
	}
}
