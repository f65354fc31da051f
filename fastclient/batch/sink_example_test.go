package batch_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// A queue is a Sink that keeps batches in memory. A real one keeps them where a crash does
// not reach.
type queue struct {
	batches []batch.Sealed
	seen    map[[16]byte]bool
}

func (q *queue) Put(_ context.Context, b *batch.Sealed) error {
	if len(b.Body) > 1<<20 {
		return batch.ErrTooLarge
	}
	if q.seen[b.ID] {
		return nil // it was given again because the Writer did not learn that it arrived
	}
	q.seen[b.ID] = true
	kept := *b
	kept.Body = append([]byte(nil), b.Body...) // b is valid until Put returns
	q.batches = append(q.batches, kept)
	return nil
}

// One program collects lines into a queue, and another one, perhaps much later, sends what
// is in it.
func ExampleSink() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	ctx := context.Background()

	q := &queue{seen: map[[16]byte]bool{}}
	w, err := batch.NewWriter(c, batch.Options{Sink: q, MaxInFlight: 1})
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Append(ctx, []byte("cpu,host=a load=1 1\ncpu,host=a load=2 2\n")); err != nil {
		log.Print(err)
	}
	fmt.Println(w.Close(ctx), w.Stats().Acked.Lines, "lines in", len(q.batches), "batch,", len(s.Requests()), "requests")

	for i := range q.batches {
		out, err := batch.Send(ctx, c, &q.batches[i])
		fmt.Println(out.Acked.Lines, "lines stored,", len(s.Requests()), "request,", err)
	}
	// Output:
	// <nil> 2 lines in 1 batch, 0 requests
	// 2 lines stored, 1 request, <nil>
}

// InfluxDB refuses one line of three. The outcome says which one, and why.
func ExampleSend() {
	c, s := exampleClient(influxtest.Error(400, `partial write: unable to parse 'cpu,host=a load=2u 2': invalid number dropped=0`))
	defer s.Close()
	defer c.Close()
	lines := "cpu,host=a load=1 1\ncpu,host=a load=2u 2\ncpu,host=a load=3 3\n"
	out, err := batch.Send(context.Background(), c, &batch.Sealed{
		Database: "mydb", Precision: fastclient.Second, Lines: 3, Bytes: len(lines), Body: []byte(lines),
	})
	fmt.Println(out.Acked.Lines, "stored,", out.Rejected.Lines, "rejected,", err)
	for _, l := range out.Lost {
		fmt.Printf("line %d: %s: %s\n", l.Line, l.Reason, l.Message)
	}
	// Output:
	// 2 stored, 1 rejected, <nil>
	// line 2: line: unable to parse 'cpu,host=a load=2u 2': invalid number
}

// What is no sealed batch is told from a server that refuses one.
func ExampleOutcome() {
	c, s := exampleClient(influxtest.Error(400, "gzip: invalid header"))
	defer s.Close()
	defer c.Close()
	var out batch.Outcome
	out, err := batch.Send(context.Background(), c, &batch.Sealed{Lines: 2, Bytes: 40, Encoding: "gzip", Body: []byte("no gzip")})
	fmt.Println(errors.Is(err, batch.ErrNotSealed), out.Rejected.Lines, "lines are rejected,", len(out.Lost), "are known")
	fmt.Println(err)
	// Output:
	// true 2 lines are rejected, 0 are known
	// batch: not a sealed batch: the body cannot be decompressed
}

// A picky Sink refuses the second line of every batch.
type picky struct{}

func (picky) Put(_ context.Context, b *batch.Sealed) error {
	if b.Lines < 2 {
		return nil
	}
	return &batch.RefusedError{Lines: []batch.RefusedLine{{Line: 2, Message: "no even lines"}}}
}

func ExampleRefusedError() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{Sink: picky{}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	w.Append(ctx, []byte("a v=1 1\nb v=2 1\nc v=3 1\n"))
	fmt.Println(w.Close(ctx))
	fmt.Println(w.Stats().Acked.Lines, "acked")
	refused := batch.RefusedLine{Line: 2, Message: "no even lines"}
	fmt.Println(&batch.RefusedError{Lines: []batch.RefusedLine{refused}})
	// Output:
	// batch: batch 1: 1 line lost (line): status 400: no even lines
	// 2 acked
	// batch: sink: 1 line refused: line 2: no even lines
}

func ExampleSinkFunc() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	sink := batch.SinkFunc(func(_ context.Context, b *batch.Sealed) error {
		fmt.Printf("%d line: %s", b.Lines, b.Body)
		return nil
	})
	w, err := batch.NewWriter(c, batch.Options{Sink: sink})
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Append(ctx, []byte("cpu,host=a load=1 1\n")); err != nil {
		log.Print(err)
	}
	fmt.Println(w.Close(ctx))
	fmt.Println(sink.Put(ctx, &batch.Sealed{Lines: 1, Body: []byte("cpu,host=b load=2 2\n")}))
	// Output:
	// 1 line: cpu,host=a load=1 1
	// <nil>
	// 1 line: cpu,host=b load=2 2
	// <nil>
}
