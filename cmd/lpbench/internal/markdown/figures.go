package markdown

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/internal/measure"
)

// A comparison is a row of the table "figures": over the cases of a suite, the
// least and the greatest of how many times as fast as a peer one of our
// contenders is.
type comparison struct {
	work, suite, contender string
	peer                   string // "" is the fastest peer of each case
}

var comparisons = []comparison{
	{"structs to line protocol", "encode", "pointwire-schema", "line-protocol"},
	{"line protocol to values", "decode", "pointwire", "line-protocol"},
	{"numbers to text and back", "numbers", "pointwire", "strconv"},
	{"every cell of a query response", "query", "pointwire-rows", "encoding-json"},
	{"the same", "query", "pointwire-rows", ""},
	{"writes over HTTP", "transport", "pointwire", "influxdb-client-go"},
	{"request bodies compressed", "gzip", "pointwire", "klauspost-1"},
	{"responses decompressed", "gunzip", "pointwire", "klauspost"},
}

// An extreme is a figure of the table: how many times as fast, and in which case.
type extreme struct {
	ratio, lo, hi float64
	name          string
}

func (x extreme) String() string { return interval(x.ratio, x.lo, x.hi) + ", " + cell(x.name) }

// figures is a row per comparison, and the machine that they are of. Results that lack one are an error, so that a
// table never shows fewer figures than it promises.
func figures(r *results.Report) (string, error) {
	var b strings.Builder
	b.WriteString("| suite | work | times as fast as | worst case | best case |\n|---|---|---|--:|--:|\n")
	for _, c := range comparisons {
		worst, best, peers, cpu := c.extremes(r)
		if peers == 0 {
			return "", fmt.Errorf("the results hold no case of suite %q with %s and %s", c.suite, c.contender, cmp.Or(c.peer, "a peer"))
		}
		beside := c.peer
		if beside == "" {
			beside = fmt.Sprintf("the fastest of %d", peers)
		}
		work := c.work
		if cpu {
			work += ", processor time"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(c.suite), work, cell(beside), worst, best)
	}
	return b.String() + "\n" + machine(r), nil
}

// extremes also returns how many peers the figures are of, 0 if there are no figures, and
// whether they are of processor time.
func (c *comparison) extremes(r *results.Report) (worst, best extreme, peers int, cpu bool) {
	for _, k := range r.Cases() {
		if k.Suite != c.suite {
			continue
		}
		own := slices.IndexFunc(k.Results, func(v results.Result) bool { return v.Contender == c.contender && v.Out() == "" })
		if own < 0 {
			continue
		}
		fastest, n := -1, 0
		for i := range k.Results {
			v := &k.Results[i]
			switch {
			case v.Out() != "", c.peer != "" && v.Contender != c.peer,
				c.peer == "" && (v.Contender == "copy" || strings.HasPrefix(v.Contender, "pointwire")):
				continue
			}
			n++
			if fastest < 0 || k.Time(v) < k.Time(&k.Results[fastest]) {
				fastest = i
			}
		}
		if fastest < 0 {
			continue
		}
		x := extreme{name: k.Name}
		x.ratio, x.lo, x.hi = times(&k, &k.Results[own], &k.Results[fastest])
		if peers == 0 || x.ratio < worst.ratio {
			worst = x
		}
		if peers == 0 || x.ratio > best.ratio {
			best = x
		}
		peers = max(peers, n)
		cpu = cpu || k.CPU()
	}
	return worst, best, peers, cpu
}

// times says how many times as fast as peer own is: the median of the ratios of the
// rounds, with its interval.
func times(k *results.Case, own, peer *results.Result) (ratio, lo, hi float64) {
	if peer.Contender == own.Base {
		return own.Ratio, own.RatioLo, own.RatioHi
	}
	a, b := own.Samples, peer.Samples
	if k.CPU() {
		a, b = own.CPUSamples, peer.CPUSamples
	}
	if len(a) == 0 || len(b) == 0 {
		ratio = k.Time(peer) / k.Time(own)
		return ratio, ratio, ratio
	}
	return measure.Quotient(b, a)
}
