// Package complaint reads the error responses of servers: the JSON object they come in,
// and what their text says about the lines of a write.
package complaint

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/line"
)

// A Complaint is what the error text of a write says about its lines.
//
// Servers quote measurements, fields and whole lines in their texts, and these may
// contain the servers' own words. So a text is read as a whole, from the fixed words at
// its ends, and never searched for a word in the middle. A text in another form says
// nothing.
type Complaint struct {
	Kind Kind
	// Stored is set if the server stored every line that it does not quote.
	Stored bool
	quotes string // of Unparsed: the lines with their faults
	reason string // of Dropped: the first reason of one shard
	// Dropped is the least number of lines that are not stored. 0: the text does not say.
	Dropped int
	Exact   bool // Dropped counts no line twice
}

// A Kind is a form of error text.
type Kind uint8

const (
	_ Kind = iota // no known form, or one that leaves open what is stored
	// Unparsed: the quoted lines cannot be parsed.
	Unparsed
	// Beyond: some lines are older than the retention policy keeps. 1.x stored the
	// others, except for lines that it could not parse, which it does not mention.
	Beyond
	// Dropped: a shard did not store some of its lines. Other shards may have
	// refused lines too, and 1.x does not mention lines that it could not parse.
	Dropped
	// Listed: version 3 stored the lines that its list does not name.
	Listed
	// Request: the request was refused before its lines were looked at.
	Request
	// Body: the body arrived damaged.
	Body
	// Queued: a cluster accepted the points and will distribute them later.
	Queued
	// Policy: the retention policy does not exist.
	Policy
	// Engine: 1.x says with a 500 that lines have another type than their fields.
	Engine
)

// The fixed words of the servers. 1.x is services/httpd/handler.go, tsdb/shard.go and
// coordinator/points_writer.go of 1.8.10; 2.x is http/write_handler.go and the files of
// the same names in v2.8.0; 3 is its v3 write endpoint.
const (
	wordsPartial   = "partial write: "
	wordsFailure   = "failure writing points to database: " // 2.x, before wordsPartial
	wordsUnparsed  = "unable to parse '"
	wordsBeyond    = "points beyond retention policy"
	wordsConflict  = "field type conflict: input field \""
	wordsListed    = "partial write of line protocol occurred"
	wordsQueued    = "hinted handoff queue not empty"
	wordsNoPolicy  = "retention policy not found: "
	wordsLimit     = "max-" // limits of series, or of values for each tag
	wordsEngine    = "engine: field type conflict"
	wordsDropped   = " dropped="
	wordsDatabase  = " for database: "
	wordsPolicy    = " for retention policy: "
	wordsBeyondV2  = "dropped "
	wordsBeyondV2b = " points outside retention policy of duration "
)

// Read reads the error text of a write.
func Read(text string) Complaint {
	body, v2 := strings.CutPrefix(text, wordsFailure)
	if body, ok := strings.CutPrefix(body, wordsPartial); ok {
		return readPartial(body)
	}
	switch {
	case v2:
	case strings.HasPrefix(text, wordsUnparsed):
		return Complaint{Kind: Unparsed, quotes: text}
	case text == wordsListed:
		return Complaint{Kind: Listed, Stored: true}
	case text == wordsQueued:
		return Complaint{Kind: Queued}
	case text == wordsEngine:
		return Complaint{Kind: Engine}
	case strings.HasPrefix(text, wordsNoPolicy):
		return Complaint{Kind: Policy}
	case text == "database is required", text == "invalid consistency level":
		return Complaint{Kind: Request}
	case text == "unexpected EOF", text == "gzip: invalid header", text == "gzip: invalid checksum":
		return Complaint{Kind: Body}
	}
	return Complaint{}
}

// readPartial reads what follows "partial write: ".
func readPartial(text string) Complaint {
	if text == wordsQueued {
		return Complaint{Kind: Queued}
	}
	reason, dropped, ok := cutDropped(text)
	if !ok {
		return Complaint{Kind: Dropped}
	}
	switch {
	case strings.HasPrefix(reason, wordsUnparsed) && dropped == 0:
		return Complaint{Kind: Unparsed, quotes: reason, Stored: true}
	case reason == wordsBeyond, beyondV2(reason):
		return Complaint{Kind: Beyond, Dropped: dropped, Exact: true}
	}
	// Lines over a limit of series may be counted a second time for another fault.
	return Complaint{Kind: Dropped, reason: reason, Dropped: dropped, Exact: !strings.HasPrefix(reason, wordsLimit)}
}

// beyondV2 reports whether reason is how 2.x begins to speak of lines that are too old.
func beyondV2(reason string) bool {
	rest, ok := strings.CutPrefix(reason, wordsBeyondV2)
	return ok && strings.HasPrefix(strings.TrimLeft(rest, "0123456789"), wordsBeyondV2b)
}

// cutDropped cuts the count off the end of text, together with the names that 2.x adds.
func cutDropped(text string) (reason string, n int, ok bool) {
	if reason, n, ok = cutCount(text); ok {
		return reason, n, true
	}
	if text, ok = cutName(text, wordsPolicy); ok {
		if text, ok = cutName(text, wordsDatabase); ok {
			return cutCount(text)
		}
	}
	return "", 0, false
}

func cutCount(text string) (reason string, n int, ok bool) {
	reason = strings.TrimRight(text, "0123456789")
	n, err := strconv.Atoi(text[len(reason):])
	reason, ok = strings.CutSuffix(reason, wordsDropped)
	return reason, n, ok && err == nil
}

// cutName cuts words and a name without spaces off the end of text.
func cutName(text, words string) (string, bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return "", false
	}
	return strings.CutSuffix(text[:i+1], words)
}

// UnsignedHint returns a hint to append to message, the error text of a write, if the
// first line that could not be parsed has an unsigned integer, which is then the cause.
// Nothing else depends on it, so a truncated text is good enough.
func UnsignedHint(message string) string {
	text := strings.TrimPrefix(strings.TrimPrefix(message, wordsFailure), wordsPartial)
	text, ok := strings.CutPrefix(text, wordsUnparsed)
	if !ok {
		return ""
	}
	quoted, _, ok := strings.Cut(text, "': invalid number")
	if !ok {
		return ""
	}
	var s line.Scanner
	s.ResetCopy([]byte(quoted))
	if !s.Next() || s.Fault.Rule != 0 || s.Number() > 1 {
		return ""
	}
	for i := range s.Fields {
		if s.Fields[i].Kind == line.Uint {
			return " (the server takes no unsigned integers: see lp.Options.Unsigned)"
		}
	}
	return ""
}

// Quoted finds the lines of data that c quotes. It calls f for each, in order, with its
// place and the server's words about it. It reports whether the text consists of such
// quotes only; otherwise the calls of f are void.
//
// A quote counts as a line only if it equals that line byte for byte, and no other line
// after the last one found. A line may contain what stands between two quotes, so that a
// shorter and a longer line fit in the same place. The longer one then contains "': " and
// a line feed, because no fault of the servers' parsers contains an apostrophe or a line
// feed: lines without them need no second look.
func (c *Complaint) Quoted(data []byte, f func(from, to int, words string)) bool {
	if c.Kind != Unparsed {
		return false
	}
	twofold := twofoldLines(data)
	rest, more := c.quotes, true
	for at := 0; at < len(data); {
		from, end := at, at+line.Len(data[at:])
		at = end
		if len(twofold) > 0 && twofold[0].from == from {
			twofold = twofold[1:]
		}
		size, fits := quoteOf(rest, data[from:end-1])
		if !more || !fits {
			continue
		}
		for _, other := range twofold {
			if fitsToo(rest, data[from:end], data[other.from:other.to]) {
				return false
			}
		}
		if isTwofold(data[from:end]) {
			for to := end; to < len(data); {
				next := to + line.Len(data[to:])
				if fitsToo(rest, data[from:end], data[to:next]) {
					return false
				}
				to = next
			}
		}
		f(from, end, rest[:size])
		if more = size < len(rest); more {
			rest = rest[size+1:]
		}
	}
	return !more
}

// quoteOf reports whether s begins with the quote of the line text, which has no line
// feed, and returns the size of the quote with the fault after it.
func quoteOf(s string, text []byte) (size int, ok bool) {
	size = len(wordsUnparsed) + len(text) + len("': ")
	if len(s) < size || s[:len(wordsUnparsed)] != wordsUnparsed ||
		s[len(wordsUnparsed):len(wordsUnparsed)+len(text)] != string(text) || s[size-len("': "):size] != "': " {
		return 0, false
	}
	fault, _, _ := strings.Cut(s[size:], "\n")
	return size + len(fault), fault != "" && strings.IndexByte(fault, '\'') < 0
}

// fitsToo reports whether s begins also with the quote of another line than the one
// found. Both lines have their line feeds.
func fitsToo(s string, found, other []byte) bool {
	_, ok := quoteOf(s, other[:len(other)-1])
	return ok && !bytes.Equal(found, other)
}

func isTwofold(text []byte) bool {
	return bytes.IndexByte(text[:len(text)-1], '\n') >= 0 && bytes.Contains(text, []byte("': "))
}

// A span is a line of a body with its line feed.
type span struct{ from, to int }

// twofoldLines returns the lines that may hold two quotes.
func twofoldLines(data []byte) (list []span) {
	if !bytes.Contains(data, []byte("': ")) {
		return nil
	}
	for at := 0; at < len(data); {
		end := at + line.Len(data[at:])
		if isTwofold(data[at:end]) {
			list = append(list, span{at, end})
		}
		at = end
	}
	return list
}

// Suspects marks the lines of data that c is probably about. lines is their number. ok
// reports that some lines are marked and some are not. It is a guess that costs two
// requests if it is wrong; nothing is concluded from it.
func (c *Complaint) Suspects(data []byte, lines int, p pointwire.Precision) (marks []bool, ok bool) {
	var s line.Scanner
	s.SetOptions(line.Options{Precision: p})
	s.Reset(data)
	marks = make([]bool, 0, lines)
	n := 0
	switch c.Kind {
	case Beyond:
		times := make([]int64, 0, lines)
		for s.Next() {
			if s.Fault.Rule != 0 || !s.Stamped {
				return nil, false
			}
			times = append(times, s.Time)
		}
		if c.Dropped < 1 || c.Dropped >= len(times) {
			return nil, false
		}
		sorted := slices.Clone(times)
		slices.Sort(sorted)
		newest := sorted[c.Dropped-1]
		for _, t := range times {
			marks = append(marks, t <= newest)
		}
	case Dropped:
		words, found := strings.CutPrefix(c.reason, wordsConflict)
		if !found {
			return nil, false
		}
		for s.Next() {
			if s.Fault.Rule != 0 {
				return nil, false
			}
			marks = append(marks, conflicts(words, &s))
		}
	}
	for _, m := range marks {
		if m {
			n++
		}
	}
	return marks, len(marks) == lines && n > 0 && n < lines
}

// conflicts reports whether words, which follow wordsConflict, describe the last line of
// s.
func conflicts(words string, s *line.Scanner) bool {
	name := s.Text(s.Name)
	for _, field := range s.Fields {
		key := s.Text(field.Key)
		for _, quote := range [...]func([]byte) string{plainly, quotedly} {
			rest, ok := strings.CutPrefix(words, quote(key))
			if !ok {
				continue
			}
			if rest, ok = strings.CutPrefix(rest, "\" on measurement \""+quote(name)); !ok {
				continue
			}
			if strings.HasPrefix(rest, "\" is type "+kindWords[field.Kind]+", already exists as type ") {
				return true
			}
		}
	}
	return false
}

// 1.x puts names between quotes as they are, 2.x as Go quotes them.
func plainly(b []byte) string { return string(b) }

func quotedly(b []byte) string {
	s := strconv.Quote(string(b))
	return s[1 : len(s)-1]
}

// kindWords are the servers' words for the types of fields.
var kindWords = [...]string{
	line.Float: "float", line.Int: "integer", line.Uint: "unsigned", line.Bool: "boolean", line.String: "string",
}

// MaxText is how much is kept of a text.
const MaxText = 4 << 10

// Clip cuts s to MaxText bytes at the border of a character.
func Clip(s string) string {
	if len(s) <= MaxText {
		return s
	}
	n := MaxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n]) // the whole may be long
}
