package python

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/workload"
)

//go:embed contenders.py
var script string

// A child is a Python process that holds the trades and the responses, and works on them
// as it is told.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	// versions maps Python and its modules to their versions.
	versions map[string]string
	cpu      time.Duration
}

// interpreters are tried in turn. Debian's own interpreter comes first, since only it sees
// Debian's packages.
var interpreters = []string{"/usr/bin/python3", "python3"}

// installed returns an interpreter that has both clients, or "".
func installed() string {
	for _, p := range interpreters {
		if exec.Command(p, "-W", "ignore", "-c", "import aioinflux, influxdb").Run() == nil {
			return p
		}
	}
	return ""
}

// start starts a child and gives it the data, in files that it reads at once.
func start(interpreter string, trades []workload.Trade, responses [][]byte) (*child, error) {
	dir, err := os.MkdirTemp("", "pointwire-python")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	points, bodies := filepath.Join(dir, "trades"), filepath.Join(dir, "responses")
	if err := errors.Join(writeTrades(points, trades), writeResponses(bodies, responses)); err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(interpreter, "-W", "ignore", "-c", script, points, bodies)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := c.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &c.versions)
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("the Python child did not start: %w", err)
	}
	return c, nil
}

// close closes the input of the child, which ends it.
func (c *child) close() {
	c.in.Close()
	c.cmd.Wait()
}

func (c *child) ask(name, what string, batch int) ([]byte, error) {
	if _, err := fmt.Fprintf(c.in, "%s %s %d\n", name, what, batch); err != nil {
		return nil, err
	}
	return c.out.ReadBytes('\n')
}

// run has the child do the work of a contender on a batch.
func (c *child) run(name string, batch int) error {
	line, err := c.ask(name, "run", batch)
	if err != nil {
		return err
	}
	ns, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "ok ")
	if !ok {
		return fmt.Errorf("%s: unexpected response %q", name, line)
	}
	n, err := strconv.ParseInt(ns, 10, 64)
	c.cpu = time.Duration(n)
	return err
}

// show has the child work on a batch and decodes the outcome into v.
func (c *child) show(name string, batch int, v any) error {
	line, err := c.ask(name, "show", batch)
	if err != nil {
		return err
	}
	return json.Unmarshal(line, v)
}

func writeTrades(file string, trades []workload.Trade) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	for _, t := range trades {
		if err := e.Encode([]any{t.Timestamp, t.Instrument, t.Source, t.Side, t.Price, t.Size, t.TradeID}); err != nil {
			return err
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

func writeResponses(file string, responses [][]byte) error {
	var b []byte
	for _, a := range responses {
		b = append(b, a...) // each ends with a line feed
	}
	return os.WriteFile(file, b, 0o600)
}
