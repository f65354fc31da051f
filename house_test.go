package pointwire

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tracked returns the files of the repository.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("no repository: ", err)
	}
	var list []string
	for f := range strings.Lines(string(out)) {
		if f = strings.TrimSpace(f); f != "" {
			if _, err := os.Stat(f); err == nil {
				list = append(list, f)
			}
		}
	}
	return list
}

// packageTable returns the packages of the table in DESIGN.md, in its order.
func packageTable(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n## Packages\n")
	if !ok {
		t.Fatal("DESIGN.md has no section Packages")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	var list []string
	for line := range strings.Lines(table) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ = strings.Cut(name, "`")
			list = append(list, name)
		}
	}
	return list
}

// TestPackageTable holds that DESIGN.md has a row for every package, and no other row.
func TestPackageTable(t *testing.T) {
	var want []string
	for _, f := range tracked(t) {
		if dir := path.Dir(f); strings.HasSuffix(f, ".go") && !slices.Contains(want, dir) {
			want = append(want, dir)
		}
	}
	got := packageTable(t)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n%q\nand the tree\n%q", got, want)
	}
}

// TestPackageOrder holds that a package imports only packages above it in the table of
// DESIGN.md.
func TestPackageOrder(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	place := map[string]int{}
	for i, name := range packageTable(t) {
		place[name] = i
	}
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	short := func(pkg string) (string, bool) {
		if pkg == module {
			return ".", true
		}
		return strings.CutPrefix(pkg, module+"/")
	}
	uses := 0
	for line := range strings.Lines(string(out)) {
		list := strings.Fields(line)
		user, _ := short(list[0])
		for _, pkg := range list[1:] {
			if used, ok := short(pkg); ok {
				uses++
				if place[used] >= place[user] {
					t.Errorf("%s imports %s, which is below it", user, used)
				}
			}
		}
	}
	if uses < len(place) {
		t.Errorf("only %d imports were looked at", uses)
	}
}

// TestWalks holds that the functions which DESIGN.md names on the paths of a write and of a
// query are there: `pkg.Function` or `pkg.Type.Method`.
func TestWalks(t *testing.T) {
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	files := tracked(t)
	for _, heading := range []string{"\n### A write, ", "\n### A query, "} {
		_, walk, _ := strings.Cut(string(text), heading)
		walk, _, _ = strings.Cut(walk, "\n#")
		names := regexp.MustCompile("`([a-z]+)\\.([A-Za-z.]+)`").FindAllStringSubmatch(walk, -1)
		if len(names) < 10 || !strings.Contains(walk, "\n10. ") {
			t.Errorf("%q: %d names, want ten steps with one each at least", heading, len(names))
		}
		for _, name := range names {
			if !declares(t, files, name[1], name[2]) {
				t.Errorf("DESIGN.md names %s.%s, which is not there", name[1], name[2])
			}
		}
	}
}

// declares reports whether a package whose path ends in name has that function or method.
func declares(t *testing.T, files []string, name, function string) bool {
	for _, f := range files {
		if path.Base(path.Dir(f)) != name || !strings.HasSuffix(f, ".go") || strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			full := d.Name.Name
			if d.Recv != nil {
				full = receiver(d.Recv.List[0].Type) + "." + full
			}
			if full == function {
				return true
			}
		}
	}
	return false
}

// receiver returns the name of the type in that of a receiver.
func receiver(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return receiver(typ.X)
	case *ast.IndexExpr:
		return receiver(typ.X)
	case *ast.Ident:
		return typ.Name
	}
	return ""
}

// storeys are the files of the large packages, the lowest first. With few exceptions a file
// uses what is declared in it and in files below it.
var storeys = map[string][]string{
	"fastclient": {
		"doc.go", "secret.go", "errors.go", "hooks.go", "pace.go", "subset.go", "client.go", "response.go", "format.go", "options.go", "endpoint.go", "health.go", "set.go", "hedge.go", "call.go",
		"ping.go", "write.go", "place.go", "seam.go", "points.go", "bucket.go", "query.go", "param.go", "result.go", "tree.go", "calloptions.go", "structs.go", "sql.go", "each.go", "url.go",
	},
	"fastclient/batch": {
		"doc.go", "route.go", "errors.go", "deadletter.go", "deadletter_lock_unix.go", "deadletter_lock_other.go", "events.go", "latency.go", "stats.go", "statslog.go", "sealed.go", "options.go", "spool_options.go",
		"sinktarget.go", "target.go", "stage.go", "ondisk.go", "memory.go", "waiters.go", "engine.go", "send.go", "queue.go", "routes.go", "syncwriter.go", "follow.go", "writer.go", "log.go", "spill.go", "replay.go", "spooler.go", "serverwriters.go", "replicawriter.go", "shardwriter.go", "sendsealed.go",
	},
	"fastclient/batch/spool": {
		"doc.go", "errors.go", "options.go", "batch.go", "format.go", "lock_unix.go", "lock_other.go", "space_unix.go", "space_other.go",
		"disk.go", "scan.go", "segment.go", "mark.go", "acked.go", "stats.go", "spool.go", "manifest.go", "quarantine.go", "recovery.go",
		"commit.go", "damage.go", "retire.go", "lease.go", "put.go",
	},
}

// TestStoreys bounds the pairs of files in which the lower file uses a name, a field or a
// method that the higher one declares.
func TestStoreys(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	const most = 14
	for dir, files := range storeys {
		out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./"+dir).Output()
		if err != nil {
			t.Fatal(err)
		}
		exports := map[string]string{}
		for line := range strings.Lines(string(out)) {
			path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
			exports[path] = file
		}
		var parsed []*ast.File
		set := token.NewFileSet()
		for _, f := range tracked(t) {
			if path.Dir(f) != dir || !strings.HasSuffix(f, ".go") || strings.HasSuffix(f, "_test.go") {
				continue
			}
			if !slices.Contains(files, path.Base(f)) {
				t.Errorf("%s has no storey", f)
			}
			if ok, err := build.Default.MatchFile(dir, path.Base(f)); err != nil || !ok {
				continue
			}
			file, err := parser.ParseFile(set, f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
		pkg, err := config.Check(module+"/"+dir, set, parsed, info)
		if err != nil {
			t.Fatal(err)
		}
		up := map[string]string{}
		for use, object := range info.Uses {
			if object.Pkg() != pkg {
				continue
			}
			user, used := path.Base(set.Position(use.Pos()).Filename), path.Base(set.Position(object.Pos()).Filename)
			if slices.Index(files, user) < slices.Index(files, used) {
				up[user+" uses "+used] = object.Name()
			}
		}
		if len(up) > most {
			t.Errorf("%s: %d uses run up, want %d at most: %v", dir, len(up), most, up)
		}
	}
}

// TestBenchmarkNames holds that parts of benchmarks are named case=… and lib=…, which benchstat
// groups.
func TestBenchmarkNames(t *testing.T) {
	for _, f := range tracked(t) {
		if !strings.HasSuffix(f, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			run, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || run.Sel.Name != "Run" {
				return true
			}
			if b, ok := run.X.(*ast.Ident); !ok || b.Name != "b" {
				return true
			}
			name := call.Args[0]
			for {
				sum, ok := name.(*ast.BinaryExpr)
				if !ok {
					break
				}
				name = sum.X
			}
			text, ok := name.(*ast.BasicLit)
			if !ok || !strings.HasPrefix(text.Value, `"case=`) && !strings.HasPrefix(text.Value, `"lib=`) {
				t.Errorf("%s: a part of a benchmark whose name begins with neither case= nor lib=", set.Position(call.Pos()))
			}
			return true
		})
	}
}

// long are the files of more than 500 lines, with the reason.
var long = map[string]string{
	"internal/decimal/pow10_table.go": "a generated table",
}

// TestFileLength holds that files are short enough for one idea.
func TestFileLength(t *testing.T) {
	for _, f := range tracked(t) {
		if !strings.HasSuffix(f, ".go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n := bytes.Count(text, []byte("\n"))
		if n > 500 && long[f] == "" {
			t.Errorf("%s has %d lines", f, n)
		}
		if n <= 500 && long[f] != "" {
			t.Errorf("%s has %d lines and is in the list of long files", f, n)
		}
	}
}

// caseTests are the files with the test that runs all acceptance cases of a kind.
var caseTests = map[string]string{
	"encode_point":         "lp/cases_test.go",
	"encode_raw":           "lp/cases_test.go",
	"encode_batch":         "lp/cases_test.go",
	"encode_schema":        "lp/cases_test.go",
	"schema_error":         "lp/cases_test.go",
	"parse_time":           "lp/cases_test.go",
	"iterate":              "jsonscan/cases_test.go",
	"iterate_meta":         "jsonscan/cases_test.go",
	"iterate_count":        "jsonscan/cases_test.go",
	"chunked":              "jsonscan/cases_test.go",
	"http_request":         "fastclient/cases_test.go",
	"http_response":        "fastclient/cases_test.go",
	"client_config":        "fastclient/cases_test.go",
	"server":               "itest/guide_test.go",
	"server_line":          "itest/guide_test.go",
	"server_epoch":         "itest/guide_test.go",
	"server_escape_matrix": "itest/escape_guide_test.go",
}

// TestCases holds that every package has the same acceptance cases, and that each of their
// kinds has its test.
func TestCases(t *testing.T) {
	copies, err := filepath.Glob("*/testdata/guide-cases.json")
	if err != nil || len(copies) == 0 {
		t.Fatal("no cases", err)
	}
	first, err := os.ReadFile(copies[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range copies[1:] {
		other, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, other) {
			t.Errorf("%s differs from %s", name, copies[0])
		}
	}
	var cases []struct{ Name, Kind string }
	if err := json.Unmarshal(first, &cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range cases {
		seen[c.Kind] = true
		file := caseTests[c.Kind]
		if file == "" {
			t.Errorf("case %q: no test for the kind %s", c.Name, c.Kind)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte(`"`+c.Kind+`"`)) {
			t.Errorf("%s does not speak of %s", file, c.Kind)
		}
	}
	for kind := range caseTests {
		if !seen[kind] {
			t.Errorf("no case of the kind %s", kind)
		}
	}
}

// TestReadmeExample holds that the example of README.md is examples/quickstart.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("examples/quickstart/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(code)+"```\n") {
		t.Error("the example of README.md is not examples/quickstart/main.go")
	}
}

// TestReadmeClaims holds that README.md claims no more than its table of figures carries:
// the whole number at or below the worst case, and at or below the best.
func TestReadmeClaims(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	claims, table, _ := strings.Cut(strings.Join(strings.Fields(string(readme)), " "), "table: figures")
	for library, row := range map[string]string{"line-protocol/v2": "line-protocol", "encoding/json": "encoding-json"} {
		claim := regexp.MustCompile(`(\d+) to (\d+) times as fast as ` + library).FindStringSubmatch(claims)
		figures := regexp.MustCompile(`\| ` + row + ` \| \*\*(\d+)[.\d]*× .*?\*\*(\d+)[.\d]*×`).FindStringSubmatch(strings.ReplaceAll(table, "×**", "× "))
		if claim == nil || figures == nil || !slices.Equal(claim[1:], figures[1:]) {
			t.Errorf("%s: README.md claims %q, its table has %q", library, claim, figures)
		}
	}
}

// TestWorkflow holds that the workflow runs the parts of .ci/run.
func TestWorkflow(t *testing.T) {
	run, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	workflow, err := os.ReadFile(".github/workflows/ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	between := func(text, before, after string) []string {
		_, text, _ = strings.Cut(text, before)
		text, _, _ = strings.Cut(text, after)
		return strings.Fields(strings.NewReplacer(",", " ", `"`, "").Replace(text))
	}
	parts := between(string(run), "parts=(install ", ")")
	if got := between(string(workflow), "part: [", "]"); !slices.Equal(got, parts) {
		t.Errorf("the workflow runs %v, .ci/run %v", got, parts)
	}
}
