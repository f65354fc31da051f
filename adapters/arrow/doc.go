// Package pwarrow turns frames into record batches of Apache Arrow and back, and writes and
// reads them as IPC streams and files.
//
//	record, err := pwarrow.Record(f)    // f is a *frame.Frame
//	f, err = pwarrow.Frame(record)
//	err = pwarrow.WriteFile(file, nil, reader.Frames())
//
// # Layout
//
// A frame becomes a record batch with the column "time" first, then the tags that all rows
// have, then the columns of the frame:
//
//	frame                       Arrow                         memory
//	Time: s, ms, us, ns         timestamp[unit, UTC]          shared
//	Time: m, h                  timestamp[s, UTC]             copied, exact
//	Tags                        dictionary<int32, utf8>       made
//	Int64, Uint64               int64, uint64                 shared
//	Float64, Float32            float64, float32              shared
//	Bool                        bool                          shared
//	String                      utf8                          shared
//	Dict                        dictionary<int32, utf8>       shared
//	Null                        null                          none
//	Valid                       validity bitmap               shared
//
// On the way back the same layouts are shared, with these exceptions: bool and null are
// copied, and a bitmap is copied if the record is a slice that does not begin at a multiple
// of 8 rows, or if it ends within a byte whose other bits are set. Integers and indices of
// other widths, large_utf8, utf8_view and a dictionary that holds null are converted. Other
// types are an error that wraps [ErrType].
//
// Shared memory belongs to both: change neither the frame nor the record while the other is
// in use, and copy with frame.Frame.Clone to change one. A frame of a frame.Reader is valid
// until the next one, and so is a record that shares its memory: use frame.Reader.Take to
// keep it. Do not release a record before its frame is no longer used, unless its memory
// is Go's, as it is by default.
//
// # Metadata
//
// The measurement is in the metadata of the schema, as "pointwire.measurement", and the
// role of a column in that of its field, as "pointwire.role": time, tag or field. Without
// them, as in records of other programs, the column "time" is the time if it is a
// timestamp, and all others are fields: see frame.Frame.SetTags. The tags that all rows
// have come back as tag columns, so a frame writes the same lines after both ways. A tag
// and a field of one name are two columns of that name, which some programs do not read.
//
// # Streams and files
//
// All batches of a stream or file have one schema. [Schema] makes the schema for several
// frames, and [RecordAs] converts a frame to it, if that is exact. Frames of a response may
// differ in their dictionaries: a stream replaces them, which a file cannot, so [WriteFile]
// writes texts instead of dictionaries by default.
package pwarrow
