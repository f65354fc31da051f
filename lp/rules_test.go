package lp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

// TestRules breaks each rule with a line.
func TestRules(t *testing.T) {
	for i, c := range []struct {
		rule lp.Rule
		line string
	}{
		{lp.RuleNoMeasurement, ",t=a v=1"},
		{lp.RuleNoTagKey, "m,=a v=1"},
		{lp.RuleNoTagValue, "m,t= v=1"},
		{lp.RuleEqualsInTag, "m,t=a=b v=1"},
		{lp.RuleDuplicateTag, "m,t=a,t=b v=1"},
		{lp.RuleNoFields, "m,t=a"},
		{lp.RuleNoFieldKey, "m =1"},
		{lp.RuleNoFieldValue, "m v="},
		{lp.RuleInvalidValue, "m v=x"},
		{lp.RuleValueRange, "m v=9223372036854775808i"},
		{lp.RuleOpenQuote, `m v="x`},
		{lp.RuleAfterQuote, `m v="x"y`},
		{lp.RuleInvalidTimestamp, "m v=1 1.5"},
		{lp.RuleAfterTimestamp, "m v=1 1 1"},
		{lp.RuleTimeRange, "m v=1 9223372036854775807"},
		{lp.RuleReservedKey, "m time=1"},
		{lp.RuleBackslash, `a\\,b v=1`},
		{lp.RuleNameNewline, "m\\\nn v=1"},
		{lp.RuleCutElsewhere, `m,t=a\\ \\=" v=1`},
		{lp.RuleKeyTooLong, "m,t=" + strings.Repeat("a", 65536) + " v=1"},
		{lp.RuleCarriageReturn, "m v=1 1\r"},
		{lp.RuleByteOrderMark, "\ufeffm v=1"},
		{lp.RuleTooLong, "m v=" + strings.Repeat("1", 16<<20)},
	} {
		if err := lp.Valid([]byte(c.line)); !errors.Is(err, c.rule) {
			t.Errorf("%s: %.40q: %v, want %v", caseat.Line(i), c.line, err, c.rule)
		}
	}
}
