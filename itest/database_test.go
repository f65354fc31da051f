package itest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/lp"
)

// hostile lists names that would end an identifier, a string or a statement if they were
// not quoted, and names that have a meaning elsewhere.
var hostile = []string{
	`x"; CREATE DATABASE "y`, `x\"; CREATE DATABASE \"y`, `a"b`, `a\`, `a\\`, `\"`, `'`, `a'b`, `x'; DROP DATABASE "keep"; --`,
	"a\nb", `a\nb`, "a\tb", "a b", "é日本😀", "-- comment", "/* comment */", "; ", "$1", "%00", "select", "SELECT", "1", "1h", "a.b", `a"."b`,
	"_x", "a,b=c", "a/b", "../a", ".", "..", "a\x00b", "a\rb", "\xff", "", "\ufeff", strings.Repeat("n", 200),
}

// TestHostileDatabaseNames checks that each name makes one database of exactly that name,
// or none. TestInfluxDB2BucketNames uses the names on InfluxDB 2.
func TestHostileDatabaseNames(t *testing.T) {
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		ctx := t.Context()
		c := newClient(t, s, fastclient.Options{})
		if err := c.CreateDatabase(ctx, "keep"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.DropDatabase(t.Context(), "keep") })
		before, err := admin.ShowDatabases(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		taken := 0
		for _, name := range hostile {
			err := c.CreateDatabase(ctx, name)
			after, showErr := admin.ShowDatabases(ctx, c)
			if showErr != nil {
				t.Fatal(showErr)
			}
			want := slices.Clone(before)
			if err == nil {
				taken++
				want = append(want, name)
			}
			if slices.Sort(after); !slices.Equal(after, sorted(want)) {
				t.Errorf("CreateDatabase(%q) = %v: databases %q, want %q", name, err, after, want)
			}
			if err != nil {
				t.Logf("%q: %v", name, err)
				continue
			}
			// A view of the database writes to it and reads from it.
			v := c.WithDatabase(name)
			if err := v.Write(ctx, []byte("m f=1i 1\n")); err != nil {
				t.Errorf("write to %q: %v", name, err)
			} else if got := raws(t, v, "SELECT f FROM m"); fmt.Sprint(got) != "[[1 1]]" {
				t.Errorf("%q holds %v", name, got)
			}
			if err := c.DropDatabase(ctx, name); err != nil {
				t.Errorf("DropDatabase(%q): %v", name, err)
			}
			if after, _ := admin.ShowDatabases(ctx, c); !slices.Equal(sorted(after), sorted(before)) {
				t.Errorf("DropDatabase(%q): left %q, want %q", name, after, before)
			}
		}
		if taken < len(hostile)/2 {
			t.Errorf("only %d of %d names were accepted", taken, len(hostile))
		}
	})
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// TestHostileNamesInStatements uses names as measurements, tags, fields and
// values of the SHOW, DROP and DELETE helpers.
func TestHostileNamesInStatements(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		ctx := t.Context()
		c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "statements")
		for _, name := range hostile {
			var e lp.Encoder
			e.Point(name)
			e.Tag(name, name)
			e.String(name+"_f", name)
			if e.EndTimestamp(1) != nil {
				continue // line protocol cannot carry this name
			}
			e.Point("other")
			e.Tag("t", "v")
			e.Int("f", 1)
			if err := e.EndTimestamp(1); err != nil {
				t.Fatal(err)
			}
			if err := c.Write(ctx, e.Bytes()); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			o := admin.ShowOptions{Measurement: name}
			check := func(what string, got any, err error, want any) {
				t.Helper()
				if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
					t.Errorf("%q: %s: %q, want %q: %v", name, what, got, want, err)
				}
			}
			if strings.ContainsAny(name, "\x00\r") {
				if _, err := admin.ShowTagKeys(ctx, c, o); err == nil {
					t.Errorf("no statement can carry %q, but there is no error", name)
				}
				c = createDatabase(t, s, c, "statements")
				continue
			}
			measurements, err := admin.ShowMeasurements(ctx, c, o)
			check("measurements", measurements, err, []string{name})
			tags, err := admin.ShowTagKeys(ctx, c, o)
			check("tag keys", tags, err, []admin.MeasurementKey{{Measurement: name, Key: name}})
			fields, err := admin.ShowFieldKeys(ctx, c, o)
			check("field keys", fields, err, []admin.MeasurementKey{{Measurement: name, Key: name + "_f", Type: "string"}})
			values, err := admin.ShowTagValues(ctx, c, []string{name}, o)
			check("tag values", values, err, []admin.TagValue{{Measurement: name, Key: name, Value: name}})
			where := string(influxql.AppendText(append(influxql.AppendIdent(nil, name), " = "...), name))
			o.Where = where
			series, err := admin.ShowSeries(ctx, c, o)
			if err != nil || len(series) != 1 {
				t.Errorf("%q: series %q: %v", name, series, err)
			}
			// A bound parameter is a value, whatever its text.
			q := "SELECT " + string(influxql.AppendIdent(nil, name+"_f")) + " FROM " + string(influxql.AppendIdent(nil, name)) +
				" WHERE " + string(influxql.AppendIdent(nil, name)) + " = $v"
			if got := raws(t, c, q, fastclient.Param("v", name)); len(got) != 1 {
				t.Errorf("%q: %s gives %v", name, q, got)
			}
			err = admin.DropSeries(ctx, c, name, where)
			if is2(s) { // InfluxDB 2 does not have the statement
				wantNotImplemented(t, "DROP SERIES", err)
			} else if err != nil {
				t.Errorf("%q: drop series: %v", name, err)
			}
			if err := admin.DropMeasurement(ctx, c, name); err != nil {
				t.Errorf("%q: drop measurement: %v", name, err)
			}
			left, err := admin.ShowMeasurements(ctx, c, admin.ShowOptions{})
			check("measurements left", left, err, []string{"other"})
		}
	})
}

// TestKillQuery ends a query whose response nobody reads.
func TestKillQuery(t *testing.T) {
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "kill")
		writeLines(t, c, "m f=1 1\n")
		ctx := t.Context()
		const endless = `SELECT count(f) FROM m WHERE time >= 0 AND time < 100000s GROUP BY time(1ms) fill(0)`
		r, err := c.Query(ctx, endless)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		find := func() (admin.RunningQuery, bool) {
			running, err := admin.ShowQueries(ctx, c)
			if err != nil || !slices.ContainsFunc(running, func(q admin.RunningQuery) bool { return q.Query == "SHOW QUERIES" }) {
				t.Fatalf("%+v, %v", running, err)
			}
			i := slices.IndexFunc(running, func(q admin.RunningQuery) bool { return strings.Contains(q.Query, "fill(0)") && q.Status != "killed" })
			if i < 0 {
				return admin.RunningQuery{}, false
			}
			return running[i], true
		}
		q, found := find()
		for end := time.Now().Add(5 * time.Second); !found && time.Now().Before(end); q, found = find() {
			time.Sleep(10 * time.Millisecond) // a busy server may list it late
		}
		if !found || q.Database != "kill" || q.Duration <= 0 || q.Status != "" && q.Status != "running" {
			t.Fatalf("running: %+v, %v", q, found)
		}
		if err := admin.KillQuery(ctx, c, q.ID); err != nil {
			t.Error(err)
		}
		if _, found := find(); found {
			t.Error("it runs still")
		}
		for _, err = range r.Rows() {
		}
		if err == nil {
			t.Error("the query ended without an error")
		}
		if err := admin.KillQuery(ctx, c, q.ID+1000); !errors.Is(err, fastclient.ErrNotFound) {
			t.Errorf("a query that does not run: %v", err)
		}
	})
}

// TestMissingDatabase checks that queries and writes say alike that there is no database.
func TestMissingDatabase(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "there")
		missing := c.WithDatabase("nope")
		writeLines(t, c, "m f=1 1\n")
		for _, q := range []string{"SELECT * FROM m", "SELECT * FROM nope..m", "SHOW FIELD KEYS", "SHOW TAG VALUES WITH KEY = a", "SHOW SERIES", "DELETE FROM m"} {
			if err := missing.Exec(t.Context(), q); !errors.Is(err, fastclient.ErrNotFound) || fastclient.Retryable(err) {
				t.Errorf("%s: %v is not ErrNotFound", q, err)
			}
			if err := c.Exec(t.Context(), strings.ReplaceAll(q, "nope", "there")); err != nil {
				t.Errorf("%s: %v", q, err)
			}
		}
		if err := missing.Write(t.Context(), []byte("m f=1 1\n")); !errors.Is(err, fastclient.ErrNotFound) {
			t.Errorf("a write: %v is not ErrNotFound", err)
		}
		// The words count where the server has them, not where a name repeats them.
		err := c.Exec(t.Context(), `CREATE DATABASE "database not found: x" WITH NAME "/"`)
		if err == nil || errors.Is(err, fastclient.ErrNotFound) {
			t.Errorf("%v is ErrNotFound", err)
		}
	})
}

func key(measurement, name, kind string) admin.MeasurementKey {
	return admin.MeasurementKey{Measurement: measurement, Key: name, Type: kind}
}

// TestDatabaseHelpers uses the helpers with plain names.
func TestDatabaseHelpers(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		ctx := t.Context()
		c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "helpers")
		writeLines(t, c, "cpu,host=a,region=x load=0.5,cores=4i 10\ncpu,host=b,region=y load=1.5,up=true 20\nmem,host=a free=1i,note=\"n\" 30\n")
		check := func(what string, got any, err error, want any) {
			t.Helper()
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v: %v", what, got, want, err)
			}
		}
		all := admin.ShowOptions{}
		measurements, err := admin.ShowMeasurements(ctx, c, all)
		check("measurements", measurements, err, []string{"cpu", "mem"})
		fields, err := admin.ShowFieldKeys(ctx, c, all)
		check("field keys", fields, err, []admin.MeasurementKey{key("cpu", "cores", "integer"), key("cpu", "load", "float"), key("cpu", "up", "boolean"), key("mem", "free", "integer"), key("mem", "note", "string")})
		tags, err := admin.ShowTagKeys(ctx, c, all)
		check("tag keys", tags, err, []admin.MeasurementKey{key("cpu", "host", ""), key("cpu", "region", ""), key("mem", "host", "")})
		values, err := admin.ShowTagValues(ctx, c, []string{"host"}, all)
		check("tag values", values, err, []admin.TagValue{{Measurement: "cpu", Key: "host", Value: "a"}, {Measurement: "cpu", Key: "host", Value: "b"}, {Measurement: "mem", Key: "host", Value: "a"}})
		series, err := admin.ShowSeries(ctx, c, all)
		check("series", series, err, []string{"cpu,host=a,region=x", "cpu,host=b,region=y", "mem,host=a"})
		series, err = admin.ShowSeries(ctx, c, admin.ShowOptions{Where: "host = 'a'", Limit: 1, Offset: 1})
		check("series, second of host a", series, err, []string{"mem,host=a"})
		other := c.WithDatabase("")
		measurements, err = admin.ShowMeasurements(ctx, other, admin.ShowOptions{Database: "helpers", Limit: 1})
		check("measurements on another database", measurements, err, []string{"cpu"})

		if err := admin.Delete(ctx, c, "cpu", "host = 'a'"); err != nil {
			t.Error(err)
		}
		check("after delete", raws(t, c, "SELECT load FROM cpu"), nil, "[[20 1.5]]")
		if err := admin.DeleteBefore(ctx, c, "cpu", time.Unix(0, 21)); err != nil {
			t.Error(err)
		}
		check("after delete by time", len(raws(t, c, "SELECT load FROM cpu")), nil, 0)
		if is2(s) {
			policies, err := admin.ShowRetentionPolicies(ctx, c, "")
			check("retention policies", policies, err, []admin.RetentionPolicyInfo{
				{Name: "autogen", Forever: true, ShardDuration: 168 * time.Hour, Replication: 1, Default: true}})
			return // InfluxDB 2 does not have the other statements, see TestInfluxDB2Statements
		}

		rp := admin.RetentionPolicyInfo{Name: `two "days"`, Duration: 48 * time.Hour, ShardDuration: time.Hour, Replication: 1, Default: false}
		if err := admin.CreateRetentionPolicy(ctx, c, "", rp); err != nil {
			t.Fatal(err)
		}
		policies, err := admin.ShowRetentionPolicies(ctx, c, "")
		check("retention policies", policies, err, []admin.RetentionPolicyInfo{
			{Name: "autogen", Forever: true, ShardDuration: 168 * time.Hour, Replication: 1, Default: true}, rp})
		now := time.Now().UnixNano()
		writeLines(t, c, fmt.Sprintf("m f=1i %d\n", now), fastclient.RetentionPolicy(rp.Name))
		check("in the policy", raws(t, c.WithRetentionPolicy(rp.Name), "SELECT f FROM m"), nil, fmt.Sprintf("[[%d 1]]", now))
		check("in the default policy", len(raws(t, c, "SELECT f FROM m")), nil, 0)
		err = c.Write(ctx, []byte("m f=1i 1\n"), fastclient.RetentionPolicy(rp.Name))
		if err == nil || !strings.Contains(err.Error(), "points beyond retention policy") || fastclient.Retryable(err) {
			t.Errorf("point before the policy's time: %v", err)
		}
		if err := admin.AlterRetentionPolicy(ctx, c, "", admin.RetentionPolicyInfo{Name: rp.Name, Forever: true, Default: true}); err != nil {
			t.Error(err)
		}
		policies, err = admin.ShowRetentionPolicies(ctx, c, "")
		if err != nil || len(policies) != 2 || policies[1].Duration != 0 || !policies[1].Default {
			t.Errorf("after alter: %+v, %v", policies, err)
		}
		if err := admin.AlterRetentionPolicy(ctx, c, "", admin.RetentionPolicyInfo{Name: "autogen", Default: true}); err != nil {
			t.Error(err)
		}
		if err := admin.DropRetentionPolicy(ctx, c, "", rp.Name); err != nil {
			t.Error(err)
		}

		const mean = `SELECT mean("load") INTO "mean" FROM "cpu" GROUP BY time(1h)`
		for range 2 { // the same one again is no error
			if err := admin.CreateContinuousQuery(ctx, c, "", `c"q`, mean, admin.Resample{Every: 30 * time.Minute, For: 2 * time.Hour}); err != nil {
				t.Error(err)
			}
		}
		if err := admin.CreateContinuousQuery(ctx, c, "helpers", `c"q`, mean, admin.Resample{}); err == nil {
			t.Error("another query of that name is created")
		}
		queries, err := admin.ShowContinuousQueries(ctx, c)
		i := slices.IndexFunc(queries, func(q admin.ContinuousQuery) bool { return q.Database == "helpers" && q.Name == `c"q` })
		if err != nil || i < 0 || !strings.HasPrefix(queries[i].Query, "CREATE CONTINUOUS QUERY") || !strings.Contains(queries[i].Query, "RESAMPLE EVERY 30m FOR 2h") {
			t.Errorf("continuous queries %+v: %v", queries, err)
		}
		for range 2 {
			if err := admin.DropContinuousQuery(ctx, c, "", `c"q`); err != nil {
				t.Error(err)
			}
		}
		queries, err = admin.ShowContinuousQueries(ctx, c)
		if err != nil || slices.ContainsFunc(queries, func(q admin.ContinuousQuery) bool { return q.Name == `c"q` }) {
			t.Errorf("after the drop: %+v, %v", queries, err)
		}
		// Both helpers can be called again.
		for range 2 {
			if err := c.CreateDatabase(ctx, "helpers"); err != nil {
				t.Error(err)
			}
		}
		for range 2 {
			if err := c.DropDatabase(ctx, "helpers"); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestNoCluster asks servers that know no SHOW CLUSTER. Their refusal must not look like a
// cluster without nodes.
func TestNoCluster(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		nodes, err := admin.Cluster(t.Context(), newClient(t, s, fastclient.Options{}))
		if len(nodes) > 0 || !errors.Is(err, fastclient.ErrBadRequest) || !strings.Contains(err.Error(), "found CLUSTER") {
			t.Errorf("%v, %v", nodes, err)
		}
	})
}
