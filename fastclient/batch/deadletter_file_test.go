package batch

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestDeadLetterFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	d, err := OpenDeadLetterFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := &LostLines{Data: []byte("m v=1 1\n"), Lines: 1, NotStored: 1, Reason: ReasonLine, Status: 400, Message: "bad\n\"line\"", Seq: 7, Time: at}
	if err := d.Put(l); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error("second Close:", err)
	}
	if err := d.Put(l); !errors.Is(err, os.ErrClosed) {
		t.Error("Put after Close:", err)
	}
	want := `# 2026-01-02T03:04:05Z batch=7 lines=1 bytes=8 lost=1 loss=line status=400 message="bad\n\"line\""` + "\nm v=1 1\n"
	if got, _ := os.ReadFile(path); string(got) != want {
		t.Errorf("file:\n%s", got)
	}
	if st, _ := os.Stat(path); st.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v", st.Mode())
	}

	// At the bound, the records in the file stay.
	if d, err = OpenDeadLetterFile(path, int64(len(want))+1); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Put(l); !errors.Is(err, ErrDeadLetterFull) {
		t.Errorf("over the bound: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != want {
		t.Errorf("file:\n%s", got)
	}
}

// deadRecords are records that are hard to tell apart: lines that look like comments,
// no lines, a message.
func deadRecords() (records [][]byte) {
	for i, lines := range []string{
		"m v=1 1\n",
		"m v=\"a\n# 2026-01-02T03:04:05Z batch=1 lines=1 bytes=900 lost=1 loss=line status=0\nb\" 1\nm v=2 2\n",
		"",
		"m v=\"\n\n\" 3\n",
	} {
		records = append(records, appendRecord(nil, &LostLines{
			Data: []byte(lines), Lines: 1, NotStored: 1, Reason: ReasonLine, Seq: uint64(i), Message: strings.Repeat("no\n", i),
			Time: time.Unix(int64(i), int64(i)),
		}))
	}
	return records
}

func openDead(t *testing.T, path string) *DeadLetterFile {
	t.Helper()
	d, err := OpenDeadLetterFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestDeadLetterFileCutBack cuts a file at every byte, with and without the zeros that
// some file systems leave. Whole records stay, the rest is removed, and the next record
// begins after them.
func TestDeadLetterFileCutBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	records := deadRecords()
	all := bytes.Join(records, nil)
	for size := range len(all) + 1 {
		want := 0
		for _, r := range records {
			if want+len(r) > size {
				break
			}
			want += len(r)
		}
		for _, zeros := range []int{0, 1, 5000} {
			os.WriteFile(path, append(all[:size:size], make([]byte, zeros)...), 0o600)
			d, err := OpenDeadLetterFile(path, 0)
			if err != nil {
				t.Fatalf("cut at %d, %d zeros: %v", size, zeros, err)
			}
			if got := d.Cut(); got != int64(size+zeros-want) {
				t.Errorf("cut at %d, %d zeros: Cut = %d, want %d", size, zeros, got, size+zeros-want)
			}
			if err := d.Put(&LostLines{Data: []byte("m v=9 9\n")}); err != nil {
				t.Fatal(err)
			}
			d.f.Close() // without the time that it takes to sync
			got, _ := os.ReadFile(path)
			if !bytes.HasPrefix(got, all[:want]) || !bytes.HasPrefix(got[want:], []byte("# 0001-01-01T00:00:00Z batch=0 lines=0 bytes=8 ")) {
				t.Fatalf("cut at %d, %d zeros:\n%q", size, zeros, got)
			}
		}
	}
}

func TestDeadLetterFileOfOthers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dead.lp")
	record := string(deadRecords()[0])
	for _, content := range []string{
		"m v=1", "m v=1 1\n", "#\n", "# a note\n", "# 2026-01-02T03:04:05Z batch=1 lines=1 lost=1\n",
		record + "m v=2 2\n", record[:len(record)-1] + "1\n", "\n", "\x00\x00a", record + "\x00\x00#",
		"# " + strings.Repeat("0", 70<<10), "# 2026 batch=1 lines=1 bytes=99999999999999999999 lost=1\n",
	} {
		os.WriteFile(path, []byte(content), 0o644)
		if d, err := OpenDeadLetterFile(path, 0); !errors.Is(err, ErrNotDeadLetter) {
			t.Errorf("%.80q: %v", content, err)
			d.Close()
		}
		if got, _ := os.ReadFile(path); string(got) != content {
			t.Errorf("%.80q became %.80q", content, got)
		}
	}
	if _, err := OpenDeadLetterFile(dir, 0); !errors.Is(err, ErrNotDeadLetter) {
		t.Errorf("a directory: %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Skip(err)
	}
	if _, err := OpenDeadLetterFile(link, 0); !errors.Is(err, ErrNotDeadLetter) {
		t.Errorf("a link: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "target")); err == nil {
		t.Error("the target of a link was made")
	}
}

func TestDeadLetterFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	os.WriteFile(path, deadRecords()[0], 0o644)
	openDead(t, path)
	if st, _ := os.Stat(path); runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
}

func TestDeadLetterFileReopen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "dead.lp")
	d := openDead(t, path)
	put := func(line string) {
		t.Helper()
		if err := d.Put(&LostLines{Data: []byte(line)}); err != nil {
			t.Fatal(err)
		}
	}
	has := func(path string, lines ...string) {
		t.Helper()
		got, _ := os.ReadFile(path)
		for _, l := range lines {
			if !bytes.Contains(got, []byte(l)) {
				t.Errorf("%s lacks %q", path, l)
			}
		}
		if n := bytes.Count(got, []byte("\n")); n != 2*len(lines) {
			t.Errorf("%s has %d lines", path, n)
		}
	}
	put("m v=1 1\n")
	if err := d.Reopen(); err != nil { // the same file
		t.Fatal(err)
	}
	put("m v=2 2\n")
	os.Rename(path, path+".1")
	put("m v=3") // to the renamed file, with a line feed added
	if err := d.Reopen(); err != nil {
		t.Fatal(err)
	}
	put("m v=4 4\n")
	has(path+".1", "m v=1 1\n", "m v=2 2\n", "m v=3\n")
	has(path, "m v=4 4\n")
	// After rotation by copying and truncating, the next record is the first.
	os.Truncate(path, 0)
	put("m v=5 5\n")
	has(path, "m v=5 5\n")
	// If Reopen fails, the open file stays in use.
	os.Rename(path, path+".2")
	os.WriteFile(path, []byte("other"), 0o600)
	if err := d.Reopen(); !errors.Is(err, ErrNotDeadLetter) {
		t.Error(err)
	}
	put("m v=6 6\n")
	has(path+".2", "m v=5 5\n", "m v=6 6\n")
	d.Close()
	if err := d.Reopen(); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// TestDeadLetterFileCanBeWrittenAgain: the file is line protocol that an append accepts
// unchanged.
func TestDeadLetterFileCanBeWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	d, err := OpenDeadLetterFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := testWriter(t, Options{DeadLetter: d, BatchLines: 1}, response(400, "no # good\n"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				mustAppend(t, w, "m v=\"a\n# b\" 1\n")
			}
		})
	}
	wg.Wait()
	w.Close(t.Context())
	d.Close()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newScript(acker)
	again := testWriter(t, Options{}, s.Send)
	if err := again.Append(t.Context(), content); err != nil {
		t.Error(err)
	}
	mustClose(t, again)
	if got := strings.Join(s.seen(), ""); got != strings.Repeat("m v=\"a\n# b\" 1\n", 100) {
		t.Errorf("sent %q", got)
	}
}
