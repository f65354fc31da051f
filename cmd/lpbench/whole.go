package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

// wholeSuite is the suite that has the clients do the whole way to a server and back.
const wholeSuite = "whole"

// questions are the lines at the end: what people ask of a client.
var questions = []struct {
	text, name string
	answer     func(r *results.Result) string
}{
	{"points per second per core, from struct to stored", "write", perSecond},
	{"bytes on the wire per point", "write", onTheWire},
	{"bytes of memory allocated per point", "write", allocated},
	{"rows per second per core, from query to struct", "query", perSecond},
	{"bytes on the wire per row", "query", onTheWire},
	{"bytes of memory allocated per row", "query", allocated},
}

func perSecond(r *results.Result) string {
	if r.CPU <= 0 {
		return "–"
	}
	return term.Number(int64(1e9/r.CPU + 0.5))
}

func onTheWire(r *results.Result) string {
	if r.Extra == nil {
		return "–"
	}
	return term.Figure(*r.Extra)
}

func allocated(r *results.Result) string { return term.Count(r.BytesPer) }

// showWhole prints a line per question, with what was measured of each client in the suite
// whole. Without a result it prints nothing.
func showWhole(c console, r *results.Report) error {
	cases := map[string]results.Case{}
	var clients []string
	var notes strings.Builder
	measured := false
	for _, k := range r.Cases() {
		if k.Suite != wholeSuite {
			continue
		}
		cases[k.Name] = k
		for _, v := range k.Results {
			measured = measured || v.Out() == ""
			if !slices.Contains(clients, v.Contender) {
				clients = append(clients, v.Contender)
			}
			if v.Out() != "" {
				fmt.Fprintf(&notes, "%s, %s: %s, %s\n", v.Contender, k.Name, v.Out(), strings.TrimSpace(v.Wrong+v.Skipped))
			}
		}
	}
	if !measured {
		return nil
	}
	server := r.Environment.Get("server")
	if server == "" {
		server = "one server"
	}
	fmt.Fprintf(c.out, "\nthe clients beside each other, in one run with %s; a core is a second of the client's processor time\n", server)
	t := term.Table{Head: append([]string{""}, clients...), Colour: c.colour}
	for _, q := range questions {
		k, ok := cases[q.name]
		if !ok {
			continue
		}
		cells := []string{q.text}
		for _, client := range clients {
			i := slices.IndexFunc(k.Results, func(v results.Result) bool { return v.Contender == client && v.Out() == "" })
			if i < 0 {
				cells = append(cells, "–")
				continue
			}
			cells = append(cells, q.answer(&k.Results[i]))
		}
		t.Add(cells...)
	}
	if err := t.Write(c.out); err != nil {
		return err
	}
	_, err := fmt.Fprint(c.out, notes.String())
	return err
}
