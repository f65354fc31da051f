package batch_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func ExampleRouteOptions() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{Route: batch.RouteOptions{DatabaseTag: "customer"}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = w.Append(ctx, []byte("cpu,customer=a,host=x load=1 1\ncpu,customer=b\\ c,host=x load=2 1\ncpu,host=y load=3 1\n"))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Close(ctx); err != nil {
		log.Fatal(err)
	}
	var got []string
	for _, r := range s.Requests() {
		got = append(got, r.Query.Get("db")+": "+string(r.Body))
	}
	slices.Sort(got)
	for _, line := range got {
		fmt.Print(line)
	}
	// Output:
	// a: cpu,host=x load=1 1
	// b c: cpu,host=x load=2 1
	// mydb: cpu,host=y load=3 1
}

func ExampleRouteError() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{Route: batch.RouteOptions{DatabaseTag: "db"}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = w.Append(ctx, []byte("cpu,db=a load=1 1\ncpu,db=../etc load=2 1\n"))
	var bad *batch.RouteError
	if errors.As(err, &bad) {
		fmt.Println(bad.Error())
		fmt.Println(bad.Index, bad.Tag, bad.Value)
	}
	fmt.Println(w.Close(ctx), w.Stats().Acked.Lines)
	// Output:
	// batch: line 1 of cpu: tag db: has a slash or a backslash: ../etc
	// 1 db ../etc
	// <nil> 1
}

// A database that does not exist is created when its first lines are sent.
func ExampleDestination() {
	c, s := exampleClient(influxtest.Error(404, "database not found"), influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{Route: batch.RouteOptions{
		DatabaseTag: "db", RetentionPolicyTag: "rp",
		OnMissing: func(ctx context.Context, to batch.Destination) error {
			fmt.Println(to.Database, to.RetentionPolicy, to.String())
			return nil // c.CreateDatabase(ctx, to.Database), and the policy
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	fmt.Println(w.Append(ctx, []byte("cpu,db=new,rp=week load=1 1\n")))
	fmt.Println(w.Close(ctx))
	// Output:
	// <nil>
	// new week new/week
	// <nil>
}
