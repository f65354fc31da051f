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
// [Point] holds a point whose shape is known at run time only. Whatever
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
// Escaping is the least that InfluxDB 1.6.7, 1.7.11 and 1.8.10 were seen to
// need for a name to read back unchanged: comma and space in a measurement;
// comma, space and equals sign in a tag key and a tag value; these and the
// double quote in a field key; backslash and double quote in a string field.
// Backslashes elsewhere are written as they are: those servers store a doubled
// one as two.
//
// # Ownership
//
// The Append functions and methods append to dst and return the extended slice,
// like append. The bytes between the length and the capacity of dst are theirs:
// they store whole words, and what stands behind the returned slice is left over.
// To append in front of bytes that are to stay, give dst a capacity that ends
// there. No function keeps a reference to a dst, to another []byte, or to a
// value beyond the point it belongs to. An [Encoder] keeps the keys of tags and
// fields, until points with other keys come: it knows a key that a point repeats by
// its place in memory. Like any string, a key must not change then, which one made
// over bytes by package unsafe might.
package lp
