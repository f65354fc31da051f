package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// A leg is a part of the way there and back.
type leg struct {
	name      string
	raw, wire int64
	measure.Cost
}

// errMismatch is the end of a round trip whose values came back changed.
var errMismatch = errors.New("values changed on the way")

// roundTrip writes all kinds to the client's database, reads them back,
// compares, and returns what each part cost.
func roundTrip(ctx context.Context, c *fastclient.Client, kinds []kind, out io.Writer, p *term.Progress) ([]leg, error) {
	var (
		total   int
		lines   []byte
		batches [][]byte
	)
	for _, k := range kinds {
		total += k.len()
	}
	// Encoded twice: the first time grows the buffer, the second is measured.
	encode := func() (err error) {
		lines, batches = lines[:0], batches[:0]
		for _, k := range kinds {
			for i := 0; i < k.len(); i += batchLines {
				begin := len(lines)
				if lines, err = k.encode(lines, i, min(i+batchLines, k.len())); err != nil {
					return err
				}
				batches = append(batches, lines[begin:])
			}
		}
		return nil
	}
	if err := encode(); err != nil {
		return nil, err
	}
	encoded, err := measure.Once(encode)
	if err != nil {
		return nil, err
	}

	wire := c.Stats().WireBytes
	bar := p.Start("writing", total)
	written, err := measure.Once(func() error {
		for _, b := range batches {
			if err := c.Write(ctx, b); err != nil {
				return err
			}
			bar.Add(min(batchLines, total))
		}
		return nil
	})
	bar.End()
	if err != nil {
		return nil, err
	}
	sent := int64(c.Stats().WireBytes - wire)

	var responses int64
	bar = p.Start("reading back", total)
	read, err := measure.Once(func() error {
		for _, k := range kinds {
			n, err := k.read(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name(), err)
			}
			responses += n
			bar.Add(k.len())
		}
		return nil
	})
	bar.End()
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if m := k.mismatch(); m != "" {
			fmt.Fprintln(out, m)
			return nil, errMismatch
		}
	}
	return []leg{
		{"encode", int64(len(lines)), 0, encoded},
		{"write", int64(len(lines)), sent, written},
		{"query", responses, responses, read},
	}, nil
}

// showTrip prints the points and what the legs cost, and adds the legs to r.
func showTrip(c console, kinds []kind, legs []leg, server string, r *results.Report) error {
	var total int
	for _, k := range kinds {
		total += k.len()
	}
	points := term.Table{Head: []string{"points", "", "proved identical"}, Colour: c.colour}
	for _, k := range kinds {
		points.Add(k.name(), term.Number(int64(k.len())), "yes")
	}
	points.Add("all", term.Number(int64(total)), "yes")
	r.Environment.Set("identical", strconv.Itoa(total))
	if err := points.Write(c.out); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	t := term.Table{Head: []string{"part", "bytes raw", "on the wire", "points/s", "MB/s", "ns/point", "CPU ns/point", "allocs/point"}, Colour: c.colour}
	for _, l := range legs {
		v := l.result(total, server)
		r.Results = append(r.Results, v)
		wire := "–"
		if l.wire > 0 {
			wire = term.Number(l.wire)
		}
		t.Add(l.name, term.Number(l.raw), wire, term.Number(int64(float64(total)/l.Wall.Seconds())), term.Figure(v.MBps),
			term.Figure(v.Ns), term.Figure(v.CPU), term.Figure(v.Allocs))
	}
	return t.Write(c.out)
}

// result is the leg as a line of the JSON form: it was gone once.
func (l *leg) result(points int, server string) results.Result {
	n := float64(points)
	ns := float64(l.Wall) / n
	return results.Result{
		Suite: "roundtrip", Case: server, Contender: "pointwire-" + l.name, Version: "this tree", Unit: "point",
		Ns: ns, NsLo: ns, NsHi: ns, Rounds: 1, Samples: []float64{ns},
		CPU: float64(l.CPU) / n, MBps: float64(l.raw) / l.Wall.Seconds() / 1e6, BytesPer: float64(l.Bytes) / n, Allocs: float64(l.Allocs) / n,
	}
}

// gather samples the counters of this host until they make at least least
// points, and adds trades points of the guide. Without /proc there are only
// trades.
func gather(least, trades int, progress *term.Progress) ([]kind, error) {
	kinds := []kind{newPoints(workload.Trades(trades, 1))}
	if _, err := os.Stat("/proc/stat"); err != nil || least == 0 {
		return kinds, nil
	}
	var (
		sampler   hostproc.Sampler
		sample    hostproc.Sample
		cpus      []hostproc.CPU
		memory    []hostproc.Memory
		disks     []hostproc.Disk
		networks  []hostproc.Network
		processes []hostproc.Process
		bar       = progress.Start("reading /proc", least)
	)
	defer bar.End()
	for n := 0; n < least; {
		if err := sampler.Read(&sample, time.Now()); err != nil {
			return nil, err
		}
		cpus = append(cpus, sample.CPUs...)
		memory = append(memory, sample.Memory)
		disks = append(disks, sample.Disks...)
		networks = append(networks, sample.Networks...)
		processes = append(processes, sample.Processes...)
		n += sample.Points()
		bar.Set(n)
	}
	kinds = append(kinds, newPoints(cpus), newPoints(memory), newPoints(processes))
	if len(disks) > 0 {
		kinds = append(kinds, newPoints(disks))
	}
	if len(networks) > 0 {
		kinds = append(kinds, newPoints(networks))
	}
	return kinds, nil
}
