package main

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

// TestWhole answers each question from a recorded run, and says which client cannot.
func TestWhole(t *testing.T) {
	const lines = `{"environment":{"server":"InfluxDB 1.8.10"}}
{"suite":"whole","case":"write","contender":"pointwire","unit":"point","ns_per_unit":4000,"cpu_ns_per_unit":400,"bytes_per_unit":0.0002,"base":"influxdb1-client","extra":41.3}
{"suite":"whole","case":"write","contender":"influxdb-client-go","unit":"point","ns_per_unit":9000,"cpu_ns_per_unit":8000,"bytes_per_unit":2020,"base":"influxdb1-client","extra":36.4}
{"suite":"whole","case":"write","contender":"influxdb3-go","unit":"point","base":"influxdb1-client","wrong":"5 points instead of 6"}
{"suite":"whole","case":"query","contender":"pointwire","unit":"row","ns_per_unit":900,"cpu_ns_per_unit":250,"bytes_per_unit":47,"base":"influxdb1-client","extra":130}
{"suite":"whole","case":"query","contender":"influxdb-client-go","unit":"row","base":"influxdb1-client","skipped":"it reads Flux only"}
`
	var r results.Report
	if err := r.Read(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	c, out := quiet()
	if err := showWhole(c, &r); err != nil {
		t.Fatal(err)
	}
	const want = `
the clients beside each other, in one run with InfluxDB 1.8.10; a core is a second of the client's processor time
                                                   pointwire  influxdb-client-go  influxdb3-go
points per second per core, from struct to stored  2 500 000             125 000             –
bytes on the wire per point                             41.3                36.4             –
bytes of memory allocated per point                        0               2 020             –
rows per second per core, from query to struct     4 000 000                   –             –
bytes on the wire per row                                130                   –             –
bytes of memory allocated per row                       47.0                   –             –
influxdb3-go, write: wrong, 5 points instead of 6
influxdb-client-go, query: not run, it reads Flux only
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	out.Reset()
	r.Results = r.Results[len(r.Results)-1:]
	if err := showWhole(c, &r); err != nil || out.Len() > 0 {
		t.Errorf("%v, said %q", err, out)
	}
}
