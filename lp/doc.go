// Package lp writes InfluxDB line protocol.
//
// A point is one line: a measurement, tags, fields and a timestamp.
//
//	Trade,instrument=AAPL,side=BUY price=219.23,size=100i 1540184368785116000
//
// # Forms
//
// The Append functions write one part of a line each, in the manner of package
// strconv: no state and no error. [Encoder] writes whole points part by part,
// checks them, and keeps a batch. [Series], [FieldKey] and [Layout] hold what
// stays the same from point to point, escaped once. [Schema] writes structs.
// [Point] holds a point whose shape is known at run time only. Any type that
// implements [Appender] can be put into a batch.
//
// # One point is one line
//
// No name and no value can end a line, start a second one, or add a tag or a
// field. A name that line protocol cannot carry (see [Reason]) is an error, or
// is changed in a stated way where a policy in [Options] says so, and is counted.
//
// # Escaping
//
// Only those bytes are escaped that InfluxDB 1.6.7, 1.7.11 and 1.8.10 need escaped
// to read a name back unchanged, as tests on these servers showed: comma and space in
// a measurement; comma, space and equals sign in a tag key and a tag value; these and
// the double quote in a field key; backslash and double quote in a string field.
// Backslashes elsewhere are written as they are, because these servers store a doubled
// backslash as two.
//
// # Ownership
//
// The Append functions and methods append to dst and return the extended slice,
// like append. They store whole words, so they may overwrite any byte between the
// length and the capacity of dst, also after the end of the slice that they return.
// To protect the bytes after a place, give dst a capacity that ends there.
//
// No function keeps a reference to a dst or to another []byte, nor to a value after
// the end of its point. An [Encoder] keeps the keys of tags and fields until points
// with other keys come. It recognises a repeated key by its text, but by its address if
// it has more than 30 bytes or needs escapes, so never change the bytes of a key that was
// made with unsafe.String.
package lp
