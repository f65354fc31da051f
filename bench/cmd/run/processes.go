package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/pointwire/pointwire/internal/measure"
)

// This file shares the rounds of a suite among processes. What a process is given at its
// start, such as the addresses of its memory, stays with it, and no number of rounds in
// one process shows what it costs.

// runProcesses runs a suite in several processes, one after the other, and pools their
// rounds.
func runProcesses(s measure.Suite, o options, stdout, stderr io.Writer) ([]measure.Result, error) {
	n := min(o.processes, o.measure.Rounds)
	var runs [][]measure.Result
	for p := range n {
		rounds := o.measure.Rounds / n
		if p < o.measure.Rounds%n {
			rounds++
		}
		results, err := runProcess(s, o, rounds, func(name string, done, of int) {
			if o.progress {
				json.NewEncoder(stderr).Encode(progress{s.Name, name, p*of + done, n * of})
			}
		})
		if err != nil {
			return nil, fmt.Errorf("process %d of %d: %w", p+1, n, err)
		}
		runs = append(runs, results)
	}
	all, err := measure.Pool(runs)
	if err != nil {
		return nil, err
	}
	for from, k := 0, 1; k <= len(all); k++ {
		if k == len(all) || all[k].Case != all[from].Case {
			if err := show(all[from:k], o, stdout); err != nil {
				return nil, err
			}
			from = k
		}
	}
	return all, nil
}

// A progress is a line of -progress.
type progress struct {
	Suite string `json:"suite"`
	Case  string `json:"case"`
	Done  int    `json:"done"`
	Of    int    `json:"of"`
}

// executable returns the file of this program.
var executable = os.Executable

// runProcess runs a suite in a process of its own. done is called after each turn.
func runProcess(s measure.Suite, o options, rounds int, done func(name string, done, of int)) ([]measure.Result, error) {
	file, err := executable()
	if err != nil {
		return nil, err
	}
	args := []string{"-json", "-progress", "-suite", "^" + s.Name + "$", "-case", o.only.String(), "-contender", o.contender.String(),
		"-rounds", strconv.Itoa(rounds), "-turn", o.measure.Turn.String()}
	if o.tour {
		args = append(args, "-tour")
	}
	if !o.tour || o.sized {
		args = append(args, "-size", strconv.FormatFloat(o.size, 'g', -1, 64))
	}
	cmd := exec.Command(file, args...)
	var out strings.Builder
	cmd.Stdout = &out
	messages, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	said := ""
	lines := bufio.NewScanner(messages)
	for lines.Scan() {
		var line progress
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Suite != "" {
			done(line.Case, line.Done, line.Of)
		} else {
			said += "\n" + lines.Text()
		}
	}
	io.Copy(io.Discard, messages) // a line too long ends the scanner, not the process
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w%s", err, said)
	}
	var results []measure.Result
	for d := json.NewDecoder(strings.NewReader(out.String())); d.More(); {
		var r measure.Result
		if err := d.Decode(&r); err != nil {
			return nil, err
		}
		if r.Contender != "" {
			results = append(results, r)
		}
	}
	return results, nil
}
