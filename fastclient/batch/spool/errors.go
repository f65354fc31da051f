package spool

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/pointwire/pointwire/internal/printable"
)

// Errors of this package, for errors.Is. The errors of the operating system are within
// *[fs.PathError] with the name of the file.
var (
	// ErrLocked says that another Spool has the directory open, in this process or
	// another.
	ErrLocked = errors.New("spool: directory is open elsewhere")
	// ErrNoLock says that this operating system has no lock that ends with its process. See
	// Options.WithoutLock.
	ErrNoLock = errors.New("spool: no file locks on this system")
	// ErrNotSpool says that a directory holds other files and no spool, or that there is a
	// symbolic link or another irregular file where the spool has a file.
	ErrNotSpool = errors.New("spool: not the directory of a spool")
	// ErrVersion says that another version of this package wrote the directory, in a
	// format that this one does not know. Nothing in it was changed.
	ErrVersion = errors.New("spool: format of an unknown version")
	// ErrFull says that the batch does not fit within Options.MaxBytes.
	ErrFull = errors.New("spool: full")
	// ErrMinFree says that the file system would have less than Options.MinFreeBytes left.
	ErrMinFree = errors.New("spool: too little free space")
	// ErrTooLarge says that the batch is larger than 256 MiB or Options.MaxBytes.
	ErrTooLarge = errors.New("spool: batch too large")
	// ErrInvalidBatch says that a field of the Batch has an impossible value.
	ErrInvalidBatch = errors.New("spool: invalid batch")
	// ErrNotLeased says that no lease of that batch is out.
	ErrNotLeased = errors.New("spool: batch is not leased")
	// ErrDamaged says that a batch was set aside because its checksum is wrong. It is
	// counted in Stats.Damaged, and its file goes to quarantine.
	ErrDamaged = errors.New("spool: damaged batch")
	// ErrGone says that the directory was removed, and the batches in it with it. They are
	// counted in Stats.Gone.
	ErrGone = errors.New("spool: directory was removed")
	// ErrClosed says that the Spool is closed.
	ErrClosed = errors.New("spool: closed")
)

const errorPrefix = "spool: "

// errNumbers says that the batches or segments after a number in the directory could not be
// numbered. No spool writes that many; the number is forged or was damaged by chance.
var errNumbers = fmt.Errorf("%w: no numbers are left for batches", ErrFull)

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalidBatch, why) }

// A fileError is the error of an operation on a file. Its text follows the style of this
// package; the PathError is what errors.As finds.
type fileError struct{ path *fs.PathError }

func (e *fileError) Error() string {
	b := append(make([]byte, 0, 96), errorPrefix...)
	b = append(append(b, e.path.Op...), ' ')
	b = append(printable.Append(b, e.path.Path), ": "...)
	return string(append(b, printable.Error(e.path.Err, errorPrefix)...))
}

func (e *fileError) Unwrap() error { return e.path }

// fileFailed returns the error of an operation on a file, nil for nil. Errors of package
// os are replaced by their cause, because they would repeat the name.
func fileFailed(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var done *fileError
	if errors.As(err, &done) {
		return err
	}
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	return &fileError{&fs.PathError{Op: op, Path: path, Err: err}}
}

// A notSpool is ErrNotSpool with what the path is.
type notSpool struct{ what string }

func (e *notSpool) Error() string { return ErrNotSpool.Error() + ": it " + e.what }

func (e *notSpool) Unwrap() error { return ErrNotSpool }
