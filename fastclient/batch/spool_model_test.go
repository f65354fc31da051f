package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// TestModelSpool plays the histories of TestModel against several Writers of one directory,
// one after the other. What one leaves on disk, the next one must find, and after the last
// one, which has a good server and all the time, nothing may be left. In some histories
// somebody removes the directory, or puts a file in its place.
func TestModelSpool(t *testing.T) {
	runHistories(t, modelHistories/20, func(t *testing.T, seed uint64) {
		h := newHistory(t, seed)
		h.spoolOptions()
		h.playSpool()
	})
}

// spoolOptions gives the Writers of h a spool.
func (h *history) spoolOptions() {
	o := &h.config.o
	o.Overflow = Spill + OverflowPolicy(h.rng.IntN(2))
	o.MaxMemory += h.rng.IntN(2) * (64 << 10)
	o.Spool = SpoolOptions{
		Dir: filepath.Join(h.t.TempDir(), "spool"), Options: spool.Options{MaxBytes: 1 << 20, SyncInterval: -1},
		Order: ReplayOrder(h.rng.IntN(2)),
	}
	if o.Overflow == WriteAhead {
		o.Spool.SyncBatches = h.rng.IntN(8) == 0
	}
	if h.rng.IntN(8) == 0 {
		o.Spool.ReplayRate = 100 << h.rng.IntN(8)
	}
	if o.Ordered {
		o.Spool.Order = OldestFirst
	}
	h.config.path = "/write?db=d"
	o.MaxMemory += h.config.spoolBytes()
}

func (h *history) playSpool() {
	sabotage := h.rng.IntN(6) == 0
	h.removed = sabotage
	var sum Stats
	left := Count{}
	unsent := map[int]bool{}
	for life := range 3 {
		if life == 2 {
			h.server.trust, h.server.limit, h.server.noGzip = 1, 0, false
			h.config.o.Spool.ReplayRate = 0
		}
		for i, t := range h.config.targets {
			h.config.targets[i] = &target{api: t.api, server: t.server}
		}
		w, err := newWriter(h.config)
		if err != nil {
			h.t.Fatal(err)
		}
		found := w.disk.s.Recovery().Waiting.Lines
		w.startAll()
		h.first = h.nextID
		var saboteur sync.WaitGroup
		if life < 2 && sabotage {
			delay, block := time.Duration(h.rng.Int64N(int64(5*time.Second))), h.rng.IntN(2) == 0
			saboteur.Go(func() { h.sabotage(delay, block) })
		}
		var s Stats
		if life < 2 {
			s, err = h.live(w)
		} else {
			h.drain(w)
			err = w.Close(context.Background())
			s = w.Stats()
		}
		saboteur.Wait()
		if !sabotage && s.Recovered != left {
			h.t.Errorf("life %d recovered %v, the one before left %v", life, s.Recovered, left)
		}
		if found < left.Lines { // the directory was removed when nobody could see it
			sum.ByReason[ReasonSpool].Lines += left.Lines - found
		}
		left = s.Spooled
		add(&sum, &s)
		var ue *UnsentError
		if errors.As(err, &ue) {
			for _, b := range ue.Batches {
				eachLine(b.Data, func(id int, _ string) { unsent[id] = true })
			}
		}
	}
	if left != (Count{}) {
		h.t.Errorf("%v left on disk", left)
	}
	if lost := sum.ByReason[ReasonSpool]; lost.Lines > 0 && !sabotage {
		h.t.Errorf("the disk lost %v", lost)
	}
	if sum.ByReason[ReasonUnsent].Lines != uint64(len(unsent)) {
		h.t.Errorf("%v unsent, %d handed back", sum.ByReason[ReasonUnsent], len(unsent))
	}
	h.compareSpool(&sum, unsent, sabotage)
}

// drain waits until w has sent what is on disk.
func (h *history) drain(w *Writer) {
	for range 1000 {
		audit(h.t, &w.engine)
		s := w.Stats()
		if s.Spooled.Lines == 0 && s.Pending.Lines == 0 {
			return
		}
		time.Sleep(time.Minute)
	}
	h.t.Errorf("what is on disk is not sent: %+v", w.Stats())
}

// sabotage removes the directory of w, and may put a file in its place for a while.
func (h *history) sabotage(delay time.Duration, block bool) {
	dir := h.config.o.Spool.Dir
	time.Sleep(delay)
	os.RemoveAll(dir)
	if !block {
		return
	}
	os.WriteFile(dir, nil, 0o600)
	time.Sleep(delay)
	os.Remove(dir)
}

// add adds the lines of one Writer to those of others.
func add(sum, s *Stats) {
	sum.Appended = sum.Appended.plus(s.Appended)
	sum.Acked = sum.Acked.plus(s.Acked)
	for i := range s.ByReason {
		sum.ByReason[i] = sum.ByReason[i].plus(s.ByReason[i])
	}
}

// compareSpool compares the outcome of every line with what the Writers said.
func (h *history) compareSpool(sum *Stats, unsent map[int]bool, sabotage bool) {
	if sum.Appended.Lines != uint64(len(h.accepted)) {
		h.t.Errorf("appended %d lines, accepted %d", sum.Appended.Lines, len(h.accepted))
	}
	gone := uint64(0)
	for id := range h.accepted {
		if h.server.stored[id] == "" && !h.dead[id] && !unsent[id] && !h.server.letGo[id] {
			gone++
		}
	}
	lost := sum.ByReason[ReasonSpool].Lines
	if gone > lost && (lost == 0 || !sabotage) { // what is on disk twice is not counted twice
		h.t.Errorf("%d lines are gone, %d by the disk", gone, lost)
	}
	for id := range h.refused {
		if h.server.stored[id] != "" || h.dead[id] || unsent[id] {
			h.t.Errorf("line %d was refused and sent nonetheless", id)
		}
	}
}
