// Package pointwire is the root of a library that moves time-series points
// between Go programs and InfluxDB-compatible servers.
//
// The root has the types that its packages share, and imports none of them. The packages,
// in the direction of the data:
//
//   - lp encodes points as line protocol, and reads line protocol.
//   - fastclient sends lines to a server, and queries to it.
//   - fastclient/batch sends lines in batches, in the background or at a Flush.
//   - fastclient/admin shows what databases hold, and manages retention policies and users.
//   - jsonscan reads query responses as a stream of rows with typed cells.
//   - frame holds responses and input as typed columns.
//
// cmd/lpbench measures all of them with a real server.
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

// String returns the value of the parameters precision and epoch of InfluxDB 1.x: ns, u, ms,
// s, m or h. It is never "us" or "µ", which InfluxDB 1.6.7 reads as nanoseconds without an
// error.
func (p Precision) String() string {
	if !p.Valid() {
		return "invalid"
	}
	return precisions[p].word
}

// Unit returns one unit of p in nanoseconds, or 1 if p is not valid.
func (p Precision) Unit() int64 {
	if !p.Valid() {
		return 1
	}
	return precisions[p].unit
}

// Valid reports whether p is one of the declared precisions.
func (p Precision) Valid() bool { return int(p) < len(precisions) }

// A Tag is the key and the value of a tag.
type Tag struct{ Key, Value string }

// Measurement is the type of a struct field that holds the measurement of a point. The tag of
// a blank field of this type is the measurement of all points of the struct:
//
//	_ pointwire.Measurement `lp:"Trade"`
//
// The whole tag is the name; a trailing option is an error. An outer struct's name wins over
// an embedded one's.
type Measurement string
