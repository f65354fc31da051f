package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A fluxPackage is one package of Flux's standard library.
type fluxPackage struct {
	path     string   // such as "influxdata/influxdb"
	builtins []string // names that are implemented in Go, sorted
}

// builtinLine is a declaration like "builtin from : (bucket: string) => stream[A]".
var builtinLine = regexp.MustCompile(`^builtin\s+([A-Za-z_][A-Za-z0-9_]*)`)

// readBuiltins returns the packages of the standard library that declare builtins, sorted by
// path. library is the directory stdlib of the module flux.
func readBuiltins(library fs.FS) ([]fluxPackage, error) {
	names := map[string][]string{}
	err := fs.WalkDir(library, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".flux") || strings.HasSuffix(name, "_test.flux") {
			return err
		}
		text, err := fs.ReadFile(library, name)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, len(text)+1)
		for lines.Scan() {
			if m := builtinLine.FindStringSubmatch(lines.Text()); m != nil {
				pkg := path.Dir(name)
				names[pkg] = append(names[pkg], m[1])
			}
		}
		return lines.Err()
	})
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no builtins in Flux's standard library")
	}
	var list []fluxPackage
	for path, builtins := range names {
		slices.Sort(builtins)
		list = append(list, fluxPackage{path, slices.Compact(builtins)})
	}
	slices.SortFunc(list, func(a, b fluxPackage) int { return strings.Compare(a.path, b.path) })
	return list, nil
}
