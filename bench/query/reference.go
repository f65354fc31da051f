package query

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
)

// reference visits body with the tokens of encoding/json. Cells are the values two arrays
// deep under the key "values".
func reference(body []byte) (s Sums, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		if t != "values" {
			continue
		}
		for depth := 0; ; {
			t, err := d.Token()
			if err != nil {
				return s, err
			}
			switch t := t.(type) {
			case json.Delim:
				switch t {
				case '[':
					if depth++; depth == 2 {
						s.Rows++
					}
				case ']':
					depth--
				}
			case json.Number:
				v, err := strconv.ParseFloat(string(t), 64)
				if err != nil {
					return s, err
				}
				s.number(v)
			case string:
				s.string(len(t))
			case bool:
				s.bool(t)
			case nil:
				s.Nulls++
			}
			if depth == 0 {
				break
			}
		}
	}
}
