package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestFormats measures small responses, whose rows must be the same in both formats.
func TestFormats(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc")
	}
	t.Chdir("../..") // as go run -C bench does
	var out strings.Builder
	args := []string{"-points", "1000", "-rounds", "1", "-turn", time.Millisecond.String()}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"SELECT * FROM cpu GROUP BY *", "SELECT * FROM Trade", "  1000  "} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("no %q in\n%s", text, &out)
		}
	}
	t.Log(out.String())
	if err := run(t.Context(), []string{"-points", "0"}, &out); err == nil {
		t.Error("no error")
	}
}
