package pwarrow_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

var words = []string{"", "a", "é", "a,b =\"c\"", "日本", "server01"}

// random returns a frame of n rows with a column of each type.
func random(r *rand.Rand, n int) *frame.Frame {
	f := &frame.Frame{
		Measurement: "m", Precision: []lp.Precision{lp.Nanosecond, lp.Microsecond, lp.Millisecond, lp.Second}[r.IntN(4)],
		Tags: []lp.Tag{{Key: "all", Value: "same"}}, Time: make([]int64, n),
		Columns: []frame.Column{
			{Name: "host", Role: frame.Tag, Type: frame.Dict}, {Name: "b", Type: frame.Bool}, {Name: "i", Type: frame.Int64}, {Name: "u", Type: frame.Uint64},
			{Name: "f", Type: frame.Float64}, {Name: "f32", Type: frame.Float32}, {Name: "s", Type: frame.String}, {Name: "d", Type: frame.Dict}, {Name: "null"},
			{Name: "tag text", Role: frame.Tag, Type: frame.String}, {Name: "host", Type: frame.Int64},
		},
	}
	nulls := r.IntN(3) // none, some, many
	for i := range n {
		f.Time[i] = r.Int64N(1 << 33)
		for k := range f.Columns {
			c := &f.Columns[k]
			if nulls > 0 && r.IntN(4) < nulls {
				c.AppendNull()
				continue
			}
			add(c, r)
		}
	}
	return f
}

func add(c *frame.Column, r *rand.Rand) {
	switch c.Type {
	case frame.Bool:
		c.AppendBool(r.IntN(2) == 0)
	case frame.Int64:
		c.AppendInt(int64(r.Uint64()))
	case frame.Uint64:
		c.AppendUint(r.Uint64())
	case frame.Float64:
		c.AppendFloat(r.NormFloat64())
	case frame.Float32:
		c.AppendFloat32(r.Float32())
	case frame.String:
		c.AppendString(words[r.IntN(len(words))])
	case frame.Dict:
		c.AppendCode(words[r.IntN(len(words))])
	default:
		c.AppendNull()
	}
}

// built returns the record that the library's builders make of the values of f.
func built(f *frame.Frame, s *arrow.Schema) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer b.Release()
	for i := range f.Len() {
		at := 0
		if f.Time != nil {
			b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(f.Time[i]))
			at++
		}
		for _, t := range f.Tags {
			b.Field(at).(*array.BinaryDictionaryBuilder).AppendString(t.Value)
			at++
		}
		for k := range f.Columns {
			build(b.Field(at+k), &f.Columns[k], i)
		}
	}
	return b.NewRecordBatch()
}

func build(b array.Builder, c *frame.Column, i int) {
	if c.IsNull(i) {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(c.Bool(i))
	case *array.Int64Builder:
		b.Append(c.Ints[i])
	case *array.Uint64Builder:
		b.Append(c.Uints[i])
	case *array.Float64Builder:
		b.Append(c.Floats[i])
	case *array.Float32Builder:
		b.Append(c.Floats32[i])
	case *array.StringBuilder:
		b.Append(string(c.Text(i)))
	case *array.BinaryDictionaryBuilder:
		b.AppendString(string(c.Text(i)))
	}
}

// values returns the columns of a record as texts, in which dictionaries with another order
// are equal.
func values(r arrow.RecordBatch) [][]string {
	var all [][]string
	for i, a := range r.Columns() {
		column := []string{r.ColumnName(i), a.DataType().String()}
		for k := range a.Len() {
			column = append(column, fmt.Sprintf("%v %s", a.IsNull(k), a.ValueStr(k)))
		}
		all = append(all, column)
	}
	return all
}

// A frame becomes the record that the library's builders make of its values, and comes back
// with the same lines.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	lines := 0
	for range 200 {
		f := random(r, r.IntN(70))
		record, err := pwarrow.Record(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := array.ValidateRecordFull(record); err != nil {
			t.Fatal(err)
		}
		want := built(f, record.Schema())
		if got, want := values(record), values(want); !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("got\n%q\nwant\n%q", got, want)
		}
		for name, back := range map[string]arrow.RecordBatch{"shared": record, "built": want} {
			g, err := pwarrow.Frame(back)
			if err != nil {
				t.Fatal(err)
			}
			lines += sameLines(t, name, f, g)
		}
	}
	if lines < 5000 {
		t.Errorf("only %d lines were compared", lines)
	}
}

// sameLines compares what two frames write, and returns the number of lines. Tags of all rows
// become columns, and both are written in that order.
func sameLines(t *testing.T, name string, f, g *frame.Frame) int {
	t.Helper()
	encoder := frame.Encoder{Options: lp.Options{SharedKey: lp.SharedKeyAllow, NotFinite: lp.NotFiniteDropField}}
	want, errF := encoder.Append(nil, f)
	got, errG := encoder.Append(nil, g)
	if fmt.Sprint(errF) != fmt.Sprint(errG) || string(got) != string(want) || g.Len() != f.Len() || g.Measurement != f.Measurement || f.Time != nil && g.Precision != f.Precision {
		t.Fatalf("%s: got %v\n%s\nwant %v\n%s", name, errG, got, errF, want)
	}
	return bytes.Count(got, []byte("\n"))
}

func at[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// The memory that the package comment calls shared is one.
func TestShared(t *testing.T) {
	f := random(rand.New(rand.NewPCG(3, 4)), 64)
	for i := range f.Columns {
		if c := &f.Columns[i]; c.Type != frame.Null {
			c.SetNull(5)
		}
	}
	record, err := pwarrow.Record(f)
	if err != nil {
		t.Fatal(err)
	}
	g, err := pwarrow.Frame(record)
	if err != nil {
		t.Fatal(err)
	}
	buffer := func(column, i int) unsafe.Pointer { return at(record.Column(column).Data().Buffers()[i].Bytes()) }
	for _, c := range []struct {
		name             string
		frame, rec, back unsafe.Pointer
	}{
		{"times", at(f.Time), buffer(0, 1), at(g.Time)},
		{"codes", at(f.Columns[0].Codes), buffer(2, 1), at(g.Columns[1].Codes)},
		{"dictionary", at(f.Columns[0].Data), at(record.Column(2).(*array.Dictionary).Dictionary().Data().Buffers()[2].Bytes()), at(g.Columns[1].Data)},
		{"validity", at(f.Columns[0].Valid), buffer(2, 0), at(g.Columns[1].Valid)},
		{"bits", at(f.Columns[1].Bits), buffer(3, 1), at(f.Columns[1].Bits)}, // copied on the way back
		{"ints", at(f.Columns[2].Ints), buffer(4, 1), at(g.Columns[3].Ints)},
		{"uints", at(f.Columns[3].Uints), buffer(5, 1), at(g.Columns[4].Uints)},
		{"floats", at(f.Columns[4].Floats), buffer(6, 1), at(g.Columns[5].Floats)},
		{"floats32", at(f.Columns[5].Floats32), buffer(7, 1), at(g.Columns[6].Floats32)},
		{"offsets", at(f.Columns[6].Offsets), buffer(8, 1), at(g.Columns[7].Offsets)},
		{"text", at(f.Columns[6].Data), buffer(8, 2), at(g.Columns[7].Data)},
	} {
		if c.frame == nil || c.frame != c.rec || c.frame != c.back {
			t.Errorf("%s: frame %p, record %p, frame again %p", c.name, c.frame, c.rec, c.back)
		}
	}
	// An append to the frame leaves the record alone.
	before := record.Column(4).(*array.Int64).Value(63)
	g.Columns[3].AppendInt(before + 1)
	if record.Column(4).Len() != 64 || record.Column(4).(*array.Int64).Value(63) != before {
		t.Error("an append changed the record")
	}
}

// A slice of a record has the rows of the slice, wherever in a byte it begins and ends.
func TestSlices(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		f := random(r, 40)
		record, err := pwarrow.Record(f)
		if err != nil {
			t.Fatal(err)
		}
		for lo := range 18 {
			for _, hi := range []int{lo, lo + 1, 24, 31, 40} {
				if hi < lo {
					continue
				}
				part := record.NewSlice(int64(lo), int64(hi))
				g, err := pwarrow.Frame(part)
				if err != nil {
					t.Fatal(err)
				}
				encoder := frame.Encoder{Options: lp.Options{SharedKey: lp.SharedKeyAllow}}
				want, errF := encoder.AppendRows(nil, f, lo, hi)
				got, errG := encoder.Append(nil, g)
				if (errF == nil) != (errG == nil) || string(got) != string(want) || g.Len() != hi-lo {
					t.Fatalf("rows %d to %d: %v\n%s\nwant %v\n%s", lo, hi, errG, got, errF, want)
				}
				for i := range g.Columns {
					c := &g.Columns[i]
					nulls := 0
					for k := range c.Len() {
						if c.IsNull(k) {
							nulls++
						}
					}
					if c.Nulls() != nulls || c.Len() != hi-lo {
						t.Fatalf("column %s has %d rows, %d nulls, want %d", c.Name, c.Len(), c.Nulls(), nulls)
					}
				}
			}
		}
	}
}

// Times in minutes and hours are seconds, exactly.
func TestCoarseTimes(t *testing.T) {
	for p, unit := range map[lp.Precision]int64{lp.Minute: 60, lp.Hour: 3600} {
		f := &frame.Frame{Precision: p, Time: []int64{-1, 0, 29_000_000}, Columns: []frame.Column{frame.Ints("i", []int64{1, 2, 3})}}
		record, err := pwarrow.Record(f)
		if err != nil {
			t.Fatal(err)
		}
		g, err := pwarrow.Frame(record)
		if err != nil || g.Precision != lp.Second || !slices.Equal(g.Time, []int64{-unit, 0, 29_000_000 * unit}) {
			t.Errorf("%v %v, %v", g.Time, g.Precision, err)
		}
		f.Time[0] = math.MinInt64 / 2
		if _, err := pwarrow.Record(f); !errors.Is(err, pwarrow.ErrInexact) {
			t.Errorf("a time out of range: %v", err)
		}
	}
}

// A malformed frame is an error, as it is for its encoder.
func TestMalformed(t *testing.T) {
	text := frame.Strings("c", []string{"ab", "cé"})
	cut := func(change func(*frame.Column)) frame.Column {
		c := text
		c.Offsets, c.Data = slices.Clone(c.Offsets), slices.Clone(c.Data)
		change(&c)
		return c
	}
	for i, c := range []struct {
		column frame.Column
		want   error
	}{
		{frame.Ints("c", []int64{1}), frame.ErrLength},
		{frame.Column{Name: "c", Type: frame.Int64, Ints: []int64{1, 2}, Valid: frame.Bitmap{}}, frame.ErrLayout},
		{frame.Column{Name: "c", Type: 9}, pwarrow.ErrType},
		{frame.Column{Name: "c", Type: frame.Dict, Codes: []int32{0, 1}, Offsets: []int32{0, 1}, Data: []byte("a")}, frame.ErrLayout},
		{frame.Column{Name: "c", Type: frame.Dict, Codes: []int32{0, -1}, Offsets: []int32{0, 1}, Data: []byte("a")}, frame.ErrLayout},
		{cut(func(c *frame.Column) { c.Offsets[1] = 9 }), frame.ErrLayout},
		{cut(func(c *frame.Column) { c.Offsets[2] = 1 }), frame.ErrLayout},
		{cut(func(c *frame.Column) { c.Data[0] = 0xff }), pwarrow.ErrText},
		{cut(func(c *frame.Column) { c.Offsets[1] = 4 }), pwarrow.ErrText}, // within the é
		{cut(func(c *frame.Column) { c.Offsets[2] = 4 }), pwarrow.ErrText},
		{text, nil},
	} {
		f := &frame.Frame{Time: []int64{1, 2}, Columns: []frame.Column{c.column}}
		_, err := pwarrow.Record(f)
		var column *pwarrow.ColumnError
		if c.want == nil && err != nil || c.want != nil && (!errors.Is(err, c.want) || !errors.As(err, &column) || column.Column != "c") {
			t.Errorf("case %d: %v, want %v", i, err, c.want)
		}
	}
}

// Two columns of one name would be one, so they are an error. A tag and a field may have
// one name.
func TestDuplicates(t *testing.T) {
	tag := frame.Tags("c", []string{"x"})
	for i, c := range []struct {
		f    frame.Frame
		want error
	}{
		{frame.Frame{Columns: []frame.Column{frame.Ints("c", []int64{1}), frame.Floats("c", []float64{1})}}, pwarrow.ErrDuplicate},
		{frame.Frame{Tags: []lp.Tag{{Key: "c", Value: "a"}}, Columns: []frame.Column{tag}}, pwarrow.ErrDuplicate},
		{frame.Frame{Tags: []lp.Tag{{Key: "c", Value: "a"}}, Columns: []frame.Column{frame.Ints("c", []int64{1})}}, nil},
		{frame.Frame{Columns: []frame.Column{tag, frame.Ints("c", []int64{1})}}, nil},
	} {
		if _, err := pwarrow.Record(&c.f); !errors.Is(err, c.want) {
			t.Errorf("frame %d: %v, want %v", i, err, c.want)
		}
	}
	field := arrow.Field{Name: "t", Type: arrow.FixedWidthTypes.Timestamp_ns, Metadata: arrow.MetadataFrom(map[string]string{"pointwire.role": "time"})}
	a := array.MakeArrayOfNull(memory.DefaultAllocator, field.Type, 0)
	twice := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{field, field}, nil), []arrow.Array{a, a}, 0)
	if _, err := pwarrow.Frame(twice); !errors.Is(err, pwarrow.ErrDuplicate) {
		t.Errorf("two times: %v", err)
	}
}
