// Package caseat says in which line of a test a case of its table is, so that the text of
// a failure leads to the case and not only to the check that all cases share.
package caseat

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
)

// Line returns the file and line of case i of a table: a literal, or a variable of the same
// file that is one. i must be the variable of the loop over the table:
//
//	for i, c := range []struct{…}{…} {
//		t.Errorf("%s: …", caseat.Line(i))
//
// It is called when a case has failed, and reads the test's source in the current directory.
// Without that, or without such a loop, it returns the number of the case.
func Line(i int) string {
	_, file, line, ok := runtime.Caller(1)
	if !ok {
		return number(i)
	}
	name := filepath.Base(file)
	source, err := os.ReadFile(name)
	if err != nil {
		return number(i)
	}
	if at := find(name, source, line, i); at > 0 {
		return fmt.Sprintf("%s:%d", name, at)
	}
	return number(i)
}

func number(i int) string { return fmt.Sprintf("case %d", i) }

// find returns the line of case i of the table for whose loop a call in that line asks, 0
// if it finds none.
func find(name string, source []byte, line, i int) (at int) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, 0)
	if err != nil {
		return 0
	}
	tables := map[string]*ast.CompositeLit{} // by variable; an inner loop comes after the outer one
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil || line < set.Position(n.Pos()).Line || line > set.Position(n.End()).Line {
			return false
		}
		switch n := n.(type) {
		case *ast.RangeStmt:
			if key, ok := n.Key.(*ast.Ident); ok {
				tables[key.Name] = table(n.X)
			}
		case *ast.CallExpr:
			if len(n.Args) != 1 || !called(n.Fun, "Line") {
				break
			}
			if arg, ok := n.Args[0].(*ast.Ident); ok {
				if t := tables[arg.Name]; t != nil && i >= 0 && i < len(t.Elts) {
					at = set.Position(t.Elts[i].Pos()).Line
				}
			}
		}
		return true
	})
	return at
}

func called(f ast.Expr, name string) bool {
	if s, ok := f.(*ast.SelectorExpr); ok {
		f = s.Sel
	}
	id, ok := f.(*ast.Ident)
	return ok && id.Name == name
}

// table returns the literal that an expression is, or that its variable is declared as.
func table(x ast.Expr) *ast.CompositeLit {
	switch x := x.(type) {
	case *ast.CompositeLit:
		return x
	case *ast.Ident:
		if x.Obj == nil {
			return nil
		}
		switch d := x.Obj.Decl.(type) {
		case *ast.ValueSpec:
			if len(d.Values) == 1 {
				return table(d.Values[0])
			}
		case *ast.AssignStmt:
			if len(d.Lhs) == 1 && len(d.Rhs) == 1 {
				return table(d.Rhs[0])
			}
		}
	}
	return nil
}
