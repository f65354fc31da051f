// Package pointwire is the root of a library that moves time-series points
// between Go programs and InfluxDB-compatible servers.
//
// The root holds the words that its packages share and imports none of them. The
// packages, in the direction of the data:
//
//   - lp turns points into line protocol: append primitives, Encoder, Series,
//     Schema.
//   - fastclient carries line protocol to a server and query responses back.
//   - jsonscan reads query responses as a stream of rows with typed cells.
//   - frame holds results and input as typed columns.
//
// cmd/lpbench runs the whole way against a real server and prints what it
// cost.
package pointwire

import "time"

// Precision is the unit of a timestamp in line protocol and of the time column
// in a query response. The zero value is Nanosecond.
type Precision uint8

// The precisions that InfluxDB 1.x knows.
const (
	Nanosecond Precision = iota
	Microsecond
	Millisecond
	Second
	Minute
	Hour
)

var precisions = [...]struct {
	word string
	unit int64
}{
	Nanosecond:  {"ns", int64(time.Nanosecond)},
	Microsecond: {"u", int64(time.Microsecond)},
	Millisecond: {"ms", int64(time.Millisecond)},
	Second:      {"s", int64(time.Second)},
	Minute:      {"m", int64(time.Minute)},
	Hour:        {"h", int64(time.Hour)},
}

// String returns the word of the precision and epoch query parameters of
// InfluxDB 1.x: ns, u, ms, s, m or h. It is never "us" nor "µ", which InfluxDB
// 1.6.7 takes for nanoseconds without an error.
func (p Precision) String() string {
	if !p.Valid() {
		return "invalid"
	}
	return precisions[p].word
}

// Unit returns the length of one unit of p in nanoseconds, or 1 if p is not
// valid.
func (p Precision) Unit() int64 {
	if !p.Valid() {
		return 1
	}
	return precisions[p].unit
}

// Valid reports whether p is one of the declared precisions.
func (p Precision) Valid() bool { return int(p) < len(precisions) }

// A Tag is a key and a value of a series.
type Tag struct{ Key, Value string }

// Measurement is the type of a struct field that holds the measurement of a
// point. A blank field of this type names the measurement of all points of the
// struct in its tag:
//
//	_ pointwire.Measurement `lp:"Trade"`
//
// All of the tag is the name, but no name ends in an option. That of an outer struct
// goes before those of the structs in it.
type Measurement string
