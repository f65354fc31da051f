package batch

import (
	"slices"
	"strings"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// A fate is what becomes of a run of lines.
type fate uint8

const (
	fateAgain     fate = iota // sent again
	fateAcked                 // stored
	fateReject                // not stored, refused for good
	fateUncertain             // stored or refused, which cannot be known
)

// A reason is why lines are refused, or why it cannot be known.
type reason uint8

const (
	_ reason = iota
	forLine
	forBeyond
	forRequest
	forTooLarge
	forUncertain
)

// A cut is a run of whole lines of a part and its fate.
type cut struct {
	from, to int // offsets in the part
	lines    int
	fate     fate
	second   bool   // of fateAgain: sent apart from the others, see plan.gather
	reason   reason // for fateReject and fateUncertain
	message  string // for these, too
}

// A plan is what an answer means for the lines of a part. The cuts follow each
// other without gaps and cover the part.
type plan struct {
	action action // as judged
	cuts   []cut
	// gather tells that the cuts to be sent again make one request, or two if some
	// are second; otherwise each is one.
	gather bool
	shut   bool // the server cannot take writes now: wait
	learn  int  // size that the server will not take, 0 if nothing was learned
	known  int  // of uncertain lines, how many are not stored at least
}

// planLimits are the choices and the history that a plan depends on.
type planLimits struct {
	search    bool // refused lines that the server does not name may be searched for
	within    bool // the batch has not cost the requests that it may
	ordered   bool // lines are sent again in their order only
	precision fastclient.Precision
	tries     int  // answers this part got under actUnreadable, with this one
	plain     bool // the part was sent without content encoding
	downgrade bool // another write API was found just now
}

// requests returns how many requests the lines that are sent again will make.
func (p *plan) requests() (n int) {
	first, second := 0, 0
	for i := range p.cuts {
		if c := &p.cuts[i]; c.fate != fateAgain {
		} else if c.second {
			second++
		} else {
			first++
		}
	}
	if p.gather {
		return min(first, 1) + min(second, 1)
	}
	return first + second
}

// loses reports whether lines will not be stored, or may not be.
func (p *plan) loses() bool {
	for i := range p.cuts {
		if f := p.cuts[i].fate; f == fateReject || f == fateUncertain {
			return true
		}
	}
	return false
}

// isolationRequests is how many requests one batch may cost by default for finding bad
// lines.
const isolationRequests = 256

// settle says what becomes of the lines in data after the answer r, with
// cuts appended to p.cuts[:0]. It reads data and changes nothing.
func settle(p *plan, data []byte, lines int, r *seam.Response, l planLimits) {
	*p = plan{action: judge(r), cuts: p.cuts[:0]}
	whole := func(f fate, why reason) { p.whole(data, lines, f, why, r) }
	switch p.action {
	case actAck:
		whole(fateAcked, 0)
	case actRefused:
		p.refuse(data, lines, r, l)
	case actReject:
		whole(fateReject, forRequest)
	case actUnreadable:
		if l.tries >= fewAttempts {
			whole(fateUncertain, forUncertain)
			return
		}
		whole(fateAgain, 0)
		p.shut = true
	case actRetry, actKeep, actMissing:
		whole(fateAgain, 0)
		p.shut = true
	case actSplit:
		if lines == 1 {
			whole(fateReject, forTooLarge)
			return
		}
		p.learn = len(data)
		p.halve(data, lines)
	case actPlain:
		whole(p.once(!l.plain, r))
	case actDowngrade:
		whole(p.once(l.downgrade, r))
	}
}

// once returns the fate of lines that are sent again at once in another way, if there is
// one. Where there is none, a database has refused them for good, and a proxy has not.
func (p *plan) once(another bool, r *seam.Response) (fate, reason) {
	switch {
	case another:
		return fateAgain, 0
	case r.Foreign:
		p.shut = true
		return fateAgain, 0
	}
	return fateReject, forRequest
}

func (p *plan) whole(data []byte, lines int, f fate, why reason, r *seam.Response) {
	p.cuts = append(p.cuts[:0], cut{to: len(data), lines: lines, fate: f, reason: why, message: complaint.Clip(r.Message)})
}

// refuse says what becomes of lines of which the server refused some.
//
// What it names is refused, and the others are stored or, where it stores nothing
// beside bad lines, sent again. What it does not name is searched for by sending parts
// of the lines again: each answer is then about fewer of them, until it is about one,
// or about lines of which none or all are stored. Lines without a timestamp are not
// sent again if they may be stored.
func (p *plan) refuse(data []byte, lines int, r *seam.Response, l planLimits) {
	c := complaint.Read(r.Message)
	why := forLine
	if c.Kind == complaint.Beyond {
		why = forBeyond
	}
	nothing := !r.Mixed && !c.Stored && (c.Kind == complaint.Unparsed || r.API == seam.V3 && len(r.Refused) > 0)
	switch {
	case lines == 1 || c.Exact && c.Dropped >= lines && !r.Mixed:
		p.whole(data, lines, fateReject, why, r)
	case !r.Truncated && !r.Mixed && (c.Stored || l.search || l.within) && p.named(data, lines, r, &c):
	case !l.search && !(l.within && r.Truncated): // a shorter answer says more
		if nothing {
			p.whole(data, lines, fateReject, forRequest, r)
		} else {
			p.leaveOpen(data, lines, r, &c)
		}
	case !nothing && p.unstamped(data, r, &c):
	case !l.ordered && p.setApart(data, lines, &c, l.precision):
	default:
		p.halve(data, lines)
	}
}

// leaveOpen makes the fate of all lines uncertain.
func (p *plan) leaveOpen(data []byte, lines int, r *seam.Response, c *complaint.Complaint) {
	p.whole(data, lines, fateUncertain, forUncertain, r)
	p.known = min(max(c.Dropped, 1), lines)
}

// named cuts out the lines that the server names. It reports false if it names none, or
// does so in a way that does not fit the lines.
func (p *plan) named(data []byte, lines int, r *seam.Response, c *complaint.Complaint) bool {
	rest := fateAgain
	if c.Stored {
		rest = fateAcked
	}
	at, number := 0, 0
	good := func(to, n int) {
		if n > 0 {
			p.cuts = append(p.cuts, cut{from: at, to: to, lines: n, fate: rest})
		}
		number += n
	}
	bad := func(from, to int, message string) {
		good(from, line.Count(data[at:from]))
		p.cuts = append(p.cuts, cut{from: from, to: to, lines: 1, fate: fateReject, reason: forLine, message: message})
		number++
		at = to
	}
	found := false
	switch {
	case c.Kind == complaint.Unparsed:
		found = c.Quoted(data, func(from, to int, words string) { bad(from, to, complaint.Clip(words)) })
	case r.API == seam.V3:
		found = listed(r, data, lines, bad)
	}
	if !found || len(p.cuts) == 0 {
		p.cuts = p.cuts[:0]
		return false
	}
	good(len(data), lines-number)
	p.gather = rest == fateAgain
	return true
}

// listed calls f for each line that the answer's list names, in order. It reports false
// if the list is empty, or names a line that is not there or that begins otherwise.
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

// unstamped cuts out the lines without a timestamp, which the server stamps: they may be
// stored, and sending them again would store them twice. It reports false if there are
// none.
func (p *plan) unstamped(data []byte, r *seam.Response, c *complaint.Complaint) bool {
	found := false
	for at := 0; at < len(data); {
		end := at + line.Len(data[at:])
		f := fateAgain
		if !line.Stamped(data[at:end]) {
			f, found = fateUncertain, true
		}
		p.run(at, end, f, false)
		at = end
	}
	if !found {
		p.cuts = p.cuts[:0]
		return false
	}
	for i := range p.cuts {
		if k := &p.cuts[i]; k.fate == fateUncertain {
			k.reason, k.message = forUncertain, complaint.Clip(r.Message)
		}
	}
	p.gather = true
	return true
}

// setApart lets the lines that the server is probably speaking of be sent apart from the
// others: then one answer is about bad lines alone, the other about good ones.
func (p *plan) setApart(data []byte, lines int, c *complaint.Complaint, precision fastclient.Precision) bool {
	marks, ok := c.Suspects(data, lines, precision)
	if !ok {
		return false
	}
	for at, i := 0, 0; at < len(data); i++ {
		end := at + line.Len(data[at:])
		p.run(at, end, fateAgain, marks[i])
		at = end
	}
	p.gather = true
	return true
}

// run adds a line to the last cut if they share their fate, else as a new one.
func (p *plan) run(from, to int, f fate, second bool) {
	if n := len(p.cuts); n > 0 && p.cuts[n-1].fate == f && p.cuts[n-1].second == second {
		p.cuts[n-1].to = to
		p.cuts[n-1].lines++
		return
	}
	p.cuts = append(p.cuts, cut{from: from, to: to, lines: 1, fate: f, second: second})
}

// halve cuts the part in two at the end of a line.
func (p *plan) halve(data []byte, lines int) {
	at, n := line.Middle(data)
	p.cuts = append(p.cuts[:0],
		cut{to: at, lines: n, fate: fateAgain},
		cut{from: at, to: len(data), lines: lines - n, fate: fateAgain})
}

// onto gives the cuts of p, which was made for the lines of data in another unit, their
// places in data.
func (p *plan) onto(data []byte) {
	at := 0
	for i := range p.cuts {
		c := &p.cuts[i]
		c.from = at
		for range c.lines {
			at += line.Len(data[at:])
		}
		c.to = at
	}
	if p.learn > 0 {
		p.learn = len(data)
	}
}

// gather moves the runs that are sent again to the front of data, those that are second
// behind the others, each in its order. It overwrites the other runs, and changes cuts.
func gather(data []byte, cuts []cut) (runs [2]cut) {
	again := cuts[:0]
	to := 0
	for _, c := range cuts {
		if c.fate == fateAgain {
			size := copy(data[to:], data[c.from:c.to])
			c.from, c.to = to, to+size
			to += size
			again = append(again, c)
		}
	}
	first := partition(data, again)
	runs[0].to, runs[1].from, runs[1].to = first, first, to
	for i := range again {
		if again[i].second {
			runs[1].lines += again[i].lines
		} else {
			runs[0].lines += again[i].lines
		}
	}
	return runs
}

// partition moves the runs that are second behind the others, in place: runs follow each
// other without gaps. It returns where the second begin in data.
func partition(data []byte, runs []cut) (first int) {
	switch len(runs) {
	case 0:
		return 0
	case 1:
		if runs[0].second {
			return runs[0].from
		}
		return runs[0].to
	}
	half := len(runs) / 2
	a, b := runs[half-1].to, runs[half].from // are the same
	left, right := partition(data, runs[:half]), partition(data, runs[half:])
	// second of the left half, first of the right half: change places
	slices.Reverse(data[left:a])
	slices.Reverse(data[b:right])
	slices.Reverse(data[left:right])
	return left + right - b
}
