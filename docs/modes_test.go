package docs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

func Example_modeWrite() {
	ctx, _, s := serve()
	defer s.Close()
	addr := s.URL
	err := func() error {
		// begin modewrite
		client, err := fastclient.New(fastclient.Options{Addr: addr, Database: "mydb"})
		if err != nil {
			return err
		}
		defer client.Close()
		if _, err := client.Ping(ctx); err != nil {
			return err
		}
		err = client.Write(ctx, []byte("cpu_load_short,host=server01 value=0.64 1434055562000000000"))
		// end
		return err
	}()
	fmt.Printf("%s %v\n", s.Last().Body, err)
	// Output: cpu_load_short,host=server01 value=0.64 1434055562000000000 <nil>
}

func Example_modeWriter() {
	ctx, client, s := serve()
	defer s.Close()
	defer client.Close()
	host := "server01"
	err := func(ctx context.Context) error {
		// begin modewriter
		w, err := batch.NewWriter(client, batch.Options{
			DefaultTags: []lp.Tag{{Key: "host", Value: host}},
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
	}(ctx)
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// cpu_load_short,host=server01 value=0.64 1434055562000000000
	// <nil>
}

func Example_modeStructs() {
	ctx, client, s := serve()
	defer s.Close()
	defer client.Close()
	w, err := batch.NewWriter(client, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	err = func() error {
		// begin modestructs
		type Load struct {
			Time int64   `lp:",timestamp"`
			Host string  `lp:"host,tag"`
			Load float64 `lp:"load"`
		}
		return batch.WriteStructs(ctx, w, nil, []Load{{1, "a", 0.5}, {2, "b", 0.25}})
		// end
	}()
	err = errors.Join(err, w.Close(ctx))
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// Load,host=a load=0.5 1
	// Load,host=b load=0.25 2
	// <nil>
}

func Example_modeBatch() {
	ctx, client, s := serve()
	defer s.Close()
	defer client.Close()
	scanner := bufio.NewScanner(strings.NewReader("m v=1 1\nm v=2 2\n"))
	err := func() error {
		// begin modebatch
		b, err := batch.NewSyncWriter(client, batch.Options{})
		if err != nil {
			return err
		}
		for scanner.Scan() {
			if err := b.Append(ctx, scanner.Bytes()); err != nil {
				return err
			}
		}
		return b.Close(ctx)
		// end
	}()
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// m v=1 1
	// m v=2 2
	// <nil>
}
