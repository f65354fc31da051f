package jsonscan

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
)

// oneRow returns the row of a response with the cells text.
func oneRow(t *testing.T, text string, p Precision) *Row {
	t.Helper()
	columns := `"a"` + strings.Repeat(`,"a"`, strings.Count(text, ", "))
	s := NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":[` + columns + `],"values":[[` + text + `]]}]}]}`))
	s.SetPrecision(p)
	if !s.Next() {
		t.Fatal(s.Err())
	}
	return s.Row()
}

func TestGetters(t *testing.T) {
	type want struct {
		value any
		err   error
	}
	tests := []struct {
		cell                            string
		int, uint, float, boolean, text want
	}{
		{"1", want{int64(1), nil}, want{uint64(1), nil}, want{1.0, nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"-1", want{int64(-1), nil}, want{uint64(0), ErrRange}, want{-1.0, nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"9223372036854775807", want{int64(math.MaxInt64), nil}, want{uint64(math.MaxInt64), nil}, want{0.0, ErrInexact}, want{false, ErrKind}, want{"", ErrKind}},
		{"-9223372036854775808", want{int64(math.MinInt64), nil}, want{uint64(0), ErrRange}, want{float64(-1 << 63), nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"9223372036854775808", want{int64(0), ErrRange}, want{uint64(1 << 63), nil}, want{float64(1 << 63), nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"18446744073709551615", want{int64(0), ErrRange}, want{uint64(math.MaxUint64), nil}, want{0.0, ErrInexact}, want{false, ErrKind}, want{"", ErrKind}},
		{"18446744073709551616", want{int64(0), ErrRange}, want{uint64(0), ErrRange}, want{float64(1 << 64), nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"1.5", want{int64(0), ErrInexact}, want{uint64(0), ErrInexact}, want{1.5, nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"1e3", want{int64(1000), nil}, want{uint64(1000), nil}, want{1000.0, nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"-1e3", want{int64(-1000), nil}, want{uint64(0), ErrRange}, want{-1000.0, nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"1e300", want{int64(0), ErrRange}, want{uint64(0), ErrRange}, want{1e300, nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"-0", want{int64(0), nil}, want{uint64(0), nil}, want{math.Copysign(0, -1), nil}, want{false, ErrKind}, want{"", ErrKind}},
		{"true", want{int64(0), ErrKind}, want{uint64(0), ErrKind}, want{0.0, ErrKind}, want{true, nil}, want{"", ErrKind}},
		{"false", want{int64(0), ErrKind}, want{uint64(0), ErrKind}, want{0.0, ErrKind}, want{false, nil}, want{"", ErrKind}},
		{`"1\n"`, want{int64(0), ErrKind}, want{uint64(0), ErrKind}, want{0.0, ErrKind}, want{false, ErrKind}, want{"1\n", nil}},
		{"null", want{int64(0), ErrNull}, want{uint64(0), ErrNull}, want{0.0, ErrNull}, want{false, ErrNull}, want{"", ErrNull}},
	}
	for _, tt := range tests {
		r := oneRow(t, tt.cell, Nanosecond)
		check := func(what string, got any, err error, w want) {
			t.Helper()
			f, isFloat := got.(float64)
			same := got == w.value && (!isFloat || math.Signbit(f) == math.Signbit(w.value.(float64)))
			if !same || !errors.Is(err, w.err) {
				t.Errorf("%s of %s is %v, %v, want %v, %v", what, tt.cell, got, err, w.value, w.err)
			}
			var e *CellError
			if w.err != nil && (!errors.As(err, &e) || e.Column != "a" || e.Kind != r.Kind(0)) {
				t.Errorf("%s of %s: error %#v", what, tt.cell, err)
			}
		}
		i, err := r.Int(0)
		check("Int", i, err, tt.int)
		u, err := r.Uint(0)
		check("Uint", u, err, tt.uint)
		f, err := r.Float(0)
		check("Float", f, err, tt.float)
		b, err := r.Bool(0)
		check("Bool", b, err, tt.boolean)
		s, err := r.String(0)
		check("String", s, err, tt.text)
		view, err := r.Bytes(0)
		check("Bytes", string(view), err, tt.text)
		dst, err := r.AppendString([]byte("x"), 0)
		check("AppendString", string(dst[1:]), err, tt.text)
		if raw := string(r.Raw(0)); raw != tt.cell {
			t.Errorf("Raw of %s is %s", tt.cell, raw)
		}
		if r.IsNull(0) != (tt.cell == "null") {
			t.Errorf("IsNull of %s", tt.cell)
		}
		c := r.Cell(0)
		ci, ok := c.Int()
		if ok != (c.Kind() == KindInt) || ok && ci != i {
			t.Errorf("Cell.Int of %s is %d, %v", tt.cell, ci, ok)
		}
		cf, ok := c.Float()
		if ok != (c.Kind() == KindInt && c.Bits()+1<<53 <= 1<<54 || c.Kind() == KindFloat) || ok && cf != f {
			t.Errorf("Cell.Float of %s is %v, %v", tt.cell, cf, ok)
		}
		cb, ok := c.Bool()
		if ok != (c.Kind() == KindBool) || cb != b {
			t.Errorf("Cell.Bool of %s is %v, %v", tt.cell, cb, ok)
		}
	}
}

func TestNoSuchColumn(t *testing.T) {
	r := oneRow(t, "1", Nanosecond)
	for _, i := range []int{-1, 1, math.MaxInt, math.MinInt} {
		_, e1 := r.Int(i)
		_, e2 := r.Uint(i)
		_, e3 := r.Float(i)
		_, e4 := r.Bool(i)
		_, e5 := r.String(i)
		_, e6 := r.Time(i)
		_, e7 := r.Timestamp(i)
		_, e8 := r.AppendString(nil, i)
		for n, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8} {
			if !errors.Is(err, ErrColumn) {
				t.Errorf("getter %d of column %d: %v", n, i, err)
			}
		}
		if !r.IsNull(i) || r.Raw(i) != nil || r.Kind(i) != KindNull || r.Cell(i) != (Cell{}) {
			t.Errorf("column %d is not null", i)
		}
	}
}

func TestTime(t *testing.T) {
	tests := []struct {
		cell      string
		precision Precision
		want      string // RFC 3339, or an error
		noStamp   bool   // does not fit in nanoseconds since 1970
	}{
		{"1500000000060748059", Nanosecond, "2017-07-14T02:40:00.060748059Z", false},
		{"-1", Nanosecond, "1969-12-31T23:59:59.999999999Z", false},
		{"1500000000060748", Microsecond, "2017-07-14T02:40:00.060748Z", false},
		{"1500000000060", Millisecond, "2017-07-14T02:40:00.06Z", false},
		{"1500000000", Second, "2017-07-14T02:40:00Z", false},
		{"25000000", Minute, "2017-07-14T02:40:00Z", false},
		{"416666", Hour, "2017-07-14T02:00:00Z", false},
		{"-9223372036854775808", Nanosecond, "1677-09-21T00:12:43.145224192Z", false},
		{"9223372037", Second, "2262-04-11T23:47:17Z", true},
		{"9223372036854775807", Hour, "value out of range", true},
		{`"2017-07-14T02:40:00Z"`, Second, "2017-07-14T02:40:00Z", false},
		{`"2017-07-14T02:40:00.000000001Z"`, Second, "2017-07-14T02:40:00.000000001Z", false},
		{`"2017-07-14T11:40:00.5+09:00"`, Second, "2017-07-14T02:40:00.5Z", false},
		{`"2017-07-13T21:40:00-05:00"`, Second, "2017-07-14T02:40:00Z", false},
		{`"1600-01-01T00:00:00Z"`, Second, "1600-01-01T00:00:00Z", true},
		{`"1600-01-01T00:00:00.5+09:00"`, Second, "1599-12-31T15:00:00.5Z", true},
		{`"2017-07-14T02:40:00"`, Second, "not an RFC 3339 time", true},
		{`"2017-07-14 02:40:00Z"`, Second, "not an RFC 3339 time", true},
		{`"2017-02-30T00:00:00Z"`, Second, "not an RFC 3339 time", true},
		{`"now"`, Second, "not an RFC 3339 time", true},
		{`""`, Second, "not an RFC 3339 time", true},
		{"1.5", Second, "value would lose digits", true},
		{"true", Second, "cell holds another kind of value", true},
		{"null", Second, "cell is null", true},
	}
	for i, tt := range tests {
		r := oneRow(t, tt.cell, tt.precision)
		v, err := r.Time(0)
		got := v.Format(time.RFC3339Nano)
		if err != nil {
			got = errors.Unwrap(err).Error()
		}
		if got != tt.want {
			t.Errorf("%s: %s in %s is %s, want %s", caseat.Line(i), tt.cell, tt.precision, got, tt.want)
		}
		ns, serr := r.Timestamp(0)
		if (serr != nil) != tt.noStamp || serr == nil && ns != v.UnixNano() {
			t.Errorf("%s: timestamp of %s in %s is %d, %v", caseat.Line(i), tt.cell, tt.precision, ns, serr)
		}
	}
}

// TestTimeRange checks that a time beyond what time.Time holds is an error in each unit.
func TestTimeRange(t *testing.T) {
	for _, p := range []Precision{Nanosecond, Microsecond, Millisecond, Second, Minute, Hour} {
		for _, text := range []string{"9223372036854775807", "-9223372036854775807"} {
			s := NewScanner(strings.NewReader(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time"],"values":[[` + text + `]]}]}]}`))
			s.SetPrecision(p)
			for row, err := range s.Rows() {
				if err != nil {
					t.Fatal(err)
				}
				got, err := row.Time(0)
				if p >= Second {
					if !errors.Is(err, ErrRange) {
						t.Errorf("%s of %v: %v, %v", text, p, got, err)
					}
				} else if v, _ := row.Int(0); err != nil || got.After(time.Unix(0, 0)) != (v > 0) {
					t.Errorf("%s of %v: %v, %v", text, p, got, err)
				}
			}
		}
	}
}

// TestText holds which strings Text reads: those whose text is what the server sent.
func TestText(t *testing.T) {
	for _, c := range []struct {
		cell, text string
		ok         bool
	}{
		{`""`, "", true}, {`"a"`, "a", true}, {`"é, 世界 and more than eight bytes"`, "é, 世界 and more than eight bytes", true},
		{`"a\"b"`, "", false}, {`"\u00e9"`, "", false}, {"5", "", false}, {"1.5", "", false}, {"true", "", false}, {"null", "", false},
	} {
		s := NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":["a"],"values":[[` + c.cell + `]]}]}]}`))
		if !s.Next() {
			t.Fatal(c.cell, s.Err())
		}
		text, ok := s.Row().Text(s.Row().Cell(0))
		if string(text) != c.text || ok != c.ok || cap(text) != len(text) {
			t.Errorf("%s: %q (capacity %d), %v", c.cell, text, cap(text), ok)
		}
		if text, ok := s.Row().Text(s.Row().Cell(1)); ok {
			t.Errorf("a cell that is not there: %q", text)
		}
	}
}
