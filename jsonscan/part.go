package jsonscan

// This file moves through a response by parts, for programs that also want what has no
// rows. Next passes that by.

// A Part is a part of a response that Scanner.NextPart moves to.
type Part uint8

// The parts of a response.
const (
	PartNone   Part = iota // no part: the end of the response, or an error
	PartRow                // a row
	PartSeries             // a series without rows
	PartResult             // the end of a result that holds no error
)

var partNames = [...]string{"none", "row", "series", "result"}

// String returns the name of the part.
func (p Part) String() string {
	if int(p) < len(partNames) {
		return partNames[p]
	}
	return "invalid"
}

// NextPart is Next for programs that also want the series without rows, such as the
// columns of SHOW USERS on a server that has none, and the results without series. It
// moves to the next part:
//
//   - PartRow: Row returns the row, as after Next.
//   - PartSeries: Row returns an empty row, whose Series is the series. Its rows may
//     follow in the next document of a chunked response, and then have the same Series.
//   - PartResult: StatementID and Statements say whose end it is. More results of the
//     statement may follow in the next document.
//   - PartNone: the end of the response, or the error that Err returns. The error of a
//     statement stands in the place of PartResult.
//
// NextPart and Next may take turns.
func (s *Scanner) NextPart() Part {
	s.stops, s.ended = true, PartNone
	row := s.Next()
	s.stops = false
	if row {
		return PartRow
	}
	s.row.cells = nil
	return s.ended
}
