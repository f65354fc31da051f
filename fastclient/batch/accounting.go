package batch

import "github.com/pointwire/pointwire/fastclient/batch/internal/verdict"

// A Count is a number of lines and of their bytes, uncompressed, each with its
// line feed.
type Count struct {
	Lines, Bytes uint64
}

func (c *Count) add(lines, bytes int) {
	c.Lines += uint64(lines)
	c.Bytes += uint64(bytes)
}

func (c *Count) sub(lines, bytes int) {
	c.Lines -= uint64(lines)
	c.Bytes -= uint64(bytes)
}

func (c Count) plus(d Count) Count { return Count{c.Lines + d.Lines, c.Bytes + d.Bytes} }

// A ledger holds where every accepted line is. Every entry moves lines from one
// account to another, so that what was appended is at every moment what is
// acked, rejected, uncertain, dropped and pending. It is guarded by its owner's lock.
type ledger struct {
	appended Count
	pending  Count
	acked    Count
	losses   [numLosses]Count
}

func (l *ledger) accept(lines, bytes int) {
	l.appended.add(lines, bytes)
	l.pending.add(lines, bytes)
}

func (l *ledger) ack(lines, bytes int) {
	l.pending.sub(lines, bytes)
	l.acked.add(lines, bytes)
}

func (l *ledger) lose(loss Loss, lines, bytes int) {
	l.pending.sub(lines, bytes)
	l.losses[loss].add(lines, bytes)
}

// settled enters the outcome of one span.
func (l *ledger) settled(c *verdict.Span) {
	switch c.Outcome {
	case verdict.Rejected, verdict.Uncertain:
		l.lose(Loss(c.Reason), c.Lines, c.To-c.From)
	case verdict.Acked:
		l.ack(c.Lines, c.To-c.From)
	}
}

// rejected returns the sum of the losses that are verdicts of the server.
func (l *ledger) rejected() (c Count) {
	for loss := LossLine; loss < numLosses; loss++ {
		if loss.Rejected() {
			c = c.plus(l.losses[loss])
		}
	}
	return c
}

// dropped returns the sum of the losses that are of the Writer's making.
func (l *ledger) dropped() (c Count) {
	for loss := LossLine; loss < numLosses; loss++ {
		if !loss.Rejected() && loss != LossUncertain {
			c = c.plus(l.losses[loss])
		}
	}
	return c
}
