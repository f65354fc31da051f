package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestImport has each contender load a few points, which the server counts.
func TestImport(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc")
	}
	t.Chdir("../..") // as go run -C bench does
	var out strings.Builder
	if err := run(t.Context(), []string{"-points", "2000", "-rounds", "1"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"2000 points, 1 turns", "send ", "send, plain ", "rows/s"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("no %q in\n%s", name, &out)
		}
	}
	t.Log(out.String())
	if err := run(t.Context(), []string{"-points", "0"}, &out); err == nil {
		t.Error("no error")
	}
}

// TestCPU holds that time that is spent is seen.
func TestCPU(t *testing.T) {
	before, err := cpuOf(os.Getpid())
	if err != nil {
		t.Skip(err)
	}
	for after := before; after < before+2*clockTick; {
		for began := time.Now(); time.Since(began) < time.Millisecond; {
		}
		if after, err = cpuOf(os.Getpid()); err != nil {
			t.Fatal(err)
		}
	}
}
