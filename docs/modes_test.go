package docs

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/lp"
)

func Example_modeWrite() {
	ctx, _, s := serve()
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin modewrite
		c, err := fastclient.New(fastclient.Options{Addr: addr, Database: "mydb"})
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Ping(ctx); err != nil {
			return err
		}
		err = c.Write(ctx, []byte("cpu_load_short,host=server01 value=0.64 1434055562000000000"))
		if err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Printf("%s\n", s.Last().Body)
	// Output: cpu_load_short,host=server01 value=0.64 1434055562000000000
}

func Example_durability() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin durability
		dir, err := os.MkdirTemp("", "collector") // or one that outlives the program: /var/lib/collector
		if err != nil {
			return err
		}
		w, err := batch.NewWriter(c, batch.Options{
			Overflow: batch.Spill, // or WriteAhead
			Spool:    batch.SpoolOptions{Dir: filepath.Join(dir, "spool"), Options: spool.Options{MaxBytes: 1 << 30}},
		})
		if err != nil {
			return err
		}
		err = w.Append(ctx, []byte("cpu_load_short,host=server01 value=0.64 1434055562000000000"))
		if err != nil {
			return err
		}
		if err := w.Sync(ctx); err != nil { // the line survives a crash of the machine
			return err
		}
		var spooled *batch.SpooledError
		if err := w.Close(ctx); errors.As(err, &spooled) {
			log.Print(spooled.Lines, " lines are on disk; the next Writer of the directory sends them")
		} else if err != nil {
			return err
		}
		// end
		return os.RemoveAll(dir)
	})
	fmt.Printf("%s", s.Last().Body)
	// Output: cpu_load_short,host=server01 value=0.64 1434055562000000000
}

func Example_modeWriter() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin modewriter
		w, err := batch.NewWriter(c, batch.Options{
			DefaultTags: []lp.Tag{{Key: "host", Value: "server01"}},
			OnEvent:     func(e batch.Event) { log.Print(e.Kind, " ", e.Message) },
		})
		if err != nil {
			return err
		}
		err = w.Encode(ctx, func(e *lp.Encoder) { // from any goroutine
			e.Point("cpu_load_short")
			e.Float("value", 0.64)
			e.EndTimestamp(1434055562000000000)
		})
		if err != nil {
			return err // of this point; the Writer goes on
		}
		if err := w.Close(ctx); err != nil { // sends what is left, until ctx ends
			var unsent *batch.UnsentError
			if errors.As(err, &unsent) {
				log.Print(unsent.Lines, " lines are in unsent.Batches")
			}
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: cpu_load_short,host=server01 value=0.64 1434055562000000000
}

func Example_modeStructs() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin modestructs
		type Load struct {
			Time int64   `lp:",timestamp"`
			Host string  `lp:"host,tag"`
			Load float64 `lp:"load"`
		}
		w, err := batch.NewWriter(c, batch.Options{})
		if err != nil {
			return err
		}
		loads := []Load{{1434055562000000000, "a", 0.5}, {1434055562000000000, "b", 0.25}}
		err = batch.WriteStructs(ctx, w, nil, loads) // nil: the schema of the type, made once
		if err := errors.Join(err, w.Close(ctx)); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// Load,host=a load=0.5 1434055562000000000
	// Load,host=b load=0.25 1434055562000000000
}

func Example_modeBatch() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin modebatch
		b, err := batch.NewSyncWriter(c, batch.Options{})
		if err != nil {
			return err
		}
		input := strings.NewReader("m v=1 1434055562000000000\nm v=2 1434055563000000000\n") // or os.Stdin
		scanner := bufio.NewScanner(input)
		for scanner.Scan() {
			if err := b.Append(ctx, scanner.Bytes()); err != nil {
				return err
			}
		}
		if err := errors.Join(scanner.Err(), b.Close(ctx)); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// m v=1 1434055562000000000
	// m v=2 1434055563000000000
}
