package pwjetstream

import (
	"cmp"
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// An OptionError says that an option, or the stream that it names, cannot be used.
type OptionError struct {
	Field  string // of SinkOptions or ForwarderOptions
	Reason string
}

// Error names the option and says what is wrong with it.
func (e *OptionError) Error() string { return "pwjetstream: " + e.Field + " " + e.Reason }

// SinkOptions configure a [Sink].
type SinkOptions struct {
	// Subject is where batches are published. A stream must have it.
	Subject string
	// BatchBytes is that of the options of the Writer, 1 MiB by default. A batch that
	// compression does not make smaller must fit into a message.
	BatchBytes int
	// AllowDiscard allows a stream that discards messages by itself: because of its age or
	// size, or without a confirmation of each. Lines are then lost in silence.
	AllowDiscard bool
}

// ForwarderOptions configure a [Forwarder]. The zero value of a field is its default.
type ForwarderOptions struct {
	// Stream is where the batches are, and Durable the name of the consumer, which is made
	// if it does not exist. Forwarders with the same Durable share the messages.
	Stream, Durable string
	// FilterSubject selects subjects of the stream, by default all.
	FilterSubject string
	// DeadLetter is the subject of dead letters. It must be in another stream.
	DeadLetter string
	// Accept reports whether a batch may be written where it says. Others become dead
	// letters. By default the database and the retention policy must be those of the client:
	// whoever may publish to the subject could otherwise write anywhere with the credentials
	// of the Forwarder, or make it wait for a place that does not exist.
	Accept func(b *batch.Sealed) bool
	// Workers is how many messages are under way, 4 by default.
	Workers int
	// AckWait is when the stream gives a message of a Forwarder that was killed to another
	// one, 30 s by default.
	AckWait time.Duration
	// TryFor is how long a message is tried while the server is down before it goes back to
	// the stream, a minute by default. It also bounds a request.
	TryFor time.Duration
	// OnError is called for everything that makes a message wait or a dead letter. Several
	// goroutines call it.
	OnError func(error)
}

// withDefaults checks o, but for the streams, and sets its defaults.
func (o ForwarderOptions) withDefaults() (ForwarderOptions, error) {
	o.Workers = cmp.Or(o.Workers, 4)
	o.AckWait = cmp.Or(o.AckWait, 30*time.Second)
	o.TryFor = cmp.Or(o.TryFor, time.Minute)
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	bad := func(field, reason string) (ForwarderOptions, error) {
		return o, &OptionError{"ForwarderOptions." + field, reason}
	}
	switch {
	case o.Stream == "":
		return bad("Stream", "is missing")
	case o.Durable == "":
		return bad("Durable", "is missing")
	case o.DeadLetter == "":
		return bad("DeadLetter", "is missing: lines that a server refuses must go somewhere")
	case o.Workers < 1 || o.Workers > 1024:
		return bad("Workers", "is not within 1 and 1024")
	case o.AckWait < time.Second:
		return bad("AckWait", "is less than a second")
	case o.TryFor < 0:
		return bad("TryFor", "is negative")
	}
	return o, nil
}

// streamOf returns the stream of a subject.
func streamOf(ctx context.Context, js jetstream.JetStream, field, subject string) (*jetstream.StreamInfo, error) {
	name, err := js.StreamNameBySubject(ctx, subject)
	if err == jetstream.ErrStreamNotFound {
		return nil, &OptionError{field, "is in no stream"}
	}
	if err != nil {
		return nil, failed("find stream of", subject, err)
	}
	s, err := js.Stream(ctx, name)
	if err != nil {
		return nil, failed("look up stream", name, err)
	}
	return s.CachedInfo(), nil
}

// discards says how a stream loses messages that nobody has read, or returns "".
func discards(c *jetstream.StreamConfig) string {
	old := c.Discard == jetstream.DiscardOld
	switch {
	case c.NoAck:
		return "does not confirm messages (NoAck)"
	case c.MaxAge > 0:
		return "discards messages by their age (MaxAge)"
	case old && (c.MaxMsgs > 0 || c.MaxBytes > 0):
		return "discards old messages when it is full (DiscardOld): use DiscardNew, with which the Writer waits"
	case c.MaxMsgsPerSubject > 0 && (old || !c.DiscardNewPerSubject):
		return "discards old messages of a subject (MaxMsgsPerSubject)"
	case c.Retention == jetstream.InterestPolicy:
		return "keeps a message only if a consumer exists (InterestPolicy)"
	}
	return ""
}
