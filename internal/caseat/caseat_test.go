package caseat

import (
	"os"
	"strings"
	"testing"
)

var above = []struct{ mark string }{
	{"above 0"},
	{"above 1"},
}

// TestLine holds that each case is found in the line in which its mark is.
func TestLine(t *testing.T) {
	source, err := os.ReadFile("caseat_test.go")
	if err != nil {
		t.Fatal(err)
	}
	check := func(mark, got string) {
		t.Helper()
		name, line, _ := strings.Cut(got, ":")
		for i, text := range strings.Split(string(source), "\n") {
			if strings.Contains(text, `{"`+mark+`"`) {
				if name != "caseat_test.go" || line != itoa(i+1) {
					t.Errorf("%s: %s, want line %d", mark, got, i+1)
				}
				return
			}
		}
		t.Errorf("%s: no such mark", mark)
	}
	for i, c := range above {
		check(c.mark, Line(i))
	}
	local := []struct{ mark string }{
		{"local 0"}, {"local 0"},
		{"local 2"},
	}
	for i, c := range local {
		t.Run(c.mark, func(t *testing.T) { check(c.mark, Line(i)) })
	}
	for i, c := range []struct {
		mark string
		list []string
	}{
		{"inline 0", nil},
		{"inline 1", []string{"a"}},
	} {
		for range c.list {
			check(c.mark, Line(i))
		}
		for k := range []string{"another", "table"} {
			check(c.mark, Line(i))
			_ = k
		}
		check(c.mark, Line(i))
	}
}

// TestUnknown holds that a case which is not found has its number.
func TestUnknown(t *testing.T) {
	if got := Line(3); got != "case 3" {
		t.Errorf("no loop: %q", got)
	}
	for i, c := range strings.Fields("a b") {
		if got := Line(i); got != "case "+itoa(i) {
			t.Errorf("%s of no literal: %q", c, got)
		}
	}
	for i := range []int{1} {
		i++
		if got := Line(i); got != "case 1" {
			t.Errorf("beyond the table: %q", got)
		}
	}
	if at := find("x.go", []byte("package x\nfunc"), 1, 0); at != 0 {
		t.Errorf("no Go: line %d", at)
	}
}

func itoa(i int) string { return strings.TrimPrefix(number(i), "case ") }
