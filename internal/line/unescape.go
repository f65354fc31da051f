package line

// The escapes of line protocol are those of InfluxDB 1.x: a backslash counts only
// directly before one of the bytes that it can escape at its place, and stands for
// itself everywhere else, before another backslash too. Only in a string field
// backslashes come in pairs.

// AppendMeasurement appends the measurement whose text is s.
func AppendMeasurement(dst, s []byte) []byte { return unescape(dst, s, ',', ' ', ',', ',') }

// AppendTag appends the tag key or tag value whose text is s.
func AppendTag(dst, s []byte) []byte { return unescape(dst, s, ',', ' ', '=', ',') }

// AppendFieldKey appends the field key whose text is s.
func AppendFieldKey(dst, s []byte) []byte { return unescape(dst, s, ',', ' ', '=', '"') }

func unescape(dst, s []byte, c0, c1, c2, c3 byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if c := s[i+1]; c == c0 || c == c1 || c == c2 || c == c3 {
				i++
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}

// AppendString appends the value of the string field whose text between the quotes
// is s.
func AppendString(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '"') {
			i++
		}
		dst = append(dst, s[i])
	}
	return dst
}
