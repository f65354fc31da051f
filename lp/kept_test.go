package lp_test

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestNothingKept holds that no part of bytes that are read as a string is in use
// when the call returns: they are overwritten, and neither the lines nor the errors
// change.
func TestNothingKept(t *testing.T) {
	type point struct {
		M    lp.Measurement
		Tag  []byte `lp:"tag,tag"`
		Text []byte `lp:"text"`
		Self label  `lp:"self,tag"`
		Same label  `lp:"same"`
	}
	s := must(lp.SchemaFor[point]())
	for _, text := range []string{"clean", "longer than a word or two", `to "escape"\ here`, "é", "a\nb", "\xff", `a\`, "", "a b,c=d", "\x00"} {
		for bits := range uint32(1 << 10) {
			o := randomOptions(bits)
			if bits&7 != 0 { // the precision
				continue
			}
			b := []byte(text)
			var enc, self, value lp.Encoder
			for _, e := range []*lp.Encoder{&enc, &self, &value} {
				e.SetOptions(o)
			}
			enc.Point("m")
			enc.StringBytes("f", b)
			enc.EndNoTimestamp()
			value.Point("m")
			value.Value("f", b)
			value.EndNoTimestamp()
			v := point{Tag: b, Text: b, Self: label{text}, Same: label{text}}
			s.Encode(&self, &v)
			lines, err := s.With(o).Append(nil, &v)
			result := func() [8]string {
				r := [8]string{string(enc.Bytes()), string(self.Bytes()), string(value.Bytes()), string(lines)}
				for i, err := range []error{enc.Err(), self.Err(), value.Err(), err} {
					if err != nil {
						r[4+i] = err.Error()
					}
				}
				return r
			}
			before := result()
			for i := range b {
				b[i] = 'X'
			}
			if after := result(); after != before {
				t.Fatalf("%q with %+v: %q, before %q", text, o, after, before)
			}
			if err != nil && !errors.As(err, new(*lp.PointError)) {
				t.Fatalf("%q: %v", text, err)
			}
		}
	}
}
