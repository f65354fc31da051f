package itest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// TestSpoolKill kills a process that writes through a spool, with SIGKILL at random moments,
// also in NewWriter and in Close, and starts it again on the same directory. The influxd is
// killed too. At the end another Writer sends what is on disk. Then the server must have
// every point that the process was promised to keep, with its value and time, and none that
// was never appended. In each mode the promise is:
//
//   - Spill: what a Sync or a Flush without an error has covered
//   - WriteAhead: every append that returned nil
//   - both: everything, when Close returns without an UnsentError
//
// POINTWIRE_KILLS is the number of kills, 20 by default and 6 with -short; POINTWIRE_SEED
// repeats the choices of a run, though not its moments.
func TestSpoolKill(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 6
	}
	if s := os.Getenv("POINTWIRE_KILLS"); s != "" {
		kills, _ = strconv.Atoi(s)
	}
	seed := rand.Uint64()
	if s := os.Getenv("POINTWIRE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("%d kills, POINTWIRE_SEED=%d", kills, seed)
	k := &killing{t: t, s: startInfluxd(t, inMemory(t)), rng: rand.New(rand.NewPCG(seed, 0)), killed: map[string]int{}}
	for k.kills() < kills && !t.Failed() {
		k.cycle(min(killsPerCycle, kills-k.kills()))
		t.Log(k.report())
	}
}

// killsPerCycle is how often the writers of one set of directories are killed.
const killsPerCycle = 60

// A killing kills writers and their server.
type killing struct {
	t      *testing.T
	s      *Server
	rng    *rand.Rand
	cycles int
	dirs   []*killedDir

	rounds, serverKills int
	killed              map[string]int // by what the child had reported last
	torn                int            // bytes
	appended, promised  int
	stored, lost        int
	sent                int // points that servers were asked to write before they were killed
}

// Marks of a point.
const (
	idAppended = 1 << iota
	idPromised
	idStored
)

// A killedDir is a directory that one child after the other uses.
type killedDir struct {
	spoolChild
	ids   []byte  // marks of each point
	lives []int64 // first id of each child
}

func (k *killing) kills() (n int) {
	for _, times := range k.killed {
		n += times
	}
	return n
}

// cycle kills n writers of a fresh set of directories, then compares what is stored.
func (k *killing) cycle(n int) {
	k.cycles++
	k.fresh()
	for until := k.kills() + n; k.kills() < until && !k.t.Failed(); k.rounds++ {
		k.round(k.dirs[k.rounds%len(k.dirs)])
	}
	if err := k.restart(); err != nil {
		k.t.Fatal(err)
	}
	for _, d := range k.dirs {
		k.drain(d)
		k.compare(d)
	}
}

// fresh makes a directory for each mode and order, and an empty database.
func (k *killing) fresh() {
	if err := k.restart(); err != nil {
		k.t.Fatal(err)
	}
	db := newDatabase(k.t, k.s, "spool_kill")
	parent := k.t.TempDir()
	k.dirs = nil
	for i := range 6 {
		d := &killedDir{spoolChild: spoolChild{
			URL: k.s.URL(), Database: db, Name: fmt.Sprintf("%d.%d", k.cycles, i), Order: batch.ReplayOrder(i % 2),
			Overflow: batch.WriteAhead, SyncBatches: i >= 4, MaxBytes: []int64{2 << 20, 8 << 20, 64 << 20}[k.rng.IntN(3)],
		}}
		if i < 2 {
			d.Overflow = batch.Spill
		}
		d.Dir = filepath.Join(parent, d.Name)
		k.dirs = append(k.dirs, d)
	}
}

// restart starts the server if it does not run. A connection that the system made to itself
// may have its port for a moment.
func (k *killing) restart() (err error) {
	for end := time.Now().Add(10 * time.Second); !k.s.running; time.Sleep(50 * time.Millisecond) {
		if err = k.s.Restart(); err != nil && time.Now().After(end) {
			return err
		}
	}
	return nil
}

// written returns how many points the server was asked to write since it was started.
func (k *killing) written() (int, error) {
	resp, err := k.s.HTTPClient().Get(k.s.URL() + "/query?q=SHOW+STATS+FOR+'write'")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var stats struct {
		Results []struct {
			Series []struct {
				Columns []string
				Values  [][]float64
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&stats); err != nil {
		return 0, err
	}
	s := stats.Results[0].Series[0]
	return int(s.Values[0][slices.Index(s.Columns, "pointReq")]), nil
}

// A roundPlan says when a child and the server are killed.
type roundPlan struct {
	target      string // what the child has reported last when it is killed
	run, kill   time.Duration
	server      time.Duration // the server is killed then, if it runs and it is not 0
	serverStart time.Duration // it is started again so much later; 0: not in this round
}

func (k *killing) plan() (p roundPlan) {
	upTo := func(d time.Duration) time.Duration { return time.Duration(k.rng.Int64N(int64(d))) }
	p.target = []string{"open", "open", "ready", "ready", "ready", "closing", "closing"}[k.rng.IntN(7)]
	switch p.run = 20*time.Millisecond + upTo(500*time.Millisecond); {
	case p.target == "open":
		p.kill = upTo([]time.Duration{500 * time.Microsecond, 500 * time.Microsecond, 10 * time.Millisecond}[k.rng.IntN(3)])
	case p.target == "closing":
		p.kill = upTo(30 * time.Millisecond)
	case k.rng.IntN(20) == 0:
		p.run += 6 * time.Second // lines under Spill grow too old for memory
	}
	if k.rng.IntN(2) == 0 {
		p.server = 1 + upTo(p.run)
		if k.rng.IntN(2) == 0 {
			p.serverStart = 1 + upTo(300*time.Millisecond)
		}
	}
	return p
}

// round runs one child on d until it is killed.
func (k *killing) round(d *killedDir) {
	p := k.plan()
	if !k.s.running && k.rng.IntN(2) == 0 {
		if err := k.restart(); err != nil {
			k.t.Fatal(err)
		}
	}
	c := d.start(k)
	var server sync.WaitGroup
	if p.server > 0 {
		server.Go(func() {
			if err := k.killServer(p); err != nil {
				k.t.Errorf("the server: %v", err)
			}
		})
	}
	last := k.follow(d, c, p)
	server.Wait()
	if c.cmd.Wait(); !c.cmd.ProcessState.Success() {
		k.killed[last]++
	} else if last != "closed" {
		k.t.Errorf("the process ended after %q", last)
	}
}

func (k *killing) killServer(p roundPlan) error {
	time.Sleep(p.server)
	if k.s.running {
		n, err := k.written()
		if err == nil {
			err = k.s.Kill()
		}
		if err != nil {
			return err
		}
		k.sent += n
		k.serverKills++
	}
	if p.serverStart == 0 {
		return nil
	}
	time.Sleep(p.serverStart)
	return k.restart()
}

// A runningChild is a process that writes.
type runningChild struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   io.Reader
}

// start starts a child on d.
func (d *killedDir) start(k *killing) *runningChild {
	d.First, d.Seed = int64(len(d.ids)), k.rng.Uint64()
	d.lives = append(d.lives, d.First)
	text, err := json.Marshal(&d.spoolChild)
	if err != nil {
		k.t.Fatal(err)
	}
	c := &runningChild{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		k.t.Fatal(err)
	}
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		k.t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	return c
}

// follow reads what the child reports, kills it as p says, and returns its last state.
func (k *killing) follow(d *killedDir, c *runningChild, p roundPlan) (last string) {
	kill := func() { c.cmd.Process.Kill() }
	defer time.AfterFunc(time.Minute, func() {
		k.t.Errorf("%s: the process does not end", d)
		kill()
	}).Stop()
	for r := bufio.NewReader(c.out); ; {
		text, err := r.ReadString('\n')
		if err != nil {
			return last // half a report is none
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		var a, b int
		fmt.Sscan(rest, &a, &b)
		switch word {
		case "append":
			k.appended += d.mark(a, b, idAppended)
			continue
		case "promised":
			k.promised += d.mark(a, b, idPromised)
			continue
		case "error":
			k.t.Errorf("%s: %s", d, rest)
			continue
		case "ready":
			if k.torn += a; b != 0 {
				k.t.Errorf("%s: recovery misses %d files or batches", d, b)
			}
			if p.target == "closing" {
				time.AfterFunc(p.run, func() { c.stdin.Close() })
			}
		}
		switch last = word; {
		case word == p.target && word == "ready":
			time.AfterFunc(p.run, kill)
		case word == p.target:
			time.AfterFunc(p.kill, kill)
		}
	}
}

// mark marks the points from a up to b, and returns their number.
func (d *killedDir) mark(a, b int, mark byte) int {
	for len(d.ids) < b {
		d.ids = append(d.ids, 0)
	}
	for id := a; id < b; id++ {
		d.ids[id] |= mark
	}
	return b - a
}

func (d *killedDir) String() string {
	mode := [...]string{batch.Spill: "Spill", batch.WriteAhead: "WriteAhead"}[d.Overflow]
	if d.SyncBatches {
		mode += ", SyncBatches"
	}
	return d.Name + ": " + mode + [...]string{", FreshFirst", ", OldestFirst"}[d.Order]
}

// drain sends what is on disk, with a Writer that nobody kills.
func (k *killing) drain(d *killedDir) {
	c, w, err := d.open()
	if err != nil {
		k.t.Fatal(err)
	}
	defer c.Close()
	var st batch.Stats
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if st = w.Stats(); st.Spooled.Lines == 0 && st.Pending.Lines == 0 || time.Now().After(end) {
			break
		}
	}
	if err := w.Close(k.t.Context()); err != nil {
		k.t.Errorf("%s: close: %v", d, err)
	}
	if st = w.Stats(); st.Acked != st.Recovered || st.Spool.Waiting.Batches > 0 {
		k.t.Errorf("%s: not everything was sent: %+v", d, st)
	}
}

// compare compares what the server has with what was promised and appended.
func (k *killing) compare(d *killedDir) {
	c := newClient(k.t, k.s, fastclient.Options{Database: d.Database})
	res, err := c.Query(k.t.Context(), `SELECT v FROM killed WHERE "name" = '`+d.Name+`'`)
	if err != nil {
		k.t.Fatal(err)
	}
	wrong := 0
	for row, err := range res.Rows() {
		if err != nil {
			k.t.Fatal(err)
		}
		at, timeErr := row.Timestamp(0)
		v, err := row.Int(1)
		id := at - childEpoch
		switch {
		case timeErr != nil || err != nil:
			k.t.Fatal(errors.Join(timeErr, err))
		case id >= 0 && id < int64(len(d.ids)) && d.ids[id]&(idAppended|idStored) == idAppended && v == childValue(id):
			d.ids[id] |= idStored
			k.stored++
		default:
			if wrong++; wrong < 5 {
				k.t.Errorf("%s: v=%d at %d is stored, which was never appended", d, v, at)
			}
		}
	}
	k.findLost(d)
}

// findLost reports the points of d that were promised and are not stored.
func (k *killing) findLost(d *killedDir) {
	lost := 0
	for id, marks := range d.ids {
		if marks&(idPromised|idStored) != idPromised {
			continue
		}
		if lost++; lost < 5 {
			life, found := slices.BinarySearch(d.lives, int64(id))
			if !found {
				life--
			}
			k.t.Errorf("%s: point %d, of process %d of %d, is lost", d, id, life+1, len(d.lives))
		}
	}
	if lost > 0 {
		k.t.Errorf("%s: %d points are lost", d, lost)
	}
	k.lost += lost
}

func (k *killing) report() string {
	sent, err := k.written()
	if err != nil {
		k.t.Error(err)
	}
	again := max(k.sent+sent-k.stored, 0)
	return fmt.Sprintf("%d rounds: %d kills of the writer (%d in NewWriter, %d while it wrote, %d in Close, %d later), %d of the server; %d lines appended, %d promised, %d stored, %d lost, at least %d sent again; %d torn bytes",
		k.rounds, k.kills(), k.killed["open"], k.killed["ready"], k.killed["closing"], k.killed["closed"], k.serverKills,
		k.appended, k.promised, k.stored, k.lost, again, k.torn)
}
