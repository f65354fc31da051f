package line

import (
	"bytes"
	"strings"
	"testing"
)

func TestMiddleIsALineEndNearTheMiddle(t *testing.T) {
	for n := 2; n < 50; n++ {
		data := strings.Repeat("m v=1\n", n)
		at, lines := Middle([]byte(data))
		if lines != n/2 || at != 6*lines {
			t.Errorf("%d lines: middle after %d lines, at %d", n, lines, at)
		}
	}
	long := strings.Repeat("x", 100) + " v=1\n"
	for in, want := range map[string][2]int{"m v=1\n" + long: {6, 1}, long + "m v=1\n": {105, 1}} {
		if at, lines := Middle([]byte(in)); at != want[0] || lines != want[1] {
			t.Errorf("%q: middle at %d after %d lines, want %v", in, at, lines, want)
		}
	}
}

// FuzzLines holds what is known of lines that were let pass against the scanner that
// let them.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"m v=1 5", `m,a=b v="x"`, "m v=\"a\nb\" 5 ", `m\ ,a\==b v=t,w=1i -7`, `m v="a\\"`, "m v=1\n m v=\"5\" -3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Scanner
		var lines []byte
		var sizes []int
		var stamps []bool
		s.reset(data, 0)
		for s.Next() {
			if s.Fault.Rule != 0 {
				continue
			}
			n := len(lines)
			lines = s.AppendPlain(lines)
			sizes = append(sizes, len(lines)-n)
			stamps = append(stamps, s.Stamped)
		}
		if n := Count(lines); n != len(sizes) {
			t.Fatalf("%q: %d lines, want %d", lines, n, len(sizes))
		}
		rest := lines
		for i, size := range sizes {
			if n := Len(rest); n != size {
				t.Fatalf("%q: %d bytes, want %d", rest, n, size)
			}
			if Stamped(rest[:size]) != stamps[i] {
				t.Fatalf("%q: stamped %v", rest[:size], !stamps[i])
			}
			rest = rest[size:]
		}
		if len(sizes) > 1 {
			at, n := Middle(lines)
			if n < 1 || n >= len(sizes) || Count(lines[:at]) != n || Count(lines[at:]) != len(sizes)-n {
				t.Fatalf("%q: middle at %d after %d lines", lines, at, n)
			}
		}
		// After a line of its own: at the beginning two bytes of a name may be a byte
		// order mark.
		s.reset(append([]byte("m v=1\n"), lines...), 0)
		if !s.Next() {
			t.Fatal("no line")
		}
		for i := range sizes {
			if !s.Next() || s.Fault.Rule != 0 || !s.Plain || s.Stamped != stamps[i] {
				t.Fatalf("%q: line %d is not what it was: %v", lines, i, s.Fault.Rule)
			}
		}
		if s.Next() {
			t.Fatalf("%q: another line", lines)
		}
	})
}

func FuzzHalve(f *testing.F) {
	f.Add([]byte("m f=1\nm f=2\nm f=3\n"))
	f.Add([]byte("m f=\"a\nb\"\nm f=2"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		head, tail := Halve(lines)
		if !bytes.Equal(append(bytes.Clone(head), tail...), lines) {
			t.Fatalf("%q + %q is not %q", head, tail, lines)
		}
		// Both together are cut as the whole is.
		for at := 0; at < len(head); {
			n, open := Split(lines[at:])
			if at += n + 1; at > len(head) || open {
				t.Fatalf("%q is not complete lines of %q", head, lines)
			}
		}
	})
}
