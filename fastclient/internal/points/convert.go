package points

import (
	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// AppendConverted appends lines that a scanner or an encoder has let pass, with their
// timestamps converted from one unit to a finer one. It keeps every line: their
// timestamps are in range.
func AppendConverted(dst, lines []byte, from, to pointwire.Precision) []byte {
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

// AppendConvertedRaw is AppendConverted for lines that s has yet to look at. It leaves
// out empty lines and comments, and adds the lines that are refused to r: a time that
// is out of range among them.
func AppendConvertedRaw(dst, lines []byte, s *line.Scanner, from, to pointwire.Precision, r *Refusal) []byte {
	s.SetOptions(ScanOptions(from, false))
	s.SetCheck(true)
	s.Reset(lines)
	for index := 0; s.Next(); index++ {
		switch {
		case s.Fault.Rule != 0:
			r.AddLine(s, index)
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

// ConvertedSize is the memory that lines of size bytes take once they are converted.
// The shortest line that can have a timestamp has eight bytes, and a timestamp gets
// longer by four digits at most.
func ConvertedSize(size int) int { return size + size/2 + 8 }
