package line

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pointwire/pointwire"
)

// describe writes all that s says of its input.
func describe(s *Scanner, values bool) string {
	var b strings.Builder
	for s.Next() {
		fmt.Fprintf(&b, "%d %d %d %q: ", s.Number(), s.Offset(), s.End(), s.Line())
		if s.Fault.Rule != 0 {
			fmt.Fprintf(&b, "%v at %d %q\n", s.Fault.Rule, s.Fault.At, s.Excerpt())
			continue
		}
		if values {
			fmt.Fprintf(&b, "%q", s.Text(s.Name))
			for _, t := range s.Tags {
				fmt.Fprintf(&b, " %q=%q", s.Text(t.Key), s.Text(t.Value))
			}
			for _, f := range s.Fields {
				if f.Kind == String {
					fmt.Fprintf(&b, " %q:%q", s.Text(f.Key), s.Text(Span(f.Bits)))
					continue
				}
				fmt.Fprintf(&b, " %q:%d:%x", s.Text(f.Key), f.Kind, f.Bits)
			}
		}
		if s.Stamped {
			fmt.Fprintf(&b, " at %d", s.Time)
		}
		fmt.Fprintf(&b, " %v %q %q %q %q\n", s.Plain, s.AppendPlain(nil), s.AppendSeries(nil), s.AppendFields(nil), s.AppendTime(nil))
	}
	fmt.Fprintln(&b, s.Err(), s.End())
	return b.String()
}

// bytewise makes s take every line byte by byte.
func bytewise(s *Scanner, o Options) {
	s.SetOptions(o)
	s.brief = -1
}

// compareWays holds all ways over data against the one that goes byte by byte.
func compareWays(t testing.TB, data []byte, o Options) {
	t.Helper()
	var s Scanner
	bytewise(&s, o)
	s.reset(data, 0)
	want := describe(&s, true)
	s.reset(data, 0)
	wantCheck := describe(&s, false)

	var fast Scanner
	fast.SetOptions(o)
	for range 2 { // with the shapes of the first round
		fast.Reset(data)
		if got := describe(&fast, true); got != want {
			t.Fatalf("%q\n%s\nwant\n%s", data, got, want)
		}
		fast.reset(data, 0)
		if got := describe(&fast, true); got != want {
			t.Fatalf("%q, in place\n%s\nwant\n%s", data, got, want)
		}
		fast.SetCheck(true)
		fast.reset(data, 0)
		if got := describe(&fast, false); got != wantCheck {
			t.Fatalf("%q, check\n%s\nwant\n%s", data, got, wantCheck)
		}
		fast.SetCheck(false)
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.HalfReader(bytes.NewReader(data)), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			fast.ResetReader(r)
			if got := describe(&fast, true); got != want {
				t.Fatalf("%q, %T\n%s\nwant\n%s", data, r, got, want)
			}
		}
	}
	fast.ResetCopy(data)
	if got := describe(&fast, true); got != want {
		t.Fatalf("%q, copied\n%s\nwant\n%s", data, got, want)
	}
}

// pieces are what lines are made of, well and badly.
var pieces = []string{
	"m", "cpu", "a measurement", "a_measurement_that_is_longer_than_24_bytes", `m\ m`, `m\,m`, "#", "m=m", `"`, "é",
	",", ",", ",", "=", "=", " ", " ", " ", "\n", "\n", "\n", "\t", "\x00", "\r\n", `\`, `\\`, `\"`,
	",host=a", ",host=server01", ",region=eu-west-1", ",a_key_of_more_than_24_bytes_in_all=x", `,k\ k=v\,v`, ",time=1", ",host=b",
	" value=1", " v=1i", " v=-5i", " v=5u", " v=t", " v=false", " v=0.64", " v=1e3", " v=.5", " v=1.", " v=007", " v=-0", " v=123456789012345678901234567890",
	",w=9223372036854775807i", ",w=9223372036854775808i", ",w=18446744073709551615u", ",w=1.7976931348623157e309", ",w=12345678.87654321", ",w=T", ",w=True",
	` s="text"`, `,s="a \"quoted\" text \\ with C:\Windows and more"`, ",s=\"two\nlines\"", `,s=""`, `,s="open`, ",time=1", ",a_field_key_of_more_than_24_bytes=1",
	" 1", " 1590000000000000000", " -1", " 9223372036854775806", " 9223372036854775807", " -9223372036854775807", " 12345678", " 12345678901234567890", "  5 ", " 1.5",
}

func randomBody(r *rand.Rand) []byte {
	var b []byte
	for range 1 + r.IntN(8) {
		switch r.IntN(4) {
		case 0: // a good line
			b = append(b, pieces[r.IntN(4)]...)
			for range r.IntN(4) {
				b = append(b, pieces[27+r.IntN(5)]...)
			}
			b = append(b, pieces[34+r.IntN(8)]...)
			b = append(b, ` s="text"`[r.IntN(9):]...)
		default:
			for range r.IntN(10) {
				b = append(b, pieces[r.IntN(len(pieces))]...)
			}
		}
		if r.IntN(8) > 0 {
			b = append(b, '\n')
		}
	}
	return b
}

func TestWays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 20_000
	if testing.Short() {
		n = 1000
	}
	for range n {
		b := randomBody(r)
		o := Options{Precision: pointwire.Precision(r.IntN(6)), TrimCR: r.IntN(2) == 0}
		if r.IntN(8) == 0 {
			o.MaxLine = 1 + r.IntN(100)
		}
		compareWays(t, b, o)
	}
}

// FuzzFast holds the fast way over lines, and all ways to give a scanner its input,
// against the grammar byte by byte.
func FuzzFast(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		f.Add(randomBody(r), false, uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, trim bool, p uint8) {
		compareWays(t, data, Options{TrimCR: trim, Precision: pointwire.Precision(p % 6)})
	})
}
