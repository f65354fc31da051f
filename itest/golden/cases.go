package golden

import "github.com/pointwire/pointwire/itest"

type params = map[string]string

// Case is one query.
type Case struct {
	Name   string
	About  string
	Method string // POST if empty
	Params params
	Accept string
}

// setup is a server with the points and queries for it.
type setup struct {
	name    string
	config  itest.Config
	prepare []string // statements for 1.x
	buckets []string // for InfluxDB 2, instead of the statements
	only1   bool     // InfluxDB 2 cannot be in this state
	writes  []func() string
	cases   []Case
}

// setups are run in this order, each on a server of its own.
var setups = []setup{
	{
		prepare: []string{`CREATE DATABASE golden; CREATE DATABASE "empty"; CREATE RETENTION POLICY "two \"days\"" ON golden DURATION 48h REPLICATION 1`,
			`CREATE CONTINUOUS QUERY "cq" ON golden BEGIN SELECT mean(v) INTO golden.autogen.c FROM golden.autogen.b GROUP BY time(1h) END`,
			`CREATE USER reader WITH PASSWORD 'pw'; GRANT READ ON golden TO reader`},
		buckets: []string{database, "empty", database + "/two days"},
		writes:  []func() string{func() string { return guidePoint }, numbers, texts, names, hosts, promoted, many, long, logs, wide},
		cases: slicesOf(inBoth(shapeCases, numberCases, infinityCases, textCases, timeCases, errorCases, chunkCases, showCases,
			bulkCases), formatCases, mutatingCases),
	},
	{
		name:    "max-row-limit = 7",
		config:  itest.Config{MaxRowLimit: 7},
		prepare: []string{"CREATE DATABASE golden"},
		writes:  []func() string{hosts, numbers},
		cases: []Case{
			{Name: "limit-cut", About: "max-row-limit cuts the first series; the second statement is missing without a mark",
				Params: ns("SELECT f FROM numbers; SELECT load FROM hosts")},
			{Name: "limit-cut-group", About: "max-row-limit cuts the second of three series",
				Params: ns("SELECT load FROM hosts GROUP BY host")},
			{Name: "limit-exact", About: "the first statement has exactly max-row-limit rows",
				Params: ns("SELECT f FROM numbers LIMIT 7; SELECT load FROM hosts")},
			{Name: "limit-under", About: "one row less than max-row-limit",
				Params: ns("SELECT f FROM numbers LIMIT 6")},
			{Name: "limit-chunked", About: "max-row-limit does not hold for chunked responses",
				Params: chunked("5", "SELECT f FROM numbers")},
		},
	},
	{
		name:   "auth-enabled, no user yet",
		only1:  true,
		config: itest.Config{Auth: true},
		cases:  []Case{{Name: "auth-no-admin", About: "no user exists yet", Params: ns("SHOW DATABASES")}},
	},
	{
		name:    "auth-enabled",
		config:  itest.Config{Auth: true},
		prepare: []string{itest.AdminQuery},
		cases: []Case{
			{Name: "auth-none", About: "no credentials", Params: params{"q": "SHOW DATABASES"}},
			{Name: "auth-wrong", About: "wrong password", Params: params{"q": "SHOW DATABASES", "u": "root", "p": "no"}},
		},
	},
}

func slicesOf(groups ...[]Case) []Case {
	var all []Case
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// msgpack is the media type of MessagePack, and the end of the name of a case that was also
// recorded as JSON, under the rest of the name.
const (
	msgpack    = "application/x-msgpack"
	msgpackEnd = "-msgpack"
)

// inBoth returns the cases of groups, and each a second time with MessagePack.
func inBoth(groups ...[]Case) []Case {
	all := slicesOf(groups...)
	for _, c := range all {
		c.Name, c.Accept = c.Name+msgpackEnd, msgpack
		all = append(all, c)
	}
	return all
}

// ns requests nanosecond integers in one document.
func ns(q string) params { return params{"db": database, "q": q, "epoch": "ns"} }

// chunked requests documents of size rows each.
func chunked(size, q string) params {
	return params{"db": database, "q": q, "epoch": "ns", "chunked": "true", "chunk_size": size}
}

var shapeCases = []Case{
	{Name: "guide", About: "the user guide's first query", Params: params{"db": database, "q": "SELECT value FROM cpu_load_short"}},
	{Name: "empty", About: "no such measurement", Params: ns("SELECT * FROM missing")},
	{Name: "empty-chunked", About: "no such measurement, chunked", Params: chunked("10", "SELECT * FROM missing")},
	{Name: "empty-between", About: "a statement without series between two with", Params: ns("SELECT * FROM cpu_load_short; SELECT * FROM missing; SELECT * FROM hosts")},
	{Name: "columns", About: "SELECT f,* repeats a column as f_1", Params: ns("SELECT load, * FROM hosts")},
	{Name: "group", About: "series with tags", Params: ns("SELECT * FROM hosts GROUP BY host, region")},
	{Name: "group-empty-tag", About: "a tag that no series has", Params: ns("SELECT load FROM hosts GROUP BY host, nothing")},
	{Name: "two-equal", About: "two statements with equal series", Params: ns("SELECT * FROM cpu_load_short; SELECT * FROM cpu_load_short")},
	{Name: "two-measurements", About: "two measurements in one statement", Params: ns("SELECT value, load FROM cpu_load_short, hosts")},
	{Name: "aggregate-null", About: "GROUP BY time with empty buckets, null", Params: ns("SELECT mean(load), count(up) FROM hosts WHERE time >= 1500000000s AND time < 1500000300s GROUP BY time(30s), host")},
	{Name: "pretty", About: "pretty-printed response", Params: params{"db": database, "q": "SELECT * FROM hosts GROUP BY host; SELECT * FROM missing", "pretty": "true"}},
	{Name: "pretty-chunked", About: "pretty-printed documents", Params: params{"db": database, "q": "SELECT * FROM hosts", "pretty": "true", "chunked": "true", "chunk_size": "5"}},
}

var numberCases = []Case{
	{Name: "numbers", About: "floats and integers at the edges, -0, 21 digits, nulls", Params: ns("SELECT * FROM numbers")},
	{Name: "overflow", About: "integer arithmetic wraps", Params: ns("SELECT i*2 FROM numbers")},
	{Name: "undefined", About: "x/0 is 0, sqrt(-1) and ln(-1) are null", Params: ns("SELECT 1/f, sqrt(-1.5-f) FROM numbers LIMIT 3")},
	{Name: "promoted", About: "a float column of integers until row 1500, then -0, 0.5 and 1e+30", Params: ns("SELECT v FROM promoted")},
	{Name: "promoted-chunked", About: "the same in chunks of 1000", Params: chunked("1000", "SELECT v FROM promoted")},
}

var infinityCases = []Case{
	{Name: "infinity", About: "ln(0): the whole response becomes an error text", Params: ns("SELECT ln(f) FROM numbers WHERE f = 0")},
	{Name: "infinity-positive", About: "float overflow", Params: ns("SELECT f*10 FROM numbers WHERE time = 1500000000000000010")},
	{Name: "infinity-between", About: "good statements of the same request are lost", Params: ns("SELECT load FROM hosts; SELECT ln(f) FROM numbers WHERE f = 0; SELECT load FROM hosts")},
	{Name: "infinity-chunked", About: "one error per affected chunk; other statements follow", Params: chunked("3", "SELECT load FROM hosts; SELECT ln(f) FROM numbers WHERE f > -1 AND f < 1; SELECT load FROM hosts")},
	{Name: "infinity-chunked-only", About: "nothing but the error", Params: chunked("10", "SELECT ln(f) FROM numbers WHERE f = 0")},
}

var textCases = []Case{
	{Name: "texts", About: "control characters, quotes, invalid UTF-8, astral characters", Params: ns("SELECT s FROM texts")},
	{Name: "names", About: "names with escapes in measurement, tag keys, tag values, columns", Params: ns("SELECT * FROM /names|control/ GROUP BY *")},
	{Name: "names-columns", About: "the same names as columns and values", Params: ns("SELECT * FROM /names|control/")},
	{Name: "long", About: "a string of 700,000 bytes with escapes", Params: ns("SELECT s FROM long")},
}

var timeCases = []Case{
	{Name: "time-rfc3339", About: "no epoch: RFC 3339 with zeros trimmed", Params: params{"db": database, "q": "SELECT f FROM numbers"}},
	{Name: "time-zone", About: "tz() prints offsets", Params: params{"db": database, "q": "SELECT f FROM numbers tz('Asia/Tokyo')"}},
	{Name: "time-zone-west", About: "a zone west of Greenwich", Params: params{"db": database, "q": "SELECT mean(load) FROM hosts WHERE time >= 1500000000s AND time < 1500000300s GROUP BY time(1m) tz('America/New_York')"}},
	{Name: "time-early", About: "times at the beginning of 1970", Params: params{"db": database, "q": "SELECT v FROM b LIMIT 3"}},
	{Name: "epoch-ns", About: "nanoseconds", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "ns"}},
	{Name: "epoch-u", About: "microseconds", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "u"}},
	{Name: "epoch-ms", About: "milliseconds", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "ms"}},
	{Name: "epoch-s", About: "seconds", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "s"}},
	{Name: "epoch-m", About: "minutes", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "m"}},
	{Name: "epoch-h", About: "hours", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "h"}},
	{Name: "epoch-unknown", About: "an unknown word means nanoseconds", Params: params{"db": database, "q": "SELECT load FROM hosts", "epoch": "rfc3339"}},
}

var errorCases = []Case{
	{Name: "error-parse", About: "the query does not parse", Params: ns("SELECT FROM")},
	{Name: "error-no-query", About: "no q parameter", Params: params{"db": database}},
	{Name: "error-database", About: "no such database", Params: params{"db": "missing", "q": "SELECT * FROM m"}},
	{Name: "error-no-database", About: "no db parameter", Params: params{"q": "SELECT * FROM m"}},
	{Name: "error-first", About: "the first statement fails: its error is replaced by that of the next", Params: ns("SELECT * FROM missing..m; SELECT load FROM hosts; SELECT load FROM hosts")},
	{Name: "error-middle", About: "the second of three statements fails: its error is replaced too", Params: ns("SELECT load FROM hosts; SELECT * FROM missing..m; SELECT load FROM hosts")},
	{Name: "error-last", About: "the last statement fails", Params: ns("SELECT load FROM hosts; SELECT * FROM missing..m")},
	{Name: "error-first-chunked", About: "not executed, with the id of the failed statement", Params: chunked("10", "SELECT * FROM missing..m; SELECT load FROM hosts; SELECT load FROM hosts")},
	{Name: "error-middle-chunked", About: "not executed after good rows", Params: chunked("5", "SELECT load FROM hosts; SELECT * FROM missing..m; SELECT load FROM hosts; SELECT load FROM hosts")},
	{Name: "error-function", About: "no such function", Params: ns("SELECT load FROM hosts; SELECT nothing(load) FROM hosts")},
	{Name: "error-mixed", About: "an aggregate beside a plain field", Params: ns("SELECT mean(load), up FROM hosts")},
	{Name: "error-exists", About: "DROP of what is not there", Params: ns(`DROP RETENTION POLICY "missing" ON golden; DROP USER nobody`)},
}

var chunkCases = []Case{
	{Name: "chunks", About: "20,000 rows in chunks of 15,000, then a second statement", Params: chunked("15000", "SELECT * FROM b; SELECT * FROM b LIMIT 2")},
	{Name: "chunks-default", About: "the default chunk of 10,000 rows", Params: params{"db": database, "q": "SELECT v FROM b", "epoch": "ns", "chunked": "true"}},
	{Name: "chunks-group", About: "three series of four rows in chunks of 3", Params: chunked("3", "SELECT * FROM hosts GROUP BY host")},
	{Name: "chunks-group-fit", About: "three series in chunks of exactly their size", Params: chunked("4", "SELECT * FROM hosts GROUP BY host")},
	{Name: "chunks-one", About: "a row per document", Params: chunked("1", "SELECT * FROM hosts GROUP BY host; SELECT * FROM cpu_load_short")},
	{Name: "chunks-equal", About: "two statements with equal series in chunks", Params: chunked("2", "SELECT f FROM numbers LIMIT 5; SELECT f FROM numbers LIMIT 5")},
	{Name: "whole-10000", About: "10,000 rows not chunked", Params: ns("SELECT v FROM b LIMIT 10000")},
	{Name: "whole-10001", About: "10,001 rows not chunked: complete, yet partial on 1.6.7", Params: ns("SELECT v FROM b LIMIT 10001")},
}

var showCases = []Case{
	{Name: "show-databases", Params: params{"q": "SHOW DATABASES"}},
	{Name: "show-measurements", Params: ns("SHOW MEASUREMENTS")},
	{Name: "show-tag-keys", Params: ns("SHOW TAG KEYS")},
	{Name: "show-tag-values", Params: ns("SHOW TAG VALUES WITH KEY =~ /.*/")},
	{Name: "show-field-keys", Params: ns("SHOW FIELD KEYS")},
	{Name: "show-series", About: "no name", Params: ns("SHOW SERIES")},
	{Name: "show-series-chunked", Params: chunked("2", "SHOW SERIES")},
	{Name: "show-retention-policies", About: "no name", Params: ns("SHOW RETENTION POLICIES")},
	{Name: "show-retention-policies-empty", About: "another database", Params: ns(`SHOW RETENTION POLICIES ON "empty"`)},
	{Name: "show-continuous-queries", About: "series without values", Params: params{"q": "SHOW CONTINUOUS QUERIES"}},
	{Name: "show-users", Params: params{"q": "SHOW USERS"}},
	{Name: "show-grants", Params: params{"q": "SHOW GRANTS FOR reader"}},
	{Name: "show-series-cardinality", Params: ns("SHOW SERIES EXACT CARDINALITY")},
	{Name: "explain", About: "no name, one column of texts", Params: ns("EXPLAIN SELECT mean(load) FROM hosts")},
}

var bulkCases = []Case{
	{Name: "logs", About: "2,000 rows of texts with escapes", Params: ns("SELECT * FROM logs")},
	{Name: "logs-chunked", About: "the same by app, in chunks", Params: chunked("250", "SELECT msg, ok FROM logs GROUP BY app")},
	{Name: "wide", About: "60 columns, one in five null", Params: ns("SELECT * FROM wide")},
}

var formatCases = []Case{
	{Name: "msgpack", About: "MessagePack: types kept", Accept: msgpack, Params: ns("SELECT * FROM numbers; SELECT * FROM missing..m")},
	{Name: "msgpack-time", About: "MessagePack without epoch: time as extension 5", Accept: msgpack, Params: params{"db": database, "q": "SELECT load FROM hosts"}},
	{Name: "msgpack-infinity", About: "MessagePack carries infinity", Accept: msgpack, Params: ns("SELECT ln(f) FROM numbers WHERE f = 0")},
	{Name: "csv", About: "CSV", Accept: "application/csv", Params: ns("SELECT * FROM hosts GROUP BY host")},
	{Name: "csv-infinity", About: "CSV prints infinity", Accept: "application/csv", Params: ns("SELECT ln(f) FROM numbers WHERE f = 0")},
	{Name: "csv-error", About: "CSV loses the error of a statement", Accept: "application/csv", Params: ns("SELECT load FROM hosts; SELECT * FROM missing..m")},
}

// mutatingCases come last, since they change what other queries return.
var mutatingCases = []Case{
	{Name: "create", About: "a statement without a result", Params: params{"q": `CREATE DATABASE "again"`}},
	{Name: "select-into", About: "series result with the columns time and written", Params: ns("SELECT load INTO copied FROM hosts")},
	{Name: "messages", About: "GET of a changing statement: a warning", Method: "GET", Params: params{"q": `CREATE DATABASE "again"`}},
	{Name: "messages-between", About: "warnings between rows", Method: "GET", Params: ns(`SELECT * FROM cpu_load_short; CREATE DATABASE "again"; DROP DATABASE "again"; SELECT * FROM cpu_load_short`)},
	{Name: "messages-between" + msgpackEnd, About: "the same as MessagePack, with the warnings before the series", Method: "GET", Accept: msgpack,
		Params: ns(`SELECT * FROM cpu_load_short; CREATE DATABASE "again"; DROP DATABASE "again"; SELECT * FROM cpu_load_short`)},
	{Name: "messages-chunked", About: "the same in chunks", Method: "GET", Params: chunked("10", `SELECT * FROM cpu_load_short; CREATE DATABASE "again"; DROP DATABASE "again"; SELECT * FROM cpu_load_short`)},
	{Name: "delete", About: "of a statement that deletes; without any result on 2.8.0", Params: ns("DELETE FROM hosts WHERE host = 'h0'")},
	{Name: "delete-between", About: "between two that select; its result is missing on 2.8.0", Params: ns("SELECT * FROM cpu_load_short; DROP MEASUREMENT wide; SELECT * FROM cpu_load_short")},
}
