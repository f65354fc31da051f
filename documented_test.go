package pointwire

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// public are the packages for programs to import.
var public = []string{"lp", "jsonscan", "frame", "fastclient"}

// selfEvident are exported names that need no example: what a method of the
// standard library's interfaces does, and what is used by reading a field or
// comparing a value.
var selfEvident = []string{"Error", "Unwrap", "Is", "String", "GoString", "LogValue", "Timeout"}

// parsePackage returns the files of the package in dir, tests with those of the
// external test package.
func parsePackage(t *testing.T, dir string) (code, tests []*ast.File, fset *token.FileSet) {
	t.Helper()
	fset = token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasSuffix(name, "_test.go"):
			tests = append(tests, f)
		case !strings.HasSuffix(name, "_purego.go"): // twins of other files
			code = append(code, f)
		}
	}
	return code, tests, fset
}

// TestDocumented holds that everything exported has a doc comment, and that every
// function and method is shown by an example.
func TestDocumented(t *testing.T) {
	for _, dir := range public {
		t.Run(dir, func(t *testing.T) {
			code, tests, fset := parsePackage(t, dir)
			pkg, err := doc.NewFromFiles(fset, append(code, tests...), module+"/"+dir)
			if err != nil {
				t.Fatal(err)
			}
			shown := map[string]bool{}
			for _, e := range doc.Examples(tests...) {
				ast.Inspect(e.Code, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.SelectorExpr:
						shown[n.Sel.Name] = true
					case *ast.KeyValueExpr:
						if id, ok := n.Key.(*ast.Ident); ok {
							shown[id.Name] = true
						}
					}
					return true
				})
			}
			if pkg.Doc == "" {
				t.Error("no doc comment of the package")
			}
			check := func(kind, name, text string) {
				if text == "" && name != "Error" && !strings.HasSuffix(name, ".Error") {
					t.Errorf("%s %s: no doc comment", kind, name)
				}
			}
			// A group is documented as a whole, or each of its names is.
			group := func(v *doc.Value) {
				if v.Doc != "" {
					return
				}
				for _, s := range v.Decl.Specs {
					if s := s.(*ast.ValueSpec); s.Names[0].IsExported() {
						check("value", s.Names[0].Name, s.Doc.Text()+s.Comment.Text())
					}
				}
			}
			show := func(name string) {
				last := name[strings.LastIndex(name, ".")+1:]
				if !shown[last] && !slices.Contains(selfEvident, last) {
					t.Errorf("%s: no example", name)
				}
			}
			functions := func(list []*doc.Func) {
				for _, f := range list {
					name := f.Name
					if f.Recv != "" {
						name = strings.TrimPrefix(f.Recv, "*") + "." + name
					}
					check("function", name, f.Doc)
					show(name)
				}
			}
			functions(pkg.Funcs)
			for _, v := range slices.Concat(pkg.Consts, pkg.Vars) {
				group(v)
			}
			for _, typ := range pkg.Types {
				check("type", typ.Name, typ.Doc)
				functions(typ.Funcs)
				functions(typ.Methods)
				for _, v := range slices.Concat(typ.Consts, typ.Vars) {
					group(v)
				}
			}
		})
	}
}
