package pointwire

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/doc"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// public are the packages that programs import.
var public = []string{"lp", "jsonscan", "frame", "fastclient", "fastclient/batch", "fastclient/batch/spool", "fastclient/admin", "fastclient/influxql"}

// TestDocumented holds that every exported function, method, type, constant and variable
// has a doc comment, and that an example which runs uses every function, method and type.
// A constant or a variable is shown by the type that takes it: an example for each would
// only name it.
func TestDocumented(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	list := listPackages(t)
	for _, dir := range public {
		t.Run(dir, func(t *testing.T) {
			p := loadPublic(t, list, module+"/"+dir)
			if p.doc.Doc == "" {
				t.Error("no doc comment of the package")
			}
			names := exported(p)
			if len(names) == 0 {
				t.Fatal("nothing is exported")
			}
			used := usedByExamples(t, p)
			for _, n := range names {
				if !n.documented {
					t.Errorf("%s: no doc comment", n.name)
				}
				switch n.object.(type) {
				case *types.Const, *types.Var:
					continue
				}
				if !used[n.object] {
					t.Errorf("%s: no example", n.name)
				}
			}
		})
	}
}

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, XTestGoFiles   []string
}

// listPackages returns the public packages and what they and their tests import, by
// path, with the files of their types. A package compiled anew for a test has the
// test in its path: "a [b.test]".
func listPackages(t *testing.T) map[string]listed {
	t.Helper()
	args := []string{"list", "-test", "-deps", "-export", "-json=ImportPath,Dir,Export,GoFiles,XTestGoFiles"}
	for _, dir := range public {
		args = append(args, "./"+dir)
	}
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list[l.ImportPath] = l
	}
}

// publicPackage is a package as its importers and its readers see it.
type publicPackage struct {
	types    *types.Package
	doc      *doc.Package
	examples []*doc.Example // those that run
	info     *types.Info    // of the external tests, in which examples are
}

// loadPublic returns the package of that path. Examples are looked for in the
// external tests: there they are written as importers would write them.
func loadPublic(t *testing.T, list map[string]listed, path string) publicPackage {
	t.Helper()
	fset := token.NewFileSet()
	parse := func(names []string) (files []*ast.File) {
		for _, name := range names {
			f, err := parser.ParseFile(fset, filepath.Join(list[path].Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		return files
	}
	var p publicPackage
	tests := parse(list[path].XTestGoFiles)
	for _, e := range doc.Examples(tests...) {
		if e.Output != "" || e.EmptyOutput {
			p.examples = append(p.examples, e)
		}
	}
	imports := importer.ForCompiler(fset, "gc", func(of string) (io.ReadCloser, error) {
		l, ok := list[of+" ["+path+".test]"]
		if !ok {
			l = list[of]
		}
		return os.Open(l.Export)
	})
	p.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	config := types.Config{Importer: imports}
	if _, err := config.Check(path+"_test", fset, tests, p.info); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.types, err = imports.Import(path); err != nil {
		t.Fatal(err)
	}
	if p.doc, err = doc.NewFromFiles(fset, parse(list[path].GoFiles), path); err != nil {
		t.Fatal(err)
	}
	return p
}

// exportedName is a name that importers can use.
type exportedName struct {
	name       string
	object     types.Object
	documented bool
}

// exported returns all that p exports.
func exported(p publicPackage) (names []exportedName) {
	scope := p.types.Scope()
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				for _, id := range s.Names {
					// A group is documented as a whole, or each of its names is.
					text := v.Doc + s.Doc.Text() + s.Comment.Text()
					if id.IsExported() {
						names = append(names, exportedName{id.Name, scope.Lookup(id.Name), text != ""})
					}
				}
			}
		}
	}
	functions := func(list []*doc.Func) {
		for _, f := range list {
			names = append(names, exportedName{f.Name, scope.Lookup(f.Name), f.Doc != ""})
		}
	}
	functions(p.doc.Funcs)
	values(p.doc.Consts)
	values(p.doc.Vars)
	for _, typ := range p.doc.Types {
		object := scope.Lookup(typ.Name)
		names = append(names, exportedName{typ.Name, object, typ.Doc != ""})
		functions(typ.Funcs)
		values(typ.Consts)
		values(typ.Vars)
		for _, m := range typ.Methods {
			method, _, _ := types.LookupFieldOrMethod(object.Type(), true, p.types, m.Name)
			// Every error has an Error, and all of them do the same.
			names = append(names, exportedName{typ.Name + "." + m.Name, method, m.Doc != "" || m.Name == "Error"})
		}
		if i, ok := object.Type().Underlying().(*types.Interface); ok {
			// Its methods are documented as a whole, too.
			for m := range i.ExplicitMethods() {
				if m.Exported() {
					names = append(names, exportedName{typ.Name + "." + m.Name(), m, typ.Doc != ""})
				}
			}
		}
	}
	return names
}

// protocol are methods that programs leave to the standard library to call.
var protocol = []string{"Error", "Unwrap", "Is", "As", "Timeout", "String", "GoString", "Format", "LogValue", "MarshalJSON"}

// usedByExamples returns what the examples of p use.
func usedByExamples(t *testing.T, p publicPackage) map[types.Object]bool {
	t.Helper()
	used := map[types.Object]bool{}
	for _, e := range p.examples {
		ast.Inspect(e.Code, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				switch o := p.info.Uses[n].(type) {
				case nil:
				case *types.Func:
					used[o.Origin()] = true
				default:
					used[o] = true
				}
			case *ast.CallExpr:
				useByInterface(used, p.info, n)
			}
			if n, ok := n.(ast.Expr); ok {
				useType(used, p.info.Types[n].Type, p.types)
			}
			return true
		})
	}
	return used
}

// useType adds the types that a value of type typ shows: its own and those it is
// made of. A type of the example shows the interfaces of pkg that it implements.
func useType(used map[types.Object]bool, typ types.Type, pkg *types.Package) {
	switch typ := typ.(type) {
	case *types.Alias:
		used[typ.Obj()] = true
		useType(used, typ.Rhs(), pkg)
	case *types.Named:
		used[typ.Obj()] = true
		if typ.Obj().Pkg() == nil || typ.Obj().Pkg().Path() != pkg.Path()+"_test" {
			return
		}
		for _, name := range pkg.Scope().Names() {
			o, ok := pkg.Scope().Lookup(name).(*types.TypeName)
			if !ok {
				continue
			}
			i, ok := o.Type().Underlying().(*types.Interface)
			if !ok || i.Empty() || !types.Implements(typ, i) && !types.Implements(types.NewPointer(typ), i) {
				continue
			}
			used[o] = true
			for m := range i.ExplicitMethods() {
				used[m] = true
			}
		}
	case *types.Pointer:
		useType(used, typ.Elem(), pkg)
	case *types.Slice:
		useType(used, typ.Elem(), pkg)
	case *types.Tuple:
		for v := range typ.Variables() {
			useType(used, v.Type(), pkg)
		}
	}
}

// useByInterface adds the methods that a call reaches by an interface that it is
// given a value as: Println calls String, errors.Is calls Unwrap.
func useByInterface(used map[types.Object]bool, info *types.Info, call *ast.CallExpr) {
	signature, ok := info.Types[call.Fun].Type.(*types.Signature)
	if !ok {
		return
	}
	for i, arg := range call.Args {
		param := signature.Params().At(min(i, signature.Params().Len()-1)).Type()
		if s, ok := param.(*types.Slice); ok && signature.Variadic() && i >= signature.Params().Len()-1 {
			param = s.Elem()
		}
		if !types.IsInterface(param) {
			continue
		}
		typ := info.Types[arg].Type
		for {
			pointer, ok := types.Unalias(typ).(*types.Pointer)
			if !ok {
				break
			}
			typ = pointer.Elem()
		}
		named, ok := types.Unalias(typ).(*types.Named)
		if !ok {
			continue
		}
		for m := range named.Methods() {
			if slices.Contains(protocol, m.Name()) {
				used[m.Origin()] = true
			}
		}
	}
}
