package python

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/internal/measure"
)

// TestNotInstalled checks that without the Python clients, their contenders are shown as
// not installed and ours run.
func TestNotInstalled(t *testing.T) {
	defer func(list []string) { interpreters = list }(interpreters)
	interpreters = []string{"/does/not/exist"}
	list, err := cases(0.01, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	skipped := 0
	for _, c := range list {
		for _, op := range c.Ops {
			if op.Skip != "" {
				skipped++
			} else if err := op.Check(); err != nil {
				t.Errorf("%s, %s: %v", c.Name, op.Contender, err)
			}
		}
		results, err := measure.Run(&c, measure.Options{Rounds: 1, Turn: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if (r.Rounds == 0) != (r.Skipped == "not installed") {
				t.Errorf("%s, %s: %d rounds, skipped %q", c.Name, r.Contender, r.Rounds, r.Skipped)
			}
		}
	}
	if skipped != 8 {
		t.Errorf("%d contenders are not installed, want 8", skipped)
	}
}

// TestChildIsCompared checks that the outcome of a client is compared: if the trades
// differ from those of the child, all clients are wrong.
func TestChildIsCompared(t *testing.T) {
	if installed() == "" {
		t.Skip("aioinflux and influxdb-python are not installed")
	}
	d, err := newData(0.01)
	if err != nil {
		t.Fatal(err)
	}
	defer d.child.close()
	changed := &data{child: d.child, responses: d.responses, trades: append(d.trades[:0:0], d.trades...)}
	changed.trades[batch-1].Price += 0.01
	for _, x := range []*data{d, changed} {
		for _, entries := range []func(*data) ([]entry, error){tradeEntries, dictEntries, rowEntries} {
			list, err := entries(x)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if !e.python {
					continue
				}
				if err := e.contender.Check(0); x == d && err != nil || x == changed && !errors.Is(err, measure.ErrWrong) {
					t.Errorf("%s, changed %v: %v", e.name, x == changed, err)
				}
			}
		}
	}
}
