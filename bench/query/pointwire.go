package query

import "github.com/pointwire/pointwire/jsonscan"

// newRows reads rows with one jsonscan.Scanner, reset for each answer.
func newRows() visitor {
	s := jsonscan.NewScanner(nil)
	return func(a *Answer) (sums Sums, err error) {
		s.Reset(a.Reader())
		for s.Next() {
			row := s.Row()
			sums.Rows++
			for i := range row.Len() {
				switch row.Kind(i) {
				case jsonscan.KindNull:
					sums.Nulls++
				case jsonscan.KindBool:
					v, err := row.Bool(i)
					if err != nil {
						return sums, err
					}
					sums.bool(v)
				case jsonscan.KindString:
					v, err := row.Bytes(i)
					if err != nil {
						return sums, err
					}
					sums.string(len(v))
				default:
					v, err := row.Float(i)
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
