package workload

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// A Body is a query answer of a certain shape, written as InfluxDB 1.8 writes
// it for epoch=ns. Size 1 gives the size named in its comment, smaller sizes
// fewer rows. With chunk > 0 the answer is a chunked one: one document per that
// many rows.
type Body struct {
	Name string
	Make func(size float64, chunk int) []byte
}

// Bodies are the shapes that query decoders are measured on.
var Bodies = []Body{
	// cpugb: 29 MB. SELECT * ... GROUP BY *: 40 series of 3,600 rows with ten
	// floats of 15 to 17 digits: quotients in full, the dearest numbers.
	{"cpugb", func(size float64, chunk int) []byte {
		return cpuBody(size, chunk, func(r *rand.Rand, b []byte) []byte {
			return strconv.AppendFloat(b, r.Float64()*100, 'f', -1, 64)
		})
	}},
	// cpu2gb: 11 MB. The same with two decimals: what most telemetry looks like,
	// and more cells per byte.
	{"cpu2gb", func(size float64, chunk int) []byte {
		return cpuBody(size, chunk, func(r *rand.Rand, b []byte) []byte {
			return strconv.AppendFloat(b, float64(r.IntN(10001))/100, 'f', -1, 64)
		})
	}},
	// trade: 16 MB. 150,000 trades of the user guide in one series: three short
	// strings that are tags, a UUID, a price and a size.
	{"trade", tradeBody},
	// wide: 13 MB. 6,000 rows of 201 columns: whole numbers, two decimals and
	// floats in full in turn, every fifth cell null: SELECT * over many fields.
	{"wide", wideBody},
	// logs: 12 MB. 40,000 messages of Logs, all with escapes, and a
	// boolean.
	{"logs", logsBody},
	// mix: 12 MB. 150,000 rows of 63-bit integers, booleans, strings, floats and
	// many nulls: no two rows alike.
	{"mix", mixBody},
	// small_mean: 50 KB. A dashboard panel: mean per minute of 60 hosts.
	{"small_mean", smallMeanBody},
	// small_last: 5 KB. The last value of 40 hosts: envelope, hardly any rows.
	{"small_last", smallLastBody},
}

// FindBody returns the shape called name.
func FindBody(name string) (Body, bool) {
	for _, b := range Bodies {
		if b.Name == name {
			return b, true
		}
	}
	return Body{}, false
}

// answer writes the documents of one statement.
type answer struct {
	buf   []byte
	head  string // the open series up to its values
	chunk int
	rows  int // of the open series in the open document
}

const (
	docHead = `{"results":[{"statement_id":0,"series":[`
	docTail = `]}]}` + "\n"
)

// series starts a series; tags is the JSON object of its tags, or empty.
// A chunked answer starts a document for each.
func (a *answer) series(name, tags, columns string) {
	switch {
	case a.head == "":
		a.buf = append(a.buf, docHead...)
	case a.chunk > 0:
		a.buf = append(a.buf, `]}],"partial":true}]}`+"\n"+docHead...)
	default:
		a.buf = append(a.buf, `]},`...)
	}
	if tags != "" {
		tags = `"tags":` + tags + `,`
	}
	a.head = `{"name":"` + name + `",` + tags + `"columns":[` + columns + `],"values":[`
	a.buf = append(a.buf, a.head...)
	a.rows = 0
}

// row starts a row.
func (a *answer) row() {
	if a.chunk > 0 && a.rows == a.chunk {
		a.buf = append(a.buf, `],"partial":true}],"partial":true}]}`+"\n"+docHead...)
		a.buf = append(a.buf, a.head...)
		a.rows = 0
	}
	if a.rows > 0 {
		a.buf = append(a.buf, ',')
	}
	a.buf = append(a.buf, '[')
	a.rows++
}

// end ends a row, whose cells each left a comma.
func (a *answer) end() { a.buf[len(a.buf)-1] = ']' }

func (a *answer) bytes() []byte {
	a.buf = append(a.buf, "]}"...)
	return append(a.buf, docTail...)
}

func (a *answer) int(v int64) { a.buf = append(strconv.AppendInt(a.buf, v, 10), ',') }

func (a *answer) float(v float64) {
	a.buf = append(strconv.AppendFloat(a.buf, v, 'f', -1, 64), ',')
}

func (a *answer) null() { a.buf = append(a.buf, "null,"...) }

// string escapes as InfluxDB does, which is encoding/json with HTML escapes
// off for everything in these data sets.
func (a *answer) string(s string) {
	a.buf = append(a.buf, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			a.buf = append(a.buf, '\\')
		}
		a.buf = append(a.buf, s[i])
	}
	a.buf = append(a.buf, `",`...)
}

func (a *answer) bool(v bool) { a.buf = append(strconv.AppendBool(a.buf, v), ',') }

func scaled(n int, size float64) int { return max(1, int(float64(n)*size)) }

func cpuBody(size float64, chunk int, number func(*rand.Rand, []byte) []byte) []byte {
	r := rand.New(rand.NewPCG(1, 0x637075))
	columns := `"time"`
	for _, f := range CPUFields {
		columns += `,"` + f + `"`
	}
	a := answer{chunk: chunk}
	for h := range 40 {
		a.series("cpu", fmt.Sprintf(`{"datacenter":"%s%c","host":"host_%02d"}`, regions[h%len(regions)], 'a'+h%3, h), columns)
		for i := range scaled(3600, size) {
			a.row()
			a.int(GuideTrade.Timestamp + int64(i)*1e9)
			for range CPUFields {
				a.buf = append(number(r, a.buf), ',')
			}
			a.end()
		}
	}
	return a.bytes()
}

func tradeBody(size float64, chunk int) []byte {
	a := answer{chunk: chunk}
	a.series("Trade", "", `"time","instrument","price","side","size","source","trade_id"`)
	for _, t := range Trades(scaled(150_000, size), 1) {
		a.row()
		a.int(t.Timestamp)
		a.string(t.Instrument)
		a.float(t.Price)
		a.string(t.Side)
		a.int(t.Size)
		a.string(t.Source)
		a.string(t.TradeID)
		a.end()
	}
	return a.bytes()
}

func wideBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x77696465))
	columns := `"time"`
	for k := range 200 {
		columns += fmt.Sprintf(`,"field_%03d"`, k)
	}
	a := answer{chunk: chunk}
	a.series("wide", "", columns)
	for i := range scaled(6000, size) {
		a.row()
		a.int(GuideTrade.Timestamp + int64(i)*10e9)
		for k := range 200 {
			switch {
			case r.IntN(5) == 0:
				a.null()
			case k%3 == 0:
				a.int(r.Int64N(1e6))
			case k%3 == 1:
				a.float(float64(r.IntN(1e6)) / 100)
			default:
				a.float(r.Float64() * 1000)
			}
		}
		a.end()
	}
	return a.bytes()
}

func logsBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x6c6f67))
	a := answer{chunk: chunk}
	a.series("log", "", `"time","host","level","message","micros","slow"`)
	for _, l := range Logs(scaled(40_000, size), 1) {
		a.row()
		a.int(l.Timestamp)
		a.string(l.Host)
		a.string(l.Level)
		a.string(l.Message)
		a.int(l.Micros)
		a.bool(r.IntN(2) == 0)
		a.end()
	}
	return a.bytes()
}

func mixBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x6d6978))
	a := answer{chunk: chunk}
	a.series("mix", "", `"time","counter","enabled","id","ratio","state","value"`)
	states := [...]string{"idle", "running", "waiting for lock", "stopped", ""}
	for i := range scaled(150_000, size) {
		a.row()
		a.int(GuideTrade.Timestamp + int64(i)*1e6)
		maybe := func(write func()) {
			if r.IntN(4) == 0 {
				a.null()
			} else {
				write()
			}
		}
		maybe(func() { a.int(r.Int64N(1e9)) })
		maybe(func() { a.bool(r.IntN(2) == 0) })
		maybe(func() { a.int(r.Int64()) })
		maybe(func() { a.float(float64(r.IntN(1000)) / 1000) })
		maybe(func() { a.string(states[r.IntN(len(states))]) })
		maybe(func() { a.float(r.Float64() * 100) })
		a.end()
	}
	return a.bytes()
}

func smallMeanBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x6d65616e))
	a := answer{chunk: chunk}
	for h := range scaled(60, size) {
		a.series("cpu", fmt.Sprintf(`{"host":"host_%02d"}`, h), `"time","mean"`)
		for i := range 18 {
			a.row()
			a.int(GuideTrade.Timestamp/60e9*60e9 + int64(i)*60e9)
			a.float(r.Float64() * 100)
			a.end()
		}
	}
	return a.bytes()
}

func smallLastBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x6c617374))
	a := answer{chunk: chunk}
	for h := range scaled(40, size) {
		a.series("mem", fmt.Sprintf(`{"host":"host_%02d"}`, h), `"time","last"`)
		a.row()
		a.int(GuideTrade.Timestamp + r.Int64N(10e9))
		a.float(float64(r.IntN(10001)) / 100)
		a.end()
	}
	return a.bytes()
}
