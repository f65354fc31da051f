package fastclient

import (
	"strconv"

	"github.com/pointwire/pointwire/internal/line"
)

// A fate is what becomes of a run of lines.
type fate uint8

const (
	fateAgain  fate = iota // sent again
	fateAcked              // stored
	fateReject             // refused for good
)

// A cut is a run of whole lines of a part and its fate.
type cut struct {
	from, to int // offsets in the part
	lines    int
	fate     fate
	loss     Loss   // for fateReject
	message  string // for fateReject
	// blurred tells that of the lines, which are acked, blurred many were
	// refused without the server saying which.
	blurred int
}

// A plan is what an answer means for the lines of a part. The cuts follow each
// other without gaps and cover the part.
type plan struct {
	action action // as judged
	cuts   []cut
	beyond int  // lines stored away as older than the retention policy keeps
	shut   bool // the server cannot take writes now: wait
	learn  int  // size that the server will not take, 0 if nothing was learned
}

// planLimits are the choices and the history that a plan depends on.
type planLimits struct {
	isolate   bool // search for refused lines that the server does not list
	spent     int  // requests this batch already cost beyond its first
	tries     int  // answers this part got under actRetryFew, with this one
	plain     bool // the part was sent without content encoding
	downgrade bool // another write API was found just now
}

// requests returns how many requests the lines that are sent again will make.
func (p *plan) requests() (n int) {
	for i := range p.cuts {
		if p.cuts[i].fate == fateAgain {
			if n++; p.action == actStrip {
				return n // they are sent together
			}
		}
	}
	return n
}

// loses reports whether lines will not be stored.
func (p *plan) loses() bool {
	for i := range p.cuts {
		if p.cuts[i].fate == fateReject || p.cuts[i].blurred > 0 {
			return true
		}
	}
	return false
}

// isolationRequests bounds what one batch may cost for finding bad lines.
const isolationRequests = 256

// settle says what becomes of the lines in data after the answer r, with
// cuts appended to p.cuts[:0]. It reads data and changes nothing.
func settle(p *plan, data []byte, lines int, r *writeReply, l planLimits) {
	*p = plan{action: judge(r), cuts: p.cuts[:0]}
	whole := func(f fate, loss Loss) {
		p.cuts = append(p.cuts, cut{to: len(data), lines: lines, fate: f, loss: loss, message: r.message})
	}
	mayIsolate := l.spent < isolationRequests
	switch p.action {
	case actAck:
		whole(fateAcked, 0)
	case actAckBeyond:
		p.beyond = refusedCount(r, lines)
		whole(fateAcked, 0)
	case actAckRest:
		switch {
		case p.listed(data, lines, r, fateAcked):
		case lines == 1:
			whole(fateReject, LossLine)
		case (l.isolate || r.truncated) && mayIsolate:
			p.halve(data, lines) // a shorter answer says more
		case r.truncated:
			whole(fateReject, LossPartial)
		default:
			whole(fateAcked, LossPartial)
			p.cuts[0].blurred = refusedCount(r, lines)
		}
	case actStrip:
		if !mayIsolate || !p.listed(data, lines, r, fateAgain) {
			whole(fateReject, LossRequest)
		}
	case actIsolate:
		switch {
		case lines == 1:
			whole(fateReject, LossLine)
		case l.isolate && mayIsolate:
			p.halve(data, lines)
		default:
			whole(fateReject, LossRequest)
		}
	case actReject:
		whole(fateReject, LossRequest)
	case actRetryFew:
		if l.tries >= fewAttempts {
			whole(fateReject, LossGivenUp)
			return
		}
		whole(fateAgain, 0)
		p.shut = true
	case actRetry, actKeep, actMissing:
		whole(fateAgain, 0)
		p.shut = true
	case actSplit:
		if lines == 1 {
			whole(fateReject, LossTooLarge)
			return
		}
		p.learn = len(data)
		p.halve(data, lines)
	case actPlain:
		if l.plain {
			whole(fateReject, LossRequest)
			return
		}
		whole(fateAgain, 0)
	case actDowngrade:
		if l.downgrade {
			whole(fateAgain, 0)
		} else {
			whole(fateReject, LossRequest)
		}
	}
}

// halve cuts the part in two at the end of a line.
func (p *plan) halve(data []byte, lines int) {
	at, n := line.Middle(data)
	p.cuts = append(p.cuts,
		cut{to: at, lines: n, fate: fateAgain},
		cut{from: at, to: len(data), lines: lines - n, fate: fateAgain})
}

// listed cuts out the lines that the server names, gives the others the fate
// rest, and reports false if it names none or one that is not in the part.
func (p *plan) listed(data []byte, lines int, r *writeReply, rest fate) bool {
	if len(r.refused) == 0 {
		return false
	}
	for _, f := range r.refused {
		if f.number < 1 || f.number > lines {
			return false
		}
	}
	number, run := 0, cut{fate: rest}
	for at := 0; at < len(data); {
		end := at + line.Len(data[at:])
		number++
		if f := refusedAt(r.refused, number); f != nil {
			p.push(run)
			p.push(cut{from: at, to: end, lines: 1, fate: fateReject, loss: LossLine, message: f.message})
			run = cut{from: end, to: end, fate: rest}
		} else {
			run.to = end
			run.lines++
		}
		at = end
	}
	p.push(run)
	return true
}

func (p *plan) push(c cut) {
	if c.lines > 0 {
		p.cuts = append(p.cuts, c)
	}
}

func refusedAt(list []refusedLine, number int) *refusedLine {
	for i := range list {
		if list[i].number == number {
			return &list[i]
		}
	}
	return nil
}

// A Loss is why lines that a [Writer] accepted are not stored by the server.
type Loss uint8

const (
	_ Loss = iota
	// LossLine: the server named this line, or refused it alone.
	LossLine
	// LossPartial: the server stored a request but for some lines, and did not
	// say which.
	LossPartial
	// LossRequest: the server refused the request as a whole.
	LossRequest
	// LossTooLarge: one line is larger than the requests the server takes.
	LossTooLarge
	// LossGivenUp: the server failed repeatedly in a way that does not clear.
	LossGivenUp
	// LossOverflow: dropped to make room, under [DropOldest].
	LossOverflow
	// LossAge: older than WriterOptions.MaxAge before it could be sent.
	LossAge
	// LossUnsent: given back by Close in an [UnsentError].
	LossUnsent

	numLosses
)

var lossNames = [numLosses]string{
	"", "line", "partial", "request", "too_large", "given_up", "overflow", "age", "unsent",
}

// String returns the word for the loss, as used in events and dead letter files.
func (l Loss) String() string {
	if l == 0 || l >= numLosses {
		return "loss " + strconv.Itoa(int(l))
	}
	return lossNames[l]
}

// Rejected reports whether the loss is a verdict of the server. Other losses
// are of the Writer's own making: dropped lines.
func (l Loss) Rejected() bool { return l >= LossLine && l <= LossGivenUp }
