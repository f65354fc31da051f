package fastclient

import (
	"slices"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// This file changes the servers of a client while it is used. [core.setAddrs] makes a new
// list of them: a server that stays keeps its connections and all that is known of it; one
// that was removed gets no new call, its probes end, and its connections are closed as what
// is under way ends. Writers follow: they are asked before a change, and told of it.
//
// Invariants: core.changing is held during a change. A list of servers is never empty after
// New, and is replaced as a whole. A server that was removed is in core.removed for as long
// as anything is under way there, so that Close ends it.

// SetEndpoints makes addrs the servers of the client and of all its views, in that order, as
// [New] does with [Options].Addr and Addrs. A server that is among them already keeps its
// connections, its health and its counters. One that is not any more gets no new request;
// those under way there end as they would have, and its probes end at once. With a [Subset]
// the client chooses anew, so it changes at most as many of its servers as were added and
// removed.
//
// The writers of package batch follow: what waits for a server that was removed goes to the
// others. A Writer sends to a new server, with [RoundRobin], as if it had been made with it.
//
// An error is an *[OptionError], or [ErrClosed], and nothing has changed: an address is
// invalid, as in New, or names another user than the options; there is none; or a Writer has
// not enough memory for so many servers; or one writes to a fixed set of them. Whether
// requests are compressed by default stays as the addresses of New decided.
func (c *Client) SetEndpoints(addrs ...string) error {
	return c.change(addrs, func(_, given []address) ([]address, error) { return given, nil })
}

// AddEndpoint adds a server, as the last one, see [Client.SetEndpoints]. A server that the
// client has already is an *[OptionError].
func (c *Client) AddEndpoint(addr string) error {
	return c.change([]string{addr}, func(now, given []address) ([]address, error) {
		if slices.ContainsFunc(now, func(a address) bool { return a.key() == given[0].key() }) {
			return nil, &OptionError{"Addrs", "holds the server already"}
		}
		return append(slices.Clip(now), given...), nil
	})
}

// RemoveEndpoint removes a server, see [Client.SetEndpoints]. A server that the client does
// not have is an *[OptionError], and so is the last one.
func (c *Client) RemoveEndpoint(addr string) error {
	return c.change([]string{addr}, func(now, given []address) ([]address, error) {
		left := slices.DeleteFunc(slices.Clone(now), func(a address) bool { return a.key() == given[0].key() })
		if len(left) == len(now) {
			return nil, &OptionError{"Addrs", "does not hold the server"}
		}
		return left, nil
	})
}

// change makes of the servers what f makes of them and of the given ones.
func (c *core) change(given []string, f func(now, given []address) ([]address, error)) error {
	o := c.o
	var addrs []address
	for _, s := range given {
		if s == "" {
			return &OptionError{"Addrs", "holds an empty address"}
		}
		a, err := o.address("Addrs", s)
		if err != nil {
			return err
		}
		addrs = append(addrs, a)
	}
	if o.Username != c.o.Username {
		return &OptionError{"Addrs", "holds a user that is not Username"}
	}
	if c.part {
		return &OptionError{"Addrs", "of a client for one server cannot change"}
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	addrs, err := f(c.addrs, addrs)
	if err != nil {
		return err
	}
	if len(addrs) == 0 {
		return &OptionError{"Addrs", "is empty"}
	}
	return c.setAddrs(addrs)
}

// setAddrs makes addrs the servers. c.changing is held, or nobody else has the client.
func (c *core) setAddrs(addrs []address) error {
	if c.life.Err() != nil {
		return ErrClosed
	}
	if err := c.o.reachable(addrs); err != nil {
		return err
	}
	names := make([]string, len(addrs))
	for i := range addrs {
		names[i] = addrs[i].String()
		if slices.ContainsFunc(addrs[:i], func(a address) bool { return a.key() == addrs[i].key() }) {
			return &OptionError{"Addrs", "holds " + names[i] + " twice"}
		}
	}
	used, err := c.o.Subset.choose(names)
	if err != nil {
		return err
	}
	now := make([]*endpoint, 0, len(used))
	var made []*endpoint
	discard := func() {
		for _, e := range made {
			e.close()
		}
	}
	left := slices.Clone(c.servers())
	for _, i := range used {
		at := slices.IndexFunc(left, func(e *endpoint) bool { return e.addr.key() == addrs[i].key() })
		if at >= 0 {
			now, left = append(now, left[at]), slices.Delete(left, at, at+1)
			continue
		}
		e, err := c.newEndpoint(addrs[i])
		if err != nil {
			discard()
			return err
		}
		now, made = append(now, e), append(made, e)
	}
	followers := c.followers
	if slices.Equal(now, c.servers()) {
		followers = nil
	}
	if c.o.Balance == Shard && len(followers) > 0 {
		discard()
		return &OptionError{"Addrs", "cannot change while a writer of the client is open, since Balance is Shard"}
	}
	for _, f := range followers {
		if err := f.Check(f.route(now)); err != nil {
			discard()
			return err
		}
	}
	c.set.Store(&now)
	c.addrs = addrs
	for _, e := range left {
		e.removed.Store(true)
		e.end()
		e.write.Drain()
		e.query.Drain()
	}
	c.removed = append(c.removed, left...)
	c.prune()
	for _, f := range followers {
		f.Change(f.route(now))
	}
	c.probes.tell() // a call may wait for a server that is up
	return nil
}

// prune forgets removed servers with nothing under way. c.changing is held.
func (c *core) prune() {
	c.removed = slices.DeleteFunc(c.removed, func(e *endpoint) bool {
		if e.users.Load() > 0 {
			return false
		}
		s := e.stats()
		if s.Conns > 0 {
			return false
		}
		e.counted = s
		addStats(&c.past, s, 1)
		return true
	})
}

// retain is called when an attempt begins at a server that was removed since it was chosen.
// The server may have been forgotten.
func (c *core) retain(e *endpoint) {
	c.changing.Lock()
	defer c.changing.Unlock()
	if !slices.Contains(c.removed, e) {
		addStats(&c.past, e.counted, -1)
		c.removed = append(c.removed, e)
	}
	if c.life.Err() != nil {
		e.close()
	}
}

// A follower is a writer that is told of changes of the servers.
type follower struct {
	seam.Follower
	route func(servers []*endpoint) seam.Route // for the writer
}

// follow has f told of changes, and first of those since a route with these ids was made.
func (c *core) follow(f *follower, ids []uint64) (stop func(), err error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	if r := f.route(c.servers()); !slices.Equal(r.IDs, ids) {
		if err := f.Check(r); err != nil {
			return nil, err
		}
		f.Change(r)
	}
	c.followers = append(c.followers, f)
	return func() {
		c.changing.Lock()
		defer c.changing.Unlock()
		c.followers = slices.DeleteFunc(c.followers, func(o *follower) bool { return o == f })
	}, nil
}

// Stats returns the counters and gauges. The counters are those of all servers that the
// client has had, the gauges and Endpoints those of the servers that it has.
func (c *Client) Stats() Stats {
	n := &c.n
	s := Stats{
		Requests: n.requests.Load(), Writes: n.writes.Load(), RawBytes: n.raw.Load(),
		Retries: n.retries.Load(), RetriesNet: n.retriesNet.Load(), RetriesBusy: n.retriesBusy.Load(),
		Splits: n.splits.Load(), Failovers: n.failovers.Load(), Partial: n.partial.Load(), Dropped: n.dropped.Load(),
		Hedged: n.hedged.Load(), HedgeWon: n.hedgeWon.Load(),
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	c.prune()
	all := c.past
	for _, e := range c.removed {
		addStats(&all, e.stats(), 1)
	}
	for _, e := range c.servers() {
		t := e.stats()
		addStats(&all, t, 1)
		one := EndpointStats{
			Addr: e.name, WritesUp: e.writes.up(), QueriesUp: e.queries.up(),
			Conns: t.Conns, Idle: t.Idle,
		}
		one.Up = one.WritesUp && one.QueriesUp
		s.Endpoints = append(s.Endpoints, one)
	}
	s.WireBytes, s.Dials, s.Reuses, s.Stale = all.Written, all.Dials, all.Reuses, all.Stale
	s.PoolWaits, s.EarlyReplies, s.Cancels = all.Waits, all.EarlyReplies, all.Cancels
	s.Conns, s.Idle = all.Conns, all.Idle
	return s
}
