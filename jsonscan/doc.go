// Package jsonscan reads the responses of InfluxDB's /query endpoint as a stream
// of rows with typed cells.
//
// A [Scanner] reads from an io.Reader through a sliding buffer, one row at a
// time, whatever the size of the body: plain and chunked responses, one document
// or many, compact or pretty-printed, with any order of keys. Integers and
// nanosecond times are exact; a float is the float64 nearest to its text, as
// strconv.ParseFloat would give it.
//
//	s := jsonscan.NewScanner(body)
//	for row, err := range s.Rows() {
//		if err != nil {
//			return err
//		}
//		v, err := row.Float(1)
//		...
//	}
//
// # Documents, statements, series, rows
//
// A response is one JSON document, or one document per chunk. A document holds
// results, one per statement; a result holds series; a series holds rows. The
// scanner hides the chunk boundaries: a series that goes on in the next
// document stays the same [*Series].
//
// # Errors
//
// A statement that failed is a [*StatementError] in its place, and the
// statements after it are still read. A server that gives up in mid-response
// sends an error document or a line of plain text: that is a [*ResponseError],
// and reading can go on after it too. Everything else ends the stream: a
// [*SyntaxError] with its offset, a [*RowSizeError], or a [*ReadError] around
// what the reader said. A body that ends too early is a ReadError that wraps
// io.ErrUnexpectedEOF; a response cut short is never a short result without an
// error.
package jsonscan
