package fastclient

import (
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// extraTags are tags to be added to lines that are there already.
type extraTags struct {
	tags []extraTag
	err  error
}

type extraTag struct {
	key  string
	text []byte // ,key=value
}

// add checks and escapes tags, by the encoder: it knows what cannot be a tag.
func (x *extraTags) add(tags []lp.Tag) {
	for _, tag := range tags {
		if _, err := lp.NewSeries("m", tag); err != nil {
			x.err = err
			return
		}
		if text := lp.AppendTag(nil, tag.Key, tag.Value); len(text) > 0 { // an empty value is no tag
			x.tags = append(x.tags, extraTag{tag.Key, text})
		}
	}
}

// appendRaw appends lines that s has yet to look at, as an encoder would write them
// and with the tags x, and returns how many there are. Empty lines and comments are
// left out. It adds the lines that are refused to r. A tag whose key a line has is
// left out of that line.
func appendRaw(dst, lines []byte, s *line.Scanner, x *extraTags, r *points.Refusal) (out []byte, n int) {
	s.SetCheck(len(x.tags) == 0)
	s.Reset(lines)
	for index := 0; s.Next(); index++ {
		if s.Fault.Rule != 0 {
			r.AddLine(s, index)
			continue
		}
		n++
		if len(x.tags) == 0 {
			dst = s.AppendPlain(dst)
			continue
		}
		dst = s.AppendSeries(dst)
		for i := range x.tags {
			if !s.HasTag(x.tags[i].key) {
				dst = append(dst, x.tags[i].text...)
			}
		}
		dst = s.AppendTime(s.AppendFields(dst))
		dst = append(dst, '\n')
	}
	return dst, n
}
