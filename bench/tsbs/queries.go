package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/timescale/tsbs/pkg/query"

	"github.com/pointwire/pointwire/bench/tsbs/pointwire"
	"github.com/pointwire/pointwire/internal/measure"
)

// queryTypes are types of queries of the use case cpu-only, and how many of them a run has:
// few if the responses are large.
var queryTypes = []struct {
	name string
	n    int
}{
	{"single-groupby-1-1-1", 500}, {"single-groupby-5-8-1", 200}, {"double-groupby-1", 50}, {"double-groupby-all", 20},
	{"cpu-max-all-8", 100}, {"high-cpu-all", 10}, {"lastpoint", 50}, {"groupby-orderby-limit", 50},
}

// queryDatabase has the points that queries ask for.
const queryDatabase = "queries"

// queryCase compares programs that run queries of a type.
func queryCase(b *bed, kind string, n int) (measure.Case, error) {
	if err := b.fill(); err != nil {
		return measure.Case{}, err
	}
	file := filepath.Join(b.dir, kind+".queries")
	n = measure.Scale(n, b.size, 2)
	hosts, end := b.shape(cpuOnly)
	text, err := output(b.command("tsbs_generate_queries", "--use-case", cpuOnly, "--format", influxFormat, "--seed", strconv.Itoa(seed),
		"--query-type", kind, "--queries", strconv.Itoa(n), "--scale", strconv.Itoa(hosts),
		"--timestamp-start", start.Format(time.RFC3339), "--timestamp-end", end.Add(time.Second).Format(time.RFC3339)))
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		return measure.Case{}, err
	}
	want, err := b.reference(text)
	if err != nil {
		return measure.Case{}, err
	}
	if want.Rows == 0 {
		return measure.Case{}, errors.New("the queries find nothing")
	}
	c := measure.Case{Unit: "query", Units: n, ExtraUnit: "ms, 99th percentile"}
	common := []string{"--file", file, "--workers", "1", "--print-interval", "0", "--urls", b.url, "--db-name", queryDatabase}
	add := func(name, module, program string, more ...string) {
		o := &querier{b: b, program: program, args: append(append([]string(nil), common...), more...), want: want}
		c.Ops = append(c.Ops, measure.Op{Contender: name, Version: measure.Version(module), Check: o.check, Run: o.run, CPU: o.spent, Extra: o.slowest})
	}
	add(ownName, ownVersion, "queries")
	add(framesName, ownVersion, "queries", "--frames")
	add(packedName, ownVersion, "queries", "--msgpack")
	add(peerName, tsbsVersion, "tsbs_run_queries_influx")
	return c, nil
}

// fill loads the points that queries ask for, once.
func (b *bed) fill() error {
	file, lines, _, err := b.data(cpuOnly)
	if err != nil {
		return err
	}
	if n, err := b.points(queryDatabase); err == nil && n == lines {
		return nil
	}
	_, err = output(b.command("load", "--file", file, "--urls", b.url, "--db-name", queryDatabase, "--reporting-period", "0s"))
	return err
}

// A querier is a program that runs queries.
type querier struct {
	b       *bed
	program string
	args    []string
	want    pointwire.Sum
	cpu     time.Duration
}

func (o *querier) spent() time.Duration { return o.cpu }

func (o *querier) run() error {
	cmd := o.b.command(o.program, o.args...)
	_, err := output(cmd)
	o.cpu += cpuOf(cmd)
	return err
}

// slowest returns the 99th percentile of the times of the queries, in milliseconds. All
// programs are made of the runner of TSBS, which takes the times.
func (o *querier) slowest() (float64, error) {
	file := filepath.Join(o.b.dir, "times.json")
	if _, err := output(o.b.command(o.program, append([]string{"--results-file", file}, o.args...)...)); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var r struct {
		Totals struct {
			OverallQuantiles map[string]map[string]float64
		}
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return 0, err
	}
	q, ok := r.Totals.OverallQuantiles["all_queries"]["q99"]
	if !ok || q <= 0 {
		return 0, fmt.Errorf("no 99th percentile in %s", text)
	}
	return q, nil
}

// check compares what our programs read. TSBS's own drops what it reads.
func (o *querier) check() error {
	if o.program != "queries" {
		return o.run()
	}
	cmd := o.b.command(o.program, append([]string{"--sum"}, o.args...)...)
	var text bytes.Buffer
	cmd.Stderr = &text
	if _, err := output(cmd); err != nil {
		return fmt.Errorf("%w\n%s", err, &text)
	}
	var got pointwire.Sum
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		return fmt.Errorf("%w: %s", err, &text)
	}
	if got != o.want {
		return fmt.Errorf("%w: the results hold %+v, not %+v", measure.ErrWrong, got, o.want)
	}
	return nil
}

// reference runs the queries with net/http and reads the responses with encoding/json.
func (b *bed) reference(queries []byte) (sum pointwire.Sum, err error) {
	d := gob.NewDecoder(bytes.NewReader(queries))
	for {
		var q query.HTTP
		if err := d.Decode(&q); err == io.EOF {
			return sum, nil
		} else if err != nil {
			return sum, err
		}
		body, err := b.get(queryDatabase, string(q.RawQuery), false)
		if err != nil {
			return sum, err
		}
		if err := addJSON(&sum, body); err != nil {
			return sum, fmt.Errorf("%s: %w", q.RawQuery, err)
		}
	}
}

// addJSON adds a response.
func addJSON(sum *pointwire.Sum, body []byte) error {
	var r struct {
		Results []struct {
			Series []struct {
				Values [][]any
			}
			Error string
		}
		Error string
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		return err
	}
	for _, result := range r.Results {
		if text := r.Error + result.Error; text != "" {
			return errors.New(text)
		}
		for _, s := range result.Series {
			for _, row := range s.Values {
				if err := addValues(sum, row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func addValues(sum *pointwire.Sum, row []any) error {
	sum.Rows++
	ts, ok := row[0].(json.Number)
	if !ok {
		return fmt.Errorf("%v is no time", row[0])
	}
	at, err := ts.Int64()
	if err != nil {
		return err
	}
	sum.Bits ^= uint64(at)
	for _, v := range row[1:] {
		switch v := v.(type) {
		case nil:
		case string:
			sum.AddText([]byte(v))
		case json.Number:
			f, err := v.Float64()
			if err != nil {
				return err
			}
			sum.AddNumber(f)
		default:
			return fmt.Errorf("%T in a response", v)
		}
	}
	return nil
}
