package query

import "github.com/pointwire/pointwire/jsonscan"

// newRows reads rows with one jsonscan.Scanner, which is reset for each response, and
// visits cells as in the documentation of jsonscan.Cell.
func newRows() visitor { return scanRows(jsonscan.NewScanner(nil)) }

func scanRows(s *jsonscan.Scanner) visitor {
	return func(a *Response) (sums Sums, err error) {
		s.Reset(a.Reader())
		for s.Next() {
			row := s.Row()
			sums.Rows++
			for i, c := range row.Cells() {
				if v, ok := c.Int(); ok { // a time too, which Cell.Float would not round
					sums.number(float64(v))
					continue
				}
				if v, ok := c.Float(); ok {
					sums.number(v)
					continue
				}
				switch c.Kind() {
				case jsonscan.KindNull:
					sums.Nulls++
				case jsonscan.KindBool:
					v, _ := c.Bool()
					sums.bool(v)
				case jsonscan.KindString:
					text, err := row.Bytes(i)
					if err != nil {
						return sums, err
					}
					sums.string(len(text))
				default:
					v, err := row.Float(i) // beyond int64
					if err != nil {
						return sums, err
					}
					sums.number(v)
				}
			}
		}
		return sums, s.Err()
	}
}
