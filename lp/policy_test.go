package lp_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestPoliciesAgree holds that Encoder, Row and Schema decide alike: for each value of
// each policy, unknown values among them, they write the same line, return the same
// reason and count the same.
func TestPoliciesAgree(t *testing.T) {
	type number struct {
		F float64 `lp:"f"`
		U uint64  `lp:"u"`
		S string  `lp:"s"`
		T int64   `lp:",timestamp"`
	}
	layout := must(lp.NewLayout("f", "u", "s"))
	reasons := []lp.Reason{lp.ErrNotFinite, lp.ErrUnsigned, lp.ErrUTF8, lp.ErrNewline, lp.Replaced, lp.ErrNoFields}
	for _, v := range []number{
		{1, 2, "s", 1}, {math.NaN(), 2, "s", 1}, {math.Inf(-1), 2, "s", 1}, {1, math.MaxInt64, "s", 1}, {1, math.MaxInt64 + 1, "s", 1},
		{1, math.MaxUint64, "s", 1}, {1, 2, "\xff", 1}, {1, 2, "a\nb", 1}, {math.NaN(), math.MaxUint64, "\xff\n", 1},
	} {
		for policy := range uint8(8) {
			for _, o := range []lp.Options{
				{NotFinite: lp.NotFinitePolicy(policy)}, {Unsigned: lp.UnsignedPolicy(policy)},
				{Text: lp.TextPolicy(policy)}, {Text: lp.TextPolicy(policy), RefuseNewline: true},
				{NotFinite: lp.NotFinitePolicy(policy), Unsigned: lp.UnsignedPolicy(policy), Text: lp.TextPolicy(policy)},
			} {
				outcome := func(line []byte, err error, count func(lp.Reason) uint64) string {
					var bad *lp.PointError
					errors.As(err, &bad)
					text := fmt.Sprintf("%q", line)
					if bad != nil {
						text += fmt.Sprint(" ", bad.Part, " ", bad.Key, " ", bad.Reason)
					}
					for _, r := range reasons {
						text += fmt.Sprint(" ", count(r))
					}
					return text
				}
				var e, row lp.Encoder
				e.SetOptions(o)
				e.Point("number")
				e.Float("f", v.F)
				e.Uint("u", v.U)
				e.String("s", v.S)
				err := e.EndTimestamp(v.T)
				want := outcome(e.Bytes(), err, e.Count)
				row.SetOptions(o)
				row.Point("number")
				r := layout.Row(&row)
				r.Float(v.F)
				r.Uint(v.U)
				r.String(v.S)
				err = row.EndTimestamp(v.T)
				if got := outcome(row.Bytes(), err, row.Count); got != want {
					t.Errorf("%v with %+v: Row %s, Encoder %s", v, o, got, want)
				}
				schema := must(lp.NewSchema[number](lp.SchemaOptions{Options: o}))
				line, err := schema.Append(nil, &v)
				if got := outcome(line, err, schema.Count); got != want {
					t.Errorf("%v with %+v: Schema %s, Encoder %s", v, o, got, want)
				}
			}
		}
	}
}
