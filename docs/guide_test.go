// Package docs holds the documents. Its examples are the code blocks of
// the Markdown files: TestBlocks holds that each block is here, between two
// marks, and TestProgram that each compiles in the program the guide begins with.
package docs

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

const h2o = `{"results":[{"statement_id":0,"series":[{"name":"h2o_quality",` +
	`"columns":["time","index","location","randtag"],"values":[` +
	`[1439856000000000000,41,"coyote_creek","1"],` +
	`[1439856000000000000,99,"santa_monica","2"],` +
	`[1439856360000000000,11,"coyote_creek","3"]]}]}]}` + "\n"

// serve starts a server that responds as replies say, and a client of it.
func serve(replies ...influxtest.Reply) (context.Context, *fastclient.Client, *influxtest.Server) {
	s, err := influxtest.Start(replies...)
	if err != nil {
		log.Fatal(err)
	}
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	return context.Background(), c, s
}

// try runs a block as the guide's program does and prints its error.
func try(block func() error) {
	if err := block(); err != nil {
		fmt.Println("error:", err)
	}
}

func Example_quickstart() {
	const response = `{"results":[{"statement_id":0,"series":[{"name":"cpu_load_short","columns":["time","value"],"values":[[1257894000000000000,0.64]]}]}]}` + "\n"
	ctx, _, s := serve(influxtest.JSON(`{"results":[{"statement_id":0}]}`+"\n"), influxtest.Status(204), influxtest.JSON(response))
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin quickstart
		c, err := fastclient.New(fastclient.Options{Addr: addr, Database: "testdb"})
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.CreateDatabase(ctx, "testdb"); err != nil {
			return err
		}

		var e lp.Encoder
		e.Point("cpu_load_short")
		e.Tag("host", "server01")
		e.Tag("region", "us-west")
		e.Float("value", 0.64)
		if err := e.End(time.Date(2009, 11, 10, 23, 0, 0, 0, time.UTC)); err != nil {
			return err
		}
		if err := c.WriteEncoder(ctx, &e); err != nil {
			return err
		}

		r, err := c.Query(ctx, "SELECT value FROM cpu_load_short")
		if err != nil {
			return err
		}
		for row, err := range r.Rows() {
			if err != nil {
				return err
			}
			t, err := row.Time(0)
			if err != nil {
				return err
			}
			value, err := row.Float(1)
			if err != nil {
				return err
			}
			fmt.Println(t, value)
		}
		// end
		return nil
	})
	// Output: 2009-11-10 23:00:00 +0000 UTC 0.64
}

func Example_lines() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin lines
		err := c.Write(ctx, []byte("cpu_load_short,host=server01 value=0.64 1257894000000000000\n"))
		if err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: cpu_load_short,host=server01 value=0.64 1257894000000000000
}

func Example_encoder() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin encoder
		readings := []struct {
			room  string
			value float64
			at    int64
		}{
			{"kitchen", 21.5, 1257894000000000000},
			{"cellar", 12.25, 1257894000000000000},
		}
		var e lp.Encoder // for the next batch: e.Reset keeps its memory
		for _, r := range readings {
			e.Point("temperature")
			e.Tag("room", r.room)
			e.Float("value", r.value)
			if err := e.EndTimestamp(r.at); err != nil {
				log.Print(err) // names the part and the point; the other points are kept
			}
		}
		if err := c.WriteEncoder(ctx, &e); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// temperature,room=kitchen value=21.5 1257894000000000000
	// temperature,room=cellar value=12.25 1257894000000000000
}

func Example_policies() {
	// begin policies
	var e lp.Encoder
	e.SetOptions(lp.Options{
		NotFinite: lp.NotFiniteDropField, // NaN and infinities: leave the field out
		Text:      lp.TextReplace,        // text that line protocol cannot carry: replace it
		SharedKey: lp.SharedKeyRefuse,    // a tag and a field of one key: refuse the point
		TagOrder:  lp.TagsSorted,         // the order in which InfluxDB stores tags
		Precision: lp.Millisecond,        // of End and EndTimestamp
	})
	// end
	fmt.Println(e.Precision())
	// Output: ms
}

func Example_primitives() {
	// begin primitives
	var buf []byte
	buf = lp.AppendMeasurement(buf[:0], "cpu load")
	buf = lp.AppendTag(buf, "host", "server 01")
	buf = append(buf, ' ')
	buf = lp.AppendFieldKey(buf, "value")
	buf = lp.AppendFloat(buf, 0.64)
	buf = append(buf, ' ')
	buf = lp.AppendTimestamp(buf, 1257894000000000000)
	buf = append(buf, '\n')
	fmt.Printf("%s", buf)
	// end
	// Output: cpu\ load,host=server\ 01 value=0.64 1257894000000000000
}

func Example_mapping() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin mapping
		p, err := lp.PointFromMap(map[string]any{
			"time":        "2009-11-10T23:00:00Z",
			"measurement": "cpu_load",
			"tags":        map[string]string{"host": "server01", "region": "us-west"},
			"fields":      map[string]any{"value1": 0.64, "value2": true, "value3": 10},
		}, "")
		if err != nil {
			return err
		}
		if err := fastclient.WritePoints(ctx, c, []*lp.Point{p}); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: cpu_load,host=server01,region=us-west value1=0.64,value2=true,value3=10i 1257894000000000000
}

func Example_point() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin point
		names, values := []string{"free", "used"}, []int64{4096, 1024}

		var p lp.Point // for the next point: p.Reset keeps its memory
		p.SetMeasurement("memory")
		p.SetTag("host", "server01")
		for i, name := range names {
			p.SetInt(name, values[i])
		}
		p.SetTimestamp(1257894000000000000)
		if err := fastclient.WritePoints(ctx, c, []*lp.Point{&p}); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output: memory,host=server01 free=4096i,used=1024i 1257894000000000000
}

func Example_trade() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin trade
		type Trade struct {
			Timestamp  time.Time `lp:",timestamp"`
			Instrument string    `lp:"instrument,tag"`
			Source     string    `lp:"source,tag"`
			Side       string    `lp:"side,tag"`
			Price      float64   `lp:"price"`
			Size       int64     `lp:"size"`
			TradeID    string    `lp:"trade_id"`
		}
		trades, err := lp.SchemaFor[Trade]() // once, when the program starts
		if err != nil {
			return err // names every wrong tag of the type
		}
		points := []Trade{{time.Unix(0, 1540184368785116000), "AAPL", "NASDAQ", "BUY", 219.23, 100, "34a1e085"}}
		if err := fastclient.WriteStructs(ctx, c, trades, points); err != nil {
			return err
		}
		lines, err := trades.AppendAll(nil, points) // the lines alone
		if err != nil {
			return err // lines holds the points that are good
		}
		fmt.Printf("%s", lines)
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// Trade,instrument=AAPL,source=NASDAQ,side=BUY price=219.23,size=100i,trade_id="34a1e085" 1540184368785116000
	// Trade,instrument=AAPL,source=NASDAQ,side=BUY price=219.23,size=100i,trade_id="34a1e085" 1540184368785116000
}

func Example_schemaOptions() {
	try(func() error {
		// begin schemaoptions
		type reading struct { // without tags for lp
			At    int64
			Room  string
			Value *float64
			State int
		}
		schema, err := lp.NewSchema[reading](lp.SchemaOptions{
			Measurement: "temperature",
			Columns: map[string]string{ // in place of struct tags
				"At": ",timestamp", "Room": "room,tag", "Value": "value,omitempty", "State": "state",
			},
			Enums:     map[string]map[int64]string{"State": {0: "off", 1: "on"}},
			ExtraTags: []lp.Tag{{Key: "house", Value: "north"}},
			Options:   lp.Options{Precision: lp.Second},
		})
		if err != nil {
			return err
		}
		value := 21.5
		r := reading{At: 1257894000, Room: "attic", Value: &value, State: 1}
		line, err := schema.AppendWith(nil, &r, lp.Tag{Key: "floor", Value: "2"})
		if err != nil {
			return err
		}
		fmt.Printf("%s", line)
		// end
		return nil
	})
	// Output: temperature,room=attic,house=north,floor=2 value=21.5,state="on" 1257894000
}

func Example_layout() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin layout
		series, err := lp.NewSeries("cpu", lp.Tag{Key: "host", Value: "server01"})
		if err != nil {
			return err
		}
		layout, err := lp.NewLayout("user", "system", "idle")
		if err != nil {
			return err
		}
		var e lp.Encoder
		for i, sample := range [][]float64{{0.5, 0.25, 0.125}, {0.25, 0.25, 0.5}} {
			e.Series(series)
			row := layout.Row(&e)
			row.Floats(sample)
			if err := e.EndTimestamp(1257894000000000000 + int64(i)); err != nil {
				return err
			}
		}
		if err := c.WriteEncoder(ctx, &e); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// cpu,host=server01 user=0.5,system=0.25,idle=0.125 1257894000000000000
	// cpu,host=server01 user=0.25,system=0.25,idle=0.5 1257894000000000001
}

func Example_mixed() {
	ctx, c, s := serve(influxtest.JSON(`{"results":[{"statement_id":0}]}`+"\n"), influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin mixed
		if err := c.CreateDatabase(ctx, "other"); err != nil {
			return err
		}
		var p lp.Point
		p.SetMeasurement("memory")
		p.SetInt("free", 4096)
		p.SetTimestamp(1257894000000000000)
		err := fastclient.WritePoints(ctx, c, []lp.Appender{
			&p,
			fastclient.Lines("cpu,host=a load=0.64 1257894000000000000"),
		}, fastclient.Database("other"))
		if err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// memory free=4096i 1257894000000000000
	// cpu,host=a load=0.64 1257894000000000000
}

func Example_seq() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin seq
		points := slices.Values([]fastclient.Lines{ // any iter.Seq of points
			fastclient.Lines("a v=1 1257894000000000000"),
			fastclient.Lines("b v=2 1257894000000000000"),
		})
		if err := fastclient.WriteSeq(ctx, c, points); err != nil {
			return err
		}
		file := strings.NewReader("c v=3 1257894000000000000\nd v=4 1257894000000000000\n") // any io.Reader
		if _, err := c.WriteFrom(ctx, file); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// c v=3 1257894000000000000
	// d v=4 1257894000000000000
}

func Example_partial() {
	ctx, c, s := serve(influxtest.Status(204), influxtest.Error(400, `partial write: field type conflict: input field "v" on measurement "m" is type float, already exists as type integer dropped=1`))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin partial
		err := c.Write(ctx, []byte("m v=1 1257894000000000000\n"))
		if err == nil { // v is a float from here on
			err = c.Write(ctx, []byte("m v=2 1257894000000000001\nm v=3i 1257894000000000002\n"))
		}
		var partial *fastclient.PartialWriteError
		switch {
		case err == nil:
			fmt.Println("stored")
		case errors.As(err, &partial):
			fmt.Println("at least", partial.Dropped, "dropped, the others are stored")
		case errors.Is(err, fastclient.ErrUnauthorized):
			return err // another password may help
		case fastclient.Retryable(err):
			time.Sleep(fastclient.RetryDelay(err)) // and write again
		default:
			return err
		}
		// end
		return nil
	})
	// Output: at least 1 dropped, the others are stored
}

func Example_times() {
	try(func() error {
		// begin times
		ts, err := lp.ParseTimestamp("2009-11-10T23:00:00.5+02:00", lp.Millisecond)
		if err != nil {
			return err
		}
		fmt.Println(ts)
		// end
		return nil
	})
	// Output: 1257886800500
}
