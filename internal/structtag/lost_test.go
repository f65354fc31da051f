package structtag

import (
	"reflect"
	"testing"
)

// TestLost: an lp tag that package reflect does not find is noticed, and nothing else.
func TestLost(t *testing.T) {
	for text, want := range map[string]bool{
		``: false, `lp:"a,tag"`: false, `json:"a" lp:"b"`: false, `json:"a"lp:"b"`: false, ` lp:"a" `: false, `json:"lp:"`: false,
		`whatever`: false, `json:a`: false,
		`lp:a`: true, `lp:'a'`: true, "lp:`a`": true, `lp: "a"`: true, `lp:"a`: true, `json:a lp:"b"`: true, `json: "a" lp:"b"`: true,
		`"json" lp:"b"`:        true,
		"json:\"a\"\tlp:\"b\"": true, "json:\"a\"\nlp:\"b\"": true, `json:"a",lp:"b"`: true, `json:"a";lp:"b"`: true,
		`lp :"b"`: true, `lp="b"`: true, `lp`: false, `"lp"`: false,
		`required help:"x"`: false, `pattern:"^\d+$" help:"digits"`: false, `x-lp:"a"`: false, `help: "lp: x"`: true,
	} {
		if got := lost(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
		if _, found := reflect.StructTag(text).Lookup("lp"); found && want {
			t.Errorf("%s is found", text)
		}
	}
}
