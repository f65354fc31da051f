package lp

import (
	"math"
	"testing"
)

func TestRefusedCountsEachBadPointOnce(t *testing.T) {
	var e Encoder
	e.Point("") // no measurement
	e.Float("v", 1)
	e.Float("w", math.NaN()) // of a point that is bad already
	e.EndNoTimestamp()
	e.Point("m")
	e.Float("v", 1)
	e.EndNoTimestamp()
	e.Point("m") // no field
	e.EndNoTimestamp()
	e.Point("m")
	e.Float("v", math.Inf(1))
	e.EndNoTimestamp()
	e.Point("m") // left open
	e.Point("m")
	e.Cancel()
	if got := e.Refused(); got != 4 {
		t.Errorf("Refused() = %d, want 4", got)
	}
	if e.Lines() != 1 {
		t.Errorf("Lines() = %d, want 1", e.Lines())
	}
	if e.Reset(); e.Refused() != 0 {
		t.Errorf("Refused() = %d after Reset, want 0", e.Refused())
	}
}
