package fuzz

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// letters are the bytes that have a meaning somewhere in a line, one that has none, and a
// character of two bytes.
var letters = []string{"a", `\`, ",", "=", " ", `"`, "\n", "#", "\t", "\x00", "é"}

// shortStrings returns every string of up to n letters, the empty one first.
func shortStrings(n int) []string {
	all := []string{""}
	for from := 0; n > 0; n-- {
		to := len(all)
		for _, s := range all[from:to] {
			for _, c := range letters {
				all = append(all, s+c)
			}
		}
		from = to
	}
	return all
}

// placed returns a point with s in one position.
func placed(s string, pos position) point {
	p := point{
		measurement: "m",
		tags:        []tag{{"k", "v"}},
		fields:      []field{{"f", "x"}, {"g", int64(1)}},
		ts:          1,
		hasTime:     true,
	}
	switch pos {
	case posMeasurement:
		p.measurement = s
	case posTagKey:
		p.tags[0].key = s
	case posTagValue:
		p.tags[0].value = s
	case posFieldKey:
		p.fields[0].key = s
	case posString:
		p.fields[0].value = s
	}
	return p
}

// encodePlaced writes placed(s, pos) with e.
func encodePlaced(e *lp.Encoder, s string, pos position) error {
	p := placed(s, pos)
	e.Point(p.measurement)
	e.Tag(p.tags[0].key, p.tags[0].value)
	e.String(p.fields[0].key, p.fields[0].value.(string))
	e.Int("g", 1)
	return e.EndTimestamp(1)
}

// minimal writes placed(s, pos) with the escapes of the position and without any check. That
// is the best possible line for a name that is refused.
func minimal(s string, pos position) []byte {
	sets := [...]string{", ", ", =", ", =", `, ="`, `"\`}
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(sets[pos], s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	form := [...]string{
		`%s,k=v f="x",g=1i 1`, `m,%s=v f="x",g=1i 1`, `m,k=%s f="x",g=1i 1`, `m,k=v %s="x",g=1i 1`, `m,k=v f="%s",g=1i 1`,
	}[pos]
	return fmt.Appendf(nil, form+"\n", b.String())
}

// The differences between pointwire and the oracles, see README.md.
const (
	afterBackslash     = "refused although InfluxDB reads it back: line feed after a backslash"
	alone              = "refused although InfluxDB reads it back in this line: odd backslashes before a space"
	refusedByReference = "taken although the reference decoder refuses it: control byte in a name"
	otherInReference   = "taken although the reference decoder reads it otherwise: double quote in a field key"
)

// TestShortStrings writes every string of up to four letters into every position. Each must
// be refused or read back unchanged by both oracles, and InfluxDB must be unable to return
// the refused ones, except for the classes that are counted separately.
func TestShortStrings(t *testing.T) {
	all := shortStrings(4)
	if len(all) != 1+11+121+1331+14641 {
		t.Fatalf("%d strings", len(all))
	}
	// The number of strings that are accepted, and of those that are refused by
	// reason. A change here is a change of what pointwire can write.
	want := map[position]map[string]int{
		posMeasurement: {
			"taken": 6055, refusedByReference: 3160, "missing measurement": 1, "measurement starts with #": 1464, "leading tab or zero byte": 2928,
			"backslash that line protocol cannot carry": 1838, "line feed": 3602, afterBackslash: 217,
		},
		posTagKey: {
			"taken": 9719, refusedByReference: 5800, "empty key": 1, "backslash that line protocol cannot carry": 1111, alone: 280, "line feed": 4712, afterBackslash: 282,
		},
		posTagValue: {
			"taken": 9720, refusedByReference: 5800, "backslash that line protocol cannot carry": 1111, alone: 280, "line feed": 4712, afterBackslash: 282,
		},
		posFieldKey: {
			"taken": 7279, refusedByReference: 3706, otherInReference: 1566, "empty key": 1, "leading tab or zero byte": 2928, "backslash that line protocol cannot carry": 1696,
			"line feed": 3963, afterBackslash: 238,
		},
		posString: {"taken": 16105},
	}
	for pos := posMeasurement; pos <= posString; pos++ {
		t.Run(pos.String(), func(t *testing.T) { countShort(t, all, pos, lp.Influx1, want[pos]) })
	}
	// Fewer strings are read alike by all servers.
	notPortable := lp.ErrNotPortable.String()
	for pos, less := range map[position][3]int{posTagKey: {554, 208, 0}, posTagValue: {554, 208, 0}, posFieldKey: {236, 66, 170}} {
		portable := maps.Clone(want[pos])
		portable[notPortable] = less[0]
		portable["taken"] -= less[0]
		portable[refusedByReference] -= less[1]
		if less[2] > 0 {
			portable[otherInReference] -= less[2]
		}
		t.Run(pos.String()+", portable", func(t *testing.T) { countShort(t, all, pos, lp.Portable, portable) })
	}
}

func countShort(t *testing.T, all []string, pos position, d lp.Dialect, want map[string]int) {
	counts := map[string]int{}
	for _, s := range all {
		var e lp.Encoder
		e.SetOptions(lp.Options{Dialect: d})
		err := encodePlaced(&e, s, pos)
		p := placed(s, pos)
		if s == "" && pos == posTagValue {
			p.tags = nil
		}
		if err == nil {
			counts["taken"]++
			requirePoints(t, e.Bytes(), lp.Nanosecond, p)
			if referenceRefuses(p) {
				counts[refusedByReference]++
			} else if describe([]point{p}) != describe([]point{referenceReads(p)}) {
				counts[otherInReference]++
			}
			continue
		}
		var pe *lp.PointError
		if !errors.As(err, &pe) {
			t.Fatalf("%q: %v", s, err)
		}
		if e.Lines() != 0 || len(e.Bytes()) != 0 {
			t.Fatalf("%q is refused and written", s)
		}
		if got, err := readInflux(minimal(s, pos), lp.Nanosecond); err == nil && describe(got) == describe([]point{p}) {
			if pe.Reason == lp.ErrNewline && strings.Contains(s, "\\\n") {
				counts[afterBackslash]++
				continue
			}
			if pe.Reason == lp.ErrNotPortable && d == lp.Portable {
				counts[pe.Reason.String()]++
				continue
			}
			if pe.Reason == lp.ErrBackslash && (pos == posTagKey || pos == posTagValue) && strings.Contains(s, `\ `) {
				counts[alone]++
				continue
			}
			t.Errorf("%q is refused (%v), but InfluxDB reads it back", s, pe.Reason)
		}
		counts[pe.Reason.String()]++
	}
	if !maps.Equal(counts, want) {
		t.Errorf("counts are %v, want %v", counts, want)
	}
}
