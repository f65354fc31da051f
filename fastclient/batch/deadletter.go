package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/printable"
)

// This file declares the [DeadLetter] and the one that writes a file. The file is a
// sequence of records, each a comment and its lines; the comment says how many bytes of
// lines follow, so a reader never searches for the end. Invariants: the file is open in one
// process; it holds whole records only, except from a failed write until mend, which runs
// before the next write.

// A DeadLetter gets the lines that will not be stored, and those that may not be. The
// goroutines that send call Put, several at a time, and under [DropOldest] those that
// append do too; they wait while it runs. If Put returns an error, the lines are gone: the
// Writer counts the error and reports it as an event.
type DeadLetter interface {
	Put(l *LostLines) error
}

// LostLines are lines that will not be stored, or, if Reason is [ReasonUncertain], that
// may not be.
type LostLines struct {
	// Data holds the lines, each ended by a line feed, with timestamps in the precision
	// of the Writer. Under [Spill] and [WriteAhead] it is the precision of requests: V1 sends
	// microseconds as nanoseconds, minutes and hours as seconds. It is valid until Put
	// returns.
	Data []byte
	// Lines is the number of lines.
	Lines int
	// NotStored is the number of lines that are certainly not stored: all of them,
	// except under [ReasonUncertain].
	NotStored int
	Reason    Reason      // why
	Status    int         // of the server's response, 0 without one
	Message   string      // what the server said, unchanged: it may have control characters
	Seq       uint64      // of the batch
	Time      time.Time   // of the call of Put
	Addr      string      // of the server, in a [ReplicaWriter]
	To        Destination // where the lines were to go, if Options.Route chose it
	Line      int         // number of the first line in its batch, from 1, in an [Outcome]
}

// Errors of a [DeadLetterFile], for errors.Is.
var (
	// ErrDeadLetterFull says that a [DeadLetterFile] has reached its maximum size.
	ErrDeadLetterFull = errors.New("batch: dead letter file is full")
	// ErrDeadLetterLocked says that another [DeadLetterFile] has the file open.
	ErrDeadLetterLocked = errors.New("batch: dead letter file is open elsewhere")
	// ErrNotDeadLetter says that a file holds something other than the records of a
	// [DeadLetterFile], or is no regular file.
	ErrNotDeadLetter = errors.New("batch: not a dead letter file")
)

// A DeadLetterFile is a [DeadLetter] that appends to a file. The file is line protocol:
// each record is a comment that says why its lines are there, followed by the lines.
// Servers skip comments. A record is in the file whole or not at all: one that a full disk
// or a crash cut short is removed. It is safe for concurrent use, and must not be copied.
//
// Its errors are *[fs.PathError] with the name of the file.
type DeadLetterFile struct {
	mu   sync.Mutex
	path string
	f    *os.File
	max  int64
	torn int64 // offset of a record that could not be removed; -1: none
	cut  int64 // bytes removed on opening
	buf  []byte
}

// OpenDeadLetterFile opens the file at path, or creates it. Only its owner may read and
// write it: other permissions of an existing file are removed. If the file would exceed
// maxBytes, Put keeps what is there and returns [ErrDeadLetterFull]; 0 means no bound.
//
// A record at the end of the file that a crash cut short is removed, see
// [DeadLetterFile.Cut]. A symbolic link is not followed: it is [ErrNotDeadLetter], like
// any file that is not made of records, and the file is not changed. On Unix a file that
// another DeadLetterFile has open, in this process or another, is [ErrDeadLetterLocked].
func OpenDeadLetterFile(path string, maxBytes int64) (*DeadLetterFile, error) {
	f, cut, err := openDeadLetter(path)
	if err != nil {
		return nil, fileFailed("open", path, err)
	}
	return &DeadLetterFile{path: path, f: f, max: maxBytes, torn: -1, cut: cut}, nil
}

// A fileError is an error of a DeadLetterFile. Its text follows the style of this package;
// the PathError is what errors.As finds.
type fileError struct{ path *fs.PathError }

func (e *fileError) Error() string {
	b := append(make([]byte, 0, 96), errorPrefix...)
	b = append(append(b, e.path.Op...), ' ')
	b = append(printable.Append(b, e.path.Path), ": "...)
	return string(appendCause(b, e.path.Err))
}

func (e *fileError) Unwrap() error { return e.path }

// fileFailed returns the error of an operation on the file at path, nil for nil. A
// PathError of package os is replaced by its cause: it would repeat the path.
func fileFailed(op, path string, err error) error {
	if err == nil {
		return nil
	}
	if inner, ok := err.(*fs.PathError); ok && inner.Path == path {
		err = inner.Err
	}
	return &fileError{&fs.PathError{Op: op, Path: path, Err: err}}
}

// openDeadLetter opens the file at path for its owner and for this process alone. It
// removes an incomplete record of cut bytes from the end.
func openDeadLetter(path string) (f *os.File, cut int64, err error) {
	// Systems without a flag against links have only this check.
	if st, err := os.Lstat(path); err == nil && !st.Mode().IsRegular() {
		return nil, 0, ErrNotDeadLetter
	}
	f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND|openNoFollow, 0o600)
	if err != nil {
		return nil, 0, err
	}
	if cut, err = claimDeadLetter(f); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, cut, nil
}

func claimDeadLetter(f *os.File) (cut int64, err error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !st.Mode().IsRegular() {
		return 0, ErrNotDeadLetter
	}
	if err := lockFile(f); err != nil {
		return 0, err
	}
	// The size is taken under the lock: until now another process may have written.
	if st, err = f.Stat(); err != nil {
		return 0, err
	}
	size := st.Size()
	whole, err := wholeRecords(io.NewSectionReader(f, 0, size))
	if err != nil {
		return 0, err
	}
	if st.Mode().Perm()&^0o600 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return 0, err
		}
	}
	if whole < size {
		return size - whole, f.Truncate(whole)
	}
	return 0, nil
}

// deadLetterHeader is the longest comment of a record. A message is truncated to a part
// of it.
const (
	deadLetterHeader  = 64 << 10
	deadLetterMessage = 8 << 10
)

// wholeRecords returns the size of the whole records at the beginning of r. If what
// follows is anything but a record that was cut short, the error is ErrNotDeadLetter with
// its offset.
func wholeRecords(r io.Reader) (size int64, err error) {
	b := bufio.NewReaderSize(r, deadLetterHeader)
	for {
		head, err := b.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return 0, err
		}
		if len(head) == 0 {
			return size, nil
		}
		// After a crash some file systems show zeros in place of data.
		text := bytes.TrimRight(head, "\x00")
		n, foreign := recordSize(text)
		if len(text) < len(head) || err == bufio.ErrBufferFull {
			zeros, err := onlyZeros(b)
			if err != nil {
				return 0, err
			}
			foreign = foreign || !zeros || len(text) == len(head)
		}
		if foreign || n < 0 && err == nil {
			return 0, fmt.Errorf("%w: no record at offset %d", ErrNotDeadLetter, size)
		}
		if err != nil {
			return size, nil
		}
		if n > 0 {
			// If the last byte is there, all of them are.
			got, err := io.CopyN(io.Discard, b, n-1)
			if err == nil {
				var last byte
				if last, err = b.ReadByte(); err == nil && last != '\n' {
					if zeros, err := onlyZeros(b); last == 0 && zeros || err != nil {
						return size, err
					}
					return 0, fmt.Errorf("%w: no end of a record at offset %d", ErrNotDeadLetter, size+int64(len(head))+got)
				}
			}
			if err == io.EOF {
				return size, nil
			}
			if err != nil {
				return 0, err
			}
		}
		size += int64(len(head)) + n
	}
}

func onlyZeros(r io.Reader) (bool, error) {
	var buf [4096]byte
	for {
		n, err := r.Read(buf[:])
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return false, nil
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

// recordSize returns the number of bytes of the lines of a record, given its comment or
// the beginning of it. n is negative if head is too short to contain the number. foreign
// reports that no comment begins like this. The comment is read up to the size; so files of
// earlier versions with other words after it are read too.
func recordSize(head []byte) (n int64, foreign bool) {
	n = -1
	for _, part := range [...]struct{ word, chars string }{
		{"# ", digits + "-:.TZ"}, {" batch=", digits}, {" lines=", digits}, {" bytes=", digits}, {" lost=", digits},
	} {
		k := min(len(head), len(part.word))
		if string(head[:k]) != part.word[:k] {
			return -1, true
		}
		rest := bytes.TrimLeft(head[k:], part.chars)
		value := head[k : len(head)-len(rest)]
		if len(rest) == 0 {
			return -1, false // there may be more digits
		}
		if part.word == " bytes=" {
			var err error
			if n, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return -1, true
			}
		}
		head = rest
	}
	return n, false
}

const digits = "0123456789"

// Put appends l in one write. If the write fails, its part of the record is removed. If
// that fails too, Put tries it again at each call and returns its error.
func (d *DeadLetterFile) Put(l *LostLines) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fileFailed("put", d.path, d.put(l))
}

func (d *DeadLetterFile) put(l *LostLines) error {
	if d.f == nil {
		return os.ErrClosed
	}
	if err := d.mend(); err != nil {
		return err
	}
	st, err := d.f.Stat() // a tool that rotates the file may have truncated it
	if err != nil {
		return err
	}
	b := appendRecord(d.buf[:0], l)
	if d.buf = b[:0]; cap(b) > 8<<20 {
		d.buf = nil
	}
	if d.max > 0 && st.Size()+int64(len(b)) > d.max {
		return ErrDeadLetterFull
	}
	if n, err := d.f.Write(b); err != nil {
		if n > 0 {
			d.torn = st.Size()
			err = errors.Join(err, d.mend())
		}
		return err
	}
	return nil
}

// mend removes the part of a record that a failed write left.
func (d *DeadLetterFile) mend() error {
	if d.torn < 0 {
		return nil
	}
	st, err := d.f.Stat()
	if err != nil {
		return err
	}
	if st.Size() > d.torn {
		if err := d.f.Truncate(d.torn); err != nil {
			return err
		}
	}
	d.torn = -1
	return nil
}

// appendRecord appends the comment of l and its lines. The comment holds the size of the
// lines: since lines can look like a comment, only a number tells where they end.
func appendRecord(b []byte, l *LostLines) []byte {
	lines := l.Data
	missing := len(lines) > 0 && lines[len(lines)-1] != '\n'
	size := len(lines)
	if missing {
		size++
	}
	b = append(b, "# "...)
	b = l.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, " batch="...)
	b = strconv.AppendUint(b, l.Seq, 10)
	b = append(b, " lines="...)
	b = strconv.AppendInt(b, int64(max(l.Lines, 0)), 10)
	b = append(b, " bytes="...)
	b = strconv.AppendInt(b, int64(size), 10)
	b = append(b, " lost="...)
	b = strconv.AppendInt(b, int64(max(l.NotStored, 0)), 10)
	b = append(b, " loss="...)
	b = append(b, l.Reason.String()...)
	b = append(b, " status="...)
	b = strconv.AppendInt(b, int64(l.Status), 10)
	if l.To != (Destination{}) {
		b = strconv.AppendQuote(append(b, " to="...), strings.ToValidUTF8(l.To.String(), "\uFFFD"))
	}
	if l.Message != "" {
		b = append(b, " message="...)
		message := l.Message[:min(len(l.Message), deadLetterMessage)]
		b = strconv.AppendQuote(b, strings.ToValidUTF8(message, "\uFFFD"))
	}
	b = append(append(b, '\n'), lines...)
	if missing {
		b = append(b, '\n')
	}
	return b
}

// Cut returns how many bytes of an incomplete record were removed from the end of the file
// when it was last opened.
func (d *DeadLetterFile) Cut() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut
}

// Reopen opens the path again, after the file was renamed or removed to begin another
// one. Until then, and if the path cannot be opened, records go to the renamed file. If the
// path still names the open file, Reopen does nothing.
func (d *DeadLetterFile) Reopen() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fileFailed("reopen", d.path, d.reopen())
}

func (d *DeadLetterFile) reopen() error {
	if d.f == nil {
		return os.ErrClosed
	}
	now, err := d.f.Stat()
	if err != nil {
		return err
	}
	if st, err := os.Lstat(d.path); err == nil && os.SameFile(now, st) {
		return nil
	}
	f, cut, err := openDeadLetter(d.path)
	if err != nil {
		return err
	}
	err = errors.Join(d.mend(), errors.Join(d.f.Sync(), unlockFile(d.f), d.f.Close()))
	d.f, d.cut, d.torn = f, cut, -1
	return err
}

// Sync makes the records durable.
func (d *DeadLetterFile) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil {
		return fileFailed("sync", d.path, os.ErrClosed)
	}
	return fileFailed("sync", d.path, d.f.Sync())
}

// Close syncs and closes the file. It may be called again.
func (d *DeadLetterFile) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil {
		return nil
	}
	err := errors.Join(d.mend(), d.f.Sync(), unlockFile(d.f), d.f.Close())
	d.f = nil
	return fileFailed("close", d.path, err)
}
