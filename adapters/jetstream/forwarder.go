package pwjetstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// This file runs the workers of a Forwarder. Each fetches one message at a time, so that no
// message waits in this process while the stream counts its time. settle.go does what has to
// be done with one.

// A Forwarder sends the batches of a stream to a server. Make one with [NewForwarder], and
// call [Forwarder.Run].
//
// A message is acked when the server has stored its lines, and those that it refused are in
// dead letters. While the server is down, a message is tried for TryFor and then goes back to
// the stream with a delay, and no other is fetched until a growing pause is over. A message
// that is no batch becomes a dead letter.
type Forwarder struct {
	js       jetstream.JetStream
	c        *fastclient.Client
	o        ForwarderOptions
	consumer jetstream.ConsumerConfig
	deadMost int // size of a message by the stream of dead letters, 0: no limit

	mu    sync.Mutex
	stats ForwarderStats
	pause pause
}

// NewForwarder returns a Forwarder that writes with c. It looks up both streams and makes
// the consumer, or changes it to what it needs: explicit acks, without a limit of deliveries.
func NewForwarder(ctx context.Context, js jetstream.JetStream, c *fastclient.Client, o ForwarderOptions) (*Forwarder, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Accept == nil {
		if c.Database() == "" {
			return nil, &OptionError{"ForwarderOptions.Accept", "is not set, and the client has no database"}
		}
		o.Accept = func(b *batch.Sealed) bool {
			return b.Database == c.Database() && b.RetentionPolicy == c.RetentionPolicy()
		}
	}
	dead, err := streamOf(ctx, js, "ForwarderOptions.DeadLetter", o.DeadLetter)
	if err != nil {
		return nil, err
	}
	switch why := discards(&dead.Config); {
	case dead.Config.Name == o.Stream:
		return nil, &OptionError{"ForwarderOptions.DeadLetter", "is in the stream that is forwarded"}
	case why == "does not confirm messages (NoAck)":
		return nil, &OptionError{"ForwarderOptions.DeadLetter", "is in stream " + printable(dead.Config.Name) + ", which " + why}
	}
	f := &Forwarder{js: js, c: c, o: o, deadMost: int(dead.Config.MaxMsgSize), consumer: jetstream.ConsumerConfig{
		Durable: o.Durable, FilterSubject: o.FilterSubject, AckPolicy: jetstream.AckExplicitPolicy, AckWait: o.AckWait, MaxDeliver: -1,
	}}
	if _, err := f.open(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

// open returns the consumer, which it makes if somebody has deleted it.
func (f *Forwarder) open(ctx context.Context) (jetstream.Consumer, error) {
	consumer, err := f.js.CreateOrUpdateConsumer(ctx, f.o.Stream, f.consumer)
	if err != nil {
		return nil, failed("make consumer", f.o.Durable, err)
	}
	return consumer, nil
}

// Run forwards messages until ctx ends, and returns its error, or [fastclient.ErrClosed] if
// the client is closed. It returns soon after: messages under way go back to the stream. It
// may be called again, but not twice at once.
func (f *Forwarder) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range f.o.Workers {
		workers.Go(func() { f.work(ctx, cancel) })
	}
	workers.Wait()
	return context.Cause(ctx)
}

// fetchWait is how long one fetch waits for a message.
const fetchWait = 5 * time.Second

// work fetches and settles messages one after the other.
func (f *Forwarder) work(ctx context.Context, end context.CancelCauseFunc) {
	var consumer jetstream.Consumer
	for f.wait(ctx) {
		var err error
		if consumer == nil {
			if consumer, err = f.open(ctx); err != nil {
				consumer = nil
				f.failed(ctx, err)
				continue
			}
		}
		limited, cancel := context.WithTimeout(ctx, fetchWait)
		batch, err := consumer.Fetch(1, jetstream.FetchContext(limited))
		if err == nil {
			for m := range batch.Messages() {
				f.settle(ctx, end, m)
			}
			err = batch.Error()
		}
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			consumer = nil
			f.failed(ctx, failed("fetch from", f.o.Stream, err))
		}
	}
}

// A pause grows with failures in a row, of all workers together.
type pause struct {
	failures int
	until    time.Time
}

// The bounds of a pause.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
)

// pauseOf returns the pause after a number of failures, spread so that many do not come back
// at once.
func pauseOf(failures int) time.Duration {
	d := lastPause
	if failures < 8 {
		d = min(d, firstPause<<max(failures-1, 0))
	}
	return d/2 + rand.N(d/2)
}

// failed begins a longer pause, unless one has begun since the failure.
func (f *Forwarder) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	f.mu.Lock()
	f.stats.Failures++
	if now := time.Now(); !now.Before(f.pause.until) {
		f.pause.failures++
		f.pause.until = now.Add(pauseOf(f.pause.failures))
	}
	f.mu.Unlock()
	f.o.OnError(err)
}

// works ends the pauses.
func (f *Forwarder) works() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pause = pause{}
}

// wait waits until a pause is over, and reports whether ctx is not.
func (f *Forwarder) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		f.mu.Lock()
		d := time.Until(f.pause.until)
		f.mu.Unlock()
		if d <= 0 {
			return true
		}
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
	return false
}

// ForwarderStats counts what a [Forwarder] has done. Received = Stored + Foreign + Broken +
// Returned + UnconfirmedMessages + InFlight.
type ForwarderStats struct {
	// The lines of messages that have left the stream, as Send and their headers count them:
	// stored, refused, and stored or refused.
	Acked, Rejected, Uncertain batch.Count
	// Unconfirmed are lines that are settled, but the stream did not say that it knows. It
	// may deliver them again.
	Unconfirmed batch.Count

	Received            uint64 // messages
	Stored              uint64 // messages of which every line has an outcome
	Foreign             uint64 // messages that are no batch of this client: dead letters as they are
	Broken              uint64 // messages whose body is not what their header says: the same
	Returned            uint64 // messages that went back to the stream
	UnconfirmedMessages uint64
	InFlight            int // messages

	Redelivered uint64 // messages that were delivered before, to this Forwarder or another one
	Published   uint64 // dead letters
	Failures    uint64 // what OnError is called with
}

// Stats returns the counts at this moment.
func (f *Forwarder) Stats() ForwarderStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

func (f *Forwarder) count(change func(s *ForwarderStats)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.stats)
}

// isUnsent reports whether err, of batch.Send, says that the lines should be sent later.
func isUnsent(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, fastclient.ErrClosed)
}
