package fuzz

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pointwire/pointwire/jsonscan"
)

// scan reads r to its end and returns what s reports, in the form of response.events.
func scan(s *jsonscan.Scanner) (events []string, docs [][]json.RawMessage, end error) {
	numbers := map[*jsonscan.Series]int{}
	for row, err := range s.Rows() {
		var statement *jsonscan.StatementError
		var server *jsonscan.ResponseError
		switch {
		case errors.As(err, &statement):
			events = append(events, fmt.Sprintf("statement %d %d %q", statement.StatementID, statement.Index, statement.Message))
			continue
		case errors.As(err, &server):
			if server.Text {
				events = append(events, fmt.Sprintf("server text %q", server.Message))
			} else {
				events = append(events, fmt.Sprintf("server %q %q", server.Message, server.Code))
			}
			continue
		case err != nil:
			end = err
			continue // the last pair: to see that it is
		}
		if end != nil {
			panic("a row after a fatal error")
		}
		ser := row.Series()
		if numbers[ser] == 0 {
			numbers[ser] = len(numbers) + 1
		}
		var tags []string
		for _, t := range ser.Tags {
			tags = append(tags, t.Key, t.Value)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "row %d %q %q %q", ser.StatementID, ser.Name, tags, ser.Columns)
		raw := make([]json.RawMessage, row.Len())
		for i := range row.Len() {
			b.WriteString(rowText(row, i))
			raw[i] = bytes.Clone(row.Raw(i))
		}
		docs = append(docs, raw)
		fmt.Fprintf(&b, " of series %d", numbers[ser])
		events = append(events, b.String())
	}
	return events, docs, end
}

// rowText returns the kind and the value of a cell as a text, like cellText.
func rowText(r *jsonscan.Row, i int) string {
	var v any
	var err error
	switch r.Kind(i) {
	case jsonscan.KindNull:
		return " null"
	case jsonscan.KindBool:
		v, err = r.Bool(i)
	case jsonscan.KindInt:
		v, err = r.Int(i)
	case jsonscan.KindUint:
		v, err = r.Uint(i)
	case jsonscan.KindFloat:
		v, err = r.Float(i)
		if err == nil {
			return fmt.Sprintf(" float %x", v)
		}
	case jsonscan.KindString:
		var s string
		s, err = r.String(i)
		if err == nil {
			return fmt.Sprintf(" string %q", s)
		}
	}
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(" %v %v", r.Kind(i), v)
}

// pieces returns data in pieces of pseudo-random sizes. Some are empty, and the last one
// sometimes comes with io.EOF.
type pieces struct {
	data []byte
	rand *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	n := 0
	switch p.rand.IntN(8) {
	case 0:
	case 1:
		n = 64 << 10
	default:
		n = 1 + p.rand.IntN(16)
	}
	n = copy(b, p.data[:min(n, len(p.data))])
	p.data = p.data[n:]
	if len(p.data) == 0 && (n == 0 || p.rand.IntN(2) == 0) {
		return n, io.EOF
	}
	return n, nil
}

// bodies are responses with everything that servers send, and some that they do not send.
var bodies = []string{
	`{"results":[{"statement_id":0,"series":[{"name":"cpu","tags":{"host":"a","region":""},"columns":["time","value","text"],"values":[[1500000000060748059,0.64,"a\u003cb\n"],[2,null,"é"],[3,-0,""]],"partial":true}],"partial":true}]}` + "\n" +
		`{"results":[{"statement_id":0,"series":[{"name":"cpu","tags":{"host":"a","region":""},"columns":["time","value","text"],"values":[[4,1e+21,"\ud83d\ude00"]]}]}]}` + "\n",
	`{"results":[{"statement_id":0}]}`,
	`{"results":[{"statement_id":0,"error":"database not found: x"},{"statement_id":0,"error":"not executed"}]}` + "\n",
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["tagKey"],"values":[["a"]]}]}]}` + "\n" + `{"results":[{"statement_id":0,"series":[{"name":"n","columns":["tagKey"],"values":[["a"]]}]}]}` + "\n" +
		`{"results":[{"statement_id":1,"error":"x"}]}` + "\n" + `{"results":[{"statement_id":1,"error":"not executed"}]}`,
	`{"results":[{"statement_id":3,"partial":true}]}{"results":[{"series":[{"name":"m","columns":["a"],"values":[[1]]}]},{"statement_id":3}]}{"results":[{"statement_id":4},{"statement_id":4}]}`,
	`{"error":"error parsing query: found x"}`,
	`{"code":"unauthorized","message":"nope"}`,
	`{"results":[{"series":[{"columns":["key"],"values":[["cpu,host=a"]]}],"messages":[{"level":"warning","text":"deprecated"}]}]}`,
	"json: error calling MarshalJSON for type httpd.Response: json: unsupported value: +Inf\n" + `{"results":[{"statement_id":1,"series":[{"name":"m","columns":["f"],"values":[[1],[1.5],[9223372036854775808],[18446744073709551616],[100000000000000000000]]}]}]}`,
	"<html>\n<body>bad gateway\n",
	`{"results":[{"statement_id":0,"series":[{"values":[[1,2],[3,4]],"columns":["a","b"],"name":"m","tags":{"k":"v"}}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"columns":["a"],"values":[[1]],"tags":{"k":"v"},"name":"m"}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"columns":["a"],"values":[[1]],"tags":5}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"columns":["a"],"values":[[1]],"values":null}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["a"],"values":[[tru]]}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["a"],"values":[[1],[1,2]]}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["a"],"values":[["\ud83d"],["` + "\xff" + `"]]}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["a"],"values":[[1e400]]}]}]}`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["a"],"values":[[01]]}]}]}`,
	"{\n    \"results\": [\n        {\n            \"series\": [\n {\n \"name\": \"m\",\n \"columns\": [ \"a\" ],\n \"values\": [\n [\n 1\n ],\n [ \"x\" ]\n ]\n }\n ]\n }\n ]\n}\n",
	`{"results":null}`, `{}`, ``, ` `, "x", `{"results":[{"partial":true}]}`, `{"results":[{"statement_id":99999999999}]}`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":[],"values":[[],[]]}]}]} x`,
	`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["a"],"values":[[{}]]}]}]}`,
	`{"a":{"b":[[[{"c":"\u00e9"}]],1.5e-7,true]},"results":[]}`,
	`{"status":"ok"}`, `{"message":"x"}`, `{"results":[]}{"x":1}`, `{"x":1}` + "\n" + `{"results":[]}`,
}

// scanner is reused for every body, since Reset must forget the one before.
var scanner jsonscan.Scanner

// FuzzScanner compares a Scanner with the slow reader and with encoding/json, for any body
// in any pieces.
func FuzzScanner(f *testing.F) {
	for i, b := range bodies {
		f.Add([]byte(b), uint64(i), uint16(0), uint16(i*13))
		f.Add([]byte(b), uint64(i), uint16(i<<3|7), uint16(i*7))
	}
	f.Fuzz(func(t *testing.T, body []byte, seed uint64, pad, cut uint16) {
		if len(body) > 16<<10 {
			return
		}
		surrogates := bytes.Contains(bytes.ToLower(body), []byte(`\ud`))
		for _, lax := range []bool{false, true} {
			if lax && !surrogates && utf8.Valid(body) {
				continue // lax makes no difference
			}
			want := readResponse(body, lax)
			wantEvents := numberSeries(want.events)
			s := &scanner
			s.MaxRowBytes, s.AllowInvalidUTF8 = 0, lax
			s.Reset(bytes.NewReader(body))
			events, rows, err := scan(s)
			requireEnd(t, body, want.end, err)
			if want.end == complete && !slices.Equal(events, wantEvents) || len(events) < len(wantEvents) || !slices.Equal(events[:len(wantEvents)], wantEvents) {
				t.Fatalf("%q (lax %v) gives\n%s\nwant\n%s", body, lax, strings.Join(events, "\n"), strings.Join(wantEvents, "\n"))
			}
			if want.end == complete {
				requireMessages(t, s, want)
				requireEncodingJSON(t, want.docs, rows, lax)
			}

			// The outcome must not depend on the pieces, or on where the buffer ends.
			s.Reset(&pieces{body, rand.New(rand.NewPCG(seed, 1))})
			again, _, err2 := scan(s)
			if !slices.Equal(again, events) || fmt.Sprint(err2) != fmt.Sprint(err) {
				t.Fatalf("%q in pieces (seed %d) gives\n%s\n%v\nwant\n%s\n%v", body, seed, strings.Join(again, "\n"), err2, strings.Join(events, "\n"), err)
			}
			if pad%8 == 7 {
				// The body begins close to the end of the buffer of 64 KiB.
				space := bytes.Repeat([]byte(" "), 64<<10-int(pad)%1024)
				s.Reset(bytes.NewReader(append(space, body...)))
				again, _, err2 := scan(s)
				if !slices.Equal(again, events) || (err2 == nil) != (err == nil) {
					t.Fatalf("%q after %d spaces gives\n%s\n%v\nwant\n%s\n%v", body, len(space), strings.Join(again, "\n"), err2, strings.Join(events, "\n"), err)
				}
			}
			if want.end != complete || len(body) == 0 {
				continue
			}

			// A truncated body must not give a shorter result without an error.
			short := body[:int(cut)%len(body)]
			wantShort := readResponse(short, lax)
			s.Reset(bytes.NewReader(short))
			again, fewer, err := scan(s)
			if wantShort.end == malformed {
				t.Fatalf("%q is %s", short, wantShort.end)
			}
			requireEnd(t, short, wantShort.end, err)
			if len(fewer) > len(rows) || !reflect.DeepEqual(fewer, rows[:len(fewer)]) && len(fewer) > 0 {
				t.Fatalf("%q has rows\n%q\nand complete\n%q", short, fewer, rows)
			}
			if !isPlain(short) && !slices.ContainsFunc(again, nameless) && (len(again) > len(events) || !slices.Equal(again, events[:len(again)])) {
				t.Fatalf("%q gives\n%s\nand complete\n%s", short, strings.Join(again, "\n"), strings.Join(events, "\n"))
			}

			// A limit must give its own error, or make no difference.
			s.MaxRowBytes = 1 + int(cut)
			s.Reset(bytes.NewReader(body))
			again, _, err = scan(s)
			var size *jsonscan.RowSizeError
			switch {
			case err == nil && !slices.Equal(again, events):
				t.Fatalf("%q with a limit of %d gives\n%s\nwant\n%s", body, s.MaxRowBytes, strings.Join(again, "\n"), strings.Join(events, "\n"))
			case err != nil && (!errors.As(err, &size) || len(body) < s.MaxRowBytes):
				t.Fatalf("%q with a limit of %d gives %v", body, s.MaxRowBytes, err)
			}
		}
	})
}

// nameless reports whether e is a row whose name and tags may have been in the part of the
// document that was cut off, see README.md.
func nameless(e string) bool {
	_, e, _ = strings.Cut(strings.TrimPrefix(e, "row "), " ")
	return strings.HasPrefix(e, `"" [] `)
}

// isPlain reports whether the last line of a truncated body is plain text, which then
// differs from the whole text.
func isPlain(body []byte) bool {
	return slices.ContainsFunc(bytes.Split(body, []byte("\n")), func(l []byte) bool {
		l = bytes.TrimLeft(l, " \r\t")
		return len(l) > 0 && l[0] != '{'
	})
}

func requireEnd(t *testing.T, body []byte, want outcome, err error) {
	t.Helper()
	var syntax *jsonscan.SyntaxError
	var read *jsonscan.ReadError
	ok := false
	switch want {
	case complete:
		ok = err == nil
	case truncated:
		// The document may have been wrong before it was truncated.
		ok = errors.As(err, &read) && errors.Is(err, io.ErrUnexpectedEOF) && read.Offset == int64(len(body)) || errors.As(err, &syntax)
	case malformed:
		ok = errors.As(err, &syntax) && syntax.Offset >= 0 && syntax.Offset <= int64(len(body))
	}
	if !ok {
		t.Fatalf("%q is %s, but the scanner says: %v", body, want, err)
	}
}

func requireMessages(t *testing.T, s *jsonscan.Scanner, want *response) {
	t.Helper()
	var got []string
	for _, m := range s.Messages() {
		got = append(got, fmt.Sprintf("%d %q %q", m.StatementID, m.Level, m.Text))
	}
	if w := want.messages[:min(len(want.messages), 1000)]; !slices.Equal(got, w) {
		t.Fatalf("messages %q, want %q", got, w)
	}
	if s.Statements() != want.count {
		t.Fatalf("%d statements, want %d", s.Statements(), want.count)
	}
}

// requireEncodingJSON reads the documents with encoding/json and compares every
// cell of every row.
func requireEncodingJSON(t *testing.T, docs [][]byte, rows [][]json.RawMessage, lax bool) {
	t.Helper()
	var want []any
	for _, doc := range docs {
		if !json.Valid(doc) {
			t.Fatalf("encoding/json refuses %q", doc)
		}
		d := jsontext.NewDecoder(bytes.NewReader(doc), jsontext.AllowInvalidUTF8(lax))
		if d.SkipValue() != nil {
			return // of duplicate names encoding/json takes the last
		}
		v := decodeJSON(t, doc)
		results, _ := v.(map[string]any)["results"].([]any)
		for _, r := range results {
			list, _ := r.(map[string]any)["series"].([]any)
			for _, s := range list {
				values, _ := s.(map[string]any)["values"].([]any)
				want = append(want, values...)
			}
		}
	}
	if len(rows) != len(want) {
		t.Fatalf("%q has %d rows, want %d", docs, len(rows), len(want))
	}
	for i, row := range rows {
		got := make([]any, len(row))
		for j, cell := range row {
			got[j] = decodeJSON(t, cell)
		}
		if !reflect.DeepEqual(any(got), want[i]) {
			t.Fatalf("row %d of %q is %v, want %v", i, docs, got, want[i])
		}
	}
}

func decodeJSON(t *testing.T, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("encoding/json on %q: %v", data, err)
	}
	return v
}

// FuzzCell compares every getter of a row with encoding/json, strconv and time.
func FuzzCell(f *testing.F) {
	for i, s := range []string{
		"0", "-0", "1", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "100000000000000000000", "1e21", "1E+21", "1e-7", "1.5e-07", "5e-324", "2e-324",
		"1.7976931348623157e308", "1.7976931348623159e308", "1e400", "0.1", "123456.789", "0.30000000000000004", "9007199254740993",
		"9007199254740993.0", "1.0", "-1.0", "1e2", "12345678901234567890.123", "0.000001", "00", "01", "1.", ".5", "+1", "1e", "nan", "Inf", "0x10", "1_0",
		"4611686018427387904", "4611686018427387905", "-4611686018427387905", "76861433640456466",
		"true", "false", "null", "tru", "nul", `"a"`, `""`, `"\u00e9\n\"\\\/"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\x"`, "\"\t\"", "\"\xff\"", "\"\x00\"",
		`"2009-11-10T23:00:00Z"`, `"2017-07-14T02:40:00.000000001+09:00"`, `"1969-12-31T23:59:59.5Z"`, `"2018-01-01"`, `"2009-11-10T24:00:00Z"`,
		`"2009-11-10T23:00:00,5Z"`, `"2009-02-30T23:00:00Z"`, `"2009-11-10T23:00:00.Z"`, `"2009-11-10T23:00:00+24:00"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999999-23:59"`,
	} {
		f.Add([]byte(s), uint8(i))
		f.Add([]byte(s), uint8(jsonscan.Second))
	}
	f.Fuzz(func(t *testing.T, cell []byte, unit uint8) {
		if len(cell) > 4096 {
			return
		}
		body := append([]byte(`{"results":[{"series":[{"name":"m","columns":["a"],"values":[[`), cell...)
		body = append(body, `]]}]}]}`...)
		p := jsonscan.Precision(unit % 6)
		s := &scanner
		s.MaxRowBytes, s.AllowInvalidUTF8 = 0, false
		s.Reset(bytes.NewReader(body))
		s.SetPrecision(p)
		trimmed := bytes.Trim(cell, " \t\r\n")
		ok := jsontext.Value(cell).IsValid() && trimmed[0] != '[' && trimmed[0] != '{'
		want := node{}
		if ok {
			n, err := readNode(jsontext.NewDecoder(bytes.NewReader(cell)))
			if err != nil {
				t.Fatal(err)
			}
			want = n
			_, err = cellText(n)
			ok = err == nil
		}
		if !s.Next() {
			// FuzzScanner tests several cells and the end of a row.
			if ok {
				t.Fatalf("%q is refused: %v", cell, s.Err())
			}
			return
		}
		if !ok {
			if bytes.ContainsAny(cell, `]`) {
				return // the row ends in the cell
			}
			t.Fatalf("%q is taken as %q", cell, s.Row().Raw(0))
		}
		requireCell(t, s.Row(), want, trimmed, p)
	})
}

func requireCell(t *testing.T, r *jsonscan.Row, want node, raw []byte, p jsonscan.Precision) {
	t.Helper()
	text, _ := cellText(want)
	if got := rowText(r, 0); got != text {
		t.Fatalf("%q is%s, want%s", raw, got, text)
	}
	if !bytes.Equal(r.Raw(0), raw) {
		t.Fatalf("Raw is %q, want %q", r.Raw(0), raw)
	}
	i, errInt := r.Int(0)
	u, errUint := r.Uint(0)
	v, errFloat := r.Float(0)
	b, errBool := r.Bool(0)
	str, errString := r.Bytes(0)
	at, errTime := r.Time(0)
	if want.kind == '0' {
		wantFloat, err := strconv.ParseFloat(want.text, 64)
		okFloat := exactFloat(r.Kind(0), want.text, wantFloat)
		if err != nil || (errFloat == nil) != okFloat || okFloat && (math.Float64bits(v) != math.Float64bits(wantFloat) && !isInteger(want.text) || v != wantFloat) {
			t.Fatalf("Float of %q is %x, %v, want %x, %v", raw, v, errFloat, wantFloat, err)
		}
		wantInt, wantUint, okInt, okUint := integers(want.text)
		if (errInt == nil) != okInt || i != wantInt {
			t.Fatalf("Int of %q is %d, %v, want %d, %v", raw, i, errInt, wantInt, okInt)
		}
		if (errUint == nil) != okUint || u != wantUint {
			t.Fatalf("Uint of %q is %d, %v, want %d, %v", raw, u, errUint, wantUint, okUint)
		}
		// Package time counts in a ring, whose half is taken.
		sec := p.Unit() / int64(time.Second)
		inRange := sec == 0 || wantInt <= 1<<62/sec && wantInt >= -1<<62/sec
		if (okInt && inRange) != (errTime == nil) {
			t.Fatalf("Time of %q in %v is %v, %v", raw, p, at, errTime)
		}
		if okInt && errTime == nil {
			if w := unixTime(wantInt, p); !at.Equal(w) || at.Location() != time.UTC {
				t.Fatalf("Time of %q in %v is %v, want %v", raw, p, at, w)
			}
		}
	} else if errInt == nil || errUint == nil || errFloat == nil {
		t.Fatalf("%q is a number", raw)
	}
	if (errBool == nil) != (want.kind == 't' || want.kind == 'f') || b != (want.kind == 't') {
		t.Fatalf("Bool of %q is %v, %v", raw, b, errBool)
	}
	if (errString == nil) != (want.kind == '"') || string(str) != want.text && want.kind == '"' || !utf8.Valid(str) {
		t.Fatalf("Bytes of %q is %q, %v", raw, str, errString)
	}
	if want.kind == '"' {
		wantTime, err := time.Parse(time.RFC3339Nano, want.text)
		if (err == nil) != (errTime == nil) || !at.Equal(wantTime) {
			t.Fatalf("Time of %q is %v, %v, want %v, %v", raw, at, errTime, wantTime, err)
		}
	}
}

func isInteger(s string) bool { return !strings.ContainsAny(s, ".eE") }

// exactFloat reports whether f, the float64 nearest to text, may stand for it: always if it
// is not an integer of 64 bits, otherwise if f is equal to it or is printed like it.
func exactFloat(kind jsonscan.Kind, text string, f float64) bool {
	if kind == jsonscan.KindFloat {
		return true
	}
	v, _ := new(big.Int).SetString(text, 10)
	g, _ := new(big.Float).SetFloat64(f).Int(nil)
	return v.Cmp(g) == 0 || strconv.FormatFloat(f, 'f', -1, 64) == text
}

// integers returns the integers that are exactly equal to the number in text.
func integers(text string) (i int64, u uint64, okInt, okUint bool) {
	digits, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if e, err := strconv.Atoi(exponent); exponent != "" && (err != nil || e < -5000 || e > 5000) {
		// The number is 0 or far too small: a cell has at most 4,096 bytes, and a number
		// beyond float64 is refused.
		zero := strings.Trim(digits, "-0.") == ""
		return 0, 0, zero, zero
	}
	r, _ := new(big.Rat).SetString(text)
	if !r.IsInt() {
		return 0, 0, false, false
	}
	if okInt = r.Num().IsInt64(); okInt {
		i = r.Num().Int64()
	}
	if okUint = r.Num().IsUint64(); okUint {
		u = r.Num().Uint64()
	}
	return i, u, okInt, okUint
}

// unixTime returns the time of ts units of p since 1970.
func unixTime(ts int64, p jsonscan.Precision) time.Time {
	u := p.Unit()
	if u >= int64(time.Second) {
		return time.Unix(ts*(u/int64(time.Second)), 0)
	}
	per := int64(time.Second) / u
	return time.Unix(floor(ts, per), (ts-floor(ts, per)*per)*u)
}
