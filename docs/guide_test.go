// Package docs holds the documents. Its examples are the code blocks of
// the Markdown files: TestBlocks holds that each block stands here, between two
// marks.
package docs

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

func Example_quickstart() {
	const response = `{"results":[{"statement_id":0,"series":[{"name":"cpu_load_short","columns":["time","value"],"values":[[1257894000000000000,0.64]]}]}]}` + "\n"
	ctx, _, s := serve(influxtest.JSON(`{"results":[{"statement_id":0}]}`+"\n"), influxtest.Status(204), influxtest.JSON(response))
	defer s.Close()
	err := func() error {
		addr := s.URL
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
		e.End(time.Date(2009, 11, 10, 23, 0, 0, 0, time.UTC))
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
			t, _ := row.Time(0)
			value, _ := row.Float(1)
			fmt.Println(t, value)
		}
		// end
		return nil
	}()
	if err != nil {
		fmt.Println(err)
	}
	// Output: 2009-11-10 23:00:00 +0000 UTC 0.64
}

func Example_lines() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	// begin lines
	err := c.Write(ctx, []byte("cpu_load_short,host=server01 value=0.64 1257894000000000000\n"))
	// end
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// cpu_load_short,host=server01 value=0.64 1257894000000000000
	// <nil>
}

func Example_encoder() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	readings := []struct {
		room  string
		value float64
		at    int64
	}{{"kitchen", 21.5, 1}, {"cellar", 12.25, 2}}
	var e lp.Encoder
	send := func() error {
		// begin encoder
		e.Reset() // keeps its memory
		for _, r := range readings {
			e.Point("temperature")
			e.Tag("room", r.room)
			e.Float("value", r.value)
			if err := e.EndTimestamp(r.at); err != nil {
				log.Print(err) // says which part of which point; the others are kept
			}
		}
		return c.WriteEncoder(ctx, &e)
		// end
	}
	err := send()
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// temperature,room=kitchen value=21.5 1
	// temperature,room=cellar value=12.25 2
	// <nil>
}

func Example_primitives() {
	var buf []byte
	ts := int64(1)
	// begin primitives
	buf = lp.AppendMeasurement(buf[:0], "cpu load")
	buf = lp.AppendTag(buf, "host", "server 01")
	buf = append(buf, ' ')
	buf = lp.AppendFieldKey(buf, "value")
	buf = lp.AppendFloat(buf, 0.64)
	buf = append(buf, ' ')
	buf = lp.AppendTimestamp(buf, ts)
	buf = append(buf, '\n')
	// end
	fmt.Print(string(buf))
	// Output: cpu\ load,host=server\ 01 value=0.64 1
}

func Example_mapping() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	err := func() error {
		// begin mapping
		p, err := lp.PointFromMap(map[string]any{
			"time":        "2009-11-10T23:00:00Z",
			"measurement": "cpu_load_short",
			"tags":        map[string]string{"host": "server01", "region": "us-west"},
			"fields":      map[string]any{"value1": 0.64, "value2": true, "value3": 10},
		}, "")
		if err != nil {
			return err
		}
		return fastclient.WritePoints(ctx, c, []*lp.Point{p})
		// end
	}()
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// cpu_load_short,host=server01,region=us-west value1=0.64,value2=true,value3=10i 1257894000000000000
	// <nil>
}

func Example_point() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	names, values := []string{"free", "used"}, []int64{4096, 1024}
	// begin point
	var p lp.Point // reuse it: Reset keeps its memory
	p.SetMeasurement("memory")
	p.SetTag("host", "server01")
	for i, name := range names {
		p.SetInt(name, values[i])
	}
	p.SetTimestamp(1)
	err := fastclient.WritePoints(ctx, c, []*lp.Point{&p})
	// end
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// memory,host=server01 free=4096i,used=1024i 1
	// <nil>
}

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

var trades, _ = lp.SchemaFor[Trade]() // compiled once

// end

func Example_structs() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	batch := []Trade{{time.Unix(0, 1540184368785116000), "AAPL", "NASDAQ", "BUY", 219.23, 100, "34a1e085-3122-429c-9662-7ce82039d287"}}
	// begin structs
	err := fastclient.WriteStructs(ctx, c, trades, batch)
	// end
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// Trade,instrument=AAPL,source=NASDAQ,side=BUY price=219.23,size=100i,trade_id="34a1e085-3122-429c-9662-7ce82039d287" 1540184368785116000
	// <nil>
}

func Example_appendAll() {
	batch := []Trade{{time.Unix(0, 1), "AAPL", "NASDAQ", "BUY", 219.23, 100, "x"}}
	var buf []byte
	// begin appendall
	buf, err := trades.AppendAll(buf[:0], batch) // with an error, buf has the points that are good
	// end
	fmt.Print(string(buf), err)
	// Output:
	// Trade,instrument=AAPL,source=NASDAQ,side=BUY price=219.23,size=100i,trade_id="x" 1
	// <nil>
}

func Example_schemaOptions() {
	type reading struct {
		At    int64
		Room  string
		Value *float64
		State int
	}
	value := 21.5
	// begin schemaoptions
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
		log.Fatal(err) // names every problem of the type at once
	}
	line, err := schema.AppendWith(nil, &reading{At: 5, Room: "attic", Value: &value, State: 1}, lp.Tag{Key: "floor", Value: "2"})
	// end
	fmt.Print(string(line), err)
	// Output:
	// temperature,room=attic,house=north,floor=2 value=21.5,state="on" 5
	// <nil>
}

func Example_layout() {
	var e lp.Encoder
	samples := [][3]float64{{0.5, 0.25, 0.125}}
	ts := int64(1)
	// begin layout
	series, err := lp.NewSeries("cpu", lp.Tag{Key: "host", Value: "server01"})
	if err != nil {
		log.Fatal(err)
	}
	layout, err := lp.NewLayout("user", "system", "idle")
	if err != nil {
		log.Fatal(err)
	}
	for _, sample := range samples {
		e.Series(series)
		row := layout.Row(&e)
		row.Floats(sample[:])
		e.EndTimestamp(ts)
	}
	// end
	fmt.Print(string(e.Bytes()))
	// Output: cpu,host=server01 user=0.5,system=0.25,idle=0.125 1
}

func Example_policies() {
	// begin policies
	var e lp.Encoder
	e.SetOptions(lp.Options{
		NotFinite: lp.NotFiniteDropField, // instead of refusing the point
		Text:      lp.TextReplace,        // what line protocol cannot carry
		TagOrder:  lp.TagsSorted,         // what InfluxDB likes best
		Precision: lp.Millisecond,        // for End and EndTimestamp
	})
	// end
	fmt.Println(e.Precision())
	// Output: ms
}

func Example_mixed() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	var p lp.Point
	p.SetMeasurement("memory")
	p.SetInt("free", 4096)
	p.SetTimestamp(1)
	// begin mixed
	err := fastclient.WritePoints(ctx, c, []lp.Appender{
		&p,
		fastclient.Lines("cpu,host=a load=0.64 1"),
	}, fastclient.Database("other"))
	// end
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// memory free=4096i 1
	// cpu,host=a load=0.64 1
	// <nil>
}

func Example_seq() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	var points iter.Seq[fastclient.Lines] = slices.Values([]fastclient.Lines{fastclient.Lines("a v=1 1"), fastclient.Lines("b v=2 1")})
	// begin seq
	err := fastclient.WriteSeq(ctx, c, points) // any length: a piece is in memory at a time
	if err == nil {
		_, err = c.WriteFrom(ctx, strings.NewReader("c v=3 1\nd v=4 1\n"))
	}
	// end
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// c v=3 1
	// d v=4 1
	// <nil>
}

func Example_partial() {
	ctx, c, s := serve(influxtest.Error(400, `partial write: field type conflict: input field "v" on measurement "m" is type float, already exists as type integer dropped=1`))
	defer s.Close()
	defer c.Close()
	lines := []byte("m v=1 1\nm v=2i 2\n")
	// begin partial
	err := c.Write(ctx, lines)
	var partial *fastclient.PartialWriteError
	switch {
	case errors.As(err, &partial):
		fmt.Println("at least", partial.Dropped, "dropped, others are stored")
	case errors.Is(err, fastclient.ErrUnauthorized):
		fmt.Println("wrong password")
	case fastclient.Retryable(err):
		time.Sleep(fastclient.RetryDelay(err))
	}
	// end
	// Output: at least 1 dropped, others are stored
}

func Example_times() {
	// begin times
	ts, err := lp.ParseTimestamp("2009-11-10T23:00:00.5+02:00", lp.Millisecond)
	// end
	fmt.Println(ts, err)
	// Output: 1257886800500 <nil>
}

// must returns v; an error is a fault of the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
