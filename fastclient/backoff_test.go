package fastclient

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestBackoffSaturates is the panic of a peer after 52 attempts: every number of
// failures has a delay, within its bounds and never shorter than one before.
func TestBackoffSaturates(t *testing.T) {
	for _, c := range []struct {
		failures uint64
		want     time.Duration
	}{{0, 0}, {1, 250 * time.Millisecond}, {2, 500 * time.Millisecond}, {7, 16 * time.Second}, {8, 30 * time.Second}, {52, 30 * time.Second}} {
		if got := backoffCeiling(c.failures); got != c.want {
			t.Errorf("ceiling after %d failures is %v, want %v", c.failures, got, c.want)
		}
	}
	numbers := []uint64{math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	for i := range uint64(300) {
		numbers = append(numbers, i)
	}
	for range 10_000 {
		numbers = append(numbers, rand.Uint64()>>rand.IntN(64))
	}
	for _, n := range numbers {
		ceiling := backoffCeiling(n)
		if n > 0 && (ceiling < backoffFirst || ceiling > backoffMax || ceiling < backoffCeiling(n-1)) {
			t.Fatalf("ceiling after %d failures is %v", n, ceiling)
		}
		for range 3 {
			if d := backoffDelay(n, 0, rand.Int64N); d < ceiling/2 || d > ceiling {
				t.Fatalf("delay after %d failures is %v, outside %v and %v", n, d, ceiling/2, ceiling)
			}
		}
	}
}

func TestRetryAfterWins(t *testing.T) {
	for _, c := range []struct{ asked, from, to time.Duration }{
		{time.Second, time.Second, 1100 * time.Millisecond},
		{time.Hour, 10 * time.Minute, 11 * time.Minute},
		{1, 1, 1},
	} {
		for range 1000 {
			if d := backoffDelay(3, c.asked, rand.Int64N); d < c.from || d > c.to {
				t.Fatalf("asked for %v, waits %v", c.asked, d)
			}
		}
	}
}

func TestRequestTimeoutGrowsWithTheBody(t *testing.T) {
	if got := requestTimeout(10*time.Second, 1<<20); got != 10*time.Second+10*time.Second+240*time.Millisecond {
		t.Errorf("1 MiB may take %v", got)
	}
}

func TestGate(t *testing.T) {
	var g gate
	now := time.Unix(1000, 0)
	clock := func() time.Time { return now }
	long := func(n int64) int64 { return n - 1 } // the longest delay
	a, ok := g.pass(clock)
	b, ok2 := g.pass(clock)
	if !ok || !ok2 {
		t.Fatal("an open gate is shut")
	}
	if !g.failed(a, now, 0, long) {
		t.Fatal("the first failure does not shut the gate")
	}
	if g.failed(b, now, 0, long) || g.failures != 1 {
		t.Error("two requests of one outage count as two failures in a row")
	}
	if _, ok := g.pass(clock); ok {
		t.Error("a request passes before its time")
	}
	now = now.Add(250 * time.Millisecond)
	p, ok := g.pass(clock)
	if !ok {
		t.Error("the probe does not pass at its time")
	}
	if _, ok := g.pass(clock); ok {
		t.Error("a second probe passes beside the first")
	}
	g.failed(p, now, time.Minute, long)
	if want := now.Add(66 * time.Second); !g.until.Equal(want) {
		t.Errorf("shut until %v, want %v", g.until, want)
	}
	g.within(now)
	if _, ok := g.pass(clock); ok {
		t.Error("a pause the server asked for is cut short")
	}
	now = g.until
	p, _ = g.pass(clock)
	if !g.answered(p) {
		t.Error("an answer does not open the gate")
	}
	if g.answered(a) || g.failures != 0 {
		t.Error("an old answer changes the gate")
	}
	if _, ok := g.pass(clock); !ok {
		t.Error("the gate stays shut")
	}
}
