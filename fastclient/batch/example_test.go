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

// exampleClient returns a client of a server that sends the replies in turn.
func exampleClient(replies ...influxtest.Reply) (*fastclient.Client, *influxtest.Server) {
	s, err := influxtest.Start(replies...)
	if err != nil {
		log.Fatal(err)
	}
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	return c, s
}

func ExampleNewWriter() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()

	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for i := range 3 {
		// From any goroutine; the lines go out in batches.
		if err := w.Append(ctx, fmt.Appendf(nil, "cpu,host=a load=%d %d", i, i)); err != nil {
			log.Print(err)
		}
	}
	if err := w.Close(ctx); err != nil {
		log.Print(err)
	}
	fmt.Print(string(s.Last().Body))
	// Output:
	// cpu,host=a load=0 0
	// cpu,host=a load=1 1
	// cpu,host=a load=2 2
}

func ExampleWriter_Encode() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{DefaultTags: []lp.Tag{{Key: "host", Value: "a"}}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = w.Encode(ctx, func(e *lp.Encoder) {
		e.Point("cpu")
		e.Float("load", 0.64)
		e.EndTimestamp(1)
		e.Point("memory")
		e.Int("free", 4096)
		e.EndTimestamp(1)
	})
	if err != nil {
		log.Print(err)
	}
	w.Close(ctx)
	fmt.Print(string(s.Last().Body))
	// Output:
	// cpu,host=a load=0.64 1
	// memory,host=a free=4096i 1
}

func ExampleWriter_Append() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	// The incomplete line is refused and the others are accepted.
	err = w.Append(ctx, []byte("a v=1 1\nb\nc v=3 1\n"))
	var ae *batch.AppendError
	if errors.As(err, &ae) {
		fmt.Println(ae.Accepted, "accepted,", ae.Refused, "refused:", ae.Err)
	}
	w.Close(ctx)
	// Output: 2 accepted, 1 refused: lp: point 1: not one complete line: lp: line 2, column 1: missing fields in "b"
}

func ExampleWriter_AppendPoints() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := w.AppendPoints(ctx, fastclient.Lines("a v=1 1"), fastclient.Lines("b v=2 1")); err != nil {
		log.Print(err)
	}
	w.Close(ctx)
	fmt.Print(string(s.Last().Body))
	// Output:
	// a v=1 1
	// b v=2 1
}

func ExampleWriter_Flush() {
	c, s := exampleClient(influxtest.Error(400, "partial write: field type conflict dropped=1"))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	w.Append(ctx, []byte("a v=1 1\nb v=2 1\n"))
	err = w.Flush(ctx)
	var lost *batch.BatchError
	var pending *batch.PendingError
	switch {
	case errors.As(err, &lost):
		fmt.Println(lost.Lines, "line refused, status", lost.Status)
	case errors.As(err, &pending):
		fmt.Println("the server is away; the lines are kept")
	}
	w.Close(ctx)
	// Output: 1 line refused, status 400
}

func ExampleWriter_Close() {
	c, s := exampleClient(influxtest.Status(503))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	w.Append(context.Background(), []byte("a v=1 1\n"))
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var unsent *batch.UnsentError
	if err := w.Close(ctx); errors.As(err, &unsent) {
		for _, b := range unsent.Batches {
			fmt.Printf("to be written later: %s", b.Data)
		}
	}
	// Output: to be written later: a v=1 1
}

func ExampleWriter_Stats() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	w.Append(context.Background(), []byte("a v=1 1\nb v=2 1\n"))
	fmt.Println("pending:", w.Stats().Pending.Lines)
	w.Close(context.Background())
	st := w.Stats()
	fmt.Println(st.Appended.Lines == st.Acked.Lines+st.Rejected.Lines+st.Dropped.Lines+st.Pending.Lines, st.Acked.Lines)
	// Output:
	// pending: 2
	// true 2
}

func ExampleLatency() {
	var latency batch.Latency // as in Stats.Latency
	latency[0] = 90           // below 1 ms
	latency[3] = 10           // from 4 ms to 8 ms
	fmt.Println(latency.Count(), latency.Quantile(0.5), latency.Quantile(0.99))
	// Output: 100 1ms 8ms
}

func ExampleStats_LogValue() {
	stats := batch.Stats{Appended: batch.Count{Lines: 10}, Acked: batch.Count{Lines: 9}, Pending: batch.Count{Lines: 1}}
	for _, a := range stats.LogValue().Group()[:6] {
		fmt.Print(a, " ")
	}
	// Output: appended=10 acked=9 rejected=0 uncertain=0 dropped=0 pending=1
}

func ExampleOpenDeadLetterFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dead, err := batch.OpenDeadLetterFile(filepath.Join(dir, "dead.lp"), 1<<30)
	if err != nil {
		log.Fatal(err)
	}
	c, s := exampleClient(influxtest.Error(400, "unable to parse"))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{DeadLetter: dead})
	if err != nil {
		log.Fatal(err)
	}
	w.Append(context.Background(), []byte("a v=1 1\n"))
	fmt.Println(w.Close(context.Background()))
	dead.Close()
	// Output: batch: batch 1: 1 line lost (line): status 400: unable to parse
}

func ExampleNewSyncWriter() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	b, err := batch.NewSyncWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for i := range 3 {
		if err := b.Append(ctx, fmt.Appendf(nil, "m v=%d %d", i, i)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("buffered:", b.Buffered().Lines)
	if err := b.Close(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored:", b.Stats().Acked.Lines)
	// Output:
	// buffered: 3
	// stored: 3
}

type Load struct {
	Time  int64   `lp:",timestamp"`
	Host  string  `lp:"host,tag"`
	Value float64 `lp:"value"`
}

func ExampleWriteStructs() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := batch.WriteStructs(ctx, w, nil, []Load{{1, "a", 0.5}, {2, "b", 0.25}}); err != nil {
		fmt.Println(err)
	}
	err = w.Close(ctx)
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// Load,host=a value=0.5 1
	// Load,host=b value=0.25 2
	// <nil>
}

func ExampleDeadLetterFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	dead, err := batch.OpenDeadLetterFile(dir+"/dead.lp", 1<<20)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dead.Close()
	// A Writer calls Put. A program may call it too.
	err = dead.Put(&batch.LostLines{Data: []byte("m v=1 1\n"), Lines: 1, NotStored: 1, Reason: batch.ReasonLine, Status: 400, Message: "no", Time: time.Unix(0, 0).UTC()})
	fmt.Println(err, dead.Sync())
	text, _ := os.ReadFile(dir + "/dead.lp")
	fmt.Println(strings.HasSuffix(string(text), "m v=1 1\n"))
	// Output:
	// <nil> <nil>
	// true
}
