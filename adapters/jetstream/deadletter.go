package pwjetstream

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// This file publishes dead letters. Each has an id made of the place of its message, so that
// a message that is delivered again does not make more of them.

// A letter is a message that is being settled.
type letter struct {
	f      *Forwarder
	m      jetstream.Msg
	meta   *jetstream.MsgMetadata
	b      batch.Sealed // zero if the message has none
	reason string       // why the message becomes a dead letter as it is; empty: it does not
	broken bool
	n      int // dead letters so far
}

// publishMessage publishes the message as it is, with its header if there is room, and in
// parts if its body leaves none for a header.
func (l *letter) publishMessage(ctx context.Context) error {
	data := l.m.Data()
	own := l.header(l.reason)
	all := nats.Header{}
	for key, values := range l.m.Headers() {
		if !strings.HasPrefix(key, "Nats-") && own[key] == nil {
			all[key] = values
		}
	}
	for key, values := range own {
		all[key] = values
	}
	room := l.room()
	if len(data)+headerSize(all) <= room {
		return l.publish(ctx, all, data)
	}
	if len(l.m.Headers()) > 0 {
		own.Set(headReason, l.reason+"; its header is left out, for its size")
	}
	most := max(room-headerSize(own)-partRoom, 1)
	parts := max((len(data)+most-1)/most, 1)
	for i := range parts {
		h := nats.Header{}
		for key, values := range own {
			h[key] = values
		}
		if parts > 1 {
			h.Set(headPart, fmt.Sprintf("%d/%d", i+1, parts))
		}
		if err := l.publish(ctx, h, data[i*most:min((i+1)*most, len(data))]); err != nil {
			return err
		}
	}
	return nil
}

// publishLines publishes lost lines, as few messages as they fit into. If a run does not fit
// into one, the whole batch is published in place of all.
func (l *letter) publishLines(ctx context.Context, lost []batch.LostLines) error {
	if len(lost) == 0 {
		return nil
	}
	h := l.header("refused lines")
	setPlace(h, &l.b)
	most := l.room() - headerSize(h) - partRoom
	var texts [][]byte
	var text []byte
	for i := range lost {
		run := &lost[i]
		why := fmt.Appendf(nil, "# line %d: %s, status %d: %s\n", run.Line, run.Reason, run.Status, printable(run.Message))
		size := len(why) + len(run.Data)
		if size > most {
			l.reason = fmt.Sprintf("lines that do not fit into one message are lost from line %d on: %s", run.Line, run.Reason)
			defer func() { l.reason = "" }()
			return l.publishMessage(ctx)
		}
		if len(text)+size > most {
			texts, text = append(texts, text), nil
		}
		text = append(append(text, why...), run.Data...)
	}
	for _, text := range append(texts, text) {
		if err := l.publish(ctx, h, text); err != nil {
			return err
		}
	}
	return nil
}

// partRoom is more than what the id and the part take in a header.
const partRoom = 512

// header returns what every dead letter has.
func (l *letter) header(reason string) nats.Header {
	h := nats.Header{}
	h.Set(headReason, printable(reason))
	h.Set(headStream, l.meta.Stream)
	h.Set(headSequence, strconv.FormatUint(l.meta.Sequence.Stream, 10))
	return h
}

// room returns the size of the largest message.
func (l *letter) room() int {
	most := int(l.f.js.Conn().MaxPayload())
	if l.f.deadMost > 0 {
		most = min(most, l.f.deadMost)
	}
	return most
}

// publish publishes one dead letter, and returns nil when its stream has it.
func (l *letter) publish(ctx context.Context, h nats.Header, data []byte) error {
	l.n++
	sum := sha256.Sum256(data) // another outcome of the same message is another dead letter
	h.Set(nats.MsgIdHdr, fmt.Sprintf("%s-%d-%d-%x", l.meta.Stream, l.meta.Sequence.Stream, l.n, sum[:8]))
	m := &nats.Msg{Subject: l.f.o.DeadLetter, Header: h, Data: data}
	if _, err := l.f.js.PublishMsg(ctx, m); err != nil {
		return failed("publish dead letter to", l.f.o.DeadLetter, err)
	}
	l.f.count(func(s *ForwarderStats) { s.Published++ })
	return nil
}
