package spool

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/measure"
)

// recoveryCase opens a spool again and again. Its files are in the memory of the operating
// system, as after a restart of the process.
func recoveryCase(dir string, kept []sealed, size float64) (c measure.Case, end func(), err error) {
	end = func() {}
	n := measure.Scale(recoveryBytes, size, leastRecoveryBytes) / len(kept[0].body)
	s, _, err := filled(filepath.Join(dir, "spool"), kept, n)
	if err != nil {
		return c, end, err
	}
	if err := s.Close(); err != nil {
		return c, end, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "spool", "*.seg"))
	if err != nil {
		return c, end, err
	}
	total, err := directorySize(filepath.Join(dir, "spool"))
	c = measure.Case{Unit: "batch", Units: n, Bytes: int(total)}
	r := &reader{files: files, buf: make([]byte, 256<<10)}
	open := func() error { return reopen(filepath.Join(dir, "spool"), n) }
	c.Ops = []measure.Op{
		{Contender: ownName, Version: measure.Version("github.com/pointwire/pointwire"), Check: open, Run: open},
		{Contender: bareName, Version: measure.Version(""), Check: func() error { return r.check(total) }, Run: func() error { _, err := r.run(); return err }},
	}
	return c, end, err
}

// reopen opens a spool, which must hold n batches.
func reopen(dir string, n int) error {
	s, err := spool.Open(dir, spool.Options{MaxBytes: 4 << 30, SyncInterval: -1})
	if err != nil {
		return err
	}
	if got := s.Stats().Waiting.Batches; got != uint64(n) {
		err = fmt.Errorf("%w: %d batches instead of %d", measure.ErrWrong, got, n)
	}
	return errors.Join(err, s.Close())
}

// A reader reads files and computes their checksum, which is the least that finds damage.
type reader struct {
	files []string
	buf   []byte
	sum   uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (r *reader) run() (size int64, err error) {
	r.sum = 0
	for _, name := range r.files {
		n, err := r.file(name)
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

func (r *reader) file(name string) (size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for {
		n, err := f.Read(r.buf)
		r.sum = crc32.Update(r.sum, castagnoli, r.buf[:n])
		size += int64(n)
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// check compares the size with that of the directory, which has a few KiB of other files.
func (r *reader) check(total int64) error {
	n, err := r.run()
	if err == nil && (n > total || total-n > 64<<10) {
		err = fmt.Errorf("%w: %d of %d bytes were read", measure.ErrWrong, n, total)
	}
	return err
}
