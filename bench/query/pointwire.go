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
			if err := addCells(&sums, row); err != nil {
				return sums, err
			}
		}
		return sums, s.Err()
	}
}

// addCells counts in variables of its own: those in memory would cost as much as the cells.
func addCells(sums *Sums, row *jsonscan.Row) error {
	numbers, texts, size, sum := 0, 0, 0, sums.Sum
	for i, c := range row.Cells() {
		if v, ok := c.Int(); ok { // a time too, which Cell.Float would not round
			numbers++
			sum += float64(v)
			continue
		}
		if v, ok := c.Float(); ok {
			numbers++
			sum += v
			continue
		}
		if text, ok := row.Text(c); ok {
			texts++
			size += len(text)
			continue
		}
		switch c.Kind() {
		case jsonscan.KindNull:
			sums.Nulls++
		case jsonscan.KindBool:
			v, _ := c.Bool()
			sums.bool(v)
		case jsonscan.KindString: // with escapes
			text, err := row.Bytes(i)
			if err != nil {
				return err
			}
			texts++
			size += len(text)
		default:
			v, err := row.Float(i) // beyond int64
			if err != nil {
				return err
			}
			numbers++
			sum += v
		}
	}
	sums.Numbers += numbers
	sums.Sum = sum
	sums.Strings += texts
	sums.StringBytes += size
	return nil
}
