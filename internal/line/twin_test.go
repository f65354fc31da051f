package line

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pointwire/pointwire"
)

// This file is the plain twin of walk.go: it cuts a body into lines as InfluxDB does,
// and takes each apart with regular expressions.

const twinBlanks = " \t\x00"

// twinCut returns the end of the first line of body, and whether that is within a
// quote.
func twinCut(body string) (end int, open bool) {
	fields, quoted, depth := false, false, 0
	for end < len(body) {
		switch c := body[end]; {
		case c == '\\':
			end++
		case c == '\n' && !quoted:
			return end, false
		case c == ' ':
			fields = true
		case !fields:
		case c == '"' && depth > 0:
			quoted = !quoted
		case c == '=' && !quoted:
			depth++
		case c == ',' && !quoted:
			depth--
		}
		end++
	}
	return min(end, len(body)), quoted
}

// twinSeparator returns the place of the first of the separators in s that has no
// backslash before it, or -1.
func twinSeparator(s, separators string) int {
	for i := range len(s) {
		if strings.IndexByte(separators, s[i]) >= 0 && (i == 0 || s[i-1] != '\\') {
			return i
		}
	}
	return -1
}

var (
	twinBackslash = regexp.MustCompile(`\\[="]|\\\\[, ]`)
	twinKey       = regexp.MustCompile(`^((?s:\\[^\n]|[^\\,= \n])+)=`)
	twinString    = regexp.MustCompile(`^"((?s:\\.|[^"\\])*)"`)
	twinBare      = regexp.MustCompile(`^[^, \n]+`)
	twinFloat     = regexp.MustCompile(`^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
	twinInt       = regexp.MustCompile(`^-?[0-9]+i$`)
	twinUint      = regexp.MustCompile(`^[0-9]+u$`)
	twinEnd       = regexp.MustCompile("^( [ \t\x00]*(?:(-?[0-9]+) *)?)?$")

	twinMeasurement = regexp.MustCompile(`\\([, ])`)
	twinTag         = regexp.MustCompile(`\\([, =])`)
	twinFieldKey    = regexp.MustCompile(`\\([, ="])`)
	twinText        = regexp.MustCompile(`\\(["\\])`)
)

// twinPoint takes a line apart, of which text is without its line feed. It returns what
// describePoint returns.
func twinPoint(text string, o Options) (said string, ok bool) {
	if o.TrimCR {
		text = strings.TrimSuffix(text, "\r")
	}
	whole := text
	text = strings.TrimLeft(text, twinBlanks)
	for _, s := range []string{whole, text} {
		if end, _ := twinCut(s + "\nz"); end != len(s) {
			return "", false
		}
	}
	space := twinSeparator(text, " ")
	if space <= 0 {
		return "", false
	}
	series, rest := text[:space], strings.TrimLeft(text[space:], twinBlanks)
	if strings.Contains(series, "\n") {
		return "", false
	}
	var tags []string
	for {
		comma := twinSeparator(series, ",")
		if comma < 0 {
			tags = append(tags, series)
			break
		}
		tags = append(tags, series[:comma])
		series = series[comma+1:]
	}
	name := tags[0]
	if name == "" || twinBackslash.MatchString(name+",") || strings.HasPrefix(name, ",") {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%q", twinMeasurement.ReplaceAllString(name, "$1"))
	seen := map[string]bool{}
	for _, t := range tags[1:] {
		equals := twinSeparator(t, "=")
		if equals <= 0 || equals == len(t)-1 {
			return "", false
		}
		key, value := t[:equals], t[equals+1:]
		if key == "time" || seen[key] || twinSeparator(value, "=") >= 0 {
			return "", false
		}
		seen[key] = true
		fmt.Fprintf(&b, " %q=%q", twinTag.ReplaceAllString(key, "$1"), twinTag.ReplaceAllString(value, "$1"))
	}
	for first := true; first || strings.HasPrefix(rest, ","); first = false {
		if !first {
			rest = rest[1:]
		}
		m := twinKey.FindStringSubmatch(rest)
		if m == nil || strings.HasSuffix(m[1], `\`) || m[1] == "time" || space+4+len(m[1]) > 65535 {
			return "", false
		}
		fmt.Fprintf(&b, " %q:", twinFieldKey.ReplaceAllString(m[1], "$1"))
		rest = rest[len(m[0]):]
		if strings.HasPrefix(rest, `"`) {
			if m = twinString.FindStringSubmatch(rest); m == nil {
				return "", false
			}
			fmt.Fprintf(&b, "%q", twinText.ReplaceAllString(m[1], "$1"))
			rest = rest[len(m[0]):]
			continue
		}
		v := twinBare.FindString(rest)
		rest = rest[len(v):]
		bits, kind := twinNumber(v)
		if kind == 0 {
			return "", false
		}
		fmt.Fprintf(&b, "%d:%x", kind, bits)
	}
	m := twinEnd.FindStringSubmatch(rest)
	if m == nil {
		return "", false
	}
	if m[2] != "" {
		ts, _ := new(big.Int).SetString(m[2], 10)
		ns := new(big.Int).Mul(ts, big.NewInt(o.Precision.Unit()))
		if limit := big.NewInt(math.MaxInt64 - 1); ns.CmpAbs(limit) > 0 {
			return "", false
		}
		fmt.Fprintf(&b, " at %d", ts.Int64())
	}
	return b.String(), true
}

func twinNumber(v string) (bits uint64, k Kind) {
	switch v {
	case "t", "T", "true", "True", "TRUE":
		return 1, Bool
	case "f", "F", "false", "False", "FALSE":
		return 0, Bool
	}
	switch {
	case twinFloat.MatchString(v):
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return math.Float64bits(f), Float
		}
	case twinInt.MatchString(v):
		if n, err := strconv.ParseInt(v[:len(v)-1], 10, 64); err == nil {
			return uint64(n), Int
		}
	case twinUint.MatchString(v):
		if n, err := strconv.ParseUint(v[:len(v)-1], 10, 64); err == nil {
			return n, Uint
		}
	}
	return 0, 0
}

// describePoint says what the last line of s is.
func describePoint(s *Scanner) string {
	var b strings.Builder
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
	if s.Stamped {
		fmt.Fprintf(&b, " at %d", s.Time)
	}
	return b.String()
}

// requireTwin holds what the walker makes of body to what the twin makes of it.
func requireTwin(t testing.TB, body string, o Options) {
	t.Helper()
	var s Scanner
	bytewise(&s, o)
	s.reset([]byte(body), 0)
	number := int64(1)
	for at := 0; at < len(body); {
		end, open := twinCut(body[at:])
		text := body[at : at+end]
		start := strings.TrimLeft(text, twinBlanks)
		feed := strings.IndexByte(text, '\n')
		comment := strings.HasPrefix(start, "#")
		if feed >= 0 && (comment || open) {
			end = feed
		}
		next := min(at+end+1, len(body))
		if empty := start == "" || o.TrimCR && start == "\r"; !empty && !comment {
			want, ok := twinPoint(text, o)
			for _, mark := range marks {
				ok = ok && !(at == 0 && strings.HasPrefix(text, mark))
			}
			if !s.Next() {
				t.Fatalf("%q: no line at %d", body, at)
			}
			if s.Number() != number || int(s.Offset()) != at || int(s.End()) != next {
				t.Fatalf("%q: line %d at %d to %d, want %d at %d to %d", body, s.Number(), s.Offset(), s.End(), number, at, next)
			}
			f := s.Fault
			if ok != (f.Rule == 0) || ok && describePoint(&s) != want {
				t.Fatalf("%q: %q is %v\n%s\nwant %v\n%s", body, text, f.Rule, describePoint(&s), ok, want)
			}
			if f.At < 0 || f.At > len(s.Line()) || f.Rule >= numRules {
				t.Fatalf("%q: rule %d at %d of %q", body, f.Rule, f.At, s.Line())
			}
		}
		number += int64(strings.Count(body[at:next], "\n"))
		at = next
	}
	if s.Next() {
		t.Fatalf("%q: another line at %d: %v", body, s.Offset(), s.Fault)
	}
	if s.Err() != nil || int(s.End()) != len(body) && len(body) > 0 {
		t.Fatalf("%q: ends at %d, %v", body, s.End(), s.Err())
	}
}

// TestTwin compares the walker with its twin on short bodies and on random ones.
func TestTwin(t *testing.T) {
	var walk func(body string, n int)
	walk = func(body string, n int) {
		requireTwin(t, body, Options{})
		for i := 0; n > 0 && i < len("a=, \"\\\n1"); i++ {
			walk(body+"a=, \"\\\n1"[i:i+1], n-1)
		}
	}
	walk("", 5)
	r := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		requireTwin(t, string(randomBody(r)), Options{TrimCR: r.IntN(2) == 0, Precision: pointwire.Precision(r.IntN(6))})
	}
}

func FuzzTwin(f *testing.F) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		f.Add(string(randomBody(r)), false, uint8(r.IntN(6)))
	}
	f.Fuzz(func(t *testing.T, body string, trim bool, p uint8) {
		requireTwin(t, body, Options{TrimCR: trim, Precision: pointwire.Precision(p % 6)})
	})
}

// TestLong reads long bodies that are hard on a reader that looks at things twice. With
// a cost that grows with the square of their length it would run into the time limit.
func TestLong(t *testing.T) {
	const size = 1 << 20
	for name, body := range map[string]string{
		"open quote":               `m v="` + strings.Repeat("x", size),
		"open quotes in lines":     strings.Repeat("m v=\"x\n", size/8),
		"line feeds in a string":   `m v="` + strings.Repeat("\n", size) + `"`,
		"line feeds, then no end":  `m v="` + strings.Repeat("\n", size),
		"backslashes in a name":    strings.Repeat(`\`, size) + " v=1",
		"backslashes in a tag":     "m,k=" + strings.Repeat(`\`, size) + " v=1",
		"backslashes in a string":  `m v="` + strings.Repeat(`\`, size) + `"`,
		"quotes and line feeds":    `m v="` + strings.Repeat("\\\"\n", size/3) + `"`,
		"escaped line feeds":       "m" + strings.Repeat("\\\n", size/2),
		"commas":                   "m" + strings.Repeat(",", size),
		"many fields":              "m " + strings.Repeat("f=1,", size/4) + "f=1",
		"many tags":                "m" + strings.Repeat(",k=v", 1<<14) + " f=1",
		"spaces":                   strings.Repeat(" ", size) + "m v=1",
		"blank lines":              strings.Repeat(" \n", size/2),
		"comments with quotes":     strings.Repeat("# a=\"\n", size/6),
		"refused lines with quote": strings.Repeat("m a,b=\" v=1\n", size/12),
		"open quotes in all":       strings.Repeat("m v=1,\"x=\"\n", size/12),
		"short strings":            strings.Repeat("m v=\"a\nb\"\n", size/10),
	} {
		for _, max := range []int{0, 1 << 10} {
			var s Scanner
			s.SetOptions(Options{MaxLine: max})
			s.reset([]byte(body), 0)
			inOne := lines(&s)
			s.ResetReader(pieceReader{strings.NewReader(body), 61})
			if inPieces := lines(&s); inPieces != inOne {
				t.Errorf("%s, MaxLine %d: %s in one, %s in pieces", name, max, inOne, inPieces)
			}
		}
	}
}

// lines says how many lines of s are taken and refused.
func lines(s *Scanner) string {
	var taken, refused int
	for s.Next() {
		if s.Fault.Rule == 0 {
			taken++
		} else {
			refused++
		}
	}
	return fmt.Sprintf("%d taken, %d refused, %d bytes", taken, refused, s.End())
}

// A pieceReader reads at most n bytes at once.
type pieceReader struct {
	r io.Reader
	n int
}

func (r pieceReader) Read(b []byte) (int, error) { return r.r.Read(b[:min(len(b), r.n)]) }
