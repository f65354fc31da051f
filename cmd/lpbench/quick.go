package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// A contest is one piece of work done in two ways: that of the standard
// library and that of this module.
type contest struct {
	name, unit string
	base       string // the way of the standard library
	units      int
	bytes      int
	goal       float64   // of the design, 0 if it has none for this
	ways       [2]func() // standard library, pointwire
}

// quick measures pointwire beside the standard library in this process, the
// contenders in turn, round by round, and adds what it found to r.
func quick(ctx context.Context, c console, o compareOptions, r *results.Report) error {
	contests, err := contests(o.size)
	if err != nil {
		return err
	}
	r.Environment.Set("rounds", strconv.Itoa(o.count))
	r.Environment.Set("turn_ns", strconv.FormatInt(int64(o.benchtime), 10))
	if o.size > 0 {
		r.Environment.Set("size", strconv.FormatFloat(o.size, 'g', -1, 64))
	}
	var found results.Report
	bar := c.progress.Start("measuring", 2*len(contests)*o.count)
	defer bar.End()
	for _, k := range contests {
		bar.Note(k.name)
		work := k.of(ctx)
		list, err := measure.Run(&work, measure.Options{Rounds: o.count, Turn: o.benchtime, Done: func(*measure.Case, *measure.Op) { bar.Add(1) }})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		found.Results = append(found.Results, list...)
		if own := &list[1]; k.goal > 0 && own.Out() == "" {
			found.Goals = append(found.Goals, results.Goal{Suite: "quick", Case: k.name, Contender: own.Contender, Against: []string{k.base}, Factor: k.goal,
				Fastest: k.base, Ratio: own.Ratio, RatioLo: own.RatioLo, RatioHi: own.RatioHi, Met: own.Ratio >= k.goal})
		}
	}
	bar.End()
	r.Results = append(r.Results, found.Results...)
	r.Goals = append(r.Goals, found.Goals...)
	fmt.Fprintf(c.out, "\nbeside the standard library: %d rounds in turn, medians; × is how many times as fast, with its interval\n", o.count)
	if err := showCases(c, found.Cases()); err != nil {
		return err
	}
	return showGoals(c, &found)
}

// of returns the contest as a case. It ends with an error when ctx does.
func (k *contest) of(ctx context.Context) measure.Case {
	work := measure.Case{Suite: "quick", Name: k.name, Unit: k.unit, Units: k.units, Bytes: k.bytes, Base: k.base}
	for i, name := range [2]string{k.base, "pointwire"} {
		run := func() error {
			k.ways[i]()
			return ctx.Err()
		}
		version := "this tree"
		if i == 0 {
			version = runtime.Version()
		}
		work.Ops = append(work.Ops, measure.Op{Contender: name, Version: version, Check: run, Run: run})
	}
	return work
}

// goals are those of the design beside the standard library, by the name of the
// set of floats.
var goals = map[string]float64{"sensor": 5.5, "geo6": 5, "mix": 2.7, "bits": 2.4}

func contests(size float64) ([]contest, error) {
	if size == 0 {
		size = 1
	}
	n := max(1, int(131_072*size))
	var list []contest
	buf := make([]byte, 0, 64)
	for _, set := range workload.FloatSets {
		if !slices.Contains([]string{"sensor", "prices", "geo6", "mix", "uniform", "bits"}, set.Name) {
			continue
		}
		values := set.Make(n, 1)
		bytes := 0
		for _, v := range values {
			bytes += len(lp.AppendFloat(buf[:0], v))
		}
		list = append(list, contest{"append-float-" + set.Name, "value", "strconv", n, bytes, goals[set.Name], [2]func(){
			func() {
				for _, v := range values {
					buf = strconv.AppendFloat(buf[:0], v, 'g', -1, 64)
				}
			},
			func() {
				for _, v := range values {
					buf = lp.AppendFloat(buf[:0], v)
				}
			},
		}})
	}
	body, ok := workload.FindBody("trade")
	if !ok {
		return nil, fmt.Errorf("no body of trades")
	}
	text := body.Make(0.1*size, 0)
	rows := 0
	var scanner jsonscan.Scanner
	reader := newLoop(text)
	read := func() {
		rows = 0
		reader.rewind()
		scanner.Reset(reader)
		for row, err := range scanner.Rows() {
			if err != nil {
				panic(err) // the body is made by this program
			}
			for i := range row.Len() {
				_ = row.Cell(i)
			}
			rows++
		}
	}
	read()
	return append(list, contest{"rows-trade", "row", "encoding/json", rows, len(text), 12, [2]func(){
		func() {
			var v struct {
				Results []struct {
					Series []struct {
						Name    string
						Columns []string
						Values  [][]any
					}
				}
			}
			if err := json.Unmarshal(text, &v); err != nil {
				panic(err)
			}
		},
		read,
	}}), nil
}

// A loop is a reader that starts again.
type loop struct {
	text []byte
	at   int
}

func newLoop(text []byte) *loop { return &loop{text: text} }

func (l *loop) rewind() { l.at = 0 }

func (l *loop) Read(p []byte) (int, error) {
	if l.at == len(l.text) {
		return 0, io.EOF
	}
	n := copy(p, l.text[l.at:])
	l.at += n
	return n, nil
}
