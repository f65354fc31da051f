//go:build !purego && !race

package lp_test

import (
	"math/bits"
	"os/exec"
	"regexp"
	"testing"
)

// TestInlined holds that the functions whose speed depends on it are small
// enough to be inlined: a call costs as much as what they do.
func TestInlined(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	out, err := exec.Command("go", "build", "-gcflags=-m", ".", "../internal/swar", "../internal/decimal").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	can := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)can inline (.+)$`).FindAllSubmatch(out, -1) {
		can[string(m[1])] = true
	}
	want := []string{
		"Head", "Load64", "Load64String", "Load32String", "Store64", "Store32", "Store16", "StoreByte", "Digits8", "Value8", "NonDigits", "NonValues", // swar
		"Grow", "InRange", "hundreds", "Point", "ShortDecimal", "rounded", // decimal
		"grow", "growAt", "fill", "unclean", "uncleanString", "putKey", "finite", "sameString", "viewString",
		"Small", "(*TimestampCache).Shares", "(*TimestampCache).PutShared", "(*Found).Finite",
		"(*keySet).again", "(*keySet).reset", "(*heldKey).isShort", "(*heldKey).isEnds", "(*heldKey).isMiddle", "(*heldKey).put",
		"(*plainOp).put", "spot.here", "(*Encoder).startFields", "(*Encoder).finish",
		"(*location).here", "loadString", "loadFloat64", "loadInt64", "loadBool", "(*fault).count", "hide",
		"(*Point).SetFloat", "(*Point).SetInt",
	}
	if bits.UintSize == 64 {
		want = append(want, "product") // on 32 bits, bits.Mul64 is not one instruction
	}
	for _, f := range want {
		if !can[f] {
			t.Errorf("%s is not inlined", f)
		}
	}
}
