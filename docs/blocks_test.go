package docs

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the code of the examples into the blocks of the documents")

var block = regexp.MustCompile("(?ms)^<!-- code: ([a-z0-9]+) -->\n```go\n(.*?)^```$")

// regions returns the code between "// begin NAME" and "// end" in the
// examples, without the indentation of its first line.
func regions(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, indent := "", ""
		for line := range strings.Lines(string(text)) {
			trimmed := strings.TrimSpace(line)
			switch rest, begins := strings.CutPrefix(trimmed, "// begin "); {
			case begins:
				name, indent = rest, line[:strings.Index(line, "//")]
				if _, twice := found[name]; twice {
					t.Errorf("%s: two regions are called %s", file, name)
				}
				found[name] = ""
			case trimmed == "// end" && name != "":
				found[name] = strings.Trim(found[name], "\n") + "\n"
				name = ""
			case name != "":
				found[name] += strings.TrimPrefix(line, indent)
			}
		}
		if name != "" {
			t.Errorf("%s: region %s has no end", file, name)
		}
	}
	return found
}

// TestBlocks holds that every block of Go in the documents is code of an example,
// which go test compiles and runs, and that no region is unused. The exception is the
// program of the guide, see TestProgram.
func TestBlocks(t *testing.T) {
	code := regions(t)
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		now := block.ReplaceAllStringFunc(string(text), func(b string) string {
			name := block.FindStringSubmatch(b)[1]
			used[name] = true
			named++
			if name == frameBlock {
				return b
			}
			if code[name] == "" {
				t.Errorf("%s: no example holds the block %s", file, name)
				return b
			}
			return "<!-- code: " + name + " -->\n```go\n" + code[name] + "```"
		})
		if *update {
			if err := os.WriteFile(file, []byte(now), 0o666); err != nil {
				t.Fatal(err)
			}
		} else if now != string(text) {
			t.Errorf("blocks of %s differ from the examples: go test ./docs -update", file)
		}
		if n := strings.Count(string(text), "```go"); n != named {
			t.Errorf("%s: %d blocks of Go, %d of them with a name", file, n, named)
		}
	}
	for name := range code {
		if !used[name] {
			t.Errorf("region %s is in no block", name)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)|\]\((#[^)\s]+)\)`)

// TestLinks holds that the links of the documents lead somewhere.
func TestLinks(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../README.md", "../CONTRIBUTING.md", "../DESIGN.md", "../CHANGELOG.md", "../SECURITY.md", "../bench/README.md", "../fuzz/README.md", "../adapters/prometheus/README.md", "../adapters/otel/README.md", "../adapters/arrow/README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			path, anchor := m[1], m[2]+m[3]
			if strings.Contains(path, "://") {
				continue
			}
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			linked, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr == nil && info.IsDir() {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if anchor != "" && !anchors(string(linked))[anchor[1:]] {
				t.Errorf("%s: no heading %s in %s", file, anchor, target)
			}
		}
	}
}

// anchors returns the names that headings of Markdown get.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		name := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
		name = regexp.MustCompile("[^a-z0-9 _-]").ReplaceAllString(name, "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}
