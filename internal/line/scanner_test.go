package line

import (
	"fmt"
	"strings"
	"testing"
)

func scan(data string, o Options) string {
	var s Scanner
	s.SetOptions(o)
	s.Reset([]byte(data))
	var b strings.Builder
	for s.Next() {
		fmt.Fprintf(&b, "%d@%d ", s.Number(), s.Offset())
		if s.Fault.Rule != 0 {
			fmt.Fprintf(&b, "%v at %d\n", s.Fault.Rule, s.Fault.At)
			continue
		}
		fmt.Fprintf(&b, "%s", s.Text(s.Name))
		for _, t := range s.Tags[:s.NumTags()] {
			fmt.Fprintf(&b, "|%s=%s", s.Text(t.Key), s.Text(t.Value))
		}
		for _, f := range s.Fields[:s.NumFields()] {
			fmt.Fprintf(&b, "|%s:%d:%x", s.Text(f.Key), f.Kind, f.Bits)
			if f.Kind == String {
				fmt.Fprintf(&b, ":%s", s.Text(Span(f.Bits)))
			}
		}
		if s.Stamped {
			fmt.Fprintf(&b, "@%d", s.Time)
		}
		fmt.Fprintf(&b, " %v\n", s.Plain)
	}
	return b.String()
}

func TestTry(t *testing.T) {
	fmt.Println(scan("good1 v=1i 1\nbad v=2\" 1\ngood2 v=3i 1\ngood3 v=4i 1\n", Options{}))
	fmt.Println(scan("m v=1 \n  \tfoo v=2  2  \n# a=\"b\nm,a\\ b=c\\,d,x=y s=\"a b\\\"\nx\",t=t -5\r\nlast v=.5", Options{TrimCR: true}))
}
