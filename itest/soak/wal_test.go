package soak

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pointwire/pointwire/itest"
)

// cutTornEntries cuts off what a kill left of the last entry of each segment of the log of
// InfluxDB 1.x, and returns how many there were. An entry has a type in 1 byte, a length in
// 4 bytes, and so many bytes.
//
// The server does the same when it starts, but too late: by then it has opened the last
// segment for new entries and stands at its old end. They follow a hole of zeros, and the
// next start takes the hole for another torn entry: it cuts off everything after it, which
// was acknowledged. TestTornEntry shows it.
func cutTornEntries(dir string) (cut int, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return 0, nil // killed before it wrote anything
	}
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".wal" {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		good := 0
		for len(b)-good >= 5 {
			size := 5 + int(binary.BigEndian.Uint32(b[good+1:]))
			if size > len(b)-good {
				break
			}
			good += size
		}
		if good == len(b) {
			return nil
		}
		cut++
		return os.Truncate(name, int64(good))
	})
	return cut, err
}

// TestTornEntry shows that a server loses what it acknowledged between two kills if the
// first one tore an entry of its log, and does not if that entry is cut off before it
// starts again. If the first half fails with a newer server, cutTornEntries can go.
func TestTornEntry(t *testing.T) {
	for _, server := range startServers(t) {
		for _, cutting := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", server.Version(), cutting), func(t *testing.T) { tornEntry(t, server, cutting) })
		}
	}
}

func tornEntry(t *testing.T, s *itest.Server, cutting bool) {
	db := fmt.Sprintf("torn%v", cutting)
	statement(t, s, "CREATE DATABASE %s", db)
	mustWrite(t, s, db, "m v=1i 1000000001")
	kill := func() {
		t.Helper()
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	kill()
	dir := filepath.Join(s.Dir(), "wal")
	segments, err := filepath.Glob(filepath.Join(dir, db, "autogen", "*", "*.wal"))
	if err != nil || len(segments) != 1 {
		t.Fatal(segments, err)
	}
	f, err := os.OpenFile(segments[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte{1, 0, 0, 1, 0, 9, 9, 9}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if cutting {
		if n, err := cutTornEntries(dir); n != 1 || err != nil {
			t.Errorf("%d entries cut: %v", n, err)
		}
	}
	for i := range 2 {
		if err := restart(s); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			mustWrite(t, s, db, "m v=2i 1000000002")
			kill()
		}
	}
	want := 1
	if cutting {
		want = 2
	}
	if rows := countRows(t, s, db, "SELECT v FROM m"); rows != want {
		t.Errorf("%d rows of 2 acknowledged, want %d", rows, want)
	}
}
