// Package shard decides which of several servers a series belongs to, by rendezvous hashing
// (Thaler, Ravishankar 1998). Programs rely on the place of a series: it must not change
// between versions.
//
// All numbers are unsigned and have 64 bits; sums and products are modulo 2^64.
//
//	F(bytes)  is FNV-1a
//	M(x)      mixes: x ^= x>>30; x *= 0xbf58476d1ce4e5b9; x ^= x>>27; x *= 0x94d049bb133111eb; x ^= x>>31
//	H(series) = M(F(measurement)) + the sum over its tags of M(F(key, 0xff, value))
//	score     = M(H(series) ^ M(F(address of the server)))
//
// The server with the largest score has the series; of equal scores, that of the address that
// is first in the order of bytes. Measurement, keys and values are those that a server
// stores: without escapes. A sum does not depend on the order of the tags.
package shard

import "github.com/pointwire/pointwire/internal/line"

const (
	offset = 14695981039346656037 // of FNV-1a
	prime  = 1099511628211
)

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Series returns H of the series of text, a line that a line.Scanner has accepted or an
// encoder made, or its measurement and tags.
func Series(text []byte) (h uint64) {
	end := line.SeriesPart(text, 0)
	h = mix(hash(offset, text[:end], false))
	for end < len(text) && text[end] == ',' {
		from := end + 1
		end = line.SeriesPart(text, from)
		eq := line.Equals(text, from, end)
		sum := hash(offset, text[from:eq], true)
		sum = (sum ^ 0xff) * prime
		h += mix(hash(sum, text[min(eq+1, end):end], true))
	}
	return h
}

// hash goes on with the hash h of a text without its escapes: a backslash before a comma, a
// space, or in tags an equals sign.
func hash(h uint64, text []byte, tag bool) uint64 {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			if next := text[i+1]; next == ',' || next == ' ' || tag && next == '=' {
				i++
				c = next
			}
		}
		h = (h ^ uint64(c)) * prime
	}
	return h
}

// Servers are the servers among which Of chooses.
type Servers struct {
	addrs []string
	keys  []uint64
}

// Of returns the servers with these addresses.
func Of(addrs []string) Servers {
	s := Servers{addrs: addrs}
	for _, a := range addrs {
		h := uint64(offset)
		for i := range len(a) {
			h = (h ^ uint64(a[i])) * prime
		}
		s.keys = append(s.keys, mix(h))
	}
	return s
}

// Place returns which of the servers has the series with that H.
func (s *Servers) Place(series uint64) (server int) {
	most := uint64(0)
	for i, key := range s.keys {
		score := mix(series ^ key)
		if i == 0 || score > most || score == most && s.addrs[i] < s.addrs[server] {
			most, server = score, i
		}
	}
	return server
}
