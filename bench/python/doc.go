// Package python compares pointwire with aioinflux, on which it is modelled, and with the
// older influxdb-python. The cases are the trade of the user guide as a class with a
// schema and as a dict, and responses of 10,000 rows.
//
// The Python clients run in a child process, which holds the points in the form shown in
// the documentation of each client. It gets one word for each batch of 5,000 points or
// each response; that word costs less than a hundredth of any batch. The outcome is
// compared with ours before anything is timed. Clients that are not installed (Debian:
// python3-aioinflux, python3-influxdb) are shown as such.
package python

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// A Contender does the work of a case on one batch of points or one response.
type Contender interface {
	// Check does the work once and compares the outcome.
	Check(batch int) error
	Run(batch int) error
}

// A work is a Contender made of two functions.
type work struct{ check, run func(batch int) error }

func (w work) Check(batch int) error { return w.check(batch) }
func (w work) Run(batch int) error   { return w.run(batch) }

const (
	suite = "python"
	// batch is the number of points per run, rows the number of rows of a response.
	batch = 5000
	rows  = 10_000

	ownModule = "github.com/pointwire/pointwire"
)

// Suite is the suite "python".
var Suite = measure.Suite{Name: suite, About: "beside the Python clients", Names: []string{"trade", "dict", "rows"}, Cases: cases}

// Goals are the goals of the design for this suite.
var Goals = []measure.Goal{
	{Suite: suite, Case: "trade", Contender: "pointwire-schema", Against: []string{"aioinflux-lineprotocol"}, Factor: 25},
}

// An entry is a named contender. python marks those of the child.
type entry struct {
	name      string
	python    bool
	contender Contender
}

// data is the data that all contenders of a case share.
type data struct {
	trades    []workload.Trade
	responses [][]byte
	child     *child // nil if the clients are not installed
}

func newData(size float64) (*data, error) {
	n := max(1, int(size*131072)/rows) * rows
	body, _ := workload.FindBody("trade")
	// Each chunk is a document, on a line of its own.
	d := &data{trades: workload.Trades(n, 1)}
	for doc := range bytes.Lines(body.Make(float64(n)/150_000, rows)) {
		d.responses = append(d.responses, doc)
	}
	if len(d.responses) != n/rows {
		return nil, fmt.Errorf("%d responses of %d rows are not %d rows", len(d.responses), rows, n)
	}
	python := installed()
	if python == "" {
		return d, nil
	}
	var err error
	d.child, err = start(python, d.trades, d.responses)
	return d, err
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	for _, x := range []struct {
		name, base string
		entries    func(d *data) ([]entry, error)
	}{
		{"trade", "aioinflux-lineprotocol", tradeEntries},
		{"dict", "aioinflux-dict", dictEntries},
		{"rows", "aioinflux-iterpoints", rowEntries},
	} {
		if !want(x.name) {
			continue
		}
		d, err := newData(size)
		if err != nil {
			return nil, err
		}
		entries, err := x.entries(d)
		if err != nil {
			return nil, err
		}
		c := measure.Case{Suite: suite, Name: x.name, Unit: "point", Units: batch, Base: x.base}
		count := len(d.trades) / batch
		if x.name == "rows" {
			c.Unit, c.Units, c.Bytes, count = "row", rows, len(d.responses[0]), len(d.responses)
		} else {
			c.Bytes = len(lines(d.trades, false, false)) / count
		}
		for _, e := range entries {
			c.Ops = append(c.Ops, d.op(e, count))
		}
		if d.child != nil {
			c.Close = d.child.close
		}
		list = append(list, c)
	}
	return list, nil
}

// op makes an Op of a contender, which works on count batches in turn.
func (d *data) op(e entry, count int) measure.Op {
	op := measure.Op{Contender: e.name, Version: measure.Version(ownModule)}
	if e.name == "copy" {
		op.Version = measure.Version("")
	}
	if e.python {
		op.Version = ""
		if d.child == nil {
			op.Skip = "not installed"
			return op
		}
		client, _, _ := strings.Cut(e.name, "-")
		op.Version = fmt.Sprintf("%s, Python %s", d.child.versions[client], d.child.versions["python"])
		op.CPU = func() time.Duration { return d.child.cpu }
	}
	next := 0
	op.Check = func() error {
		for k := range count {
			if err := e.contender.Check(k); err != nil {
				return fmt.Errorf("batch %d: %w", k, err)
			}
		}
		return nil
	}
	op.Run = func() error {
		next++
		return e.contender.Run(next % count)
	}
	return op
}

// batchOf returns the trades of a batch.
func (d *data) batchOf(k int) []workload.Trade { return d.trades[k*batch : (k+1)*batch] }

// client is a contender of the child that makes lines.
func (d *data) client(name string, sorted bool) entry {
	return entry{name, true, work{
		check: func(k int) error {
			var got string
			if err := d.child.show(name, k, &got); err != nil {
				return err
			}
			want := lines(d.batchOf(k), sorted, true)
			return measure.Differ(bytes.TrimSuffix([]byte(got), []byte("\n")), bytes.TrimSuffix(want, []byte("\n")))
		},
		run: func(k int) error { return d.child.run(name, k) },
	}}
}

// reader is a contender of the child that reads responses.
func (d *data) reader(name string) entry {
	return entry{name, true, work{
		check: func(k int) error {
			var got []row
			if err := d.child.show(name, k, &got); err != nil {
				return err
			}
			return sameRows(got, d.trades[k*rows:(k+1)*rows])
		},
		run: func(k int) error { return d.child.run(name, k) },
	}}
}

// lines returns the lines of trades, written as plainly as possible. Python writes 100.0
// where Go writes 100, which is the same value. No point holds a float that either of
// them writes with an exponent.
func lines(trades []workload.Trade, sorted, python bool) []byte {
	var b strings.Builder
	escape := strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)
	for _, t := range trades {
		tags := []string{"instrument=" + escape.Replace(t.Instrument), "source=" + escape.Replace(t.Source), "side=" + escape.Replace(t.Side)}
		if sorted {
			slices.Sort(tags)
		}
		price := strconv.FormatFloat(t.Price, 'f', -1, 64)
		if python && !strings.Contains(price, ".") {
			price += ".0"
		}
		fmt.Fprintf(&b, "Trade,%s price=%s,size=%di,trade_id=%q %d\n", strings.Join(tags, ","), price, t.Size, t.TradeID, t.Timestamp)
	}
	return []byte(b.String())
}
