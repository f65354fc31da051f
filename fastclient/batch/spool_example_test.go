package batch_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// spoolDir returns a path for a spool, and a function that removes it.
func spoolDir() (dir string, remove func()) {
	parent, err := os.MkdirTemp("", "writer")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(parent, "spool"), func() { os.RemoveAll(parent) }
}

// With a spool, lines that the server does not take outlive the Writer, and the next one
// sends them.
func ExampleSpoolOptions() {
	dir, remove := spoolDir()
	defer remove()
	c, s := exampleClient(influxtest.Status(503), influxtest.Status(503), influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	o := batch.Options{
		Overflow: batch.Spill,
		Spool:    batch.SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 1 << 30}},
	}
	ctx := context.Background()
	w, err := batch.NewWriter(c, o)
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Append(ctx, []byte("cpu,host=a load=1 1\ncpu,host=a load=2 2\n")); err != nil {
		log.Fatal(err)
	}
	var spooled *batch.SpooledError
	if err := w.Close(ctx); errors.As(err, &spooled) {
		fmt.Println(spooled.Lines, "lines are on disk")
	}

	w, err = batch.NewWriter(c, o) // in the next process, for example
	if err != nil {
		log.Fatal(err)
	}
	for w.Stats().Spooled.Lines > 0 || w.Stats().Pending.Lines > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(w.Stats().Recovered.Lines, "recovered,", w.Stats().Acked.Lines, "stored,", w.Close(ctx))
	// Output:
	// 2 lines are on disk
	// 2 recovered, 2 stored, <nil>
}

// Sync is a barrier: what was appended before it survives a crash of the machine.
func ExampleWriter_Sync() {
	dir, remove := spoolDir()
	defer remove()
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{
		Overflow: batch.WriteAhead,
		Spool: batch.SpoolOptions{
			Dir: dir, Options: spool.Options{MaxBytes: 1 << 30},
			Order: batch.ReplayOrder(batch.OldestFirst), // new lines wait for those on disk
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := w.Append(ctx, []byte("cpu,host=a load=1 1\n")); errors.Is(err, batch.ErrNotLogged) {
		log.Print("a crash of this process would lose the line: ", err)
	}
	fmt.Println(w.Sync(ctx), w.Stats().Spool.Put.Lines)
	fmt.Println(w.Close(ctx))
	// Output:
	// <nil> 1
	// <nil>
}

func ExampleSpooledError() {
	err := &batch.SpooledError{
		Count: batch.Count{Lines: 5000}, Dir: "/var/lib/collector/spool",
		LastErrors: []batch.ServerFailure{{Addr: "influx:8086", Err: errors.New("no route to host")}},
	}
	fmt.Println(err.Error())
	fmt.Println(err.Unwrap())
	// Output:
	// batch: 5000 lines are on disk, not stored yet: /var/lib/collector/spool; last failure of influx:8086: no route to host
	// [no route to host]
}

// One of two servers is down. The other one has every line at once, and the lines for the
// one that is down wait on disk.
func ExampleReplicaWriter() {
	dir, remove := spoolDir()
	defer remove()
	c, good := exampleClient()
	defer c.Close()
	defer good.Close()
	both, err := fastclient.New(fastclient.Options{
		Addr: good.URL, Addrs: []string{"http://127.0.0.1:1"}, Database: "mydb", // no server is at port 1
	})
	if err != nil {
		log.Fatal(err)
	}
	defer both.Close()
	w, err := batch.NewReplicaWriter(both, batch.Options{
		Overflow: batch.Spill,
		Spool:    batch.SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 1 << 30, WhenFull: spool.DropOldest}},
	}, batch.Need(batch.NeedOne))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	fmt.Println(w.Append(ctx, []byte("cpu,host=a load=1 1\n")))
	fmt.Println(w.Encode(ctx, func(e *lp.Encoder) {
		e.Point("mem")
		e.Float("free", 0.5)
		e.EndTimestamp(1)
	}))
	fmt.Println(w.AppendPoints(ctx, fastclient.Lines("disk free=0.5 1")))
	fmt.Println(w.Flush(ctx), w.Stats().Acked.Lines)
	if err := w.Sync(ctx); err != nil {
		log.Print(err)
	}
	w.Close(ctx) // says what is on disk for the other server
	var servers []batch.ServerStats = w.ServerStats()
	for i, s := range servers {
		fmt.Println("server", i, "has", s.Stats.Acked.Lines, "and misses", s.Stats.Spooled.Lines)
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil> 3
	// server 0 has 3 and misses 0
	// server 1 has 0 and misses 3
}
