// Package jsonscan reads the responses of InfluxDB to queries as a stream of rows with
// typed cells: JSON and MessagePack of the /query endpoint, and the JSON lines of InfluxDB 3.
//
// A [Scanner] reads from an io.Reader through a sliding buffer, one row at a
// time, so the size of a body does not matter. It reads plain and chunked
// responses, one document or many, compact or pretty-printed, with the keys in any
// order. Integers and nanosecond times are exact; a float is the float64 nearest to
// its text, as strconv.ParseFloat would return it.
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
// scanner hides the boundaries of chunks: a series that continues in the next
// document stays the same [*Series], and results with one statement_id are one
// statement. [Scanner.NextPart] also finds series and results without rows.
//
// # Tags and columns
//
// A point may have a tag and a field with the same key, so a tag of GROUP BY and a column
// may have one name. They are two values, and neither takes the place of the other:
//
//   - [Series.Tag] looks at the tags of GROUP BY only, [Series.Column] at the columns only.
//   - A struct field with the option tag gets the tag of GROUP BY, or the column of its
//     name if there is no such tag. Any other struct field gets the column, or the tag if
//     there is no such column. See [StructsOf].
//   - A frame and a tree keep the two apart as the response does. In a merged frame, in
//     which tags are columns, Frame.TagColumn finds the tag and Frame.Column the field.
//
// Without GROUP BY the tags are columns like any other. If a tag and a field have one key,
// SELECT * calls the second of them key_1, and which one that is depends on their types.
//
// # Numbers
//
// InfluxDB prints a float without a fraction as an integer, so a program reads a cell as
// what it expects, and not as what the cell looks like. A conversion is exact, or it is
// an error with [ErrInexact] or [ErrRange]. An integer or a time may be written as a
// float, such as 1e3 and 1.5e9, as long as it is an integer. A float64 may be written as
// an integer as long as it is equal to that, or is what InfluxDB prints as that. A float32
// of a struct is the one exception: it is the float32 nearest to its float64.
//
// # MessagePack
//
// InfluxDB 1.x and 2.x send the same responses as MessagePack on request, about twice as
// fast. A scanner with the field MessagePack set reads them, and everything in this package
// works as with JSON. They say more than JSON does: a float without a fraction is
// KindFloat, infinities arrive, and Row.Int of a float is its exact value. A time that JSON
// has as a text is KindString too, always in UTC; it is printed when it is asked for.
//
// # JSON Lines
//
// InfluxDB 3 sends jsonl to queries in SQL, and to those in InfluxQL at its own endpoint: an
// object per row. A scanner with the field JSONLines set reads it. It says nothing about the
// columns beforehand and leaves nulls out, so the columns are learnt:
//
//   - A name that no row had before becomes the last column. Rows have a cell for every
//     column so far, and keep the order of the columns whatever that of their members is.
//     A cell that the row leaves out is null.
//   - The row that names a column first begins a new [*Series], which [Series.Extends] the
//     one before. In a frame the column is null in the rows before; in a struct, a column
//     that no row has had yet is null.
//   - The member iox::measurement, which InfluxQL sends, is the name of the series and no
//     column. Series have no tags: tags are columns. There is one statement, with the number 0.
//   - A row with a column twice is an error, [ErrDuplicateColumn].
//   - At most 4,096 columns may come, and together their names may take MaxRowBytes.
//
// A float has a point or an exponent, so that KindFloat and KindInt are the types of the
// values. Times are texts without a zone, in UTC, for Row.Time and Row.Timestamp exact to the
// nanosecond. A list or a struct is KindString; its text is the JSON, and so is Row.Raw, which
// begins with a quote for any other text.
//
// Every line must end with a line feed, the last one too: otherwise the body was truncated.
// The reader must report a body that was truncated at a line feed, which nothing in it shows.
//
// # Errors
//
// The errors form three groups.
//
// The server reports some errors between the rows, and reading can continue after
// them, as [Recoverable] says. A [*StatementError] is the error of one statement.
// A [*ResponseError] is an error document or a line of plain text from a server
// that gave up in the middle of a response.
//
// Other errors end the stream. A [*SyntaxError] says at which offset the response
// is not a query response, a [*RowSizeError] that a row is too long, and a
// [*ReadError] wraps the error of the reader. A body that ends too early is a
// ReadError that wraps io.ErrUnexpectedEOF, so a truncated response never looks
// like a short complete one.
//
// The rest concern what the program asked for, and leave the stream as it is. A
// [*CellError] says why a cell cannot be read as the wanted type; it wraps
// [ErrNull], [ErrKind], [ErrRange], [ErrInexact], [ErrColumn] or [ErrTime]. A
// [*BindError] says that a series does not have the columns of a struct, and a
// [*StructError] that a type cannot be read from any response.
package jsonscan
