package pwotel

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pointwire/pointwire/fastclient"
)

// RegisterClient makes the instruments of a client and of its endpoints, and the callback
// that observes them until the registration ends. The argument stats is usually the method
// of a client, client.Stats. Views of a client share their stats, so a client needs one
// registration. Several clients of one meter need attributes that differ.
func RegisterClient(m metric.Meter, stats func() fastclient.Stats, attrs ...attribute.KeyValue) (metric.Registration, error) {
	return register(m, clientInstruments, stats, attrs)
}

type clientStats = fastclient.Stats

var clientInstruments = []instrument[clientStats]{
	counter("pointwire.client.requests", "{request}", "Attempts made.", func(s *clientStats) uint64 { return s.Requests }),
	counter("pointwire.client.writes", "{body}", "Bodies of lines that a server acknowledged.", func(s *clientStats) uint64 { return s.Writes }),
	counter("pointwire.client.raw", "By", "Bytes of the bodies of all attempts, before compression.", func(s *clientStats) uint64 { return s.RawBytes }),
	counter("pointwire.client.wire", "By", "Bytes handed to connections.", func(s *clientStats) uint64 { return s.WireBytes }),
	counter("pointwire.client.retries", "{request}", "Attempts after the first.", func(s *clientStats) uint64 { return s.Retries }),
	counter("pointwire.client.network_retries", "{request}", "Retries after a failed connection.", func(s *clientStats) uint64 { return s.RetriesNet }),
	counter("pointwire.client.busy_retries", "{request}", "Retries after status 429 or 503.", func(s *clientStats) uint64 { return s.RetriesBusy }),
	counter("pointwire.client.splits", "{body}", "Bodies halved because the server found them too large.", func(s *clientStats) uint64 { return s.Splits }),
	counter("pointwire.client.failovers", "{request}", "Attempts moved to another server.", func(s *clientStats) uint64 { return s.Failovers }),
	counter("pointwire.client.hedged", "{request}", "Attempts that were also made at another server.", func(s *clientStats) uint64 { return s.Hedged }),
	counter("pointwire.client.hedges_won", "{request}", "Those of which the response of the other server counted.", func(s *clientStats) uint64 { return s.HedgeWon }),
	counter("pointwire.client.partial_writes", "{body}", "Writes of which the server refused a part.", func(s *clientStats) uint64 { return s.Partial }),
	counter("pointwire.client.dropped_points", "{point}", "Points that servers said they dropped in partial writes.", func(s *clientStats) uint64 { return s.Dropped }),
	counter("pointwire.client.dials", "{connection}", "Connections opened.", func(s *clientStats) uint64 { return s.Dials }),
	counter("pointwire.client.connection_reuses", "{request}", "Requests over a connection that was used before.", func(s *clientStats) uint64 { return s.Reuses }),
	counter("pointwire.client.stale_connections", "{connection}", "Kept connections found unusable before use.", func(s *clientStats) uint64 { return s.Stale }),
	counter("pointwire.client.pool_waits", "{request}", "Requests that waited for a connection.", func(s *clientStats) uint64 { return s.PoolWaits }),
	counter("pointwire.client.early_replies", "{response}", "Refusals that arrived before the body was sent.", func(s *clientStats) uint64 { return s.EarlyReplies }),
	counter("pointwire.client.canceled_requests", "{request}", "Requests ended by their context.", func(s *clientStats) uint64 { return s.Cancels }),
	gauge("pointwire.client.connections", "{connection}", "Open connections.", func(s *clientStats) int { return s.Conns }),
	gauge("pointwire.client.idle_connections", "{connection}", "Open connections that are not in use.", func(s *clientStats) int { return s.Idle }),
	endpoint("pointwire.endpoint.up", "1", "Whether the server is up.", func(e *fastclient.EndpointStats) int { return number(e.Up) }),
	endpoint("pointwire.endpoint.writes_up", "1", "Whether the server is up for writes.", func(e *fastclient.EndpointStats) int { return number(e.WritesUp) }),
	endpoint("pointwire.endpoint.queries_up", "1", "Whether the server is up for queries.", func(e *fastclient.EndpointStats) int { return number(e.QueriesUp) }),
	endpoint("pointwire.endpoint.connections", "{connection}", "Open connections to the server.", func(e *fastclient.EndpointStats) int { return e.Conns }),
	endpoint("pointwire.endpoint.idle_connections", "{connection}", "Open connections to the server that are not in use.", func(e *fastclient.EndpointStats) int { return e.Idle }),
}

// endpoint returns an instrument that each server has.
func endpoint(name, unit, help string, value func(*fastclient.EndpointStats) int) instrument[clientStats] {
	return instrument[clientStats]{name: name, unit: unit, help: help, attribute: "addr", ints: func(s *clientStats, to put[int64]) {
		for _, e := range distinct(s.Endpoints) {
			to(int64(value(&e)), e.Addr)
		}
	}}
}

// distinct returns the servers with each address once: a client may be given an address
// twice, and of two values with the same attributes the SDK would keep one.
func distinct(list []fastclient.EndpointStats) []fastclient.EndpointStats {
	place := make(map[string]int, len(list))
	var out []fastclient.EndpointStats
	for _, e := range list {
		i, again := place[e.Addr]
		if !again {
			place[e.Addr] = len(out)
			out = append(out, e)
			continue
		}
		out[i].Up = out[i].Up && e.Up
		out[i].WritesUp = out[i].WritesUp && e.WritesUp
		out[i].QueriesUp = out[i].QueriesUp && e.QueriesUp
		out[i].Conns += e.Conns
		out[i].Idle += e.Idle
	}
	return out
}
