package query

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tinylib/msgp/msgp"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// The suite "msgpack" reads the responses of the suite "query" as MessagePack, which
// InfluxDB 1.x and 2.x send on request. Contenders whose names end in -json read the JSON of
// the same response; influxdb1-client reads no other form.

const msgpackSuite = "msgpack"

// MessagePack is the suite "msgpack".
var MessagePack = measure.Suite{Name: msgpackSuite, About: "query responses in MessagePack, every cell visited", Names: columnNames(), Cases: msgpackCases}

// MessagePackGoals are the goals of the design for the suite "msgpack".
var MessagePackGoals = []measure.Goal{
	{Suite: msgpackSuite, Case: "cpugb", Contender: msgpackName, Against: []string{jsonName}, Factor: 3.5},
	{Suite: msgpackSuite, Case: "trade", Contender: msgpackName, Against: []string{jsonName}, Factor: 1.7},
	{Suite: msgpackSuite, Case: "cpugb", Contender: msgpackName, Against: []string{"msgp", "influxdb1-client-json"}, Factor: 1},
	{Suite: msgpackSuite, Case: "trade", Contender: msgpackName, Against: []string{"msgp", "influxdb1-client-json"}, Factor: 1},
}

const (
	msgpackName = "pointwire-msgpack"
	jsonName    = "pointwire-json"
)

func msgpackCases(size float64, want func(string) bool) (list []measure.Case, err error) {
	for _, b := range workload.Bodies {
		if !want(b.Name) {
			continue
		}
		if b.Name == "small_mean" || b.Name == "small_last" {
			size = 1
		}
		text := &Response{Body: b.Make(size, 0)}
		text.Documents = [][]byte{text.Body}
		sums, err := reference(text.Body)
		if err != nil {
			return nil, err
		}
		body, err := workload.MessagePack(text.Body)
		if err != nil {
			return nil, err
		}
		packed := &Response{Body: body}
		c := measure.Case{Suite: msgpackSuite, Name: b.Name, Unit: "cell", Units: sums.cells(), Bytes: len(body), Base: jsonName}
		c.Ops = append(c.Ops, copyOp(packed))
		for _, e := range []struct {
			entry
			a *Response
		}{
			{entry{msgpackName, "github.com/pointwire/pointwire", newPackedRows()}, packed},
			{entry{jsonName, "github.com/pointwire/pointwire", newRows()}, text},
			{entry{"msgp", "github.com/tinylib/msgp", newMsgp()}, packed},
			{entry{"influxdb1-client-json", "github.com/influxdata/influxdb1-client", visitor(client1)}, text},
		} {
			c.Ops = append(c.Ops, measure.Op{
				Contender: e.name,
				Version:   measure.Version(e.module),
				Check: func() error {
					got, err := e.contender.Visit(e.a)
					if err == nil && got != sums {
						err = fmt.Errorf("%w: found %+v instead of %+v", measure.ErrWrong, got, sums)
					}
					return err
				},
				Run: func() error {
					_, err := e.contender.Visit(e.a)
					return err
				},
			})
		}
		list = append(list, c)
	}
	return list, nil
}

// newPackedRows is newRows for MessagePack.
func newPackedRows() visitor {
	s := jsonscan.NewScanner(nil)
	s.MessagePack = true
	return scanRows(s)
}

// msgpVisitor visits cells with the Reader of msgp, which InfluxDB itself writes with.
type msgpVisitor struct {
	r       *msgp.Reader
	scratch []byte
}

func newMsgp() *msgpVisitor { return &msgpVisitor{r: msgp.NewReaderSize(bytes.NewReader(nil), 64<<10)} }

// Visit reads documents up to the end of the body.
func (v *msgpVisitor) Visit(a *Response) (sums Sums, err error) {
	v.r.Reset(a.Reader())
	for {
		if err := v.members(&sums, v.document); err != nil {
			if errors.Is(msgp.Cause(err), io.EOF) {
				err = nil
			}
			return sums, err
		}
	}
}

// members calls f for each key of a map, to read the value.
func (v *msgpVisitor) members(sums *Sums, f func(sums *Sums, key []byte) error) error {
	n, err := v.r.ReadMapHeader()
	if err != nil {
		return err
	}
	for range n {
		if v.scratch, err = v.r.ReadMapKey(v.scratch[:0]); err != nil {
			return err
		}
		if err := f(sums, v.scratch); err != nil {
			return err
		}
	}
	return nil
}

// list calls f for each element of an array.
func (v *msgpVisitor) list(f func() error) error {
	n, err := v.r.ReadArrayHeader()
	if err != nil {
		return err
	}
	for range n {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (v *msgpVisitor) document(sums *Sums, key []byte) error {
	if string(key) != "results" {
		return v.r.Skip()
	}
	return v.list(func() error { return v.members(sums, v.result) })
}

func (v *msgpVisitor) result(sums *Sums, key []byte) error {
	if string(key) != "series" {
		return v.r.Skip()
	}
	return v.list(func() error { return v.members(sums, v.series) })
}

func (v *msgpVisitor) series(sums *Sums, key []byte) error {
	if string(key) != "values" {
		return v.r.Skip()
	}
	return v.list(func() error {
		sums.Rows++
		n, err := v.r.ReadArrayHeader()
		for range n {
			if err == nil {
				err = v.cell(sums)
			}
		}
		return err
	})
}

func (v *msgpVisitor) cell(sums *Sums) error {
	t, err := v.r.NextType()
	if err != nil {
		return err
	}
	switch t {
	case msgp.NilType:
		sums.Nulls++
		return v.r.ReadNil()
	case msgp.BoolType:
		b, err := v.r.ReadBool()
		sums.bool(b)
		return err
	case msgp.IntType, msgp.UintType:
		n, err := v.r.ReadInt64()
		sums.number(float64(n))
		return err
	case msgp.Float64Type:
		f, err := v.r.ReadFloat64()
		sums.number(f)
		return err
	}
	v.scratch, err = v.r.ReadStringAsBytes(v.scratch[:0])
	sums.string(len(v.scratch))
	return err
}
