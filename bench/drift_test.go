package bench

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/measure"
)

func TestDrift(t *testing.T) {
	base := map[string]Baseline{
		"s/c/pointwire-same":  {0, 4, "x"},
		"s/c/pointwire-less":  {0, 4, "x"},
		"s/c/pointwire-noisy": {0, 4, "x"},
		"s/c/pointwire-more":  {0, 4, "x"},
		"s/c/pointwire-other": {0, 4, "y"}, // ratios to different bases cannot be compared
		"s/d/pointwire-gone":  {0, 4, "x"},
	}
	result := func(name string, ratio, lo, hi float64) measure.Result {
		return measure.Result{Suite: "s", Case: "c", Contender: name, Base: "x", Ratio: ratio, RatioLo: lo, RatioHi: hi}
	}
	got := Drift(base, []measure.Result{
		result("pointwire-more", 8, 7, 9),
		result("pointwire-same", 4.2, 4.1, 4.3), // the baseline is outside the interval, but near
		result("pointwire-less", 2, 1.5, 3.5),
		result("pointwire-noisy", 3, 2, 3.7), // the interval is not all below nine tenths
		result("pointwire-other", 1, 1, 1),
		result("pointwire-new", 1, 1, 1),
		{Suite: "s", Case: "d", Contender: "pointwire-gone", Base: "x", Wrong: "wrong"},
		result("peer", 1, 1, 1),
	})
	var list []string
	for _, c := range got {
		name := c.ID
		if c.Clear() {
			name += "*"
		}
		list = append(list, name)
	}
	want := "s/c/pointwire-less* s/c/pointwire-noisy s/c/pointwire-same s/c/pointwire-more*"
	if s := strings.Join(list, " "); s != want {
		t.Errorf("drift %s, want %s", s, want)
	}
	var b strings.Builder
	if err := WriteDrift(&b, got); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"-50 %*", "+100 %*", "2 of 4 ratios"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("no %q in\n%s", part, &b)
		}
	}
}

// TestTour checks that every entry of the tour names a suite or a case.
func TestTour(t *testing.T) {
	known := map[string]bool{}
	for _, s := range Suites {
		known[s.Name] = true
		for _, name := range s.Names {
			known[s.Name+"/"+name] = true
		}
	}
	for id := range tour {
		if !known[id] {
			t.Errorf("%s is neither a suite nor a case", id)
		}
	}
	if a, b, c := TourSize("query", "logs"), TourSize("query", "mix"), TourSize("none", ""); a != 0.28 || b != 0.1 || c != 0.25 {
		t.Errorf("sizes %v, %v, %v", a, b, c)
	}
}
