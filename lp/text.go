package lp

import (
	"strings"
	"unicode/utf8"
)

// This file decides which texts line protocol can carry. For each part of a line there
// is a check function, which returns the Reason why the text cannot be carried or 0, and
// a replace function, whose result always passes the check. Neither escapes; escape.go
// does. The rules come from reading InfluxDB 1.8.10's parser, from writing and reading
// back every short string on 1.6.7 and 1.7.11, and from fuzzing against that parser.

// checkMeasurement returns why a measurement cannot be name, or 0.
func checkMeasurement(name string) Reason {
	if name == "" {
		return ErrNoMeasurement
	}
	switch name[0] {
	case '#':
		return ErrComment
	case '\t', 0:
		return ErrLeadingSpace
	}
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\n':
			return ErrNewline
		case '\\':
			if i+1 == len(name) {
				return ErrBackslash
			}
			switch name[i+1] {
			case ',', ' ', '=', '"':
				return ErrBackslash
			}
		}
	}
	return checkUTF8(name)
}

// checkTagKey returns why d cannot carry key as a tag key, or 0.
func checkTagKey(key string, d Dialect) Reason {
	switch key {
	case "":
		return ErrEmptyKey
	case "time":
		return ErrReservedKey
	}
	return checkTagValue(key, d)
}

// checkTagValue returns why d cannot carry value, which is not empty, as a tag value, or
// 0.
//
// An odd number of backslashes before a comma, an equals sign or a space becomes an even
// number when that byte is escaped. VictoriaMetrics and others read backslashes in
// pairs, so to them that byte separates, and the value adds a tag. InfluxDB's parser
// still reads the tag, because it looks only at the byte before. But the code that
// splits a body into lines runs earlier and takes backslashes in pairs: to it a space
// begins the fields, a quote after the space may begin a string, and the string goes on
// into the next line. Whether that happens depends on all tags that follow, which
// neither [AppendTag] nor [NewSeries] can know.
func checkTagValue(value string, d Dialect) Reason {
	if strings.IndexByte(value, '\n') >= 0 {
		return ErrNewline
	}
	if i := strings.IndexByte(value, '\\'); i >= 0 {
		if r := checkBackslashes(value[i:], d); r != 0 {
			return r
		}
	}
	return checkUTF8(value)
}

// checkBackslashes returns why d cannot carry the backslashes of a tag key or tag value,
// or 0.
func checkBackslashes(s string, d Dialect) (r Reason) {
	run := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			run++
			continue
		}
		if run%2 == 1 {
			switch s[i] {
			case ' ':
				return ErrBackslash
			case ',', '=':
				if d != Influx1 {
					r = ErrNotPortable
				}
			}
		}
		run = 0
	}
	if run > 0 {
		return ErrBackslash
	}
	return r
}

// checkFieldKey returns why d cannot carry key as a field key, or 0.
//
// An odd number of backslashes before a double quote becomes an even number when the
// quote is escaped. VictoriaMetrics then finds a quote that opens a string.
func checkFieldKey(key string, d Dialect) (r Reason) {
	switch key {
	case "":
		return ErrEmptyKey
	case "time":
		return ErrReservedKey
	}
	switch key[0] {
	case '\t', 0:
		return ErrLeadingSpace
	}
	run := 0 // backslashes directly before key[i]
	for i := 0; i < len(key); i++ {
		switch key[i] {
		case '\n':
			return ErrNewline
		case '\\':
			run++
			continue
		case ',', ' ', '=':
			if run%2 == 1 {
				return ErrBackslash
			}
		case '"':
			if run%2 == 1 && d != Influx1 {
				r = ErrNotPortable
			}
		}
		run = 0
	}
	if run > 0 {
		return ErrBackslash
	}
	if r != 0 {
		return r
	}
	return checkUTF8(key)
}

func checkUTF8(s string) Reason {
	if !utf8.ValidString(s) {
		return ErrUTF8
	}
	return 0
}

// replaceMeasurement replaces what a measurement cannot hold.
func replaceMeasurement(name string) string {
	if name == "" {
		return "_"
	}
	b := replaceBytes(name)
	switch b[0] {
	case '#', '\t', 0:
		b[0] = '_'
	}
	for i, c := range b {
		if c != '\\' {
			continue
		}
		if i+1 == len(b) || strings.IndexByte(`, ="`, b[i+1]) >= 0 {
			b[i] = '_'
		}
	}
	return string(b)
}

// replaceTagKey replaces what a tag key cannot hold in d.
func replaceTagKey(key string, d Dialect) string {
	switch key {
	case "":
		return "_"
	case "time":
		return "_time"
	}
	return replaceTagValue(key, d)
}

// replaceTagValue replaces what a tag value cannot hold in d. value is not empty.
func replaceTagValue(value string, d Dialect) string {
	b := replaceBytes(value)
	run := 0
	for i, c := range b {
		if c == '\\' {
			run++
			continue
		}
		if run%2 == 1 && (c == ' ' || d != Influx1 && (c == ',' || c == '=')) {
			b[i-1] = '_'
		}
		run = 0
	}
	if run > 0 {
		b[len(b)-1] = '_'
	}
	return string(b)
}

// replaceFieldKey replaces what a field key cannot hold in d.
func replaceFieldKey(key string, d Dialect) string {
	switch key {
	case "":
		return "_"
	case "time":
		return "_time"
	}
	b := replaceBytes(key)
	switch b[0] {
	case '\t', 0:
		b[0] = '_'
	}
	run := 0
	for i, c := range b {
		switch c {
		case '\\':
			run++
			continue
		case ',', ' ', '=':
			if run%2 == 1 {
				b[i-1] = '_'
			}
		case '"':
			if run%2 == 1 && d != Influx1 {
				b[i-1] = '_'
			}
		}
		run = 0
	}
	if run > 0 {
		b[len(b)-1] = '_'
	}
	return string(b)
}

// replaceBytes returns a copy of s with U+FFFD for every run of invalid UTF-8
// and '_' for every line feed.
func replaceBytes(s string) []byte {
	b := []byte(strings.ToValidUTF8(s, "\uFFFD"))
	for i, c := range b {
		if c == '\n' {
			b[i] = '_'
		}
	}
	return b
}

// CheckMeasurement returns nil if line protocol can carry name as a measurement,
// or the [Reason] why it cannot.
func CheckMeasurement(name string) error { return asError(checkMeasurement(name)) }

// CheckTag returns nil if line protocol can carry a tag of this key and value in the
// dialect [Portable], or the [Reason] why it cannot. A tag with an empty value is left
// out of a line, which is not an error. [Dialect.CheckTag] does the same for another
// dialect.
func CheckTag(key, value string) error { return Portable.CheckTag(key, value) }

// CheckTag returns nil if d can carry a tag of this key and value, or the [Reason] why
// it cannot. A tag with an empty value is left out of a line, which is not an error.
func (d Dialect) CheckTag(key, value string) error {
	if r := checkTagKey(key, d); r != 0 {
		return r
	}
	return asError(checkTagValue(value, d))
}

// CheckFieldKey returns nil if line protocol can carry key as the key of a field in the
// dialect [Portable], or the [Reason] why it cannot. [Dialect.CheckFieldKey] does the
// same for another dialect.
func CheckFieldKey(key string) error { return Portable.CheckFieldKey(key) }

// CheckFieldKey returns nil if d can carry key as the key of a field, or the [Reason] why
// it cannot.
func (d Dialect) CheckFieldKey(key string) error { return asError(checkFieldKey(key, d)) }

func asError(r Reason) error {
	if r == 0 {
		return nil
	}
	return r
}
