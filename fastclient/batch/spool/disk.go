package spool

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// This file is all that the spool asks of the operating system. Names are relative to the
// directory, which stays open: if another directory takes its place, no operation reaches
// that one.

// A disk is the directory of a spool.
type disk interface {
	// open opens a regular file for reading and writing. Only its owner may. If create is
	// set, the file must not exist.
	open(name string, create bool) (file, error)
	remove(name string) error
	rename(from, to string) error
	// mkdir makes a directory if there is none.
	mkdir(name string) error
	// list calls f for each regular file in a directory.
	list(dir string, f func(name string, size int64) error) error
	// syncDir makes durable which files a directory has.
	syncDir(name string) error
	// free returns how many bytes the file system has left.
	free() (int64, error)
	// gone reports that the directory was removed, or the lock in it, so that another
	// spool may be there.
	gone() bool
	// close gives the lock up.
	close() error
}

// A file is an open file of a disk.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
	size() (int64, error)
	// gone reports that the file has no name any more.
	gone() bool
}

// An osFile is a file of the operating system.
type osFile struct{ *os.File }

func (f osFile) size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func (f osFile) gone() bool { return unlinked(f.File) }

// An osDisk is a directory of the operating system.
type osDisk struct {
	path string
	root *os.Root
	dir  *os.File
	lock *os.File
}

// openDisk opens the directory at path, or makes it, and locks it.
func openDisk(path string, withoutLock bool) (disk, error) {
	d := &osDisk{path: path}
	if err := d.openDir(withoutLock); err != nil {
		d.close()
		return nil, fileFailed("open", path, err)
	}
	return d, nil
}

func (d *osDisk) openDir(withoutLock bool) error {
	st, err := d.makeDir()
	if err != nil {
		return err
	}
	if d.root, err = os.OpenRoot(d.path); err != nil {
		return err
	}
	if d.dir, err = d.root.Open("."); err != nil {
		return err
	}
	opened, err := d.dir.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(st, opened) {
		return ErrNotSpool
	}
	if err := d.claim(st); err != nil {
		return err
	}
	f, err := d.openFile(lockName, os.O_CREATE)
	if err != nil {
		return err
	}
	d.lock = f
	if err := lockFile(f); err != nil && !(withoutLock && errors.Is(err, ErrNoLock)) {
		return err
	}
	return nil
}

// makeDir returns what the path names, which is a directory and no link.
func (d *osDisk) makeDir() (fs.FileInfo, error) {
	err := os.Mkdir(d.path, 0o700)
	if err == nil {
		err = syncPath(filepath.Dir(d.path))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	st, err := os.Lstat(d.path)
	if err == nil && !st.IsDir() {
		err = &notSpool{"is a file"}
		if st.Mode().Type() == fs.ModeSymlink {
			err = &notSpool{"is a symbolic link, which somebody may change: name the directory that it leads to"}
		}
	}
	return st, err
}

// claim refuses a directory that holds other files and no spool, and removes the
// permissions of others.
func (d *osDisk) claim(st fs.FileInfo) error {
	if _, err := d.root.Lstat(lockName); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		names, err := d.dir.Readdirnames(2)
		if err != nil && err != io.EOF {
			return err
		}
		// A file system of its own has this directory.
		if len(names) > 1 || len(names) == 1 && names[0] != "lost+found" {
			return &notSpool{"holds other files"}
		}
	}
	if st.Mode().Perm()&0o077 != 0 && permissions {
		return d.root.Chmod(".", 0o700)
	}
	return nil
}

func (d *osDisk) open(name string, create bool) (file, error) {
	flag := 0
	if create {
		flag = os.O_CREATE | os.O_EXCL
	}
	f, err := d.openFile(name, flag)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *osDisk) openFile(name string, flag int) (*os.File, error) {
	// Root follows links, though not out of the directory.
	before, err := d.root.Lstat(name)
	if err == nil && !before.Mode().IsRegular() {
		return nil, ErrNotSpool
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|flag, 0o600)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && before != nil && !os.SameFile(before, st) {
		err = ErrNotSpool
	}
	if err == nil && st.Mode().Perm()&0o077 != 0 && permissions {
		err = f.Chmod(0o600)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (d *osDisk) remove(name string) error     { return d.root.Remove(name) }
func (d *osDisk) rename(from, to string) error { return d.root.Rename(from, to) }

func (d *osDisk) mkdir(name string) error {
	err := d.root.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) {
		var st fs.FileInfo
		if st, err = d.root.Lstat(name); err == nil && !st.IsDir() {
			err = ErrNotSpool
		}
	}
	return err
}

func (d *osDisk) list(name string, f func(name string, size int64) error) error {
	dir, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(256)
		for _, e := range entries {
			if !e.Type().IsRegular() {
				continue
			}
			st, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // somebody removed it meanwhile
			}
			if err == nil {
				err = f(e.Name(), st.Size())
			}
			if err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (d *osDisk) syncDir(name string) error {
	if name == "." {
		return syncOpenDir(d.dir)
	}
	dir, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	return syncOpenDir(dir)
}

// syncPath syncs the directory at path.
func syncPath(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return syncOpenDir(dir)
}

func (d *osDisk) free() (int64, error) { return freeSpace(d.dir) }
func (d *osDisk) gone() bool           { return unlinked(d.dir) || unlinked(d.lock) }

func (d *osDisk) close() error {
	var err error
	if d.lock != nil {
		err = errors.Join(err, unlockFile(d.lock), d.lock.Close())
	}
	if d.dir != nil {
		err = errors.Join(err, d.dir.Close())
	}
	if d.root != nil {
		err = errors.Join(err, d.root.Close())
	}
	return err
}
