package docs

import (
	"errors"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

func Example_fromAioinflux() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin fromaioinflux
		type Trade struct { // @lineprotocol(rm_none=True), class Trade(NamedTuple)
			Time       time.Time `lp:",timestamp"`     // timestamp: TIMEDT
			Instrument string    `lp:"instrument,tag"` // instrument: TAG
			Price      float64   `lp:"price"`          // price: FLOAT
			Size       int64     `lp:"size"`           // size: INT
			Note       *string   `lp:"note,omitempty"` // note: Optional[STR]
		}
		trade := Trade{time.Unix(0, 1540184368785116000), "AAPL", 219.23, 100, nil}
		err := fastclient.WriteStructs(ctx, c, nil, []Trade{trade}) // await client.write(trade)
		if err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: Trade,instrument=AAPL price=219.23,size=100i 1540184368785116000
}

func Example_fromClient1() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin fromclient1
		var e lp.Encoder                                // client.NewBatchPoints(client.BatchPointsConfig{Database: "mydb"})
		e.Point("cpu")                                  // client.NewPoint("cpu", tags, fields, t)
		e.Tag("host", "a")                              //
		e.Float("idle", 10.1)                           //
		err := e.End(time.Unix(1257894000, 0))          // bp.AddPoint(p)
		err = errors.Join(err, c.WriteEncoder(ctx, &e)) // c.Write(bp)
		if err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: cpu,host=a idle=10.1 1257894000000000000
}

func Example_readLikeClient1() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin readlikeclient1
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality") // c.Query(client.NewQuery(q, db, "ns"))
		if err != nil {
			return err
		}
		for row, err := range r.Rows() { // for _, row := range response.Results[0].Series[0].Values
			if err != nil { // response.Error(), response.Results[i].Err
				return err
			}
			index, err := row.Int(1) // row[1].(json.Number).Int64()
			if err != nil {
				return err
			}
			fmt.Println(index)
		}
		// end
		return nil
	})
	// Output:
	// 41
	// 99
	// 11
}

func Example_fromClient2() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin fromclient2
		w, err := batch.NewWriter(c, batch.Options{ // writeAPI := client.WriteAPI(org, bucket)
			OnEvent: func(e batch.Event) { fmt.Println(e.Kind, e.Message) }, // for err := range writeAPI.Errors()
		})
		if err != nil {
			return err
		}
		err = w.Encode(ctx, func(e *lp.Encoder) { // writeAPI.WritePoint(influxdb2.NewPoint(…))
			e.Point("cpu")
			e.Tag("host", "a")
			e.Float("idle", 10.1)
			e.EndTimestamp(1257894000000000000)
		})
		err = errors.Join(err, w.Flush(ctx)) // writeAPI.Flush(), and what the server said
		err = errors.Join(err, w.Close(ctx)) // client.Close(), and what could not be sent
		if err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: cpu,host=a idle=10.1 1257894000000000000
}
