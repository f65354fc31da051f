package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pointwire/pointwire/fastclient"
)

// A leg is a part of the way there and back.
type leg struct {
	name      string
	raw, wire int64
	cost
}

// errMismatch is the end of a round trip whose values came back changed.
var errMismatch = errors.New("values changed on the way")

// roundTrip writes all kinds to the client's database, reads them back,
// compares, and returns what each part cost.
func roundTrip(ctx context.Context, c *fastclient.Client, kinds []kind, out io.Writer, p *progress) ([]leg, error) {
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
	encoded, err := measure(encode)
	if err != nil {
		return nil, err
	}

	wire := c.Stats().WireBytes
	bar := p.start("writing", total)
	written, err := measure(func() error {
		for _, b := range batches {
			if err := c.Write(ctx, b); err != nil {
				return err
			}
			bar.add(min(batchLines, total))
		}
		return nil
	})
	bar.end()
	if err != nil {
		return nil, err
	}
	sent := int64(c.Stats().WireBytes - wire)

	var answers int64
	bar = p.start("reading back", total)
	read, err := measure(func() error {
		for _, k := range kinds {
			n, err := k.read(ctx, c)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name(), err)
			}
			answers += n
			bar.add(k.len())
		}
		return nil
	})
	bar.end()
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
		{"query", answers, answers, read},
	}, nil
}

// report prints the points and what the legs cost.
func report(out io.Writer, kinds []kind, legs []leg, bold bool) error {
	var total int
	for _, k := range kinds {
		total += k.len()
	}
	points := table{head: []string{"points", "", "proved identical"}, bold: bold}
	for _, k := range kinds {
		points.add(k.name(), number(int64(k.len())), "yes")
	}
	points.add("all", number(int64(total)), "yes")
	if err := points.write(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	t := table{head: []string{"part", "bytes raw", "on the wire", "points/s", "MB/s", "ns/point", "CPU ns/point", "allocs/point"}, bold: bold}
	for _, l := range legs {
		wire := "–"
		if l.wire > 0 {
			wire = number(l.wire)
		}
		n, seconds := float64(total), l.wall.Seconds()
		t.add(l.name, number(l.raw), wire, number(int64(n/seconds)), figure(float64(l.raw)/seconds/1e6),
			figure(float64(l.wall)/n), figure(float64(l.cpu)/n), figure(float64(l.allocs)/n))
	}
	return t.write(out)
}
