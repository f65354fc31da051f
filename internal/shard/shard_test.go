package shard

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/line"
)

var goldenServers = []string{"http://influx1:8086", "http://influx2:8086", "https://influx3:8086/base", "unix:///run/influx.sock"}

// golden was made by a program in another language from the documentation of the package.
var golden = []struct {
	series string
	hash   uint64
	server int
}{
	{"cpu", 0x516aca9bd8530250, 1},
	{"cpu,host=server01", 0x1560055ca45f948e, 2},
	{"cpu,host=server01,region=eu\x5c west", 0xbe40b0b932205cdc, 2},
	{"disk\x5c,\x5c used,a\x5c=b=c\x5c,d,path=C:\x5cx", 0xe2cf3b9b235334f3, 0},
	{"gr\xc3\xb6\xc3\x9fe,ort=Z\xc3\xbcrich", 0x826edb15ab6274cb, 0},
	{"m,k=\x80\x01", 0xac75a4b334269ece, 0},
	{"weather,station=0", 0xc211f089c5eac11d, 0},
	{"a=b,x=\x5c=", 0xb3fb3457168ff5b7, 0},
}

// TestGolden holds the places that programs rely on.
func TestGolden(t *testing.T) {
	servers := Of(goldenServers)
	for _, g := range golden {
		for _, text := range []string{g.series, g.series + " v=1 1\n"} {
			h := Series([]byte(text))
			if at := servers.Place(h); h != g.hash || at != g.server {
				t.Errorf("%q: %#x at %d, want %#x at %d", text, h, at, g.hash, g.server)
			}
		}
	}
}

// plain is Series by package hash/fnv.
func plain(name string, tags [][2]string) uint64 {
	f := func(s string) uint64 {
		h := fnv.New64a()
		h.Write([]byte(s))
		return mix(h.Sum64())
	}
	h := f(name)
	for _, tag := range tags {
		h += f(tag[0] + "\xff" + tag[1])
	}
	return h
}

// FuzzSeries compares with the tags that the Scanner reads, in any order.
func FuzzSeries(f *testing.F) {
	f.Add([]byte("cpu,host=a,region=b v=1 1\n"), uint64(1))
	f.Add([]byte(`a\ b\,c,d\=e\ f=\\\,g,h=\\i v="x" 1`), uint64(2))
	f.Add([]byte("m,k=a\\\\ b v=1 1\n"), uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		var s line.Scanner
		s.Reset(data)
		for s.Next() {
			if s.Fault.Rule != 0 {
				continue
			}
			var tags [][2]string
			for _, tag := range s.Tags {
				tags = append(tags, [2]string{string(s.Text(tag.Key)), string(s.Text(tag.Value))})
			}
			text := s.AppendPlain(nil)
			want := plain(string(s.Text(s.Name)), tags)
			if got := Series(text); got != want {
				t.Fatalf("%q: %#x, want %#x", text, got, want)
			}
			rng := rand.New(rand.NewPCG(seed, 0))
			rng.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
			other := bytes.Clone(text[:line.SeriesPart(text, 0)])
			for _, tag := range tags {
				other = append(line.EscapeTag(append(other, ','), tag[0]), '=')
				other = line.EscapeTag(other, tag[1])
			}
			if got := Series(other); got != want {
				t.Fatalf("%q: %#x, in another order %q %#x", text, want, other, got)
			}
		}
	})
}

// TestSpread: servers have equal shares, and one that is added takes its share from all
// others alike and moves nothing else.
func TestSpread(t *testing.T) {
	const n = 100_000
	var addrs []string
	for i := range 5 {
		addrs = append(addrs, fmt.Sprintf("http://influx%d:8086", i))
	}
	before, after := Of(addrs[:4]), Of(addrs)
	var shares [5]int
	var from [4]int
	moved := 0
	for i := range n {
		h := Series(fmt.Appendf(nil, "cpu,host=server%d,cpu=cpu%d", i/8, i%8))
		a, b := before.Place(h), after.Place(h)
		shares[b]++
		if a == b {
			continue
		}
		if b != 4 {
			t.Fatalf("series %d moved from %d to %d", i, a, b)
		}
		moved++
		from[a]++
	}
	near := func(got, want int) bool { return got > want*97/100 && got < want*103/100 }
	if !near(moved, n/5) {
		t.Errorf("%d of %d moved, want a fifth", moved, n)
	}
	for i, k := range shares {
		if !near(k, n/5) {
			t.Errorf("server %d has %d of %d", i, k, n)
		}
	}
	for i, k := range from {
		if k < moved/4*9/10 || k > moved/4*11/10 {
			t.Errorf("server %d lost %d of %d", i, k, moved)
		}
	}
	// The order of the addresses does not matter.
	turned := Of([]string{addrs[3], addrs[1], addrs[0], addrs[2], addrs[4]})
	for i := range 1000 {
		h := Series(fmt.Appendf(nil, "m,id=%d", i))
		if a, b := after.addrs[after.Place(h)], turned.addrs[turned.Place(h)]; a != b {
			t.Fatalf("%s and %s", a, b)
		}
	}
}

func TestSeriesAllocs(t *testing.T) {
	text := []byte("cpu," + strings.Repeat(`a\ b=c,`, 20) + "z=1 v=1 1\n")
	servers := Of(goldenServers)
	if n := testing.AllocsPerRun(100, func() { servers.Place(Series(text)) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
