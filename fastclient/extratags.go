package fastclient

import (
	"bytes"

	"github.com/pointwire/pointwire/lp"
)

// extraTags are tags to be added to lines that are there already.
type extraTags struct {
	tags []extraTag
	err  error
}

type extraTag struct {
	key  []byte // escaped
	text []byte // ,key=value
}

// add checks and escapes tags, by the encoder: it knows what cannot be a tag.
func (x *extraTags) add(tags []lp.Tag) {
	for _, tag := range tags {
		if _, err := lp.NewSeries("m", tag); err != nil {
			x.err = err
			return
		}
		text := lp.AppendTag(nil, tag.Key, tag.Value)
		if len(text) == 0 {
			continue // an empty value is no tag
		}
		x.tags = append(x.tags, extraTag{key: text[1:nameEnd(text, 1)], text: text})
	}
}

// appendTo appends lines with the tags. A tag whose key a line has is left out
// of that line.
func (x *extraTags) appendTo(dst, lines []byte) []byte {
	for len(lines) > 0 {
		n := lineEnd(lines)
		if n == 0 {
			n = len(lines)
		}
		line := lines[:n]
		lines = lines[n:]
		end := seriesEnd(line)
		dst = append(dst, line[:end]...)
		if end < len(line) && line[0] != '#' {
			for _, tag := range x.tags {
				if !hasTag(line[:end], tag.key) {
					dst = append(dst, tag.text...)
				}
			}
		}
		dst = append(dst, line[end:]...)
	}
	return dst
}

// seriesEnd returns the index of the space behind measurement and tags.
func seriesEnd(line []byte) int {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case ' ':
			return i
		}
	}
	return len(line)
}

// nameEnd returns the end of the name at i: an unescaped comma or equals sign.
func nameEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case ',', '=':
			return i
		}
	}
	return len(b)
}

// hasTag reports whether series has a tag of the key.
func hasTag(series, key []byte) bool {
	for i := measurementEnd(series); i < len(series); {
		eq := nameEnd(series, i+1)
		if bytes.Equal(series[min(i+1, eq):eq], key) {
			return true
		}
		for i = eq; i < len(series) && series[i] != ','; {
			i = nameEnd(series, i+1)
		}
	}
	return false
}

// measurementEnd returns the index of the comma behind the measurement, in
// which an equals sign is not special.
func measurementEnd(series []byte) int {
	for i := 0; i < len(series); i++ {
		switch series[i] {
		case '\\':
			i++
		case ',':
			return i
		}
	}
	return len(series)
}
