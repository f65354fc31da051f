package fastclient

import "bytes"

// A lineFault is what is wrong with a raw line.
type lineFault string

const (
	faultNone        lineFault = ""
	faultMeasurement lineFault = "no measurement"
	faultTag         lineFault = "malformed tag"
	faultField       lineFault = "malformed field"
	faultNoField     lineFault = "no field"
	faultTimestamp   lineFault = "malformed timestamp"
)

// scanLine looks at the line data begins with: measurement, tags, fields with
// values, at most a timestamp, behind which there may be spaces. A line feed ends
// it, but within quotes belongs to a value. size is the line's length without its
// line feed.
func scanLine(data []byte) (size int, stamped bool, fault lineFault) {
	i := skipPlain(data, 0, false)
	if i == 0 {
		return nextLF(data, i), false, faultMeasurement
	}
	for i < len(data) && data[i] == ',' {
		eq := skipPlain(data, i+1, true)
		if eq == i+1 || eq >= len(data) || data[eq] != '=' {
			return nextLF(data, eq), false, faultTag
		}
		if i = skipPlain(data, eq+1, true); i == eq+1 || i < len(data) && data[i] == '=' {
			return nextLF(data, i), false, faultTag
		}
	}
	if i >= len(data) || data[i] != ' ' {
		return nextLF(data, i), false, faultNoField
	}
	for {
		eq := skipPlain(data, i+1, true)
		if eq == i+1 || eq >= len(data) || data[eq] != '=' {
			if data[i] == ' ' {
				return nextLF(data, eq), false, faultNoField
			}
			return nextLF(data, eq), false, faultField
		}
		if i = skipFieldValue(data, eq+1); i == eq+1 {
			return nextLF(data, i), false, faultField
		}
		if i >= len(data) || data[i] == '\n' {
			return i, false, faultNone
		}
		if data[i] == ' ' {
			break
		}
		if data[i] != ',' {
			return nextLF(data, i), false, faultField
		}
	}
	return scanTimestamp(data, i+1)
}

func scanTimestamp(data []byte, i int) (size int, stamped bool, fault lineFault) {
	digits := i
	if digits < len(data) && data[digits] == '-' {
		digits++
	}
	end := digits
	for end < len(data) && data[end]-'0' < 10 {
		end++
	}
	after := end
	for after < len(data) && data[after] == ' ' {
		after++
	}
	if end == digits || after < len(data) && data[after] != '\n' {
		return nextLF(data, end), true, faultTimestamp
	}
	return after, true, faultNone
}

// skipPlain returns the end of a measurement, key or tag value at i: a comma, a
// space or a line feed, and within a pair an equals sign, unless escaped.
func skipPlain(data []byte, i int, pair bool) int {
	for ; i < len(data); i++ {
		switch data[i] {
		case ',', ' ', '\n':
			return i
		case '=':
			if pair {
				return i
			}
		case '\\':
			if i+1 < len(data) && data[i+1] != '\n' {
				i++
			}
		}
	}
	return i
}

// skipFieldValue returns the end of the field value at i, and i for none or one
// whose quote does not end.
func skipFieldValue(data []byte, i int) int {
	if i < len(data) && data[i] == '"' {
		for j := i + 1; j < len(data); j++ {
			switch data[j] {
			case '\\':
				j++
			case '"':
				return j + 1
			}
		}
		return i
	}
	for i < len(data) && data[i] != ',' && data[i] != ' ' && data[i] != '\n' {
		i++
	}
	return i
}

// nextLF returns the place of the next line feed at or after i, or the end.
func nextLF(data []byte, i int) int {
	if n := bytes.IndexByte(data[min(i, len(data)):], '\n'); n >= 0 {
		return i + n
	}
	return len(data)
}

// lineLen returns the length of the valid line that data begins with, its line
// feed included. A line feed within a quoted value does not end the line.
func lineLen(data []byte) int {
	end := nextLF(data, 0)
	if bytes.IndexByte(data[:end], '"') >= 0 {
		end, _, _ = scanLine(data)
	}
	return min(end+1, len(data))
}

// middle returns the end of a line near the middle of data, which holds at
// least two valid lines, and the number of lines before it.
func middle(data []byte) (at, lines int) {
	for half := len(data) / 2; ; lines++ {
		n := lineLen(data[at:])
		if lines > 0 && (at+n > half || at+n >= len(data)) {
			return at, lines
		}
		at += n
	}
}

// countLines returns the number of valid lines in data.
func countLines(data []byte) (lines int) {
	if bytes.IndexByte(data, '"') < 0 {
		return bytes.Count(data, []byte{'\n'})
	}
	for at := 0; at < len(data); lines++ {
		at += lineLen(data[at:])
	}
	return lines
}

// endsStamped reports whether a valid line, its line feed included, ends with a
// timestamp: digits and perhaps a sign after a space, and perhaps spaces. No valid
// line ends that way without one: a field value follows an equals sign, and a
// string ends with a quote.
func endsStamped(line []byte) bool {
	last := len(line) - 2
	for last >= 0 && line[last] == ' ' {
		last--
	}
	i := last
	for i >= 0 && line[i]-'0' < 10 {
		i--
	}
	if i == last {
		return false
	}
	if i > 0 && line[i] == '-' {
		i--
	}
	return i > 0 && line[i] == ' '
}
