package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"time"

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
	bar := c.progress.Start("measuring", len(contests)*o.count)
	defer bar.End()
	for _, k := range contests {
		bar.Note(k.name)
		var samples [2][]turn
		for round := range o.count {
			if err := ctx.Err(); err != nil {
				return err
			}
			for i := range k.ways {
				i := (i + round) % 2 // who goes first changes
				samples[i] = append(samples[i], takeTurn(k.ways[i], k.units, o.benchtime))
			}
			bar.Add(1)
		}
		k.add(&found, samples)
	}
	bar.End()
	r.Results = append(r.Results, found.Results...)
	r.Goals = append(r.Goals, found.Goals...)
	fmt.Fprintf(c.out, "\nbeside the standard library: %d rounds in turn, medians; × is how many times as fast, with the least and the greatest round\n", o.count)
	if err := showCases(c, found.Cases()); err != nil {
		return err
	}
	return showGoals(c, &found)
}

// add adds the figures of a contest and its goal.
func (k *contest) add(r *results.Report, samples [2][]turn) {
	ratios := make([]float64, len(samples[0]))
	for i := range ratios {
		ratios[i] = samples[0][i].wall / samples[1][i].wall
	}
	ratio, lo, hi := median(ratios)
	for i, name := range [2]string{k.base, "pointwire"} {
		v := results.Result{Suite: "quick", Case: k.name, Contender: name, Version: "this tree", Unit: k.unit, Base: k.base,
			Ratio: ratio, RatioLo: lo, RatioHi: hi, Rounds: len(samples[i])}
		if i == 0 {
			v.Version, v.Ratio, v.RatioLo, v.RatioHi = runtime.Version(), 1, 1, 1
		}
		var cpu, allocs, bytes []float64
		for _, s := range samples[i] {
			v.Samples = append(v.Samples, s.wall)
			cpu, allocs, bytes = append(cpu, s.cpu), append(allocs, s.allocs), append(bytes, s.bytes)
		}
		v.Ns, v.NsLo, v.NsHi = median(v.Samples)
		v.CPU, _, _ = median(cpu)
		v.Allocs, _, _ = median(allocs)
		v.BytesPer, _, _ = median(bytes)
		v.MBps = float64(k.bytes) / float64(k.units) / v.Ns * 1000
		r.Results = append(r.Results, v)
	}
	if k.goal > 0 {
		r.Goals = append(r.Goals, results.Goal{Suite: "quick", Case: k.name, Contender: "pointwire", Against: []string{k.base}, Factor: k.goal,
			Fastest: k.base, Ratio: ratio, RatioLo: lo, RatioHi: hi, Met: ratio >= k.goal})
	}
}

// median returns the median, the least and the greatest of v.
func median(v []float64) (mid, lo, hi float64) {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2, v[0], v[n-1]
}

// A turn is what a unit of work cost in one turn.
type turn struct{ wall, cpu, allocs, bytes float64 }

// takeTurn runs way until long has passed.
func takeTurn(way func(), units int, long time.Duration) turn {
	runs := 0
	c, _ := measure.Once(func() error {
		for began := time.Now(); time.Since(began) < long || runs == 0; runs++ {
			way()
		}
		return nil
	})
	per := 1 / float64(runs*units)
	return turn{float64(c.Wall) * per, float64(c.CPU) * per, float64(c.Allocs) * per, float64(c.Bytes) * per}
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
