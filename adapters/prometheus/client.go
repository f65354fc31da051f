package pwprometheus

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/pointwire/pointwire/fastclient"
)

// ClientCollector returns a collector of the stats of a client and of its endpoints. The
// argument stats is usually the method of a client, client.Stats. Views of a client share
// their stats, so a client needs one collector.
//
// Labels are added to each metric. To register collectors of several clients, give all of
// them the same labels with different values: {"client": "metrics"}, {"client": "logs"}.
func ClientCollector(stats func() fastclient.Stats, labels prometheus.Labels) prometheus.Collector {
	return newCollector(stats, clientMetrics, nil, labels)
}

type clientStats = fastclient.Stats

var clientMetrics = []metric[clientStats]{
	counter("pointwire_client_requests_total", "Attempts made.", func(s *clientStats) uint64 { return s.Requests }),
	counter("pointwire_client_writes_total", "Bodies of lines that a server acknowledged.", func(s *clientStats) uint64 { return s.Writes }),
	counter("pointwire_client_raw_bytes_total", "Bytes of the bodies of all attempts, before compression.", func(s *clientStats) uint64 { return s.RawBytes }),
	counter("pointwire_client_wire_bytes_total", "Bytes handed to connections.", func(s *clientStats) uint64 { return s.WireBytes }),
	counter("pointwire_client_retries_total", "Attempts after the first.", func(s *clientStats) uint64 { return s.Retries }),
	counter("pointwire_client_network_retries_total", "Retries after a failed connection.", func(s *clientStats) uint64 { return s.RetriesNet }),
	counter("pointwire_client_busy_retries_total", "Retries after status 429 or 503.", func(s *clientStats) uint64 { return s.RetriesBusy }),
	counter("pointwire_client_splits_total", "Bodies halved because the server found them too large.", func(s *clientStats) uint64 { return s.Splits }),
	counter("pointwire_client_failovers_total", "Attempts moved to another server.", func(s *clientStats) uint64 { return s.Failovers }),
	counter("pointwire_client_hedged_total", "Attempts that were also made at another server.", func(s *clientStats) uint64 { return s.Hedged }),
	counter("pointwire_client_hedges_won_total", "Those of which the response of the other server counted.", func(s *clientStats) uint64 { return s.HedgeWon }),
	counter("pointwire_client_partial_writes_total", "Writes of which the server refused a part.", func(s *clientStats) uint64 { return s.Partial }),
	counter("pointwire_client_dropped_points_total", "Points that servers said they dropped in partial writes.", func(s *clientStats) uint64 { return s.Dropped }),
	counter("pointwire_client_dials_total", "Connections opened.", func(s *clientStats) uint64 { return s.Dials }),
	counter("pointwire_client_connection_reuses_total", "Requests over a connection that was used before.", func(s *clientStats) uint64 { return s.Reuses }),
	counter("pointwire_client_stale_connections_total", "Kept connections found unusable before use.", func(s *clientStats) uint64 { return s.Stale }),
	counter("pointwire_client_pool_waits_total", "Requests that waited for a connection.", func(s *clientStats) uint64 { return s.PoolWaits }),
	counter("pointwire_client_early_replies_total", "Refusals that arrived before the body was sent.", func(s *clientStats) uint64 { return s.EarlyReplies }),
	counter("pointwire_client_canceled_requests_total", "Requests ended by their context.", func(s *clientStats) uint64 { return s.Cancels }),
	gauge("pointwire_client_connections", "Open connections.", func(s *clientStats) float64 { return float64(s.Conns) }),
	gauge("pointwire_client_idle_connections", "Open connections that are not in use.", func(s *clientStats) float64 { return float64(s.Idle) }),
	endpoint("pointwire_endpoint_up", "Whether the server is up.", func(e *fastclient.EndpointStats) float64 { return number(e.Up) }),
	endpoint("pointwire_endpoint_writes_up", "Whether the server is up for writes.", func(e *fastclient.EndpointStats) float64 { return number(e.WritesUp) }),
	endpoint("pointwire_endpoint_queries_up", "Whether the server is up for queries.", func(e *fastclient.EndpointStats) float64 { return number(e.QueriesUp) }),
	endpoint("pointwire_endpoint_connections", "Open connections to the server.", func(e *fastclient.EndpointStats) float64 { return float64(e.Conns) }),
	endpoint("pointwire_endpoint_idle_connections", "Open connections to the server that are not in use.", func(e *fastclient.EndpointStats) float64 { return float64(e.Idle) }),
}

// endpoint returns a metric that each server has.
func endpoint(name, help string, value func(*fastclient.EndpointStats) float64) metric[clientStats] {
	return metric[clientStats]{name, help, prometheus.GaugeValue, []string{"addr"}, func(s *clientStats, to put) {
		for _, e := range distinct(s.Endpoints) {
			to(value(&e), e.Addr)
		}
	}}
}

// distinct returns the servers with each address once: a client may be given an address
// twice, and two values of one metric with the same labels would fail the scrape.
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
