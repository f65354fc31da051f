package lp_test

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestFixedTagsByKey holds that tags of every point come in the order of their
// keys, whatever follows the keys, and that the encoder and a schema agree.
func TestFixedTagsByKey(t *testing.T) {
	type point struct {
		_ lp.Measurement `lp:"m"`
		F int            `lp:"f"`
	}
	s := must(lp.SchemaFor[point]())
	tags := []lp.Tag{{Key: "host.name", Value: "n"}, {Key: "host", Value: "h"}, {Key: "host-ip", Value: "x"}, {Key: "a b", Value: "2"}, {Key: "a", Value: "1"}}
	const want = `m,a=1,a\ b=2,host=h,host-ip=x,host.name=n f=1i` + "\n"
	for _, order := range []lp.TagOrder{lp.TagsAsGiven, lp.TagsSorted} {
		for name, set := range map[string]func(e *lp.Encoder) error{
			"default": func(e *lp.Encoder) error { return e.SetDefaultTags(tags...) },
			"extra":   func(e *lp.Encoder) error { return e.SetExtraTags(tags...) },
			"both": func(e *lp.Encoder) error {
				return errors.Join(e.SetDefaultTags(tags[:2]...), e.SetExtraTags(tags[2:]...))
			},
		} {
			var e lp.Encoder
			e.SetOptions(lp.Options{TagOrder: order})
			if err := set(&e); err != nil {
				t.Fatal(err)
			}
			e.Point("m")
			e.Int("f", 1)
			err := errors.Join(e.EndNoTimestamp(), s.Encode(&e, &point{F: 1}))
			if err != nil || string(e.Bytes()) != want+want {
				t.Errorf("%s: %q, %v, want %q twice", name, e.Bytes(), err, want)
			}
		}
	}
}

// TestExtraTagsHideDefaults holds that default and extra tags of one key do not
// forget each other.
func TestExtraTagsHideDefaults(t *testing.T) {
	var e lp.Encoder
	step := func(err error, want string) {
		t.Helper()
		e.Reset()
		e.Point("m")
		e.Int("f", 1)
		if err = errors.Join(err, e.EndNoTimestamp()); err != nil || string(e.Bytes()) != want {
			t.Errorf("%q, %v, want %q", e.Bytes(), err, want)
		}
	}
	a := func(v string) lp.Tag { return lp.Tag{Key: "a", Value: v} }
	step(e.SetDefaultTags(a("def"), lp.Tag{Key: "b", Value: "def"}), "m,a=def,b=def f=1i\n")
	step(e.SetExtraTags(a("ext")), "m,a=ext,b=def f=1i\n")
	step(e.SetDefaultTags(a("new")), "m,a=ext f=1i\n")
	if err := e.SetExtraTags(a("x"), a("y")); !errors.Is(err, lp.ErrDuplicateTag) {
		t.Error(err)
	}
	step(nil, "m,a=ext f=1i\n")
	step(e.SetExtraTags(), "m,a=new f=1i\n")
	step(e.SetDefaultTags(), "m f=1i\n")
}
