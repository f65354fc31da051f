package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"testing/fstest"

	flatbuffers "github.com/google/flatbuffers/go"
)

var library = fstest.MapFS{
	"universe/universe.flux":      {Data: []byte("package universe\n// builtin no\nbuiltin yield : (a: A) => B\nbuiltin from :(\n  x: int\n)\n  builtin inner : int\n")},
	"universe/more.flux":          {Data: []byte("package universe\nbuiltin\tabs:int\nbuiltin from : int\nbuiltins = 1\n")},
	"universe/universe_test.flux": {Data: []byte("builtin tested : int\n")},
	"a/b/b.flux":                  {Data: []byte("builtin _under2 : int")},
	"a/b/README.md":               {Data: []byte("builtin documented : int")},
	"empty/empty.flux":            {Data: []byte("x = 1\n")},
}

var want = []fluxPackage{{"a/b", []string{"_under2"}}, {"universe", []string{"abs", "from", "yield"}}}

func TestReadBuiltins(t *testing.T) {
	got, err := readBuiltins(library)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q: %v", got, want, err)
	}
	if _, err := readBuiltins(fstest.MapFS{}); err == nil {
		t.Error("a library without builtins: no error")
	}
}

// A reader reads fields of a flatbuffer by their numbers.
type reader struct{ flatbuffers.Table }

func root(data []byte) reader {
	return reader{flatbuffers.Table{Bytes: data, Pos: flatbuffers.GetUOffsetT(data)}}
}

// offset returns the offset of a field in its table. number counts from 0.
func (r reader) offset(t *testing.T, number int) flatbuffers.UOffsetT {
	t.Helper()
	o := r.Offset(flatbuffers.VOffsetT(4 + 2*number))
	if o == 0 {
		t.Fatalf("no field %d", number)
	}
	return flatbuffers.UOffsetT(o)
}

func (r reader) table(t *testing.T, number int) reader {
	t.Helper()
	return reader{flatbuffers.Table{Bytes: r.Bytes, Pos: r.Indirect(r.offset(t, number) + r.Pos)}}
}

func (r reader) tables(t *testing.T, number int) (all []reader) {
	t.Helper()
	o := r.offset(t, number)
	for i := range r.VectorLen(o) {
		at := r.Vector(o) + flatbuffers.UOffsetT(i)*offsetSize
		all = append(all, reader{flatbuffers.Table{Bytes: r.Bytes, Pos: r.Indirect(at)}})
	}
	return all
}

func (r reader) text(t *testing.T, number int) string {
	t.Helper()
	return string(r.ByteVector(r.offset(t, number) + r.Pos))
}

func (r reader) byte(t *testing.T, number int) byte {
	t.Helper()
	return r.GetByte(r.offset(t, number) + r.Pos)
}

// TestTables reads both tables as the server does.
func TestTables(t *testing.T) {
	var got []fluxPackage
	for _, a := range root(environment(want)).tables(t, 0) {
		p := fluxPackage{path: a.text(t, 0)}
		poly := a.table(t, 1)
		if kind := poly.byte(t, 2); kind != monoTypeRecord {
			t.Errorf("%s: type %d", p.path, kind)
		}
		for _, prop := range poly.table(t, 3).tables(t, 0) {
			p.builtins = append(p.builtins, prop.table(t, 1).text(t, 0))
			function := prop.table(t, 3)
			if prop.byte(t, 0) != recordLabelConcrete || prop.byte(t, 2) != monoTypeFun || len(function.tables(t, 0)) != 0 ||
				function.byte(t, 1) != monoTypeBasic || function.table(t, 2).byte(t, 0) != typeInt {
				t.Errorf("%s: the type of a builtin is not () => int", p.path)
			}
		}
		got = append(got, p)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}

	got = nil
	for _, pkg := range root(packages(want)).tables(t, 0) {
		p := fluxPackage{path: pkg.text(t, 1)}
		files := pkg.tables(t, 2)
		location := files[0].table(t, 0)
		if dir := filepath.ToSlash(filepath.Dir(location.text(t, 0))); len(files) != 1 || dir != p.path {
			t.Errorf("%d files, the first in %s, want one in %s", len(files), dir, p.path)
		}
		location.offset(t, 1)
		location.offset(t, 2)
		for _, s := range files[0].tables(t, 3) {
			if s.byte(t, 0) != statementBuiltin {
				t.Errorf("statement %d", s.byte(t, 0))
			}
			p.builtins = append(p.builtins, s.table(t, 1).table(t, 1).text(t, 1))
		}
		got = append(got, p)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("packages %q, want %q", got, want)
	}
	if !slices.Equal(header(want), header(want)) {
		t.Error("the header differs from one time to the next")
	}
}

// TestPlan checks that the path of the executable depends on its inputs and on nothing else.
// It does not build.
func TestPlan(t *testing.T) {
	a, err := newPlan()
	if err != nil {
		t.Fatal(err)
	}
	b, err := newPlan()
	if err != nil || a.dir != b.dir {
		t.Errorf("%s, then %s: %v", a.dir, b.dir, err)
	}
	if len(a.header) < 10_000 {
		t.Errorf("the header has %d bytes", len(a.header))
	}
	t.Setenv("CC", "another-cc")
	if b, err = newPlan(); err != nil || a.dir == b.dir {
		t.Errorf("another compiler gives the same path: %v", err)
	}
}

func TestLink(t *testing.T) {
	name := filepath.Join(t.TempDir(), "link")
	for _, target := range []string{"a", "b", "b"} {
		if err := link(target, name); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(name); err != nil || got != target {
			t.Errorf("%s, want %s: %v", got, target, err)
		}
	}
}
