package fastclient_test

import (
	"context"
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// After the first response the client knows that the server sends MessagePack.
func ExampleResponseFormat() {
	s, err := influxtest.Start(influxtest.JSON(`{"results":[{"statement_id":0}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, ResponseFormat: fastclient.FormatAuto})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for range 2 {
		if _, err := c.QueryFrames(context.Background(), "SELECT load FROM cpu"); err != nil {
			fmt.Println(err)
		}
		fmt.Println(s.Last().Header.Get("Accept"))
	}
	// Output:
	// application/json
	// application/x-msgpack
}

func ExampleResponseFormat_String() {
	fmt.Println(fastclient.FormatJSON, fastclient.FormatMessagePack, fastclient.FormatAuto)
	// Output: json messagepack auto
}

// In MessagePack an infinite value arrives, and a float without fraction stays a float.
func ExampleFormat() {
	c, s := exampleClient(influxtest.Body(200, "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x91\x83\xa4name\xa1m"+
		"\xa7columns\x92\xa4time\xa1v\xa6values\x92\x92\x01\xcb\x40\x08\x00\x00\x00\x00\x00\x00\x92\x02\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",
		"Content-Type", "application/x-msgpack"))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), "SELECT exp(v) FROM m", fastclient.Format(fastclient.FormatMessagePack))
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range r.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		v, err := row.Float(1)
		fmt.Println(row.Kind(1), v, err)
	}
	// Output:
	// float 3 <nil>
	// float +Inf <nil>
}
