package batch_test

import (
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"log"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch"
)

// Package expvar serves what it publishes at /debug/vars.
func ExampleStats_expvar() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	expvar.Publish("pointwire_client", expvar.Func(func() any { return c.Stats() }))
	expvar.Publish("pointwire_writer", expvar.Func(func() any { return w.Stats() }))

	w.Append(context.Background(), []byte("cpu load=0.64 1\n"))
	w.Close(context.Background())
	var client, writer map[string]any
	json.Unmarshal([]byte(expvar.Get("pointwire_client").String()), &client)
	json.Unmarshal([]byte(expvar.Get("pointwire_writer").String()), &writer)
	fmt.Println(client["Requests"], writer["Acked"])
	// Output: 1 map[Bytes:16 Lines:1]
}

func ExampleServerFailure_MarshalJSON() {
	failure := batch.ServerFailure{Addr: "http://influx1:8086", Err: errors.New("connection refused"), Time: time.Unix(0, 0).UTC(), Failures: 3}
	text, err := json.Marshal(failure)
	fmt.Println(string(text), err)
	// Output: {"Addr":"http://influx1:8086","Err":"connection refused","Time":"1970-01-01T00:00:00Z","Failures":3} <nil>
}

// Errors within Stats are texts in JSON.
func ExampleStats_MarshalJSON() {
	text, err := batch.Stats{SpoolErr: errors.New("no space left on device")}.MarshalJSON()
	var stats map[string]any
	json.Unmarshal(text, &stats)
	fmt.Println(stats["SpoolErr"], err)
	// Output: no space left on device <nil>
}
