package spool

import (
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"runtime"
	"slices"
	"strings"
)

// This file is a disk in memory that remembers what is durable. After each operation of
// the shipped code it can make the states in which a crash of the machine may leave it.

// An inode is a file, whatever its names are.
type inode struct {
	data    []byte // as processes see it
	durable []byte // after the last sync
	pending []change
}

// A change is a write, or a truncation if data is nil.
type change struct {
	at   int64
	data []byte
}

func (c *change) apply(b []byte) []byte {
	if c.data == nil {
		if c.at <= int64(len(b)) {
			return b[:c.at]
		}
		return append(b, make([]byte, c.at-int64(len(b)))...)
	}
	if end := c.at + int64(len(c.data)); end > int64(len(b)) {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	copy(b[c.at:], c.data)
	return b
}

// A dirChange makes a name mean a file, or nothing. A rename is one change of two names.
type dirChange struct {
	dir     string
	name    string
	n       *inode
	removed string
}

func (c *dirChange) apply(names map[string]*inode) {
	delete(names, c.removed)
	if c.n != nil {
		names[c.name] = c.n
	}
}

// A memDisk is a disk. Its zero value with names, durable and dirs is empty.
type memDisk struct {
	names, durable map[string]*inode
	dirs           map[string]bool // true: durable
	pending        []dirChange
	// fail returns the error of an operation. lost says that an operation that makes
	// something durable, or the order of something, is left out, as if the code did not
	// have it. after is called when an operation is done.
	fail  func(op, name string) error
	lost  func(op, caller string) bool
	after func(op, name string)
	space int64 // free returns it
	dead  bool  // gone returns it
}

func newMemDisk() *memDisk {
	return &memDisk{names: map[string]*inode{}, durable: map[string]*inode{}, dirs: map[string]bool{}}
}

// do runs an operation that changes something.
func (d *memDisk) do(op, name string, f func()) error {
	if d.fail != nil {
		if err := d.fail(op, name); err != nil {
			return &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	if d.lost == nil || !d.lost(op, spoolCaller()) {
		f()
	}
	if d.after != nil {
		d.after(op, name)
	}
	return nil
}

// spoolCaller returns the function of the shipped code that called the disk.
func spoolCaller() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasSuffix(f.File, "_test.go") {
			return path.Base(f.Function)
		}
		if !more {
			return ""
		}
	}
}

func (d *memDisk) open(name string, create bool) (file, error) {
	if n := d.names[name]; n != nil {
		if create {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
		}
		if d.fail != nil {
			if err := d.fail("open", name); err != nil {
				return nil, err
			}
		}
		return &memFile{d, n, name}, nil
	}
	if !create {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	n := &inode{}
	err := d.do("create", name, func() {
		d.names[name] = n
		d.pending = append(d.pending, dirChange{path.Dir(name), name, n, ""})
	})
	return &memFile{d, n, name}, err
}

func (d *memDisk) remove(name string) error {
	if d.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	return d.do("remove", name, func() {
		delete(d.names, name)
		d.pending = append(d.pending, dirChange{path.Dir(name), "", nil, name})
	})
}

func (d *memDisk) rename(from, to string) error {
	n := d.names[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	return d.do("rename", to, func() {
		delete(d.names, from)
		d.names[to] = n
		d.pending = append(d.pending, dirChange{path.Dir(to), to, n, from})
	})
}

func (d *memDisk) mkdir(name string) error {
	if _, ok := d.dirs[name]; ok {
		return nil
	}
	return d.do("mkdir", name, func() { d.dirs[name] = false })
}

func (d *memDisk) list(dir string, f func(name string, size int64) error) error {
	if _, ok := d.dirs[dir]; dir != "." && !ok {
		return fs.ErrNotExist
	}
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if path.Dir(name) == dir {
			if err := f(path.Base(name), int64(len(d.names[name].data))); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncDir makes durable what happened in a directory. A rename between directories is
// durable with the one that has the new name.
func (d *memDisk) syncDir(name string) error {
	return d.do("syncDir", name, func() {
		d.pending = slices.DeleteFunc(d.pending, func(c dirChange) bool {
			if c.dir == name {
				c.apply(d.durable)
				return true
			}
			return false
		})
		if name == "." {
			for dir := range d.dirs {
				d.dirs[dir] = true
			}
		}
	})
}

func (d *memDisk) free() (int64, error) { return d.space, nil }
func (d *memDisk) gone() bool           { return d.dead }
func (d *memDisk) close() error         { return nil }

// A memFile is an open file of a memDisk.
type memFile struct {
	d    *memDisk
	n    *inode
	name string
}

func (f *memFile) ReadAt(p []byte, at int64) (int, error) {
	if f.d.fail != nil {
		if err := f.d.fail("read", f.name); err != nil {
			return 0, err
		}
	}
	if at >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) change(op string, c change) error {
	return f.d.do(op, f.name, func() {
		f.n.data = c.apply(f.n.data)
		f.n.pending = append(f.n.pending, c)
	})
}

// errShort makes a write fail after half of it.
var errShort = errors.New("disk is full in the middle of a write")

func (f *memFile) WriteAt(p []byte, at int64) (int, error) {
	p = append(make([]byte, 0, len(p)), p...)
	err := f.change("write", change{at, p})
	if errors.Is(err, errShort) {
		half := change{at, p[:len(p)/2]}
		f.n.data = half.apply(f.n.data)
		f.n.pending = append(f.n.pending, half)
		return len(p) / 2, err
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *memFile) Truncate(size int64) error { return f.change("truncate", change{at: size}) }

func (f *memFile) Sync() error {
	return f.d.do("sync", f.name, func() {
		f.n.durable, f.n.pending = slices.Clone(f.n.data), nil
	})
}

func (f *memFile) Close() error         { return nil }
func (f *memFile) size() (int64, error) { return int64(len(f.n.data)), nil }
func (f *memFile) gone() bool           { return f.d.dead }

// crashed returns a disk as a crash may leave it. keepDir and keep choose which of the
// pending changes of directories and of a file are there; keep may change them.
func (d *memDisk) crashed(keepDir func(i int) bool, keep func(n *inode, i int, c change) (change, bool)) *memDisk {
	names := maps.Clone(d.durable)
	for i := range d.pending {
		if keepDir(i) {
			d.pending[i].apply(names)
		}
	}
	left := &memDisk{names: names, durable: map[string]*inode{}, dirs: maps.Clone(d.dirs)}
	for dir, durable := range d.dirs {
		if !durable && !keepDir(-1) {
			delete(left.dirs, dir)
			maps.DeleteFunc(names, func(name string, _ *inode) bool { return path.Dir(name) == dir })
		}
	}
	for name, n := range names {
		b := append(make([]byte, 0, len(n.data)+64), n.durable...)
		for i, c := range n.pending {
			if c, ok := keep(n, i, c); ok {
				b = c.apply(b)
			}
		}
		m := &inode{data: b}
		m.durable = slices.Clone(b)
		names[name] = m
		left.durable[name] = m
	}
	return left
}

// crashStates calls f with disks as a crash may leave d now: n random ones, and if torn is
// set, with the last change of each file torn everywhere, and those before it there or not.
func (d *memDisk) crashStates(rng *rand.Rand, n int, torn bool, f func(*memDisk)) {
	all := func(int) bool { return true }
	none := func(int) bool { return false }
	whole := func(_ *inode, _ int, c change) (change, bool) { return c, true }
	nothing := func(_ *inode, _ int, c change) (change, bool) { return c, false }
	for _, dir := range []func(int) bool{all, none} {
		f(d.crashed(dir, whole))
		f(d.crashed(dir, nothing))
	}
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		file := d.names[name]
		last := len(file.pending) - 1
		if !torn || last < 0 || file.pending[last].data == nil {
			continue
		}
		step := 1
		if len(file.pending[last].data) > 700 {
			step = 512
		}
		for cut := 0; cut < len(file.pending[last].data); cut += step {
			for _, others := range []bool{true, false} {
				if !others && last == 0 {
					continue
				}
				f(d.crashed(all, func(n *inode, i int, c change) (change, bool) {
					if n == file && i == last {
						c.data = c.data[:cut]
						return c, true
					}
					return c, n != file || others
				}))
			}
		}
	}
	for range n {
		p, q := rng.Float64(), rng.Float64()
		f(d.crashed(func(int) bool { return rng.Float64() < q }, func(_ *inode, _ int, c change) (change, bool) {
			if rng.Float64() > p {
				return c, false
			}
			if len(c.data) > 1 && rng.IntN(4) == 0 {
				c.data = c.data[:rng.IntN(len(c.data))]
			}
			return c, true
		}))
	}
}

var hashSeed = maphash.MakeSeed()

// hash identifies the contents.
func (d *memDisk) hash() uint64 {
	var h maphash.Hash
	h.SetSeed(hashSeed)
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		h.WriteString(name)
		maphash.WriteComparable(&h, len(d.names[name].data))
		h.Write(d.names[name].data)
	}
	return h.Sum64()
}
