package fuzz

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/line/dialect"
	"github.com/pointwire/pointwire/lp"
)

// linePieces are parts of lines, whole and broken.
var linePieces = []string{
	"m", ",k=v", " f=1", ",g=2", " 1\n", "\n", "\r\n", "\\\n", " ", "  ", "\t", "\x00", ",", "=", "\"", "\\", "\\\\", "\\\\\\", "\\\"", "\\,", "\\=", "\\ ", "#", "# \"",
	"\"x\"", "\"a\nb\"", "\"a\\\"b\"", "\"a\\\\\"", ",s=\"\"", "1i", "1u", "-1i", "9223372036854775807i", "9223372036854775808i", "18446744073709551615u",
	"-9223372036854775808i", "1e5", "1E+5", "-1.5", ".5", "1.", "-", ".", "1e", "1e999", "1_0", "+1", "0x1p-2", "nan", "inf", "t", "True", "tRUE", "false", "F",
	" 9223372036854775806", " -9223372036854775806", " 9223372036854775807", " 01", " -0", " +1", " 1.5", "time", ",time=1", " time=1", "é", "\xff", "\x7f", "\ufeff",
	"\n m= \"", "m,a=b\\\\ c=\"", "m v=1 1\n", "m,k=v,l=w f=1,g=\"x y\",h=t 1590000000000000000\n",
}

// mutated returns data with pieces inserted, bytes removed and parts repeated, as chosen by
// seed. A seed of 0 leaves data unchanged.
func mutated(data []byte, seed uint64) []byte {
	if seed == 0 {
		return data
	}
	r := rand.New(rand.NewPCG(seed, 1))
	data = slices.Clone(data)
	for range 1 + r.IntN(6) {
		at := r.IntN(len(data) + 1)
		end := at + r.IntN(min(len(data)-at, 8)+1)
		switch r.IntN(6) {
		case 0:
			data = slices.Delete(data, at, end)
		case 1:
			data = slices.Insert(data, at, slices.Clone(data[at:end])...)
		case 2:
			data = slices.Replace(data, at, end, []byte(linePieces[r.IntN(len(linePieces))])...)
		default:
			data = slices.Insert(data, at, []byte(linePieces[r.IntN(len(linePieces))])...)
		}
	}
	return data
}

// addBodies adds the bodies of the table of dialects, and lines of pieces, to the corpus.
func addBodies(add func(body []byte, seed uint64, p uint8)) {
	for i, r := range dialect.Rows {
		if len(r.Body) < 1000 {
			add([]byte(r.Body), 0, 0)
			add([]byte(r.Body+"m,k=v f=1 1\n"+r.Body), uint64(i), uint8(i))
		}
	}
	for i := range uint64(200) {
		add([]byte("m,k=v f=1,s=\"x\" 1\n"), i, uint8(i))
	}
}

// FuzzLines compares the points read from any body with those that InfluxDB's parser reads,
// in both directions, see judge.
func FuzzLines(f *testing.F) {
	addBodies(func(body []byte, seed uint64, p uint8) { f.Add(body, seed, p) })
	j := newJudge(f)
	f.Fuzz(func(t *testing.T, data []byte, seed uint64, p uint8) {
		if len(data) > 4<<10 {
			return
		}
		j.t, j.failed, j.p = t, 0, lp.Precision(p%6)
		j.body(mutated(data, seed))
	})
}

// TestRandomLines is FuzzLines with bodies made only of pieces.
func TestRandomLines(t *testing.T) {
	n := 100_000
	if *wholeProof {
		n = 20_000_000
	}
	r := rand.New(rand.NewPCG(5, 6))
	j := newJudge(t)
	var body []byte
	for range n {
		body = body[:0]
		for range 1 + r.IntN(6) {
			if r.IntN(2) == 0 {
				body = append(body, "m,k=v f=1,s=\"x\" 1\n"...)
				continue
			}
			for range r.IntN(12) {
				body = append(body, linePieces[r.IntN(len(linePieces))]...)
			}
		}
		j.p = lp.Precision(r.IntN(6))
		j.body(mutated(body, r.Uint64N(1000)))
	}
	j.report()
}

// FuzzReference compares each line of a body with the point that the decoder of
// influxdata/line-protocol reads from it.
func FuzzReference(f *testing.F) {
	addBodies(func(body []byte, seed uint64, p uint8) { f.Add(body, seed) })
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		var s line.Scanner
		s.Reset(mutated(data, seed))
		for s.Next() {
			text := bytes.Clone(s.Line())
			got, err := readReference(text)
			switch {
			case s.Fault.Rule == 0:
				p := ownPoint(&s)
				if err != nil {
					if !strange(text) {
						t.Fatalf("%q is taken, the reference refuses it: %v", text, err)
					}
				} else if len(got) != 1 || !got[0].same(p) && !likeReference(p, got[0]) {
					t.Fatalf("%q is\n%v\nto the reference\n%v", text, p, got)
				}
			case err == nil && len(got) > 0 && !slices.Contains(referenceTakes, s.Fault.Rule) && !numberOfReference(s.Fault.Rule, text) && !keyOfReference(s.Fault.Rule, text):
				t.Fatalf("%q is refused (%v), the reference reads %v", text, s.Fault.Rule, got)
			}
		}
	})
}

// referenceTakes are the rules that the reference does not have, see the table.
var referenceTakes = []line.Rule{
	line.Backslash, line.CarriageReturn, line.ByteOrderMark, line.DuplicateTag, line.ReservedKey, line.TimeRange, line.KeyTooLong, line.CutElsewhere,
}

// numberOfReference reports whether a line may have a number in a form that only the
// reference accepts: with underscores, or hexadecimal.
func numberOfReference(r line.Rule, text []byte) bool {
	return r == line.InvalidValue && bytes.ContainsAny(text, "_xX")
}

// keyOfReference reports whether a line may have a field key with two backslashes before a
// separator, which the reference does not take for a separator.
func keyOfReference(r line.Rule, text []byte) bool {
	return (r == line.NoFieldKey || r == line.NoFieldValue) && bytes.Contains(text, []byte(`\\`))
}

// strange reports whether a line has bytes that the reference accepts nowhere or only in
// strings: control bytes, and bytes that are not UTF-8.
func strange(text []byte) bool {
	return !utf8.Valid(text) || bytes.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// likeReference reports whether q equals p except for the escapes that the reference reads
// differently: a double quote in a field key, and \n, \r and \t in strings.
func likeReference(p, q point) bool {
	if len(p.fields) != len(q.fields) {
		return false
	}
	p.fields, q.fields = slices.Clone(p.fields), slices.Clone(q.fields)
	clean := strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t")
	for i := range p.fields {
		p.fields[i].key = strings.ReplaceAll(p.fields[i].key, `"`, `\"`)
		q.fields[i].key = strings.ReplaceAll(strings.ReplaceAll(q.fields[i].key, `\"`, `"`), `"`, `\"`)
		if s, ok := p.fields[i].value.(string); ok {
			p.fields[i].value = clean.Replace(s)
			if s, ok := q.fields[i].value.(string); ok {
				q.fields[i].value = clean.Replace(s)
			}
		}
	}
	return p.same(q)
}
