package python

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// writes is a contender of this process that makes lines. add appends the lines of the
// trades lo to hi-1.
func (d *data) writes(name string, sorted bool, add func(dst []byte, lo, hi int) ([]byte, error)) entry {
	var buf []byte
	run := func(k int) (err error) {
		buf, err = add(buf[:0], k*batch, (k+1)*batch)
		return err
	}
	return entry{name, false, work{
		check: func(k int) error {
			if err := run(k); err != nil {
				return err
			}
			return measure.Differ(buf, lines(d.batchOf(k), sorted, false))
		},
		run: run,
	}}
}

// copies copies finished lines. No contender can be faster.
func (d *data) copies() entry {
	var all [][]byte
	for k := range len(d.trades) / batch {
		all = append(all, lines(d.batchOf(k), false, false))
	}
	return d.writes("copy", false, func(dst []byte, lo, hi int) ([]byte, error) { return append(dst, all[lo/batch]...), nil })
}

func tradeEntries(d *data) ([]entry, error) {
	schema, err := lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"})
	return []entry{
		d.copies(),
		d.writes("pointwire-schema", false, func(dst []byte, lo, hi int) ([]byte, error) {
			return schema.AppendAll(dst, d.trades[lo:hi])
		}),
		d.client("aioinflux-lineprotocol", false),
		d.client("aioinflux-lineprotocol-list", false),
	}, err
}

// A mapped is a trade as maps of tags and fields, like a Python dict.
type mapped struct {
	tags   map[string]string
	fields map[string]any
	time   time.Time
}

func dictEntries(d *data) ([]entry, error) {
	maps := make([]mapped, len(d.trades))
	for i, t := range d.trades {
		maps[i] = mapped{
			map[string]string{"instrument": t.Instrument, "source": t.Source, "side": t.Side},
			map[string]any{"price": t.Price, "size": t.Size, "trade_id": t.TradeID},
			time.Unix(0, t.Timestamp),
		}
	}
	var e lp.Encoder
	return []entry{
		d.copies(),
		d.writes("pointwire-encoder", false, func(_ []byte, lo, hi int) ([]byte, error) {
			e.Reset()
			for i := range d.trades[lo:hi] {
				t := &d.trades[lo+i]
				e.Point("Trade")
				e.Tag("instrument", t.Instrument)
				e.Tag("source", t.Source)
				e.Tag("side", t.Side)
				e.Float("price", t.Price)
				e.Int("size", t.Size)
				e.String("trade_id", t.TradeID)
				if err := e.EndTimestamp(t.Timestamp); err != nil {
					return nil, err
				}
			}
			return e.Bytes(), nil
		}),
		// This is the convenient form, which sorts the keys.
		d.writes("pointwire-maps", true, func(dst []byte, lo, hi int) ([]byte, error) {
			for i := range maps[lo:hi] {
				m := &maps[lo+i]
				p, err := lp.NewPoint("Trade", m.tags, m.fields, m.time)
				if err != nil {
					return nil, err
				}
				if dst, err = p.AppendLP(dst); err != nil {
					return nil, err
				}
			}
			return dst, nil
		}),
		d.client("aioinflux-dict", false),
		d.client("influxdb-python", true),
	}, nil
}

func rowEntries(d *data) ([]entry, error) {
	s, r := jsonscan.NewScanner(nil), bytes.NewReader(nil)
	var got []workload.Trade
	structs := func(k int) (err error) {
		r.Reset(d.responses[k])
		s.Reset(r)
		got, err = jsonscan.AppendStructs(got[:0], s.Rows())
		return err
	}
	// visit reads every cell and gives each row to see.
	visit := func(k int, see func(ts int64, instrument []byte, price float64, side []byte, size int64, source, id []byte) error) error {
		r.Reset(d.responses[k])
		s.Reset(r)
		for s.Next() {
			row := s.Row()
			ts, err1 := row.Timestamp(0)
			instrument, err2 := row.Bytes(1)
			price, err3 := row.Float(2)
			side, err4 := row.Bytes(3)
			size, err5 := row.Int(4)
			source, err6 := row.Bytes(5)
			id, err7 := row.Bytes(6)
			if err := cmp.Or(err1, err2, err3, err4, err5, err6, err7); err != nil {
				return err
			}
			if err := see(ts, instrument, price, side, size, source, id); err != nil {
				return err
			}
		}
		return s.Err()
	}
	count := 0
	var buf []byte
	copies := func(k int) error {
		buf = append(buf[:0], d.responses[k]...)
		return nil
	}
	return []entry{
		{"copy", false, work{copies, copies}},
		{"pointwire-rows", false, work{
			check: func(k int) error {
				var got []row
				err := visit(k, func(ts int64, instrument []byte, price float64, side []byte, size int64, source, id []byte) error {
					got = append(got, row{Timestamp: ts, Instrument: string(instrument), Source: string(source), Side: string(side), Price: price, Size: size, TradeID: string(id)})
					return nil
				})
				return cmp.Or(err, sameRows(got, d.trades[k*rows:(k+1)*rows]))
			},
			run: func(k int) error {
				return visit(k, func(int64, []byte, float64, []byte, int64, []byte, []byte) error {
					count++
					return nil
				})
			},
		}},
		{"pointwire-structs", false, work{
			check: func(k int) error {
				if err := structs(k); err != nil {
					return err
				}
				if !slices.Equal(got, d.trades[k*rows:(k+1)*rows]) {
					return fmt.Errorf("%w: the trades differ", measure.ErrWrong)
				}
				return nil
			},
			run: structs,
		}},
		d.reader("aioinflux-json"),
		d.reader("aioinflux-iterpoints"),
		d.reader("aioinflux-namedtuple"),
		d.reader("influxdb-python-points"),
	}, nil
}

// A row is a row that the child read, in the order of the columns.
type row workload.Trade

func (t *row) UnmarshalJSON(b []byte) error {
	cells := [...]any{&t.Timestamp, &t.Instrument, &t.Price, &t.Side, &t.Size, &t.Source, &t.TradeID}
	return json.Unmarshal(b, &cells)
}

func sameRows(got []row, want []workload.Trade) error {
	if len(got) != len(want) {
		return fmt.Errorf("%w: %d rows instead of %d", measure.ErrWrong, len(got), len(want))
	}
	for i := range got {
		if workload.Trade(got[i]) != want[i] {
			return fmt.Errorf("%w: row %d is %+v instead of %+v", measure.ErrWrong, i, got[i], want[i])
		}
	}
	return nil
}
