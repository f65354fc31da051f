package fastclient

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
)

// NewWriter returns a Writer that sends through c, to the database and in the
// precision of c unless o.Write says otherwise. With several servers and
// [RoundRobin], each takes its share of the batches, and those that are up the
// share of one that is down. Close the Writer before the client.
//
// An error is an *[OptionError], or [ErrNoSpool].
func (c *Client) NewWriter(o WriterOptions) (*Writer, error) {
	plan, err := c.writerPlan(o, c.o.Balance == RoundRobin)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(plan)
	if err != nil {
		return nil, err
	}
	w.startAll()
	return w, nil
}

// NewBatchWriter returns a BatchWriter that sends through c like
// [Client.NewWriter], one batch at a time: with several servers and [RoundRobin]
// each to the next one that is up.
func (c *Client) NewBatchWriter(o WriterOptions) (*BatchWriter, error) {
	plan, err := c.writerPlan(o, false)
	if err != nil {
		return nil, err
	}
	return newBatchWriter(plan)
}

// writerPlan checks o and says how batches go out: to each server on its own, or
// to the servers as the client balances them.
func (c *Client) writerPlan(o WriterOptions, each bool) (writerPlan, error) {
	o, err := o.withDefaults(c.o.API)
	if err != nil {
		return writerPlan{}, err
	}
	w := c.newWriteCall()
	defer c.freeWriteCall(w)
	for _, option := range o.Write {
		option.applyWrite(w)
	}
	if err := w.prepare(c.core); err != nil {
		return writerPlan{}, err
	}
	p := writerPlan{o: o, precision: w.to.precision, unit: wireUnit(c.o.API, w.to.precision)}
	if c.pack != nil {
		p.pack, p.minPack = c.pack, c.minGzip
	}
	if !each || len(c.ends) == 1 {
		p.outlets = []*outlet{c.outlet(w.to, nil, !o.NoStamp)}
		return p, nil
	}
	for _, e := range c.ends {
		p.outlets = append(p.outlets, c.outlet(w.to, e, !o.NoStamp))
	}
	return p, nil
}

// A route is where the batches of an outlet go.
type route struct {
	api  API
	path []byte
}

// outlet returns the outlet for the server e, or for all servers if e is nil.
func (c *Client) outlet(to target, e *endpoint, stamped bool) *outlet {
	var now atomic.Pointer[route]
	path, _ := to.appendWrite(nil, c.core) // it was prepared without an error
	now.Store(&route{c.o.API, path})
	failed := new(failures)
	return &outlet{
		api:    c.o.API,
		failed: failed,
		newSender: func() batchSender {
			s := &clientSender{c: c, e: e, now: &now}
			s.call.op = "write"
			s.call.req.Method, s.call.req.ContentType = "POST", textPlain
			s.call.idempotent, s.call.insist = stamped, true
			s.call.words, s.call.failures = true, failed
			return s
		},
		downgrade: func(failed API) bool {
			if r := now.Load(); r.api != failed {
				return true // by another request
			}
			other := V2
			switch failed {
			case V3:
			case V2:
				other = V3
			default:
				return false
			}
			if other == c.o.API {
				return false // where it came from
			}
			core := &core{o: c.o, userURI: c.userURI}
			core.o.API = other
			path, err := to.appendWrite(nil, core)
			if err != nil {
				return false
			}
			now.Store(&route{other, path})
			return true
		},
	}
}

// A clientSender makes the exchanges of a Writer through a client, one attempt
// each.
type clientSender struct {
	c    *Client
	e    *endpoint
	now  *atomic.Pointer[route]
	call writeCall
}

func (s *clientSender) send(ctx context.Context, b *wireBatch, r *writeReply) {
	w := &s.call
	to := s.now.Load()
	r.api = to.api
	w.path, w.raw = to.path, b.rawSize
	w.req.Body, w.req.ContentEncoding = b.body, b.encoding
	var err error
	switch {
	case s.e != nil:
		epoch := s.e.begin()
		err = s.c.try(ctx, s.e, &w.call, 1)
		s.e.report(epoch, err)
	case s.c.o.Balance == Replicate && len(s.c.ends) > 1:
		err = s.c.replicate(w, func(one *writeCall) error { return s.c.exchange(ctx, one) })
	default:
		err = s.c.attempt(ctx, &w.call, 1)
	}
	w.req.Body = nil
	if err != nil {
		r.read(err)
		return
	}
	r.empty = true // else it was an error
	if r.status = w.resp.Status; r.status == 0 {
		r.status = 204 // from every replica
	}
	w.resp.Close()
	w.resp.Status = 0
	s.c.n.writes.Add(1)
}

// read makes err the reply.
func (r *writeReply) read(err error) {
	var replicas *ReplicaError
	if errors.As(err, &replicas) {
		err = worst(replicas)
		r.mixed = len(replicas.Errs) > 1
	}
	var server *ServerError
	if !errors.As(err, &server) {
		r.err = err
		return
	}
	r.status, r.message, r.foreign = server.Status, server.words, server.Foreign
	if r.message == "" {
		r.message = server.Message
	}
	r.retryAfter = server.RetryAfter
	if r.truncated = server.Truncated; r.truncated {
		return // a list that is cut short names some lines and not others
	}
	for _, l := range server.Lines {
		r.refused = append(r.refused, refusedLine{l.Line, l.Message, l.Text})
	}
}

// worst returns the error that decides about a batch which several servers have to
// store: one that asks for another attempt before one that refuses.
func worst(e *ReplicaError) (worst error) {
	most := int64(-1)
	for _, err := range e.Errs {
		if err == nil {
			continue
		}
		var r writeReply
		r.read(err)
		if rank := replicaRank[judge(&r)]; rank > most {
			most, worst = rank, err
		}
	}
	return worst
}

// replicaRank orders actions by how much of a batch is not stored.
var replicaRank = [numActions]int64{
	actAck: 0, actRefused: 1, actReject: 2, actSplit: 3, actPlain: 3, actDowngrade: 3,
	actUnreadable: 4, actRetry: 5, actKeep: 5, actMissing: 5,
}

// failure returns the reply as an error, nil for success.
func (r *writeReply) failure() error {
	switch {
	case r.err != nil:
		return r.err
	case judge(r) == actAck:
		return nil
	}
	return &ServerError{Op: "write", Status: r.status, Message: complaint.Clip(r.message), Foreign: r.foreign, RetryAfter: r.retryAfter}
}
