package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles: only the owner may read the files, and files of others stay.
func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	if err := os.MkdirAll(filepath.Join(dir, "lost+found"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := reopened(t, dir, Options{})
	put(t, s, 1, 3)
	foreign := []string{"readme", "0000000000000001.seg.old", "1.seg", "manifest.bak", "FFFFFFFFFFFFFFFF.seg"}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("foreign"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{manifestName, markName, lockName, segmentName(1)} {
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.Chmod(dir, 0o755)
	s = reopened(t, dir, Options{})
	if got := rest(t, s, Oldest); len(got) != 3 {
		t.Error(got)
	}
	s.Close()
	for name, want := range map[string]os.FileMode{".": 0o700, manifestName: 0o600, markName: 0o600, lockName: 0o600, segmentName(1): 0o600, "readme": 0o644} {
		st, err := os.Stat(filepath.Join(dir, name))
		if err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
	}
	for _, name := range foreign {
		if b, err := os.ReadFile(filepath.Join(dir, name)); string(b) != "foreign" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// TestNotSpool: links, files and directories of others are refused and left alone.
func TestNotSpool(t *testing.T) {
	o := Options{MaxBytes: 1 << 30}
	refused := func(path string) {
		t.Helper()
		if s, err := Open(path, o); !errors.Is(err, ErrNotSpool) {
			t.Errorf("%s: %v", path, err)
			s.Close()
		}
	}
	s := opened(t, Options{})
	put(t, s, 1, 1)
	s.Close()
	parent := filepath.Dir(s.path)
	link := filepath.Join(parent, "link")
	if err := os.Symlink(s.path, link); err != nil {
		t.Skip(err)
	}
	refused(link)
	refused(link + "/")
	if _, err := Open(link, o); !strings.Contains(err.Error(), "symbolic link") {
		t.Error(err)
	}
	home := filepath.Join(parent, "home")
	os.Mkdir(home, 0o755)
	os.WriteFile(filepath.Join(home, "letter"), nil, 0o644)
	refused(home)
	if st, _ := os.Stat(home); st.Mode().Perm() != 0o755 {
		t.Error("the directory of others has another mode now")
	}
	if list, _ := os.ReadDir(home); len(list) != 1 {
		t.Errorf("%v", list)
	}
	refused(filepath.Join(home, "letter"))
	for _, name := range []string{manifestName, markName, lockName, segmentName(1)} {
		path, moved := filepath.Join(s.path, name), filepath.Join(s.path, "moved")
		os.Rename(path, moved)
		os.Symlink("moved", path)
		refused(s.path)
		os.Remove(path)
		os.Rename(moved, path)
	}
	reopened(t, s.path, Options{}).Close()
	if _, err := Open(filepath.Join(parent, "no", "parent"), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no parent: %v", err)
	}
}

// TestVersions: a directory of another version is refused and not changed.
func TestVersions(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, 3)
	s.Close()
	for _, name := range []string{manifestName, markName, segmentName(1)} {
		path := filepath.Join(s.path, name)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b := bytes.Clone(old)
		order.PutUint32(b[8:], 2)
		order.PutUint32(b[12:], checksum(0, b[:12]))
		os.WriteFile(path, b, 0o600)
		os.WriteFile(filepath.Join(s.path, manifestTempName), nil, 0o600)
		before := snapshot(t, s.path)
		if _, err := Open(s.path, Options{MaxBytes: 1 << 30}); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if after := snapshot(t, s.path); after != before {
			t.Errorf("%s: the directory was\n%s\nand is\n%s", name, before, after)
		}
		os.WriteFile(path, old, 0o600)
	}
	if got := rest(t, reopened(t, s.path, Options{}), Oldest); len(got) != 3 {
		t.Error(got)
	}
}

// snapshot returns all that is in a directory.
func snapshot(t *testing.T, dir string) string {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %x\n", path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestForeignFrames: frames of a segment with the same numbers, in another directory, are
// not valid here.
func TestForeignFrames(t *testing.T) {
	var texts [2][]byte
	var s *Spool
	for i := range texts {
		s = opened(t, Options{})
		put(t, s, 10*i+1, 10*i+3)
		s.Close()
		var err error
		if texts[i], err = os.ReadFile(filepath.Join(s.path, segmentName(1))); err != nil {
			t.Fatal(err)
		}
	}
	copy(texts[1][segmentHeaderSize:], texts[0][segmentHeaderSize:])
	os.WriteFile(filepath.Join(s.path, segmentName(1)), texts[1], 0o600)
	s = reopened(t, s.path, Options{})
	if got := rest(t, s, Oldest); len(got) > 0 || s.Recovery().Quarantined.Lines != 3 {
		t.Errorf("%v, %+v", got, s.Recovery())
	}
}

// TestRepeatedFrame: a frame of the same segment is not valid in another place.
func TestRepeatedFrame(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, 3)
	s.Close()
	path := filepath.Join(s.path, segmentName(1))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size := (len(text) - segmentHeaderSize) / 3
	copy(text[segmentHeaderSize+size:], text[segmentHeaderSize:][:size])
	os.WriteFile(path, text, 0o600)
	s = reopened(t, s.path, Options{})
	if got := rest(t, s, Oldest); len(got) != 1 || s.Recovery().Quarantined.Lines != 2 {
		t.Errorf("%v, %+v", got, s.Recovery())
	}
}

// TestManifestLost: the segments tell what a manifest would. One whose header is damaged as
// well cannot be read, and goes to quarantine as it is.
func TestManifestLost(t *testing.T) {
	for at, want := range map[int]int{-1: 3, 16: 0, 24: 0, 32: 0, 40: 0} {
		s := opened(t, Options{})
		put(t, s, 1, 3)
		s.Close()
		path := filepath.Join(s.path, segmentName(1))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at >= 0 {
			text[at] ^= 4
			os.WriteFile(path, text, 0o600)
		}
		os.Remove(filepath.Join(s.path, manifestName))
		s = reopened(t, s.path, Options{})
		r := s.Recovery()
		if got := rest(t, s, Oldest); len(got) != want || !r.ManifestLost {
			t.Errorf("byte %d: %v, %+v", at, got, r)
		}
		kept, err := os.ReadFile(filepath.Join(s.path, quarantineName(1, 0, reasonHeader)))
		if at >= 0 && (!bytes.Equal(kept, text) || r.QuarantinedBytes != int64(len(text))) {
			t.Errorf("byte %d: %v, %+v", at, err, r)
		}
		put(t, s, 4, 4)
		s.Close()
		if r := reopened(t, s.path, Options{}).Recovery(); r.ManifestLost || r.Waiting.Batches != uint64(want+1) {
			t.Errorf("byte %d: after another restart %+v", at, r)
		}
	}
}
