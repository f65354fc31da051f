package fastclient

import (
	"context"
	"errors"
	"sync/atomic"
)

// NewWriter returns a Writer that sends through c, to the database and in the
// precision of c. With several servers and
// [RoundRobin], each takes its share of the batches, and those that are up the
// share of one that is down. Close the Writer before the client.
//
// An error is an *[OptionError], or [ErrNoSpool].
func (c *Client) NewWriter(o WriterOptions) (*Writer, error) {
	plan, err := newPlan(clientRoutes{c}, o, true)
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
	plan, err := newPlan(clientRoutes{c}, o, false)
	if err != nil {
		return nil, err
	}
	return newBatchWriter(plan)
}

// A clientRoutes is a client as a writer sees it.
type clientRoutes struct{ c *Client }

func (r clientRoutes) api() seamAPI { return seamAPI(r.c.o.API) }

// route returns a target for each server, where the client sends to them in turn and
// each is asked for, or one for all of them.
func (r clientRoutes) route(each, stamped bool) (route_, error) {
	c := r.c
	if c.to.writeErr != nil {
		return route_{}, c.to.writeErr
	}
	to := route_{api: r.api(), precision: c.to.precision, unit: wireUnit(c.o.API, c.to.precision)}
	if c.pack != nil {
		to.compressor, to.minCompress = c.pack, c.minGzip
	}
	if !each || c.o.Balance != RoundRobin || len(c.ends) == 1 {
		to.targets = []target_{newClientTarget(c, nil, stamped)}
		return to, nil
	}
	for _, e := range c.ends {
		to.targets = append(to.targets, newClientTarget(c, e, stamped))
	}
	return to, nil
}

// A clientTarget is one server of a client, or all of them.
type clientTarget struct {
	c       *Client
	e       *endpoint // nil: all of them
	stamped bool
	now     atomic.Pointer[writePath]
}

// A writePath is the write endpoint that lines go to.
type writePath struct {
	api  API
	path []byte
}

func newClientTarget(c *Client, e *endpoint, stamped bool) *clientTarget {
	t := &clientTarget{c: c, e: e, stamped: stamped}
	t.now.Store(&writePath{c.o.API, c.to.write})
	return t
}

func (t *clientTarget) newSender(observe observer) batchSender {
	s := &clientSender{t: t}
	s.call.op = "write"
	s.call.req.Method, s.call.req.ContentType = "POST", textPlain
	s.call.idempotent, s.call.insist = t.stamped, true
	s.call.words = true
	if observe != nil {
		s.call.observe = func(ctx context.Context, e *endpoint, err error) {
			if err == nil {
				observe(ctx, e.name, nil)
				return
			}
			r := writeReply{api: seamAPI(t.now.Load().api)}
			fill(&r, err)
			observe(ctx, e.name, &r)
		}
	}
	return s
}

// downgrade makes the senders use the other of versions 2 and 3, unless they came from
// there.
func (t *clientTarget) downgrade(failed seamAPI) bool {
	if w := t.now.Load(); w.api != API(failed) {
		return true // by another request
	}
	other := V2
	switch API(failed) {
	case V3:
	case V2:
		other = V3
	default:
		return false
	}
	if other == t.c.o.API {
		return false
	}
	core := &core{o: t.c.o, userURI: t.c.userURI}
	core.o.API = other
	path, err := t.c.to.appendWrite(nil, core)
	if err != nil {
		return false
	}
	t.now.Store(&writePath{other, path})
	return true
}

// A clientSender makes requests of a writer, one attempt each.
type clientSender struct {
	t    *clientTarget
	call writeCall
}

func (s *clientSender) send(ctx context.Context, b *wireBatch, r *writeReply) {
	w, c, e := &s.call, s.t.c, s.t.e
	to := s.t.now.Load()
	r.api = seamAPI(to.api)
	w.path, w.raw = to.path, b.raw
	w.req.Body, w.req.ContentEncoding = b.data, b.encoding
	var err error
	switch {
	case e != nil:
		epoch := e.begin()
		err = c.try(ctx, e, &w.call, 1)
		e.report(epoch, err)
	case c.o.Balance == Replicate && len(c.ends) > 1:
		err = c.replicate(w, func(one *writeCall) error { return c.exchange(ctx, one) })
	default:
		err = c.attempt(ctx, &w.call, 1)
	}
	w.req.Body = nil
	if err != nil {
		fill(r, err)
		return
	}
	r.empty = true // else it was an error
	if r.status = w.resp.Status; r.status == 0 {
		r.status = 204 // from every replica
	}
	w.resp.Close()
	w.resp.Status = 0
	c.n.writes.Add(1)
}

// fill makes err, of a request, what a writer sees of it.
func fill(r *writeReply, err error) {
	r.failure = err
	var replicas *ReplicaError
	if errors.As(err, &replicas) {
		r.mixed = len(replicas.Errs) > 1
		for _, err := range replicas.Errs {
			if err != nil {
				one := writeReply{api: r.api}
				fill(&one, err)
				r.replicas = append(r.replicas, one)
			}
		}
		return
	}
	var server *ServerError
	if !errors.As(err, &server) {
		r.err, r.unreadable = err, errors.Is(err, ErrResponseTooLarge)
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
