package docs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

func Example_sample() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin sample
		lines := []byte(`h2o_quality,location=coyote_creek,randtag=1 index=41i 1439856000000000000
h2o_quality,location=santa_monica,randtag=2 index=99i 1439856000000000000
h2o_quality,location=coyote_creek,randtag=3 index=11i 1439856360000000000
`)
		if err := c.Write(ctx, lines); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Println(strings.Count(string(s.Last().Body), "\n"))
	// Output: 3
}

func Example_rows() {
	ctx, c, s := serve(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"h2o_quality",` +
		`"columns":["time","index","location","randtag"],"values":[[1439856000000000000,41,"coyote_creek","1"]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin rows
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality WHERE randtag = $tag", fastclient.Param("tag", "1"))
		if err != nil {
			return err
		}
		for row, err := range r.Rows() {
			if err != nil {
				return err // of one statement, or of the connection
			}
			index := row.Series().Column("index")
			if row.IsNull(index) {
				continue
			}
			v, err := row.Int(index)
			if err != nil {
				return err
			}
			fmt.Println(v)
		}
		// end
		return nil
	})
	// Output: 41
}

func Example_open() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin open
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality")
		if err != nil {
			return err
		}
		defer r.Close() // until then, or until the last row, the connection is taken
		for r.Scanner().Next() {
			fmt.Println(r.Scanner().Row().Len(), "cells")
			break // the deferred Close frees the connection
		}
		if err := r.Scanner().Err(); err != nil {
			return err
		}
		// end
		return nil
	})
	// Output: 4 cells
}

func Example_pool() {
	rows := strings.Repeat("[1439856000000000000,1],", 9_999) + "[1439856000000000000,1]"
	ctx, _, s := serve(influxtest.Status(204), influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"ramp","columns":["time","v"],"values":[`+rows+"]}]}]}\n"))
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin pool
		c, err := fastclient.New(fastclient.Options{
			Addr:        addr,
			Database:    "mydb",
			MaxConns:    1,                     // for queries, and as many for writes
			PoolTimeout: 50 * time.Millisecond, // how long a call waits for one of them
		})
		if err != nil {
			return err
		}
		defer c.Close()
		var e lp.Encoder
		for i := range int64(10_000) {
			e.Point("ramp")
			e.Int("v", i)
			if err := e.EndTimestamp(1439856000000000000 + i); err != nil {
				return err
			}
		}
		if err := c.WriteEncoder(ctx, &e); err != nil {
			return err
		}

		first, err := c.Query(ctx, "SELECT v FROM ramp")
		if err != nil {
			return err
		}
		_, err = c.Query(ctx, "SELECT v FROM ramp") // first has the only connection
		if errors.Is(err, fastclient.ErrPoolExhausted) {
			fmt.Println("a result is not closed, or MaxConns is too low")
		}
		if err := first.Close(); err != nil { // now the connection is free
			return err
		}
		// end
		return nil
	})
	// Output: a result is not closed, or MaxConns is too low
}

func Example_json() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin json
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality")
		if err != nil {
			return err
		}
		v, err := r.JSON() // the whole response as a *fastjson.Value
		if err != nil {
			return err
		}
		fmt.Println(v.Get("results", "0", "series", "0", "name"))
		// end
		return nil
	})
	// Output: "h2o_quality"
}

func Example_statements() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin statements
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality; SHOW DATABASES")
		if err != nil {
			return err
		}
		for statement, err := range r.Statements() { // a *fastjson.Value for each, one at a time
			if err != nil {
				return err
			}
			fmt.Println(statement.GetInt("statement_id"), len(statement.GetArray("series")))
		}
		// end
		return nil
	})
	// Output: 0 1
}

func Example_frames() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin frames
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality")
		if err != nil {
			return err
		}
		for f, err := range r.Frames() { // up to 1,024 rows of one series each
			if err != nil {
				return err
			}
			index := f.Column("index")
			for i, v := range index.Ints {
				if !index.IsNull(i) {
					fmt.Println(f.Time[i], v)
				}
			}
		}
		// end
		return nil
	})
	// Output:
	// 1439856000000000000 41
	// 1439856000000000000 99
	// 1439856360000000000 11
}

func Example_wholeFrames() {
	ctx, c, s := serve(influxtest.JSON(h2o), influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin wholeframes
		frames, err := c.QueryFrames(ctx, "SELECT * FROM h2o_quality") // a frame for each series
		if err != nil {
			return err
		}
		for _, f := range frames {
			if err := f.SetTags("location", "randtag"); err != nil { // columns that are tags
				return err
			}
			f.Measurement = "copy"
			if err := c.WriteFrame(ctx, f); err != nil { // in the precision of the frame; null is no field
				return err
			}
		}
		// end
		return nil
	})
	fmt.Print(string(s.Last().Body))
	// Output:
	// copy,location=coyote_creek,randtag=1 index=41i 1439856000000000000
	// copy,location=santa_monica,randtag=2 index=99i 1439856000000000000
	// copy,location=coyote_creek,randtag=3 index=11i 1439856360000000000
}

func Example_types() {
	ctx, c, s := serve(influxtest.Status(204), influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"types",`+
		`"columns":["time","boolean","float","integer","string","whole"],"values":[`+
		`[1439856000000000000,true,0.5,9223372036854775807,"a",3],`+
		`[1439856000000000001,false,1,null,"b",-4]]}]}]}`+"\n"))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin types
		lines := []byte(`types float=0.5,integer=9223372036854775807i,whole=3,string="a",boolean=true 1439856000000000000
types float=1,whole=-4,string="b",boolean=false 1439856000000000001
`)
		if err := c.Write(ctx, lines); err != nil {
			return err
		}
		frames, err := c.QueryFrames(ctx, "SELECT * FROM types")
		if err != nil {
			return err
		}
		for _, f := range frames {
			for k := range f.Columns {
				column := &f.Columns[k]
				fmt.Printf("%s is %v:", column.Name, column.Type)
				for i := range f.Len() {
					if column.IsNull(i) {
						fmt.Print(" null")
						continue
					}
					switch column.Type {
					case frame.Int64:
						fmt.Print(" ", column.Ints[i])
					case frame.Float64:
						fmt.Print(" ", column.Floats[i])
					case frame.Bool:
						fmt.Print(" ", column.Bool(i))
					case frame.String:
						fmt.Printf(" %q", column.Text(i))
					}
				}
				fmt.Println()
			}
		}
		// end
		return nil
	})
	// Output:
	// boolean is bool: true false
	// float is float64: 0.5 1
	// integer is int64: 9223372036854775807 null
	// string is string: "a" "b"
	// whole is int64: 3 -4
}

func Example_msgpack() {
	ctx, c, s := serve(influxtest.Status(204), influxtest.Body(200, "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series"+
		"\x91\x83\xa4name\xa6growth\xa7columns\x92\xa4time\xa3exp\xa6values\x92"+
		"\x92\x01\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00\x92\x02\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",
		"Content-Type", "application/x-msgpack"))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin msgpack
		if err := c.Write(ctx, []byte("growth days=0 1\ngrowth days=1000 2\n")); err != nil {
			return err
		}
		r, err := c.Query(ctx, "SELECT exp(days) FROM growth", fastclient.Format(fastclient.FormatMessagePack))
		if err != nil {
			return err
		}
		for row, err := range r.Rows() {
			if err != nil {
				return err
			}
			v, err := row.Float(1)
			if err != nil {
				return err
			}
			fmt.Println(row.Kind(1), v)
		}
		// end
		return nil
	})
	// Output:
	// float 1
	// float +Inf
}

func Example_chunked() {
	ctx, c, s := serve(influxtest.Chunked(h2o, h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin chunked
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality", fastclient.Chunked(10_000))
		if err != nil {
			return err
		}
		rows := 0
		for _, err := range r.Rows() {
			if err != nil {
				return err
			}
			rows++
		}
		fmt.Println(rows)
		// end
		return nil
	})
	// Output: 6
}

func Example_into() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin into
		type point struct {
			Time     time.Time `lp:",timestamp"`
			Index    int64     `lp:"index"`
			Location string    `lp:"location,tag"`
			RandTag  string    `lp:"randtag,tag"`
		}
		points, err := fastclient.QueryInto[point](ctx, c, nil, "SELECT * FROM h2o_quality")
		if err != nil {
			return err
		}
		for _, p := range points {
			fmt.Println(p.Location, p.Index)
		}
		// end
		return nil
	})
	// Output:
	// coyote_creek 41
	// santa_monica 99
	// coyote_creek 11
}

func Example_one() {
	ctx, c, s := serve(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["mydb"]]}]}]}`),
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"h2o_quality","columns":["time","count"],"values":[[0,3]]}]}]}`))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin one
		names, err := fastclient.QueryInto[string](ctx, c, nil, "SHOW DATABASES")
		if err != nil {
			return err
		}
		fmt.Println(len(names) > 0)
		count, err := fastclient.QueryOne[int64](ctx, c, "SELECT count(index) FROM h2o_quality")
		switch {
		case errors.Is(err, fastclient.ErrNoRows):
			fmt.Println("no points")
		case err != nil:
			return err
		default:
			fmt.Println(count)
		}
		// end
		return nil
	})
	// Output:
	// true
	// 3
}

func Example_cached() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	temp, err := os.MkdirTemp("", "guide")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(temp)
	defer os.Setenv("TMPDIR", os.Getenv("TMPDIR"))
	os.Setenv("TMPDIR", temp)
	for range 2 {
		try(func() error {
			// begin cache
			dir := os.TempDir()
			q := "SELECT * FROM h2o_quality"
			// Everything that the response depends on, exactly as it is.
			key := sha256.Sum256(fmt.Appendf(nil, "%q %q %v %q", c, c.Database(), fastclient.Nanosecond, q))
			file := filepath.Join(dir, hex.EncodeToString(key[:]))
			body, err := os.ReadFile(file)
			if err != nil {
				response, err := c.QueryRaw(ctx, q, fastclient.Epoch(fastclient.Nanosecond))
				if err != nil {
					return err
				}
				defer response.Close()
				if body, err = io.ReadAll(response); err != nil {
					return err
				}
				if err := os.WriteFile(file, body, 0o600); err != nil {
					return err
				}
			}
			rows := 0
			for _, err := range jsonscan.NewScanner(bytes.NewReader(body)).Rows() {
				if err != nil {
					return err // examples/cache does not keep such a response
				}
				rows++
			}
			fmt.Println(rows, "rows")
			// end
			return nil
		})
	}
	fmt.Println(len(s.Requests()), "request")
	// Output:
	// 3 rows
	// 3 rows
	// 1 request
}
