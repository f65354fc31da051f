package soak

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// A watcher looks at the account of one Writer.
type watcher struct {
	last    batch.Stats
	grew    time.Time // when acked lines grew, or none were pending
	bad     uint64    // lines that are rejected, uncertain or dropped, and not handed back
	checks  int
	longest time.Duration // without an ack while lines were pending
}

// look checks that s adds up and that nothing went backwards.
func (w *watcher) look(s *batch.Stats) (faults []string) {
	w.checks++
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	in := [2]uint64{s.Appended.Lines + s.Recovered.Lines, s.Appended.Bytes + s.Recovered.Bytes}
	var out [2]uint64
	for _, c := range []batch.Count{s.Acked, s.Rejected, s.Uncertain, s.Dropped, s.Pending, s.Spooled} {
		out[0] += c.Lines
		out[1] += c.Bytes
	}
	if in != out {
		fault("lines and bytes %v in, %v out: %+v", in, out, *s)
	}
	if s.Memory > s.MemoryLimit {
		fault("memory %d of %d", s.Memory, s.MemoryLimit)
	}
	if s.Acked.Lines < w.last.Acked.Lines || s.Appended.Lines < w.last.Appended.Lines || s.Sealed < w.last.Sealed {
		fault("an account went backwards: %+v, before %+v", *s, w.last)
	}
	if bad := s.Rejected.Lines + s.Uncertain.Lines + s.Dropped.Lines - s.ByReason[batch.ReasonUnsent].Lines; bad > w.bad {
		fault("%d good lines are not stored: %+v", bad, *s)
		w.bad = bad
	}
	now := time.Now()
	if s.Acked.Lines > w.last.Acked.Lines || s.Pending.Lines == 0 || w.grew.IsZero() {
		w.grew = now
	}
	w.longest = max(w.longest, now.Sub(w.grew))
	w.last = *s
	return faults
}

// A usage is what the process uses when no Writer is open.
type usage struct {
	heap        uint64
	goroutines  int // without those of toxiproxy
	proxies     int // those of toxiproxy, which may leave some
	descriptors int
	hangs       int // proxies that hang, and keep their connections
}

func (u usage) String() string {
	return fmt.Sprintf("heap %d KiB, %d goroutines, %d of toxiproxy, %d descriptors", u.heap>>10, u.goroutines, u.proxies, u.descriptors)
}

// proxyBytes is what a goroutine that toxiproxy leaves keeps: a buffer of 32 KiB and a few
// structs.
const proxyBytes = 40 << 10

// own returns the heap without what toxiproxy keeps.
func (u usage) own() uint64 { return u.heap - min(u.heap, uint64(u.proxies*proxyBytes)) }

// measure returns what the process uses. It waits for what ends a moment later, and
// reports goroutines of the library, of which none may be left.
func measure(t *testing.T) usage {
	t.Helper()
	var u usage
	var left []string
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if u.goroutines, u.proxies, left = goroutines(); len(left) == 0 || time.Now().After(end) {
			break
		}
	}
	for _, stack := range left {
		t.Errorf("a goroutine is left:\n%s", stack)
	}
	runtime.GC()
	runtime.GC() // empties pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.heap, u.descriptors = m.HeapAlloc, descriptors()
	return u
}

// goroutines returns the number of goroutines but those of toxiproxy, the number of these,
// and the stacks of those that the library or its transports started.
func goroutines() (n, proxies int, left []string) {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		has := func(s string) bool { return bytes.Contains(stack, []byte(s)) }
		switch {
		case has("Shopify/toxiproxy"):
			proxies++
			continue
		case has("pointwire/pointwire/fastclient"), has("valyala/fasthttp"), has("net/http.(*Transport)"):
			left = append(left, string(stack))
		}
		n++
	}
	return n, proxies, left
}

func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// Slack of what may not grow.
const (
	heapSlack       = 8 << 20
	heapTrend       = 2 << 20
	goroutineSlack  = 8
	descriptorSlack = 8
	hangDescriptors = 32 // of a proxy that hangs
)

// flat checks that nothing grew since the first round.
func flat(t *testing.T, all []usage) {
	t.Helper()
	for _, u := range all[1:] {
		if first := all[0]; u.own() > first.own()+heapSlack || u.goroutines > first.goroutines+goroutineSlack || u.descriptors > first.descriptors+descriptorSlack+hangDescriptors*u.hangs {
			t.Errorf("after a round: %v, after the first one: %v", u, first)
		}
	}
	if n := len(all) / 3; n >= 3 {
		if early, late := median(all[:n]), median(all[len(all)-n:]); late > early+heapTrend {
			t.Errorf("the heap grew from %d to %d bytes", early, late)
		}
	}
}

func median(all []usage) uint64 {
	var heaps []uint64
	for _, u := range all {
		heaps = append(heaps, u.own())
	}
	slices.Sort(heaps)
	return heaps[len(heaps)/2]
}
