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
)

// A DeadLetter gets the lines that will not be stored, and those that may not be. Put is
// called by the goroutines that send, and under [DropOldest] by those that append,
// several at a time; they wait while it runs. An error is counted and reported as an
// event; the lines are then gone.
type DeadLetter interface {
	Put(l *LostLines) error
}

// LostLines are lines that will not be stored, or, if Reason is [ReasonUncertain], that
// may not be.
type LostLines struct {
	// Data holds the lines, each ended by a line feed, with timestamps in the precision
	// of the Writer. It is valid until Put returns.
	Data []byte
	// Lines is the number of lines.
	Lines int
	// NotStored is the number of lines that are certainly not stored: all of them,
	// except under [ReasonUncertain].
	NotStored int
	Reason    Reason    // why
	Status    int       // of the server's response, 0 without one
	Message   string    // of the server
	Seq       uint64    // of the batch
	Time      time.Time // now
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
// Servers skip comments. A record is in the file whole or not at all: what a full disk or
// a crash cut short is removed. It is safe for concurrent use.
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
		return nil, err
	}
	return &DeadLetterFile{path: path, f: f, max: maxBytes, torn: -1, cut: cut}, nil
}

// openDeadLetter opens the file at path for its owner and for this process alone. It
// removes a record at its end that is not whole, which had cut bytes.
func openDeadLetter(path string) (f *os.File, cut int64, err error) {
	// Systems without a flag against links have only this check.
	if st, err := os.Lstat(path); err == nil && !st.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: ErrNotDeadLetter}
	}
	f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND|openNoFollow, 0o600)
	if err != nil {
		return nil, 0, err
	}
	if cut, err = claimDeadLetter(f); err != nil {
		f.Close()
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: err}
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
	// Checked under the lock: the process that had the file open may have written until
	// then.
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
		// After a crash some file systems show zeros where data was to be written.
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
			// The last byte shows that all of them are there.
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
// the beginning of it. It is negative if head does not tell. foreign reports that no
// comment begins like this.
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

// Put appends l in one write. If that fails, what was written of it is removed; while
// that fails too, Put returns its error.
func (d *DeadLetterFile) Put(l *LostLines) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil {
		return os.ErrClosed
	}
	if err := d.mend(); err != nil {
		return err
	}
	st, err := d.f.Stat() // whoever rotates the file may have truncated it
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

// mend removes what a failed write left.
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

// Cut returns how many bytes of a record that was cut short were removed from the end of
// the file when it was last opened.
func (d *DeadLetterFile) Cut() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut
}

// Reopen opens the path again, after the file was renamed or removed to begin another
// one. Without it, records continue to go to the renamed file. If the path cannot be
// opened they still do. If the path still names the open file, Reopen does nothing.
func (d *DeadLetterFile) Reopen() error {
	d.mu.Lock()
	defer d.mu.Unlock()
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
	err = errors.Join(d.mend(), errors.Join(d.f.Sync(), d.f.Close()))
	d.f, d.cut, d.torn = f, cut, -1
	return err
}

// Sync makes the records durable.
func (d *DeadLetterFile) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil {
		return os.ErrClosed
	}
	return d.f.Sync()
}

// Close syncs and closes the file. It may be called again.
func (d *DeadLetterFile) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil {
		return nil
	}
	err := errors.Join(d.mend(), d.f.Sync(), d.f.Close())
	d.f = nil
	return err
}
