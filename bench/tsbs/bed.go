package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
)

// A bed is what the cases run in: the programs, a server and the files of data.
type bed struct {
	dir, tools string
	size       float64
	url        string
	server     *exec.Cmd
	stdin      io.Closer
	databases  int
}

// interval is the time between two points of a host, and start when the first points are.
const (
	interval = 10 * time.Second
	seed     = 123
)

var start = time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)

// newBed builds the programs and starts the server.
func newBed(o options) (b *bed, err error) {
	b = &bed{size: o.size, tools: o.toolDir}
	if b.dir, err = os.MkdirTemp("", "bench-tsbs"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.tools == "" {
		b.tools = filepath.Join(b.dir, "tools")
	}
	if b.tools, err = filepath.Abs(b.tools); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.tools, 0o755); err != nil {
		return nil, err
	}
	to := b.tools + string(filepath.Separator)
	for _, args := range [][]string{
		{"build", "-o", to, "tool", "./cmd/load", "./cmd/queries"},
		{"build", "-C", "../../itest", "-o", to, "./cmd/influxd"},
	} {
		if _, err := output(exec.Command("go", args...)); err != nil {
			return nil, err
		}
	}
	return b, b.startServer()
}

// startServer starts InfluxDB, which ends with its standard input.
func (b *bed) startServer() error {
	cmd := b.command("influxd")
	var text bytes.Buffer
	cmd.Stderr = &text
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	b.server, b.stdin = cmd, in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the server did not start: %w\n%s", err, &text)
	}
	b.url = strings.TrimSpace(line)
	return nil
}

func (b *bed) close() (err error) {
	if b.server != nil {
		err = errors.Join(b.stdin.Close(), b.server.Wait())
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

func (b *bed) command(name string, args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(b.tools, name), args...)
}

// output runs cmd and returns its standard output. What it says on standard error is in the
// error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var text bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &text
	}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, &text)
	}
	return out, nil
}

// minHosts is how many hosts the queries ask for at most.
const minHosts = 8

// shape returns the hosts and the end of the data of a use case: some 200,000 lines at size 1.
// The queries need 13 hours of cpu-only, so with less data it has fewer hosts.
func (b *bed) shape(use string) (hosts int, end time.Time) {
	if use == cpuOnly {
		return measure.Scale(40, b.size, minHosts), start.Add(5000 * interval)
	}
	ticks := measure.Scale(1000, b.size, 10) // of nine measurements
	return 22, start.Add(time.Duration(ticks) * interval)
}

// data returns the file with the lines of a use case, which it makes the first time, and how
// many these are.
func (b *bed) data(use string) (file string, lines, bytes int, err error) {
	file = filepath.Join(b.dir, use+".lp")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		hosts, end := b.shape(use)
		text, err = output(b.command("tsbs_generate_data", "--use-case", use, "--format", influxFormat, "--seed", strconv.Itoa(seed),
			"--scale", strconv.Itoa(hosts), "--log-interval", interval.String(),
			"--timestamp-start", start.Format(time.RFC3339), "--timestamp-end", end.Format(time.RFC3339)))
		if err == nil {
			err = os.WriteFile(file, text, 0o644)
		}
	}
	if err != nil {
		return "", 0, 0, err
	}
	return file, countLines(text), len(text), nil
}

func countLines(text []byte) int { return bytes.Count(text, []byte("\n")) }

// get sends a query to the server and returns its response.
func (b *bed) get(database, q string, post bool) ([]byte, error) {
	v := url.Values{"q": {q}, "db": {database}, "epoch": {"ns"}}
	do := http.Get
	if post {
		do = func(u string) (*http.Response, error) { return http.Post(u, "", nil) }
	}
	resp, err := do(b.url + "/query?" + v.Encode())
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return body, err
}

// newDatabase returns a name that no database has.
func (b *bed) newDatabase() string {
	b.databases++
	return fmt.Sprint("tsbs", b.databases)
}

// drop removes a database.
func (b *bed) drop(name string) error {
	_, err := b.get("", `DROP DATABASE "`+name+`"`, true)
	return err
}
