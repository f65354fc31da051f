package points

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/line"
)

// appendConvertedPlain is the plain twin of AppendConverted.
func appendConvertedPlain(dst, lines []byte, from, to pointwire.Precision) []byte {
	var s line.Scanner
	s.SetOptions(ScanOptions(from, false))
	s.Reset(lines)
	for s.Next() {
		dst = s.AppendFields(s.AppendSeries(dst))
		if s.Stamped {
			ts, _ := decimal.Convert(s.Time, from, to)
			dst = fmt.Appendf(dst, " %d", ts)
		}
		dst = append(dst, '\n')
	}
	return dst
}

var convertedUnits = [...][2]pointwire.Precision{{pointwire.Microsecond, pointwire.Nanosecond}, {pointwire.Minute, pointwire.Second}, {pointwire.Hour, pointwire.Second}}

// FuzzConverted holds the lines that are sent in another unit against a plain twin, and
// those that nobody has looked at, too.
func FuzzConverted(f *testing.F) {
	for i := range convertedUnits {
		f.Add(i, []byte("m f=1 1\nm f=2\n\n#c\nm,t=a\\ b s=\"x 5\n \" -7 \nm f=1 9223372036854775\nm f=1 0"))
		f.Add(i, []byte("m f=1 99999999999999999999\nm f=1i 12 13\nm f=\" 1\" -0\n"))
	}
	f.Fuzz(func(t *testing.T, unit int, data []byte) {
		from, to := convertedUnits[uint(unit)%3][0], convertedUnits[uint(unit)%3][1]
		var s line.Scanner
		s.SetOptions(ScanOptions(from, false))
		s.SetCheck(true)
		s.Reset(data)
		var good []byte
		bad := 0
		for s.Next() {
			if s.Fault.Rule == 0 {
				good = s.AppendPlain(good)
			} else {
				bad++
			}
		}
		want := appendConvertedPlain(nil, good, from, to)
		if got := AppendConverted(nil, good, from, to); string(got) != string(want) || len(got) > ConvertedSize(len(good)) {
			t.Errorf("%q in %v: %q, want %q", good, from, got, want)
		}
		var r Refusal
		if got := AppendConvertedRaw(nil, data, new(line.Scanner), from, to, &r); string(got) != string(want) || r.N != bad {
			t.Errorf("%q in %v: %q and %d refused, want %q and %d", data, from, got, r.N, want, bad)
		}
	})
}

// TestConvertedSize: the shortest lines with the timestamps that grow most.
func TestConvertedSize(t *testing.T) {
	for _, u := range convertedUnits {
		for _, ts := range []int64{1, 9, -9, 99, 99999, -99999, decimal.MaxTime / u[0].Unit()} {
			lines := slices.Repeat(fmt.Appendf(nil, "m f=1 %d\n", ts), 1000)
			if n := len(AppendConverted(nil, lines, u[0], u[1])); n > ConvertedSize(len(lines)) {
				t.Errorf("%d bytes in %v become %d", len(lines), u[0], n)
			}
		}
	}
}
