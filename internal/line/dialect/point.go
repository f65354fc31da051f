package dialect

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pointwire/pointwire/internal/line"
)

// A Point is what somebody reads of a line.
type Point struct {
	Measurement string
	Tags        [][2]string
	Fields      []Field
	Time        int64
	Stamped     bool
}

// A Field is a key and a value of type float64, int64, uint64, bool or string.
type Field struct {
	Key   string
	Value any
}

// String writes p so that equal points have the same text: tags and fields in the order
// of their keys, texts quoted, integers and unsigned integers with i and u after them.
func (p Point) String() string {
	b := strconv.AppendQuote(nil, p.Measurement)
	tags := slices.Clone(p.Tags)
	slices.SortStableFunc(tags, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for _, t := range tags {
		b = append(b, ' ')
		b = strconv.AppendQuote(b, t[0])
		b = append(b, '=')
		b = strconv.AppendQuote(b, t[1])
	}
	b = append(b, " |"...)
	fields := slices.Clone(p.Fields)
	slices.SortStableFunc(fields, func(a, b Field) int { return strings.Compare(a.Key, b.Key) })
	for _, f := range fields {
		b = append(b, ' ')
		b = strconv.AppendQuote(b, f.Key)
		b = append(b, '=')
		switch v := f.Value.(type) {
		case float64:
			b = strconv.AppendFloat(b, v, 'g', -1, 64)
		case int64:
			b = append(strconv.AppendInt(b, v, 10), 'i')
		case uint64:
			b = append(strconv.AppendUint(b, v, 10), 'u')
		case bool:
			b = strconv.AppendBool(b, v)
		case string:
			b = strconv.AppendQuote(b, v)
		}
	}
	if p.Stamped {
		b = append(b, " @"...)
		b = strconv.AppendInt(b, p.Time, 10)
	}
	return string(b)
}

// Numbers returns p as VictoriaMetrics would have it if it read the same: all values
// are numbers, and texts 0.
func (p Point) Numbers() Point {
	p.Fields = slices.Clone(p.Fields)
	for i, f := range p.Fields {
		var n float64
		switch v := f.Value.(type) {
		case float64:
			n = v
		case int64:
			n = float64(v)
		case uint64:
			n = float64(v)
		case bool:
			if v {
				n = 1
			}
		}
		p.Fields[i].Value = n
	}
	return p
}

// Taken returns the last line of s, which was taken.
func Taken(s *line.Scanner) Point {
	p := Point{Measurement: string(s.Text(s.Name)), Time: s.Time, Stamped: s.Stamped}
	for _, t := range s.Tags {
		p.Tags = append(p.Tags, [2]string{string(s.Text(t.Key)), string(s.Text(t.Value))})
	}
	for _, f := range s.Fields {
		g := Field{Key: string(s.Text(f.Key))}
		switch f.Kind {
		case line.Float:
			g.Value = math.Float64frombits(f.Bits)
		case line.Int:
			g.Value = int64(f.Bits)
		case line.Uint:
			g.Value = f.Bits
		case line.Bool:
			g.Value = f.Bits != 0
		case line.String:
			g.Value = string(s.Text(line.Span(f.Bits)))
		}
		p.Fields = append(p.Fields, g)
	}
	return p
}

// Read returns the points that package line reads of body and the rules by which it
// refuses lines.
func Read(body string) (points []Point, refused []line.Rule) {
	var s line.Scanner
	s.Reset([]byte(body))
	for s.Next() {
		if s.Fault.Rule != 0 {
			refused = append(refused, s.Fault.Rule)
			continue
		}
		points = append(points, Taken(&s))
	}
	return points, refused
}

// Reading is the text of what somebody reads of a body: its points in the
// order of their texts, and whether some of it was refused or lost.
func Reading(points []Point, refused, lost bool) string {
	var parts []string
	for _, p := range points {
		parts = append(parts, p.String())
	}
	slices.Sort(parts)
	if refused {
		parts = append(parts, Refused)
	}
	if lost {
		parts = append(parts, Lost)
	}
	if len(parts) == 0 {
		return Nothing
	}
	return strings.Join(parts, "; ")
}
