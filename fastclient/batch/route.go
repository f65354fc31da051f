package batch

import (
	"bytes"
	"context"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file reads where lines go from their tags. A router, made once, holds the rules; its
// runs, memory of one append, divide lines into runs of lines that go to the same place, and
// take the tags off. routes.go has the batches of these places.

// RouteOptions let a [Writer] choose where each line goes by tags of the line. The zero value
// sends all lines to the database or bucket of the client.
//
// A line without the tag goes where the client's lines go. The value of a tag is that which a
// server reads: with escapes removed. A value that can be no name is refused: the append
// returns a *[RouteError] within its *[AppendError], and accepts the other lines. A name is
// valid UTF-8 of at most 255 bytes without control characters; for [fastclient.V1] also
// without slashes and backslashes, and not "." or "..", as InfluxDB has it.
//
// Each place has a batch of its own, which is full, sealed and sent by the rules of Options.
// All share MaxMemory, MaxInFlight and the spool. If the database, retention policy or bucket
// does not exist, only lines for it wait: OnMissing may create it, and MaxAge drops what
// waits too long.
type RouteOptions struct {
	// DatabaseTag is the key of the tag whose value is the database. For V2, the bucket has
	// the name of the database, followed by a slash and the retention policy if there is one.
	DatabaseTag string
	// RetentionPolicyTag is the key of the tag whose value is the retention policy. It is
	// not for V3.
	RetentionPolicyTag string
	// BucketTag is the key of the tag whose value is the bucket, for V2. It excludes the
	// others.
	BucketTag string
	// Keep leaves the tags in the lines. By default they are taken off.
	Keep bool
	// Required refuses lines that lack one of the tags.
	Required bool
	// Max is the number of places with an open batch, each of which takes a slab of
	// BatchBytes. The place that had no line for the longest time is closed for another: its
	// batch is sealed. The default is 16, or less if MaxMemory does not suffice. For more
	// places, make BatchBytes smaller. A sixteenth of MaxMemory is for what places and small
	// batches take besides their lines, and half of that for the places with an open batch,
	// which take about 1 KiB each: if that is used up, there are fewer than Max.
	Max int
	// OnMissing is called before the next attempt when the server says that a place does not
	// exist. It may create what is missing. Without it, Options.OnMissing is called.
	OnMissing func(ctx context.Context, to Destination) error
}

// A Destination is where lines go. For [fastclient.V2] it has a Bucket, otherwise a Database
// and, unless it is the default, a RetentionPolicy.
type Destination struct {
	Database, RetentionPolicy, Bucket string
}

// String returns the names, separated by slashes.
func (d Destination) String() string {
	s := d.Bucket
	if s == "" {
		s = d.Database
	}
	if d.RetentionPolicy != "" {
		s += "/" + d.RetentionPolicy
	}
	return s
}

// A RouteError says that a line has no place to go, because of a tag that [RouteOptions] name.
type RouteError struct {
	// Index is the number of the line, from 0, among the valid lines of the append.
	Index int
	// Measurement is that of the line.
	Measurement string
	// Tag is the key of the tag, and Value its value, or the beginning of a long one.
	Tag, Value string
	// Reason says what is wrong with the value, such as "has a control character".
	Reason string
}

func (e *RouteError) Error() string {
	b := append(make([]byte, 0, 128), "batch: line "...)
	b = strconv.AppendInt(b, int64(e.Index), 10)
	b = printable.Append(append(b, " of "...), e.Measurement)
	b = printable.Append(append(b, ": tag "...), e.Tag)
	b = printable.Append(append(b, ": "...), e.Reason)
	if e.Value != "" {
		b = printable.Append(append(b, ": "...), e.Value)
	}
	return string(b)
}

// on reports whether there is anything to choose by.
func (o *RouteOptions) on() bool {
	return o.DatabaseTag != "" || o.RetentionPolicyTag != "" || o.BucketTag != ""
}

// check returns the field of o that is wrong and why, or nothing.
func (o *RouteOptions) check(api seam.API) (field, reason string) {
	for _, f := range []struct{ field, key string }{
		{"DatabaseTag", o.DatabaseTag}, {"RetentionPolicyTag", o.RetentionPolicyTag}, {"BucketTag", o.BucketTag},
	} {
		if f.key == "time" || !utf8.ValidString(f.key) || hasControl(f.key) {
			return "Route." + f.field, "can be no key of a tag"
		}
	}
	switch {
	case !o.on() && (o.Keep || o.Required || o.Max != 0 || o.OnMissing != nil):
		return "Route", "names no tag"
	case o.Max < 0:
		return "Route.Max", "is negative"
	case o.BucketTag != "" && api != seam.V2:
		return "Route.BucketTag", "is for V2"
	case o.BucketTag != "" && (o.DatabaseTag != "" || o.RetentionPolicyTag != ""):
		return "Route.BucketTag", "excludes DatabaseTag and RetentionPolicyTag"
	case o.RetentionPolicyTag != "" && api == seam.V3:
		return "Route.RetentionPolicyTag", "is unknown to V3"
	case o.DatabaseTag != "" && o.DatabaseTag == o.RetentionPolicyTag:
		return "Route.RetentionPolicyTag", "is DatabaseTag"
	}
	return "", ""
}

func hasControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}

// maxName is the longest name. Servers name directories so.
const maxName = 255

// wrongName says why value can be no name, or returns nothing.
func wrongName(value []byte, api seam.API) string {
	if len(value) > maxName {
		return "is longer than 255 bytes"
	}
	plain := len(value) > 0
	for _, c := range value {
		plain = plain && c > ' ' && c < 0x7f && c != '/' && c != '\\' && c != '.'
	}
	if plain {
		return ""
	}
	switch {
	case len(value) == 0:
		return "is empty"
	case !utf8.Valid(value):
		return "is not UTF-8"
	}
	for _, r := range string(value) {
		switch {
		case unicode.IsControl(r):
			return "has a control character"
		case api == seam.V1 && !unicode.IsPrint(r):
			return "has a character that no name of a database may have"
		case api == seam.V1 && (r == '/' || r == '\\'):
			return "has a slash or a backslash"
		}
	}
	if s := string(value); api == seam.V1 && (s == "." || s == "..") {
		return "is no name"
	}
	return ""
}

// A router has the rules of a Writer.
type router struct {
	o    RouteOptions
	api  seam.API
	tags []routeTag // database and retention policy, or bucket
	own  seam.Place // the client's
}

// A routeTag is a tag by which a Writer chooses.
type routeTag struct {
	key  string
	text []byte // of the key in a line; empty: there is no such tag
}

// newRouter returns the router of o, nil if there is nothing to choose by.
func newRouter(o RouteOptions, r *seam.Route) (*router, error) {
	if !o.on() {
		return nil, nil
	}
	own, err := r.Place("", "", "")
	if err != nil {
		return nil, err
	}
	x := &router{o: o, api: r.API, own: *own}
	keys := []string{o.DatabaseTag, o.RetentionPolicyTag}
	if o.BucketTag != "" {
		keys = []string{o.BucketTag}
	}
	for _, key := range keys {
		x.tags = append(x.tags, routeTag{key, line.EscapeTag(nil, key)})
	}
	return x, nil
}

// A run is a sequence of lines for one place.
type run struct {
	end, lines int // of the run in the lines
	from, to   int // of the key of the place in runs.keys
}

// runs are the lines of one append, by place.
type runs struct {
	list  []run
	keys  []byte // of the places: for each tag, the length of its value in two bytes, and the value
	texts []byte // of the values of the last line, as they are in it, each with a line feed
	buf   []byte // the lines without the tags
	bad   int
	err   *RouteError // the first
}

// divide divides n lines into runs. It returns the lines that the ends of the runs are in, which
// are other ones if tags are taken off or lines refused.
func (x *router) divide(s *runs, lines []byte, n int) []byte {
	s.list, s.keys, s.texts, s.buf, s.bad, s.err = s.list[:0], s.keys[:0], s.texts[:0], s.buf[:0], 0, nil
	same := false // the last line went to the last run
	copied := false
	kept := 0 // the lines before it are in buf, if copied
	end := 0  // of the good lines, in what is returned
	var cuts [2][2]int
	for at, index := 0, 0; index < n; index++ {
		text := lines[at : at+line.Len(lines[at:])]
		begin := at
		at += len(text)
		// Lines with the values of the one before go where that goes.
		here := len(s.texts)
		nc := 0
		for i := range x.tags {
			t := &x.tags[i]
			if len(t.text) > 0 {
				comma, value, stop := line.FindTag(text, t.text)
				if comma >= 0 {
					s.texts = append(s.texts, text[value:stop]...)
					cuts[nc] = [2]int{comma, stop}
					nc++
				}
			}
			s.texts = append(s.texts, '\n') // no value has one
		}
		if len(s.list) == 0 || !same || string(s.texts[:here]) != string(s.texts[here:]) {
			r := run{end: end, from: len(s.keys)}
			if bad := x.key(s, text, s.texts[here:]); bad != nil {
				if bad.Index = index; s.err == nil {
					s.err = bad
				}
				s.bad++
				s.keys = s.keys[:r.from]
				s.texts = s.texts[:0]
				copied = true
				s.buf = append(s.buf, lines[kept:begin]...)
				kept = at
				same = false
				continue
			}
			r.to = len(s.keys)
			s.list = append(s.list, r)
		}
		same = true
		s.texts = s.texts[:copy(s.texts, s.texts[here:])]
		size := len(text)
		if nc > 0 && !x.o.Keep {
			copied = true
			s.buf = append(s.buf, lines[kept:begin]...)
			if nc == 2 && cuts[0][0] > cuts[1][0] {
				cuts[0], cuts[1] = cuts[1], cuts[0]
			}
			from := 0
			for _, c := range cuts[:nc] {
				s.buf = append(s.buf, text[from:c[0]]...)
				from = c[1]
				size -= c[1] - c[0]
			}
			s.buf = append(s.buf, text[from:]...)
			kept = at
			if whole := s.buf[len(s.buf)-size:]; !endsOnce(whole) {
				s.buf = s.buf[:len(s.buf)-size]
				if s.bad++; s.err == nil {
					s.err = x.refuse(text, x.tags[0].key, nil, "cannot be taken off a line in which servers take a part for a string")
					s.err.Index = index
				}
				continue
			}
		}
		end += size
		r := &s.list[len(s.list)-1]
		r.end = end
		r.lines++
	}
	if !copied {
		return lines
	}
	s.buf = append(s.buf, lines[kept:]...)
	return s.buf
}

// endsOnce reports whether servers find the end of the line where it is. With two backslashes
// before a space in a tag they see strings where none are, and a tag that was taken off may
// have closed one.
func endsOnce(text []byte) bool {
	if bytes.IndexByte(text, '"') < 0 || !bytes.Contains(text, []byte(`\\`)) {
		return true
	}
	end, _ := line.Split(text)
	return end == len(text)-1
}

// key appends the key of the place of a line to s.keys. texts are the values of its tags.
func (x *router) key(s *runs, text, texts []byte) *RouteError {
	at := 0
	for i := range x.tags {
		stop := at
		for texts[stop] != '\n' {
			stop++
		}
		begin := len(s.keys) + 2
		s.keys = line.AppendTag(append(s.keys, 0, 0), texts[at:stop])
		value := s.keys[begin:]
		if stop > at {
			if why := wrongName(value, x.api); why != "" {
				return x.refuse(text, x.tags[i].key, value, why)
			}
		} else if x.o.Required && len(x.tags[i].text) > 0 {
			return x.refuse(text, x.tags[i].key, nil, "is missing")
		}
		s.keys[begin-2], s.keys[begin-1] = byte(len(value)>>8), byte(len(value))
		at = stop + 1
	}
	return nil
}

func (x *router) refuse(text []byte, tag string, value []byte, reason string) *RouteError {
	name := line.AppendMeasurement(nil, text[:line.SeriesPart(text, 0)])
	const most = 64
	return &RouteError{Measurement: string(name[:min(len(name), most)]), Tag: tag, Value: string(value[:min(len(value), most)]), Reason: reason}
}

// names returns what a key names.
func (x *router) names(key []byte) (db, rp, bucket string) {
	next := func() (s string) {
		n := int(key[0])<<8 | int(key[1])
		s, key = string(key[2:2+n]), key[2+n:]
		return s
	}
	if x.o.BucketTag != "" {
		return "", "", next()
	}
	db = next()
	return db, next(), ""
}

// admits reports whether lines may have named p.
func (x *router) admits(p *seam.Place) bool {
	return x.api == seam.V2 ||
		(x.o.DatabaseTag != "" || p.Database == x.own.Database) &&
			(x.o.RetentionPolicyTag != "" || p.RetentionPolicy == x.own.RetentionPolicy)
}

// series returns the line by which times are given to lines without one: of lines that go
// where those without a tag go, the same series has one sequence of times.
func (x *router) series(buf, text []byte) []byte {
	for i := range x.tags {
		t := &x.tags[i]
		if len(t.text) == 0 {
			continue
		}
		own := [...]string{x.own.Database, x.own.RetentionPolicy}[i]
		if x.o.BucketTag != "" || x.api == seam.V2 {
			own = x.own.Bucket
		}
		comma, value, end := line.FindTag(text, t.text)
		if comma >= 0 && string(line.AppendTag(nil, text[value:end])) == own {
			buf = append(append(buf[:0], text[:comma]...), text[end:]...)
			text = buf
		}
	}
	return text
}

// Errors of lines that were counted already, see engine.refused.
type countedError struct{ error }

func (e *countedError) Unwrap() error { return e.error }

var errNoRoute = &fastclient.OptionError{Field: "Options.Route", Reason: "needs a Writer"}
