package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"

	"github.com/pointwire/pointwire/internal/workload"
)

// A contest is one piece of work done in two ways: that of the standard
// library and that of this module.
type contest struct {
	name, unit string
	units      int
	bytes      int
	ways       [2]func() // standard library, pointwire
}

// quick measures pointwire beside the standard library in this process: the
// contenders in turn, round by round.
func quick(ctx context.Context, o options, out io.Writer, p *progress) error {
	contests, err := contests()
	if err != nil {
		return err
	}
	bar := p.start("measuring", len(contests)*o.count)
	t := table{head: []string{"beside the standard library", "unit", "std ns", "pointwire ns", "MB/s", "×"}, bold: o.bold}
	for _, c := range contests {
		var took [2][]float64
		var ratios []float64
		for range o.count {
			if err := ctx.Err(); err != nil {
				return err
			}
			for i, way := range c.ways {
				took[i] = append(took[i], perUnit(way, c.units, o.benchtime))
			}
			ratios = append(ratios, took[0][len(took[0])-1]/took[1][len(took[1])-1])
			bar.add(1)
		}
		for _, s := range [][]float64{took[0], took[1], ratios} {
			slices.Sort(s)
		}
		mid := o.count / 2
		t.add(c.name, c.unit, figure(took[0][mid]), figure(took[1][mid]),
			figure(float64(c.bytes)/float64(c.units)/took[1][mid]*1000),
			fmt.Sprintf("%.3g (%.3g–%.3g)", ratios[mid], ratios[0], ratios[len(ratios)-1]))
	}
	bar.end()
	return t.write(out)
}

// perUnit returns the nanoseconds per unit of way, run until long has passed.
func perUnit(way func(), units int, long time.Duration) float64 {
	runs := 0
	began := time.Now()
	for time.Since(began) < long || runs == 0 {
		way()
		runs++
	}
	return float64(time.Since(began)) / float64(runs*units)
}

func contests() ([]contest, error) {
	const n = 131_072
	var list []contest
	buf := make([]byte, 0, 64)
	for _, set := range workload.FloatSets {
		if !slices.Contains([]string{"sensor", "prices", "geo6", "mix", "uniform", "bits"}, set.Name) {
			continue
		}
		values := set.Make(n, 1)
		size := 0
		for _, v := range values {
			size += len(lp.AppendFloat(buf[:0], v))
		}
		list = append(list, contest{"AppendFloat, " + set.Name, "value", n, size, [2]func(){
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
	text := body.Make(0.1, 0)
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
	return append(list, contest{"rows of trades, every cell", "row", rows, len(text), [2]func(){
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
