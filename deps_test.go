package pointwire

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pointwire/pointwire"

// TestImports holds that a program which imports only lp depends on no other module, and
// that each package reaches only the modules that it needs.
func TestImports(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	const fastjson, fasthttp, compress = "github.com/valyala/fastjson", "github.com/valyala/fasthttp", "github.com/klauspost/compress"
	for _, c := range []struct {
		pkg     string
		modules []string
	}{
		{"lp", nil},
		{"jsonscan", nil},
		{"internal/swar", nil},
		{"internal/decimal", nil},
		{"internal/line", nil},
		{"internal/structtag", nil},
		{"internal/deflate", nil},
		{"internal/inflate", nil},
		{"frame", nil},
		{"internal/transport", nil},
		{"internal/transport/std", nil},
		{"internal/transport/fast", []string{fasthttp, compress}}, // fasthttp reaches compress
		{"fastclient", []string{fastjson, fasthttp, compress}},
	} {
		t.Run(c.pkg, func(t *testing.T) {
			if _, err := os.Stat(c.pkg); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./"+c.pkg).Output()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range strings.Fields(string(out)) {
				if m != module && !slices.Contains(got, m) {
					got = append(got, m)
				}
			}
			for _, m := range got {
				// What the three modules themselves need is theirs.
				if c.modules == nil || !slices.Contains(c.modules, m) && !slices.Contains(indirect, m) {
					t.Errorf("%s reaches the module %s", c.pkg, m)
				}
			}
		})
	}
}

var indirect = []string{
	"github.com/molecule-man/go-brrr", "github.com/valyala/bytebufferpool",
}

// TestImportsPointOneWay holds the order of the packages in DESIGN.md.
func TestImportsPointOneWay(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	for _, c := range []struct{ pkg, never string }{
		{"lp", "jsonscan"},
		{"jsonscan", "lp"},
		{"lp", "fastclient"},
		{"frame", "fastclient"},
		{"lp", "frame"},
		{"jsonscan", "frame"},
		{"jsonscan", "fastclient"},
		{"internal/swar", "internal/decimal"},
		{"internal/decimal", "lp"},
		{"internal/inflate", "lp"},
		{"internal/inflate", "jsonscan"},
		{"internal/inflate", "fastclient"},
		{"internal/transport", "fastclient"},
		{"internal/transport", "lp"},
		{"internal/transport", "jsonscan"},
		{"internal/transport", "internal/transport/fast"},
		{"internal/transport", "internal/transport/std"},
		{"internal/transport/fast", "internal/transport/std"},
		{"internal/transport/std", "internal/transport/fast"},
	} {
		out, err := exec.Command("go", "list", "-deps", "./"+c.pkg).Output()
		if err != nil {
			t.Fatalf("%s: %v", c.pkg, err)
		}
		if slices.Contains(strings.Fields(string(out)), module+"/"+c.never) {
			t.Errorf("%s imports %s", c.pkg, c.never)
		}
	}
}
