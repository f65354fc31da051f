package keyindex

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// repeatedPlain is the plain twin of Repeated.
func repeatedPlain(keys []string) int {
	for i, key := range keys {
		if slices.Contains(keys[:i], key) {
			return i
		}
	}
	return -1
}

// randomKeys returns n keys of which some may be equal.
func randomKeys(r *rand.Rand, n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint("k", r.IntN(n*n/2+2))
	}
	return keys
}

// TestRepeated compares Repeated with its plain twin, around Few and above.
func TestRepeated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for i := range 4000 {
		keys := randomKeys(r, i%(4*Few))
		got, want := Repeated(len(keys), func(i int) string { return keys[i] }), repeatedPlain(keys)
		if got != want {
			t.Fatalf("%q: %d, want %d", keys, got, want)
		}
		if want >= 0 {
			found++
		}
	}
	if found < 1000 || found > 3000 {
		t.Errorf("%d of 4000 lists have a key twice", found)
	}
}

// TestFind compares Find with a search of the list, around Few and above.
func TestFind(t *testing.T) {
	for n := range 3 * Few {
		at := func(i int) string { return fmt.Sprint("k", i) }
		x := Of(n, at)
		if (x != nil) != (n > Few) {
			t.Errorf("an index of %d keys: %v", n, x != nil)
		}
		for i := range n {
			if got := Find(x, n, at(i), at); got != i {
				t.Errorf("key %d of %d is at %d", i, n, got)
			}
		}
		if got := Find(x, n, "other", at); got != -1 {
			t.Errorf("another key is at %d of %d", got, n)
		}
	}
}

// TestIndex compares an Index, which is used again and again, with a list.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var x Index
	for i := range 300 {
		x.Reset()
		var list []string
		at := func(i int) string { return list[i] }
		if x.Find("k0", at) >= 0 {
			t.Fatal("an empty index has a key")
		}
		for _, key := range randomKeys(r, i) {
			want := slices.Index(list, key)
			if got := x.Find(key, at); got != want {
				t.Fatalf("Find(%q) = %d, want %d", key, got, want)
			}
			if want < 0 {
				list = append(list, key)
			}
			if got, added := x.Add(key, at); added != (want < 0) || got != slices.Index(list, key) {
				t.Fatalf("Add(%q) = %d, %v", key, got, added)
			}
			if x.Len() != len(list) {
				t.Fatalf("Len = %d, want %d", x.Len(), len(list))
			}
		}
	}
}

// TestLinear holds that the work for a key does not grow with the number of keys: neither
// the comparisons nor the slots that are looked at. The keys have the same beginning, end
// and length, so that a hash of these would put all of them in one slot.
func TestLinear(t *testing.T) {
	const n = 32_000
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("beginning%06dtheirend", i)
	}
	compared := 0
	at := func(i int) string { compared++; return keys[i] }
	var x Index
	for _, key := range keys {
		if _, added := x.Add(key, at); !added {
			t.Fatalf("%s is not new", key)
		}
	}
	if compared > n/100 { // 32 bits of hash are equal by chance only
		t.Errorf("%d comparisons for %d keys that are new", compared, n)
	}
	if compared = 0; Repeated(n, at) >= 0 {
		t.Error("no key is there twice")
	}
	if compared > 4*n {
		t.Errorf("Repeated looked at %d keys of %d", compared, n)
	}
	mask := uint32(len(x.slots) - 1)
	probes := 0
	for i, s := range x.slots {
		if s.place != 0 {
			probes += int((uint32(i)-s.hash)&mask) + 1
		}
	}
	if probes > 3*n {
		t.Errorf("%d keys are found in %d probes", n, probes)
	}
}

// TestResetKeeps holds that Reset keeps memory, and how much.
func TestResetKeeps(t *testing.T) {
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	var x Index
	fill := func(n int) {
		for i := range n {
			x.Add(keys[i], func(i int) string { return keys[i] })
		}
	}
	again := func() { x.Reset(); fill(1000) }
	again()
	again()
	if n := testing.AllocsPerRun(10, again); n != 0 {
		t.Errorf("an index that is used again allocates %v times", n)
	}
	fill(len(keys))
	x.Reset()
	if cap(x.slots) > maxKept || cap(x.spare) > maxKept {
		t.Errorf("%d and %d slots are kept", cap(x.slots), cap(x.spare))
	}
}

// TestFewAfterMany holds that a few keys after many do not pay for the table of the many.
func TestFewAfterMany(t *testing.T) {
	var x Index
	at := func(i int) string { return fmt.Sprint(i) }
	for i := range 10_000 {
		x.Add(at(i), at)
	}
	x.Reset()
	x.Add("0", at)
	if len(x.slots) != 4*Few {
		t.Errorf("one key takes %d slots", len(x.slots))
	}
}

// FuzzIndex compares Repeated, Find and an Index that is used again with their plain twins,
// for keys of any bytes.
func FuzzIndex(f *testing.F) {
	f.Add("a b c", uint8(3))
	f.Add("a b a", uint8(0))
	for _, n := range []int{Few - 1, Few, Few + 1, 200} {
		text := ""
		for i := range n {
			text += fmt.Sprint(" k", i)
		}
		f.Add(text, uint8(n))
		f.Add(text+" k7", uint8(n))
	}
	var x Index
	f.Fuzz(func(t *testing.T, text string, cut uint8) {
		keys := strings.Split(text, " ")
		at := func(i int) string { return keys[i] }
		first := repeatedPlain(keys)
		if got := Repeated(len(keys), at); got != first {
			t.Fatalf("%q: %d, want %d", keys, got, first)
		}
		if first >= 0 {
			keys = keys[:first]
		}
		own := keys[:min(int(cut), len(keys))]
		y := Of(len(own), at)
		x.Reset()
		for i, key := range keys {
			want := slices.Index(own, key)
			if got := Find(y, len(own), key, at); got != want {
				t.Fatalf("Find(%q) in %q: %d, want %d", key, own, got, want)
			}
			if got := x.Search(key, i, at); got != -1 {
				t.Fatalf("Search(%q) in %q: %d", key, keys[:i], got)
			}
			if got := x.Search(key, i+1, at); got != i {
				t.Fatalf("Search(%q) in %q: %d, want %d", key, keys[:i+1], got, i)
			}
		}
	})
}
