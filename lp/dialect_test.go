package lp_test

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestDialects holds every way to write a tag to the dialect it is asked for.
func TestDialects(t *testing.T) {
	type tagged struct {
		Tag   string `lp:"t,tag"`
		Value int    `lp:"v"`
	}
	const value = `C:\,x=y`
	const wire = `C:\\,x\=y`
	schema, err := lp.SchemaFor[tagged]()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []lp.Dialect{lp.Portable, lp.Influx1} {
		for _, text := range []lp.TextPolicy{lp.TextRefuse, lp.TextReplace} {
			o := lp.Options{Dialect: d, Text: text}
			for name, write := range map[string]func() ([]byte, error){
				"Encoder": func() ([]byte, error) {
					var e lp.Encoder
					e.SetOptions(o)
					e.Point("m")
					e.Tag("t", value)
					e.Int("v", 1)
					err := e.EndNoTimestamp()
					return e.Bytes(), err
				},
				"Schema": func() ([]byte, error) {
					return schema.With(o).Append(nil, &tagged{value, 1})
				},
				"Schema, tag given": func() ([]byte, error) {
					return schema.With(o).AppendWith(nil, &tagged{"", 1}, lp.Tag{Key: "t", Value: value})
				},
				"default tag": func() ([]byte, error) {
					var e lp.Encoder
					e.SetOptions(o)
					if err := e.SetDefaultTags(lp.Tag{Key: "t", Value: value}); err != nil {
						return nil, err
					}
					e.Point("m")
					e.Int("v", 1)
					err := e.EndNoTimestamp()
					return e.Bytes(), err
				},
			} {
				b, err := write()
				want := "m,t=" + wire + " v=1i\n"
				switch {
				case d == lp.Influx1:
				case text == lp.TextReplace && name != "default tag":
					want = "m,t=C:_\\,x\\=y v=1i\n"
				default:
					want = ""
					if !errors.Is(err, lp.ErrNotPortable) {
						t.Errorf("%v, %s: %v", d, name, err)
					}
					err = nil
				}
				if name[0] == 'S' && want != "" {
					want = "tagged" + want[1:]
				}
				if string(b) != want || err != nil {
					t.Errorf("%v, %s: %q %v, want %q", d, name, b, err, want)
				}
			}
		}
	}
	if lp.Portable.String() != "Portable" || lp.Influx1.String() != "Influx1" || lp.Dialect(9).String() != "Dialect(9)" {
		t.Error("names")
	}
}
