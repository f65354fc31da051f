package compress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/internal/inflate"
)

// TestEncodersAreBounded: however many senders compress at once, they share the encoders
// that Bound counted, and the bodies decompress to what they were.
func TestEncodersAreBounded(t *testing.T) {
	for _, c := range []struct{ senders, memory, encoders int }{
		{2, 64 << 20, 2}, {40, 64 << 20, 6}, {1, 64 << 20, 1}, {3, 0, 1}, {8, 32 * deflate.EncoderSize, 2},
	} {
		p, memory := Bound(Gzip(1), c.senders, c.memory)
		if memory != c.encoders*deflate.EncoderSize {
			t.Errorf("%d senders, memory %d: %d bytes of encoders, want %d of them", c.senders, c.memory, memory, c.encoders)
		}
		var wg sync.WaitGroup
		for g := range c.senders {
			wg.Go(func() {
				var dst []byte
				for n := range 20 {
					body := strings.Repeat(fmt.Sprintf("m,g=%d v=%d\n", g, n), 100)
					dst = p.Append(dst[:0], []byte(body))
					if got, err := inflate.AppendGunzip(nil, dst, len(body)); err != nil || string(got) != body {
						t.Errorf("%d bytes came back as %d, %v", len(body), len(got), err)
					}
				}
			})
		}
		wg.Wait()
		set := p.(encoderSet)
		made := map[*deflate.Encoder]bool{}
		for range cap(set) {
			if e := <-set; e != nil {
				made[e] = true
			}
		}
		if len(made) == 0 || len(made) > c.encoders {
			t.Errorf("%d encoders were made, want %d at most", len(made), c.encoders)
		}
	}
	for _, p := range []Compressor{Gzip(2), Zstd(1)} {
		if got, memory := Bound(p, 2, 0); got != p || memory != 0 {
			t.Errorf("a compressor of type %T takes %d bytes", got, memory)
		}
	}
}

// TestLevels: at every level a body is appended to dst and decompresses to what it was, and
// only level 1 uses our own encoder.
func TestLevels(t *testing.T) {
	body := []byte(strings.Repeat("cpu,host=a usage=0.25 1500000000000000000\n", 500))
	for level := 1; level < 10; level++ {
		c := Gzip(level)
		if _, ours := c.(*lineGzip); ours != (level == 1) || c.Encoding() != "gzip" {
			t.Errorf("level %d: a %T", level, c)
		}
		for range 3 {
			compressed := c.Append([]byte("before"), body)
			head, rest := compressed[:6], compressed[6:]
			if got, err := inflate.AppendGunzip(nil, rest, len(body)); err != nil || !bytes.Equal(got, body) || string(head) != "before" {
				t.Errorf("level %d: %v, %d bytes after %q", level, err, len(got), head)
			}
		}
	}
}
