package batch

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDeadLetterFileLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	d := openDead(t, path)
	if _, err := OpenDeadLetterFile(path, 0); !errors.Is(err, ErrDeadLetterLocked) {
		t.Errorf("second opener: %v", err)
	}
	// It did not remove the record that the first is still writing.
	if err := d.Put(&LostLines{Data: []byte("m v=1 1\n")}); err != nil {
		t.Error(err)
	}
	// A process that is being started has the file, too, and does not keep the lock.
	fd, err := syscall.Dup(int(d.f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	d.Close()
	openDead(t, path)
}

// TestDeadLetterFileFull writes to a file whose size is limited, so that a write fails in
// the middle of a record, as on a full disk. The limit is that of a process, so the test
// starts another one.
func TestDeadLetterFileFull(t *testing.T) {
	if path := os.Getenv("POINTWIRE_TEST_DEAD_LETTER"); path != "" {
		deadLetterFull(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "dead.lp")
	cmd := exec.Command(os.Args[0], "-test.run=^TestDeadLetterFileFull$")
	cmd.Env = append(os.Environ(), "POINTWIRE_TEST_DEAD_LETTER="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, _ := os.ReadFile(path)
	if n := bytes.Count(got, []byte("# ")); n != 2 || !bytes.HasSuffix(got, []byte("m v=3 3\n")) {
		t.Errorf("file:\n%s", got)
	}
}

func deadLetterFull(t *testing.T, path string) {
	signal.Ignore(syscall.SIGXFSZ)
	d, err := OpenDeadLetterFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	put := func(line string) error { return d.Put(&LostLines{Data: []byte(line)}) }
	if err := put("m v=1 1\n"); err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	limit := old
	limit.Cur = 1000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := put("m v=\"" + strings.Repeat("2", 2000) + "\" 2\n"); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Put on a full disk: %v", err)
	}
	if st, _ := os.Stat(path); st.Size() >= 1000 {
		t.Errorf("%d bytes stay", st.Size())
	}
	if err := put("m v=3 3\n"); err != nil { // which fits
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
