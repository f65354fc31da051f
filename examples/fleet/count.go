package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// This file reads every line back.

// A Sum is what a fleet has done.
type Sum struct {
	Promised    int    // lines whose append returned
	Stored      int    // different lines that the servers have
	Lost        int    // lines that were promised and are not stored
	Extra       int    // lines that are stored and were not promised, because their collector was killed before the append returned
	Wrong       int    // rows that no collector wrote, or twice, or on another server than that of their series
	PerServer   []int  // rows of each server
	DeadLetters uint64 // messages
	Kills       int
}

func (s *Sum) print(w io.Writer) {
	fmt.Fprintf(w, "%d lines promised, %d stored (%v by server), %d lost, %d wrong, %d dead letters; %d processes killed\n",
		s.Promised, s.Stored, s.PerServer, s.Lost, s.Wrong, s.DeadLetters, s.Kills)
	if s.Extra > 0 {
		fmt.Fprintf(w, "%d of them were not promised: their collector was killed before their append returned\n", s.Extra)
	}
}

func (s *Sum) err() error {
	if s.Lost > 0 || s.Wrong > 0 || s.DeadLetters > 0 {
		return errors.New("lines are lost or wrong")
	}
	return nil
}

// count compares what the servers have with what the collectors were promised.
func (f *fleet) count(ctx context.Context, sum *Sum) error {
	places, err := newPlaces(f.Servers)
	if err != nil {
		return err
	}
	defer places.close()
	stored := map[[2]int]bool{} // by collector and number
	for shard, url := range f.Servers {
		rows, err := again(ctx, func(context.Context) ([][2]int, error) { return f.read(ctx, url, shard, places, sum) })
		if err != nil {
			return err
		}
		sum.PerServer = append(sum.PerServer, len(rows))
		for _, id := range rows {
			if stored[id] {
				sum.Wrong++
			}
			stored[id] = true
		}
	}
	sum.Stored = len(stored)
	found := 0
	for i := range f.Collectors {
		n, err := promised(f.Settings, i)
		if err != nil {
			return err
		}
		sum.Promised += n
		for number := range n {
			if stored[[2]int{i, number}] {
				found++
			} else {
				sum.Lost++
			}
		}
	}
	sum.Extra = sum.Stored - found
	return nil
}

// read returns the collector and the number of every row of a server.
func (f *fleet) read(ctx context.Context, url string, shard int, places *places, sum *Sum) (rows [][2]int, err error) {
	c, err := clientOf(url)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	result, err := c.Query(ctx, "SELECT n FROM load GROUP BY collector, host")
	if err != nil {
		return nil, err
	}
	defer result.Close()
	wrong := 0
	for row, err := range result.Rows() {
		if err != nil {
			return nil, err
		}
		at, err1 := row.Int(0)
		n, err2 := row.Int(1)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		var collector, host int
		tags := row.Series().Tags
		if len(tags) == 2 {
			fmt.Sscan(tags[0].Value, &collector)
			fmt.Sscanf(tags[1].Value, "h%d", &host)
		}
		_, series := appendLine(nil, collector, int(n))
		place, err := places.shard(series)
		if err != nil {
			return nil, err
		}
		if at != epoch+n || len(tags) != 2 || host != int(n)%seriesOf || place != shard {
			wrong++
		}
		rows = append(rows, [2]int{collector, int(n)})
	}
	sum.Wrong += wrong
	return rows, nil
}
