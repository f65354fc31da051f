package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// A result is one line of the output of the bench module's command: what one
// contender cost in one case.
type result struct {
	Suite     string  `json:"suite"`
	Case      string  `json:"case"`
	Contender string  `json:"contender"`
	Version   string  `json:"version"`
	Unit      string  `json:"unit"`
	Ns        float64 `json:"ns_per_unit"`
	NsLo      float64 `json:"ns_lo"`
	NsHi      float64 `json:"ns_hi"`
	CPU       float64 `json:"cpu_ns_per_unit"`
	MBps      float64 `json:"mb_per_s"`
	BytesPer  float64 `json:"bytes_per_unit"`
	Allocs    float64 `json:"allocs_per_unit"`
	Base      string  `json:"base"`
	Ratio     float64 `json:"ratio"`
	RatioLo   float64 `json:"ratio_lo"`
	RatioHi   float64 `json:"ratio_hi"`
	Rounds    int     `json:"rounds"`
	Wrong     string  `json:"wrong,omitempty"`
}

// compare builds the bench module and shows what it measures.
func compare(ctx context.Context, o options, root, dir string, out io.Writer, p *progress) error {
	file := filepath.Join(dir, "bench")
	if err := build(ctx, root, "bench", "./cmd/run", file, p); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, file, "-json", "-progress",
		"-rounds", strconv.Itoa(o.count), "-turn", o.benchtime.String())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	said := make(chan string, 1)
	go func() { said <- follow(stderr, p) }()
	results, err := readResults(stdout)
	text := <-said
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return fmt.Errorf("the comparison: %w\n%s", err, text)
	}
	if o.json != "" {
		if err := writeResults(o.json, results); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nbeside other libraries: %d rounds in turn, medians; × is how many times as fast as the base, with the least and the greatest round\n", o.count)
	return writeResultTables(out, results, o.bold)
}

// follow shows the progress lines of the child and returns its other lines.
func follow(r io.Reader, p *progress) (said string) {
	var (
		b     *bar
		suite string
	)
	for s := bufio.NewScanner(r); s.Scan(); {
		var line struct {
			Suite    string
			Done, Of int
		}
		if json.Unmarshal(s.Bytes(), &line) != nil || line.Suite == "" {
			said += s.Text() + "\n"
			continue
		}
		if line.Suite != suite {
			if b != nil {
				b.end()
			}
			suite = line.Suite
			b = p.start("measuring "+suite, line.Of)
		}
		b.set(line.Done)
	}
	if b != nil {
		b.end()
	}
	return said
}

func readResults(r io.Reader) (results []result, err error) {
	for d := json.NewDecoder(r); ; {
		var v result
		switch err := d.Decode(&v); {
		case err == io.EOF:
			return results, nil
		case err != nil:
			return results, err
		}
		if v.Suite != "" { // the environment and the goals are lines of their own
			results = append(results, v)
		}
	}
}

func writeResults(file string, results []result) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	e := json.NewEncoder(f)
	for _, r := range results {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// writeResultTables writes a table per case.
func writeResultTables(out io.Writer, results []result, bold bool) error {
	for i := 0; i < len(results); {
		first := results[i]
		fmt.Fprintf(out, "\n%s, %s\n", first.Suite, first.Case)
		t := table{head: []string{"contender", "version", "ns/" + first.Unit, "CPU ns", "MB/s", "allocs", "× " + first.Base}, bold: bold}
		for ; i < len(results) && results[i].Suite == first.Suite && results[i].Case == first.Case; i++ {
			r := results[i]
			if r.Wrong != "" {
				t.add(r.Contender, r.Version, "wrong", "", "", "", "")
				continue
			}
			ratio := "1"
			if r.Contender != r.Base {
				ratio = fmt.Sprintf("%.3g (%.3g–%.3g)", r.Ratio, r.RatioLo, r.RatioHi)
			}
			t.add(r.Contender, r.Version, figure(r.Ns), figure(r.CPU), figure(r.MBps), allocs(r.Allocs), ratio)
		}
		if err := t.write(out); err != nil {
			return err
		}
	}
	return nil
}

// allocs prints allocations per unit; below one in a thousand units they are
// the runtime's own.
func allocs(v float64) string {
	if v < 0.001 {
		return "0"
	}
	return figure(v)
}
