package workload

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A Line is a point in its parts, as a decoder of line protocol must return them.
type Line struct {
	Measurement string
	Tags        []LineTag
	Fields      []LineField
	Timestamp   int64
}

// A LineTag is a tag of a Line.
type LineTag struct{ Key, Value string }

// A LineField is a field of a Line. Value is a float64, an int64, a bool or a string.
type LineField struct {
	Key   string
	Value any
}

// The characters that must be escaped at each position, as InfluxDB documents them.
var (
	measurementEscapes = strings.NewReplacer(",", `\,`, " ", `\ `)
	keyEscapes         = strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)
	stringEscapes      = strings.NewReplacer(`"`, `\"`, `\`, `\\`)
)

// Append appends the line, with its line feed. It uses only the standard library, so that
// decoders are not tested on the output of our own encoder.
func (l *Line) Append(dst []byte) []byte {
	dst = append(dst, measurementEscapes.Replace(l.Measurement)...)
	for _, t := range l.Tags {
		dst = append(append(dst, ','), keyEscapes.Replace(t.Key)...)
		dst = append(append(dst, '='), keyEscapes.Replace(t.Value)...)
	}
	for i, f := range l.Fields {
		dst = append(append(dst, " ,"[min(i, 1)]), keyEscapes.Replace(f.Key)...)
		dst = append(dst, '=')
		switch v := f.Value.(type) {
		case float64:
			dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
		case int64:
			dst = append(strconv.AppendInt(dst, v, 10), 'i')
		case bool:
			dst = strconv.AppendBool(dst, v)
		case string:
			dst = append(append(append(dst, '"'), stringEscapes.Replace(v)...), '"')
		default:
			panic(fmt.Sprintf("%s is a %T", f.Key, v))
		}
	}
	dst = strconv.AppendInt(append(dst, ' '), l.Timestamp, 10)
	return append(dst, '\n')
}

// A LineSet is one kind of body of line protocol.
type LineSet struct {
	Name string
	// Make yields n points in time order. A Line is valid until the next one.
	Make func(n int, seed uint64) iter.Seq[*Line]
}

// LineSets are bodies of several shapes. Each is hard for a decoder in its own way.
var LineSets = []LineSet{
	{"trade", tradeLines},
	{"cpu", cpuLines},
	{"server", serverLines},
	{"logs", logLines},
	{"sensor", sensorLines},
	{"mixed", mixedLines},
	{"sparse", sparseLines},
	{"names", nameLines},
}

// FindLineSet returns the set of LineSets with that name.
func FindLineSet(name string) (LineSet, bool) {
	for _, s := range LineSets {
		if s.Name == name {
			return s, true
		}
	}
	return LineSet{}, false
}

// start begins the next point in the memory of the last one.
func (l *Line) start(measurement string, ts int64) {
	l.Measurement, l.Tags, l.Fields, l.Timestamp = measurement, l.Tags[:0], l.Fields[:0], ts
}

func (l *Line) tag(key, value string)       { l.Tags = append(l.Tags, LineTag{key, value}) }
func (l *Line) field(key string, value any) { l.Fields = append(l.Fields, LineField{key, value}) }

func tradeLines(n int, seed uint64) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		var l Line
		for _, p := range Trades(n, seed) {
			l.start("Trade", p.Timestamp)
			l.tag("instrument", p.Instrument)
			l.tag("source", p.Source)
			l.tag("side", p.Side)
			l.field("price", p.Price)
			l.field("size", p.Size)
			l.field("trade_id", p.TradeID)
			if !yield(&l) {
				return
			}
		}
	}
}

func cpuLines(n int, seed uint64) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		var l Line
		for _, p := range CPUs(n, seed) {
			l.start("cpu", p.Timestamp)
			for i, v := range p.Tags() {
				l.tag(CPUTags[i], v)
			}
			for i, v := range p.Values() {
				l.field(CPUFields[i], v)
			}
			if !yield(&l) {
				return
			}
		}
	}
}

func serverLines(n int, seed uint64) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		var l Line
		for _, p := range Servers(n, seed) {
			l.start("mysql", p.Timestamp)
			l.tag("cluster", p.Cluster)
			l.tag("host", p.Host)
			l.tag("role", p.Role)
			for i, v := range p.Floats() {
				l.field(ServerFloats[i], v)
			}
			for i, v := range p.Ints() {
				l.field(ServerInts[i], v)
			}
			for i, v := range p.Bools() {
				l.field(ServerBools[i], v)
			}
			for i, v := range p.Strings() {
				l.field(ServerStrings[i], v)
			}
			if !yield(&l) {
				return
			}
		}
	}
}

func logLines(n int, seed uint64) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		var l Line
		for _, p := range Logs(n, seed) {
			l.start("log", p.Timestamp)
			l.tag("host", p.Host)
			l.tag("level", p.Level)
			l.tag("service", p.Service)
			l.field("message", p.Message)
			l.field("micros", p.Micros)
			if !yield(&l) {
				return
			}
		}
	}
}

// sensorLines are readings of 1,000 thermometers with one or two decimals, in a random
// order. They are the shortest common lines, so the cost per line counts most.
func sensorLines(n int, seed uint64) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		r := rand.New(rand.NewPCG(seed, 0x73656e736f72))
		ts := GuideTrade.Timestamp
		var l Line
		for range n {
			ts += 1 + int64(r.ExpFloat64()*1e6)
			l.start("temp", ts)
			l.tag("sensor", fmt.Sprintf("t%03d", r.IntN(1000)))
			l.field("value", float64(r.IntN(10_000)-2000)/100)
			if !yield(&l) {
				return
			}
		}
	}
}

// mixedLines are lines of a host agent: five measurements in turn, each with its own
// keys, so that no line resembles the line before.
func mixedLines(n int, seed uint64) iter.Seq[*Line] {
	return func(yield func(*Line) bool) {
		r := rand.New(rand.NewPCG(seed, 0x6d69786564))
		ts := GuideTrade.Timestamp
		share := func() float64 { return float64(r.IntN(1e6)) / 1e4 }
		bytes := func() int64 { return r.Int64N(1 << (10 + r.UintN(30))) }
		var l Line
		for i := range n {
			if i%5 == 0 {
				ts += 1e9 + r.Int64N(1e6)
			}
			host := fmt.Sprintf("web-%02d", i/5%40)
			switch i % 5 {
			case 0:
				l.start("cpu", ts)
				l.tag("cpu", "cpu-total")
				l.tag("host", host)
				l.field("usage_idle", share())
				l.field("usage_system", share())
				l.field("usage_user", share())
			case 1:
				l.start("mem", ts)
				l.tag("host", host)
				l.field("available", bytes())
				l.field("used", bytes())
				l.field("used_percent", share())
			case 2:
				l.start("disk", ts)
				l.tag("device", fmt.Sprintf("sd%c1", 'a'+r.IntN(8)))
				l.tag("fstype", "ext4")
				l.tag("host", host)
				l.tag("path", "/var/lib")
				l.field("free", bytes())
				l.field("inodes_free", bytes())
			case 3:
				l.start("net", ts)
				l.tag("host", host)
				l.tag("interface", fmt.Sprintf("eth%d", r.IntN(4)))
				l.field("bytes_recv", bytes())
				l.field("bytes_sent", bytes())
				l.field("drop_in", r.Int64N(10))
			default:
				l.start("system", ts)
				l.tag("host", host)
				l.field("load1", float64(r.IntN(1000))/100)
				l.field("load5", float64(r.IntN(1000))/100)
				l.field("n_users", r.Int64N(30))
				l.field("uptime", bytes())
			}
			if !yield(&l) {
				return
			}
		}
	}
}

// sparseLines have twelve fields, each present in 3 of 4 lines at random, like those of a
// device that reports the values it could read. 10,000 lines have about 1,800 different
// sets of keys.
func sparseLines(n int, seed uint64) iter.Seq[*Line] {
	keys := [...]string{"current", "energy", "frequency", "humidity", "phase", "power", "pressure", "rpm", "state", "temperature", "voltage", "wear"}
	return func(yield func(*Line) bool) {
		r := rand.New(rand.NewPCG(seed, 0x737061727365))
		ts := GuideTrade.Timestamp
		var l Line
		for range n {
			ts += 1 + int64(r.ExpFloat64()*1e6)
			l.start("machine", ts)
			l.tag("line", fmt.Sprintf("l%d", r.IntN(9)))
			l.tag("unit", fmt.Sprintf("u%04d", r.IntN(5000)))
			for len(l.Fields) == 0 {
				for i, key := range keys {
					switch {
					case r.IntN(4) == 0:
					case i%3 == 1:
						l.field(key, r.Int64N(100_000))
					default:
						l.field(key, float64(r.IntN(100_000))/100)
					}
				}
			}
			if !yield(&l) {
				return
			}
		}
	}
}

// nameLines have 2,000 measurements in random order, as written by programs that put into
// the name what should be a tag.
func nameLines(n int, seed uint64) iter.Seq[*Line] { return NamedLines(2000)(n, seed) }

// NamedLines returns a maker of points of the given number of measurements in random
// order.
func NamedLines(names int) func(n int, seed uint64) iter.Seq[*Line] {
	list := make([]string, names)
	for i := range list {
		list[i] = fmt.Sprintf("app.orders.request_%04d.latency", i)
	}
	return func(n int, seed uint64) iter.Seq[*Line] {
		return func(yield func(*Line) bool) {
			r := rand.New(rand.NewPCG(seed, 0x6e616d6573))
			ts := GuideTrade.Timestamp
			var l Line
			for range n {
				ts += 1 + int64(r.ExpFloat64()*1e6)
				l.start(list[r.IntN(names)], ts)
				l.tag("host", fmt.Sprintf("web-%02d", r.IntN(40)))
				l.field("count", r.Int64N(100_000))
				if !yield(&l) {
					return
				}
			}
		}
	}
}

// LineBodies returns n points of a set as bodies of the given number of lines each. The
// last body may have fewer.
func LineBodies(set LineSet, n, each int, seed uint64) (bodies [][]byte) {
	var b []byte
	i := 0
	for l := range set.Make(n, seed) {
		b = l.Append(b)
		if i++; i%each == 0 || i == n {
			bodies = append(bodies, append(make([]byte, 0, len(b)), b...))
			b = b[:0]
		}
	}
	return bodies
}
