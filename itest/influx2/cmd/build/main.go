// Command build builds InfluxDB 2 for the tests of package itest and prints the path of the
// executable. It uses the published modules of influxdb unchanged:
//
//	go run -C itest/influx2 ./cmd/build
//
// It needs Go and a C compiler. The first run takes minutes. The executable is kept in the
// user's cache directory, in a directory named by a hash of its inputs. A symbolic link
// beside that directory has the version in its name: pointwire/influxd-v2.8.0.
//
// InfluxDB 2 runs Flux with a library in Rust, which the Go package libflux finds through
// pkg-config. Here pkg-config is a script of this command, and the library is a C file that
// reports an error for all Flux. The rest of the server works: writing, InfluxQL, buckets
// and authorizations.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed library/fluxless.c
var librarySource []byte

const (
	server = "github.com/influxdata/influxdb/v2"
	flux   = "github.com/influxdata/flux"
)

func main() {
	exe, err := build()
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	fmt.Println(exe)
}

// build returns the path of the executable, and builds it if there is none.
func build() (exe string, err error) {
	p, err := newPlan()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(p.exe()); err != nil {
		if err := p.writeLibrary(); err != nil {
			return "", err
		}
		if err := p.compile(); err != nil {
			return "", err
		}
	}
	return p.exe(), link(filepath.Base(p.dir)+"/influxd", p.link())
}

// A plan says what to build, and where.
type plan struct {
	root    string // in the user's cache directory
	dir     string // in root, named by a hash of all inputs of the executable
	version string // of the server, such as v2.8.0
	include string // the directory of Flux's C header
	cc, ar  string
	header  []byte // tables.h
}

func (p *plan) exe() string  { return filepath.Join(p.dir, "influxd") }
func (p *plan) link() string { return filepath.Join(p.root, "influxd-"+p.version) }

// newPlan asks the go command where the inputs are. The working directory must be in this
// module.
func newPlan() (*plan, error) {
	env, err := output("go", "env", "GOMOD", "GOVERSION", "GOOS", "GOARCH", "CC", "AR")
	if err != nil {
		return nil, err
	}
	if len(env) != 6 {
		return nil, fmt.Errorf("go env: %q", env)
	}
	// This downloads the modules if necessary.
	if _, err := output("go", "mod", "download", server, flux); err != nil {
		return nil, err
	}
	modules, err := output("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", server, flux)
	if err != nil {
		return nil, err
	}
	if len(modules) != 2 {
		return nil, fmt.Errorf("go list: %q", modules)
	}
	version, _, _ := strings.Cut(modules[0], " ")
	_, fluxDir, _ := strings.Cut(modules[1], " ")
	p := &plan{
		version: version,
		include: filepath.Join(fluxDir, "libflux", "include"),
		cc:      cmp.Or(env[4], "cc"),
		ar:      cmp.Or(env[5], "ar"),
	}
	builtins, err := readBuiltins(os.DirFS(filepath.Join(fluxDir, "stdlib")))
	if err != nil {
		return nil, err
	}
	p.header = header(builtins)

	sum := sha256.New()
	for _, name := range []string{env[0], filepath.Join(filepath.Dir(env[0]), "go.sum")} {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%d\n%s", len(text), text)
	}
	fmt.Fprintf(sum, "%q %q %q %q", env[1:], p.compileArgs("", ""), librarySource, p.header)
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	p.root = filepath.Join(cache, "pointwire")
	p.dir = filepath.Join(p.root, "influx2-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	return p, nil
}

// writeLibrary writes the C library and the pkg-config that finds it.
func (p *plan) writeLibrary() error {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	// The library is named without its directory, since the go command keeps these
	// flags in its cache.
	script := "#!/bin/sh\ncase \" $* \" in\n" +
		"*\" --cflags \"*\" flux \") echo '-I\"" + p.include + "\"' ;;\n" +
		"*\" --libs \"*\" flux \") echo -lfluxless ;;\n" +
		"*) echo \"only flux is known here, not: $*\" >&2; exit 1 ;;\nesac\n"
	for _, f := range []struct {
		name string
		mode os.FileMode
		text []byte
	}{{"fluxless.c", 0o644, librarySource}, {"tables.h", 0o644, p.header}, {"pkg-config", 0o755, []byte(script)}} {
		if err := os.WriteFile(filepath.Join(p.dir, f.name), f.text, f.mode); err != nil {
			return err
		}
	}
	object := filepath.Join(p.dir, "fluxless.o")
	cc := append(strings.Fields(p.cc), "-Wall", "-Wextra", "-Werror", "-O1", "-I"+p.include, "-c", "-o", object, filepath.Join(p.dir, "fluxless.c"))
	if _, err := output(cc[0], cc[1:]...); err != nil {
		return err
	}
	_, err := output(p.ar, "rcs", filepath.Join(p.dir, "libfluxless.a"), object)
	return err
}

// compileArgs returns the arguments of the go command. They include the directory of the
// library, so that the server is linked again when the library changes.
func (p *plan) compileArgs(exe, dir string) []string {
	return []string{"build", "-o", exe, "-buildvcs=false",
		"-ldflags=-s -w -X=main.version=" + p.version + " -extldflags=-L" + dir, server + "/cmd/influxd"}
}

// compile builds the server under another name first, so that an existing path is always
// complete.
func (p *plan) compile() error {
	fmt.Fprintf(os.Stderr, "building InfluxDB %s, which takes some minutes the first time\n", p.version)
	part := fmt.Sprintf("%s.%d", p.exe(), os.Getpid())
	defer os.Remove(part)
	cmd := exec.Command("go", p.compileArgs(part, p.dir)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "PKG_CONFIG="+filepath.Join(p.dir, "pkg-config"), "LIBRARY_PATH="+p.dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	return os.Rename(part, p.exe())
}

// link makes name a symbolic link to target, atomically.
func link(target, name string) error {
	if now, err := os.Readlink(name); err == nil && now == target {
		return nil
	}
	part := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.Symlink(target, part); err != nil {
		return err
	}
	return os.Rename(part, name)
}

// output runs a command and returns the lines that it prints.
func output(name string, args ...string) ([]string, error) {
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"), nil
}
