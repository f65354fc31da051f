package pwarrow_test

import (
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
	"github.com/pointwire/pointwire/frame"
)

// array of the values of JSON, as the library reads them.
func of(t *testing.T, typ arrow.DataType, json string) arrow.Array {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, typ)
	defer b.Release()
	if err := b.UnmarshalJSON([]byte(json)); err != nil {
		t.Fatal(err)
	}
	return b.NewArray()
}

// record makes a record without metadata, as other programs do.
func recordOf(name string, a arrow.Array) arrow.RecordBatch {
	s := arrow.NewSchema([]arrow.Field{{Name: name, Type: a.DataType(), Nullable: true}}, nil)
	return array.NewRecordBatch(s, []arrow.Array{a}, int64(a.Len()))
}

// Columns of other programs, of types that this package does not write.
func TestForeignTypes(t *testing.T) {
	p := arrow.PrimitiveTypes
	dict := func(index, value arrow.DataType) arrow.DataType {
		return &arrow.DictionaryType{IndexType: index, ValueType: value}
	}
	for _, c := range []struct {
		typ  arrow.DataType
		json string
		as   frame.Type
		want string // rows, null as ?
	}{
		{p.Int8, `[-128, null, 127]`, frame.Int64, "-128 ? 127"},
		{p.Int16, `[-32768, null]`, frame.Int64, "-32768 ?"},
		{p.Int32, `[-2147483648, null]`, frame.Int64, "-2147483648 ?"},
		{p.Uint8, `[255, null]`, frame.Uint64, "255 ?"},
		{p.Uint16, `[65535, null]`, frame.Uint64, "65535 ?"},
		{p.Uint32, `[4294967295, null]`, frame.Uint64, "4294967295 ?"},
		{arrow.BinaryTypes.LargeString, `["a", null, ""]`, frame.String, "a ? "},
		{arrow.BinaryTypes.StringView, `["a text that is too long for a view", null, "b"]`, frame.String, "a text that is too long for a view ? b"},
		{dict(p.Uint8, arrow.BinaryTypes.String), `["a", null, "b", "a"]`, frame.Dict, "a ? b a"},
		{dict(p.Int64, arrow.BinaryTypes.String), `["a", null, "b", "a"]`, frame.Dict, "a ? b a"},
		{arrow.FixedWidthTypes.Boolean, `[true, null, false]`, frame.Bool, "true ? false"},
		{arrow.Null, `[null, null]`, frame.Null, "? ?"},
		{p.Int64, `[]`, frame.Int64, ""},
		{arrow.BinaryTypes.String, `[]`, frame.String, ""},
		{dict(p.Int32, arrow.BinaryTypes.String), `[]`, frame.Dict, ""},
	} {
		f, err := pwarrow.Frame(recordOf("c", of(t, c.typ, c.json)))
		if err != nil {
			t.Errorf("%s: %v", c.typ, err)
			continue
		}
		got := ""
		for i := range f.Columns[0].Len() {
			if i > 0 {
				got += " "
			}
			if f.Columns[0].IsNull(i) {
				got += "?"
			}
			got = string(f.Columns[0].AppendValue([]byte(got), i))
		}
		if got != c.want || f.Columns[0].Type != c.as || f.Columns[0].Role != frame.Field || f.Measurement != "" {
			t.Errorf("%s: %q of type %s, want %q of type %s", c.typ, got, f.Columns[0].Type, c.want, c.as)
		}
	}
}

// A dictionary may hold null, which is another way to say that a row is null.
func TestNullInDictionary(t *testing.T) {
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	a := array.NewDictionaryArray(typ, of(t, arrow.PrimitiveTypes.Int32, `[0, 1, null, 2]`), of(t, arrow.BinaryTypes.String, `["a", null, "b"]`))
	f, err := pwarrow.Frame(recordOf("c", a))
	if err != nil {
		t.Fatal(err)
	}
	c := &f.Columns[0]
	if string(c.Text(0)) != "a" || !c.IsNull(1) || !c.IsNull(2) || string(c.Text(3)) != "b" {
		t.Errorf("%q %v %v %q", c.Text(0), c.IsNull(1), c.IsNull(2), c.Text(3))
	}
	large := array.NewDictionaryArray(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint64, ValueType: arrow.BinaryTypes.LargeString},
		of(t, arrow.PrimitiveTypes.Uint64, `[1, 0]`), of(t, arrow.BinaryTypes.LargeString, `["a", "b"]`))
	if f, err = pwarrow.Frame(recordOf("c", large)); err != nil || string(f.Columns[0].Text(0)) != "b" || string(f.Columns[0].Text(1)) != "a" {
		t.Errorf("large_utf8: %v", err)
	}
	// An index beyond the dictionary would panic later.
	a = array.NewDictionaryArray(typ, of(t, arrow.PrimitiveTypes.Int32, `[0, 3]`), of(t, arrow.BinaryTypes.String, `["a", null, "b"]`))
	if _, err := pwarrow.Frame(recordOf("c", a)); !errors.Is(err, frame.ErrLayout) {
		t.Error(err)
	}
}

// Without roles a timestamp called time is the time.
func TestForeignTime(t *testing.T) {
	ms := &arrow.TimestampType{Unit: arrow.Millisecond}
	f, err := pwarrow.Frame(recordOf("time", of(t, ms, `[5, 6]`)))
	if err != nil || len(f.Time) != 2 || f.Time[1] != 6 || f.Precision.String() != "ms" || len(f.Columns) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err = pwarrow.Frame(recordOf("time", of(t, ms, `[]`))); err != nil || f.Time == nil || len(f.Time) != 0 {
		t.Errorf("no rows: %+v, %v", f, err)
	}
	if _, err := pwarrow.Frame(recordOf("time", of(t, ms, `[5, null]`))); !errors.Is(err, pwarrow.ErrNoTime) {
		t.Errorf("a row without a time: %v", err)
	}
	for name, a := range map[string]arrow.Array{
		"other":   of(t, ms, `[5]`),
		"date":    of(t, arrow.FixedWidthTypes.Date32, `[1]`),
		"list":    of(t, arrow.ListOf(arrow.PrimitiveTypes.Int8), `[[1]]`),
		"decimal": of(t, &arrow.Decimal128Type{Precision: 9, Scale: 2}, `["1.25"]`),
		"numbers": of(t, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64}, `[5]`),
	} {
		_, err := pwarrow.Frame(recordOf(name, a))
		var column *pwarrow.ColumnError
		if !errors.Is(err, pwarrow.ErrType) || !errors.As(err, &column) || column.Column != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
