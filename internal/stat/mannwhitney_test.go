package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestMannWhitneyKnown holds values that others print.
func TestMannWhitneyKnown(t *testing.T) {
	for _, c := range []struct {
		source string
		a, b   []float64
		u, p   float64
	}{
		{"SciPy's manual: ages at diagnosis of diabetes", []float64{19, 22, 16, 29, 24}, []float64{20, 11, 17, 12}, 17, 0.1111111111111111},
		{"R's manual: permeability of membranes, twice its one-sided 0.1272",
			[]float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, []float64{1.15, 0.88, 0.90, 0.74, 1.21}, 35, 0.2544122544122544},
		{"two of all 252 ways", []float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}, 0, 2. / 252},
		{"the other side", []float64{6, 7, 8, 9, 10}, []float64{1, 2, 3, 4, 5}, 25, 2. / 252},
		{"eight of 252", []float64{1, 2, 3, 5, 6}, []float64{4, 7, 8, 9, 10}, 2, 8. / 252},
		{"nothing between them", []float64{1, 4}, []float64{2, 3}, 2, 1},
		{"all equal", []float64{3, 3, 3}, []float64{3, 3, 3}, 4.5, 1},
		// Of the 6 choices of two of the ranks 1, 2.5, 2.5, 4 the sums are 3.5,
		// 3.5, 5, 5, 6.5, 6.5.
		{"ties by hand", []float64{1, 2}, []float64{2, 3}, 0.5, 4. / 6},
		{"empty", nil, []float64{1}, 0, 1},
	} {
		u, p := MannWhitney(c.a, c.b)
		if u != c.u || math.Abs(p-c.p) > 1e-12 {
			t.Errorf("%s: U %v, p %v; want %v, %v", c.source, u, p, c.u, c.p)
		}
	}
}

// TestExactPlain counts all ways one by one.
func TestExactPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		n, m := 1+r.IntN(6), 1+r.IntN(6)
		values := make([]float64, n+m)
		for i := range values {
			values[i] = float64(r.IntN(8))
		}
		u, p := MannWhitney(values[:n], values[n:])
		mean := float64(n*m) / 2
		far, all := 0, 0
		for set := range 1 << (n + m) {
			var a, b []float64
			for i, v := range values {
				if set>>i&1 == 1 {
					a = append(a, v)
				} else {
					b = append(b, v)
				}
			}
			if len(a) != n {
				continue
			}
			all++
			if math.Abs(pairs(a, b)-mean) >= math.Abs(u-mean) {
				far++
			}
		}
		if want := float64(far) / float64(all); pairs(values[:n], values[n:]) != u || math.Abs(p-want) > 1e-12 {
			t.Fatalf("%v, %v: U %v, p %v; counted %v, %v", values[:n], values[n:], u, p, pairs(values[:n], values[n:]), want)
		}
	}
}

// pairs counts the pairs whose value of a is the greater one.
func pairs(a, b []float64) (n float64) {
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				n++
			case x == y:
				n += 0.5
			}
		}
	}
	return n
}

// TestNormal holds the approximation: where the exact form still reaches, the
// two agree; SciPy's manual prints 0.11134688653314041 for its example.
func TestNormal(t *testing.T) {
	if got := normalP(17, 5, 4, 0); math.Abs(got-0.11134688653314041) > 1e-12 {
		t.Errorf("SciPy's example: %v", got)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		var a, b []float64
		for range 25 {
			a = append(a, math.Floor(r.Float64()*40))
			b = append(b, math.Floor(r.Float64()*40)+4)
		}
		ranks, ties := doubledRanks(a, b)
		sum := 0
		for _, v := range ranks[:25] {
			sum += v
		}
		u, exact := MannWhitney(a, b)
		if got := normalP(u, 25, 25, ties); math.Abs(got-exact) > 0.01 {
			t.Errorf("approximately %v, exactly %v", got, exact)
		}
	}
	if got := normalP(50, 10, 10, 20*20*20-20); got != 1 {
		t.Errorf("all equal: %v", got)
	}
	// Above the limit the approximation is taken.
	long := make([]float64, 40)
	for i := range long {
		long[i] = float64(i)
	}
	if u, p := MannWhitney(long, long); u != 800 || p < 0.99 {
		t.Errorf("a set beside itself: U %v, p %v", u, p)
	}
}
