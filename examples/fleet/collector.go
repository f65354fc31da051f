package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// This file is a collector. Its lines are numbered; what a number stands for never changes,
// so a line that is appended again after a crash is the same point. A file has the number up
// to which all lines were promised.

// seriesOf is how many series a collector has.
const seriesOf = 50

// epoch is the time of line 0.
const epoch = 1_700_000_000_000_000_000

// appendLine appends line n of a collector, and returns its series.
func appendLine(dst []byte, collector, n int) (line []byte, series string) {
	series = fmt.Sprintf("load,collector=%d,host=h%d", collector, n%seriesOf)
	return fmt.Appendf(dst, "%s n=%di %d\n", series, n, epoch+n), series
}

// promisedFile is the file of the number of a collector.
func promisedFile(s *Settings, i int) string { return filepath.Join(s.Dir, fmt.Sprint("promised", i)) }

// promised returns up to which line a collector was promised all.
func promised(s *Settings, i int) (int, error) {
	text, err := os.ReadFile(promisedFile(s, i))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// setPromised replaces the number at once, so that a kill leaves one or the other.
func setPromised(s *Settings, i, n int) error {
	name := promisedFile(s, i)
	if err := os.WriteFile(name+".new", []byte(strconv.Itoa(n)), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// runCollector writes lines until ctx ends, and returns when the stream has all of them.
func runCollector(ctx context.Context, s *Settings, i int) error {
	js, closeAll, err := connect(s)
	if err != nil {
		return err
	}
	defer closeAll()
	// The client makes no connection: it says how batches are made.
	c, err := fastclient.New(fastclient.Options{Database: database, Compression: fastclient.Compression{Always: true}})
	if err != nil {
		return err
	}
	defer c.Close()
	all := context.WithoutCancel(ctx)
	writers := make([]*batch.Writer, len(s.Servers))
	for shard := range writers {
		sink, err := again(all, func(ctx context.Context) (*pwjetstream.Sink, error) {
			return pwjetstream.NewSink(ctx, js, pwjetstream.SinkOptions{Subject: subject(shard)})
		})
		if err != nil {
			return err
		}
		w, err := batch.NewWriter(c, batch.Options{
			Sink: sink, MaxInFlight: 4, MaxDelay: 200 * time.Millisecond, RequestTimeout: 5 * time.Second, Overflow: batch.WriteAhead,
			Spool: batch.SpoolOptions{Dir: filepath.Join(s.Dir, fmt.Sprintf("collector%d-%d", i, shard)), Options: spool.Options{MaxBytes: 1 << 30}},
		})
		if err != nil {
			return err
		}
		defer w.Close(all)
		writers[shard] = w
	}
	n, err := promised(s, i)
	if err != nil {
		return err
	}
	places, err := newPlaces(s.Servers)
	if err != nil {
		return err
	}
	defer places.close()
	if err := collect(ctx, s, i, n, places, writers); err != nil {
		return err
	}
	for shard, w := range writers {
		for {
			stats := w.Stats()
			if stats.Pending.Lines+stats.Spooled.Lines == 0 {
				break
			}
			w.Flush(ctx) // what is left is on disk and is sent
			time.Sleep(20 * time.Millisecond)
		}
		if err := w.Close(all); err != nil {
			return err
		}
		stats := w.Stats()
		if stats.Rejected.Lines+stats.Uncertain.Lines+stats.Dropped.Lines > 0 || stats.Appended.Lines+stats.Recovered.Lines != stats.Acked.Lines {
			return fmt.Errorf("shard %d: %+v", shard, stats)
		}
		log.Printf("shard %d: %d lines appended, %d found on disk, %d in the stream", shard, stats.Appended.Lines, stats.Recovered.Lines, stats.Acked.Lines)
	}
	return nil
}

// collect appends lines from number n on, every 20 ms those that are due.
func collect(ctx context.Context, s *Settings, i, n int, places *places, writers []*batch.Writer) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	begin, first := time.Now(), n
	bodies := make([][]byte, len(writers))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		due := first + int(time.Since(begin).Seconds()*float64(s.Rate))
		for ; n < due; n++ {
			line, series := appendLine(nil, i, n)
			shard, err := places.shard(series)
			if err != nil {
				return err
			}
			bodies[shard] = append(bodies[shard], line...)
		}
		for shard, w := range writers {
			if len(bodies[shard]) > 0 {
				if err := w.Append(context.WithoutCancel(ctx), bodies[shard]); err != nil {
					return err
				}
				bodies[shard] = bodies[shard][:0]
			}
		}
		if err := setPromised(s, i, n); err != nil {
			return err
		}
	}
}
