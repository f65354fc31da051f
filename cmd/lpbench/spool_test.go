package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

const (
	toV1 = "/write?db=testdb&rp=autogen&precision=s"
	toV2 = "/api/v2/write?bucket=b&org=o&precision=ns"
	toV3 = "/api/v3/write_lp?db=d&precision=nanosecond"
)

// newBatch returns a batch whose header is right.
func newBatch(t testing.TB, target string, encoding spool.Encoding, lines string) spool.Batch {
	b := spool.Batch{Target: []byte(target), Body: []byte(lines), Encoding: encoding, Lines: strings.Count(lines, "\n"), Bytes: len(lines)}
	switch encoding {
	case spool.Gzip:
		b.Body = []byte(compress(t, lines))
	case spool.Zstd:
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		b.Body = z.EncodeAll([]byte(lines), nil)
	}
	return b
}

// newSpool returns the directory of a spool with these batches, sealed a second apart from
// 2023-11-14 22:13:20 on.
func newSpool(t testing.TB, batches ...spool.Batch) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "spool")
	fillSpool(t, dir, batches...)
	return dir
}

func fillSpool(t testing.TB, dir string, batches ...spool.Batch) {
	t.Helper()
	s, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range batches {
		if b.SealedAt.IsZero() {
			b.SealedAt = time.Unix(1_700_000_000+int64(i), 0)
		}
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// threeTargets are batches of each API and each encoding.
func threeTargets(t testing.TB) []spool.Batch {
	return []spool.Batch{
		newBatch(t, toV1, spool.Gzip, "a v=1 1\na v=2 2\n"),
		newBatch(t, toV2, spool.Zstd, "b v=1 1\n"),
		newBatch(t, toV3, spool.Plain, "c v=1 1\nc v=2 2\nc v=3 3\n"),
		newBatch(t, toV1, spool.Gzip, "a v=3 3\n"),
	}
}

// spoolOf runs a command on a spool and returns its exit status and what it said.
func spoolOf(t testing.TB, args ...string) (int, string) {
	t.Helper()
	out := new(bytes.Buffer)
	c := console{out: out, progress: term.Lines(new(bytes.Buffer))}
	return status(run(context.Background(), c, args), out), out.String()
}

// held returns the lines that a spool holds, a text per batch with its target.
func held(t testing.TB, dir string) (list []string) {
	t.Helper()
	var text decompressor
	eachBatch(t, dir, func(b *spool.Batch) {
		lines, err := text.lines(b)
		if err != nil {
			lines = []byte(err.Error())
		}
		list = append(list, string(b.Target)+" "+string(lines))
	})
	return list
}

func eachBatch(t testing.TB, dir string, f func(b *spool.Batch)) {
	t.Helper()
	s, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := walk{s: s}
	for {
		ok, err := w.next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		f(&w.b)
	}
}

// contentsOf returns the files of a directory.
func contentsOf(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// contains fails unless text has each part.
func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
}

func TestSpoolList(t *testing.T) {
	dir := newSpool(t, threeTargets(t)...)
	got, said := spoolOf(t, "spool", dir)
	if got != 0 {
		t.Errorf("status %d", got)
	}
	contains(t, said, dir+": 4 batches with 7 lines in 1 segment, ", "recovery found no damage",
		"target                                      batches  lines  bytes  compressed                oldest                newest\n",
		toV3+"        1      3     24          24  2023-11-14 22:13:22Z  2023-11-14 22:13:22Z\n",
		toV1+"           2      3     24 ", "2023-11-14 22:13:20Z  2023-11-14 22:13:23Z\n",
		"all  ")
	if got, said = spoolOf(t, "spool", "list", newSpool(t, threeTargets(t)[0])); got != 0 || strings.Contains(said, "all  ") {
		t.Errorf("one target: status %d\n%s", got, said)
	}
	if got, said = spoolOf(t, "spool", newSpool(t)); got != 0 || !strings.Contains(said, "0 batches with 0 lines in 0 segments, 0 bytes") {
		t.Errorf("empty: status %d\n%s", got, said)
	}
	// A terminal would obey a target that holds control characters.
	_, said = spoolOf(t, "spool", newSpool(t, newBatch(t, "a\x1b[2J", spool.Plain, "m v=1\n"), newBatch(t, "", spool.Plain, "m v=1\n")))
	contains(t, said, `"a\x1b[2J"`, "\n\"\"  ")
	if strings.Contains(said, "\x1b") {
		t.Errorf("%q", said)
	}
}

// TestSpoolUnchanged holds that list, verify and extract leave each byte of a spool as it
// is, if there was nothing to recover.
func TestSpoolUnchanged(t *testing.T) {
	dir := newSpool(t, threeTargets(t)...)
	before := contentsOf(t, dir)
	for _, action := range []string{"list", "verify", "extract"} {
		if got, said := spoolOf(t, "spool", action, dir); got != 0 {
			t.Errorf("%s: status %d\n%s", action, got, said)
		}
		after := contentsOf(t, dir)
		for name, text := range before {
			if after[name] != text {
				t.Errorf("%s changed %s", action, name)
			}
		}
		if len(after) != len(before) {
			t.Errorf("%s: %d files, then %d", action, len(before), len(after))
		}
	}
	if got, said := spoolOf(t, "spool", "drop", dir); got != 1 || !strings.Contains(said, "nothing was dropped: add -yes to drop 4 batches with 7 lines") {
		t.Errorf("drop without -yes: status %d\n%s", got, said)
	}
	if len(held(t, dir)) != 4 {
		t.Error("drop without -yes dropped")
	}
}

func TestSpoolArguments(t *testing.T) {
	dir := newSpool(t)
	for _, args := range [][]string{
		{"spool"}, {"spool", "polish", dir}, {"spool", "list", dir, dir}, {"spool", "-yes", dir}, {"spool", "verify", dir, "-o", "x"},
		{"spool", "drop", dir, "-older", "-1s"}, {"spool", "verify", dir, "-max", "-1"}, {"spool", "-nonsense", dir},
		{"replay"}, {"replay", dir}, {"replay", dir, dir, "-url", "http://x"}, {"replay", dir, "-url", "http://x", "-rate", "-1"},
		{"replay", dir, "-url", "http://x", "-rate", "NaN"}, {"replay", dir, "-url", "http://x", "-rate", "Inf"},
		{"replay", dir, "-url", "http://x", "-retry", "-1s"}, {"replay", dir, "-url", "x"}, {"replay", dir, "-url", "http://x?db=d"},
		{"replay", dir, "-url", "http://x?precision=s"}, {"replay", dir, "-url", "http://u:se%zcret@x"},
	} {
		if got, said := spoolOf(t, args...); got != 2 || strings.Contains(said, "cret") {
			t.Errorf("%q: status %d, %s", args, got, said)
		}
	}
}

// TestSpoolRefused holds what is said of directories that cannot be opened, and that none
// is made or changed.
func TestSpoolRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	other := newSpool(t, threeTargets(t)...)
	editManifest(t, other, func(p []byte) { p[8]++ })
	locked := newSpool(t)
	s, err := spool.Open(locked, spool.Options{MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	cases := []struct{ dir, says string }{
		{filepath.Join(dir, "absent"), "no such file"},
		{file, "is not a directory"},
		{empty, "holds no spool"},
		{dir, "holds no spool"},
		{other, "is of another version of pointwire, and was not changed: "},
		{locked, "is in use: stop the program that has the spool open: "},
	}
	if runtime.GOOS != "windows" {
		linked := newSpool(t)
		if err := errors.Join(os.Remove(filepath.Join(linked, "mark")), os.Symlink(file, filepath.Join(linked, "mark"))); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, struct{ dir, says string }{linked, "a link where a spool has a file: "})
	}
	for _, c := range cases {
		for _, args := range [][]string{{"spool", c.dir}, {"replay", c.dir, "-url", "http://127.0.0.1:1"}} {
			if got, said := spoolOf(t, args...); got != 1 || !strings.Contains(said, c.says) {
				t.Errorf("%q: status %d, %s", args, got, said)
			}
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "absent")); err == nil {
		t.Error("a directory was made")
	}
	if files := contentsOf(t, empty); len(files) > 0 {
		t.Errorf("files were made: %v", files)
	}
}

// editManifest changes the manifest of a spool and makes the checksum of its prologue right.
func editManifest(t testing.TB, dir string, edit func(p []byte)) {
	t.Helper()
	name := filepath.Join(dir, "manifest")
	p, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	edit(p)
	binary.LittleEndian.PutUint32(p[12:], crc32.Checksum(p[:12], crc32.MakeTable(crc32.Castagnoli)))
	if err := os.WriteFile(name, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// breakSegment changes a byte of the only segment of a spool.
func breakSegment(t testing.TB, dir, near string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	p, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(p, []byte(near))
	if at < 0 {
		t.Fatalf("no %q", near)
	}
	p[at] ^= 1
	if err := os.WriteFile(names[0], p, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSpoolVerify(t *testing.T) {
	wrongCount := newBatch(t, toV1, spool.Gzip, "m v=1 1\nm v=2 2\n")
	wrongCount.Lines = 3
	wrongBytes := newBatch(t, toV1, spool.Zstd, "m v=1 1\n")
	wrongBytes.Bytes = 7
	cut := newBatch(t, toV1, spool.Gzip, "m v=1 1\n")
	cut.Body = cut.Body[:len(cut.Body)-9]
	noZstd := newBatch(t, toV1, spool.Plain, "m v=1 1\n")
	noZstd.Encoding = spool.Zstd
	for _, c := range []struct {
		name    string
		batches []spool.Batch
		args    []string
		want    int
		says    []string
	}{
		{"good", threeTargets(t), nil, 0, []string{"recovery found no damage\n4 batches with 7 lines checked\n"}},
		{"line", []spool.Batch{newBatch(t, toV1, spool.Gzip, "m v=1 1\nbad v=2\" 1\n")}, nil, 1, []string{
			`batch 1 for ` + toV1 + `: line 2, offset 14: invalid field value: "bad v=2\" 1"`, "1 of 1 batches have a fault"}},
		{"time", []spool.Batch{newBatch(t, toV1, spool.Plain, "m v=1 1540184368785\n"), newBatch(t, toV2, spool.Plain, "m v=1 1540184368785\n")}, nil, 1, []string{
			"batch 1 for " + toV1 + ": line 1, offset 6: time out of range", "1 of 2 batches have a fault"}},
		{"lines", []spool.Batch{wrongCount}, nil, 1, []string{"batch 1 for " + toV1 + ": 2 lines, but its header says 3"}},
		{"bytes", []spool.Batch{wrongBytes}, nil, 1, []string{"8 bytes of lines, but its header says 7"}},
		{"gzip", []spool.Batch{cut, newBatch(t, toV1, spool.Gzip, "m v=1 1\n")}, nil, 1, []string{"batch 1 for " + toV1 + ": cannot be decompressed: ", "1 of 2 batches"}},
		{"zstd", []spool.Batch{noZstd}, nil, 1, []string{"cannot be decompressed: "}},
		{"max", []spool.Batch{newBatch(t, "", spool.Plain, "x\ny\nz\n")}, []string{"-max", "1"}, 1, []string{"2 more faults are not shown"}},
		{"quoted line feeds", []spool.Batch{{Target: []byte(toV1), Body: []byte("m v=\"a\nb\" 1\n"), Lines: 1}}, nil, 0, nil},
	} {
		got, said := spoolOf(t, append([]string{"spool", "verify", newSpool(t, c.batches...)}, c.args...)...)
		if got != c.want {
			t.Errorf("%s: status %d\n%s", c.name, got, said)
		}
		contains(t, said, c.says...)
	}
}

// TestSpoolDamage holds what is said of what recovery found, and that files in quarantine
// are not forgotten.
func TestSpoolDamage(t *testing.T) {
	batches := func() []spool.Batch {
		return []spool.Batch{newBatch(t, toV1, spool.Plain, "first v=1 1\n"), newBatch(t, toV1, spool.Plain, "second v=1 1\nsecond v=2 2\n")}
	}
	for _, c := range []struct {
		name string
		harm func(t *testing.T, dir string)
		want int
		says []string
		then int // status of a second look
	}{
		{"body", func(t *testing.T, dir string) { breakSegment(t, dir, "second") }, 1, []string{
			"damaged and put into quarantine now: ", "1 batch with 2 lines that could be counted", "in quarantine: 1 file with ", "1 batch with 1 line", "the spool is damaged"}, 1},
		{"segment", func(t *testing.T, dir string) {
			names, _ := filepath.Glob(filepath.Join(dir, "*.seg"))
			if err := os.Remove(names[0]); err != nil {
				t.Fatal(err)
			}
		}, 1, []string{"missing: 1 segment, with 2 batches with 3 lines"}, 0},
		{"manifest", func(t *testing.T, dir string) { editManifest(t, dir, func(p []byte) { p[20] ^= 1 }) }, 1, []string{"the manifest was damaged or missing"}, 0},
		{"mark", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "mark")) }, 1, []string{"the mark was damaged or missing"}, 0},
	} {
		for _, action := range []string{"list", "verify"} {
			dir := newSpool(t, batches()...)
			c.harm(t, dir)
			got, said := spoolOf(t, "spool", action, dir)
			if got != c.want {
				t.Errorf("%s, %s: status %d\n%s", c.name, action, got, said)
			}
			contains(t, said, c.says...)
			if got, said := spoolOf(t, "spool", action, dir); got != c.then {
				t.Errorf("%s, %s again: status %d\n%s", c.name, action, got, said)
			}
		}
	}
}

// TestSpoolTorn cuts what a process that was killed had begun to write.
func TestSpoolTorn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, lines := range []string{"first v=1 1\n", "second v=1 1\nsecond v=2 2\n"} {
		b := newBatch(t, toV1, spool.Plain, lines)
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
	// A copy of the open directory is what a crash leaves.
	crashed := filepath.Join(t.TempDir(), "spool")
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(crashed, "*.seg"))
	st, err := os.Stat(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(names[0], st.Size()-5); err != nil {
		t.Fatal(err)
	}
	got, said := spoolOf(t, "spool", "verify", crashed)
	if got != 0 {
		t.Errorf("status %d", got)
	}
	contains(t, said, "cut off at the end: ", "with 1 batch with 2 lines; a crash came before they were durable", "1 batch with 1 line checked")
}

func TestSpoolExtract(t *testing.T) {
	dir := newSpool(t, append(threeTargets(t), newBatch(t, toV1, spool.Plain, "a v=\"no\nfeed\" 4"))...)
	const first, rest = "# target: " + toV1 + "\na v=1 1\na v=2 2\n", "# target: " + toV1 + "\na v=3 3\na v=\"no\nfeed\" 4\n"
	all := first + "# target: " + toV2 + "\nb v=1 1\n# target: " + toV3 + "\nc v=1 1\nc v=2 2\nc v=3 3\n" + rest
	if got, said := spoolOf(t, "spool", "extract", dir); got != 0 || said != all {
		t.Errorf("status %d\n%s", got, said)
	}
	file := filepath.Join(t.TempDir(), "out.lp")
	got, said := spoolOf(t, "spool", "extract", "-o", file, "-target", toV1, dir)
	text, err := os.ReadFile(file)
	if want := first + strings.TrimPrefix(rest, "# target: "+toV1+"\n"); got != 0 || said != "" || err != nil || string(text) != want {
		t.Errorf("status %d, %v, said %q:\n%s", got, err, said, text)
	}
	if st, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if got, said := spoolOf(t, "lint", "-precision", "s", file); got != 0 {
		t.Errorf("lint: status %d\n%s", got, said)
	}
	if got, said := spoolOf(t, "spool", "extract", "-o", file, dir); got != 1 || !strings.Contains(said, "exist") {
		t.Errorf("an old file: status %d\n%s", got, said)
	}
	bad := newBatch(t, "bad", spool.Gzip, "m v=1\n")
	bad.Body = bad.Body[:12]
	got, said = spoolOf(t, "spool", "extract", newSpool(t, bad, newBatch(t, "good", spool.Gzip, "m v=2 2\n")))
	if got != 1 || !strings.Contains(said, "# target: good\nm v=2 2\n") || !strings.Contains(said, "batch 1 for bad cannot be decompressed") {
		t.Errorf("half a body: status %d\n%s", got, said)
	}
}
