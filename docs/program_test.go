package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// frameBlock is the block of the guide that shows the program around every other one.
const frameBlock = "program"

// The parts of that program which stand for a block.
const (
	callInFrame = "\tif err := block(ctx, c, addr); err != nil {\n\t\tlog.Fatal(err)\n\t}\n"
	placeholder = "\t// A block of this guide goes here.\n"
)

// notRun are blocks that a server of 1.x is not for, or whose files are missing: they are
// only compiled.
var notRun = append([]string{"tls", "influxdb3", "influxdb3sql", "influxdb3structs"}, of2...)

// of2 are the blocks for InfluxDB 2, with the buckets sensors and metrics/week.
var of2 = []string{"influxdb2", "influxdb2policy"}

// packages are those that a block may name.
var packages = []string{
	"bufio", "bytes", "context", "crypto/sha256", "encoding/hex", "errors", "expvar", "fmt", "io", "log", "log/slog", "net/http", "os",
	"path/filepath", "slices", "strings", "time",
	module + "lp", module + "jsonscan", module + "frame", module + "fastclient",
	module + "fastclient/batch", module + "fastclient/batch/spool", module + "fastclient/admin", module + "fastclient/influxql",
}

const module = "github.com/pointwire/pointwire/"

// A printed block is one as a reader sees it.
type printed struct {
	name, code, file string
	line             int
}

// printedBlocks returns the blocks of the documents in their order.
func printedBlocks(t *testing.T) (blocks []printed, frame string) {
	t.Helper()
	for _, file := range []string{"guide.md", "client-modes.md", "scale-out.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllSubmatchIndex(text, -1) {
			b := printed{string(text[m[2]:m[3]]), string(text[m[4]:m[5]]), file, 1 + strings.Count(string(text[:m[4]]), "\n")}
			if b.name == frameBlock {
				frame = b.code
			} else {
				blocks = append(blocks, b)
			}
		}
	}
	if strings.Count(frame, callInFrame) != 1 || strings.Count(frame, placeholder) != 1 {
		t.Fatalf("guide.md shows no program for its blocks:\n%s", frame)
	}
	return blocks, frame
}

// program returns the program of the guide with a function for each block, of which it runs
// those that are chosen, in their order, against the server at url.
func program(t *testing.T, url string, chosen func(name string) bool) string {
	t.Helper()
	blocks, frame := printedBlocks(t)
	begin, end := strings.Index(frame, "func block("), len(frame)
	shell := frame[begin:end]
	var calls, functions strings.Builder
	for i, b := range blocks {
		name := fmt.Sprintf("block%d", i)
		// Positions in what the compiler says are those of the document.
		code := fmt.Sprintf("//line %s:%d\n%s//line program.go:1\n", b.file, b.line, b.code)
		functions.WriteString(strings.NewReplacer("func block(", "func "+name+"(", placeholder, code).Replace(shell))
		if chosen(b.name) {
			fmt.Fprintf(&calls, "\tlog.Print(%q)\n%s", b.name, strings.Replace(callInFrame, "block(", name+"(", 1))
		}
	}
	text := strings.Replace(frame[:begin], callInFrame, calls.String(), 1) + functions.String()
	text = strings.Replace(text, "http://127.0.0.1:8086", url, 1)
	// The imports of all blocks in place of those of the program.
	imports := regexp.MustCompile(`(?s)\nimport \(.*?\n\)\n`)
	file, err := parser.ParseFile(token.NewFileSet(), "", imports.ReplaceAllString(text, "\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	used := unresolved(file)
	list := "\nimport (\n"
	for _, p := range packages {
		if used[path.Base(p)] {
			list += fmt.Sprintf("\t%q\n", p)
		}
	}
	return imports.ReplaceAllLiteralString(text, list+")\n")
}

// unresolved returns the names that a file uses and does not declare.
func unresolved(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, id := range file.Unresolved {
		names[id.Name] = true
	}
	return names
}

// TestProgram holds that every block compiles as it is printed, in the program that the
// guide shows: it uses no name that it does not introduce, but for ctx, c and addr. Where
// POINTWIRE_GUIDE_URL names a server of 1.x, the blocks then run in their order. Where
// POINTWIRE_GUIDE_TOKEN is given as well, it is one of 2.x, with the organization
// POINTWIRE_GUIDE_ORG.
func TestProgram(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	url, token := os.Getenv("POINTWIRE_GUIDE_URL"), os.Getenv("POINTWIRE_GUIDE_TOKEN")
	text := program(t, url, func(name string) bool {
		return slices.Contains(of2, name) == (token != "") && (token != "" || !slices.Contains(notRun, name))
	})
	if token != "" {
		text = strings.NewReplacer(
			`"secret"`, strconv.Quote(token), `"home"`, strconv.Quote(os.Getenv("POINTWIRE_GUIDE_ORG")),
			`c.CreateDatabase(ctx, "mydb")`, `error(nil)`, // which 2.x does not have
		).Replace(text)
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program.exe")
	if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if url == "" {
		return
	}
	run := exec.Command(binary)
	run.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
