package query

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/bytedance/sonic"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	goccy "github.com/goccy/go-json"
	influxdb1 "github.com/influxdata/influxdb1-client/v2"
)

// A response is the struct into which people decode responses.
type response struct {
	Results []struct {
		Series []struct {
			Name    string            `json:"name"`
			Tags    map[string]string `json:"tags"`
			Columns []string          `json:"columns"`
			Values  [][]any           `json:"values"`
			Partial bool              `json:"partial"`
		} `json:"series"`
		Error string `json:"error"`
	} `json:"results"`
	Error string `json:"error"`
}

func (r *response) visit(s *Sums) error {
	for i := range r.Results {
		for k := range r.Results[i].Series {
			if err := visitRows(r.Results[i].Series[k].Values, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func visitRows(rows [][]any, s *Sums) error {
	for _, row := range rows {
		s.Rows++
		for _, c := range row {
			switch c := c.(type) {
			case float64:
				s.number(c)
			case string:
				s.string(len(c))
			case bool:
				s.bool(c)
			case nil:
				s.Nulls++
			case json.Number:
				v, err := strconv.ParseFloat(string(c), 64)
				if err != nil {
					return err
				}
				s.number(v)
			default:
				return fmt.Errorf("a cell of type %T", c)
			}
		}
	}
	return nil
}

// encodingJSON is the standard library's decoder. It reads the body and holds one document.
func encodingJSON(a *Response) (s Sums, err error) {
	for d := json.NewDecoder(a.Reader()); ; {
		var r response
		switch err := d.Decode(&r); err {
		case nil:
		case io.EOF:
			return s, nil
		default:
			return s, err
		}
		if err := r.visit(&s); err != nil {
			return s, err
		}
	}
}

// jsonV2 is the experimental second version of encoding/json.
func jsonV2(a *Response) (s Sums, err error) {
	for d := jsontext.NewDecoder(a.Reader()); ; {
		var r response
		switch err := jsonv2.UnmarshalDecode(d, &r); err {
		case nil:
		case io.EOF:
			return s, nil
		default:
			return s, err
		}
		if err := r.visit(&s); err != nil {
			return s, err
		}
	}
}

// client1 decodes into the types of influxdb1-client, like its Query.
func client1(a *Response) (s Sums, err error) {
	d := json.NewDecoder(a.Reader())
	d.UseNumber()
	for {
		var r influxdb1.Response
		switch err := d.Decode(&r); err {
		case nil:
		case io.EOF:
			return s, nil
		default:
			return s, err
		}
		for _, result := range r.Results {
			for _, row := range result.Series {
				if err := visitRows(row.Values, &s); err != nil {
					return s, err
				}
			}
		}
	}
}

// eachDocument decodes the documents with a function like json.Unmarshal.
func eachDocument(unmarshal func([]byte, any) error) visitor {
	return func(a *Response) (s Sums, err error) {
		for _, doc := range a.Documents {
			var r response
			if err := unmarshal(doc, &r); err != nil {
				return s, err
			}
			if err := r.visit(&s); err != nil {
				return s, err
			}
		}
		return s, nil
	}
}

var (
	sonicStruct = eachDocument(func(b []byte, v any) error { return sonic.Unmarshal(b, v) })
	goccyStruct = eachDocument(func(b []byte, v any) error { return goccy.Unmarshal(b, v) })
)
