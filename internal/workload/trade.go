// Package workload makes the points and responses that tests, benchmarks and lpbench
// share, so that every contender works on the same bytes. The same seed gives the same
// data on every platform and Go version.
//
// Each file holds one kind of data: points as structs (trade.go, cpu.go, servers.go,
// logs.go, paths.go), numbers (numbers.go), lines for decoders (lines.go) and query
// responses (query.go).
package workload

import (
	"math/rand/v2"
)

// Trade is the main example of the aioinflux user guide: three tags, a price with two
// decimals, an integer and a string. Its line has 135 bytes.
type Trade struct {
	Timestamp  int64   `lp:",timestamp"`
	Instrument string  `lp:"instrument,tag"`
	Source     string  `lp:"source,tag"`
	Side       string  `lp:"side,tag"`
	Price      float64 `lp:"price"`
	Size       int64   `lp:"size"`
	TradeID    string  `lp:"trade_id"`
}

// GuideTrade is the point printed in the user guide, and GuideTradeLine its
// line without the final line feed.
var GuideTrade = Trade{
	Timestamp:  1540184368785116000,
	Instrument: "AAPL",
	Source:     "NASDAQ",
	Side:       "BUY",
	Price:      219.23,
	Size:       100,
	TradeID:    "34a1e085-3122-429c-9662-7ce82039d287",
}

// GuideTradeLine is the line of GuideTrade without the final line feed.
const GuideTradeLine = `Trade,instrument=AAPL,source=NASDAQ,side=BUY price=219.23,size=100i,trade_id="34a1e085-3122-429c-9662-7ce82039d287" 1540184368785116000`

var (
	instruments = [...]string{
		"AAPL", "MSFT", "GOOGL", "AMZN", "NVDA", "META", "TSLA", "JPM", "V", "JNJ",
		"WMT", "PG", "MA", "HD", "XOM", "CVX", "KO", "PEP", "COST", "ABBV",
		"BRK.B", "BTC_JPY", "EUR/USD", "ES 2026-12",
	}
	sources = [...]string{"NASDAQ", "NYSE", "BATS", "IEX"}
	sides   = [...]string{"BUY", "SELL"}
)

// Trades returns n trades in time order with distinct timestamps. The price of each
// instrument is a random walk in cents, sizes are mostly round lots, and gaps between
// timestamps are exponential with a mean of 1 ms. Values repeat as rarely as on a real
// feed, so a branch predictor cannot learn them.
func Trades(n int, seed uint64) []Trade {
	r := rand.New(rand.NewPCG(seed, 0x7261646573))
	var cents [len(instruments)]int64
	for i := range cents {
		cents[i] = 500 + r.Int64N(99_500)
	}
	ts := GuideTrade.Timestamp
	trades := make([]Trade, n)
	for i := range trades {
		k := r.IntN(len(instruments))
		cents[k] = max(1, cents[k]+r.Int64N(41)-20)
		size := 100 * (1 + r.Int64N(50))
		if r.IntN(4) == 0 {
			size = 1 + r.Int64N(9999)
		}
		ts += 1 + int64(r.ExpFloat64()*1e6)
		trades[i] = Trade{
			Timestamp:  ts,
			Instrument: instruments[k],
			Source:     sources[r.IntN(len(sources))],
			Side:       sides[r.IntN(len(sides))],
			Price:      float64(cents[k]) / 100,
			Size:       size,
			TradeID:    uuid(r),
		}
	}
	return trades
}

// uuid returns a random UUID of version 4 (RFC 9562) in its text form.
func uuid(r *rand.Rand) string {
	const hex = "0123456789abcdef"
	hi, lo := r.Uint64(), r.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	var b [36]byte
	for i, shift := 0, 60; shift >= 0; i, shift = i+1, shift-4 {
		j := i
		if i >= 8 {
			j++
		}
		if i >= 12 {
			j++
		}
		b[j] = hex[hi>>shift&15]
		k := 19 + i
		if i >= 4 {
			k++
		}
		b[k] = hex[lo>>shift&15]
	}
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
