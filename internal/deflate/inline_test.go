//go:build !purego && !race

package deflate

import (
	"os/exec"
	"regexp"
	"testing"
)

// TestInlined checks that the functions called in the hot loops are inlined.
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
	for _, f := range []string{"below", "sequence", "distanceSymbol", "candidate", "twoPairs", "(*stream).put", "entry"} {
		if !can[f] {
			t.Errorf("%s is not inlined", f)
		}
	}
}
