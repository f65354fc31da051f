// Command formats compares the two formats of a response, MessagePack and JSON, as a client has
// them from a real InfluxDB 1.8.10: the time from the query to its last row, with every cell
// decoded, and the processor time of the server.
//
//	go run -C bench ./cmd/formats [flags]
//
// Each number of rows has a database of its own, since opening the series of a large one takes
// longer than printing a few rows. The formats take turns. A turn repeats the query until it has taken about a tenth of a second,
// so that small responses are measured too. The ratios are of turns that follow each other.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"text/tabwriter"
	"time"

	"github.com/pointwire/pointwire/bench/internal/influxd"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload/bodies"
	"github.com/pointwire/pointwire/jsonscan"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "formats:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("formats", flag.ContinueOnError)
	points := f.Int("points", sizes[len(sizes)-1], "largest number of `points` of a measurement, which are the rows of a response")
	rounds := f.Int("rounds", 9, "number of turns of each format")
	only := f.String("case", "", "measure only the queries that match this `pattern`")
	turn := f.Duration("turn", 100*time.Millisecond, "least `time` of a turn")
	if err := f.Parse(args); err != nil {
		return err
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *points < 1 || *rounds < 1 || f.NArg() > 0 {
		return errors.New("-points and -rounds must be at least 1, and there are no other arguments")
	}
	dir, err := os.MkdirTemp("", "formats")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := influxd.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	var list []query
	for _, n := range sizes {
		if n > *points {
			break
		}
		name := fmt.Sprint("formats", n)
		c := s.Client.WithDatabase(name)
		if err := errors.Join(c.CreateDatabase(ctx, name), fill(ctx, c, n)); err != nil {
			return err
		}
		for _, text := range []string{"SELECT * FROM cpu", "SELECT * FROM cpu GROUP BY *", "SELECT * FROM Trade"} {
			if !pattern.MatchString(text) {
				continue
			}
			q := query{text: text, points: n}
			if err := q.measure(ctx, s, c, *rounds, *turn); err != nil {
				return fmt.Errorf("%d points: %s: %w", n, text, err)
			}
			list = append(list, q)
		}
	}
	return report(out, list, *rounds)
}

// sizes are the numbers of points of a measurement.
var sizes = []int{1, 100, 1_000, 10_000, 150_000}

// fill writes points of each kind.
func fill(ctx context.Context, c *fastclient.Client, points int) error {
	for _, name := range []string{"cpu", "trade"} {
		kind, _ := bodies.Find(name)
		lines, err := kind.Lines(points, 1)
		if err != nil {
			return err
		}
		for _, body := range bodies.Split(lines, min(5_000, points)) {
			if err := c.Write(ctx, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// The formats, in the order of the figures.
var formats = [...]fastclient.ResponseFormat{fastclient.FormatJSON, fastclient.FormatMessagePack}

// A query is measured in each format.
type query struct {
	text         string
	points       int // of the measurement
	found        sums
	wall, server [len(formats)][]float64 // nanoseconds per query
}

func (q *query) measure(ctx context.Context, s *influxd.Server, c *fastclient.Client, rounds int, least time.Duration) error {
	var found [len(formats)]sums
	for i, f := range formats { // also the warm-up
		began := time.Now()
		var err error
		if found[i], err = read(ctx, c, q.text, f); err != nil {
			return err
		}
		least = max(least, time.Since(began))
	}
	if found[0] != found[1] || found[0].rows == 0 {
		return fmt.Errorf("the formats differ: %+v", found)
	}
	q.found = found[0]
	for round := range rounds {
		for k := range formats {
			i := (k + round) % len(formats)
			before, err := s.CPU()
			if err != nil {
				return err
			}
			n := 0
			began := time.Now()
			for time.Since(began) < least {
				if got, err := read(ctx, c, q.text, formats[i]); err != nil {
					return err
				} else if got != found[0] {
					return fmt.Errorf("other rows: %+v, not %+v", got, found[0])
				}
				n++
			}
			wall := time.Since(began)
			after, err := s.CPU()
			if err != nil {
				return err
			}
			q.wall[i] = append(q.wall[i], float64(wall)/float64(n))
			q.server[i] = append(q.server[i], float64(after-before)/float64(n))
		}
	}
	return nil
}

// sums are what visiting every cell of a response adds up to. They are the same in both formats.
type sums struct {
	rows, series, cells, bytes int
	ints                       int64
	floats                     float64
}

// read runs a query and decodes every cell. Numbers are added as floats, because a whole float is
// an integer in JSON.
func read(ctx context.Context, c *fastclient.Client, text string, f fastclient.ResponseFormat) (s sums, err error) {
	r, err := c.Query(ctx, text, fastclient.Format(f), fastclient.Epoch(fastclient.Nanosecond), fastclient.Chunked(10_000))
	if err != nil {
		return s, err
	}
	defer r.Close()
	var last *jsonscan.Series
	for row, err := range r.Rows() {
		if err != nil {
			return s, err
		}
		if s.rows++; row.Series() != last {
			last = row.Series()
			s.series++
		}
		s.cells += row.Len()
		for i, c := range row.Cells() {
			if i == 0 {
				t, err := row.Timestamp(0)
				if err != nil {
					return s, err
				}
				s.ints += t
				continue
			}
			if text, ok := row.Text(c); ok {
				s.bytes += len(text)
				continue
			}
			switch c.Kind() {
			case jsonscan.KindInt:
				v, _ := c.Int()
				s.floats += float64(v)
			case jsonscan.KindFloat:
				v, _ := c.Float()
				s.floats += v
			case jsonscan.KindBool:
				if v, _ := c.Bool(); v {
					s.ints++
				}
			}
		}
	}
	return s, nil
}

// report prints the medians, and the interval of the ratio of the times.
func report(out io.Writer, list []query, rounds int) error {
	env := measure.Here()
	fmt.Fprintf(out, "InfluxDB 1.8.10, %d turns, %s, %s\n\n", rounds, env.Go, env.CPU)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\trows\tseries\tcells\tJSON ms\tMessagePack ms\tJSON/MessagePack\tserver CPU ms: JSON\tMessagePack\t")
	for _, q := range list {
		ratios := make([]float64, rounds)
		for i := range ratios {
			ratios[i] = q.wall[0][i] / q.wall[1][i]
		}
		ratio, lo, hi := measure.Interval(ratios)
		j, _, _ := measure.Interval(q.wall[0])
		m, _, _ := measure.Interval(q.wall[1])
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.3f\t%.3f\t%.2fx (%.2f-%.2f)\t%.3f\t%.3f\t\n",
			q.text, q.found.rows, q.found.series, q.found.cells, j/1e6, m/1e6, ratio, lo, hi, mean(q.server[0])/1e6, mean(q.server[1])/1e6)
	}
	return t.Flush()
}

// mean returns the mean: the server's processor time has a resolution of 10 ms.
func mean(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
