package fastclient

import "testing"

// TestWireWords: no request of version 1 has a word that any server takes for another
// unit, and no other API changes its unit.
func TestWireWords(t *testing.T) {
	for p := Nanosecond; p <= Hour; p++ {
		unit := wireUnit(V1, p)
		if word := precisionWord(V1, unit); word != "ns" && word != "ms" && word != "s" {
			t.Errorf("%v is sent as %q", p, word)
		}
		if p.Unit()%unit.Unit() != 0 || wireUnit(V2, p) != p || wireUnit(V3, p) != p {
			t.Errorf("%v is sent in %v", p, unit)
		}
		if p == Nanosecond || p == Millisecond || p == Second {
			if unit != p {
				t.Errorf("%v is sent in %v", p, unit)
			}
		}
	}
}
