package query

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/bytedance/sonic"
	"github.com/valyala/fastjson"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// A StructContender reads the rows of the body "trade" into structs.
type StructContender interface {
	// AppendTrades appends the rows of a to dst, whose memory it may reuse.
	AppendTrades(dst []workload.Trade, a *Response) ([]workload.Trade, error)
}

type structReader func(dst []workload.Trade, a *Response) ([]workload.Trade, error)

func (f structReader) AppendTrades(dst []workload.Trade, a *Response) ([]workload.Trade, error) {
	return f(dst, a)
}

// Structs is the suite "structs".
var Structs = measure.Suite{Name: "structs", About: "query responses into structs", Names: []string{"trade"}, Cases: structCases}

// StructGoals are the goals of the design for the suite "structs".
var StructGoals = []measure.Goal{
	{Suite: "structs", Case: "trade", Contender: "pointwire-structs", Against: []string{baseName}, Factor: 8},
}

func structCases(size float64, want func(string) bool) ([]measure.Case, error) {
	if !want("trade") {
		return nil, nil
	}
	b, _ := workload.FindBody("trade")
	a := &Response{Body: b.Make(size, 0)}
	a.Documents = [][]byte{a.Body}
	trades := workload.Trades(max(1, int(150_000*size)), 1)
	c := measure.Case{Suite: "structs", Name: "trade", Unit: "row", Units: len(trades), Bytes: len(a.Body), Base: baseName}
	c.Ops = append(c.Ops, copyOp(a))
	for _, e := range []struct {
		name, module string
		contender    StructContender
	}{
		{"pointwire-structs", "github.com/pointwire/pointwire", ownStructs()},
		{"fastjson", "github.com/valyala/fastjson", fastjsonStructs()},
		{"sonic", "github.com/bytedance/sonic", structReader(sonicStructs)},
		{baseName, "", structReader(jsonStructs)},
	} {
		var buf []workload.Trade
		run := func() (err error) {
			buf, err = e.contender.AppendTrades(buf[:0], a)
			return err
		}
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   measure.Version(e.module),
			Check: func() error {
				if err := run(); err != nil {
					return err
				}
				if !slices.Equal(buf, trades) {
					return fmt.Errorf("%w: the %d rows differ from the %d trades", measure.ErrWrong, len(buf), len(trades))
				}
				return nil
			},
			Run: run,
		})
	}
	return []measure.Case{c}, nil
}

func ownStructs() structReader {
	s := jsonscan.NewScanner(nil)
	return func(dst []workload.Trade, a *Response) ([]workload.Trade, error) {
		s.Reset(a.Reader())
		return jsonscan.AppendStructs(dst, s.Rows())
	}
}

// jsonTrade reads a row as encoding/json can: into an array of pointers.
type jsonTrade struct{ workload.Trade }

func (t *jsonTrade) UnmarshalJSON(b []byte) error {
	cells := [...]any{&t.Timestamp, &t.Instrument, &t.Price, &t.Side, &t.Size, &t.Source, &t.TradeID}
	return json.Unmarshal(b, &cells)
}

func jsonStructs(dst []workload.Trade, a *Response) ([]workload.Trade, error) {
	var r struct {
		Results []struct {
			Series []struct {
				Values []jsonTrade
			}
		}
	}
	if err := json.NewDecoder(a.Reader()).Decode(&r); err != nil && err != io.EOF {
		return dst, err
	}
	for _, result := range r.Results {
		for _, series := range result.Series {
			for i := range series.Values {
				dst = append(dst, series.Values[i].Trade)
			}
		}
	}
	return dst, nil
}

// exactSonic keeps integers exact.
var exactSonic = sonic.Config{UseInt64: true}.Froze()

func sonicStructs(dst []workload.Trade, a *Response) ([]workload.Trade, error) {
	var r response
	if err := exactSonic.Unmarshal(a.Body, &r); err != nil {
		return dst, err
	}
	for i := range r.Results {
		for _, series := range r.Results[i].Series {
			for _, row := range series.Values {
				var t workload.Trade
				t.Timestamp, _ = row[0].(int64)
				t.Instrument, _ = row[1].(string)
				switch v := row[2].(type) {
				case float64:
					t.Price = v
				case int64:
					t.Price = float64(v)
				}
				t.Side, _ = row[3].(string)
				t.Size, _ = row[4].(int64)
				t.Source, _ = row[5].(string)
				t.TradeID, _ = row[6].(string)
				dst = append(dst, t)
			}
		}
	}
	return dst, nil
}

func fastjsonStructs() structReader {
	var p fastjson.Parser
	return func(dst []workload.Trade, a *Response) ([]workload.Trade, error) {
		v, err := p.ParseBytes(a.Body)
		if err != nil {
			return dst, err
		}
		for _, result := range v.GetArray("results") {
			for _, series := range result.GetArray("series") {
				for _, row := range series.GetArray("values") {
					c := row.GetArray()
					if len(c) != 7 {
						return dst, fmt.Errorf("a row of %d cells", len(c))
					}
					dst = append(dst, workload.Trade{
						Timestamp:  c[0].GetInt64(),
						Instrument: string(c[1].GetStringBytes()),
						Price:      c[2].GetFloat64(),
						Side:       string(c[3].GetStringBytes()),
						Size:       c[4].GetInt64(),
						Source:     string(c[5].GetStringBytes()),
						TradeID:    string(c[6].GetStringBytes()),
					})
				}
			}
		}
		return dst, nil
	}
}
