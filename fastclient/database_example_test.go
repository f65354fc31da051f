package fastclient_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// done is the answer to a statement without rows.
var done = influxtest.JSON(`{"results":[{"statement_id":0}]}` + "\n")

// list is the answer to a SHOW statement.
func list(columns, values string) influxtest.Reply {
	return influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"s","columns":[` + columns + `],"values":[` + values + `]}]}]}` + "\n")
}

// printStatements prints what was asked of the server.
func printStatements(s *influxtest.Server) {
	for _, r := range s.Requests() {
		fmt.Println(r.Form.Get("q"))
	}
}

func ExampleClient_CreateDatabase() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	// A name is data: it cannot end the statement or begin another.
	fmt.Println(c.CreateDatabase(ctx, `my "db"; DROP DATABASE x`))
	fmt.Println(c.DropDatabase(ctx, "old"))
	fmt.Println(c.DropMeasurement(ctx, "cpu", fastclient.Database("archive")))
	printStatements(s)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// CREATE DATABASE "my \"db\"; DROP DATABASE x"
	// DROP DATABASE "old"
	// DROP MEASUREMENT "cpu"
}

func ExampleClient_ShowDatabases() {
	c, s := exampleClient(list(`"name"`, `["_internal"],["mydb"]`))
	defer s.Close()
	defer c.Close()
	names, err := c.ShowDatabases(context.Background())
	fmt.Printf("%q %v\n", names, err)
	// Output: ["_internal" "mydb"] <nil>
}

func ExampleClient_ShowMeasurements() {
	c, s := exampleClient(list(`"name"`, `["cpu"],["memory"]`), list(`"key"`, `["cpu,host=a"]`))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	where := `host = ` + string(fastclient.AppendText(nil, "it's a"))
	names, err := c.ShowMeasurements(ctx, fastclient.ShowOptions{Where: where, Limit: 10})
	fmt.Println(names, err)
	keys, err := c.ShowSeries(ctx, fastclient.ShowOptions{Database: "mydb", Measurement: "cpu"})
	fmt.Println(keys, err)
	printStatements(s)
	// Output:
	// [cpu memory] <nil>
	// [cpu,host=a] <nil>
	// SHOW MEASUREMENTS WHERE host = 'it\'s a' LIMIT 10
	// SHOW SERIES ON "mydb" FROM "cpu"
}

func ExampleClient_ShowFieldKeys() {
	c, s := exampleClient(list(`"fieldKey","fieldType"`, `["load","float"]`), list(`"tagKey"`, `["host"]`), list(`"key","value"`, `["host","a"],["host","b"]`))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	o := fastclient.ShowOptions{Measurement: "cpu"}
	fields, err := c.ShowFieldKeys(ctx, o)
	fmt.Println(fields[0].Key, fields[0].Type, err)
	tags, err := c.ShowTagKeys(ctx, o)
	fmt.Println(tags[0].Key, err)
	values, err := c.ShowTagValues(ctx, []string{"host"}, o)
	fmt.Println(values[0].Value, values[1].Value, err)
	// Output:
	// load float <nil>
	// host <nil>
	// a b <nil>
}

func ExampleClient_CreateRetentionPolicy() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	week := fastclient.RetentionPolicyInfo{Name: "week", Duration: 7 * 24 * time.Hour, Replication: 1, Default: true}
	fmt.Println(c.CreateRetentionPolicy(ctx, "mydb", week))
	fmt.Println(c.AlterRetentionPolicy(ctx, "mydb", fastclient.RetentionPolicyInfo{Name: "week", Forever: true}))
	fmt.Println(c.DropRetentionPolicy(ctx, "mydb", "week"))
	printStatements(s)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// CREATE RETENTION POLICY "week" ON "mydb" DURATION 604800s REPLICATION 1 DEFAULT
	// ALTER RETENTION POLICY "week" ON "mydb" DURATION INF
	// DROP RETENTION POLICY "week" ON "mydb"
}

func ExampleClient_ShowRetentionPolicies() {
	c, s := exampleClient(list(`"name","duration","shardGroupDuration","replicaN","default"`, `["autogen","0s","168h0m0s",1,true]`))
	defer s.Close()
	defer c.Close()
	policies, err := c.ShowRetentionPolicies(context.Background(), "mydb")
	fmt.Println(policies[0].Name, policies[0].Duration, policies[0].ShardDuration, policies[0].Default, err)
	// Output: autogen 0s 168h0m0s true <nil>
}

func ExampleClient_ShowContinuousQueries() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"mydb","columns":["name","query"],` +
		`"values":[["hourly","CREATE CONTINUOUS QUERY hourly ON mydb BEGIN SELECT mean(load) INTO m FROM cpu GROUP BY time(1h) END"]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	queries, err := c.ShowContinuousQueries(context.Background())
	fmt.Println(queries[0].Database, queries[0].Name, err)
	// Output: mydb hourly <nil>
}

func ExampleClient_Delete() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	host := string(fastclient.AppendIdent(nil, "host")) + " = " + string(fastclient.AppendText(nil, "a"))
	since := "time >= " + string(fastclient.AppendTimeLiteral(nil, time.Unix(1_500_000_000, 0)))
	fmt.Println(c.Delete(ctx, "cpu", host+" AND "+since))
	fmt.Println(c.DeleteBefore(ctx, "cpu", time.Unix(1_400_000_000, 0)))
	fmt.Println(c.DropSeries(ctx, "cpu", host))
	printStatements(s)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// DELETE FROM "cpu" WHERE "host" = 'a' AND time >= '2017-07-14T02:40:00Z'
	// DELETE FROM "cpu" WHERE time < '2014-05-13T16:53:20Z'
	// DROP SERIES FROM "cpu" WHERE "host" = 'a'
}

func ExampleClient_CreateUser() {
	c, s := exampleClient(done)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	err := errors.Join(
		c.CreateUser(ctx, "jane", "secret", false),
		c.SetPassword(ctx, "jane", "other"),
		c.Grant(ctx, fastclient.PrivilegeRead, "mydb", "jane"),
		c.Revoke(ctx, fastclient.PrivilegeRead, "mydb", "jane"),
		c.GrantAdmin(ctx, "jane"),
		c.RevokeAdmin(ctx, "jane"),
		c.DropUser(ctx, "jane"),
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

func ExampleClient_ShowUsers() {
	c, s := exampleClient(list(`"user","admin"`, `["jane",true]`), list(`"database","privilege"`, `["mydb","READ"]`))
	defer s.Close()
	defer c.Close()
	users, err := c.ShowUsers(context.Background())
	fmt.Println(users, err)
	grants, err := c.ShowGrants(context.Background(), "jane")
	fmt.Println(grants, err)
	// Output:
	// [{jane true}] <nil>
	// [{mydb READ}] <nil>
}
