package load

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

// near reports whether a figure of a histogram is d: it may be 1 in 128 above.
func near(got, d time.Duration) bool { return got >= d && float64(got) <= float64(d)*(1+1.0/128)+1 }

// TestClosed holds that without a rate each worker does one after the other.
func TestClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var under, most atomic.Int64
		out := Run(t.Context(), Options{Workers: 3, Duration: 990 * ms}, func(ctx context.Context, w int) error {
			if n := under.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer under.Add(-1)
			time.Sleep(50 * ms)
			return nil
		})
		if out.Done != 60 || out.Failed != 0 || out.Unsent != 0 || most.Load() != 3 || out.Took != time.Second {
			t.Errorf("%d done, %d failed, %d unsent, %d at once in %v", out.Done, out.Failed, out.Unsent, most.Load(), out.Took)
		}
		if !near(out.Response.Quantile(1), 50*ms) || out.Response.Quantile(0.5) != out.Service.Quantile(0.5) {
			t.Errorf("response %v, service %v", out.Response.Quantile(1), out.Service.Quantile(0.5))
		}
	})
}

// TestPaced holds that a rate is kept to: not faster, and at the right moments.
func TestPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		out := Run(t.Context(), Options{Workers: 1, Rate: 100, Duration: time.Second}, func(context.Context, int) error {
			at = append(at, time.Since(began))
			time.Sleep(3 * ms)
			return nil
		})
		if out.Done != 100 || out.Unsent != 0 || !near(out.Response.Max(), 3*ms) || out.Took != time.Second {
			t.Errorf("%d done, %d unsent, response %v, in %v", out.Done, out.Unsent, out.Response.Max(), out.Took)
		}
		for i, d := range at {
			if d != time.Duration(i)*10*ms {
				t.Fatalf("operation %d began at %v", i, d)
			}
		}
	})
}

// TestOmission hangs once for half a second: the operations that were due
// meanwhile count their wait, although none of them was slow.
func TestOmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		out := Run(t.Context(), Options{Workers: 1, Rate: 100, Duration: 2 * time.Second}, func(context.Context, int) error {
			if n++; n == 51 {
				time.Sleep(500 * ms)
			} else {
				time.Sleep(ms)
			}
			return nil
		})
		if out.Done != 200 || out.Unsent != 0 {
			t.Errorf("%d done, %d unsent", out.Done, out.Unsent)
		}
		if got := out.Service.Quantile(0.99); !near(got, ms) {
			t.Errorf("99 %% of the operations took %v or less, want 1 ms", got)
		}
		// It falls behind by 500 ms and makes up 9 ms with each operation: 56 wait.
		if got := out.Response.Quantile(0.9); got < 200*ms || got > 400*ms {
			t.Errorf("90 %% had their response %v after their time, want about 300 ms", got)
		}
		if got := out.Response.Max(); got != 500*ms {
			t.Errorf("the longest response is %v", got)
		}
	})
}

// TestTooFast asks for more than the workers can do.
func TestTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := Run(t.Context(), Options{Workers: 2, Rate: 100, Duration: 995 * ms}, func(context.Context, int) error {
			time.Sleep(100 * ms)
			return nil
		})
		if out.Done != 20 || out.Done+out.Unsent != 100 {
			t.Errorf("%d done, %d unsent of 100", out.Done, out.Unsent)
		}
		if out.Response.Count() != 100 || out.Response.Quantile(0.9) < 400*ms {
			t.Errorf("%d counted, 90 %% within %v", out.Response.Count(), out.Response.Quantile(0.9))
		}
	})
}

// TestInterrupt ends the context in the middle: what is under way is done, and
// nothing more begins.
func TestInterrupt(t *testing.T) {
	for _, rate := range []float64{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(940*ms, cancel)
			began := time.Now()
			out := Run(ctx, Options{Workers: 1, Rate: rate, Grace: time.Second}, func(ctx context.Context, _ int) error {
				time.Sleep(190 * ms)
				return ctx.Err()
			})
			if out.Done != 5 || out.Failed != 0 || out.Unsent != 0 || out.Err != nil || time.Since(began) > 1000*ms {
				t.Errorf("rate %v: %d done, %d failed, %d unsent in %v, %v", rate, out.Done, out.Failed, out.Unsent, time.Since(began), out.Err)
			}
		})
	}
}

// TestGrace gives up what hangs when the grace is over, and leaves no goroutine:
// synctest would not end.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*ms, cancel)
		out := Run(ctx, Options{Workers: 4, Grace: 2 * time.Second}, func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if out.Took != 2100*ms || out.Failed != 4 || !errors.Is(out.Err, context.Canceled) {
			t.Errorf("took %v, %d failed, %v", out.Took, out.Failed, out.Err)
		}
	})
}

// TestFailures ends at once if nothing works, and goes on at a calm pace if
// something did.
func TestFailures(t *testing.T) {
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		out := Run(t.Context(), Options{Workers: 2, Duration: time.Minute}, func(context.Context, int) error { return broken })
		if out.Took != 0 || out.Failed != 2 || out.Err != broken {
			t.Errorf("took %v, %d failed, %v", out.Took, out.Failed, out.Err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := 0
		out := Run(t.Context(), Options{Workers: 1, Duration: 950 * ms}, func(context.Context, int) error {
			if n++; n == 1 {
				return nil
			}
			return broken
		})
		if out.Done != 1 || out.Failed != 10 || out.Response.Count() != 1 {
			t.Errorf("%d done, %d failed, %d counted", out.Done, out.Failed, out.Response.Count())
		}
	})
}

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []uint64
		Run(t.Context(), Options{Workers: 1, Duration: 900 * ms, Tick: func(o Outcome) { seen = append(seen, o.Done) }}, func(context.Context, int) error {
			time.Sleep(31 * ms)
			return nil
		})
		if len(seen) != 4 || seen[0] != 6 || seen[3] != 25 {
			t.Errorf("ticks saw %v", seen)
		}
	})
}
