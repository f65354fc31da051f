package workload

import (
	"regexp"
	"testing"
)

func TestTradesAreReproducibleAndDistinct(t *testing.T) {
	a, b := Trades(1000, 1), Trades(1000, 1)
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	ids := map[string]bool{}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("trade %d differs between two calls: %+v and %+v", i, a[i], b[i])
		}
		if i > 0 && a[i].Timestamp <= a[i-1].Timestamp {
			t.Fatalf("trade %d is not later than the one before", i)
		}
		if !form.MatchString(a[i].TradeID) || ids[a[i].TradeID] {
			t.Fatalf("trade %d: id %q is not a new UUID", i, a[i].TradeID)
		}
		ids[a[i].TradeID] = true
	}
	if c := Trades(1000, 2); c[0] == a[0] {
		t.Fatal("another seed gives the same trades")
	}
}
