// Command import compares lpbench send with the influx -import of the PATH and, if -tsbs
// names its executable, with tsbs_load_influx: rows per second, and processor time of the
// loader and of the server, to a real InfluxDB 1.8.10.
//
//	go run -C bench ./cmd/import [flags]
//
// Each contender is a process that reads one file of points like those of TSBS, with its own
// defaults but for the size of a batch, and writes to a database of its own. They run in
// turn, and the server counts the points after each. influx compresses nothing, the others
// do: "send, plain" is ours without. Processor time includes the start of the process.
//
// The module bench/tsbs builds tsbs_load_influx:
//
//	go build -C bench/tsbs -o /tmp/tsbs_load_influx github.com/timescale/tsbs/cmd/tsbs_load_influx
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pointwire/pointwire/bench/internal/influxd"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload/bodies"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "import:", err)
		}
		os.Exit(1)
	}
}

const batchLines = 5000

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("import", flag.ContinueOnError)
	points := f.Int("points", 1_000_000, "`points` to load")
	rounds := f.Int("rounds", 5, "number of turns of each contender")
	tsbs := f.String("tsbs", "", "`path` of tsbs_load_influx")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *points < 1 || *rounds < 1 || f.NArg() > 0 {
		return errors.New("-points and -rounds must be at least 1, and there are no other arguments")
	}
	dir, err := os.MkdirTemp("", "import")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := influxd.Build(ctx, "..", "./cmd/lpbench", filepath.Join(dir, "lpbench")); err != nil {
		return err
	}
	s, err := influxd.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	list, err := contenders(dir, s.URL, *tsbs, *points)
	if err != nil {
		return err
	}
	for round := range *rounds {
		for i := range list {
			if err := turn(ctx, s, &list[(i+round)%len(list)], *points); err != nil {
				return err
			}
		}
	}
	return report(out, list, *points)
}

// A contender is a command, and what each of its turns took.
type contender struct {
	name      string
	args      []string
	wall, cpu []float64 // nanoseconds per point
	server    []float64 // processor time of the server
}

// database is where the contenders write.
const database = "import"

// contenders writes the files and returns the commands that load them.
func contenders(dir, url, tsbs string, points int) ([]contender, error) {
	kind, _ := bodies.Find("cpu") // whose shape is that of TSBS, which reads no escapes
	lines, err := kind.Lines(points, 1)
	if err != nil {
		return nil, err
	}
	plain, header := filepath.Join(dir, "lines"), filepath.Join(dir, "import")
	if err := os.WriteFile(plain, lines, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(header, append([]byte("# DML\n# CONTEXT-DATABASE:"+database+"\n"), lines...), 0o600); err != nil {
		return nil, err
	}
	send := []string{filepath.Join(dir, "lpbench"), "send", "-url", url, "-db", database, "-batch", fmt.Sprint(batchLines)}
	list := []contender{
		{name: "send", args: append(slices.Clone(send), plain)},
		{name: "send, plain", args: append(slices.Clone(send), "-gzip=false", plain)},
	}
	if influx, err := exec.LookPath("influx"); err == nil {
		host, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
		list = append(list, contender{name: "influx -import", args: []string{influx, "-host", host, "-port", port, "-import", "-path", header, "-precision", "ns"}})
	}
	if tsbs != "" {
		list = append(list, contender{name: "tsbs_load_influx", args: []string{tsbs, "--urls=" + url, "--db-name=" + database, "--do-create-db=false",
			"--file=" + plain, fmt.Sprintf("--batch-size=%d", batchLines), "--workers=2"}})
	}
	return list, nil
}

// turn has a contender load its file into an empty database.
func turn(ctx context.Context, s *influxd.Server, c *contender, points int) error {
	if err := errors.Join(s.Client.DropDatabase(ctx, database), s.Client.CreateDatabase(ctx, database)); err != nil {
		return err
	}
	before, err := s.CPU()
	if err != nil {
		return err
	}
	began := time.Now()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, err, out[max(0, len(out)-2000):])
	}
	wall := time.Since(began)
	after, err := s.CPU()
	if err != nil {
		return err
	}
	n := float64(points)
	c.wall = append(c.wall, float64(wall)/n)
	c.cpu = append(c.cpu, float64(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())/n)
	c.server = append(c.server, float64(after-before)/n)
	return count(ctx, s, c.name, points)
}

// count fails unless the server has all points.
func count(ctx context.Context, s *influxd.Server, name string, points int) error {
	r, err := s.Client.WithDatabase(database).Query(ctx, `SELECT count("usage_idle") FROM "cpu"`)
	if err != nil {
		return err
	}
	for row, err := range r.Rows() {
		if err != nil {
			return err
		}
		if held, err := row.Int(1); err != nil || held != int64(points) {
			return fmt.Errorf("%s: the server has %d points, want %d (%w)", name, held, points, err)
		}
		return nil
	}
	return fmt.Errorf("%s: the server has no points", name)
}

// report prints the medians, with the fastest and the slowest turn.
func report(out io.Writer, list []contender, points int) error {
	env := measure.Here()
	fmt.Fprintf(out, "%d points, %d turns, %s, %s\n\n", points, len(list[0].wall), env.Go, env.CPU)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\trows/s\tslowest\tfastest\tCPU ns/row\tserver CPU ns/row\t")
	for _, c := range list {
		wall, fast, slow := measure.Interval(c.wall)
		cpu, _, _ := measure.Interval(c.cpu)
		server, _, _ := measure.Interval(c.server)
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", c.name, 1e9/wall, 1e9/slow, 1e9/fast, cpu, server)
	}
	return t.Flush()
}
