package batch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"slices"
	"strconv"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// This file makes a Sink a target of the engine: what it returns becomes a response, so that
// all that holds for servers holds for it.

// sinkName stands for the address of a server in a ServerFailure.
const sinkName = "sink"

// A sinkTarget is a Sink as a target.
type sinkTarget struct {
	sink  Sink
	route seam.Route
}

func newSinkTarget(sink Sink, route *seam.Route) *sinkTarget { return &sinkTarget{sink, *route} }

func (t *sinkTarget) NewSender(observe seam.Observer) seam.Sender {
	s := &sinkSender{t: t, observe: observe, hash: sha256.New()}
	s.sealed.Precision = t.route.Unit
	return s
}

func (t *sinkTarget) Downgrade(seam.API) bool { return false }

// A sinkSender gives the batches of one sender to the Sink.
type sinkSender struct {
	t       *sinkTarget
	observe seam.Observer
	sealed  Sealed
	hash    hash.Hash
	scratch []byte
}

// Send gives b to the Sink and makes a response of what it returns.
func (s *sinkSender) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	sealed := &s.sealed
	sealed.Database, sealed.RetentionPolicy = s.t.route.Database, s.t.route.Policy
	if p := b.Place; p != nil {
		sealed.Database, sealed.RetentionPolicy = cmp.Or(p.Bucket, p.Database), p.RetentionPolicy
	}
	sealed.ID = s.id(b)
	sealed.Lines, sealed.Bytes, sealed.Encoding, sealed.Body = b.Count, b.Raw, b.Encoding, b.Data
	err := s.t.sink.Put(ctx, sealed)
	sealed.Body = nil
	sinkResponse(r, err, b.Count)
	if s.observe == nil {
		return
	}
	if err == nil {
		s.observe(ctx, sinkName, nil)
	} else {
		s.observe(ctx, sinkName, r)
	}
}

// id returns the id of b. It depends on what a retry and a spool keep: the place, the lines
// and the time of the first. The compressed bytes may differ.
func (s *sinkSender) id(b *seam.Body) (id [16]byte) {
	s.hash.Reset()
	head := binary.BigEndian.AppendUint64(s.scratch[:0], uint64(len(s.sealed.Database)))
	head = append(append(head, s.sealed.Database...), s.sealed.RetentionPolicy...)
	s.scratch = binary.BigEndian.AppendUint64(append(head, 0, byte(s.sealed.Precision)), uint64(b.Opened.UnixNano()))
	s.hash.Write(s.scratch)
	s.hash.Write(b.Lines)
	s.scratch = s.hash.Sum(s.scratch[:0])
	copy(id[:], s.scratch)
	return id
}

// sinkResponse sets r to what err, the answer of a Sink to a number of lines, means.
func sinkResponse(r *seam.Response, err error, lines int) {
	if err == nil {
		r.Status, r.Empty = 204, true
		return
	}
	r.Failure = err
	var refused *RefusedError
	switch {
	case errors.Is(err, ErrTooLarge):
		r.Status, r.Message = 413, complaint.Clip(err.Error())
	case errors.As(err, &refused):
		r.Status, r.Listed = 400, true
		for _, l := range refused.Lines {
			r.Refused = append(r.Refused, seam.RefusedLine{Number: l.Line, Message: complaint.Clip(l.Message)})
		}
		slices.SortFunc(r.Refused, func(a, b seam.RefusedLine) int { return cmp.Compare(a.Number, b.Number) })
		if reason := wrongList(r.Refused, lines); reason != "" {
			r.Status, r.Listed, r.Refused = 0, false, r.Refused[:0]
			r.Err = errors.New("batch: sink: " + reason)
			r.Failure = r.Err
			return
		}
		r.Message = r.Refused[0].Message
	case errors.Is(err, fastclient.ErrClosed):
		r.Err = &sinkError{err}
	default:
		r.Err = err
	}
}

// A sinkError is an error of a Sink about a client of its own that is closed: that of the
// Writer is not.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }

// wrongList says what is wrong with a sorted list of refused lines, or returns "".
func wrongList(list []seam.RefusedLine, lines int) string {
	last := 0
	for i := range list {
		n := list[i].Number
		if n <= last || n > lines {
			return "refused line " + strconv.Itoa(n) + " of " + strconv.Itoa(lines) + ", or refused it twice"
		}
		last = n
	}
	if last == 0 {
		return "refused no line"
	}
	return ""
}
