// Command ipc runs a query and writes the rows to its standard output as Arrow IPC. It is
// the child of lpbench export -format arrow, and reads a JSON object from its standard
// input: where the server is, the query, and the keys of the database. The first line on
// its standard error is the number of rows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/signal"
	"slices"
	"syscall"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rows, err := run(ctx, os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, rows)
}

// A request is what the standard input holds.
type request struct {
	URL, Database, RetentionPolicy, Org string
	Username, Password, Token           string
	Query, Precision                    string
	Chunk                               int
	Stream                              bool
	Measurements                        map[string]measurement
}

type measurement struct {
	Tags   []string
	Fields map[string]frame.Type // Null for one that differs between shards
}

// options returns the options of the client.
func (r *request) options() (fastclient.Options, error) {
	o, err := fastclient.ParseURL(r.URL)
	if err != nil {
		return o, err
	}
	o.Database, o.RetentionPolicy, o.Org = r.Database, r.RetentionPolicy, r.Org
	o.Username, o.Password, o.Token = r.Username, fastclient.NewSecret(r.Password), fastclient.NewSecret(r.Token)
	o.ResponseFormat = fastclient.FormatAuto
	return o, nil
}

var precisions = map[string]fastclient.Precision{
	"ns": fastclient.Nanosecond, "u": fastclient.Microsecond, "ms": fastclient.Millisecond,
	"s": fastclient.Second, "m": fastclient.Minute, "h": fastclient.Hour,
}

// run writes the response and returns the number of rows.
func run(ctx context.Context, in io.Reader, out io.Writer) (rows int, err error) {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return 0, errors.New("the request is no JSON") // the error may quote a secret
	}
	unit, ok := precisions[r.Precision]
	if !ok {
		return 0, fmt.Errorf("precision %q is unknown", r.Precision)
	}
	o, err := r.options()
	if err != nil {
		return 0, err
	}
	client, err := fastclient.New(o)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	if _, err := client.Ping(ctx); err != nil { // which tells FormatAuto the server
		return 0, err
	}
	result, err := client.Query(ctx, r.Query, fastclient.Chunked(r.Chunk), fastclient.Epoch(unit))
	if err != nil {
		return 0, err
	}
	defer result.Close()
	reader := result.FrameReader()
	reader.Merge = true
	write := pwarrow.WriteFile
	if r.Stream {
		write = pwarrow.WriteStream
	}
	return rows, write(out, nil, r.typed(reader.Frames(), &rows))
}

// typed gives the columns of frames the roles and types of the keys.
func (r *request) typed(frames iter.Seq2[*frame.Frame, error], rows *int) iter.Seq2[*frame.Frame, error] {
	return func(yield func(*frame.Frame, error) bool) {
		for f, err := range frames {
			if err == nil {
				err = r.apply(f)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			*rows += f.Len()
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (r *request) apply(f *frame.Frame) error {
	m, ok := r.Measurements[f.Measurement]
	if !ok {
		return fmt.Errorf("the database has no measurement %q", f.Measurement)
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		t, field := m.Fields[c.Name]
		tag := slices.Contains(m.Tags, c.Name)
		switch {
		case c.Role == frame.Tag:
		case tag && field && f.TagColumn(c.Name) == nil:
			return fmt.Errorf("%q has a tag and a field %q, which only a query with GROUP BY * tells apart", f.Measurement, c.Name)
		case tag && !field:
			c.Role = frame.Tag
		case field && t != frame.Null && c.Type != frame.String:
			if err := c.Convert(t); err != nil {
				return err
			}
		}
	}
	return nil
}
