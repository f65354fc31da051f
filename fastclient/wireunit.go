package fastclient

import (
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// wireUnit returns the unit in which timestamps in p are sent. Version 1 gets no
// microseconds, minutes and hours, for which no word means the same everywhere: 1.6.7
// takes us for nanoseconds, and the /write of InfluxDB 2.x takes u, m and h for them,
// both without an error. The finer unit is exact.
func wireUnit(api API, p Precision) Precision {
	if api != V1 {
		return p
	}
	switch p {
	case Microsecond:
		return Nanosecond
	case Minute, Hour:
		return Second
	}
	return p
}

// appendConverted appends lines that a scanner or an encoder has let pass, with their
// timestamps converted from one unit to a finer one. It keeps every line: their
// timestamps are in range.
func appendConverted(dst, lines []byte, from, to Precision) []byte {
	factor := from.Unit() / to.Unit()
	kept := 0 // what is before is in dst
	for at := 0; at < len(lines); {
		end := at + line.Len(lines[at:])
		text := lines[at:end]
		at = end
		if !line.Stamped(text) {
			continue
		}
		last := len(text) - 1
		for text[last] == '\n' || text[last] == ' ' {
			last--
		}
		i, ts, unit := last, int64(0), int64(1)
		for ; text[i]-'0' < 10; i-- {
			ts += int64(text[i]-'0') * unit
			unit *= 10
		}
		if text[i] == '-' {
			ts = -ts
			i--
		}
		digits := end - len(text) + i + 1
		dst = append(dst, lines[kept:digits]...)
		dst = append(lp.AppendTimestamp(dst, ts*factor), '\n')
		kept = end
	}
	return append(dst, lines[kept:]...)
}

// appendConvertedRaw is appendConverted for lines that s has yet to look at. It leaves
// out empty lines and comments, and adds the lines that are refused to r: a time that
// is out of range among them.
func appendConvertedRaw(dst, lines []byte, s *line.Scanner, from, to Precision, r *refusal) []byte {
	s.SetOptions(lineOptions(from, false))
	s.SetCheck(true)
	s.Reset(lines)
	for index := 0; s.Next(); index++ {
		switch {
		case s.Fault.Rule != 0:
			r.addLine(s, index)
		case !s.Stamped:
			dst = s.AppendPlain(dst)
		default:
			ts, _ := decimal.Convert(s.Time, from, to) // the scanner has looked at the range
			dst = append(s.AppendFields(s.AppendSeries(dst)), ' ')
			dst = append(lp.AppendTimestamp(dst, ts), '\n')
		}
	}
	s.Reset(nil)
	return dst
}

// convertedSize is the memory that lines of size bytes take once they are converted.
// The shortest line that can have a timestamp has eight bytes, and a timestamp gets
// longer by four digits at most.
func convertedSize(size int) int { return size + size/2 + 8 }

// onto gives the cuts of p, which was made for the lines of data in another unit, their
// places in data.
func (p *plan) onto(data []byte) {
	at := 0
	for i := range p.cuts {
		c := &p.cuts[i]
		c.from = at
		for range c.lines {
			at += line.Len(data[at:])
		}
		c.to = at
	}
	if p.learn > 0 {
		p.learn = len(data)
	}
}
