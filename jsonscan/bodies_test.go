package jsonscan

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// The bodies are answers in the shapes that InfluxDB gives to common queries,
// made the same on every run: epoch=ns, not chunked.
var bodies = []struct {
	name string
	rows int // for about 8 MB
	make func(rows int) []byte
}{
	{"cpugb", 1000, func(n int) []byte { return makeCPU(40, n, uniform) }},
	{"cpu2gb", 2500, func(n int) []byte { return makeCPU(40, n, cents) }},
	{"trade", 85_000, makeTrade},
	{"wide", 3700, makeWide},
	{"logs", 66_000, makeLogs},
	{"mix", 115_000, makeMix},
	{"small50k", 240, func(n int) []byte { return makeCPU(1, n, uniform) }},
	{"small5k", 40, makeLast},
}

func uniform(r *rand.Rand) float64 { return 100 * r.Float64() }

func cents(r *rand.Rand) float64 { return float64(r.IntN(10000)) / 100 }

const bodyStart = 1_500_000_000_000_000_000

type bodyMaker struct {
	b []byte
	r *rand.Rand
}

func newBody(seed uint64) *bodyMaker {
	return &bodyMaker{b: []byte(`{"results":[{"statement_id":0,"series":[`), r: rand.New(rand.NewPCG(seed, 42))}
}

func (m *bodyMaker) series(i int, name, tags, columns string) {
	if i > 0 {
		m.b = append(m.b, "]},"...)
	}
	m.b = append(m.b, `{"name":"`+name+`",`+tags+`"columns":[`+columns+`],"values":[`...)
}

func (m *bodyMaker) row(i int) {
	if i > 0 {
		m.b = append(m.b, ',')
	}
	m.b = append(m.b, '[')
}

func (m *bodyMaker) int(v int64) { m.b = append(strconv.AppendInt(m.b, v, 10), ',') }

func (m *bodyMaker) float(v float64) { m.b = append(strconv.AppendFloat(m.b, v, 'f', -1, 64), ',') }

func (m *bodyMaker) raw(s string) { m.b = append(append(m.b, s...), ',') }

func (m *bodyMaker) str(s string) { m.raw(`"` + s + `"`) }

func (m *bodyMaker) endRow() { m.b[len(m.b)-1] = ']' }

func (m *bodyMaker) end() []byte { return append(m.b, "]}]}]}\n"...) }

// makeCPU: SELECT ten floats GROUP BY *.
func makeCPU(series, rows int, value func(*rand.Rand) float64) []byte {
	m := newBody(1)
	for s := range series {
		m.series(s, "cpu", fmt.Sprintf(`"tags":{"cpu":"cpu%d","host":"host%02d.example.org"},`, s%8, s/8),
			`"time","usage_guest","usage_guest_nice","usage_idle","usage_iowait","usage_irq","usage_nice","usage_softirq","usage_steal","usage_system","usage_user"`)
		for i := range rows {
			m.row(i)
			m.int(bodyStart + int64(i)*10_000_000_000)
			for range 10 {
				m.float(value(m.r))
			}
			m.endRow()
		}
	}
	return m.end()
}

func makeTrade(rows int) []byte {
	m := newBody(2)
	m.series(0, "Trade", "", `"time","instrument","price","side","size","source","trade_id"`)
	for i := range rows {
		m.row(i)
		m.int(bodyStart + int64(i)*1_000_003 + m.r.Int64N(900_000))
		m.str([]string{"AAPL", "MSFT", "GOOGL", "EUR/USD", "BTC_JPY"}[m.r.IntN(5)])
		m.float(float64(m.r.IntN(100_000)) / 100)
		m.str([]string{"BUY", "SELL"}[m.r.IntN(2)])
		m.int(int64(m.r.IntN(1000) + 1))
		m.str([]string{"NASDAQ", "NYSE"}[m.r.IntN(2)])
		m.str(fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", m.r.Uint32(), m.r.IntN(1<<16), m.r.IntN(1<<16), m.r.IntN(1<<16), m.r.Uint64N(1<<48)))
		m.endRow()
	}
	return m.end()
}

func makeWide(rows int) []byte {
	m := newBody(3)
	columns := `"time"`
	for i := range 200 {
		columns += fmt.Sprintf(`,"field_%03d"`, i)
	}
	m.series(0, "wide", "", columns)
	for i := range rows {
		m.row(i)
		m.int(bodyStart + int64(i)*1_000_000_000)
		for k := range 200 {
			switch {
			case m.r.IntN(5) == 0:
				m.raw("null")
			case k%3 == 0:
				m.int(int64(m.r.IntN(1_000_000)))
			case k%3 == 1:
				m.float(float64(m.r.IntN(100_000)) / 100)
			default:
				m.float(m.r.Float64() * 1000)
			}
		}
		m.endRow()
	}
	return m.end()
}

func makeLogs(rows int) []byte {
	m := newBody(4)
	words := []string{"request", "connection", "timeout", "user", "handler", "failed", "accepted", "queue", "worker", "retry"}
	m.series(0, "log", "", `"time","level","message","ok","host","code"`)
	for i := range rows {
		m.row(i)
		m.int(bodyStart + int64(i)*7_000_001)
		m.str([]string{"info", "warning", "error"}[m.r.IntN(3)])
		text := ""
		escape := m.r.IntN(10) < 6
		for w := range 4 + m.r.IntN(8) {
			if w > 0 {
				text += " "
			}
			text += words[m.r.IntN(len(words))]
			if escape && m.r.IntN(4) == 0 {
				text += []string{`\n`, `\"x\"`, `\u003cid\u003e`, `\t`, `\\path`}[m.r.IntN(5)]
			}
		}
		m.str(text)
		m.raw([]string{"true", "false"}[m.r.IntN(2)])
		m.str(fmt.Sprintf("host%02d", m.r.IntN(40)))
		m.int(int64(200 + m.r.IntN(400)))
		m.endRow()
	}
	return m.end()
}

func makeMix(rows int) []byte {
	m := newBody(5)
	m.series(0, "mix", "", `"time","b","f","i","n","s","u"`)
	for i := range rows {
		m.row(i)
		m.int(bodyStart + int64(i)*1_000_000)
		m.raw([]string{"true", "false", "null"}[m.r.IntN(3)])
		if m.r.IntN(4) == 0 {
			m.raw("null")
		} else {
			m.float(float64(m.r.IntN(1_000_000)) / 1000)
		}
		m.int(m.r.Int64() >> m.r.IntN(60))
		m.raw("null")
		m.str([]string{"a", "bb", "ccc ccc", "dddd dddd dddd"}[m.r.IntN(4)])
		m.int(int64(m.r.IntN(100)))
		m.endRow()
	}
	return m.end()
}

// makeLast: the last value of many series, a few bytes each.
func makeLast(series int) []byte {
	m := newBody(6)
	for s := range series {
		m.series(s, "cpu", fmt.Sprintf(`"tags":{"host":"host%02d"},`, s), `"time","last"`)
		m.row(0)
		m.int(bodyStart)
		m.float(float64(m.r.IntN(10000)) / 100)
		m.endRow()
	}
	return m.end()
}
