package fastclient

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"slices"
)

// A Subset makes a client use only some of its servers. A fleet of many clients then does not
// open a connection from each of them to every server, and each server has its share of the
// clients.
//
// The choice is stable: it depends on the ID and the addresses alone, not on their order. A
// server that is added or removed changes the choice only of the clients that use it. The
// servers are used in an order of the client's own, so with [Failover] the first ones differ,
// too. The method is rendezvous hashing (Thaler, Ravishankar 1998) with SHA-256.
type Subset struct {
	// Size is the number of servers that are used. 0, or as many as there are, uses all of
	// them in the order of the options.
	Size int
	// ID names this client within the fleet, by default the name of the host.
	ID string
}

// choose returns which of the servers s selects.
func (s *Subset) choose(servers []string) (chosen []int, err error) {
	for i := range servers {
		chosen = append(chosen, i)
	}
	if s.Size == 0 || s.Size >= len(servers) {
		return chosen, nil
	}
	id := s.ID
	if id == "" {
		if id, err = os.Hostname(); err != nil || id == "" {
			return nil, &OptionError{"Subset.ID", "is required where the host has no name"}
		}
	}
	slices.SortStableFunc(chosen, func(a, b int) int {
		return cmp.Compare(rendezvous(id, servers[b]), rendezvous(id, servers[a]))
	})
	return chosen[:s.Size], nil
}

// rendezvous returns how much the client prefers the server. Fleets rely on it: it must not
// change between versions.
func rendezvous(id, server string) uint64 {
	b := binary.BigEndian.AppendUint64(nil, uint64(len(id))) // no other pair makes the same text
	sum := sha256.Sum256(append(append(b, id...), server...))
	return binary.BigEndian.Uint64(sum[:])
}
