package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// TestRun runs a tiny comparison. Both must hold all points.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-points", "20", "-rounds", "2", "-turn", "1us"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, part := range []string{"batches of 20 points", "| pointwire |", "| pointwire-bodies |", "| telegraf | 1.37.2 |", diskUnit + ": "} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, &out)
		}
	}
	for _, args := range [][]string{{"-points", "0"}, {"-rounds", "0"}, {"x"}} {
		if run(args, &out) == nil {
			t.Errorf("%q is no error", args)
		}
	}
}

// TestCheck holds that a point that changed is found.
func TestCheck(t *testing.T) {
	trades := workload.Trades(40, 1)
	for name, make := range map[string]func(dir string, batches [][]workload.Trade) (Contender, error){
		"pointwire": func(dir string, b [][]workload.Trade) (Contender, error) { return newOwn(dir, b, false) },
		"telegraf":  func(dir string, b [][]workload.Trade) (Contender, error) { return newPeer(dir, b) },
	} {
		k, err := make(t.TempDir()+"/"+name, [][]workload.Trade{trades[:20], trades[20:]})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if err := errors.Join(k.Add(0), k.Take(), k.Check(0)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := k.Check(1); !errors.Is(err, measure.ErrWrong) {
			t.Errorf("%s: another batch is %v", name, err)
		}
	}
}
