package main

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(runRole(role))
	}
	os.Exit(m.Run())
}

// A fleet whose processes are killed loses nothing, and its count is right.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 15 processes")
	}
	seed := uint64(time.Now().UnixNano())
	sum, err := Run(t.Context(), Options{
		Duration: 10 * time.Second, Chaos: true, Seed: seed, Collectors: 8, Forwarders: 2, Rate: 500, Out: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum.Promised < 1000 || sum.Stored != sum.Promised+sum.Extra || sum.Kills == 0 || len(sum.PerServer) != 2 || sum.PerServer[0]*4 < sum.PerServer[1] || sum.PerServer[1]*4 < sum.PerServer[0] {
		t.Errorf("%+v", sum)
	}
}

// A server more takes its share of the series from the others, and moves no other.
func TestPlaces(t *testing.T) {
	const n = 10_000
	servers := []string{"http://127.0.0.1:1", "http://127.0.0.1:2/", "http://127.0.0.1:3", "http://127.0.0.1:4"}
	three, err := newPlaces(servers[:3])
	if err != nil {
		t.Fatal(err)
	}
	defer three.close()
	four, err := newPlaces(servers)
	if err != nil {
		t.Fatal(err)
	}
	defer four.close()
	moved := 0
	counts := make([]int, 4)
	for i := range n {
		_, series := appendLine(nil, i, i)
		before, err := three.shard(series)
		if err != nil {
			t.Fatal(err)
		}
		after, err := four.shard(series)
		if err != nil {
			t.Fatal(err)
		}
		counts[after]++
		if before != after {
			if moved++; after != 3 {
				t.Fatalf("%s moved from %d to %d", series, before, after)
			}
		}
	}
	for shard, c := range append(counts, moved) {
		if c < n/5 || c > n/3 {
			t.Errorf("shard %d has %d of %d, %d moved", shard, c, n, moved)
		}
	}
}
