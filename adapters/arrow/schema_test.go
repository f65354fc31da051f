package pwarrow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// Frames of one response that differ in their columns and types have one schema.
func TestSchemaOfSeveral(t *testing.T) {
	nulls := frame.Column{Name: "late"}
	nulls.AppendNull()
	frames := []*frame.Frame{
		{Measurement: "m", Time: []int64{1}, Precision: lp.Second, Tags: []lp.Tag{{Key: "host", Value: "a"}}, Columns: []frame.Column{nulls, frame.Ints("n", []int64{7})}},
		{Measurement: "m", Time: []int64{2000}, Precision: lp.Millisecond, Columns: []frame.Column{
			frame.Floats("n", []float64{0.5}), frame.Strings("late", []string{"x"}), {Name: "host", Role: frame.Tag, Type: frame.String, Offsets: []int32{0, 1}, Data: []byte("b")}, frame.Bools("more", []bool{true}),
		}},
	}
	s, err := pwarrow.Schema(frames...)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range s.Fields() {
		role, _ := f.Metadata.GetValue("pointwire.role")
		fields = append(fields, f.Name+" "+role+" "+f.Type.String())
	}
	want := []string{"time time timestamp[ms, tz=UTC]", "host tag utf8", "late field utf8", "n field float64", "more field bool"}
	if !slices.Equal(fields, want) {
		t.Errorf("%q, want %q", fields, want)
	}
	for i, want := range []string{"m,host=a n=7 1000\n", "m,host=b late=\"x\",n=0.5,more=true 2000\n"} {
		r, err := pwarrow.RecordAs(frames[i], s)
		if err != nil {
			t.Fatal(err)
		}
		if err := array.ValidateRecordFull(r); err != nil || !r.Schema().Equal(s) {
			t.Errorf("%v", err)
		}
		f, err := pwarrow.Frame(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.AppendLP(nil); string(got) != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}

	other := &frame.Frame{Measurement: "other"}
	if _, err := pwarrow.Schema(frames[0], other); !errors.Is(err, pwarrow.ErrMeasurement) {
		t.Error(err)
	}
	if _, err := pwarrow.RecordAs(other, s); !errors.Is(err, pwarrow.ErrMeasurement) {
		t.Error(err)
	}
	if _, err := pwarrow.Schema(); !errors.Is(err, pwarrow.ErrNoFrames) {
		t.Error(err)
	}
	mixed := &frame.Frame{Measurement: "m", Columns: []frame.Column{frame.Bools("n", []bool{true})}}
	if _, err := pwarrow.Schema(frames[0], mixed); !errors.Is(err, pwarrow.ErrType) {
		t.Error(err)
	}
}

// Values are converted to the type of a schema if they are the same there.
func TestConversions(t *testing.T) {
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	null := func(c frame.Column) frame.Column {
		c.SetNull(0)
		return c
	}
	for _, c := range []struct {
		column frame.Column
		to     arrow.DataType
		want   string
		err    error
	}{
		{frame.Ints("c", []int64{-1 << 53, 1 << 62}), arrow.PrimitiveTypes.Float64, "-9.007199254740992e+15 4.611686018427388e+18", nil},
		{frame.Ints("c", []int64{0, 1<<53 + 1}), arrow.PrimitiveTypes.Float64, "", pwarrow.ErrInexact},
		{null(frame.Ints("c", []int64{1<<53 + 1, 0})), arrow.PrimitiveTypes.Float64, "(null) 0", nil},
		{frame.Ints("c", []int64{0, 1<<63 - 1}), arrow.PrimitiveTypes.Float64, "", pwarrow.ErrInexact},
		{frame.Ints("c", []int64{-1 << 63, 0}), arrow.PrimitiveTypes.Float64, "-9.223372036854776e+18 0", nil},
		{frame.Ints("c", []int64{0, -1}), arrow.PrimitiveTypes.Uint64, "", pwarrow.ErrInexact},
		{frame.Ints("c", []int64{0, 5}), arrow.PrimitiveTypes.Uint64, "0 5", nil},
		{frame.Uints("c", []uint64{0, 1 << 63}), arrow.PrimitiveTypes.Int64, "", pwarrow.ErrInexact},
		{frame.Uints("c", []uint64{0, 1<<63 - 1}), arrow.PrimitiveTypes.Int64, "0 9223372036854775807", nil},
		{frame.Uints("c", []uint64{0, 1<<64 - 1}), arrow.PrimitiveTypes.Float64, "", pwarrow.ErrInexact},
		{frame.Uints("c", []uint64{0, 1 << 63}), arrow.PrimitiveTypes.Float64, "0 9.223372036854776e+18", nil},
		{frame.Floats32("c", []float32{0.1, 2}), arrow.PrimitiveTypes.Float64, "0.10000000149011612 2", nil},
		{null(frame.Tags("c", []string{"a", "b"})), arrow.BinaryTypes.String, "(null) b", nil},
		{null(frame.Strings("c", []string{"a", "b"})), dictionary, "(null) b", nil},
		{frame.Floats("c", []float64{1, 2}), arrow.PrimitiveTypes.Int64, "", pwarrow.ErrType},
		{frame.Bools("c", []bool{true, false}), arrow.BinaryTypes.String, "", pwarrow.ErrType},
	} {
		role := "field"
		if c.column.Role == frame.Tag {
			role = "tag"
		}
		s := arrow.NewSchema([]arrow.Field{{Name: "c", Type: c.to, Nullable: true, Metadata: arrow.MetadataFrom(map[string]string{"pointwire.role": role})}}, nil)
		r, err := pwarrow.RecordAs(&frame.Frame{Columns: []frame.Column{c.column}}, s)
		if c.err != nil {
			if !errors.Is(err, c.err) {
				t.Errorf("%s to %s: %v, want %v", c.column.Type, c.to, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s to %s: %v", c.column.Type, c.to, err)
			continue
		}
		a := r.Column(0)
		if got := a.ValueStr(0) + " " + a.ValueStr(1); got != c.want || !arrow.TypeEqual(a.DataType(), c.to) {
			t.Errorf("%s to %s: %s, want %s", c.column.Type, c.to, got, c.want)
		}
	}
}

// What a schema does not have is an error, and what a frame does not have is null.
func TestOtherColumns(t *testing.T) {
	f := &frame.Frame{Time: []int64{1500}, Precision: lp.Millisecond, Tags: []lp.Tag{{Key: "host", Value: "a"}}, Columns: []frame.Column{frame.Ints("i", []int64{1})}}
	s, err := pwarrow.Schema(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"time", "host", "i"} {
		fields := slices.Delete(s.Fields(), i, i+1)
		_, err := pwarrow.RecordAs(f, arrow.NewSchema(fields, nil))
		var column *pwarrow.ColumnError
		if !errors.As(err, &column) || column.Column != name || !errors.Is(err, pwarrow.ErrNotInSchema) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	fields := s.Fields()
	fields[0].Type = &arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"}
	if _, err := pwarrow.RecordAs(f, arrow.NewSchema(fields, nil)); !errors.Is(err, pwarrow.ErrInexact) {
		t.Errorf("1.5 s in seconds: %v", err)
	}
	fields[0].Type = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	if r, err := pwarrow.RecordAs(f, arrow.NewSchema(fields, nil)); err != nil || r.Column(0).(*array.Timestamp).Value(0) != 1_500_000_000 {
		t.Error(err)
	}
	fields[0].Type = arrow.PrimitiveTypes.Int64
	if _, err := pwarrow.RecordAs(f, arrow.NewSchema(fields, nil)); !errors.Is(err, pwarrow.ErrType) {
		t.Error(err)
	}
	if _, err := pwarrow.RecordAs(&frame.Frame{Columns: f.Columns}, s); !errors.Is(err, pwarrow.ErrNoTime) {
		t.Error(err)
	}
	r, err := pwarrow.RecordAs(&frame.Frame{Time: []int64{1}, Precision: lp.Millisecond}, s)
	if err != nil || r.Column(1).NullN() != 1 || r.Column(2).NullN() != 1 || r.NumRows() != 1 {
		t.Errorf("%v, %v", r, err)
	}
}

// The text of an error holds no control bytes of a name.
func TestErrorText(t *testing.T) {
	if err := error(&pwarrow.ColumnError{Column: "a\n", Err: pwarrow.ErrType}); strings.Contains(err.Error(), "\n") {
		t.Errorf("%q", err)
	}
}
