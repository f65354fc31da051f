package itest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// This file is the process that TestSpoolKill kills: the test binary, started with
// childVariable set. It writes points with unique ids until its standard input ends, then
// closes its Writer. On standard output it reports, in one system call each:
//
//	open                  NewWriter is called
//	ready TORN BAD        it has returned; bytes that recovery cut off, frames it missed
//	append FROM TO        these ids are about to be appended
//	promised FROM TO      they survive a crash of the process, or are stored
//	closing, closed       Close is called, has returned
//	error TEXT            something that must not happen
//
// What it has reported is in the pipe and outlives it.

const (
	childVariable   = "POINTWIRE_TEST_SPOOL_WRITER"
	childBatchLines = 1000
	childEpoch      = 1_500_000_000_000_000_000 // timestamp of id 0
)

// A spoolChild says what a child does. It is the value of childVariable.
type spoolChild struct {
	URL, Database, Dir string
	Name               string // of the series
	Overflow           batch.OverflowPolicy
	SyncBatches        bool
	Order              batch.ReplayOrder
	MaxBytes           int64
	First              int64 // the first id
	Seed               uint64
}

func TestMain(m *testing.M) {
	text := os.Getenv(childVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var c spoolChild
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		say("error %v", err)
		os.Exit(1)
	}
	c.run()
	os.Exit(0)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

// open makes the client and the Writer.
func (c *spoolChild) open() (*fastclient.Client, *batch.Writer, error) {
	client, err := fastclient.New(fastclient.Options{Addr: c.URL, Database: c.Database})
	if err != nil {
		return nil, nil, err
	}
	w, err := batch.NewWriter(client, batch.Options{
		BatchLines: childBatchLines, BatchBytes: 128 << 10, MaxMemory: 4 << 20, MaxDelay: 100 * time.Millisecond,
		RequestTimeout: 5 * time.Second, Overflow: c.Overflow,
		Spool: batch.SpoolOptions{Dir: c.Dir, Options: spool.Options{MaxBytes: c.MaxBytes}, SyncBatches: c.SyncBatches, Order: c.Order},
	})
	return client, w, err
}

func (c *spoolChild) run() {
	say("open")
	_, w, err := c.open()
	if err != nil {
		say("error %v", err)
		return
	}
	r := w.Stats().SpoolRecovery
	say("ready %d %d", r.TornBytes, r.QuarantinedFiles+r.MissingFiles+int(r.Missing.Batches+r.Quarantined.Batches))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var next atomic.Int64
	next.Store(c.First)
	var load sync.WaitGroup
	var writers []*childWriter
	for i := range 4 {
		cw := &childWriter{w: w, next: &next, rng: rand.New(rand.NewPCG(c.Seed, uint64(i))), ahead: c.Overflow == batch.WriteAhead}
		cw.head = "killed,name=" + c.Name + ",worker=" + strconv.Itoa(i) + " v="
		writers = append(writers, cw)
		load.Go(func() { cw.run(ctx) })
	}
	io.Copy(io.Discard, os.Stdin)
	if rand.New(rand.NewPCG(c.Seed, 9)).IntN(2) == 0 { // otherwise they meet a Writer that is closed
		cancel()
		load.Wait()
	}
	say("closing")
	err = w.Close(context.Background())
	load.Wait()
	for _, cw := range writers {
		if cw.check(err) {
			cw.promise()
		}
	}
	say("closed")
}

// A childWriter is a goroutine that appends.
type childWriter struct {
	w     *batch.Writer
	next  *atomic.Int64 // the next id of all goroutines
	rng   *rand.Rand
	head  string // of every line
	ahead bool
	lines []byte
	open  [][2]int64 // ranges of ids that are accepted, and promised by the next Sync or Flush
}

func (c *childWriter) run(ctx context.Context) {
	for ctx.Err() == nil {
		n := int64([]int{1, 1, 1, 1, 1, 50, 50, 50, 50, childBatchLines}[c.rng.IntN(10)])
		from := c.next.Add(n) - n
		c.lines = c.lines[:0]
		for id := from; id < from+n; id++ {
			c.lines = strconv.AppendInt(append(c.lines, c.head...), childValue(id), 10)
			c.lines = append(strconv.AppendInt(append(c.lines, 'i', ' '), childEpoch+id, 10), '\n')
		}
		say("append %d %d", from, from+n)
		err := c.w.Append(ctx, c.lines)
		if errors.Is(err, batch.ErrWriterClosed) {
			return
		}
		if c.check(err) && err == nil {
			if c.open = append(c.open, [2]int64{from, from + n}); c.ahead {
				c.promise()
			} else if c.rng.IntN(8) == 0 {
				c.confirm(ctx)
			}
		}
		time.Sleep(time.Duration(c.rng.IntN(10_000)) * time.Microsecond)
	}
}

// confirm calls Sync or Flush, which promise what was appended before.
func (c *childWriter) confirm(ctx context.Context) {
	var err error
	if c.rng.IntN(3) == 0 {
		err = c.w.Flush(ctx)
	} else {
		err = c.w.Sync(ctx)
	}
	if c.check(err) {
		c.promise()
	}
}

func (c *childWriter) promise() {
	for _, ids := range c.open {
		say("promised %d %d", ids[0], ids[1])
	}
	c.open = c.open[:0]
}

// check reports whether err says that all lines are on disk or stored. An error that cannot
// come from a context that ended, a Writer that was closed or a full spool is reported.
func (c *childWriter) check(err error) bool {
	switch err := err.(type) {
	case nil, *batch.SpooledError:
		return true
	case *batch.PendingError:
		return false
	case interface{ Unwrap() []error }:
		safe := true
		for _, e := range err.Unwrap() {
			safe = c.check(e) && safe
		}
		return safe
	}
	for _, expected := range []error{context.Canceled, batch.ErrWriterClosed, batch.ErrNotLogged, spool.ErrFull} {
		if errors.Is(err, expected) {
			return false
		}
	}
	say("error %v", err)
	return false
}

// childValue is the value of the point id: 62 bits that tell it from others.
func childValue(id int64) int64 {
	hi, lo := bits.Mul64(uint64(id)+0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return int64((hi ^ lo) >> 2)
}
