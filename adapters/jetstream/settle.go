package pwjetstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// This file settles one message. Its lines are counted when the stream has confirmed the ack,
// and not if it goes back: then they are sent again, and everything that was found out about
// them is found out again. Dead letters are in their stream before the ack.

// settleGrace is how long a message that is stored may still be acked after Run has to end.
const settleGrace = time.Second

// settle does everything with one message.
func (f *Forwarder) settle(ctx context.Context, end context.CancelCauseFunc, m jetstream.Msg) {
	delivered := uint64(1)
	meta, err := m.Metadata()
	if err == nil {
		delivered = meta.NumDelivered
	} else {
		meta = new(jetstream.MsgMetadata)
	}
	f.count(func(s *ForwarderStats) {
		s.Received++
		s.InFlight++
		if delivered > 1 {
			s.Redelivered++
		}
	})
	defer f.count(func(s *ForwarderStats) { s.InFlight-- })
	if ctx.Err() != nil {
		f.giveBack(m, 0)
		return
	}
	stop := f.inProgress(m)
	defer stop()

	l := &letter{f: f, m: m, meta: meta}
	out, err := f.send(ctx, l)
	switch {
	case err == nil || l.reason != "":
		f.works()
	case errors.Is(err, fastclient.ErrClosed):
		end(fastclient.ErrClosed)
		fallthrough
	default:
		if ctx.Err() != nil {
			f.giveBack(m, 0)
			return
		}
		f.failed(ctx, err)
		f.giveBack(m, pauseOf(int(min(delivered, 100))))
		return
	}

	// From here on the outcome is known. It is worth a moment even if Run has to end.
	grace, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(settleGrace, cancel) })()
	if l.reason != "" {
		f.o.OnError(err)
		err = l.publishMessage(grace)
	} else {
		err = l.publishLines(grace, out.Lost)
	}
	if err != nil {
		f.failed(grace, err)
		f.giveBack(m, pauseOf(int(min(delivered, 100))))
		return
	}
	f.ack(grace, l, out)
}

// send sends the batch of l. It sets l.reason if the message has to become a dead letter as
// it is.
func (f *Forwarder) send(ctx context.Context, l *letter) (out batch.Outcome, err error) {
	b, err := sealedOf(l.m.Headers(), l.m.Data())
	if err != nil {
		l.reason = "no batch: " + err.Error()
		return out, failed("read message", "no batch", err)
	}
	l.b = b
	whole := batch.Outcome{Rejected: batch.Count{Lines: uint64(b.Lines), Bytes: uint64(b.Bytes)}}
	if !f.o.Accept(&b) {
		l.reason = "not accepted: database " + b.Database + ", retention policy " + b.RetentionPolicy
		return whole, failed("send batch", b.Database, errors.New("its place is not accepted"))
	}
	limited, cancel := context.WithTimeout(ctx, f.o.TryFor)
	defer cancel()
	out, err = batch.Send(limited, f.c, &b)
	switch {
	case err == nil || isUnsent(err):
		return out, err
	case errors.Is(err, batch.ErrNotSealed):
		l.broken = true
		if out.Rejected.Lines+out.Uncertain.Lines == 0 {
			out = whole
		}
	default:
		out = whole // its place or precision is none of this client
	}
	l.reason = err.Error()
	return out, failed("send batch", b.Database, err)
}

// inProgress tells the stream that somebody works on m, until stop is called.
func (f *Forwarder) inProgress(m jetstream.Msg) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(f.o.AckWait / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.InProgress() // an error shows when the message is acked
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// giveBack returns m to the stream, which delivers it again after a delay.
func (f *Forwarder) giveBack(m jetstream.Msg, delay time.Duration) {
	f.count(func(s *ForwarderStats) { s.Returned++ })
	var err error
	if delay > 0 {
		err = m.NakWithDelay(delay)
	} else {
		err = m.Nak()
	}
	if err != nil { // it comes again after AckWait
		f.count(func(s *ForwarderStats) { s.Failures++ })
		f.o.OnError(failed("return message to", f.o.Stream, err))
	}
}

// ackTry bounds one attempt to ack. An ack may be repeated.
const ackTry = 2 * time.Second

// ack acks the message of l until the stream confirms it, and counts its lines.
func (f *Forwarder) ack(ctx context.Context, l *letter, out batch.Outcome) {
	end := time.Now().Add(f.o.TryFor + ackTry)
	for {
		try, cancel := context.WithTimeout(ctx, ackTry)
		err := l.m.DoubleAck(try)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil || time.Now().After(end) {
			f.count(func(s *ForwarderStats) {
				s.Failures++
				s.UnconfirmedMessages++
				for _, c := range []batch.Count{out.Acked, out.Rejected, out.Uncertain} {
					add(&s.Unconfirmed, c)
				}
			})
			f.o.OnError(failed("ack message of", f.o.Stream, err))
			return
		}
		select {
		case <-time.After(firstPause):
		case <-ctx.Done():
		}
	}
	f.count(func(s *ForwarderStats) {
		switch {
		case l.reason == "":
			s.Stored++
		case l.broken:
			s.Broken++
		default:
			s.Foreign++
		}
		add(&s.Acked, out.Acked)
		add(&s.Rejected, out.Rejected)
		add(&s.Uncertain, out.Uncertain)
	})
}

func add(to *batch.Count, c batch.Count) {
	to.Lines += c.Lines
	to.Bytes += c.Bytes
}
