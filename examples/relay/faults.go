package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// maxNamed bounds the bytes of a response that name lines. Clients that understand them
// read more: fastclient reads 4 MiB.
const maxNamed = 1 << 20

// faults collects what is wrong with the lines of one body, in the words of InfluxDB.
// With -wait it is also the dead letter of the SyncWriter, which has no goroutine.
type faults struct {
	stored  int // lines that were not refused
	refused int // lines that the relay or the server refused
	dropped int // refused lines that the server could parse
	text    strings.Builder
	cut     bool // text does not name all of them
}

// add counts a line that the relay refuses.
func (f *faults) add(line []byte, reason string) {
	f.refused++
	f.name("unable to parse '%s': %s", bytes.TrimSuffix(bytes.TrimLeft(line, " \t\x00"), []byte("\n")), reason)
}

// Put counts lines that the server refuses.
func (f *faults) Put(l *batch.LostLines) error {
	f.stored -= l.NotStored
	f.refused += l.NotStored
	text := strings.TrimPrefix(l.Message, "partial write: ")
	if i := strings.LastIndex(text, " dropped="); i >= 0 {
		text = text[:i]
	}
	if !strings.Contains(text, "unable to parse") {
		f.dropped += l.NotStored
	}
	f.name("%s", text)
	return nil
}

func (f *faults) name(format string, args ...any) {
	if f.text.Len() >= maxNamed {
		f.cut = true
		return
	}
	if f.text.Len() > 0 {
		f.text.WriteByte('\n')
	}
	fmt.Fprintf(&f.text, format, args...)
}

// response returns nil if no line was refused. Like InfluxDB it does not count lines that
// cannot be parsed as dropped, unless the response does not name all of them.
func (f *faults) response() error {
	if f.refused == 0 {
		return nil
	}
	text := f.text.String()
	if f.cut {
		text += "\nand further lines"
		f.dropped = f.refused
	}
	if f.stored > 0 || f.dropped > 0 {
		text = fmt.Sprintf("partial write: %s dropped=%d", text, f.dropped)
	}
	return &refusal{status: 400, message: text}
}

// reasons are InfluxDB's words for rules that lp words differently.
var reasons = map[lp.Rule]string{
	lp.RuleEqualsInTag:      "invalid tag format",
	lp.RuleDuplicateTag:     "duplicate tags",
	lp.RuleInvalidValue:     "invalid number",
	lp.RuleOpenQuote:        "unbalanced quotes",
	lp.RuleInvalidTimestamp: "bad timestamp",
	lp.RuleAfterTimestamp:   "point is invalid",
	lp.RuleTimeRange:        fmt.Sprintf("time outside range %d - %d", int64(lp.MinTime), int64(lp.MaxTime)),
}

// reason says why line is refused. at is where it breaks the rule.
func reason(r lp.Rule, line []byte, at int) string {
	if r == lp.RuleInvalidValue && !bytes.ContainsRune([]byte("0123456789.-Nn"), rune(line[at])) {
		return "invalid boolean"
	}
	return cmp.Or(reasons[r], r.String())
}
