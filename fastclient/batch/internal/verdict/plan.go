package verdict

import (
	"slices"
	"strings"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// This file makes plans. Decide handles the actions that treat all lines alike, and gives
// the others to refuse, which reads what the server said about the lines: named makes spans
// of the lines that it names, and the search for lines that it does not name sends parts of
// the batch again, by setApart or halve. leaveOpen ends the search, and unstamped keeps
// lines out of it that may be stored twice. Gather then moves the lines that are sent again
// together, in place.
//
// Invariants: the spans of a plan are whole lines, follow each other without gaps, cover the
// part, and hold as many lines as it does. Decide reads the lines and changes none; only
// Gather moves bytes. The search ends: each step makes smaller parts, uses up the requests
// that a batch may cost, or leaves the outcome open.

// An Outcome says what becomes of a span of lines.
type Outcome uint8

const (
	Again     Outcome = iota // sent again
	Acked                    // stored
	Rejected                 // refused for good, and not stored
	Uncertain                // stored or refused: the response leaves it open
)

// A Reason says why lines are rejected or uncertain. Package batch gives the constants the
// same numbers as its own, and documents them.
type Reason uint8

const (
	_ Reason = iota
	ForLine
	ForRetention
	ForRequest
	ForTooLarge
	ForUncertain
)

// A Span is a run of whole lines of a part and its outcome.
type Span struct {
	From, To int // offsets in the part
	Lines    int
	Outcome  Outcome
	Second   bool   // for Again: sent apart from the other lines, see Plan.Gather
	Reason   Reason // for Rejected and Uncertain
	Message  string // the server's words, for Rejected and Uncertain
}

// A Plan is the verdict on a part: what a response means for its lines.
type Plan struct {
	Action Action // that Judge returned
	Spans  []Span
	// Gather is set if the spans that are sent again become one request, or two if some
	// are Second. Otherwise each span becomes one.
	Gather bool
	Wait   bool // the server cannot take writes now: pause before the next request
	Learn  int  // size that the server will not accept, 0 if nothing was learned
	Known  int  // at least this many of the uncertain lines are not stored
}

// Limits are the options and the history that a plan depends on.
type Limits struct {
	Search    bool                // search for refused lines that the server does not name
	Within    bool                // the batch has not used up the requests it may cost
	Ordered   bool                // lines are sent again only in their order
	Precision pointwire.Precision // of the timestamps as sent
	Tries     int                 // responses to this part under ActUnreadable, including this one
	Plain     bool                // the part was sent without content encoding
	Downgrade bool                // the target has changed to another write API
}

// Requests returns in how many requests lines are sent again.
func (p *Plan) Requests() (n int) {
	first, second := 0, 0
	for i := range p.Spans {
		if span := &p.Spans[i]; span.Outcome != Again {
		} else if span.Second {
			second++
		} else {
			first++
		}
	}
	if p.Gather {
		return min(first, 1) + min(second, 1)
	}
	return first + second
}

// Loses reports whether a span is rejected or uncertain.
func (p *Plan) Loses() bool {
	for i := range p.Spans {
		if o := p.Spans[i].Outcome; o == Rejected || o == Uncertain {
			return true
		}
	}
	return false
}

// Decide sets p to what becomes of the lines in data after the response r. It reuses the
// memory of p.Spans, and does not change data.
func Decide(p *Plan, data []byte, lines int, r *seam.Response, l Limits) {
	*p = Plan{Action: Judge(r), Spans: p.Spans[:0]}
	whole := func(outcome Outcome, reason Reason) { p.whole(data, lines, outcome, reason, r) }
	switch p.Action {
	case ActAck:
		whole(Acked, 0)
	case ActRefused:
		p.refuse(data, lines, r, l)
	case ActReject:
		whole(Rejected, ForRequest)
	case ActUnreadable:
		if l.Tries >= FewAttempts {
			whole(Uncertain, ForUncertain)
			return
		}
		whole(Again, 0)
		p.Wait = true
	case ActRetry, ActKeep, ActMissing:
		whole(Again, 0)
		p.Wait = true
	case ActSplit:
		if lines == 1 {
			whole(Rejected, ForTooLarge)
			return
		}
		p.Learn = len(data)
		p.halve(data, lines)
	case ActPlain:
		whole(p.once(!l.Plain, r))
	case ActDowngrade:
		whole(p.once(l.Downgrade, r))
	}
}

// once returns the outcome of lines that can be sent in another way, if there is one: they
// are sent again at once. If there is none, a database has refused them for good, but a
// proxy has not.
func (p *Plan) once(another bool, r *seam.Response) (Outcome, Reason) {
	switch {
	case another:
		return Again, 0
	case r.Foreign:
		p.Wait = true
		return Again, 0
	}
	return Rejected, ForRequest
}

// whole makes one span of all lines.
func (p *Plan) whole(data []byte, lines int, outcome Outcome, reason Reason, r *seam.Response) {
	p.Spans = append(p.Spans[:0], Span{To: len(data), Lines: lines, Outcome: outcome, Reason: reason, Message: complaint.Clip(r.Message)})
}

// refuse says what becomes of lines of which the server refused some.
//
// Lines that it names are rejected. The others are stored or, if the server stores none
// when it refuses some, sent again. Bad lines that it does not name are searched for by
// sending parts of the lines again. Each response is then about fewer lines, until it is
// about one line, or about lines of which none or all are stored. Lines without a timestamp
// are not sent again if they may be stored.
func (p *Plan) refuse(data []byte, lines int, r *seam.Response, l Limits) {
	c := complaint.Read(r.Message)
	if r.Listed {
		c = complaint.Complaint{Stored: true}
	}
	reason := ForLine
	if c.Kind == complaint.Beyond {
		reason = ForRetention
	}
	nothing := !r.Mixed && !c.Stored && (c.Kind == complaint.Unparsed || hasList(r) && len(r.Refused) > 0)
	switch {
	case lines == 1 || c.Exact && c.Dropped >= lines && !r.Mixed:
		p.whole(data, lines, Rejected, reason, r)
	case !r.Truncated && !r.Mixed && (c.Stored || l.Search || l.Within) && p.named(data, lines, r, &c):
	case !l.Search && !(l.Within && r.Truncated): // the response to fewer lines may be complete
		if nothing {
			p.whole(data, lines, Rejected, ForRequest, r)
		} else {
			p.leaveOpen(data, lines, r, &c)
		}
	case !nothing && p.unstamped(data, r, &c):
	case !l.Ordered && p.setApart(data, lines, &c, l.Precision):
	default:
		p.halve(data, lines)
	}
}

// leaveOpen makes the outcome of all lines uncertain.
func (p *Plan) leaveOpen(data []byte, lines int, r *seam.Response, c *complaint.Complaint) {
	p.whole(data, lines, Uncertain, ForUncertain, r)
	p.Known = min(max(c.Dropped, 1), lines)
}

// named makes spans of the lines that the server names, and of the others. It reports false
// if the server names none, or if what it names does not fit the lines.
func (p *Plan) named(data []byte, lines int, r *seam.Response, c *complaint.Complaint) bool {
	rest := Again
	if c.Stored {
		rest = Acked
	}
	at, number := 0, 0
	good := func(to, n int) {
		if n > 0 {
			p.Spans = append(p.Spans, Span{From: at, To: to, Lines: n, Outcome: rest})
		}
		number += n
	}
	bad := func(from, to int, message string) {
		good(from, line.Count(data[at:from]))
		p.Spans = append(p.Spans, Span{From: from, To: to, Lines: 1, Outcome: Rejected, Reason: ForLine, Message: message})
		number++
		at = to
	}
	found := false
	switch {
	case c.Kind == complaint.Unparsed:
		found = c.Quoted(data, func(from, to int, words string) { bad(from, to, complaint.Clip(words)) })
	case hasList(r):
		found = listed(r, data, lines, bad)
	}
	if !found || len(p.Spans) == 0 {
		p.Spans = p.Spans[:0]
		return false
	}
	good(len(data), lines-number)
	p.Gather = rest == Again
	return true
}

// hasList reports whether the list of lines in r counts: it does if it is complete, or comes
// from the write endpoint of version 3 with a 400 or 422. That server stored the lines that
// the list does not name, or none. A 500 leaves open what became of the other lines.
func hasList(r *seam.Response) bool { return r.Listed || r.API == seam.V3 && r.Status != 500 }

// listed calls f for each line that the list of the response names, in order. It reports
// false if the list is empty, names a line that does not exist, or quotes a line that has
// another beginning.
func listed(r *seam.Response, data []byte, lines int, f func(from, to int, message string)) bool {
	if len(r.Refused) == 0 {
		return false
	}
	last := 0
	for i := range r.Refused {
		n := r.Refused[i].Number
		if n <= last || n > lines {
			return false
		}
		last = n
	}
	next := r.Refused
	for at, number := 0, 1; len(next) > 0; number++ {
		end := at + line.Len(data[at:])
		if next[0].Number == number {
			if !strings.HasPrefix(string(data[at:end]), next[0].Text) {
				return false
			}
			f(at, end, next[0].Message)
			next = next[1:]
		}
		at = end
	}
	return true
}

// unstamped makes lines without a timestamp uncertain, and sends the others again. The
// server stamps such lines on arrival: they may be stored, and sending them again would
// store them twice. It reports false if there are none.
func (p *Plan) unstamped(data []byte, r *seam.Response, c *complaint.Complaint) bool {
	found := false
	for at := 0; at < len(data); {
		end := at + line.Len(data[at:])
		outcome := Again
		if !line.Stamped(data[at:end]) {
			outcome, found = Uncertain, true
		}
		p.run(at, end, outcome, false)
		at = end
	}
	if !found {
		p.Spans = p.Spans[:0]
		return false
	}
	for i := range p.Spans {
		if span := &p.Spans[i]; span.Outcome == Uncertain {
			span.Reason, span.Message = ForUncertain, complaint.Clip(r.Message)
		}
	}
	p.Gather = true
	return true
}

// setApart sends the lines that the response is probably about apart from the others, so
// that one of the next responses is about bad lines only, and the other about good ones. It
// reports false if the response gives no hint.
func (p *Plan) setApart(data []byte, lines int, c *complaint.Complaint, precision pointwire.Precision) bool {
	marks, ok := c.Suspects(data, lines, precision)
	if !ok {
		return false
	}
	for at, i := 0, 0; at < len(data); i++ {
		end := at + line.Len(data[at:])
		p.run(at, end, Again, marks[i])
		at = end
	}
	p.Gather = true
	return true
}

// run appends a line to the last span if that has the same outcome, and otherwise begins a
// new span.
func (p *Plan) run(from, to int, outcome Outcome, second bool) {
	if n := len(p.Spans); n > 0 && p.Spans[n-1].Outcome == outcome && p.Spans[n-1].Second == second {
		p.Spans[n-1].To = to
		p.Spans[n-1].Lines++
		return
	}
	p.Spans = append(p.Spans, Span{From: from, To: to, Lines: 1, Outcome: outcome, Second: second})
}

// halve makes two spans of about the same size, each to be sent again.
func (p *Plan) halve(data []byte, lines int) {
	at, n := line.Middle(data)
	p.Spans = append(p.Spans[:0],
		Span{To: at, Lines: n, Outcome: Again},
		Span{From: at, To: len(data), Lines: lines - n, Outcome: Again})
}

// Onto makes p a plan for data. It was made for the same lines with their timestamps in
// another unit, so the spans are elsewhere.
func (p *Plan) Onto(data []byte) {
	at := 0
	for i := range p.Spans {
		span := &p.Spans[i]
		span.From = at
		for range span.Lines {
			at += line.Len(data[at:])
		}
		span.To = at
	}
	if p.Learn > 0 {
		p.Learn = len(data)
	}
}

// Gather moves the spans that are sent again to the front of data: first those that are
// not Second, then those that are, each in their order. It returns both as runs, which may
// be empty. It overwrites the other lines in data, and spans.
func Gather(data []byte, spans []Span) (runs [2]Span) {
	again := spans[:0]
	to := 0
	for _, span := range spans {
		if span.Outcome == Again {
			size := copy(data[to:], data[span.From:span.To])
			span.From, span.To = to, to+size
			to += size
			again = append(again, span)
		}
	}
	first := partition(data, again)
	runs[0].To, runs[1].From, runs[1].To = first, first, to
	for i := range again {
		if again[i].Second {
			runs[1].Lines += again[i].Lines
		} else {
			runs[0].Lines += again[i].Lines
		}
	}
	return runs
}

// partition moves the Second spans of runs after the others, in place, and returns where
// they begin in data. The spans follow each other without gaps.
func partition(data []byte, runs []Span) (first int) {
	switch len(runs) {
	case 0:
		return 0
	case 1:
		if runs[0].Second {
			return runs[0].From
		}
		return runs[0].To
	}
	half := len(runs) / 2
	a, b := runs[half-1].To, runs[half].From // they are equal
	left, right := partition(data, runs[:half]), partition(data, runs[half:])
	// Swap the second runs of the left half with the first runs of the right half.
	slices.Reverse(data[left:a])
	slices.Reverse(data[b:right])
	slices.Reverse(data[left:right])
	return left + right - b
}
