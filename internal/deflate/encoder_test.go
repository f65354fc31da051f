package deflate

import (
	"bytes"
	stdgzip "compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"
	"unsafe"

	"github.com/klauspost/compress/gzip"
)

// inflate decodes p with compress/gzip and with klauspost/compress, and fails if their
// results differ.
func inflate(tb testing.TB, p []byte) []byte {
	tb.Helper()
	r, err := stdgzip.NewReader(bytes.NewReader(p))
	if err != nil {
		tb.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		tb.Fatal(err)
	}
	k, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		tb.Fatal(err)
	}
	other, err := io.ReadAll(k)
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(got, other) {
		tb.Fatal("the decoders differ")
	}
	return got
}

// check compresses body, checks that the result decodes to body and is within its size
// bound, and returns it.
func check(tb testing.TB, e *Encoder, body []byte) []byte {
	tb.Helper()
	p := e.AppendGzip(nil, body)
	if got := inflate(tb, p); !bytes.Equal(got, body) {
		n := 0
		for n < len(got) && n < len(body) && got[n] == body[n] {
			n++
		}
		tb.Fatalf("%d bytes came back as %d bytes, which differ from byte %d on", len(body), len(got), n)
	}
	if most := len(body) + 64 + 5*(len(body)/maxStored); len(p) > most {
		tb.Fatalf("%d bytes became %d", len(body), len(p))
	}
	return p
}

func TestEncoderSize(t *testing.T) {
	if n := unsafe.Sizeof(Encoder{}); n > EncoderSize {
		t.Errorf("an Encoder has %d bytes", n)
	}
}

// TestBodies compresses bodies of all kinds and sizes, one after the other.
func TestBodies(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 100, 1000} {
		e := new(Encoder)
		for _, s := range samples(t, n) {
			t.Run(s.name, func(t *testing.T) {
				first := len(check(t, e, s.body))
				second := len(check(t, e, s.body))
				t.Logf("%d lines: %d bytes become %d and %d", n, len(s.body), first, second)
			})
		}
	}
}

// TestEdges compresses every prefix of bodies whose length is near that of a tiny body,
// of a chunk or of a stored block.
func TestEdges(t *testing.T) {
	reach := 80
	if testing.Short() {
		reach = 9
	}
	e := new(Encoder)
	for _, s := range samples(t, 1000) {
		t.Run(s.name, func(t *testing.T) {
			for n := range 3 * margin {
				check(t, e, head(s.body, n))
			}
			for _, edge := range []int{tinySize, chunkSize, 2 * chunkSize, maxStored} {
				for n := edge - reach; n <= edge+reach; n++ {
					check(t, e, head(s.body, n))
				}
			}
		})
	}
}

// TestChunkOfEach mixes chunks of different kinds in one body, so that codes are refused
// and stored blocks occur among the others.
func TestChunkOfEach(t *testing.T) {
	list := samples(t, 500)
	r := rand.New(rand.NewPCG(3, 4))
	e := new(Encoder)
	for range 60 {
		var body []byte
		for range 1 + r.IntN(8) {
			s := list[r.IntN(len(list))].body
			from := r.IntN(len(s))
			body = append(body, s[from:min(len(s), from+r.IntN(2*chunkSize))]...)
		}
		check(t, e, body)
	}
}

// TestStored checks that incompressible data is stored, in as few blocks as possible.
func TestStored(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	random := make([]byte, 300_000)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	e := new(Encoder)
	for _, n := range []int{0, 1, tinySize, chunkSize, maxStored, maxStored + 1, len(random)} {
		if got, most := len(check(t, e, random[:n])), len(gzipHeader)+storedSize(n)+8; got > most {
			t.Errorf("%d bytes became %d, more than %d", n, got, most)
		}
	}
}

// TestAppend checks that dst is extended, and that MaxSize is enough room.
func TestAppend(t *testing.T) {
	e := new(Encoder)
	for _, s := range samples(t, 700) {
		for _, n := range []int{0, 100, 1000, chunkSize + 1, 3 * chunkSize} {
			body := head(s.body, n)
			dst := append(make([]byte, 0, 3+MaxSize(len(body))), "abc"...)
			got := e.AppendGzip(dst, body)
			if &got[0] != &dst[0] {
				t.Errorf("%s, %d bytes: MaxSize is too small", s.name, len(body))
			}
			if string(got[:3]) != "abc" || !bytes.Equal(inflate(t, got[3:]), body) {
				t.Errorf("%s, %d bytes: dst was not extended", s.name, len(body))
			}
			if small := e.AppendGzip([]byte("abc"), body); string(small[:3]) != "abc" || !bytes.Equal(inflate(t, small[3:]), body) {
				t.Errorf("%s, %d bytes: dst did not grow", s.name, len(body))
			}
		}
	}
}

// TestReset checks that after Reset, and with Reproducible, the output depends on the
// body alone.
func TestReset(t *testing.T) {
	list := samples(t, 300)
	reset, reproducible := new(Encoder), &Encoder{Reproducible: true}
	for range 2 {
		for _, s := range list {
			want := new(Encoder).AppendGzip(nil, s.body)
			reset.Reset()
			if got := reset.AppendGzip(nil, s.body); !bytes.Equal(got, want) {
				t.Errorf("%s: other bytes after Reset", s.name)
			}
			if got := reproducible.AppendGzip(nil, s.body); !bytes.Equal(got, want) {
				t.Errorf("%s: other bytes with Reproducible", s.name)
			}
		}
		slices.Reverse(list)
	}
}

// golden is the checksum of all compressed bodies of TestGolden. It changes with the
// algorithm, and with nothing else.
const golden uint32 = 0x43ae7a1c

// TestGolden checks that every build makes the same bytes: with and without unsafe
// loads, on every processor.
func TestGolden(t *testing.T) {
	e, h := new(Encoder), crc32.NewIEEE()
	for _, n := range []int{2, 10, 300} {
		for _, s := range samples(t, n) {
			switch s.name {
			case "hostmon", "servers", "mixed": // they differ between hosts, and between processors that fuse sums and products or not
			default:
				h.Write(e.AppendGzip(nil, s.body))
			}
		}
	}
	if got := h.Sum32(); got != golden {
		t.Errorf("the checksum is %#x, want %#x", got, golden)
	}
}

// TestLargeBodies makes the 16-bit positions of the hash table wrap around many times.
func TestLargeBodies(t *testing.T) {
	n := 40_000
	if testing.Short() {
		n = 3000
	}
	e := new(Encoder)
	for _, s := range samples(t, n) {
		check(t, e, s.body)
	}
}

// TestOtherDecoders decodes a body of each kind with gzip, and with zlib through Python.
func TestOtherDecoders(t *testing.T) {
	run := func(t *testing.T, in []byte, name string, arg ...string) []byte {
		t.Helper()
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("there is no ", name)
		}
		cmd := exec.Command(name, arg...)
		cmd.Stdin = bytes.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return out
	}
	e := new(Encoder)
	var all, compressed, framed []byte
	for _, n := range []int{1, 10, 700} {
		for _, s := range samples(t, n) {
			all = append(all, s.body...)
			p := e.AppendGzip(nil, s.body)
			compressed = append(compressed, p...)
			framed = append(binary.LittleEndian.AppendUint32(framed, uint32(len(p))), p...)
		}
	}
	t.Run("gzip", func(t *testing.T) {
		run(t, compressed, "gzip", "-t")
		if got := run(t, compressed, "gzip", "-dc"); !bytes.Equal(got, all) {
			t.Error("gzip makes something else of it")
		}
	})
	t.Run("zlib", func(t *testing.T) {
		const program = `
import sys, zlib
p = sys.stdin.buffer.read()
while p:
    n = int.from_bytes(p[:4], "little")
    d = zlib.decompressobj(31)
    sys.stdout.buffer.write(d.decompress(p[4:4+n]))
    assert d.eof and not d.unused_data
    p = p[4+n:]
`
		if got := run(t, framed, "python3", "-c", program); !bytes.Equal(got, all) {
			t.Error("zlib makes something else of it")
		}
	})
}

// FuzzEncoder compresses any three bodies one after the other, and the first again.
func FuzzEncoder(f *testing.F) {
	for _, n := range []int{1, 3, 20, 250} {
		list := samples(f, n)
		for i := range list {
			f.Add(list[i].body, list[(i+1)%len(list)].body, list[(i+2)%len(list)].body, uint16(n*i))
		}
	}
	e := new(Encoder) // shared, so it has compressed all earlier inputs
	f.Fuzz(func(t *testing.T, a, b, c []byte, repeat uint16) {
		// A body of several chunks, whose first bytes occur again.
		long := slices.Concat(a, b, c)
		for n := len(long); n > 0 && len(long) < int(repeat); {
			long = append(long, long[len(long)-n:][:min(n, int(repeat)-len(long))]...)
		}
		own := new(Encoder)
		for _, body := range [][]byte{a, b, c, long, a} {
			check(t, e, body)
			check(t, own, body)
		}
	})
}

// TestBeginnings compresses bodies that begin with runs of all short lengths, where a match
// has few bytes before it.
func TestBeginnings(t *testing.T) {
	e, twin, m := new(Encoder), new(Encoder), new(plainMatcher)
	tail := samples(t, 2)[0].body
	for i := range 26 {
		for j := range 26 {
			for _, second := range []byte("ab") {
				body := append(bytes.Repeat([]byte{'a'}, i), ',')
				body = append(append(body, bytes.Repeat([]byte{second}, j)...), ',')
				body = append(body, tail...)
				check(t, e, body)
				compareTwins(t, twin, m, body, true)
			}
		}
	}
}

// TestRepeats compresses random bodies that are made of few bytes and of copies of what came
// before, at all distances: the beginnings of bodies and odd matches, which lines seldom have.
func TestRepeats(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 2000
	}
	r := rand.New(rand.NewPCG(7, 8))
	e, body := new(Encoder), []byte(nil)
	for range n {
		body = body[:0]
		letters := "ab, =0\n\"7\xff"[:2+r.IntN(9)]
		for size := tinySize + r.IntN(400); len(body) < size; {
			if len(body) > 0 && r.IntN(2) == 0 {
				d := 1 + r.IntN(min(len(body), 40))
				for range 1 + r.IntN(30) {
					body = append(body, body[len(body)-d])
				}
				continue
			}
			for range 1 + r.IntN(9) {
				body = append(body, letters[r.IntN(len(letters))])
			}
		}
		check(t, e, body)
	}
}
