package jsonscan

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file is the plain twin of the reader of MessagePack: it decodes whole values, one
// after the other, and makes the documents that the oracle of JSON makes a trace of.

// A plainMember is a member of a map.
type plainMember struct {
	key   string
	value any
}

// plainMap is a map with its members in order.
type plainMap []plainMember

func (m plainMap) get(key string) any {
	for _, p := range m {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

var (
	errPlainShort = errors.New("value is incomplete")
	errPlainBad   = errors.New("value is none of a response")
)

// plainValue decodes the value at the beginning of b: nil, a bool, an int64, a uint64, a
// float64, a string, a time.Time, []any or a plainMap.
func plainValue(b []byte) (v any, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errPlainShort
	}
	c, b := b[0], b[1:]
	switch {
	case c < 0x80:
		return int64(c), b, nil
	case c >= 0xe0:
		return int64(c) - 256, b, nil
	case c>>4 == 8:
		return plainMembers(b, uint64(c&15))
	case c>>4 == 9:
		return plainList(b, uint64(c&15))
	case c>>5 == 5:
		return plainText(b, uint64(c&31))
	case c == 0xc0:
		return nil, b, nil
	case c == 0xc2, c == 0xc3:
		return c == 0xc3, b, nil
	}
	sizes := map[byte]int{0xc7: 1, 0xca: 4, 0xcb: 8, 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8, 0xd0: 1, 0xd1: 2, 0xd2: 4,
		0xd3: 8, 0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4}
	size, known := sizes[c]
	switch {
	case !known:
		return nil, nil, errPlainBad
	case len(b) < size:
		return nil, nil, errPlainShort
	}
	var word [8]byte
	copy(word[8-size:], b)
	u := binary.BigEndian.Uint64(word[:])
	b = b[size:]
	switch c {
	case 0xca:
		return float64(math.Float32frombits(uint32(u))), b, nil
	case 0xcb:
		return math.Float64frombits(u), b, nil
	case 0xcc, 0xcd, 0xce:
		return int64(u), b, nil
	case 0xcf:
		if u <= math.MaxInt64 {
			return int64(u), b, nil
		}
		return u, b, nil
	case 0xd0:
		return int64(int8(u)), b, nil
	case 0xd1:
		return int64(int16(u)), b, nil
	case 0xd2:
		return int64(int32(u)), b, nil
	case 0xd3:
		return int64(u), b, nil
	case 0xd9, 0xda, 0xdb:
		return plainText(b, u)
	case 0xdc, 0xdd:
		return plainList(b, u)
	case 0xde, 0xdf:
		return plainMembers(b, u)
	}
	return plainTime(b, u)
}

func plainTime(b []byte, size uint64) (any, []byte, error) {
	if len(b) == 0 {
		return nil, nil, errPlainShort
	}
	if size != 12 || b[0] != 5 {
		return nil, nil, errPlainBad
	}
	if len(b) < 13 {
		return nil, nil, errPlainShort
	}
	sec, nsec := int64(binary.BigEndian.Uint64(b[1:])), int64(int32(binary.BigEndian.Uint32(b[9:])))
	if nsec < 0 || nsec > 999_999_999 || sec < -1<<40 || sec > 1<<40 {
		return nil, nil, errPlainBad
	}
	t := time.Unix(sec, nsec).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return nil, nil, errPlainBad
	}
	return t, b[13:], nil
}

func plainText(b []byte, n uint64) (any, []byte, error) {
	if uint64(len(b)) < n {
		return nil, nil, errPlainShort
	}
	return string([]rune(string(b[:n]))), b[n:], nil // with U+FFFD for each bad byte
}

func plainList(b []byte, n uint64) (any, []byte, error) {
	list := []any{}
	for range n {
		v, rest, err := plainValue(b)
		if err != nil {
			return nil, nil, err
		}
		list, b = append(list, v), rest
	}
	return list, b, nil
}

func plainMembers(b []byte, n uint64) (any, []byte, error) {
	members := plainMap{}
	for range n {
		key, rest, err := plainValue(b)
		if err != nil {
			return nil, nil, err
		}
		text, ok := key.(string)
		if !ok {
			return nil, nil, errPlainBad
		}
		v, rest, err := plainValue(rest)
		if err != nil {
			return nil, nil, err
		}
		members, b = append(members, plainMember{text, v}), rest
	}
	return members, b, nil
}

// plainCellText returns a cell in a text that oracleCell reads.
func plainCellText(v any) json.RawMessage {
	switch v := v.(type) {
	case nil:
		return json.RawMessage("null")
	case bool:
		return strconv.AppendBool(nil, v)
	case int64:
		return strconv.AppendInt(nil, v, 10)
	case uint64:
		return strconv.AppendUint(nil, v, 10)
	case float64:
		text := strconv.FormatFloat(v, 'e', -1, 64) // which is never taken for an integer
		return json.RawMessage(text)
	case time.Time:
		b, _ := v.MarshalJSON()
		return b
	case string:
		b, _ := json.Marshal(v)
		return b
	}
	return nil
}

// plainDocuments decodes a body that has the form of a response of InfluxDB. A result
// without statement_id has the number after the last one, unless that was partial.
func plainDocuments(body []byte) (docs []oracleDocument, err error) {
	next, partial := 0, false
	for len(body) > 0 {
		v, rest, err := plainValue(body)
		if err != nil {
			return docs, err
		}
		body = rest
		m, ok := v.(plainMap)
		if !ok {
			return docs, errPlainBad
		}
		var d oracleDocument
		if text, ok := m.get("error").(string); ok {
			d.Error = &text
		}
		results, _ := m.get("results").([]any)
		d.Results = slices.Grow(d.Results, len(results))[:len(results)]
		for i, r := range results {
			r, ok := r.(plainMap)
			if !ok {
				return docs, errPlainBad
			}
			if id, ok := r.get("statement_id").(int64); ok {
				next = int(id)
			} else if partial {
				next--
			}
			id := next
			next++
			partial, _ = r.get("partial").(bool)
			d.Results[i].ID, d.Results[i].Partial = &id, partial
			if text, ok := r.get("error").(string); ok {
				d.Results[i].Error = &text
			}
			messages, _ := r.get("messages").([]any)
			for _, v := range messages {
				message := v.(plainMap)
				d.Results[i].Messages = append(d.Results[i].Messages,
					struct{ Level, Text string }{message.get("level").(string), message.get("text").(string)})
			}
			series, _ := r.get("series").([]any)
			for _, v := range series {
				d.Results[i].Series = append(d.Results[i].Series, plainSeries(v.(plainMap)))
			}
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func plainSeries(m plainMap) (s oracleSeries) {
	s.Name, _ = m.get("name").(string)
	s.Partial, _ = m.get("partial").(bool)
	if tags, ok := m.get("tags").(plainMap); ok {
		slices.SortFunc(tags, func(a, b plainMember) int { return strings.Compare(a.key, b.key) })
		var parts []string
		for _, t := range tags {
			parts = append(parts, string(plainCellText(t.key))+":"+string(plainCellText(t.value)))
		}
		s.Tags = json.RawMessage("{" + strings.Join(parts, ",") + "}")
	}
	columns, _ := m.get("columns").([]any)
	for _, c := range columns {
		s.Columns = append(s.Columns, c.(string))
	}
	values, _ := m.get("values").([]any)
	for _, row := range values {
		var cells []json.RawMessage
		for _, v := range row.([]any) {
			cells = append(cells, plainCellText(v))
		}
		s.Values = append(s.Values, cells)
	}
	return s
}
