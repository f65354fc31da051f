// Export writes the response to a query as CSV: a table per measurement, with its tags as
// columns. With -lp it writes line protocol, in which tags are tags and fields have the
// types that the server says they have. Its memory does not grow with the response.
//
//	go run ./examples/export -url 'http://127.0.0.1:8086?database=hostmon' \
//		'SELECT * FROM cpu GROUP BY *' >cpu.csv
//
// The command lpbench export does the same, with progress, compressed files and Arrow.
//
// Times are RFC 3339 in UTC unless -epoch names a unit. Null and the empty text are both
// empty cells. If a statement fails or a row has no time, export reports it, writes the
// others, and exits with status 1.
package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url := flag.String("url", "http://127.0.0.1:8086", "server and database")
	epoch := flag.String("epoch", "", "unit of times as integers: ns, u, ms, s, m or h")
	lines := flag.Bool("lp", false, "write line protocol")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: export [flags] 'SELECT …'")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := export(ctx, os.Stdout, *url, *epoch, *lines, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "export:", err)
		os.Exit(1)
	}
}

var units = map[string]fastclient.Precision{
	"": fastclient.Nanosecond, "ns": fastclient.Nanosecond, "u": fastclient.Microsecond, "ms": fastclient.Millisecond,
	"s": fastclient.Second, "m": fastclient.Minute, "h": fastclient.Hour,
}

// export writes the response to q to w. Statements that fail do not stop it; it returns
// their errors, joined.
func export(ctx context.Context, w io.Writer, url, epoch string, lines bool, q string) error {
	unit, ok := units[epoch]
	if !ok {
		return fmt.Errorf("-epoch %q is not ns, u, ms, s, m or h", epoch)
	}
	client, err := fastclient.Open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	buffered := bufio.NewWriter(w)
	var t writer = &table{w: csv.NewWriter(buffered), rfc3339: epoch == ""}
	if lines {
		if t, err = newLines(ctx, client, buffered); err != nil {
			return err
		}
	}
	result, err := client.Query(ctx, q, fastclient.Epoch(unit))
	if err != nil {
		return err
	}
	defer result.Close()

	frames := result.FrameReader()
	frames.Merge = true
	var failed error
	for f, err := range frames.Frames() {
		if err == nil {
			err = t.add(f)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			if !frame.Recoverable(err) {
				break
			}
		}
	}
	return errors.Join(failed, t.end(), buffered.Flush())
}

// A writer writes frames in one format.
type writer interface {
	add(f *frame.Frame) error
	end() error
}

// A table writes frames, with a header wherever the columns change.
type table struct {
	w       *csv.Writer
	rfc3339 bool
	header  []string
	record  []string
	text    []byte
}

func (t *table) add(f *frame.Frame) error {
	header := []string{"measurement"}
	if f.Time != nil {
		header = append(header, "time")
	}
	for i := range f.Columns {
		header = append(header, f.Columns[i].Name)
	}
	if !slices.Equal(header, t.header) {
		if t.header != nil {
			t.w.Write(nil) // an empty line ends a table
		}
		t.header = header
		t.w.Write(header)
	}
	for i := range f.Len() {
		t.record = append(t.record[:0], f.Measurement)
		if f.Time != nil {
			t.record = append(t.record, t.time(f, i))
		}
		for k := range f.Columns {
			t.text = f.Columns[k].AppendValue(t.text[:0], i)
			t.record = append(t.record, string(t.text))
		}
		if err := t.w.Write(t.record); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) end() error {
	t.w.Flush()
	return t.w.Error()
}

func (t *table) time(f *frame.Frame, i int) string {
	if !t.rfc3339 {
		return strconv.FormatInt(f.Time[i], 10)
	}
	return time.Unix(0, f.Time[i]).UTC().Format(time.RFC3339Nano)
}
