package bench

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLpbench runs a small comparison as a user would: lpbench builds this module and
// writes tables and files, and other commands read these files.
func TestLpbench(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "lpbench")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", program, "./cmd/lpbench").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lpbench := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Dir = ".."
		out, err := cmd.CombinedOutput()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%q: status %d\n%s", args, got, out)
		}
		return string(out)
	}
	if out := lpbench(0, "compare", "-list", "encode", "numbers"); strings.Count(out, "encode/trade\n") != 1 || !strings.Contains(out, "numbers/append-int-digits\n") || strings.Contains(out, "query/") {
		t.Errorf("the list is\n%s", out)
	}
	lpbench(2, "compare", "encode/nothing")
	json, page, file := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.html"), filepath.Join(dir, "r.md")
	out := lpbench(0, "compare", "-count", "2", "-benchtime", "1us", "-size", "0.01", "-json", json, "-html", page, "encode/trade", "numbers/append-int-digits")
	for _, part := range []string{"encode, trade", "numbers, append-int-digits", "× line-protocol", "goals of the design", "≥8"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	if strings.Contains(out, "encode, cpu") {
		t.Errorf("a case that was not chosen:\n%s", out)
	}
	if html, err := os.ReadFile(page); err != nil || !bytes.Contains(html, []byte("go run ./cmd/lpbench compare -count 2 -benchtime 1µs -size 0.01 encode/trade")) {
		t.Errorf("a page of %d bytes without its command, %v", len(html), err)
	}
	// Two rounds are too few for a test, so no case may be called slower.
	if out := lpbench(0, "diff", "-fail", json, json); strings.Contains(out, "slower") || !strings.Contains(out, "no test") {
		t.Errorf("a run compared with itself:\n%s", out)
	}
	if err := os.WriteFile(file, []byte("<!-- table: suites -->\n<!-- end: suites -->\n<!-- table: goals -->\n<!-- end: goals -->\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	lpbench(0, "readme", "-json", json, file)
	if text, err := os.ReadFile(file); err != nil || !bytes.Contains(text, []byte("### encode")) || !bytes.Contains(text, []byte("| append-int-digits |")) {
		t.Errorf("%v:\n%s", err, text)
	}
}
