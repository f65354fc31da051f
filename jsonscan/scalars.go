package jsonscan

import (
	"encoding"
	"iter"
	"reflect"
	"strings"
	"sync"
	"time"
)

// This file reads the values of one column, without a struct around them. A type that is
// no struct is compiled like the only field of a struct, and bound to the only column.

// AppendValues appends a value of T per row to dst. If T is a struct with lp tags, it is
// AppendStructs. Otherwise T has a type that a field of such a struct may have, such as
// float64, string, time.Time or a pointer, and gets the value of the row:
//
//   - the cell of the only column besides time, or of time if there is no other
//   - a null is nil in a pointer and in a []byte, and otherwise an error unless NullAsZero
//   - a time.Time gets an RFC 3339 text, or an integer in the precision of the scanner
//   - in a jsonl response a column other than time that no row has had yet is null
//
// A series with more columns is a *BindError, because nothing says which one is meant.
// So is one with tags, unless AllowExtraColumns. Errors are those of AppendStructs.
func AppendValues[T any](dst []T, rows iter.Seq2[*Row, error], options ...StructOption) ([]T, error) {
	return appendRows(dst, valueTypeOf(reflect.TypeFor[T]()), rows, options)
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// valueTypeOf returns the compiled type of t: as a struct, or as a scalar. A struct
// without lp tags that can be read from text is a scalar.
func valueTypeOf(t reflect.Type) *structType {
	if t.Kind() == reflect.Struct && t != timeType {
		st := structTypeOf(t)
		if !st.bare || !reflect.PointerTo(t).Implements(textUnmarshaler) {
			return st
		}
	}
	if st, ok := scalarTypes.Load(t); ok {
		return st.(*structType)
	}
	st, _ := scalarTypes.LoadOrStore(t, compileScalar(t))
	return st.(*structType)
}

// scalarTypes keeps the compiled types.
var scalarTypes sync.Map // reflect.Type to *structType

// scalarField is the name of the field that a scalar is compiled as.
const scalarField = "Value"

// compileScalar compiles the type t.
func compileScalar(t reflect.Type) *structType {
	st := compileStruct(reflect.StructOf([]reflect.StructField{{Name: scalarField, Type: t, Tag: `lp:"value"`}}))
	st.name, st.scalar = t.String(), true
	if e, ok := st.err.(*StructError); ok {
		e.Type = st.name
		for i, p := range e.Problems {
			e.Problems[i] = strings.TrimPrefix(p, "field "+scalarField+": ")
		}
		return st
	}
	st.fields[0].index = nil // of the value itself, which begins where the struct does
	return st
}

// bindScalar is bind for a scalar.
func (b *binder) bindScalar(s *Series) error {
	b.columns, b.tags = b.columns[:0], b.tags[:0]
	at, stamp := -1, -1
	var extra []string
	for i, name := range s.Columns {
		switch {
		case name == "time" && stamp < 0:
			stamp = i
		case at < 0:
			at = i
		default:
			extra = append(extra, name)
		}
	}
	null := at < 0 && b.grows && (stamp < 0 || b.st.fields[0].op != opTime)
	if at < 0 && !null {
		at = stamp
	}
	if b.options&AllowExtraColumns == 0 {
		for i := range s.Tags {
			extra = append(extra, s.Tags[i].Key)
		}
	}
	var missing []string
	if at < 0 && !null {
		missing = []string{"the value"}
	}
	if len(extra)+len(missing) > 0 {
		b.unfit = true
		return &BindError{Type: b.st.name, Series: s, Extra: extra, Missing: missing}
	}
	b.columns = append(b.columns, boundColumn{f: &b.st.fields[0], col: at})
	return nil
}
