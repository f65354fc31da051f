package fastclient

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/shard"
	"github.com/pointwire/pointwire/lp"
)

// This file says where lines go: by the database, retention policy or bucket that a writer
// chooses for each of them, and by the server that has their series.

// place returns where lines go that name a database, a retention policy or a bucket. What is
// empty is the client's.
func (c *Client) place(db, rp, bucket string) (*seam.Place, error) {
	to, core := c.to, &core{o: c.o, userURI: c.userURI}
	if db != "" {
		to.db, to.named = db, true
	}
	if rp != "" {
		to.rp, to.named = rp, true
	}
	if bucket != "" {
		to.named = false
		core.o.Bucket = bucket
	}
	p := &seam.Place{}
	switch c.o.API {
	case V2:
		if p.Bucket = core.o.Bucket; p.Bucket == "" || to.named {
			p.Bucket = to.db
			if to.rp != "" {
				p.Bucket += "/" + to.rp
			}
		}
	default:
		p.Database, p.RetentionPolicy = to.db, to.rp
	}
	path, err := to.appendWrite(nil, core)
	if err != nil {
		return nil, err
	}
	p.Paths[c.o.API] = path
	// A server that has no such endpoint may have the other one, see clientTarget.Downgrade.
	other := to
	switch c.o.API {
	case V2:
		core.o.API = V3
		if bucket != "" {
			other.db, other.rp = bucket, ""
		}
	case V3:
		core.o.API, core.o.Bucket = V2, ""
	}
	if core.o.API != c.o.API {
		if path, err := other.appendWrite(nil, core); err == nil {
			p.Paths[core.o.API] = path
		}
	}
	core.o.API = c.o.API
	plain := &Client{core: core}
	p.Lasting = string(plain.lastingPath(c.o.API, to))
	return p, nil
}

// lastingPath returns the path and query of a write as far as they say where lines go: a
// batch on disk may be sent under other options, and with other credentials.
func (c *Client) lastingPath(api API, t target) []byte {
	plain := &core{o: c.o}
	plain.o.API, plain.o.RejectPartial, plain.o.NoSync = api, false, false
	to := target{db: t.db, rp: t.rp, precision: t.precision, named: t.named}
	path, err := to.appendWrite(nil, plain)
	if err != nil {
		return nil // writeErr says why
	}
	return path
}

// Place returns the address of the server that has a series, of all servers of the client,
// whatever its Balance: the one to which batch.ShardWriter writes the lines of that series.
// series is a line, or its measurement and tags, as line protocol has them: cpu,host=a. Neither
// the order of the tags nor the way in which they are escaped matters. The error is an
// *[lp.SyntaxError].
//
// The place depends on the series and the addresses alone. A server that is added takes its
// share of the series from all others, and no series moves between these. The method is
// rendezvous hashing, with numbers of 64 bits and all sums and products modulo 2^64:
//
//	F(bytes)  is FNV-1a
//	M(x)      mixes: x ^= x>>30; x *= 0xbf58476d1ce4e5b9; x ^= x>>27; x *= 0x94d049bb133111eb; x ^= x>>31
//	H(series) = M(F(measurement)) + the sum over its tags of M(F(key, 0xff, value))
//	score     = M(H(series) ^ M(F(address)))
//
// The server with the largest score has the series. Measurement, keys and values are without
// escapes. The address is as Place returns it: scheme, host with its port, and base path.
func (c *Client) Place(series []byte) (addr string, err error) {
	var s line.Scanner
	s.Reset(series)
	ok := s.Next()
	if !ok || s.Fault.Rule == line.NoFields {
		s.Reset(append(bytes.Clone(series), " v=0"...))
		ok = s.Next()
	}
	switch {
	case !ok:
		return "", &lp.SyntaxError{Line: 1, Rule: line.NoMeasurement}
	case s.Fault.Rule != 0:
		return "", points.SyntaxError(&s)
	}
	endpoints := c.servers()
	addrs := make([]string, len(endpoints))
	for i, e := range endpoints {
		addrs[i] = e.name
	}
	servers := shard.Of(addrs)
	return addrs[servers.Place(shard.Series(s.AppendPlain(nil)))], nil
}

// placeOf returns the place of a lasting path, if the client could have made it: everything
// but database, retention policy and bucket is as in the client's own.
func (c *Client) placeOf(lasting string) *seam.Place {
	_, query, _ := strings.Cut(lasting, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil
	}
	var p *seam.Place
	if c.o.API == V2 {
		if q.Get("bucket") == "" {
			return nil
		}
		p, err = c.place("", "", q.Get("bucket"))
	} else {
		to := *c
		to.to.rp = "" // or a path without one would not be found
		p, err = to.place(q.Get("db"), q.Get("rp"), "")
	}
	if err != nil || p.Lasting != lasting {
		return nil
	}
	return p
}
