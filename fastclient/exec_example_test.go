package fastclient_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func ExampleClient_CreateDatabase() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	// A name is data: it cannot end the statement or begin another.
	fmt.Println(c.CreateDatabase(ctx, `my "db"; DROP DATABASE x`))
	fmt.Println(c.DropDatabase(ctx, "old"))
	for _, r := range s.Requests() {
		fmt.Println(r.Form.Get("q"))
	}
	// Output:
	// <nil>
	// <nil>
	// CREATE DATABASE "my \"db\"; DROP DATABASE x"
	// DROP DATABASE "old"
}

// Statements of which no row is wanted: the first that fails is the error.
func ExampleClient_Exec() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0},{"statement_id":1,"error":"database not found: y"}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	err := c.Exec(context.Background(), `DROP SERIES FROM cpu; DROP RETENTION POLICY x ON y`)
	var failed *fastclient.QueryError
	fmt.Println(errors.As(err, &failed), err)
	// Output: true jsonscan: statement 1: database not found: y
}
