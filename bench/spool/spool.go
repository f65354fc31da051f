// Package spool measures package fastclient/batch/spool beside what the disk does without
// it. Batches are 5,000 trades, compressed as a Writer does. The directories are temporary
// ones: set TMPDIR to choose a disk.
//
// The case "put" stores a batch and acks it, "put-sync" makes it durable in between. The
// peer of both writes the same bytes to a file, which it truncates at the size of a
// segment. "recovery" opens a directory, 1 GB of it at size 1; its peer reads the same
// files and computes their checksum.
//
// The cases "writer" and "writer-structs" are the whole way through a batch.Writer to a
// server that discards, in processor time of this process: with Spill while the server is
// up, with WriteAhead, and without a spool. In "writer" each point is an append of its own,
// as in case "writer5000" of suite transport; WriteAhead writes each to disk before the next,
// which no goal can bound. In "writer-structs" a batch is one append.
package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

const (
	suite    = "spool"
	ownName  = "pointwire"
	bareName = "bare"
	// sizeUnit is the unit of Op.Extra.
	sizeUnit = "of the compressed bytes"

	batchPoints = 5000
	// segmentBytes is the size at which a spool begins another file.
	segmentBytes  = 16 << 20
	recoveryBytes = 1 << 30
	// leastRecoveryBytes is more than the caches of a processor, and several segments.
	leastRecoveryBytes = 50 << 20
)

var names = []string{"put", "put-sync", "recovery", singleCase, bulkCase}

// Suite is the suite "spool".
var Suite = measure.Suite{Name: suite, About: "compressed batches kept on disk", Names: names, Cases: cases}

// Goals are the goals of the design for this suite.
var Goals = []measure.Goal{
	{Suite: suite, Case: "put", Contender: ownName, Unit: sizeUnit, Most: 1.1},
	{Suite: suite, Case: "put-sync", Contender: ownName, Against: []string{bareName}, Factor: 0.8},
	{Suite: suite, Case: singleCase, Contender: spillName, Against: []string{withoutName}, Factor: 0.97}, // 1.03 times its cost
	{Suite: suite, Case: bulkCase, Contender: aheadName, Against: []string{withoutName}, Factor: 0.91},   // 1.1 times
}

var target = []byte("/write?db=metrics&rp=autogen")

// A sealed batch is a body as a Writer sends it.
type sealed struct {
	body  []byte
	bytes int // before compression
}

// batches returns compressed batches of trades that are all different.
func batches(size float64) (list []sealed) {
	set, _ := workload.FindLineSet("trade")
	z := compress.Gzip(1)
	for _, lines := range workload.LineBodies(set, measure.Scale(26, size, 2)*batchPoints, batchPoints, 1) {
		list = append(list, sealed{z.Append(nil, lines), len(lines)})
	}
	return list
}

// A Contender keeps batches on disk.
type Contender interface {
	// Keep stores a batch, makes it durable if it was made to, and forgets it.
	Keep(b *sealed) error
	// Stored returns the body of the batch that Keep stored last.
	Stored() ([]byte, error)
	Close() error
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	kept := sync.OnceValue(func() []sealed { return batches(size) })
	for _, name := range names {
		if !want(name) {
			continue
		}
		c, err := newCase(name, kept, size)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func newCase(name string, kept func() []sealed, size float64) (measure.Case, error) {
	dir, err := os.MkdirTemp("", "bench-spool")
	if err != nil {
		return measure.Case{}, err
	}
	var c measure.Case
	var end func()
	base := bareName
	switch name {
	case "recovery":
		c, end, err = recoveryCase(dir, kept(), size)
	case "put", "put-sync":
		c, end, err = putCase(dir, kept(), name == "put-sync")
	default:
		base = withoutName
		c, end, err = writerCase(name, dir, size)
	}
	c.Suite, c.Name, c.Base = suite, name, base
	c.Close = func() {
		end()
		os.RemoveAll(dir)
	}
	if err != nil {
		c.Close()
	}
	return c, err
}

// putCase compares by processor time if nothing waits for the disk.
func putCase(dir string, kept []sealed, sync bool) (c measure.Case, end func(), err error) {
	end = func() {}
	total := 0
	for _, b := range kept {
		total += len(b.body)
	}
	c = measure.Case{Unit: "point", Units: batchPoints, Bytes: total / len(kept), CPU: !sync, ExtraUnit: sizeUnit}
	own, err := newOwn(filepath.Join(dir, "spool"), sync)
	if err != nil {
		return c, end, err
	}
	end = func() { own.Close() }
	bare, err := newBare(filepath.Join(dir, "bare"), sync)
	if err != nil {
		return c, end, err
	}
	end = func() { own.Close(); bare.Close() }
	c.Ops = []measure.Op{op(ownName, "github.com/pointwire/pointwire", own, kept), op(bareName, "", bare, kept)}
	if !sync {
		c.Ops[0].Extra = func() (float64, error) { return share(filepath.Join(dir, "share"), kept) }
	}
	return c, end, nil
}

func op(name, module string, k Contender, kept []sealed) measure.Op {
	next := 0
	return measure.Op{
		Contender: name, Version: measure.Version(module),
		Check: func() error {
			for i := range kept {
				if err := k.Keep(&kept[i]); err != nil {
					return err
				}
				got, err := k.Stored()
				if err != nil {
					return err
				}
				if err := measure.Differ(got, kept[i].body); err != nil {
					return err
				}
			}
			return nil
		},
		Run: func() error {
			next++
			return k.Keep(&kept[next%len(kept)])
		},
	}
}

// own is a spool that the sender of the batches has leased.
type own struct {
	s    *spool.Spool
	sync bool
	b    spool.Batch
}

func newOwn(dir string, sync bool) (*own, error) {
	// A negative interval leaves all syncs to this package.
	s, err := spool.Open(dir, spool.Options{MaxBytes: 4 << 30, SyncInterval: -1})
	return &own{s: s, sync: sync}, err
}

func (o *own) Keep(b *sealed) error {
	o.b.Target, o.b.Body, o.b.Encoding, o.b.Lines, o.b.Bytes = target, b.body, spool.Gzip, batchPoints, b.bytes
	if err := o.s.PutLeased(&o.b); err != nil {
		return err
	}
	if o.sync {
		if err := o.s.Sync(context.Background()); err != nil {
			return err
		}
	}
	return o.s.Ack(o.b.Seq)
}

// Stored puts the last batch again and reads it from the disk.
func (o *own) Stored() ([]byte, error) {
	again, out := o.b, spool.Batch{}
	if err := o.s.Put(&again); err != nil {
		return nil, err
	}
	if ok, err := o.s.TryNext(&out, spool.Oldest); !ok {
		return nil, errors.Join(errors.New("no batch"), err)
	}
	return out.Body, o.s.Ack(out.Seq)
}

func (o *own) Close() error { return o.s.Close() }

// bare writes the same bytes to a file, which is all that a disk needs to do.
type bare struct {
	f    *os.File
	sync bool
	at   int64
	last int
}

func newBare(name string, sync bool) (*bare, error) {
	f, err := os.Create(name)
	return &bare{f: f, sync: sync}, err
}

func (w *bare) Keep(b *sealed) error {
	if w.at+int64(len(b.body)) > segmentBytes {
		w.at = 0
		if err := w.f.Truncate(0); err != nil {
			return err
		}
	}
	if _, err := w.f.WriteAt(b.body, w.at); err != nil {
		return err
	}
	w.last = len(b.body)
	w.at += int64(w.last)
	if w.sync {
		return w.f.Sync()
	}
	return nil
}

func (w *bare) Stored() ([]byte, error) {
	p := make([]byte, w.last)
	_, err := w.f.ReadAt(p, w.at-int64(w.last))
	return p, err
}

func (w *bare) Close() error { return w.f.Close() }

// share returns the size of a spool with all batches as a share of their bodies.
func share(dir string, kept []sealed) (float64, error) {
	s, bodies, err := filled(dir, kept, len(kept))
	if err != nil {
		return 0, err
	}
	if err := s.Close(); err != nil {
		return 0, err
	}
	used, err := directorySize(dir)
	if err != nil {
		return 0, err
	}
	return float64(used) / float64(bodies), os.RemoveAll(dir)
}

// filled returns an open spool with n batches, and the size of their bodies.
func filled(dir string, kept []sealed, n int) (s *spool.Spool, bodies int64, err error) {
	s, err = spool.Open(dir, spool.Options{MaxBytes: 4 << 30, SyncInterval: -1})
	for i := 0; i < n && err == nil; i++ {
		b := &kept[i%len(kept)]
		bodies += int64(len(b.body))
		err = s.Put(&spool.Batch{Target: target, Body: b.body, Encoding: spool.Gzip, Lines: batchPoints, Bytes: b.bytes})
	}
	if err != nil {
		return nil, 0, fmt.Errorf("filling a spool: %w", err)
	}
	return s, bodies, nil
}

func directorySize(dir string) (size int64, err error) {
	names, err := os.ReadDir(dir)
	for _, name := range names {
		st, err := name.Info()
		if err != nil {
			return 0, err
		}
		size += st.Size()
	}
	return size, err
}
