package docs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// This file computes the tables of scale-out.md from measured figures.

// What a collector of the table does. The batch and the requests under way are the defaults
// of package batch.
const (
	collectorRate = 10_000 // points/s
	batchLines    = 5_000
	inFlight      = 2 // to each server
	nodeCores     = 2 // of the machine that measured a server
)

// Figures that no command of this repository measures: runs by hand on two cores that other
// work shared, three servers with a copy of each point.
const (
	streamRate    = 4_700_000 // points/s into a JetStream 2.15.3, the lower of 4.7 to 5.2 million
	streamCPU     = 0.14e-6   // s/point
	streamMessage = 5_000     // points
	geminiSQL     = 1.77e-6   // s/point, the two ts-sql of openGemini 1.5.2
	geminiStore   = 6.85e-6   // s/point, its three ts-store
)

// measured are the figures of the newest run in bench/results-KIND.json.
type measured struct {
	writer     float64 // s/point of processor time
	line       float64 // bytes of a line
	compressed float64 // and compressed
	influxdb   float64 // points/s
}

func readMeasured(t *testing.T) (m measured) {
	t.Helper()
	file, err := os.Open(newestRun(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r struct {
			Suite, Case, Contender, Version string
			NS                              float64 `json:"ns_per_unit"`
			CPU                             float64 `json:"cpu_ns_per_unit"`
			MB                              float64 `json:"mb_per_s"`
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		switch r.Suite + "/" + r.Case + "/" + r.Contender {
		case "roundtrip/InfluxDB 1.8.10/pointwire-write":
			m.influxdb = 1e9 / r.NS
		case "transport/writer5000/pointwire-writer":
			m.writer, m.line = r.CPU/1e9, r.MB*r.NS/1e3
		case "gzip/trade/pointwire":
			_, part, _ := strings.Cut(r.Version, ", to 1/")
			if m.compressed, err = strconv.ParseFloat(part, 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.compressed = m.line / m.compressed
	if err := lines.Err(); err != nil || !(m.writer > 0 && m.influxdb > 0 && m.compressed > 0 && m.compressed < m.line) {
		t.Fatalf("%+v, %v", m, err)
	}
	return m
}

// newestRun returns the name of the newest of the files bench/results-KIND.json.
func newestRun(t *testing.T) (newest string) {
	t.Helper()
	files, err := filepath.Glob("../bench/results-*.json")
	if err != nil {
		t.Fatal(err)
	}
	date := ""
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var first struct{ Environment struct{ Date string } }
		err = json.NewDecoder(file).Decode(&first)
		file.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := first.Environment.Date; d > date {
			date, newest = d, name
		}
	}
	return newest
}

// digits prints v with two digits, or as many as it has before the decimal point.
func digits(v float64) string {
	prec := 0
	if v > 0 && v != math.Trunc(v) {
		prec = max(0, 1-int(math.Floor(math.Log10(v))))
	}
	s := strconv.FormatFloat(v, 'f', prec, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		return whole + "." + fraction
	}
	return whole
}

// micros prints the processor time of a point.
func micros(seconds float64) string {
	return strconv.FormatFloat(seconds*1e6, 'f', 2, 64) + " µs/point"
}

// figuresTable lists what fleetTable is computed from.
func figuresTable(m measured) string {
	const byHand = "by hand, two cores"
	var b strings.Builder
	b.WriteString("| figure | value | from |\n|---|--:|---|\n")
	row := func(what, value, from string) { fmt.Fprintf(&b, "| %s | %s | %s |\n", what, value, from) }
	row("a Writer: structs to compressed batches, sent", micros(m.writer), "`transport/writer5000`")
	row("a line", digits(m.line)+" bytes", "the same")
	row("the same compressed", digits(m.compressed)+" bytes", "`gzip/trade`")
	row("InfluxDB 1.8.10, with its client", digits(math.Round(m.influxdb/1000)*1000)+" points/s", fmt.Sprintf("`roundtrip`, %d cores", nodeCores))
	row("JetStream 2.15.3, three servers, on disk", digits(streamRate)+" points/s", byHand)
	row("the same", micros(streamCPU), byHand)
	row("openGemini 1.5.2, its ts-sql", micros(geminiSQL), byHand+", lines of 64 bytes")
	row("its three ts-store", micros(geminiStore), "the same")
	return b.String()
}

// fleetTable says what rates of points take.
func fleetTable(m measured) string {
	rates := []float64{1e6, 10e6, 100e6}
	nodes := func(rate float64) float64 { return math.Ceil(rate / m.influxdb) }
	collectors := func(rate float64) float64 { return math.Ceil(rate / collectorRate) }
	gemini := func(rate float64) float64 { return rate * (geminiSQL + geminiStore) }
	var b strings.Builder
	b.WriteString("| points/s | 1 million | 10 million | 100 million |\n|---|--:|--:|--:|\n")
	for _, row := range []struct {
		what string
		of   func(rate float64) float64
	}{
		{fmt.Sprintf("collectors of %s points/s", digits(collectorRate)), collectors},
		{"cores of their Writers, in all", func(r float64) float64 { return r * m.writer }},
		{"requests/s", func(r float64) float64 { return r / batchLines }},
		{"traffic compressed, MB/s", func(r float64) float64 { return r * m.compressed / 1e6 }},
		{"traffic uncompressed, MB/s", func(r float64) float64 { return r * m.line / 1e6 }},
		{"**InfluxDB**: nodes of two cores, one copy", nodes},
		{"connections to a node, a collector writes to one", func(r float64) float64 { return inFlight * math.Ceil(collectors(r)/nodes(r)) }},
		{"connections to a node, a collector writes to all", func(r float64) float64 { return inFlight * collectors(r) }},
		{"connections in all then", func(r float64) float64 { return inFlight * collectors(r) * nodes(r) }},
		{"**JetStream**: streams of three servers", func(r float64) float64 { return math.Ceil(r / streamRate) }},
		{"cores of the servers, in all", func(r float64) float64 { return r * streamCPU }},
		{"messages/s", func(r float64) float64 { return r / streamMessage }},
		{"traffic between the servers, two more copies, MB/s", func(r float64) float64 { return 2 * r * m.compressed / 1e6 }},
		{"**openGemini**: cores of ts-sql and ts-store, three copies", gemini},
		{"nodes of two cores", func(r float64) float64 { return math.Ceil(gemini(r) / nodeCores) }},
	} {
		b.WriteString("| " + row.what + " |")
		for _, rate := range rates {
			b.WriteString(" " + digits(row.of(rate)) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestFleet holds that the tables of scale-out.md are what the figures give.
func TestFleet(t *testing.T) {
	const file = "scale-out.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	now, m := string(text), readMeasured(t)
	for name, table := range map[string]string{"measured": figuresTable(m), "fleet": fleetTable(m)} {
		begin, end := "<!-- table: "+name+" -->\n", "<!-- end: "+name+" -->\n"
		between := regexp.MustCompile("(?s)" + regexp.QuoteMeta(begin) + ".*?" + regexp.QuoteMeta(end))
		if n := len(between.FindAllString(now, -1)); n != 1 {
			t.Fatalf("%s has %d tables with the mark %s", file, n, name)
		}
		now = between.ReplaceAllLiteralString(now, begin+"\n"+table+"\n"+end)
	}
	if *update {
		if err := os.WriteFile(file, []byte(now), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if now != string(text) {
		t.Errorf("the tables of %s differ from the figures: go test ./docs -update\n%s", file, now)
	}
}

// TestFleetFigures computes one column by hand.
func TestFleetFigures(t *testing.T) {
	table := fleetTable(measured{writer: 0.5e-6, line: 100, compressed: 25, influxdb: 300_000})
	for _, want := range []string{
		"| collectors of 10,000 points/s | 100 |", "| cores of their Writers, in all | 0.50 | 5 | 50 |", "| requests/s | 200 |",
		"compressed, MB/s | 25 |", "uncompressed, MB/s | 100 | 1,000 | 10,000 |", "one copy | 4 | 34 | 334 |",
		"writes to one | 50 | 60 | 60 |", "writes to all | 200 | 2,000 | 20,000 |", "in all then | 800 | 68,000 | 6,680,000 |",
		"streams of three servers | 1 | 3 | 22 |", "more copies, MB/s | 50 |", "three copies | 8.6 | 86 | 862 |", "| nodes of two cores | 5 | 44 | 431 |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}
