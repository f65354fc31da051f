package pwjetstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// A Sink publishes the batches of a [batch.Writer] to a stream. It is safe for concurrent
// use, also by several Writers.
type Sink struct {
	js     jetstream.JetStream
	o      SinkOptions
	stream string
	most   int // size of a message by the stream, 0: no limit

	mu     sync.Mutex
	stats  SinkStats
	unsure map[[16]byte]struct{} // of batches whose publication failed, but may have arrived
}

var _ batch.Sink = (*Sink)(nil)

// SinkStats counts what a [Sink] has done.
type SinkStats struct {
	// Published counts the lines that are in the stream, and Repeated those of batches that
	// the stream had already from an earlier process, and refused to have twice. Together
	// they are what its Writers count as acked.
	Published, Repeated batch.Count
	Messages            uint64 // published
	TooLarge            uint64 // batches that did not fit into a message
	Failures            uint64 // attempts that failed otherwise
}

// maxUnsure bounds the memory of a Sink for batches that may have arrived.
const maxUnsure = 4096

// headerRoom is how much of a message its header may take, in the check of BatchBytes.
const headerRoom = 1024

// NewSink returns a Sink for a subject. It looks up the stream, and refuses one that may
// lose messages before they are read, or whose messages are smaller than a batch: the error
// is an *[OptionError] then.
func NewSink(ctx context.Context, js jetstream.JetStream, o SinkOptions) (*Sink, error) {
	o.BatchBytes = cmp.Or(o.BatchBytes, 1<<20)
	info, err := streamOf(ctx, js, "SinkOptions.Subject", o.Subject)
	if err != nil {
		return nil, err
	}
	if why := discards(&info.Config); why != "" && !o.AllowDiscard {
		return nil, &OptionError{"SinkOptions.Subject", "is in stream " + printable(info.Config.Name) + ", which " + why}
	}
	s := &Sink{js: js, o: o, stream: info.Config.Name, most: int(info.Config.MaxMsgSize), unsure: map[[16]byte]struct{}{}}
	if most := s.maxPayload(); o.BatchBytes+headerRoom > most {
		return nil, &OptionError{"SinkOptions.BatchBytes", fmt.Sprintf("is %d, and messages have at most %d bytes, of which the header takes %d: "+
			"raise max_payload of the server or max_msg_size of the stream, or lower BatchBytes here and in the Writer", o.BatchBytes, most, headerRoom)}
	}
	return s, nil
}

// maxPayload returns the size of the largest message.
func (s *Sink) maxPayload() int {
	most := int(s.js.Conn().MaxPayload())
	if s.most > 0 {
		most = min(most, s.most)
	}
	return most
}

// Put publishes b and returns nil when the stream has it. A message that is too large is
// [batch.ErrTooLarge], so that the Writer divides it.
func (s *Sink) Put(ctx context.Context, b *batch.Sealed) error {
	m := messageOf(s.o.Subject, b)
	if size, most := len(m.Data)+headerSize(m.Header), s.maxPayload(); size > most {
		return s.tooLarge(fmt.Errorf("pwjetstream: message of %d bytes, at most %d: %w", size, most, batch.ErrTooLarge))
	}
	ack, err := s.js.PublishMsg(ctx, m, jetstream.WithExpectStream(s.stream))
	if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, jetstream.ErrStreamMessageExceedsMaximum) {
		return s.tooLarge(fmt.Errorf("%w: %w", failed("publish to", s.o.Subject, err), batch.ErrTooLarge))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stats.Failures++
		if len(s.unsure) < maxUnsure {
			s.unsure[b.ID] = struct{}{}
		}
		return failed("publish to", s.o.Subject, err)
	}
	_, mine := s.unsure[b.ID]
	delete(s.unsure, b.ID)
	account := &s.stats.Published
	if ack.Duplicate && !mine {
		account = &s.stats.Repeated
	} else {
		s.stats.Messages++
	}
	account.Lines += uint64(b.Lines)
	account.Bytes += uint64(b.Bytes)
	return nil
}

func (s *Sink) tooLarge(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.TooLarge++
	return err
}

// Stats returns what the Sink has done.
func (s *Sink) Stats() SinkStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}
