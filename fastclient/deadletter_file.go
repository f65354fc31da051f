package fastclient

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrDeadLetterFull says that a [DeadLetterFile] has reached its size.
var ErrDeadLetterFull = errors.New("fastclient: dead letter file is full")

// A DeadLetterFile is a [DeadLetter] that appends to a file. The file is line
// protocol: before the lines stands a comment that says why they are there, and
// servers skip comments. It is safe for concurrent use.
type DeadLetterFile struct {
	mu   sync.Mutex
	f    *os.File
	size int64
	max  int64
	buf  []byte
}

// OpenDeadLetterFile opens the file at path, or creates it for its owner alone.
// When the file would grow beyond maxBytes, Put keeps what is there and returns
// [ErrDeadLetterFull]; 0 means no bound.
func OpenDeadLetterFile(path string, maxBytes int64) (*DeadLetterFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	d := &DeadLetterFile{f: f, size: st.Size(), max: maxBytes}
	// A file that ends within a line, after a crash, gets its line end, so that
	// what is appended stands by itself.
	if d.size > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], d.size-1); err != nil {
			f.Close()
			return nil, err
		}
		if last[0] != '\n' {
			d.buf = append(d.buf, '\n')
		}
	}
	return d, nil
}

// Put appends l in one write.
func (d *DeadLetterFile) Put(l *LostLines) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil {
		return os.ErrClosed
	}
	start := len(d.buf) // the missing line end, at most once
	b := appendComment(d.buf, l)
	b = append(b, l.Lines...)
	if d.max > 0 && d.size+int64(len(b)) > d.max {
		return ErrDeadLetterFull
	}
	n, err := d.f.Write(b)
	d.size += int64(n)
	if d.buf = b[:0]; err != nil && start > 0 && n == 0 {
		d.buf = b[:start]
	}
	if n > 0 && n < len(b) {
		d.buf = append(d.buf[:0], '\n')
	}
	if cap(d.buf) > 8<<20 {
		d.buf = append([]byte(nil), d.buf...)
	}
	return err
}

func appendComment(b []byte, l *LostLines) []byte {
	b = append(b, "# "...)
	b = l.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, " batch="...)
	b = strconv.AppendUint(b, l.Seq, 10)
	b = append(b, " lines="...)
	b = strconv.AppendInt(b, int64(l.Count), 10)
	b = append(b, " lost="...)
	b = strconv.AppendInt(b, int64(l.Lost), 10)
	b = append(b, " loss="...)
	b = append(b, l.Loss.String()...)
	b = append(b, " status="...)
	b = strconv.AppendInt(b, int64(l.Status), 10)
	if l.Message != "" {
		b = append(b, " message="...)
		b = strconv.AppendQuote(b, strings.ToValidUTF8(l.Message, "\uFFFD"))
	}
	return append(b, '\n')
}

// Sync makes what was put durable.
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
	err := errors.Join(d.f.Sync(), d.f.Close())
	d.f = nil
	return err
}
