// Command build builds ts-meta, ts-store and ts-sql of openGemini for the tests of package
// cluster, and prints the directory that has them. It uses the published modules unchanged:
//
//	go run -C itest/cluster ./cmd/build
//
// It needs Go and a C compiler. The first run takes minutes. The executables are kept in
// the user's cache directory, in a directory named by a hash of their inputs. The symbolic
// link pointwire/opengemini-v1.3.1 there points to it.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// version is that of the servers in opengemini/go.mod.
const version = "v1.3.1"

// programs are what the module builds.
var programs = []string{"ts-meta", "ts-store", "ts-sql"}

func main() {
	dir, err := build("opengemini")
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	fmt.Println(dir)
}

// build returns the directory of the executables, and builds them if there are none.
// module is the directory of their module.
func build(module string) (string, error) {
	root, dir, err := place(module)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); err != nil {
		if err := compile(module, dir); err != nil {
			return "", err
		}
	}
	return dir, link(filepath.Base(dir), filepath.Join(root, "opengemini-"+version))
}

// place returns the directory for the executables and its parent.
func place(module string) (root, dir string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", err
	}
	env, err := exec.Command("go", "env", "GOVERSION", "GOOS", "GOARCH", "CC").Output()
	if err != nil {
		return "", "", fmt.Errorf("go env: %w", err)
	}
	sum := sha256.New()
	sum.Write(env)
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", "", err
		}
		if name == "go.mod" && !bytes.Contains(text, []byte("openGemini/openGemini "+version)) {
			return "", "", fmt.Errorf("%s/go.mod does not require openGemini %s", module, version)
		}
		fmt.Fprintf(sum, "%d\n%s", len(text), text)
	}
	root = filepath.Join(cache, "pointwire")
	return root, filepath.Join(root, "opengemini-"+hex.EncodeToString(sum.Sum(nil)[:8])), nil
}

// compile builds in another directory first, so that an existing dir is always complete.
func compile(module, dir string) error {
	fmt.Fprintf(os.Stderr, "building %s of openGemini %s, which takes minutes the first time\n", strings.Join(programs, ", "), version)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	part, err := os.MkdirTemp(filepath.Dir(dir), "opengemini-part-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(part)
	cmd := exec.Command("go", "build", "-C", module, "-o", part+string(filepath.Separator), "-buildvcs=false", "-ldflags=-s -w", "tool")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	for _, name := range programs {
		if _, err := os.Stat(filepath.Join(part, name)); err != nil {
			return err
		}
	}
	return os.Rename(part, dir)
}

// link makes name a symbolic link to target, atomically.
func link(target, name string) error {
	part := fmt.Sprintf("%s.%d", name, os.Getpid())
	if err := os.Symlink(target, part); err != nil {
		return err
	}
	return os.Rename(part, name)
}
