package lp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// guideCase is a case of testdata/guide-cases.json.
type guideCase struct {
	Name, Kind string
	Input      json.RawMessage
	Expect     struct {
		LineAny []string `json:"line_any"`
		BodyAny []string `json:"body_any"`
		UnixNS  *int64   `json:"unix_ns"`
		Error   any
	}
}

// caseErrors maps the topics of expected errors to reasons.
var caseErrors = map[string][]lp.Reason{
	"not a finite number":             {lp.ErrNotFinite},
	"missing measurement":             {lp.ErrNoMeasurement},
	"measurement starts with #":       {lp.ErrComment},
	"no fields":                       {lp.ErrNoFields},
	"trailing backslash in tag value": {lp.ErrBackslash},
	"invalid time":                    {lp.ErrTime},
}

// guideCases yields the cases of the kinds named.
func guideCases(t *testing.T, kinds ...string) []guideCase {
	t.Helper()
	data, err := os.ReadFile("testdata/guide-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var all, some []guideCase
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if slices.Contains(kinds, c.Kind) {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		t.Fatalf("no cases of kind %v", kinds)
	}
	return some
}

func decodeInput(t *testing.T, c guideCase, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(c.Input))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// checkLine compares the outcome of a case with what it expects.
func checkLine(t *testing.T, c guideCase, line string, err error) {
	t.Helper()
	if topic, ok := c.Expect.Error.(string); ok {
		if line != "" {
			t.Errorf("line %q with an error expected", line)
		}
		reasons, ok := caseErrors[topic]
		if !ok {
			t.Fatalf("unknown error topic %q", topic)
		}
		if !slices.ContainsFunc(reasons, func(r lp.Reason) bool { return errors.Is(err, r) }) {
			t.Errorf("error %v, want %q", err, topic)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(c.Expect.LineAny, strings.TrimSuffix(line, "\n")) || !strings.HasSuffix(line, "\n") {
		t.Errorf("line %q, want one of %q", line, c.Expect.LineAny)
	}
}

// casePoint is the input of kind encode_point.
type casePoint struct {
	Measurement, DefaultMeasurement *string
	Tags                            [][2]string
	ExtraTags                       [][2]string `json:"extra_tags"`
	Fields                          [][3]any
	Time                            any
}

func (p *casePoint) encode(t *testing.T, e *lp.Encoder) error {
	t.Helper()
	var extra []lp.Tag
	for _, kv := range p.ExtraTags {
		extra = append(extra, lp.Tag{Key: kv[0], Value: kv[1]})
	}
	if err := e.SetExtraTags(extra...); err != nil {
		return err
	}
	m := p.Measurement
	if m == nil {
		m = p.DefaultMeasurement
	}
	if m == nil {
		m = new(string)
	}
	e.Point(*m)
	for _, kv := range p.Tags {
		e.Tag(kv[0], kv[1])
	}
	for _, f := range p.Fields {
		key, typ := f[0].(string), f[1].(string)
		text := ""
		switch v := f[2].(type) {
		case json.Number:
			text = v.String()
		case string:
			text = v
		}
		switch typ {
		case "null": // a field without a value is not written
		case "int":
			v, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			e.Int(key, v)
		case "float":
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			e.Float(key, v)
		case "bool":
			e.Bool(key, f[2].(bool))
		case "string":
			e.String(key, text)
		case "decimal":
			e.Decimal(key, text)
		default:
			t.Fatalf("field type %q", typ)
		}
	}
	switch v := p.Time.(type) {
	case nil:
		return e.EndNoTimestamp()
	case json.Number:
		ts, err := v.Int64()
		if err != nil {
			t.Fatal(err)
		}
		return e.EndTimestamp(ts)
	default:
		at, err := time.Parse(time.RFC3339Nano, v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return e.End(at)
	}
}

func TestGuideEncodePoint(t *testing.T) {
	for _, c := range guideCases(t, "encode_point") {
		t.Run(c.Name, func(t *testing.T) {
			var p casePoint
			decodeInput(t, c, &p)
			var e lp.Encoder
			err := p.encode(t, &e)
			checkLine(t, c, string(e.Bytes()), err)
			if !errors.Is(e.Err(), err) {
				t.Errorf("Err() = %v, want %v", e.Err(), err)
			}
		})
	}
}

func TestGuideEncodeRaw(t *testing.T) {
	for _, c := range guideCases(t, "encode_raw") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct{ Raw string }
			decodeInput(t, c, &in)
			var e lp.Encoder
			err := e.Line([]byte(in.Raw))
			checkLine(t, c, string(e.Bytes()), err)
		})
	}
}

// TestGuideEncodeBatch runs the cases of kind encode_batch. That an empty batch
// sends no request (http_request_sent) is the client's part.
func TestGuideEncodeBatch(t *testing.T) {
	for _, c := range guideCases(t, "encode_batch") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Items []struct {
					Raw   *string
					Point *casePoint
				}
			}
			decodeInput(t, c, &in)
			var e lp.Encoder
			for _, item := range in.Items {
				var err error
				if item.Raw != nil {
					err = e.Line([]byte(*item.Raw))
				} else {
					err = item.Point.encode(t, &e)
				}
				if err != nil {
					t.Error(err)
				}
			}
			if !slices.Contains(c.Expect.BodyAny, string(e.Bytes())) {
				t.Errorf("body %q, want one of %q", e.Bytes(), c.Expect.BodyAny)
			}
			if e.Lines() != len(in.Items) {
				t.Errorf("%d lines of %d items", e.Lines(), len(in.Items))
			}
		})
	}
}

// The structs of the cases of kind encode_schema. "MyPoint" and the names of the
// columns are those of the cases.
type (
	caseTrade struct {
		_          lp.Measurement `lp:"Trade"`
		Timestamp  int64          `lp:",timestamp"`
		Instrument instrument     `lp:"instrument,tag"`
		Source     string         `lp:"source,tag"`
		Side       string         `lp:"side,tag"`
		Price      float64        `lp:"price"`
		Size       int            `lp:"size"`
		TradeID    string         `lp:"trade_id"`
	}
	caseTyped struct {
		_         lp.Measurement `lp:"MyTypedClass"`
		Timestamp int64
		Value     float64
	}
	casePointInt struct {
		_       lp.Measurement `lp:"MyPoint"`
		M       lp.Measurement
		Time    *int64 `lp:",timestamp"`
		Host    string `lp:"host,tag"`
		Running *bool  `lp:"running"`
		Users   *int   `lp:"users"`
	}
	casePointText struct {
		_       lp.Measurement `lp:"MyPoint"`
		M       lp.Measurement
		Time    string `lp:",timestamp"`
		Host    string `lp:"host,tag"`
		Running *bool  `lp:"running"`
		Users   *int   `lp:"users"`
	}
	caseEnumTag struct {
		_ lp.Measurement `lp:"MyPoint"`
		H instrument     `lp:"h,tag"`
		V int64          `lp:"v"`
	}
	caseTag struct {
		_ lp.Measurement `lp:"MyPoint"`
		H string         `lp:"h,tag"`
		V int64          `lp:"v"`
	}
	caseField struct {
		_ lp.Measurement `lp:"MyPoint"`
		V int64          `lp:"v"`
	}
)

// instrument is an enumeration whose values have names.
type instrument uint8

func (i instrument) String() string { return [...]string{"AAPL", "a b"}[i] }

func TestGuideEncodeSchema(t *testing.T) {
	for _, c := range guideCases(t, "encode_schema") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Schema  [][2]string
				Values  []any
				Options struct {
					ExtraTags map[string]string `json:"extra_tags"`
				}
			}
			decodeInput(t, c, &in)
			var o lp.SchemaOptions
			for k, v := range in.Options.ExtraTags {
				o.ExtraTags = append(o.ExtraTags, lp.Tag{Key: k, Value: v})
			}
			value := func(name string) any {
				for i, col := range in.Schema {
					if col[0] == name {
						return in.Values[i]
					}
				}
				return nil
			}
			text := func(name string) string { s, _ := value(name).(string); return s }
			integer := func(name string) *int64 {
				n, ok := value(name).(json.Number)
				if !ok {
					return nil
				}
				v, err := n.Int64()
				if err != nil {
					t.Fatal(err)
				}
				return &v
			}
			users := func() *int {
				v := integer("users")
				if v == nil {
					return nil
				}
				n := int(*v)
				return &n
			}
			running := func() *bool {
				if v, ok := value("running").(bool); ok {
					return &v
				}
				return nil
			}
			float := func(name string) float64 { v, _ := value(name).(json.Number).Float64(); return v }
			var line []byte
			var err error
			switch {
			case c.Name == "guide Trade":
				line, err = appendOne(t, o, caseTrade{Timestamp: *integer("timestamp"), Source: text("source"), Side: text("side"),
					Price: float("price"), Size: int(*integer("size")), TradeID: text("trade_id")})
			case c.Name == "guide MyTypedClass":
				o.Columns = map[string]string{"Timestamp": ",timestamp", "Value": "value"}
				line, err = appendOne(t, o, caseTyped{Timestamp: *integer("timestamp"), Value: float("value")})
			case in.Schema[0][1] == "TAGENUM":
				line, err = appendOne(t, o, caseEnumTag{H: 1, V: *integer("v")})
			case in.Schema[0][1] == "TAG":
				line, err = appendOne(t, o, caseTag{H: text("h"), V: *integer("v")})
			case in.Schema[0][0] == "v":
				line, err = appendOne(t, o, caseField{V: *integer("v")})
			case in.Schema[1][1] == "TIMESTR":
				line, err = appendOne(t, o, casePointText{M: lp.Measurement(text("measurement")), Time: text("time"), Host: text("host"), Running: running(), Users: users()})
			default:
				line, err = appendOne(t, o, casePointInt{M: lp.Measurement(text("measurement")), Time: integer("time"), Host: text("host"), Running: running(), Users: users()})
			}
			checkLine(t, c, string(line), err)
		})
	}
}

func appendOne[T any](t *testing.T, o lp.SchemaOptions, v T) ([]byte, error) {
	t.Helper()
	s, err := lp.NewSchema[T](o)
	if err != nil {
		t.Fatal(err)
	}
	return s.Append(nil, &v)
}

func TestGuideSchemaError(t *testing.T) {
	type empty struct{}
	type noField struct {
		M lp.Measurement
		T int64  `lp:",timestamp"`
		H string `lp:"h,tag"`
	}
	type twoTimes struct {
		T  int64     `lp:",timestamp"`
		T2 time.Time `lp:",timestamp"`
		V  int64     `lp:"v"`
	}
	compile := map[string]func() error{
		"schema error: empty schema": func() error { _, err := lp.SchemaFor[empty](); return err },
		"schema error: no field":     func() error { _, err := lp.SchemaFor[noField](); return err },
		"schema error: two times":    func() error { _, err := lp.SchemaFor[twoTimes](); return err },
	}
	for _, c := range guideCases(t, "schema_error") {
		f, ok := compile[c.Name]
		if !ok {
			t.Errorf("no type for case %q", c.Name)
			continue
		}
		var se *lp.SchemaError
		if err := f(); !errors.As(err, &se) || len(se.Problems) != 1 {
			t.Errorf("%s: error %v", c.Name, err)
		}
	}
}

func TestGuideParseTime(t *testing.T) {
	for _, c := range guideCases(t, "parse_time") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Text string
				Env  struct{ TZ []string }
			}
			decodeInput(t, c, &in)
			defer func(l *time.Location) { time.Local = l }(time.Local)
			for _, zone := range append(in.Env.TZ, "UTC") {
				time.Local = time.FixedZone(zone, 3600*len(zone))
				got, err := lp.ParseTimestamp(in.Text, lp.Nanosecond)
				if c.Expect.UnixNS == nil {
					if !errors.Is(err, lp.ErrTime) {
						t.Errorf("error %v", err)
					}
				} else if err != nil || got != *c.Expect.UnixNS {
					t.Errorf("%d, %v, want %d", got, err, *c.Expect.UnixNS)
				}
			}
		})
	}
}
