package main

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/frame"
)

// TestChanges holds that no statement that changes the server is taken for a query.
func TestChanges(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT * FROM m": "", "select drop from m": "", `SELECT "DROP" FROM "DELETE; DROP x"`: "", "SHOW DATABASES": "", "EXPLAIN SELECT v FROM m": "",
		"SELECT * FROM m WHERE t = 'x; DROP DATABASE d'": "", "SELECT * FROM m WHERE t =~ /into/": "", "-- DROP\nSELECT v FROM m": "", "/* DROP */ SELECT v FROM m": "", "": "",
		`SELECT v FROM m WHERE t = 'it\'s; DROP x'`: "",
		"DROP DATABASE d": "DROP", "drop\nmeasurement a": "DROP", "DROP\tSERIES": "DROP", "/* x */ DROP DATABASE d": "DROP", "-- x\nDELETE FROM m": "DELETE",
		"SELECT 1; DROP DATABASE d": "DROP", ";;KILL QUERY 1": "KILL", "SELECT * INTO x FROM m": "INTO", "SELECT v/2 INTO x FROM m WHERE v/2 > 1": "INTO", "select v into x from m": "INTO",
		"SET PASSWORD FOR u = 'p'": "SET", "SELECT '' FROM a;/**/drop database d": "DROP",
	} {
		if got := changes(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

// TestLosses holds that a query is said to lose something if it may.
func TestLosses(t *testing.T) {
	k := keys{
		"a":    {Tags: []string{"host"}, Fields: map[string]frame.Type{"v": frame.Int64, "x": frame.Int64}},
		"b":    {Tags: []string{"host"}, Fields: map[string]frame.Type{"v": frame.String, "w": frame.Bool}},
		`q"\ `: {Fields: map[string]frame.Type{"w": frame.Null}, several: map[string]*severalTypes{"w": {number: true, text: true}}},
		"c":    {Tags: []string{"w"}, Fields: map[string]frame.Type{"x": frame.Int64}},
	}
	for query, want := range map[string]string{
		"SELECT * FROM a": "", "SELECT * FROM b GROUP BY *": "", `select v from "d"."r"."a" where time > 0`: "", "SELECT x FROM a, c": "", "SELECT * FROM nosuch": "",
		`SELECT "w"::string FROM "q\"\\ "`: "", `SELECT * FROM "q\"\\ "`: `"w"`, `SELECT last(w) AS y FROM "q\"\\ " LIMIT 1`: `"w"`,
		`SELECT w FROM "q\"\\ " WHERE ip = 'fe80::1'`: `"w"`,
		"SELECT v FROM a, b":                          `"v"`, "SELECT v FROM b,a GROUP BY *": `"v"`, "SELECT * FROM /^[ab]$/ GROUP BY *": `"w"`, "SELECT x FROM /./": "",
		"SELECT mean(v) AS y FROM /./": `"v"`, "SELECT y FROM (SELECT v AS y FROM a, b)": `"v"`, "SELECT x FROM a; SELECT v FROM b": `"v"`,
	} {
		err := k.losses(query)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
}
