package backoff

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestBackoffSaturates: every number of failures has a delay within its bounds, never
// shorter than the delay of fewer failures. A peer panicked after 52 attempts.
func TestBackoffSaturates(t *testing.T) {
	for _, c := range []struct {
		failures uint64
		want     time.Duration
	}{{0, 0}, {1, 250 * time.Millisecond}, {2, 500 * time.Millisecond}, {7, 16 * time.Second}, {8, 30 * time.Second}, {52, 30 * time.Second}} {
		if got := Ceiling(c.failures); got != c.want {
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
		ceiling := Ceiling(n)
		if n > 0 && (ceiling < First || ceiling > Max || ceiling < Ceiling(n-1)) {
			t.Fatalf("ceiling after %d failures is %v", n, ceiling)
		}
		for range 3 {
			if d := Delay(n, 0, rand.Int64N); d < ceiling/2 || d > ceiling {
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
			if d := Delay(3, c.asked, rand.Int64N); d < c.from || d > c.to {
				t.Fatalf("asked for %v, waits %v", c.asked, d)
			}
		}
	}
}

func TestBreaker(t *testing.T) {
	var breaker Breaker
	now := time.Unix(1000, 0)
	clock := func() time.Time { return now }
	long := func(n int64) int64 { return n - 1 } // the longest delay
	a, ok := breaker.Pass(clock)
	b, ok2 := breaker.Pass(clock)
	if !ok || !ok2 {
		t.Fatal("a closed breaker is open")
	}
	if !breaker.Failed(a, now, 0, long) {
		t.Fatal("the first failure does not open the breaker")
	}
	if breaker.Failed(b, now, 0, long) || breaker.Failures != 1 {
		t.Error("two requests of one outage count as two failures in a row")
	}
	if _, ok := breaker.Pass(clock); ok {
		t.Error("a request passes before its time")
	}
	now = now.Add(250 * time.Millisecond)
	p, ok := breaker.Pass(clock)
	if !ok {
		t.Error("the probe does not pass at its time")
	}
	if _, ok := breaker.Pass(clock); ok {
		t.Error("a second probe passes beside the first")
	}
	breaker.Failed(p, now, time.Minute, long)
	if want := now.Add(66 * time.Second); !breaker.Until.Equal(want) {
		t.Errorf("open until %v, want %v", breaker.Until, want)
	}
	breaker.Within(now)
	if _, ok := breaker.Pass(clock); ok {
		t.Error("a pause the server asked for is cut short")
	}
	now = breaker.Until
	p, _ = breaker.Pass(clock)
	if !breaker.Responded(p) {
		t.Error("a response does not close the breaker")
	}
	if breaker.Responded(a) || breaker.Failures != 0 {
		t.Error("an old response changes the breaker")
	}
	if _, ok := breaker.Pass(clock); !ok {
		t.Error("the breaker stays open")
	}
}
