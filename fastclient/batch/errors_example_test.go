package batch_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// Five lines, each a batch, are appended with memory for four, while the server does not
// respond.
func ExampleOverflowPolicy() {
	for _, c := range []struct {
		name   string
		policy batch.OverflowPolicy
	}{
		{"block", batch.Block},
		{"drop newest", batch.DropNewest},
		{"drop oldest", batch.DropOldest},
	} {
		client, s := exampleClient(influxtest.Silent())
		w, err := batch.NewWriter(client, batch.Options{
			BatchBytes: 1 << 10, MaxMemory: 4 << 10, MaxInFlight: 1, Overflow: c.policy,
		})
		if err != nil {
			log.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		line := []byte(`m v="` + strings.Repeat("x", 600) + `" 1`)
		for range 5 {
			// Under Block the last one waits until ctx ends.
			if err = w.Append(ctx, line); err != nil {
				break
			}
		}
		fmt.Println(c.name+":", errors.Is(err, batch.ErrOverflow), errors.Is(err, context.DeadlineExceeded))
		st := w.Stats()
		fmt.Println("  appended", st.Appended.Lines, "dropped", st.ByReason[batch.ReasonOverflow].Lines, "refused", st.RefusedOverflow+st.RefusedOther)
		w.Close(ctx)
		cancel()
		client.Close()
		s.Close()
	}
	// Output:
	// block: false true
	//   appended 4 dropped 0 refused 1
	// drop newest: true false
	//   appended 4 dropped 0 refused 1
	// drop oldest: false false
	//   appended 5 dropped 1 refused 0
}

// A Flush that could not send everything keeps the rest for the next one.
func ExamplePendingError() {
	c, s := exampleClient(influxtest.Error(503, "timeout"), influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewSyncWriter(c, batch.Options{RetryFor: 1}) // one attempt
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := w.Append(ctx, []byte("a v=1 1\nb v=2 1\n")); err != nil {
		log.Fatal(err)
	}
	err = w.Flush(ctx)
	var pending *batch.PendingError
	if errors.As(err, &pending) {
		fmt.Println(pending.Batches, "batch of", pending.Lines, "lines is pending")
	}
	fmt.Println(errors.Is(err, fastclient.ErrUnavailable))
	fmt.Println(w.Close(ctx), w.Stats().Acked.Lines)
	err = w.Append(ctx, []byte("c v=3 1\n"))
	fmt.Println(errors.Is(err, batch.ErrWriterClosed), err)
	// Output:
	// 1 batch of 2 lines is pending
	// true
	// <nil> 2
	// true batch: append: 1 line refused, 0 accepted: writer is closed
}

// Why accepted lines are not stored, in the words of events and dead letter files:
// rejected by the server, uncertain because of its response, or dropped by the Writer.
func ExampleReason() {
	for _, reason := range []batch.Reason{
		batch.ReasonLine, batch.ReasonRetention, batch.ReasonRequest, batch.ReasonTooLarge,
		batch.ReasonUncertain, batch.ReasonOverflow, batch.ReasonAge, batch.ReasonUnsent,
	} {
		switch {
		case reason.Rejected():
			fmt.Println("rejected:", reason)
		case reason == batch.ReasonUncertain:
			fmt.Println("neither:", reason)
		default:
			fmt.Println("dropped:", reason)
		}
	}
	// Output:
	// rejected: line
	// rejected: retention
	// rejected: request
	// rejected: too_large
	// neither: uncertain
	// dropped: overflow
	// dropped: age
	// dropped: unsent
}

// A dead letter that sorts lines by what can be done about them.
func ExampleDeadLetter() {
	c, s := exampleClient(influxtest.Error(400, "unable to parse 'a': bad timestamp"))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewSyncWriter(c, batch.Options{DeadLetter: sorter{}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := w.Append(ctx, []byte("a v=1 1\n")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Close(ctx))
	// Output:
	// to be looked at: unable to parse 'a': bad timestamp: a v=1 1
	// batch: batch 1: 1 line lost (line): status 400: unable to parse 'a': bad timestamp
}

type sorter struct{}

func (sorter) Put(l *batch.LostLines) error {
	if l.Reason.Rejected() {
		fmt.Printf("to be looked at: %s: %s", l.Message, l.Data)
	} else {
		fmt.Printf("to be written later: %s", l.Data)
	}
	return nil
}

// A file that has reached its maximum size keeps its records. The Writer counts the
// failure.
func ExampleDeadLetterFile_full() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dead, err := batch.OpenDeadLetterFile(filepath.Join(dir, "dead.lp"), 10)
	if err != nil {
		log.Fatal(err)
	}
	defer dead.Close()
	c, s := exampleClient(influxtest.Error(400, "unable to parse 'a': bad timestamp"))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewSyncWriter(c, batch.Options{
		DeadLetter: dead,
		OnEvent: func(e batch.Event) {
			fmt.Println(e.Kind, errors.Is(e.Err, batch.ErrDeadLetterFull))
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := w.Append(ctx, []byte("a v=1 1\n")); err != nil {
		log.Fatal(err)
	}
	w.Close(ctx)
	fmt.Println(w.Stats().DeadLetterErrors)
	// Output:
	// dead_letter true
	// rejected false
	// 1
}

// The event of each kind of response, and how serious it is.
func ExampleEventKind() {
	level := func(k batch.EventKind) string {
		switch k {
		case batch.EventRejected, batch.EventUncertain, batch.EventDropped, batch.EventDeadLetter:
			return "error" // lines are lost, or may be
		case batch.EventDown, batch.EventMissing:
			return "warn" // somebody should look at the server
		case batch.EventRetry, batch.EventUp, batch.EventSplit, batch.EventUncompressed:
			return "info" // needs no action
		}
		return "debug"
	}
	text := strings.Repeat("x", 100)
	lines := []byte(`a text="` + text + `" 1` + "\n" + `b text="` + text + `" 1`)
	for _, reply := range []influxtest.Reply{
		influxtest.Error(503, "timeout"),
		influxtest.Error(404, "database not found"),
		influxtest.Error(413, "too large"),
		influxtest.Error(415, "unknown encoding"),
		influxtest.Error(400, "partial write: field type conflict dropped=1"),
		influxtest.Error(400, "unable to parse 'a': bad timestamp"),
	} {
		s, err := influxtest.Start(reply, influxtest.Status(204))
		if err != nil {
			log.Fatal(err)
		}
		c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb", Compression: fastclient.Compression{Always: true, MinBytes: 1}})
		if err != nil {
			log.Fatal(err)
		}
		w, err := batch.NewSyncWriter(c, batch.Options{
			RetryFor:  1, // Flush makes one attempt, Close another one
			Isolate:   batch.IsolateNone,
			OnEvent:   func(e batch.Event) { fmt.Print(level(e.Kind), " ", e.Kind, " ", e.Lines, "; ") },
			OnMissing: func(context.Context) error { return errors.New("not allowed") },
		})
		if err != nil {
			log.Fatal(err)
		}
		ctx := context.Background()
		if err := w.Append(ctx, lines); err != nil {
			log.Fatal(err)
		}
		w.Flush(ctx)
		w.Close(ctx)
		fmt.Println(w.Stats().Acked.Lines, "stored")
		c.Close()
		s.Close()
	}
	// Output:
	// warn down 2; info up 0; 2 stored
	// warn missing 0; warn down 2; info up 0; 2 stored
	// info split 0; 2 stored
	// info uncompressed 0; 2 stored
	// error uncertain 2; 0 stored
	// error rejected 2; 0 stored
}

// A function that takes a LineWriter works with a Writer and with a SyncWriter.
func ExampleLineWriter() {
	fill := func(ctx context.Context, w batch.LineWriter) error {
		return errors.Join(
			w.Append(ctx, []byte("a v=1 1\n")),
			w.AppendPoints(ctx, fastclient.Lines("b v=2 1")),
			w.Encode(ctx, func(e *lp.Encoder) {
				e.Point("c")
				e.Float("v", 3)
				e.EndTimestamp(1)
			}),
			w.Flush(ctx),
			w.Close(ctx),
		)
	}
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	b, err := batch.NewSyncWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, lines := range []batch.LineWriter{w, b} {
		err := fill(context.Background(), lines)
		fmt.Printf("%T %d %v\n", lines, lines.Stats().Acked.Lines, err)
	}
	// Output:
	// *batch.Writer 3 <nil>
	// *batch.SyncWriter 3 <nil>
}

// Lines in several forms, sent at Flush on the goroutine of the caller.
func ExampleSyncWriter() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	b, err := batch.NewSyncWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	var p lp.Point
	p.SetMeasurement("cpu")
	p.SetFloat("load", 0.64)
	p.SetTimestamp(1)
	if err := b.AppendPoints(ctx, &p, fastclient.Lines("memory free=4096i 1")); err != nil {
		log.Fatal(err)
	}
	err = b.Encode(ctx, func(e *lp.Encoder) {
		e.Point("disk")
		e.Int("free", 512)
		e.EndTimestamp(1)
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Flush(ctx), b.Stats().Requests)
	fmt.Printf("%s%v\n", s.Last().Body, b.Close(ctx))
	// Output:
	// <nil> 1
	// cpu load=0.64 1
	// memory free=4096i 1
	// disk free=512i 1
	// <nil>
}

// A program rotates its dead letter file. Opening refuses a locked file, and one that holds
// something else.
func ExampleDeadLetterFile_Reopen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "dead.lp")
	dead, err := batch.OpenDeadLetterFile(path, 0)
	if err != nil {
		log.Fatal(err)
	}
	_, err = batch.OpenDeadLetterFile(path, 0)
	fmt.Println(err == nil || errors.Is(err, batch.ErrDeadLetterLocked)) // nil where there are no locks
	lost := &batch.LostLines{Data: []byte("m v=1 1\n"), Lines: 1, NotStored: 1}
	dead.Put(lost)
	if err := os.Rename(path, path+".1"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(dead.Reopen(), dead.Put(lost), dead.Close())
	os.WriteFile(path+".2", []byte("m v=1 1\n"), 0o600)
	_, err = batch.OpenDeadLetterFile(path+".2", 0)
	fmt.Println(errors.Is(err, batch.ErrNotDeadLetter))
	// Output:
	// true
	// <nil> <nil> <nil>
	// true
}

// A crash left half a record. Opening the file removes it.
func ExampleDeadLetterFile_Cut() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "dead.lp")
	os.WriteFile(path, []byte("# 2026-01-02T03:04:05Z batch=1 lines=1 bytes=20 lost=1 loss=line status=400\nm v=\"a"), 0o600)
	dead, err := batch.OpenDeadLetterFile(path, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dead.Cut(), "bytes were removed")
	dead.Close()
	// Output:
	// 82 bytes were removed
}

// With timestamps in hours, a series has no time left for its third line within an hour.
func ExampleErrNoTimeLeft() {
	c, s := exampleClient(influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c.WithPrecision(fastclient.Hour), batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = w.Append(ctx, []byte("m v=1\nm v=2\nm v=3\n"))
	fmt.Println(errors.Is(err, batch.ErrNoTimeLeft), w.Close(ctx))
	// Output: true <nil>
}
