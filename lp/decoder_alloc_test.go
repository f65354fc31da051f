//go:build !race

package lp_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// TestDecoderAllocs holds that a Decoder which is used again allocates nothing,
// whatever comes: names and keys that it forgot again, fields that are missing,
// escapes, a reader that gives little at a time.
func TestDecoderAllocs(t *testing.T) {
	sets := append([]workload.LineSet{{Name: "100,000 names", Make: workload.NamedLines(100_000)}}, workload.LineSets...)
	for _, set := range sets {
		n := 15_000
		if testing.Short() || set.Name == "server" {
			n = 6000
		}
		bodies := workload.LineBodies(set, n, n/3, 1)
		var memory, reader lp.Decoder
		var r bytes.Reader
		var small littleReader
		i := 0
		next := func() []byte { i++; return bodies[i%len(bodies)] }
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"memory", func() {
				memory.Reset(next())
				drain(t, &memory)
			}},
			{"reader", func() {
				r.Reset(next())
				reader.ResetReader(&r)
				drain(t, &reader)
			}},
			{"reader, little at a time", func() {
				r.Reset(next())
				small.r = &r
				reader.ResetReader(&small)
				drain(t, &reader)
			}},
		} {
			for range 4 * len(bodies) {
				c.f()
			}
			if n := testing.AllocsPerRun(2*len(bodies), c.f); n != 0 {
				t.Errorf("%s, %s: %v allocations", set.Name, c.name, n)
			}
		}
	}
	var d lp.Decoder
	one := []byte(workload.GuideTradeLine)
	if n := testing.AllocsPerRun(100, func() { d.Reset(one); drain(t, &d) }); n != 0 {
		t.Errorf("a line without a line feed: %v allocations", n)
	}
}

// A littleReader gives a few bytes at a time.
type littleReader struct {
	r io.Reader
	n int
}

func (l *littleReader) Read(p []byte) (int, error) {
	l.n = l.n%97 + 1
	return l.r.Read(p[:min(len(p), l.n)])
}

// TestDecoderMemory holds that what a Decoder remembers of lines does not grow with
// their number, however much differs between them.
func TestDecoderMemory(t *testing.T) {
	lines := 200_000
	if testing.Short() {
		lines = 50_000
	}
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name string
		line func(b *bytes.Buffer, i int)
		each int // lines with as many bytes are less
	}{
		{"names", func(b *bytes.Buffer, i int) { fmt.Fprintf(b, "m%d v=1 1\n", i) }, 1},
		{"long names", func(b *bytes.Buffer, i int) { fmt.Fprintf(b, "%s%d v=1 1\n", long, i) }, 1},
		{"field keys", func(b *bytes.Buffer, i int) { fmt.Fprintf(b, "m k%d=1,l%d=1 1\n", i, i) }, 1},
		{"long field keys", func(b *bytes.Buffer, i int) { fmt.Fprintf(b, "m %s%d=1 1\n", long, i) }, 1},
		{"tag keys", func(b *bytes.Buffer, i int) { fmt.Fprintf(b, "m,k%d=a,l%d=b v=1 1\n", i, i) }, 1},
		{"names and keys", func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "m%d", i%10_000)
			for k := range 20 {
				fmt.Fprintf(b, ",t%d_%d=a", k, i)
			}
			for k := range 20 {
				fmt.Fprintf(b, "%ck%d_%d=1", " ,"[min(k, 1)], k, i)
			}
			b.WriteString(" 1\n")
		}, 10},
		{"names and long keys", func(b *bytes.Buffer, i int) {
			fmt.Fprintf(b, "m%d ", i%5000)
			for k := range 50 {
				fmt.Fprintf(b, "%s%d_%d=1,", long, i%3, k)
			}
			b.WriteString("v=1 1\n")
		}, 100},
	} {
		var d lp.Decoder
		var body bytes.Buffer
		body.Grow(1 << 20)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		largest := uint64(0)
		for i := range lines / c.each {
			c.line(&body, i)
			if body.Len() > 1<<20-32<<10 || i == lines/c.each-1 {
				d.Reset(body.Bytes())
				if drain(t, &d) == 0 {
					t.Fatalf("%s: no points", c.name)
				}
				body.Reset()
				runtime.GC()
				runtime.ReadMemStats(&after)
				largest = max(largest, after.HeapAlloc)
			}
		}
		grown := int64(largest) - int64(before.HeapAlloc)
		if grown > 5<<20 {
			t.Errorf("%s: the heap grew by %d bytes", c.name, grown)
		} else {
			t.Logf("%s: the heap grew by %d bytes", c.name, grown)
		}
		runtime.KeepAlive(&d)
		runtime.KeepAlive(&body)
	}
}
