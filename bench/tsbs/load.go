package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
)

// loadBatch is the number of lines in a request.
const loadBatch = 5000

// loadCase compares programs that load the file of a use case.
func loadCase(b *bed, use string, zip bool, workers int) (measure.Case, error) {
	file, lines, size, err := b.data(use)
	if err != nil {
		return measure.Case{}, err
	}
	c := measure.Case{Unit: "line", Units: lines, Bytes: size}
	common := []string{"--file", file, "--batch-size", strconv.Itoa(loadBatch), "--workers", strconv.Itoa(workers),
		"--reporting-period", "0s", "--urls", b.url, "--gzip=" + strconv.FormatBool(zip)}
	add := func(name, module, program string, more ...string) {
		o := &loader{b: b, program: program, args: append(append([]string(nil), common...), more...), lines: lines}
		c.Ops = append(c.Ops, measure.Op{Contender: name, Version: measure.Version(module), Check: o.check, Run: o.run, CPU: o.spent})
	}
	add(ownName, ownVersion, "load")
	if zip {
		add(sameName, ownVersion, "load", "--level", "6")
	}
	add(recodeName, ownVersion, "load", "--recode")
	add(peerName, tsbsVersion, "tsbs_load_influx")
	return c, nil
}

// A loader is a program that loads a file.
type loader struct {
	b       *bed
	program string
	args    []string
	lines   int
	cpu     time.Duration
}

func (o *loader) spent() time.Duration { return o.cpu }

// run loads the file into a new database, and removes that.
func (o *loader) run() error {
	name, err := o.load()
	if err != nil {
		return err
	}
	return o.b.drop(name)
}

func (o *loader) load() (database string, err error) {
	database = o.b.newDatabase()
	cmd := o.b.command(o.program, append([]string{"--db-name", database}, o.args...)...)
	_, err = output(cmd)
	o.cpu += cpuOf(cmd)
	return database, err
}

func cpuOf(cmd *exec.Cmd) time.Duration {
	if s := cmd.ProcessState; s != nil {
		return s.UserTime() + s.SystemTime()
	}
	return 0
}

// check loads the file and asks the server how many points it has.
func (o *loader) check() error {
	name, err := o.load()
	if err != nil {
		return err
	}
	n, err := o.b.points(name)
	if err != nil {
		return err
	}
	if n != o.lines {
		return fmt.Errorf("%w: the server has %d points of %d", measure.ErrWrong, n, o.lines)
	}
	return o.b.drop(name)
}

// points returns how many points a database has. Every point has the first field of its
// measurement.
func (b *bed) points(database string) (n int, err error) {
	body, err := b.get(database, "SHOW FIELD KEYS", false)
	if err != nil {
		return 0, err
	}
	type response struct {
		Results []struct {
			Series []struct {
				Name   string
				Values [][]any
			}
			Error string
		}
	}
	var r response
	if err := json.Unmarshal(body, &r); err != nil {
		return 0, err
	}
	for _, s := range r.Results[0].Series {
		body, err := b.get(database, fmt.Sprintf("SELECT count(%q) FROM %q", s.Values[0][0], s.Name), false)
		if err != nil {
			return 0, err
		}
		var c response
		if err := json.Unmarshal(body, &c); err != nil {
			return 0, err
		}
		if len(c.Results) != 1 || len(c.Results[0].Series) != 1 {
			return 0, fmt.Errorf("counting %s: %s", s.Name, body)
		}
		n += int(c.Results[0].Series[0].Values[0][1].(float64))
	}
	return n, nil
}
