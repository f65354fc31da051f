package frame

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// TestSameName holds that a tag and a field of one name are two columns, both of which can
// be found and are written as what they are.
func TestSameName(t *testing.T) {
	const body = `{"results":[{"series":[{"name":"m","tags":{"d":"a"},"columns":["time","d","e"],"values":[[1,1.5,"x"]]},` +
		`{"name":"m","tags":{"d":"b"},"columns":["time","d","e"],"values":[[2,2.5,"y"]]}]}]}`
	want := "m,d=a,e=x d=1.5 1\nm,d=b,e=y d=2.5 2\n"
	for _, merge := range []bool{true, false} {
		r := NewReader(jsonscan.NewScanner(strings.NewReader(body)))
		r.Merge, r.Tags = merge, []string{"d", "e"}
		frames, err := ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var lines []byte
		for _, f := range frames {
			field, tag := f.Column("d"), f.TagColumn("d")
			if field == nil || field.Role != Field || field.Type != Float64 {
				t.Fatalf("Column: %+v", field)
			}
			if merge != (tag != nil) || merge && (tag == field || string(tag.Text(1)) != "b" || f.Tag("d") != "") || !merge && f.Tag("d") == "" {
				t.Errorf("merge %v: TagColumn %+v, Tag %q", merge, tag, f.Tag("d"))
			}
			if f.Column("e") == nil || f.Column("e") != f.TagColumn("e") || f.TagColumn("none") != nil || f.Column("none") != nil {
				t.Error("a tag without a field of its name")
			}
			if err := f.SetTags("e"); err != nil {
				t.Error(err)
			}
			if merge {
				if err := f.SetTags("d"); err != nil || f.Column("d").Role != Field {
					t.Errorf("SetTags made another tag of the field, %v", err)
				}
			}
			if lines, err = f.AppendLP(lines); err != nil {
				t.Error(err)
			}
		}
		if got := strings.ReplaceAll(string(lines), ",e=x,d=a", ",d=a,e=x"); strings.ReplaceAll(got, ",e=y,d=b", ",d=b,e=y") != want {
			t.Errorf("merge %v: %q, want %q", merge, lines, want)
		}
	}
}
