package workload

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"strings"
)

// MessagePack returns a response of [Body] as InfluxDB 1.8.10 sends it for
// Accept: application/x-msgpack. JSON does not say which whole numbers are floats; here they
// are those of columns that hold other floats too.
func MessagePack(body []byte) ([]byte, error) {
	var docs []packedDocument
	floats := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for {
		var doc packedDocument
		err := d.Decode(&doc)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		doc.findFloats(floats)
		docs = append(docs, doc)
	}
	var b []byte
	for i := range docs {
		b = docs[i].append(b, floats)
	}
	return b, nil
}

type packedDocument struct {
	Results []struct {
		ID      int `json:"statement_id"`
		Series  []packedSeries
		Partial bool
	}
}

type packedSeries struct {
	Name    string
	Tags    packedTags
	Columns []string
	Values  [][]any
	Partial bool
}

// packedTags are keys and values in turn, in the order of the response.
type packedTags []string

func (t *packedTags) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := token.(string); ok {
			*t = append(*t, text)
		}
	}
}

// findFloats notes the columns that hold floats.
func (d *packedDocument) findFloats(floats map[string]bool) {
	for _, r := range d.Results {
		for _, s := range r.Series {
			for _, row := range s.Values {
				for i, v := range row {
					if n, ok := v.(json.Number); ok && strings.ContainsAny(string(n), ".eE") {
						floats[s.Name+"\x00"+s.Columns[i]] = true
					}
				}
			}
		}
	}
}

func (d *packedDocument) append(b []byte, floats map[string]bool) []byte {
	b = appendPackedText(append(b, 0x81), "results")
	b = appendPackedHead(b, 0x90, 0xdc, len(d.Results))
	for _, r := range d.Results {
		b = append(b, 0x82)
		if r.Partial {
			b[len(b)-1]++
		}
		b = appendPackedInt(appendPackedText(b, "statement_id"), int64(r.ID))
		b = appendPackedHead(appendPackedText(b, "series"), 0x90, 0xdc, len(r.Series))
		for i := range r.Series {
			b = r.Series[i].append(b, floats)
		}
		if r.Partial {
			b = append(appendPackedText(b, "partial"), 0xc3)
		}
	}
	return b
}

func (s *packedSeries) append(b []byte, floats map[string]bool) []byte {
	members := 3
	if len(s.Tags) > 0 {
		members++
	}
	if s.Partial {
		members++
	}
	b = appendPackedText(appendPackedText(append(b, 0x80|byte(members)), "name"), s.Name)
	if len(s.Tags) > 0 {
		b = appendPackedHead(appendPackedText(b, "tags"), 0x80, 0xde, len(s.Tags)/2)
		for _, text := range s.Tags {
			b = appendPackedText(b, text)
		}
	}
	b = appendPackedHead(appendPackedText(b, "columns"), 0x90, 0xdc, len(s.Columns))
	for _, name := range s.Columns {
		b = appendPackedText(b, name)
	}
	b = appendPackedHead(appendPackedText(b, "values"), 0x90, 0xdc, len(s.Values))
	for _, row := range s.Values {
		b = appendPackedHead(b, 0x90, 0xdc, len(row))
		for i, v := range row {
			b = appendPackedCell(b, v, floats[s.Name+"\x00"+s.Columns[i]])
		}
	}
	if s.Partial {
		b = append(appendPackedText(b, "partial"), 0xc3)
	}
	return b
}

func appendPackedCell(b []byte, v any, float bool) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(b, 0xc3)
		}
		return append(b, 0xc2)
	case string:
		return appendPackedText(b, v)
	case json.Number:
		if n, err := v.Int64(); err == nil && !float {
			return appendPackedInt(b, n)
		}
		f, _ := v.Float64()
		return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(f))
	}
	return append(b, 0xc0)
}

// appendPackedInt appends the shortest signed form, as InfluxDB does.
func appendPackedInt(b []byte, v int64) []byte {
	switch {
	case v >= -32 && v <= 127:
		return append(b, byte(v))
	case v == int64(int8(v)):
		return append(b, 0xd0, byte(v))
	case v == int64(int16(v)):
		return binary.BigEndian.AppendUint16(append(b, 0xd1), uint16(v))
	case v == int64(int32(v)):
		return binary.BigEndian.AppendUint32(append(b, 0xd2), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(v))
}

func appendPackedText(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n < 1<<8:
		b = append(b, 0xd9, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0xda), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
	}
	return append(b, s...)
}

// appendPackedHead appends the head of n elements: short with up to 15, or long, in 16 bits,
// which is followed by the form of 32.
func appendPackedHead(b []byte, short, long byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, short|byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, long), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, long+1), uint32(n))
}
