package jsonscan

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
)

// packedOne returns the row of a MessagePack response with these cells.
func packedOne(t testing.TB, cells ...string) *Row {
	t.Helper()
	s := packedScanner(strings.NewReader(packedResponse(len(cells), "\x91\xdc"+
		string(binary.BigEndian.AppendUint16(nil, uint16(len(cells))))+strings.Join(cells, ""))), 64<<10)
	if !s.Next() {
		t.Fatal(s.Err())
	}
	return s.Row()
}

// packedFloat returns the cell of a float.
func packedFloat(v float64) string {
	return string(binary.BigEndian.AppendUint64([]byte{0xcb}, math.Float64bits(v)))
}

func TestPackedGetters(t *testing.T) {
	type want struct {
		value any
		err   error
	}
	for i, tt := range []struct {
		cell             string
		raw              string
		int, uint, float want
	}{
		{"\x07", "7", want{int64(7), nil}, want{uint64(7), nil}, want{7.0, nil}},
		{"\xff", "-1", want{int64(-1), nil}, want{uint64(0), ErrRange}, want{-1.0, nil}},
		{"\xcc\xff", "255", want{int64(255), nil}, want{uint64(255), nil}, want{255.0, nil}},
		{"\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "9223372036854775808", want{int64(0), ErrRange}, want{uint64(1 << 63), nil}, want{float64(1 << 63), nil}},
		{"\xd3\x00\x20\x00\x00\x00\x00\x00\x01", "9007199254740993", want{int64(1<<53 + 1), nil}, want{uint64(1<<53 + 1), nil}, want{0.0, ErrInexact}},
		{"\xca\x3f\xc0\x00\x00", "1.5", want{int64(0), ErrInexact}, want{uint64(0), ErrInexact}, want{1.5, nil}},
		{packedFloat(3), "3", want{int64(3), nil}, want{uint64(3), nil}, want{3.0, nil}},
		{packedFloat(-3), "-3", want{int64(-3), nil}, want{uint64(0), ErrRange}, want{-3.0, nil}},
		{packedFloat(math.Copysign(0, -1)), "-0", want{int64(0), nil}, want{uint64(0), nil}, want{math.Copysign(0, -1), nil}},
		{packedFloat(0.1), "0.1", want{int64(0), ErrInexact}, want{uint64(0), ErrInexact}, want{0.1, nil}},
		{packedFloat(-1.5e-7), "-1.5e-7", want{int64(0), ErrInexact}, want{uint64(0), ErrInexact}, want{-1.5e-7, nil}},
		{packedFloat(1e-10), "1e-10", want{int64(0), ErrInexact}, want{uint64(0), ErrInexact}, want{1e-10, nil}},
		{packedFloat(1e21), "1e+21", want{int64(0), ErrRange}, want{uint64(0), ErrRange}, want{1e21, nil}},
		{packedFloat(1 << 60), "1152921504606847000", want{int64(1 << 60), nil}, want{uint64(1 << 60), nil}, want{float64(1 << 60), nil}},
		{packedFloat(-1 << 63), "-9223372036854776000", want{int64(math.MinInt64), nil}, want{uint64(0), ErrRange}, want{float64(-1 << 63), nil}},
		{packedFloat(1 << 63), "9223372036854776000", want{int64(0), ErrRange}, want{uint64(1 << 63), nil}, want{float64(1 << 63), nil}},
		{packedFloat(1 << 64), "18446744073709552000", want{int64(0), ErrRange}, want{uint64(0), ErrRange}, want{float64(1 << 64), nil}},
		{packedFloat(math.Inf(1)), "null", want{int64(0), ErrRange}, want{uint64(0), ErrRange}, want{math.Inf(1), nil}},
		{packedFloat(math.Inf(-1)), "null", want{int64(0), ErrRange}, want{uint64(0), ErrRange}, want{math.Inf(-1), nil}},
		{"\xc0", "null", want{int64(0), ErrNull}, want{uint64(0), ErrNull}, want{0.0, ErrNull}},
		{"\xc3", "true", want{int64(0), ErrKind}, want{uint64(0), ErrKind}, want{0.0, ErrKind}},
		{"\xa17", `"7"`, want{int64(0), ErrKind}, want{uint64(0), ErrKind}, want{0.0, ErrKind}},
	} {
		r := packedOne(t, tt.cell)
		check := func(what string, got any, err error, w want) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(w.value) || !errors.Is(err, w.err) {
				t.Errorf("%s: %s is %v, %v, want %v, %v", caseat.Line(i), what, got, err, w.value, w.err)
			}
		}
		v, err := r.Int(0)
		check("Int", v, err, tt.int)
		u, err := r.Uint(0)
		check("Uint", u, err, tt.uint)
		f, err := r.Float(0)
		check("Float", f, err, tt.float)
		if got := string(r.Raw(0)); got != tt.raw {
			t.Errorf("%s: Raw is %s, want %s", caseat.Line(i), got, tt.raw)
		}
	}
	if v, err := packedOne(t, packedFloat(math.NaN())).Float(0); err != nil || v == v {
		t.Errorf("NaN is %v, %v", v, err)
	}
	if _, err := packedOne(t, packedFloat(math.NaN())).Int(0); !errors.Is(err, ErrInexact) {
		t.Errorf("NaN as an integer: %v", err)
	}
}

// TestPackedTexts holds texts of every length, around the lengths of words and of the forms,
// with and without a byte that is not ASCII or not UTF-8 in each place.
func TestPackedTexts(t *testing.T) {
	lengths := []int{255, 256, 257, 65535, 65536}
	for n := range 80 {
		lengths = append(lengths, n)
	}
	form := func(s string) string {
		switch n := len(s); {
		case n < 32:
			return string([]byte{0xa0 | byte(n)}) + s
		case n < 256:
			return string([]byte{0xd9, byte(n)}) + s
		case n < 65536:
			return "\xda" + string(binary.BigEndian.AppendUint16(nil, uint16(n))) + s
		}
		return "\xdb" + string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
	}
	for _, n := range lengths {
		plain := strings.Repeat("abcdefghijklm", n/13+1)[:n]
		texts := []string{plain}
		for k := 0; k+2 <= n && n < 80; k++ {
			texts = append(texts, plain[:k]+"é"+plain[k+2:], plain[:k]+"\xff\xfe"+plain[k+2:], plain[:k]+"\"\n"+plain[k+2:])
		}
		for _, text := range texts {
			want := string([]rune(text))
			r := packedOne(t, "\xa1x", form(text), packedFloat(-1), form(text)) // bytes from 0x80 on follow
			for _, i := range []int{1, 3} {
				b, err := r.Bytes(i)
				room, _ := r.AppendString(make([]byte, 1, 1<<10), i)
				tight, _ := r.AppendString([]byte("y"), i)
				var quoted string
				if e := json.Unmarshal(r.Raw(i), &quoted); err != nil || string(b) != want || string(room[1:]) != want || string(tight[1:]) != want || quoted != want || e != nil {
					t.Fatalf("%q is %q, %q, %q and %s, want %q", text, b, room, tight, r.Raw(i), want)
				}
			}
			if x, _ := r.String(0); x != "x" {
				t.Fatalf("%q before %q", x, text)
			}
		}
	}
}

// TestPackedTimes holds times of the extension type, at the edges of what can be expressed.
func TestPackedTimes(t *testing.T) {
	for _, tt := range []struct {
		time string
		fits bool
	}{
		{"1970-01-01T00:00:00Z", true},
		{"2017-07-14T02:40:00.000000001Z", true},
		{"1969-12-31T23:59:59.5Z", true},
		{"1677-09-21T00:12:43.145224192Z", true},
		{"1677-09-21T00:12:43.145224191Z", false},
		{"2262-04-11T23:47:16.854775807Z", true},
		{"2262-04-11T23:47:16.854775808Z", false},
		{"0000-01-01T00:00:00Z", false},
		{"9999-12-31T23:59:59.999999999Z", false},
	} {
		want, err := time.Parse(time.RFC3339Nano, tt.time)
		if err != nil {
			t.Fatal(err)
		}
		b := binary.BigEndian.AppendUint64([]byte("\xc7\x0c\x05"), uint64(want.Unix()))
		b = binary.BigEndian.AppendUint32(b, uint32(want.Nanosecond()))
		r := packedOne(t, "\xa3abc", string(b), "\xa3def")
		if got, err := r.Time(1); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s is %v, %v", tt.time, got, err)
		}
		ns, err := r.Timestamp(1)
		if tt.fits && (err != nil || ns != want.UnixNano()) || !tt.fits && !errors.Is(err, ErrRange) {
			t.Errorf("%s as a timestamp is %d, %v", tt.time, ns, err)
		}
		text, err := r.String(1)
		more, _ := r.AppendString([]byte("at "), 1)
		if err != nil || r.Kind(1) != KindString || text != tt.time || string(more) != "at "+tt.time {
			t.Errorf("%s prints as %q and %q, %v", tt.time, text, more, err)
		}
		if got, want := string(r.AppendJSON(nil)), `["abc","`+tt.time+`","def"]`; got != want || string(r.Raw(1)) != `"`+tt.time+`"` {
			t.Errorf("%s, want %s; %s", got, want, r.Raw(1))
		}
		if got := fmt.Sprintf("%v", r); got != `["abc","`+tt.time+`","def"]` {
			t.Error(got)
		}
	}
}

// TestPackedStructs reads values into fields of every kind.
func TestPackedStructs(t *testing.T) {
	type point struct {
		Time  time.Time   `lp:",timestamp"`
		Float float64     `lp:"float"`
		Small float32     `lp:"small"`
		Whole int         `lp:"whole"`
		Text  string      `lp:"text"`
		Big   *big.Float  `lp:"big"`
		Exact json.Number `lp:"exact"`
		None  *int64      `lp:"none"`
	}
	names := []string{"time", "float", "small", "whole", "text", "big", "exact", "none"}
	columns := ""
	for _, n := range names {
		columns += string([]byte{0xa0 | byte(len(n))}) + n
	}
	read := func(cells ...string) ([]point, error) {
		body := packedHead + "\x82\xa7columns\x98" + columns + "\xa6values\x91\x98" + strings.Join(cells, "")
		return AppendStructs([]point(nil), packedScanner(strings.NewReader(body), 64).Rows())
	}
	at := "\xc7\x0c\x05\x00\x00\x00\x00\x59\x68\x2f\x80\x00\x00\x00\x01"
	got, err := read(at, packedFloat(0.1), packedFloat(math.Inf(1)), packedFloat(4), "\xa2ab", packedFloat(2.5), packedFloat(1e21), "\xc0")
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	p := got[0]
	if p.Time != time.Unix(0x59682f80, 1).UTC() || p.Float != 0.1 || !math.IsInf(float64(p.Small), 1) || p.Whole != 4 || p.Text != "ab" ||
		p.Big.String() != "2.5" || p.Exact != "1e+21" || p.None != nil {
		t.Errorf("%+v", p)
	}
	inf := packedFloat(math.Inf(-1))
	for _, cells := range [][]string{
		{at, inf, "\x01", "\x01", "\xa0", inf, "\x01", "\xc0"},
		{at, inf, "\x01", "\x01", "\xa0", "\x01", inf, "\xc0"},
		{at, inf, "\x01", inf, "\xa0", "\x01", "\x01", "\xc0"},
		{at, inf, packedFloat(1e39), "\x01", "\xa0", "\x01", "\x01", "\xc0"},
	} {
		if got, err := read(cells...); !errors.Is(err, ErrRange) || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
	}
}

// TestPackedIDs holds the numbers of statements whose results have none: the place of the
// statement in the response, in whatever documents it came.
func TestPackedIDs(t *testing.T) {
	result := func(id byte, partial bool) string {
		if partial {
			return "\x83\xacstatement_id" + string([]byte{id}) + "\xa6series\x90\xa7partial\xc3"
		}
		return "\x82\xacstatement_id" + string([]byte{id}) + "\xa6series\x90"
	}
	const failed = "\x81\xa5error\xa1e"
	doc := func(results ...string) string {
		return "\x81\xa7results" + string([]byte{0x90 | byte(len(results))}) + strings.Join(results, "")
	}
	for _, tt := range []struct{ body, want string }{
		{doc(failed), "0"},
		{doc(result(0, false), failed, failed), "1 2"},
		{doc(result(0, false)) + doc(failed) + doc(failed), "1 2"},
		{doc(result(0, true)) + doc(failed) + doc(failed), "0 1"},
		{doc(result(0, true)) + doc(result(0, false)) + doc(failed) + doc(failed), "1 2"},
		{doc(failed) + doc(result(1, false)) + doc(failed), "0 2"},
	} {
		var got []string
		for _, err := range packedScanner(strings.NewReader(tt.body), 64).Rows() {
			var e *StatementError
			if !errors.As(err, &e) || e.Index != e.StatementID {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(e.StatementID))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%q: %s, want %s", tt.body, s, tt.want)
		}
	}
}
