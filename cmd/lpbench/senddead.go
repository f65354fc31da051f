package main

import (
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// A deadFile keeps the lines of send that are not stored, and counts them. Without a file it
// keeps nothing.
type deadFile struct {
	file *batch.DeadLetterFile

	mu     sync.Mutex
	target string // that the input chose, if it did
	kept   lost
	err    error // of the first Put that failed
}

// lost counts lines that are not stored, or may not be.
type lost struct{ invalid, rejected, uncertain, dropped, unsent uint64 }

func (l *lost) sum() uint64 { return l.invalid + l.rejected + l.uncertain + l.dropped + l.unsent }

// minus returns l without k. Nothing is kept that is not lost.
func (l lost) minus(k lost) lost {
	return lost{l.invalid - k.invalid, l.rejected - k.rejected, l.uncertain - k.uncertain, l.dropped - k.dropped, l.unsent - k.unsent}
}

func openDeadLines(path string) (*deadFile, error) {
	d := new(deadFile)
	if path == "" {
		return d, nil
	}
	var err error
	d.file, err = batch.OpenDeadLetterFile(path, 0)
	return d, err
}

func (d *deadFile) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

func (d *deadFile) setTarget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.target = name
}

// letter returns the DeadLetter of a Writer: nil without a file.
func (d *deadFile) letter() batch.DeadLetter {
	if d.file == nil {
		return nil
	}
	return d
}

// Put implements [batch.DeadLetter].
func (d *deadFile) Put(l *batch.LostLines) error {
	n := uint64(l.Lines)
	switch {
	case len(l.Data) == 0:
		return nil // lost with the disk
	case l.Reason.Rejected():
		return d.put(l, lost{rejected: n})
	case l.Reason == batch.ReasonUncertain:
		return d.put(l, lost{uncertain: n})
	case l.Reason == batch.ReasonUnsent:
		return d.put(l, lost{unsent: n})
	}
	return d.put(l, lost{dropped: n})
}

// invalid keeps a line that was refused before it was sent.
func (d *deadFile) invalid(line []byte, why string) {
	d.put(&batch.LostLines{Data: line, Lines: 1, NotStored: 1, Reason: batch.ReasonLine, Message: why, Time: time.Now()}, lost{invalid: 1})
}

// unsent keeps lines that no server got.
func (d *deadFile) unsent(lines []byte, n int, seq uint64) {
	d.put(&batch.LostLines{Data: lines, Lines: n, NotStored: n, Reason: batch.ReasonUnsent, Seq: seq, Time: time.Now()}, lost{unsent: uint64(n)})
}

func (d *deadFile) put(l *batch.LostLines, n lost) error {
	if d.file == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	one := *l
	if d.target != "" {
		one.Message = d.target
		if l.Message != "" {
			one.Message += ": " + l.Message
		}
	}
	if err := d.file.Put(&one); err != nil {
		if d.err == nil {
			d.err = err
		}
		return err
	}
	k := &d.kept
	k.invalid += n.invalid
	k.rejected += n.rejected
	k.uncertain += n.uncertain
	k.dropped += n.dropped
	k.unsent += n.unsent
	return nil
}

// counts returns what was kept, and the first error.
func (d *deadFile) counts() (lost, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept, d.err
}
