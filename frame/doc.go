// Package frame holds points as columns: typed slices with a bitmap of what is
// not null. It reads them from query responses and writes them as line protocol.
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
// A response is always a sequence of frames, be it of no series, of one or of
// many, of one statement or of several. A [Frame] holds rows of one series in
// the order of the response, by default at most 1,024 of them; the next frame goes
// on with the same series or begins another. Two series are never merged by
// their name. [Reader.Merge] puts series that differ in the values of their tags
// alone into one frame, with the tags as columns.
//
// # Numbers
//
// InfluxDB prints a float without fraction as an integer, so the type of a field
// cannot be known from a response. A column holds int64 as long as all its cells
// are integers, and becomes float64 with the first that is not: each integer is
// then the float64 nearest to its text, which for a float field is the value
// stored. Null does not change the type of a column. See [Column.Rounded].
//
// # Memory
//
// Values are contiguous, validity and boolean bits stand least significant
// first, and texts are bytes of one arena between int32 offsets: the layout of
// Apache Arrow arrays, which can share the memory of a column. Tags are
// dictionary-coded: an int32 per row and each text once.
//
// A frame of a [Reader] is valid until its next; [Reader.Take] gives it away.
package frame
