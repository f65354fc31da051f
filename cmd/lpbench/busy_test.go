package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestOverloaded(t *testing.T) {
	for text, want := range map[string]bool{
		"0.50 1 1 1/2 3": false, "2.00 0 0 1/2 3": false, "2.01 0 0 1/2 3": true, "": false, "x": false,
	} {
		if load, busy := overloaded(text, 2); busy != want {
			t.Errorf("%q: load %q is %v", text, load, busy)
		}
	}
}

// TestNoSuchCommand: a word that is no command is told before its flags are looked at, with
// the commands there are.
func TestNoSuchCommand(t *testing.T) {
	var out bytes.Buffer
	c, _ := quiet()
	err := run(context.Background(), c, []string{"encod", "-nothing"})
	if status(err, &out) != 2 || !strings.Contains(out.String(), `no such command "encod"; there are roundtrip, compare, encode,`) {
		t.Errorf("%v: %s", err, &out)
	}
}
