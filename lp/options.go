package lp

import (
	"strconv"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
)

// Options are the choices of an encoder. The zero value is strict: nothing is left
// out or changed, and a value that cannot be written as it is refuses its point.
type Options struct {
	// Precision is the unit of the timestamps.
	Precision Precision
	// NotFinite says what happens to a NaN or an infinity.
	NotFinite NotFinitePolicy
	// Dialect says which texts can be carried at all.
	Dialect Dialect
	// Text says what happens to a measurement, key or value that line protocol
	// cannot carry.
	Text TextPolicy
	// Unsigned says how unsigned integers are written.
	Unsigned UnsignedPolicy
	// Times says how a time.Time is written as a field by [Encoder.Value] and
	// [Point.SetValue]. In a struct the tag says that.
	Times TimePolicy
	// SharedKey says what happens to a point with a field that has the key of a tag.
	SharedKey SharedKeyPolicy
	// TagOrder is the order of the tags in a line.
	TagOrder TagOrder
	// RefuseNewline refuses string fields that hold a line feed. InfluxDB stores
	// them unchanged; openGemini 1.3.1 refuses the request.
	RefuseNewline bool
	// AllowDuplicateFields leaves out the check for two fields of one key.
	AllowDuplicateFields bool
}

// NotFinitePolicy says what happens to a NaN or an infinity.
type NotFinitePolicy uint8

const (
	// NotFiniteRefuse refuses the point with ErrNotFinite.
	NotFiniteRefuse NotFinitePolicy = iota
	// NotFiniteDropField leaves the field out and counts it. A point without
	// another field is refused with ErrNoFields.
	NotFiniteDropField
	// NotFiniteDropPoint leaves the point out and counts it, without an error.
	NotFiniteDropPoint
)

// TextPolicy says what happens to a measurement, key or value that line protocol
// cannot carry (see [Reason]).
type TextPolicy uint8

const (
	// TextRefuse refuses the point with the reason.
	TextRefuse TextPolicy = iota
	// TextReplace changes the text as the Append functions do and counts it as
	// Replaced.
	TextReplace
	// TextDropPoint leaves the point out and counts the reason, without an error.
	TextDropPoint
)

// UnsignedPolicy says how unsigned integers are written. InfluxDB 1.x as
// released, and openGemini 1.3.1, refuse the form "5u".
type UnsignedPolicy uint8

const (
	// UnsignedAuto leaves the choice to the sender of the lines. A client of package
	// fastclient writes integers for the 1.x API, as UnsignedInt does, and unsigned
	// values for other APIs. Elsewhere it is UnsignedKeep.
	UnsignedAuto UnsignedPolicy = iota
	// UnsignedKeep writes them as unsigned, "5u".
	UnsignedKeep
	// UnsignedInt writes them as integers, "5i", and refuses a point with a value
	// above the largest int64 with ErrUnsigned.
	UnsignedInt
	// UnsignedClamp writes them as integers, "5i". In place of a value above the
	// largest int64 it writes that largest one and counts ErrUnsigned, without an
	// error.
	UnsignedClamp
	// UnsignedRefuse refuses the point with ErrUnsigned.
	UnsignedRefuse
)

// TimePolicy says how a time.Time is written as a field. A time that the form cannot hold
// refuses the point with ErrTimeRange.
type TimePolicy uint8

const (
	// TimeRefuse refuses the point with ErrType.
	TimeRefuse TimePolicy = iota
	// TimeText writes a string, the text of time.RFC3339Nano in UTC. It holds the
	// years 0 to 9999.
	TimeText
	// TimeNanoseconds writes an integer of nanoseconds since 1970. It holds the years
	// 1677 to 2262.
	TimeNanoseconds
	// TimeMicroseconds writes an integer of microseconds since 1970, rounded down.
	TimeMicroseconds
	// TimeMilliseconds writes an integer of milliseconds since 1970, rounded down.
	TimeMilliseconds
	// TimeSeconds writes an integer of seconds since 1970, rounded down.
	TimeSeconds
)

// SharedKeyPolicy says what happens to a point with a field that has the key of one of its
// tags, default and extra tags included. InfluxDB stores both, but queries cannot
// distinguish them by name: SELECT * returns the field as "a" and the tag as "a_1". A [Schema] whose own
// tag and field share a key is refused when it is compiled, whatever the policy. A field
// that a [Layout] or a Schema leaves out of a point counts as one that the point has.
type SharedKeyPolicy uint8

const (
	// SharedKeyAllow writes the point and counts ErrSharedKey for each such field,
	// without an error.
	SharedKeyAllow SharedKeyPolicy = iota
	// SharedKeyRefuse refuses the point with ErrSharedKey.
	SharedKeyRefuse
)

// A Form says how a point or a frame has to be written for its target. The zero value
// asks for nanoseconds.
type Form struct {
	// Precision is the unit of the timestamps.
	Precision Precision
	// Measurement is the measurement of points that have none.
	Measurement string
	// Unsigned is used where the options say UnsignedAuto.
	Unsigned UnsignedPolicy
}

// TagOrder is the order of the tags in a line.
type TagOrder uint8

const (
	// TagsAsGiven keeps the order of the calls. InfluxDB takes any order.
	TagsAsGiven TagOrder = iota
	// TagsSorted sorts the tags by their escaped keys, the order in which
	// InfluxDB takes them with the least work.
	TagsSorted
)

// A Dialect is a reading of line protocol. Servers differ in what backslashes mean in
// names: package internal/line lists where.
type Dialect uint8

const (
	// Portable carries the texts that no server reads as another structure. With
	// [ErrNotPortable] it refuses an odd number of backslashes directly before a comma
	// or an equals sign in a tag key or tag value, and directly before a double quote
	// in a field key.
	Portable Dialect = iota
	// Influx1 carries the texts that InfluxDB 1.x and 2.x read as they were written.
	// VictoriaMetrics reads some of them as other tags, or refuses the request.
	Influx1
)

// String returns the name of the dialect.
func (d Dialect) String() string {
	switch d {
	case Portable:
		return "Portable"
	case Influx1:
		return "Influx1"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// Precision is the unit of a timestamp. The zero value is Nanosecond. One value tells
// both the encoder how to write times and the server how to read them (see
// [pointwire.Precision.String]), so the two cannot differ.
type Precision = pointwire.Precision

// The precisions of line protocol.
const (
	Nanosecond  = pointwire.Nanosecond
	Microsecond = pointwire.Microsecond
	Millisecond = pointwire.Millisecond
	Second      = pointwire.Second
	Minute      = pointwire.Minute
	Hour        = pointwire.Hour
)

// The timestamps that InfluxDB 1.x stores, in nanoseconds since 1970: the years
// 1677 to 2262. It refuses the two smallest and the largest int64.
const (
	MinTime = decimal.MinTime
	MaxTime = decimal.MaxTime
)
