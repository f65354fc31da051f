package dialects

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/line/dialect"
)

// A bytesText is a text of the corpus: a string, or an object with base64.
type bytesText string

func (b *bytesText) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*b = bytesText(s)
		return nil
	}
	var o struct{ Binary string }
	if err := json.Unmarshal(data, &o); err != nil {
		return err
	}
	text, err := base64.StdEncoding.DecodeString(o.Binary)
	*b = bytesText(text)
	return err
}

// A corpusCase is a case of the corpus of line-protocol/v2.
type corpusCase struct {
	Input struct {
		Text        bytesText
		DefaultTime int64
		Precision   string
	}
	Output struct {
		Error  string
		Result []struct {
			Time   int64
			Name   bytesText
			Tags   []struct{ Key, Value bytesText }
			Fields []struct {
				Key   bytesText
				Value map[string]json.RawMessage
			}
		}
	}
}

// corpus returns the cases for decoders, which are part of the module.
func corpus(t *testing.T) map[string]corpusCase {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/influxdata/line-protocol/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "lineprotocol", "testdata", "corpus.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Decode map[string]corpusCase }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Decode
}

// points returns the points that the corpus expects.
func (c *corpusCase) points(t *testing.T) (points []dialect.Point) {
	for _, r := range c.Output.Result {
		p := dialect.Point{Measurement: string(r.Name), Time: r.Time, Stamped: true}
		for _, g := range r.Tags {
			p.Tags = append(p.Tags, [2]string{string(g.Key), string(g.Value)})
		}
		for _, f := range r.Fields {
			for kind, raw := range f.Value {
				var err error
				g := dialect.Field{Key: string(f.Key)}
				switch kind {
				case "float":
					g.Value, err = value[float64](raw)
				case "int":
					g.Value, err = value[int64](raw)
				case "uint":
					g.Value, err = value[uint64](raw)
				case "bool":
					g.Value, err = value[bool](raw)
				case "string":
					var s bytesText
					s, err = value[bytesText](raw)
					g.Value = string(s)
				}
				if err != nil || g.Value == nil {
					t.Fatalf("%s of kind %s: %v", raw, kind, err)
				}
				p.Fields = append(p.Fields, g)
			}
		}
		points = append(points, p)
	}
	return points
}

func value[T any](raw []byte) (v T, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}

var precisions = map[string]pointwire.Precision{"1ns": pointwire.Nanosecond, "1µs": pointwire.Microsecond, "1ms": pointwire.Millisecond, "1s": pointwire.Second}

// TestCorpus reads the corpus of line-protocol/v2. A row of the table must explain each
// difference.
func TestCorpus(t *testing.T) {
	cases := corpus(t)
	if len(cases) != 6615 {
		t.Errorf("%d cases", len(cases))
	}
	counts := map[string]int{}
	for key, c := range cases {
		p, ok := precisions[c.Input.Precision]
		if !ok {
			t.Fatalf("precision %q", c.Input.Precision)
		}
		var s line.Scanner
		s.SetOptions(line.Options{Precision: p})
		s.Reset([]byte(c.Input.Text))
		var own []dialect.Point
		var rules []line.Rule
		for s.Next() {
			if s.Fault.Rule != 0 {
				rules = append(rules, s.Fault.Rule)
				continue
			}
			q := dialect.Taken(&s)
			if q.Time *= p.Unit(); !q.Stamped {
				q.Time, q.Stamped = c.Input.DefaultTime/p.Unit()*p.Unit(), true
			}
			for i, f := range q.Fields {
				if f.Value == 0.0 {
					q.Fields[i].Value = 0.0 // the corpus has no negative zero
				}
			}
			own = append(own, q)
		}
		if c.Output.Error != "" && len(rules) > 0 {
			counts["refused by both"]++
			continue
		}
		got, want := dialect.Reading(own, len(rules) > 0, false), dialect.Reading(c.points(t), c.Output.Error != "", false)
		if got == want {
			counts["same"]++
			continue
		}
		row := explain([]byte(c.Input.Text), own, rules, c.Output.Error != "")
		if counts[row]++; row == "" {
			t.Errorf("%s: %q is read as\n%s %v\nwant\n%s %s", key, c.Input.Text, got, rules, want, c.Output.Error)
		}
	}
	for row, n := range counts {
		t.Logf("%5d %s", n, row)
		if row != "same" && row != "refused by both" && !slices.ContainsFunc(dialect.Rows, func(r dialect.Row) bool { return r.Name == row }) {
			t.Errorf("%q is no row", row)
		}
	}
}

// explain names the row of the table for a text that line-protocol/v2 reads differently: the
// first one that applies.
func explain(text []byte, own []dialect.Point, rules []line.Rule, refused bool) string {
	has := func(r line.Rule) bool { return slices.Contains(rules, r) }
	switch {
	case refused && bytes.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f }):
		return "control byte in a field key"
	case refused && !utf8.Valid(text):
		return "invalid UTF-8 in a tag value"
	case has(line.CarriageReturn):
		return "carriage return"
	case has(line.ReservedKey):
		return "tag with the key time"
	case has(line.DuplicateTag):
		return "tag twice"
	case has(line.Backslash):
		return "backslash before an equals sign in a measurement"
	case has(line.TimeRange):
		return "time out of range"
	case bytes.Contains(text, []byte(`\n`)) || bytes.Contains(text, []byte(`\r`)) || bytes.Contains(text, []byte(`\t`)):
		return "backslash and n in a string"
	}
	for _, p := range own {
		for _, f := range p.Fields {
			if strings.Contains(f.Key, `"`) {
				return "escaped double quote in a field key"
			}
		}
	}
	return ""
}
