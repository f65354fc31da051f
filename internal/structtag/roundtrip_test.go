package structtag_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// respond returns the response to SELECT * of the points in lines, which are in one
// measurement.
func respond(t *testing.T, lines []byte) string {
	t.Helper()
	names := []string{"time"}
	column := map[string]int{}
	var rows []map[string]string
	add := func(row map[string]string, kind string, key []byte, value any) {
		text, ok := value.(string)
		if !ok {
			b, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		id := kind + string(key)
		if column[id] == 0 {
			column[id] = len(names)
			names = append(names, string(key))
		}
		row[id] = text
	}
	measurement := ""
	for p, err := range lp.Points(lines) {
		if err != nil {
			t.Fatalf("%s: %v", lines, err)
		}
		row := map[string]string{}
		measurement = string(lp.AppendUnescapedMeasurement(nil, p.Measurement()))
		for i := range p.NumTags() {
			key, value := p.Tag(i)
			add(row, "t", lp.AppendUnescapedTag(nil, key), jsonText(lp.AppendUnescapedTag(nil, value)))
		}
		for i := range p.NumFields() {
			key, v := p.Field(i)
			var value any
			switch v.Kind() {
			case lp.FloatField:
				value = v.Float()
			case lp.IntField:
				value = v.Int()
			case lp.UintField:
				value = v.Uint()
			case lp.BoolField:
				value = v.Bool()
			case lp.StringField:
				value = jsonText(lp.AppendUnescapedString(nil, v.Bytes()))
			}
			add(row, "f", lp.AppendUnescapedFieldKey(nil, key), value)
		}
		row["time"] = "0"
		if ts, ok := p.Timestamp(); ok {
			row["time"] = strconv.FormatInt(ts, 10)
		}
		rows = append(rows, row)
	}
	var values []string
	for _, row := range rows {
		cells := make([]string, len(names))
		for i := range cells {
			cells[i] = "null"
		}
		cells[0] = row["time"]
		for id, i := range column {
			if text, ok := row[id]; ok {
				cells[i] = text
			}
		}
		values = append(values, "["+strings.Join(cells, ",")+"]")
	}
	columns, _ := json.Marshal(names)
	return `{"results":[{"series":[{"name":` + string(jsonText([]byte(measurement))) + `,"columns":` + string(columns) + `,"values":[` + strings.Join(values, ",") + `]}]}]}`
}

func jsonText(b []byte) string {
	text, _ := json.Marshal(string(b))
	return string(text)
}

// The roles that a type may have, each in a struct with a field that is always written.
type (
	asField[V any] struct {
		Seq  int       `lp:"seq"`
		Time time.Time `lp:",timestamp"`
		V    V         `lp:"v"`
		P    *V        `lp:"p"`
		O    V         `lp:"o,omitempty"`
	}
	asTag[V any] struct {
		Seq int `lp:"seq"`
		V   V   `lp:"v,tag"`
		P   *V  `lp:"p,tag"`
	}
	asText[V any] struct {
		Seq int `lp:"seq"`
		V   V   `lp:"v,string"`
		P   *V  `lp:"p,string"`
	}
	asDecimal[V any] struct {
		Seq int `lp:"seq"`
		V   V   `lp:"v,decimal"`
		P   *V  `lp:"p,decimal"`
	}
	asTimestamp[V any] struct {
		Seq int `lp:"seq"`
		V   V   `lp:",timestamp"`
	}
	asTimestampPointer[V any] struct {
		Seq int `lp:"seq"`
		V   *V  `lp:",timestamp"`
	}
	asMeasurement[V any] struct {
		Seq int `lp:"seq"`
		V   V   `lp:",measurement"`
	}
	// Within has a type for each way into another struct.
	Within[V any] struct {
		V V `lp:"v"`
		P V `lp:"p,omitempty"`
	}
	asEmbedded[V any] struct {
		Seq int `lp:"seq"`
		Within[V]
	}
	asEmbeddedPointer[V any] struct {
		Seq int `lp:"seq"`
		*Within[V]
	}
	asInline[V any] struct {
		Seq int                   `lp:"seq"`
		In  Within[V]             `lp:"in_,inline"`
		To  *Within[V]            `lp:"to_,inline"`
		All *asEmbeddedPointer[V] `lp:"all_,inline"`
	}
)

type (
	namedInt    int32
	namedString string
	namedBytes  []byte
	// A word is a text by its own methods.
	word struct{ s string }
)

func (w word) MarshalText() ([]byte, error) { return []byte(w.s), nil }

func (w *word) UnmarshalText(b []byte) error {
	w.s = string(b)
	return nil
}

// readBack writes values by the schema of T, one by one and all together, and reads them
// as T. It reports whether T has a schema.
func readBack[T any](t *testing.T, values ...T) bool {
	t.Helper()
	schema, err := lp.NewSchema[T](lp.SchemaOptions{Measurement: "m"})
	if err != nil {
		var bad *lp.SchemaError
		if !errors.As(err, &bad) {
			t.Fatal(err)
		}
		return false
	}
	// A value that cannot be written, such as a time out of range, is not read back.
	values = slices.DeleteFunc(values, func(v T) bool {
		_, err := schema.Append(nil, &v)
		return err != nil
	})
	check := func(values []T) {
		t.Helper()
		lines, err := schema.AppendAll(nil, values)
		if err != nil {
			t.Fatalf("%T: %v", values, err)
		}
		body := respond(t, lines)
		got, err := jsonscan.AppendStructs[T](nil, jsonscan.NewScanner(strings.NewReader(body)).Rows())
		if err != nil {
			t.Errorf("%T: %v\n%s%s", values, err, lines, body)
			return
		}
		if len(got) != len(values) {
			t.Fatalf("%T: %d values, want %d", values, len(got), len(values))
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], values[i]) {
				g, _ := json.Marshal(got[i])
				w, _ := json.Marshal(values[i])
				t.Errorf("%T: %+v %s\nwant %+v %s\n%s%s", values, got[i], g, values[i], w, lines, body)
			}
		}
	}
	check(values)
	for i := range values {
		check(values[i : i+1])
	}
	return true
}

// everyRole reads values of V back in every role that it can have.
func everyRole[V any](t *testing.T, values ...V) {
	t.Helper()
	var (
		fields    = []asField[V]{{Time: time.Unix(0, 1).UTC()}}
		tags      = []asTag[V]{{}}
		texts     = []asText[V]{{}}
		stamps    = []asTimestamp[V]{}
		pointers  = []asTimestampPointer[V]{}
		decimals  = []asDecimal[V]{}
		names     = []asMeasurement[V]{}
		embedded  = []asEmbedded[V]{{}}
		embeddedP = []asEmbeddedPointer[V]{{}}
		inline    = []asInline[V]{{}}
	)
	for i, v := range values {
		fields = append(fields, asField[V]{i, time.Unix(0, int64(i)+2).UTC(), v, &v, v})
		tags = append(tags, asTag[V]{i, v, &v})
		texts = append(texts, asText[V]{i, v, &v})
		decimals = append(decimals, asDecimal[V]{i, v, &v})
		stamps = append(stamps, asTimestamp[V]{i, v})
		pointers = append(pointers, asTimestampPointer[V]{i, &v})
		names = append(names, asMeasurement[V]{i, v})
		in := Within[V]{v, v}
		embedded = append(embedded, asEmbedded[V]{i, in})
		embeddedP = append(embeddedP, asEmbeddedPointer[V]{i, &in})
		inline = append(inline, asInline[V]{i, in, &in, nil}, asInline[V]{i, in, nil, &asEmbeddedPointer[V]{i, &in}})
	}
	roles := 0
	count := func(ok bool) {
		if ok {
			roles++
		}
	}
	if _, err := lp.NewSchema[asField[V]](lp.SchemaOptions{Measurement: "m"}); err == nil {
		count(readBack(t, fields...))
		count(readBack(t, embedded...))
		count(readBack(t, embeddedP...))
		count(readBack(t, inline...))
	}
	count(readBack(t, tags...))
	count(readBack(t, texts...))
	count(readBack(t, decimals...))
	count(readBack(t, stamps...))
	count(readBack(t, pointers...))
	for i := range names {
		count(readBack(t, names[i:i+1]...))
	}
	if roles == 0 {
		t.Errorf("%T has no role", values)
	}
}

// TestReadBack holds that what a schema writes can be read by the same type: every kind, in
// every role, with everything that can be left out left out.
func TestReadBack(t *testing.T) {
	everyRole[int](t, 1, math.MaxInt, math.MinInt)
	everyRole[int8](t, 1, -128, 127)
	everyRole[int16](t, 1, -1<<15)
	everyRole[int32](t, 1, -1<<31)
	everyRole[int64](t, 1, 1<<53+1)
	everyRole[namedInt](t, 7)
	everyRole[uint](t, 1, math.MaxInt)
	everyRole[uint8](t, 255)
	everyRole[uint16](t, 1<<16-1)
	everyRole[uint32](t, 1<<32-1)
	everyRole[uint64](t, 1, 1<<62)
	everyRole[uintptr](t, 9)
	everyRole[float64](t, 0.1, 1e300, 5e-324, 1<<60, 1e19, 1e20, -3, 123456789012345680)
	everyRole[float32](t, 0.1, math.MaxFloat32, 16777216, 1<<60, 1.2345679e9)
	everyRole[bool](t, true)
	everyRole[string](t, "a b", "é\"", "2")
	everyRole[namedString](t, "a,b=c")
	everyRole[pointwire.Measurement](t, "name")
	everyRole[[]byte](t, []byte("x"), []byte("a b"))
	everyRole[namedBytes](t, namedBytes("x"))
	everyRole[time.Time](t, time.Unix(0, 1_500_000_000_060_748_059).UTC())
	everyRole[time.Duration](t, 1, -1500*time.Millisecond, time.Hour)
	everyRole[word](t, word{"a"}, word{"b \"c\""}, word{"5"})
	everyRole[netip.Addr](t, netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1"))
	everyRole[big.Int](t, *big.NewInt(1 << 50), *big.NewInt(-3))
	readBack(t, asTag[int]{}, asTag[int]{Seq: 1})
	readBack(t, asField[[]byte]{Time: time.Unix(0, 1).UTC(), V: []byte{}}) // written as "", which is not nil
	readBack(t, struct {
		Seq  int                    `lp:"seq"`
		Name *pointwire.Measurement `lp:"name,tag"`
		Part *pointwire.Measurement `lp:"part"`
		None *pointwire.Measurement
	}{Seq: 1})
	var name pointwire.Measurement = "n"
	readBack(t, struct {
		Seq  int                    `lp:"seq"`
		Name *pointwire.Measurement `lp:"name,tag"`
		Part *pointwire.Measurement `lp:"part"`
	}{1, &name, &name})
	s, err := lp.NewSchema[asTag[string]](lp.SchemaOptions{Measurement: "m", Columns: map[string]string{"V": "v,tag"}, Placeholder: true})
	if err != nil {
		t.Fatal(err)
	}
	type tagsOnly struct {
		V string `lp:"v,tag"`
	}
	lines, err := s.Append(nil, &asTag[string]{V: "a"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := jsonscan.AppendStructs[tagsOnly](nil, jsonscan.NewScanner(strings.NewReader(respond(t, lines))).Rows())
	if err != nil || fmt.Sprint(got) != "[{a}]" {
		t.Errorf("a placeholder: %v, %v", got, err)
	}
}
