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
