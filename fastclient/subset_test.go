package fastclient

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func subsetOf(t *testing.T, id string, size, servers int) (chosen []string) {
	t.Helper()
	o := Options{Balance: RoundRobin, Database: "d", Subset: Subset{Size: size, ID: id}, Addr: "http://s0:8086"}
	for i := 1; i < servers; i++ {
		o.Addrs = append(o.Addrs, fmt.Sprintf("http://s%d:8086", i))
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, e := range c.Stats().Endpoints {
		chosen = append(chosen, e.Addr)
	}
	return chosen
}

// TestSubset: servers share the clients, and a new server gets its share from all of them and
// changes nothing else.
func TestSubset(t *testing.T) {
	const clients, size, servers = 2000, 3, 20
	uses := map[string]int{}
	moved := 0
	for i := range clients {
		id := fmt.Sprintf("collector-%d", i)
		before, after := subsetOf(t, id, size, servers), subsetOf(t, id, size, servers+1)
		if len(before) != size || len(after) != size {
			t.Fatalf("%q, then %q", before, after)
		}
		for _, s := range before {
			uses[s]++
		}
		if slices.Equal(before, after) {
			continue
		}
		moved++
		kept := slices.DeleteFunc(slices.Clone(after), func(s string) bool { return s == fmt.Sprintf("http://s%d:8086", servers) })
		if len(kept) != size-1 || !slices.Equal(kept, before[:size-1]) {
			t.Errorf("%s: %q became %q", id, before, after)
		}
	}
	for s, n := range uses {
		if want := clients * size / servers; n < want*3/4 || n > want*5/4 {
			t.Errorf("%s has %d clients, want about %d", s, n, want)
		}
	}
	if want := clients * size / (servers + 1); len(uses) != servers || moved < want*3/4 || moved > want*5/4 {
		t.Errorf("%d servers are used; a new one moved %d clients, want about %d", len(uses), moved, want)
	}
}

// TestSubsetIsStable: the choice is the same in every version.
func TestSubsetIsStable(t *testing.T) {
	want := []string{"http://s2:8086", "http://s1:8086"} // by another implementation of the formula
	if got := subsetOf(t, "collector-1", 2, 8); !slices.Equal(got, want) {
		t.Errorf("collector-1 uses %q, want %q", got, want)
	}
	if got := subsetOf(t, "collector-1", 8, 8); got[0] != "http://s0:8086" || len(got) != 8 {
		t.Errorf("all: %q", got)
	}
	if got := subsetOf(t, "", 1, 3); len(got) != 1 {
		t.Errorf("by the name of the host: %q", got)
	}
}

func TestSubsetErrors(t *testing.T) {
	for _, o := range []Options{
		{Subset: Subset{Size: -1}},
		{Subset: Subset{Size: 1, ID: "a"}, Balance: Replicate, Addrs: []string{"http://b"}},
	} {
		var oe *OptionError
		if _, err := New(o); !errors.As(err, &oe) || oe.Field != "Subset" {
			t.Errorf("%+v: %v", o.Subset, err)
		}
	}
}
