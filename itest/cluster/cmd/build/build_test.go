package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPlace checks that the directory depends on the module and on nothing else. It does
// not build.
func TestPlace(t *testing.T) {
	const module = "../../opengemini"
	root, a, err := place(module)
	if err != nil {
		t.Fatal(err)
	}
	if _, b, err := place(module); err != nil || a != b || filepath.Dir(a) != root {
		t.Errorf("%s, then %s: %v", a, b, err)
	}
	other := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(other, name), append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, b, err := place(other); err != nil || a == b {
		t.Errorf("another module has the same directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(other, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := place(other); err == nil {
		t.Error("a module without openGemini: no error")
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
