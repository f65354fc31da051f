package query

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/bytedance/sonic"
	"github.com/valyala/fastjson"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// The suite "columns" turns responses into typed columns. A column is a slice of numbers,
// texts in one arena with offsets, or booleans, and knows which of its cells are null. The
// general libraries decode a document as in the suite "query" and put its values into
// columns that are reused.

// A ColumnContender makes the columns of a response, series by series.
type ColumnContender interface {
	// Columns calls see with the columns of each series. see may be nil.
	Columns(a *Response, see func(columnSet)) error
}

type columnReader func(a *Response, see func(columnSet)) error

func (f columnReader) Columns(a *Response, see func(columnSet)) error { return f(a, see) }

// A columnSet is the columns of a series, in a form that the check can read.
type columnSet interface {
	rows() int
	// visit adds the cells of row i.
	visit(i int, s *Sums)
}

const columnsSuite = "columns"

// Columns is the suite "columns".
var Columns = measure.Suite{Name: columnsSuite, About: "query responses into typed columns", Names: columnNames(), Cases: columnCases}

func columnNames() (list []string) {
	for _, b := range workload.Bodies {
		list = append(list, b.Name)
	}
	return list
}

// ColumnGoals are the goals of the design for the suite "columns".
var ColumnGoals = columnGoals()

func columnGoals() (list []measure.Goal) {
	const own = "pointwire-frames"
	for _, name := range columnNames() {
		if name == "small_last" {
			list = append(list, measure.Goal{Suite: columnsSuite, Case: name, Contender: own, Against: []string{"fastjson"}, Factor: 2})
			continue
		}
		list = append(list,
			measure.Goal{Suite: columnsSuite, Case: name, Contender: own, Against: []string{baseName}, Factor: 10},
			measure.Goal{Suite: columnsSuite, Case: name, Contender: own, Against: []string{"fastjson", "sonic"}, Factor: 3},
		)
	}
	return list
}

func columnCases(size float64, want func(string) bool) (list []measure.Case, err error) {
	for _, b := range workload.Bodies {
		if !want(b.Name) {
			continue
		}
		if b.Name == "small_mean" || b.Name == "small_last" {
			size = 1
		}
		a := &Response{Body: b.Make(size, 0)}
		a.Documents = [][]byte{a.Body}
		sums, err := reference(a.Body)
		if err != nil {
			return nil, err
		}
		c := measure.Case{Suite: columnsSuite, Name: b.Name, Unit: "cell", Units: sums.cells(), Bytes: len(a.Body), Base: baseName}
		c.Ops = append(c.Ops, copyOp(a))
		for _, e := range []struct {
			name, module string
			contender    ColumnContender
		}{
			{"pointwire-frames", "github.com/pointwire/pointwire", ownColumns()},
			{"fastjson", "github.com/valyala/fastjson", fastjsonColumns()},
			{"sonic", "github.com/bytedance/sonic", structColumns(func(a *Response, r *response) error { return sonic.Unmarshal(a.Body, r) })},
			{baseName, "", structColumns(func(a *Response, r *response) error { return json.NewDecoder(a.Reader()).Decode(r) })},
		} {
			c.Ops = append(c.Ops, measure.Op{
				Contender: e.name,
				Version:   measure.Version(e.module),
				Check: func() error {
					var got Sums
					err := e.contender.Columns(a, func(set columnSet) {
						got.Rows += set.rows()
						for i := range set.rows() {
							set.visit(i, &got)
						}
					})
					if err == nil && got != sums {
						err = fmt.Errorf("%w: found %+v instead of %+v", measure.ErrWrong, got, sums)
					}
					return err
				},
				Run: func() error { return e.contender.Columns(a, nil) },
			})
		}
		list = append(list, c)
	}
	return list, nil
}

// ownColumns reads frames of whole series, or of many series if each is small.
func ownColumns() columnReader {
	s := jsonscan.NewScanner(nil)
	r := frame.NewReader(s)
	r.Rows = -1
	return func(a *Response, see func(columnSet)) error {
		s.Reset(a.Reader())
		r.Reset(s)
		for r.Next() {
			if see != nil {
				see((*ownSet)(r.Frame()))
			}
		}
		return r.Err()
	}
}

type ownSet frame.Frame

func (f *ownSet) rows() int { return (*frame.Frame)(f).Len() }

func (f *ownSet) visit(i int, s *Sums) {
	if f.Time != nil {
		s.number(float64(f.Time[i]))
	}
	for k := range f.Columns {
		switch c := &f.Columns[k]; {
		case c.IsNull(i):
			s.Nulls++
		case c.Type == frame.Int64:
			s.number(float64(c.Ints[i]))
		case c.Type == frame.Float64:
			s.number(c.Floats[i])
		case c.Type == frame.Bool:
			s.bool(c.Bool(i))
		default:
			s.string(len(c.Text(i)))
		}
	}
}

// A plainColumn is a column for the general libraries. Its first value decides which slice
// it uses.
type plainColumn struct {
	kind  byte // kind of the values: n, s or b; 0 while all are null
	valid []bool
	nums  []float64
	bools []bool
	ends  []int32
	text  []byte
}

func (c *plainColumn) reset() {
	c.kind, c.valid, c.nums, c.bools, c.ends, c.text = 0, c.valid[:0], c.nums[:0], c.bools[:0], c.ends[:0], c.text[:0]
}

// begin adds an empty value for each null before the first value.
func (c *plainColumn) begin(kind byte) {
	c.kind = kind
	for range c.valid {
		c.place()
	}
}

// place adds an empty value for a null.
func (c *plainColumn) place() {
	switch c.kind {
	case 'n':
		c.nums = append(c.nums, 0)
	case 's':
		c.ends = append(c.ends, int32(len(c.text)))
	case 'b':
		c.bools = append(c.bools, false)
	}
}

func (c *plainColumn) null() {
	c.place()
	c.valid = append(c.valid, false)
}

func (c *plainColumn) number(v float64) {
	if c.kind == 0 {
		c.begin('n')
	}
	c.nums = append(c.nums, v)
	c.valid = append(c.valid, true)
}

func (c *plainColumn) bool(v bool) {
	if c.kind == 0 {
		c.begin('b')
	}
	c.bools = append(c.bools, v)
	c.valid = append(c.valid, true)
}

func (c *plainColumn) string(v string) {
	if c.kind == 0 {
		c.begin('s')
	}
	c.text = append(c.text, v...)
	c.ends = append(c.ends, int32(len(c.text)))
	c.valid = append(c.valid, true)
}

func (c *plainColumn) bytes(v []byte) {
	if c.kind == 0 {
		c.begin('s')
	}
	c.text = append(c.text, v...)
	c.ends = append(c.ends, int32(len(c.text)))
	c.valid = append(c.valid, true)
}

type plainSet []plainColumn

// reset returns n empty columns in the memory of s.
func (s plainSet) reset(n int) plainSet {
	if n > cap(s) {
		s = append(s[:cap(s)], make(plainSet, n-cap(s))...)
	}
	s = s[:n]
	for i := range s {
		s[i].reset()
	}
	return s
}

func (s plainSet) rows() int {
	if len(s) == 0 {
		return 0
	}
	return len(s[0].valid)
}

func (s plainSet) visit(i int, sums *Sums) {
	for k := range s {
		switch c := &s[k]; {
		case !c.valid[i]:
			sums.Nulls++
		case c.kind == 'n':
			sums.number(c.nums[i])
		case c.kind == 'b':
			sums.bool(c.bools[i])
		default:
			start := int32(0)
			if i > 0 {
				start = c.ends[i-1]
			}
			sums.string(int(c.ends[i] - start))
		}
	}
}

// structColumns decodes into the struct that people use, and reads its rows.
func structColumns(decode func(*Response, *response) error) columnReader {
	var set plainSet
	return func(a *Response, see func(columnSet)) error {
		var r response
		if err := decode(a, &r); err != nil && err != io.EOF {
			return err
		}
		for i := range r.Results {
			for _, series := range r.Results[i].Series {
				set = set.reset(len(series.Columns))
				for _, row := range series.Values {
					for k, v := range row {
						if err := set[k].any(v); err != nil {
							return err
						}
					}
				}
				if see != nil {
					see(set)
				}
			}
		}
		return nil
	}
}

func (c *plainColumn) any(v any) error {
	switch v := v.(type) {
	case float64:
		c.number(v)
	case string:
		c.string(v)
	case bool:
		c.bool(v)
	case nil:
		c.null()
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		c.number(f)
		return err
	default:
		return fmt.Errorf("a cell of type %T", v)
	}
	return nil
}

// fastjsonColumns reads the rows of fastjson's tree.
func fastjsonColumns() columnReader {
	var p fastjson.Parser
	var set plainSet
	return func(a *Response, see func(columnSet)) error {
		v, err := p.ParseBytes(a.Body)
		if err != nil {
			return err
		}
		for _, result := range v.GetArray("results") {
			for _, series := range result.GetArray("series") {
				set = set.reset(len(series.GetArray("columns")))
				for _, row := range series.GetArray("values") {
					for k, c := range row.GetArray() {
						if err := set[k].fastjson(c); err != nil {
							return err
						}
					}
				}
				if see != nil {
					see(set)
				}
			}
		}
		return nil
	}
}

func (c *plainColumn) fastjson(v *fastjson.Value) error {
	switch v.Type() {
	case fastjson.TypeNumber:
		f, err := v.Float64()
		c.number(f)
		return err
	case fastjson.TypeString:
		b, err := v.StringBytes()
		c.bytes(b)
		return err
	case fastjson.TypeTrue:
		c.bool(true)
	case fastjson.TypeFalse:
		c.bool(false)
	case fastjson.TypeNull:
		c.null()
	default:
		return fmt.Errorf("a cell of type %v", v.Type())
	}
	return nil
}
