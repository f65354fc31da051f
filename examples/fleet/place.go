package main

import (
	"fmt"
	"slices"

	"github.com/pointwire/pointwire/fastclient"
)

// places says which server has a series, as a batch.ShardWriter with the same servers would.
// A collector cannot use that one: it writes to a stream for each server, not to the servers.
type places struct {
	c     *fastclient.Client // makes no connection
	names []string           // of the servers, as Place returns them
	of    map[string]int
}

func newPlaces(servers []string) (p *places, err error) {
	p = &places{of: make(map[string]int)}
	for _, url := range servers {
		c, err := fastclient.New(fastclient.Options{Addr: url})
		if err != nil {
			return nil, err
		}
		name, err := c.Place([]byte("any"))
		if err := c.Close(); err != nil {
			return nil, err
		}
		if err != nil {
			return nil, err
		}
		p.names = append(p.names, name)
	}
	p.c, err = fastclient.New(fastclient.Options{Addr: servers[0], Addrs: servers[1:]})
	return p, err
}

// shard returns the number of the server that has a series.
func (p *places) shard(series string) (int, error) {
	if shard, ok := p.of[series]; ok {
		return shard, nil
	}
	name, err := p.c.Place([]byte(series))
	if err != nil {
		return 0, err
	}
	shard := slices.Index(p.names, name)
	if shard < 0 {
		return 0, fmt.Errorf("no server is %s", name)
	}
	p.of[series] = shard
	return shard, nil
}

func (p *places) close() error { return p.c.Close() }
