package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// done is the response to a statement without rows.
var done = influxtest.JSON(`{"results":[{"statement_id":0}]}` + "\n")

// list is the response to a SHOW statement.
func list(columns, values string) influxtest.Reply {
	return influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"s","columns":[` + columns + `],"values":[` + values + `]}]}]}` + "\n")
}

// printStatements prints what was asked of the server.
func printStatements(s *influxtest.Server) {
	for _, r := range s.Requests() {
		fmt.Println(r.Form.Get("q"))
	}
}

// exampleClient returns a client of a server that responds with replies.
func exampleClient(replies ...influxtest.Reply) (*fastclient.Client, *influxtest.Server) {
	s, err := influxtest.Start(replies...)
	if err != nil {
		log.Fatal(err)
	}
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	return c, s
}

func ExampleShowDatabases() {
	c, s := exampleClient(list(`"name"`, `["_internal"],["mydb"]`))
	defer s.Close()
	defer c.Close()
	names, err := admin.ShowDatabases(context.Background(), c)
	fmt.Printf("%q %v\n", names, err)
	// Output: ["_internal" "mydb"] <nil>
}

func ExampleShowMeasurements() {
	c, s := exampleClient(list(`"name"`, `["cpu"],["memory"]`), list(`"key"`, `["cpu,host=a"]`))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	where := `host = ` + string(influxql.AppendText(nil, "it's a"))
	names, err := admin.ShowMeasurements(ctx, c, admin.ShowOptions{Where: where, Limit: 10})
	fmt.Println(names, err)
	keys, err := admin.ShowSeries(ctx, c, admin.ShowOptions{Database: "mydb", Measurement: "cpu"})
	fmt.Println(keys, err)
	printStatements(s)
	// Output:
	// [cpu memory] <nil>
	// [cpu,host=a] <nil>
	// SHOW MEASUREMENTS WHERE host = 'it\'s a' LIMIT 10
	// SHOW SERIES ON "mydb" FROM "cpu"
}

func ExampleShowFieldKeys() {
	c, s := exampleClient(list(`"fieldKey","fieldType"`, `["load","float"]`), list(`"tagKey"`, `["host"]`), list(`"key","value"`, `["host","a"],["host","b"]`))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	o := admin.ShowOptions{Measurement: "cpu"}
	fields, err := admin.ShowFieldKeys(ctx, c, o)
	fmt.Println(fields[0].Key, fields[0].Type, err)
	tags, err := admin.ShowTagKeys(ctx, c, o)
	fmt.Println(tags[0].Key, err)
	values, err := admin.ShowTagValues(ctx, c, []string{"host"}, o)
	fmt.Println(values[0].Value, values[1].Value, err)
	// Output:
	// load float <nil>
	// host <nil>
	// a b <nil>
}

func ExampleCreateRetentionPolicy() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	week := admin.RetentionPolicyInfo{Name: "week", Duration: 7 * 24 * time.Hour, Replication: 1, Default: true}
	fmt.Println(admin.CreateRetentionPolicy(ctx, c, "mydb", week))
	fmt.Println(admin.AlterRetentionPolicy(ctx, c, "mydb", admin.RetentionPolicyInfo{Name: "week", Forever: true}))
	fmt.Println(admin.DropRetentionPolicy(ctx, c, "mydb", "week"))
	printStatements(s)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// CREATE RETENTION POLICY "week" ON "mydb" DURATION 604800s REPLICATION 1 DEFAULT
	// ALTER RETENTION POLICY "week" ON "mydb" DURATION INF
	// DROP RETENTION POLICY "week" ON "mydb"
}

func ExampleShowRetentionPolicies() {
	c, s := exampleClient(list(`"name","duration","shardGroupDuration","replicaN","default"`, `["autogen","0s","168h0m0s",1,true]`))
	defer s.Close()
	defer c.Close()
	policies, err := admin.ShowRetentionPolicies(context.Background(), c, "mydb")
	fmt.Println(policies[0].Name, policies[0].Duration, policies[0].ShardDuration, policies[0].Default, err)
	// Output: autogen 0s 168h0m0s true <nil>
}

func ExampleShowContinuousQueries() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"mydb","columns":["name","query"],` +
		`"values":[["hourly","CREATE CONTINUOUS QUERY hourly ON mydb BEGIN SELECT mean(load) INTO m FROM cpu GROUP BY time(1h) END"]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	queries, err := admin.ShowContinuousQueries(context.Background(), c)
	fmt.Println(queries[0].Database, queries[0].Name, err)
	// Output: mydb hourly <nil>
}

func ExampleCreateContinuousQuery() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	mean := "SELECT mean(load) INTO " + string(influxql.AppendIdent(nil, "cpu 1h")) + " FROM cpu GROUP BY time(1h), *"
	fmt.Println(admin.CreateContinuousQuery(ctx, c, "", "hourly", mean, admin.Resample{Every: 30 * time.Minute}))
	fmt.Println(admin.DropContinuousQuery(ctx, c, "mydb", "hourly"))
	printStatements(s)
	// Output:
	// <nil>
	// <nil>
	// CREATE CONTINUOUS QUERY "hourly" ON "mydb" RESAMPLE EVERY 1800s BEGIN SELECT mean(load) INTO "cpu 1h" FROM cpu GROUP BY time(1h), * END
	// DROP CONTINUOUS QUERY "hourly" ON "mydb"
}

func ExampleKillQuery() {
	c, s := exampleClient(list(`"qid","query","database","duration","status"`,
		`[7,"SELECT * FROM mydb.autogen.cpu","mydb","1m3s","running"],[8,"SHOW QUERIES","","73us","running"]`), done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	running, err := admin.ShowQueries(ctx, c)
	if err != nil {
		log.Fatal(err)
	}
	for _, q := range running {
		if q.Duration > time.Minute {
			fmt.Println(q.Query, q.Duration, admin.KillQuery(ctx, c, q.ID))
		}
	}
	printStatements(s)
	// Output:
	// SELECT * FROM mydb.autogen.cpu 1m3s <nil>
	// SHOW QUERIES
	// KILL QUERY 7
}

// A node that is gone: queries may lack rows then, or all of them, with status 200.
func ExampleCluster() {
	c, s := exampleClient(list(`"time","status","hostname","nodeID","nodeType","availability"`,
		`[1,"none","10.0.0.1:8091",1,"meta","available"],[1,"alive","10.0.0.1:8400",2,"data","available"],[1,"failed","10.0.0.2:8400",3,"data","available"]`))
	defer s.Close()
	defer c.Close()
	nodes, err := admin.Cluster(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range nodes {
		if n.Role == "data" && n.Status != "alive" {
			fmt.Println(n.ID, n.Address, n.Status)
		}
	}
	printStatements(s)
	// Output:
	// 3 10.0.0.2:8400 failed
	// SHOW CLUSTER
}

func ExampleDelete() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	host := string(influxql.AppendIdent(nil, "host")) + " = " + string(influxql.AppendText(nil, "a"))
	since := "time >= " + string(influxql.AppendTime(nil, time.Unix(1_500_000_000, 0)))
	fmt.Println(admin.Delete(ctx, c, "cpu", host+" AND "+since))
	fmt.Println(admin.DeleteBefore(ctx, c, "cpu", time.Unix(1_400_000_000, 0)))
	fmt.Println(admin.DropSeries(ctx, c, "cpu", host))
	fmt.Println(admin.DropMeasurement(ctx, c, "cpu", fastclient.Database("archive")))
	printStatements(s)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// DELETE FROM "cpu" WHERE "host" = 'a' AND time >= '2017-07-14T02:40:00Z'
	// DELETE FROM "cpu" WHERE time < '2014-05-13T16:53:20Z'
	// DROP SERIES FROM "cpu" WHERE "host" = 'a'
	// DROP MEASUREMENT "cpu"
}

func ExampleCreateUser() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	err := errors.Join(
		admin.CreateUser(ctx, c, "jane", "secret", false),
		admin.SetPassword(ctx, c, "jane", "other"),
		admin.Grant(ctx, c, admin.PrivilegeRead, "mydb", "jane"),
		admin.Revoke(ctx, c, admin.PrivilegeRead, "mydb", "jane"),
		admin.GrantAdmin(ctx, c, "jane"),
		admin.RevokeAdmin(ctx, c, "jane"),
		admin.DropUser(ctx, c, "jane"),
	)
	fmt.Println(err)
	printStatements(s)
	// Output:
	// <nil>
	// CREATE USER "jane" WITH PASSWORD 'secret'
	// SET PASSWORD FOR "jane" = 'other'
	// GRANT READ ON "mydb" TO "jane"
	// REVOKE READ ON "mydb" FROM "jane"
	// GRANT ALL PRIVILEGES TO "jane"
	// REVOKE ALL PRIVILEGES FROM "jane"
	// DROP USER "jane"
}

func ExampleShowUsers() {
	c, s := exampleClient(list(`"user","admin"`, `["jane",true]`), list(`"database","privilege"`, `["mydb","READ"]`))
	defer s.Close()
	defer c.Close()
	users, err := admin.ShowUsers(context.Background(), c)
	fmt.Println(users, err)
	grants, err := admin.ShowGrants(context.Background(), c, "jane")
	fmt.Println(grants, err)
	// Output:
	// [{jane true}] <nil>
	// [{mydb READ}] <nil>
}

// What a user may do with each database.
func ExamplePrivilege() {
	c, s := exampleClient(list(`"database","privilege"`,
		`["a","NO PRIVILEGES"],["b","READ"],["c","WRITE"],["d","ALL PRIVILEGES"]`))
	defer s.Close()
	defer c.Close()
	grants, err := admin.ShowGrants(context.Background(), c, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range grants {
		switch g.Privilege {
		case admin.PrivilegeNone:
			fmt.Println(g.Database, "is closed")
		case admin.PrivilegeRead:
			fmt.Println(g.Database, "can be read")
		case admin.PrivilegeWrite:
			fmt.Println(g.Database, "can be written")
		case admin.PrivilegeAll:
			fmt.Println(g.Database, "can be read and written")
		}
	}
	// Output:
	// a is closed
	// b can be read
	// c can be written
	// d can be read and written
}
