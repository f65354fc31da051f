// Package frame holds points as columns: typed slices with a bitmap of the rows that
// are not null. It reads them from query responses and writes them as line protocol.
//
//	r := frame.NewReader(jsonscan.NewScanner(body))
//	for f, err := range r.Frames() {
//		if err != nil {
//			return err
//		}
//		load := f.Column("load")
//		for i, v := range load.Floats { ... }
//	}
//
// # Shape
//
// A response is always a sequence of frames, whether it has no series, one or many,
// of one statement or of several. A [Frame] holds rows of one series in the order of
// the response, by default at most 1,024 of them. The next frame continues the series
// or begins another. Two series are never merged because their names are equal.
// [Reader.Merge] puts series that differ only in the values of their tags into one
// frame, with the tags as columns.
//
// The columns of a frame are as long as the frame. A jsonl response of InfluxDB 3 names a
// column only in rows in which it is not null: a column that comes amid a frame is null in
// the rows before it, and stays in all frames after it. So the columns of a frame are those
// of the frame before it, in the same order, and perhaps more. The column time is the
// exception: a frame has times in all rows or in none, so the first time begins a new frame.
// Rows before the first column, in which everything is null, are in no frame.
//
// A tag and a field may have one name, as package jsonscan
// explains under Tags and columns: [Frame.Column] finds the field, [Frame.TagColumn] the tag.
//
// # Numbers
//
// InfluxDB prints a float without fraction as an integer, so a response does not
// tell the type of a field. A column holds int64 as long as all its cells are
// integers, or uint64 if some exceed int64 and none is negative. The first float turns
// the column into float64: each integer becomes the float64 nearest to its text, which
// for a float field is the value stored; see [Column.Rounded]. Null does not change the
// type of a column. A cell of another kind, such as a text among numbers, begins a new
// frame.
//
// # Memory
//
// Values are contiguous. Bits of validity and of booleans begin with the least
// significant bit of each byte. Texts are bytes in one arena, between int32 offsets.
// This is the layout of Apache Arrow arrays, which can share the memory of a column.
// Tags are dictionary-coded: a column holds an int32 per row, and each text once.
//
// A frame of a [Reader] is valid until the next one; [Reader.Take] gives it to the
// caller.
//
// # Errors
//
// A [*ShapeError] says that a frame cannot be written as it is: it wraps [ErrNoColumn],
// [ErrLength] or [ErrLayout]. A row that cannot be written is an [*lp.PointError]. A
// Reader returns the errors of package jsonscan; [Recoverable] says after which of
// them it can continue.
package frame
