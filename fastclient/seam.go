package fastclient

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

func init() {
	seam.Register(func(c *Client) seam.Client { return clientRoutes{c} })
}

// This file shows a client to the writers of package batch, by the types of package seam:
// routes to targets, senders that make one attempt at a time, and responses as data. The
// writers keep the pauses, so the client neither retries nor waits here.

// A clientRoutes is a client as a writer sees it.
type clientRoutes struct{ c *Client }

func (r clientRoutes) API() seam.API { return seam.API(r.c.o.API) }

// Route returns a target for each server, if the client sends to them in turn and each is
// asked for; otherwise it returns one target for all of them.
func (r clientRoutes) Route(each, stamped bool) (seam.Route, error) {
	servers := r.c.servers()
	if r.c.o.Balance == Shard && len(servers) > 1 {
		return seam.Route{}, &OptionError{"Balance", "is Shard, which needs a ShardWriter"}
	}
	to, err := r.route()
	r.addTargets(&to, servers, each, stamped)
	return to, err
}

func (r clientRoutes) Servers(stamped bool) (seam.Route, error) {
	to, err := r.route()
	r.addServers(&to, r.c.servers(), stamped)
	return to, err
}

func (r clientRoutes) Follow(each, stamped bool, ids []uint64, f seam.Follower) (stop func(), err error) {
	return r.c.follow(&follower{f, func(servers []*endpoint) seam.Route {
		to, _ := r.route()
		r.addTargets(&to, servers, each, stamped)
		return to
	}}, ids)
}

func (r clientRoutes) addTargets(to *seam.Route, servers []*endpoint, each, stamped bool) {
	if each && r.c.o.Balance == RoundRobin {
		r.addServers(to, servers, stamped)
		return
	}
	to.Targets = []seam.Target{newClientTarget(r.c, nil, stamped)}
	for _, e := range servers {
		to.IDs, to.Names = append(to.IDs, e.id), append(to.Names, e.name)
	}
}

func (r clientRoutes) addServers(to *seam.Route, servers []*endpoint, stamped bool) {
	for _, e := range servers {
		to.Targets = append(to.Targets, newClientTarget(r.c, e, stamped))
		to.IDs, to.Names = append(to.IDs, e.id), append(to.Names, e.name)
	}
	to.Addrs = to.Names
}

// route returns a route without targets.
func (r clientRoutes) route() (seam.Route, error) {
	c := r.c
	if c.to.writeErr != nil {
		return seam.Route{}, c.to.writeErr
	}
	to := seam.Route{API: r.API(), Stamps: c.stamps, Precision: c.to.precision, Unit: wireUnit(c.o.API, c.to.precision)}
	if c.compressor != nil {
		to.Compressor, to.MinCompress = c.compressor, c.minCompress
	}
	to.Path = string(c.lastingPath(c.o.API, c.to))
	to.Place, to.PlaceOf = c.place, c.placeOf
	to.Database, to.Policy = c.to.db, c.to.rp
	if c.o.API == V2 && c.o.Bucket != "" && !c.to.named {
		to.Database, to.Policy = c.o.Bucket, ""
	}
	return to, nil
}

// A clientTarget is one server of a client, or all of them.
type clientTarget struct {
	c       *Client
	e       *endpoint // the server, nil for all of them
	stamped bool
	now     atomic.Pointer[writePath]
}

// A writePath is the write endpoint that lines are sent to.
type writePath struct {
	api  API
	path []byte
}

func newClientTarget(c *Client, e *endpoint, stamped bool) *clientTarget {
	t := &clientTarget{c: c, e: e, stamped: stamped}
	t.now.Store(&writePath{c.o.API, c.to.write})
	return t
}

func (t *clientTarget) NewSender(observe seam.Observer) seam.Sender {
	s := &clientSender{t: t}
	s.call.op = "write"
	s.call.req.Method, s.call.req.ContentType = "POST", textPlain
	s.call.idempotent = t.stamped
	s.call.words = true
	if observe != nil {
		s.call.observe = func(ctx context.Context, e *endpoint, err error) {
			if err == nil {
				observe(ctx, e.name, nil)
				return
			}
			r := seam.Response{API: seam.API(t.now.Load().api)}
			setFailure(&r, err)
			observe(ctx, e.name, &r)
		}
	}
	return s
}

// Downgrade makes the senders use the other one of versions 2 and 3, unless they came
// from there.
func (t *clientTarget) Downgrade(failed seam.API) bool {
	if w := t.now.Load(); w.api != API(failed) {
		return true // another request has done it
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

// A clientSender makes the requests of a writer, one attempt each.
type clientSender struct {
	t    *clientTarget
	call writeCall
}

func (s *clientSender) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	w, c, e := &s.call, s.t.c, s.t.e
	to := s.t.now.Load()
	r.API = seam.API(to.api)
	w.path, w.raw = to.path, b.Raw
	if b.Place != nil {
		w.path = b.Place.Paths[to.api]
	}
	w.req.Body, w.req.ContentEncoding = b.Data, b.Encoding
	w.until = b.Until
	var err error
	servers := c.servers()
	switch {
	case e != nil:
		err = c.attemptIfUp(ctx, e, &w.call, 1)
	case c.o.Balance == Replicate && len(servers) > 1:
		err = c.replicate(w, func(one *writeCall) error {
			err := c.do(ctx, &one.call)
			if err == nil {
				one.resp.Close()
			}
			return err
		})
	case len(servers) > 1:
		err = c.failover(ctx, &w.call, 1)
	default:
		err = c.attempt(ctx, servers[0], &w.call, 1)
	}
	w.req.Body = nil
	if err != nil {
		setFailure(r, err)
		return
	}
	r.Empty = true // anything else would be an error
	if r.Status = w.resp.Status; r.Status == 0 {
		r.Status = 204 // from every replica
	}
	w.resp.Close()
	w.resp.Status = 0
	c.n.writes.Add(1)
}

// setFailure tells a writer in r what err, the error of a request, means.
func setFailure(r *seam.Response, err error) {
	r.Failure = err
	if errors.Is(err, errNoEndpoint) { // the failure in it is that of another request
		r.Err = err
		return
	}
	var replicas *ReplicaError
	if errors.As(err, &replicas) {
		r.Mixed = len(replicas.Errs) > 1
		for _, err := range replicas.Errs {
			if err != nil {
				one := seam.Response{API: r.API}
				setFailure(&one, err)
				r.Replicas = append(r.Replicas, one)
				if one.Hide != nil {
					r.Hide = one.Hide
				}
			}
		}
		return
	}
	var server *ServerError
	if !errors.As(err, &server) {
		r.Err, r.Unreadable = err, errors.Is(err, ErrResponseTooLarge)
		return
	}
	r.Status, r.Message, r.Foreign = server.Status, server.text(), server.Foreign
	lines := server.Lines
	if said := server.said; said != nil {
		lines, r.Hide = (*said).lines, (*said).hidden.in
	}
	r.RetryAfter = server.RetryAfter
	if r.Truncated = server.Truncated; r.Truncated {
		return // a truncated list names some bad lines and not others
	}
	for _, l := range lines {
		r.Refused = append(r.Refused, seam.RefusedLine{Number: l.Line, Message: l.Message, Text: l.Text})
	}
}
