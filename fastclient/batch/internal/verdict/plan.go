package verdict

import (
	"slices"
	"strings"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// An Outcome says what becomes of a run of lines.
type Outcome uint8

const (
	Again     Outcome = iota // sent again
	Acked                    // stored
	Rejected                 // not stored, refused for good
	Uncertain                // stored or refused, which cannot be known
)

// A Reason says why lines are refused, or why their outcome cannot be known.
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
	Second   bool   // of Again: sent apart from the others, see Plan.Gather
	Reason   Reason // for Rejected and Uncertain
	Message  string // the server's words, for Rejected and Uncertain
}

// A Plan says what a response means for the lines of a part. Its spans follow each other
// without gaps and cover the part.
type Plan struct {
	Action Action // as judged
	Spans  []Span
	// Gather is set if the spans that are sent again make one request, or two if some are
	// second; otherwise each makes one.
	Gather bool
	Wait   bool // the server cannot take writes now: pause before the next request
	Learn  int  // size that the server will not accept, 0 if nothing was learned
	Known  int  // how many of the uncertain lines are not stored at least
}

// Limits are the options and the history that a plan depends on.
type Limits struct {
	Search    bool // search for refused lines that the server does not name
	Within    bool // the batch has not used up the requests it may cost
	Ordered   bool // lines are sent again only in their order
	Precision pointwire.Precision
	Tries     int  // responses to this part under ActUnreadable, with this one
	Plain     bool // the part was sent without content encoding
	Downgrade bool // another write API was found just now
}

// Requests returns how many requests the lines that are sent again will make.
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

// Loses reports whether lines will not be stored, or may not be.
func (p *Plan) Loses() bool {
	for i := range p.Spans {
		if o := p.Spans[i].Outcome; o == Rejected || o == Uncertain {
			return true
		}
	}
	return false
}

// Decide says what becomes of the lines in data after the response r. It sets p, with
// spans appended to p.Spans[:0]. It reads data and changes nothing.
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

// once returns the outcome of lines that are sent again at once in another way, if there
// is one. If there is none, a database has refused them for good, and a proxy has not.
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

func (p *Plan) whole(data []byte, lines int, outcome Outcome, reason Reason, r *seam.Response) {
	p.Spans = append(p.Spans[:0], Span{To: len(data), Lines: lines, Outcome: outcome, Reason: reason, Message: complaint.Clip(r.Message)})
}

// refuse says what becomes of lines of which the server refused some.
//
// Named lines are refused; the others are stored or, if the server stores nothing beside
// bad lines, sent again. Unnamed bad lines are searched for by sending parts of the lines
// again: each response is then about fewer lines, until it is about one, or about lines
// of which none or all are stored. Lines without a timestamp are not sent again if they
// may be stored.
func (p *Plan) refuse(data []byte, lines int, r *seam.Response, l Limits) {
	c := complaint.Read(r.Message)
	reason := ForLine
	if c.Kind == complaint.Beyond {
		reason = ForRetention
	}
	nothing := !r.Mixed && !c.Stored && (c.Kind == complaint.Unparsed || hasList(r) && len(r.Refused) > 0)
	switch {
	case lines == 1 || c.Exact && c.Dropped >= lines && !r.Mixed:
		p.whole(data, lines, Rejected, reason, r)
	case !r.Truncated && !r.Mixed && (c.Stored || l.Search || l.Within) && p.named(data, lines, r, &c):
	case !l.Search && !(l.Within && r.Truncated): // a shorter response says more
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

// named makes spans of the lines that the server names. It reports false if it names
// none, or if the names do not fit the lines.
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

// hasList reports whether the list of lines in r counts: it comes from the write endpoint
// of version 3 with a 400 or 422. That server stored what the list does not name, or
// nothing. A 500 leaves open what became of the others.
func hasList(r *seam.Response) bool { return r.API == seam.V3 && r.Status != 500 }

// listed calls f for each line that the list of the response names, in order. It reports
// false if the list is empty, or names a line that does not exist or begins in another
// way.
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

// unstamped makes spans of the lines without a timestamp. The server stamps them on
// arrival: they may be stored, and sending them again would store them twice. It reports
// false if there are none.
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

// setApart lets the lines that the server is probably speaking of be sent apart from the
// others, so that one response is about bad lines alone and the other about good ones.
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

// run adds a run of lines to the last span if they share their outcome, and otherwise as
// a new span.
func (p *Plan) run(from, to int, outcome Outcome, second bool) {
	if n := len(p.Spans); n > 0 && p.Spans[n-1].Outcome == outcome && p.Spans[n-1].Second == second {
		p.Spans[n-1].To = to
		p.Spans[n-1].Lines++
		return
	}
	p.Spans = append(p.Spans, Span{From: from, To: to, Lines: 1, Outcome: outcome, Second: second})
}

// halve divides the part in two at the end of a line.
func (p *Plan) halve(data []byte, lines int) {
	at, n := line.Middle(data)
	p.Spans = append(p.Spans[:0],
		Span{To: at, Lines: n, Outcome: Again},
		Span{From: at, To: len(data), Lines: lines - n, Outcome: Again})
}

// Onto moves the spans of p, which was made for the same lines in another unit, to their
// places in data.
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

// Gather moves the runs that are sent again to the front of data, the second ones after
// the others, each in its order. It overwrites the other runs, and changes spans.
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

// partition moves the second runs after the others, in place; runs follow each other
// without gaps. It returns where the second ones begin in data.
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
