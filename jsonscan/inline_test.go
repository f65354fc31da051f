//go:build !purego && !race

package jsonscan

import (
	"os/exec"
	"regexp"
	"testing"
)

// TestInlined holds that what a loop calls for every cell is small enough to be inlined: a
// call costs as much as what they do.
func TestInlined(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	out, err := exec.Command("go", "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	can := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)can inline (.+)$`).FindAllSubmatch(out, -1) {
		can[string(m[1])] = true
	}
	for _, f := range []string{
		"Cell.Kind", "Cell.Int", "Cell.Float", "Cell.Bool", "Cell.Bits",
		"(*Row).Cell", "(*Row).Cells", "(*Row).Len", "(*Row).Kind", "(*Row).Text",
	} {
		if !can[f] {
			t.Errorf("%s is not inlined", f)
		}
	}
}
