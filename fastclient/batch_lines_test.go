package fastclient

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

func TestScanLine(t *testing.T) {
	for _, c := range []struct {
		line    string
		stamped bool
		fault   lineFault
	}{
		{"m v=1", false, faultNone},
		{"m v=1 5", true, faultNone},
		{"m v=1 -5", true, faultNone},
		{`m,a=b,c\ d=e\,f v="x \" y, z=1",w=2i 5`, true, faultNone},
		{"m v=\"a\nb\" 5", true, faultNone},
		{"m v=1 5 ", true, faultNone},
		{"m v=\"a\" -5   ", true, faultNone},
		{`m v="a\\" 5`, true, faultNone},
		{`m\,x,a=b v=t`, false, faultNone},
		{`m"q,a="b v=t`, false, faultNone},
		{"", false, faultMeasurement},
		{",a=b v=1", false, faultMeasurement},
		{" v=1", false, faultMeasurement},
		{"m", false, faultNoField},
		{"m ", false, faultNoField},
		{"m v", false, faultNoField},
		{"m =1", false, faultNoField},
		{"m 5", false, faultNoField},
		{"m,a=b", false, faultNoField},
		{"m,a v=1", false, faultTag},
		{"m,a= v=1", false, faultTag},
		{"m,=b v=1", false, faultTag},
		{"m,a=b=c v=1", false, faultTag},
		{"m, v=1", false, faultTag},
		{"m v=", false, faultField},
		{"m v=,w=1", false, faultField},
		{"m v=1,", false, faultField},
		{"m v=1,w", false, faultField},
		{`m v="a`, false, faultField},
		{`m v="a"b`, false, faultField},
		{"m v=1 ", true, faultTimestamp},
		{"m v=1 x", true, faultTimestamp},
		{"m v=1 5\r", true, faultTimestamp},
		{"m v=1 5 6", true, faultTimestamp},
		{"m v=1 5 \r", true, faultTimestamp},
		{"m v=1  5", true, faultTimestamp},
		{"m v=1 -", true, faultTimestamp},
	} {
		for _, rest := range []string{"", "\n", "\nm2 v=1\n"} {
			size, stamped, fault := scanLine([]byte(c.line + rest))
			if fault != c.fault || fault == faultNone && (size != len(c.line) || stamped != c.stamped) {
				t.Errorf("%q: %d bytes, stamped %v, %q; want %d, %v, %q", c.line+rest, size, stamped, fault, len(c.line), c.stamped, c.fault)
			}
			if fault != faultNone && size < 0 || size > len(c.line+rest) {
				t.Errorf("%q: size %d", c.line+rest, size)
			}
		}
	}
}

// FuzzScanLine compares with the checks of lp.Encoder.Line, which looks at one
// line by itself and is stricter about values.
func FuzzScanLine(f *testing.F) {
	for _, s := range []string{"m v=1 5", `m,a=b v="x"`, "m v=\"a\nb\" 5", `m\ ,a\==b v=t,w=1i -7`, `m v="a\\"`, "m v=1\\\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		size, stamped, fault := scanLine(line)
		if size < 0 || size > len(line) || size < len(line) && line[size] != '\n' {
			t.Fatalf("%q: line of %d bytes does not end at a line end", line, size)
		}
		if n := len(line); n > 0 && line[n-1] == '\n' {
			line = line[:n-1]
		}
		ended := append(bytes.Clone(line), '\n') // of which Line takes one off
		var e lp.Encoder
		if e.Line(ended) != nil {
			return
		}
		if fault != faultNone || size != len(line) {
			t.Fatalf("%q is one line, but %q at %d", line, fault, size)
		}
		if endsStamped(ended) != stamped {
			t.Fatalf("%q: stamped %v, by its end %v", line, stamped, !stamped)
		}
		twice := append(bytes.Clone(ended), ended...)
		if lineLen(twice) != len(ended) || countLines(twice) != 2 {
			t.Fatalf("%q twice: first line of %d bytes, %d lines", line, lineLen(twice), countLines(twice))
		}
		if at, n := middle(twice); at != len(ended) || n != 1 {
			t.Fatalf("%q twice: middle at %d after %d lines", line, at, n)
		}
	})
}

func TestMiddleIsALineEndNearTheMiddle(t *testing.T) {
	for n := 2; n < 50; n++ {
		data := strings.Repeat("m v=1\n", n)
		at, lines := middle([]byte(data))
		if lines != n/2 || at != 6*lines {
			t.Errorf("%d lines: middle after %d lines, at %d", n, lines, at)
		}
	}
	at, lines := middle([]byte("m v=1\n" + strings.Repeat("x", 100) + " v=1\n"))
	if at != 6 || lines != 1 {
		t.Errorf("middle at %d after %d lines", at, lines)
	}
	at, lines = middle([]byte(strings.Repeat("x", 100) + " v=1\nm v=1\n"))
	if at != 105 || lines != 1 {
		t.Errorf("middle at %d after %d lines", at, lines)
	}
}

// TestSpacesBehindATimestamp: raw lines that end with spaces are taken and sent
// without them, and those of a type of the user are not stamped twice.
func TestSpacesBehindATimestamp(t *testing.T) {
	s := newScript(acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=1 1  \nc v=\"x \" 1 \nd v=1 1")
		mustAppend(t, w, "e v=1 1 ")
		if err := w.Encode(context.Background(), func(e *lp.Encoder) { e.Append(textPoint("f v=1 1 ")) }); err != nil {
			t.Error(err)
		}
	})
	if got := strings.Join(s.seen(), ""); got != "a v=1 1\nb v=1 1\nc v=\"x \" 1\nd v=1 1\ne v=1 1\nf v=1 1 \n" {
		t.Errorf("sent %q", got)
	}
}
