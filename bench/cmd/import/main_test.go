package main

import (
	"os"
	"strings"
	"testing"
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
