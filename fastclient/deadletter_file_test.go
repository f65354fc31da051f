package fastclient

import (
	"errors"
	"os"
	"path/filepath"
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
	l := &LostLines{Lines: []byte("m v=1 1\n"), Count: 1, Lost: 1, Loss: LossLine, Status: 400, Message: "bad\n\"line\"", Seq: 7, Time: at}
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
	want := `# 2026-01-02T03:04:05Z batch=7 lines=1 lost=1 loss=line status=400 message="bad\n\"line\""` + "\nm v=1 1\n"
	if got, _ := os.ReadFile(path); string(got) != want {
		t.Errorf("file:\n%s", got)
	}
	if st, _ := os.Stat(path); st.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v", st.Mode())
	}

	// What a crash cut short does not spoil what follows.
	os.WriteFile(path, []byte("m v=1"), 0o600)
	if d, err = OpenDeadLetterFile(path, 200); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Put(l); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(l); !errors.Is(err, ErrDeadLetterFull) {
		t.Errorf("over the bound: %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "m v=1\n"+want {
		t.Errorf("file:\n%s", got)
	}
}

// TestDeadLetterFileCanBeWrittenAgain: the file is line protocol that an append
// takes as it is.
func TestDeadLetterFileCanBeWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dead.lp")
	d, err := OpenDeadLetterFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := testWriter(t, WriterOptions{DeadLetter: d, BatchLines: 1}, answer(400, "no # good\n"))
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
	again := testWriter(t, WriterOptions{}, s.send)
	if err := again.Append(t.Context(), content); err != nil {
		t.Error(err)
	}
	mustClose(t, again)
	if got := strings.Join(s.seen(), ""); got != strings.Repeat("m v=\"a\n# b\" 1\n", 100) {
		t.Errorf("sent %q", got)
	}
}
