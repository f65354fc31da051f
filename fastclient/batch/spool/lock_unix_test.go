//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package spool

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child starts a copy of the test with this variable set.
func child(t *testing.T, test, variable, value string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), variable+"="+value)
	return cmd
}

// TestLocked: one process has a spool open, until it ends, in whatever way.
func TestLocked(t *testing.T) {
	o := Options{MaxBytes: 1 << 30, SyncInterval: -1}
	if path := os.Getenv("POINTWIRE_TEST_SPOOL"); path != "" {
		s, err := Open(path, o)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, 1, 3)
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Hour) // until it is killed
		s.Close()
	}
	s := opened(t, Options{})
	path := s.path
	for range 2 {
		if _, err := Open(path, o); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
			t.Errorf("second opener in this process: %v", err)
		}
	}
	put(t, s, 1, 1)
	s.Close()
	os.RemoveAll(path)
	cmd := child(t, "TestLocked", "POINTWIRE_TEST_SPOOL", path)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); ; {
		if !lines.Scan() {
			t.Fatal("the other process has ended")
		}
		if lines.Text() == "ready" {
			break
		}
		t.Log(lines.Text())
	}
	if _, err := Open(path, o); !errors.Is(err, ErrLocked) {
		t.Errorf("second process: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	s = reopened(t, path, Options{})
	if got := rest(t, s, Oldest); len(got) != 3 {
		t.Errorf("after the end of the other process: %v", got)
	}
}

// TestKill kills a process that puts, leases and acks, again and again. What it had put is
// there, but for what it was about to ack.
func TestKill(t *testing.T) {
	const variable = "POINTWIRE_TEST_SPOOL_KILL"
	if path := os.Getenv(variable); path != "" {
		putForEver(t, path)
		return
	}
	rounds := 20
	if testing.Short() || raceEnabled {
		rounds = 4
	}
	path := filepath.Join(t.TempDir(), "spool")
	wanted := map[int]bool{}
	for round := range rounds {
		cmd := child(t, "TestKill", variable, path)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var timer *time.Timer
		acked := map[int]bool{}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if timer == nil { // it has begun, however long that took
				timer = time.AfterFunc(time.Duration(rand.IntN(40_000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
			var n int
			if _, err := fmt.Sscanf(lines.Text(), "put %d", &n); err == nil {
				wanted[n] = true
			} else if _, err := fmt.Sscanf(lines.Text(), "ack %d", &n); err == nil {
				acked[n] = true
			} else {
				t.Log(lines.Text())
			}
		}
		cmd.Wait()
		for n := range acked {
			delete(wanted, n)
		}
		s := reopened(t, path, Options{})
		if r := s.Recovery(); r.ManifestLost || r.MarkLost || r.MissingFiles > 0 || r.QuarantinedFiles > 0 || r.Missing != (Count{}) {
			t.Errorf("round %d: a kill looks like damage: %+v", round, r)
		}
		came := map[int]bool{}
		for _, n := range rest(t, s, Oldest) {
			came[n] = true
		}
		for n := range wanted {
			if !came[n] {
				t.Errorf("round %d: batch %d is missing", round, n)
			}
		}
		s.Close()
	}
	if len(wanted) == 0 {
		t.Error("no process put a batch")
	}
}

// putForEver tells after each Put that it returned, and before each Ack that it is called.
func putForEver(t *testing.T, path string) {
	s := reopened(t, path, Options{SyncInterval: time.Millisecond})
	s.segmentBytes = 2_000
	for n := int(s.Stats().LastSeq) + 1; ; n++ {
		b := numbered(n)
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
		fmt.Println("put", n)
		if n%3 > 0 {
			got, seq := number(t, s, Order(n%2))
			fmt.Println("ack", got)
			if err := s.Ack(seq); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFileSizeLimit writes until the limit of a process for the size of a file, so that a
// write fails in the middle of a frame, as on a full disk.
func TestFileSizeLimit(t *testing.T) {
	const variable = "POINTWIRE_TEST_SPOOL_LIMIT"
	if path := os.Getenv(variable); path != "" {
		writeToLimit(t, path)
		return
	}
	s := opened(t, Options{})
	s.Close()
	if out, err := child(t, "TestFileSizeLimit", variable, s.path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s = reopened(t, s.path, Options{})
	if r := s.Recovery(); r.Waiting.Batches < 20 || r.TornBytes != 0 || r.QuarantinedFiles != 0 {
		t.Errorf("%+v", r)
	}
}

func writeToLimit(t *testing.T, path string) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	old := limit.Cur
	s := reopened(t, path, Options{})
	limit.Cur = 9_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	b := Batch{Body: make([]byte, 1000), Lines: 1}
	stored := uint64(0)
	for range 20 {
		if err := s.Put(&b); err == nil {
			stored++
		} else if !errors.Is(err, syscall.EFBIG) {
			t.Errorf("put: %v", err)
		}
	}
	if st := s.Stats(); stored == 20 || st.Waiting.Batches != stored {
		t.Errorf("%d stored, %+v", stored, st)
	}
	limit.Cur = old
	syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	for s.Stats().Waiting.Batches < 20 {
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestLockedByFork: a process that is being started has the files of this one for a moment.
// It does not keep the lock of a spool that was closed.
func TestLockedByFork(t *testing.T) {
	s := opened(t, Options{})
	fd, err := syscall.Dup(int(s.d.(*osDisk).lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s, err = Open(s.path, s.o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.path, s.o); !errors.Is(err, ErrLocked) {
		t.Errorf("open twice: %v", err)
	}
	s.Close()
}
