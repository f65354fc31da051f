package workload

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// A Body is a query response of a certain shape, byte for byte as InfluxDB 1.8.10 sends it
// for epoch=ns. Size 1 gives the size in the comment of the Body; smaller sizes give fewer
// rows. With chunk > 0 the response is chunked, with one document for that many rows.
type Body struct {
	Name string
	Make func(size float64, chunk int) []byte
	// Query is the statement to which a server sends this response.
	Query string
	// Tags are the columns that are tags on the server.
	Tags []string
}

// Bodies are the shapes that query decoders are measured on.
var Bodies = []Body{
	// cpugb: 29 MB. 40 series of 3,600 rows with ten floats of 15 to 17 digits, like
	// quotients. They are the most expensive numbers.
	{Name: "cpugb", Query: "SELECT * FROM cpu GROUP BY *", Make: func(size float64, chunk int) []byte {
		return cpuBody(size, chunk, func(r *rand.Rand, b []byte) []byte {
			return strconv.AppendFloat(b, r.Float64()*100, 'f', -1, 64)
		})
	}},
	// cpu2gb: 11 MB. The same with two decimals, like most telemetry, and with more
	// cells per byte.
	{Name: "cpu2gb", Query: "SELECT * FROM cpu GROUP BY *", Make: func(size float64, chunk int) []byte {
		return cpuBody(size, chunk, func(r *rand.Rand, b []byte) []byte {
			return strconv.AppendFloat(b, float64(r.IntN(10001))/100, 'f', -1, 64)
		})
	}},
	// trade: 14 MB. 150,000 trades of the user guide in one series: three short tags, a
	// UUID, a price and a size.
	{Name: "trade", Query: "SELECT * FROM Trade", Tags: []string{"instrument", "side", "source"}, Make: tradeBody},
	// wide: 12 MB. 6,000 rows of 201 columns, as SELECT * gives over many fields: whole
	// numbers, two decimals and floats with all digits in turn, every fifth cell null.
	{Name: "wide", Query: "SELECT * FROM wide", Make: wideBody},
	// logs: 7 MB. 60,000 messages of 60 bytes on average, and a boolean. 60 % of the
	// messages hold escapes.
	{Name: "logs", Query: "SELECT * FROM log", Tags: []string{"host", "level"}, Make: logsBody},
	// logs_escaped: 12 MB. 40,000 messages of Logs, 200 bytes on average, all with many
	// escapes. They are the most expensive texts.
	{Name: "logs_escaped", Query: "SELECT * FROM log", Tags: []string{"host", "level"}, Make: escapedLogsBody},
	// mix: 12 MB. 150,000 rows of 63-bit integers, booleans, strings, floats and many
	// nulls. No two rows are alike.
	{Name: "mix", Query: "SELECT * FROM mix", Make: mixBody},
	// small_mean: 50 KB. A dashboard panel: mean per minute of 60 hosts.
	{Name: "small_mean", Query: "SELECT mean(v) FROM cpu WHERE time >= 1540184340000000000 AND time < 1540185420000000000 GROUP BY time(1m), host", Make: smallMeanBody},
	// small_last: 5 KB. The last value of 40 hosts: mostly envelope, hardly any rows.
	{Name: "small_last", Query: "SELECT last(v) FROM mem GROUP BY host", Make: smallLastBody},
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

// response writes the documents of one statement.
type response struct {
	buf   []byte
	head  string // the open series, up to its values
	chunk int
	rows  int // number of rows of the open series in the open document
}

const (
	docHead = `{"results":[{"statement_id":0,"series":[`
	docTail = `]}]}` + "\n"
)

// series starts a series. tags is the JSON object of its tags, or empty. A chunked
// response starts a document for each series.
func (a *response) series(name, tags, columns string) {
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
func (a *response) row() {
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

// end ends a row. It replaces the comma after the last cell.
func (a *response) end() { a.buf[len(a.buf)-1] = ']' }

func (a *response) bytes() []byte {
	a.buf = append(a.buf, "]}"...)
	return append(a.buf, docTail...)
}

func (a *response) int(v int64) { a.buf = append(strconv.AppendInt(a.buf, v, 10), ',') }

func (a *response) float(v float64) {
	a.buf = append(strconv.AppendFloat(a.buf, v, 'f', -1, 64), ',')
}

func (a *response) null() { a.buf = append(a.buf, "null,"...) }

// string escapes like InfluxDB, which uses encoding/json: with the escapes for HTML, and
// without \b and \f. No data set holds U+2028 or bytes that are not UTF-8.
func (a *response) string(s string) {
	const hex = "0123456789abcdef"
	a.buf = append(a.buf, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			a.buf = append(a.buf, '\\', c)
		case '\n':
			a.buf = append(a.buf, `\n`...)
		case '\r':
			a.buf = append(a.buf, `\r`...)
		case '\t':
			a.buf = append(a.buf, `\t`...)
		default:
			if c < ' ' || c == '<' || c == '>' || c == '&' {
				a.buf = append(a.buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				a.buf = append(a.buf, c)
			}
		}
	}
	a.buf = append(a.buf, `",`...)
}

func (a *response) bool(v bool) { a.buf = append(strconv.AppendBool(a.buf, v), ',') }

func scaled(n int, size float64) int { return max(1, int(float64(n)*size)) }

func cpuBody(size float64, chunk int, number func(*rand.Rand, []byte) []byte) []byte {
	r := rand.New(rand.NewPCG(1, 0x637075))
	columns := `"time"`
	for _, f := range CPUFields {
		columns += `,"` + f + `"`
	}
	var tags []string
	for h := range 40 {
		tags = append(tags, fmt.Sprintf(`{"datacenter":"%s%c","host":"host_%02d"}`, regions[h%len(regions)], 'a'+h%3, h))
	}
	slices.Sort(tags) // as the server sorts them
	a := response{chunk: chunk}
	for _, t := range tags {
		a.series("cpu", t, columns)
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
	a := response{chunk: chunk}
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
	a := response{chunk: chunk}
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
	r := rand.New(rand.NewPCG(1, 0x6c6f6773))
	a := response{chunk: chunk}
	a.series("log", "", `"time","code","host","level","message","ok"`)
	for i := range scaled(60_000, size) {
		a.row()
		a.int(GuideTrade.Timestamp + int64(i)*7_000_001 + r.Int64N(1_000_000))
		a.int(200 + r.Int64N(400))
		a.string(fmt.Sprintf("host%02d", r.IntN(40)))
		a.string(levels[r.IntN(len(levels))])
		a.string(sentence(r))
		a.bool(r.IntN(2) == 0)
		a.end()
	}
	return a.bytes()
}

var (
	logWords   = [...]string{"request", "connection", "timeout", "user", "handler", "failed", "accepted", "queue", "worker", "retry"}
	logSpecial = [...]string{"\n", `"x"`, "<cid>", "\t", `\path`}
)

// sentence returns the message of a plain log line: words, and in six of ten lines at
// least one character that must be escaped.
func sentence(r *rand.Rand) string {
	var b []byte
	words := 4 + r.IntN(8)
	special := -1
	if r.IntN(10) < 6 {
		special = r.IntN(words)
	}
	for w := range words {
		if w > 0 {
			b = append(b, ' ')
		}
		b = append(b, logWords[r.IntN(len(logWords))]...)
		if w == special || special >= 0 && r.IntN(6) == 0 {
			b = append(b, logSpecial[r.IntN(len(logSpecial))]...)
		}
	}
	return string(b)
}

func escapedLogsBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x6c6f67))
	a := response{chunk: chunk}
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
	a := response{chunk: chunk}
	a.series("mix", "", `"time","counter","enabled","id","ratio","state","value"`)
	states := [...]string{"idle", "running", "waiting for lock", "stopped", ""}
	for i := range scaled(150_000, size) {
		a.row()
		a.int(GuideTrade.Timestamp + int64(i)*1e6)
		some := false // a point needs at least one field
		maybe := func(write func()) {
			if r.IntN(4) == 0 {
				a.null()
			} else {
				write()
				some = true
			}
		}
		maybe(func() { a.int(r.Int64N(1e9)) })
		maybe(func() { a.bool(r.IntN(2) == 0) })
		maybe(func() { a.int(r.Int64()) })
		maybe(func() { a.float(float64(r.IntN(1000)) / 1000) })
		maybe(func() { a.string(states[r.IntN(len(states))]) })
		if value := r.Float64() * 100; some && r.IntN(4) == 0 {
			a.null()
		} else {
			a.float(value)
		}
		a.end()
	}
	return a.bytes()
}

func smallMeanBody(size float64, chunk int) []byte {
	r := rand.New(rand.NewPCG(1, 0x6d65616e))
	a := response{chunk: chunk}
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
	a := response{chunk: chunk}
	for h := range scaled(40, size) {
		a.series("mem", fmt.Sprintf(`{"host":"host_%02d"}`, h), `"time","last"`)
		a.row()
		a.int(GuideTrade.Timestamp + r.Int64N(10e9))
		a.float(float64(r.IntN(10001)) / 100)
		a.end()
	}
	return a.bytes()
}
