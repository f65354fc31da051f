package docs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient/admin"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

func Example_rows() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	err := func() error {
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
	}()
	fmt.Println(err)
	// Output:
	// 41
	// 99
	// 11
	// <nil>
}

func Example_json() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	err := func() error {
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
	}()
	fmt.Println(err)
	// Output:
	// "h2o_quality"
	// <nil>
}

func Example_chunked() {
	ctx, c, s := serve(influxtest.Chunked(h2o, h2o))
	defer s.Close()
	defer c.Close()
	err := func() error {
		rows := 0
		// begin chunked
		r, err := c.Query(ctx, "SELECT * FROM h2o_quality", fastclient.Chunked(10_000))
		if err != nil {
			return err
		}
		for row, err := range r.Rows() {
			if err != nil {
				return err
			}
			rows += min(1, row.Len())
		}
		// end
		fmt.Println(rows)
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 6
	// <nil>
}

func Example_into() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	err := func() error {
		// begin into
		type point struct {
			Time     time.Time `lp:",timestamp"`
			Index    int64     `lp:"index"`
			Location string    `lp:"location,tag"`
			RandTag  string    `lp:"randtag,tag"`
		}
		points, err := fastclient.QueryInto(ctx, c, []point(nil), "SELECT * FROM h2o_quality")
		if err != nil {
			return err
		}
		fmt.Println(len(points), points[1].Location)
		// end
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 3 santa_monica
	// <nil>
}

func Example_auth() {
	// begin auth
	byPassword := fastclient.Options{Username: "user", Password: "pass"}
	byToken := fastclient.Options{API: fastclient.V2, Org: "o", Bucket: "b", Token: "t"}
	byJWT := fastclient.Options{BearerAuth: true, TokenSource: func(ctx context.Context) (string, error) {
		return os.Getenv("INFLUX_JWT"), nil // asked for every request
	}}
	// end
	for _, o := range []fastclient.Options{byPassword, byToken, byJWT} {
		c, err := fastclient.New(o)
		if err != nil {
			fmt.Println(err)
			continue
		}
		if strings.Contains(fmt.Sprintf("%v %#v", c, o), "pass\"") {
			fmt.Println("a secret is shown")
		}
		c.Close()
	}
	// Output:
}

func Example_unix() {
	// begin unix
	c, err := fastclient.New(fastclient.Options{Addr: "unix:///var/run/influxdb.sock", Database: "mydb"})
	// end
	fmt.Println(err)
	c.Close()
	// Output: <nil>
}

func Example_timeouts() {
	ctx, c, s := serve(influxtest.Silent())
	defer s.Close()
	defer c.Close()
	// begin timeouts
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	err := c.Write(ctx, []byte("m v=1 1"))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// end
	// Output: true
}

func Example_tls() {
	dir, err := os.MkdirTemp("", "docs")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cert := influxtest.NewCert(fatal{}, "client")
	for name, pem := range map[string][]byte{"ca.pem": cert.CertPEM, "cert.pem": cert.CertPEM, "key.pem": cert.KeyPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), pem, 0o600); err != nil {
			log.Fatal(err)
		}
	}
	ca, certFile, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	// begin tls
	c, err := fastclient.New(fastclient.Options{
		Addr:     "https://influx.example:8086",
		TLSFiles: fastclient.TLSFiles{CA: ca, Cert: certFile, Key: key}, // read again when they change
	})
	// end
	fmt.Println(err)
	c.Close()
	// Output: <nil>
}

// fatal is a test that ends the program.
type fatal struct{}

func (fatal) Helper()                        {}
func (fatal) Fatalf(format string, a ...any) { log.Fatalf(format, a...) }
func (fatal) Cleanup(func())                 {}

func Example_databases() {
	ctx, c, s := serve(
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["_internal"],["mydb"]]}]}]}`+"\n"),
		influxtest.JSON(`{"results":[{"statement_id":0}]}`+"\n"),
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"cpu","columns":["key","value"],"values":[["host","a"],["host","b"]]}]}]}`+"\n"),
		influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	err := func() error {
		// begin databases
		names, err := admin.ShowDatabases(ctx, c)
		if err != nil {
			return err
		}
		week := admin.RetentionPolicyInfo{Name: "week", Duration: 7 * 24 * time.Hour}
		if err := admin.CreateRetentionPolicy(ctx, c, "mydb", week); err != nil {
			return err
		}
		hosts, err := admin.ShowTagValues(ctx, c, []string{"host"}, admin.ShowOptions{Measurement: "cpu", Limit: 100})
		if err != nil {
			return err
		}
		weekly := c.WithRetentionPolicy("week") // a view: the connections are shared
		err = weekly.Write(ctx, []byte("cpu,host=a load=0.5 1"))
		// end
		fmt.Println(names, hosts[1].Value, s.Last().Query.Get("rp"))
		return err
	}()
	fmt.Println(err)
	// Output:
	// [_internal mydb] b week
	// <nil>
}

func Example_debugging() {
	s, err := influxtest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	addr := s.URL
	out := os.Stdout
	// begin debugging
	logger := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := fastclient.New(fastclient.Options{Addr: addr, Database: "mydb", Logger: logger})
	// end
	if err != nil {
		log.Fatal(err)
	}
	c.Close()
	// Output:
}

func Example_failover() {
	// begin failover
	c, err := fastclient.New(fastclient.Options{
		Addr:     "http://influx1:8086",
		Addrs:    []string{"http://influx2:8086"},
		Balance:  fastclient.Failover, // or RoundRobin, or Replicate
		Database: "mydb",
		Retry:    &fastclient.RetryPolicy{MaxAttempts: 5},
	})
	// end
	fmt.Println(err)
	c.Close()
	// Output: <nil>
}

func Example_frames() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	err := func() error {
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
	}()
	fmt.Println(err)
	// Output:
	// 1439856000000000000 41
	// 1439856000000000000 99
	// 1439856360000000000 11
	// <nil>
}

func Example_types() {
	ctx, c, s := serve(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"types",` +
		`"columns":["time","float","integer","whole","string","boolean","null"],"values":[` +
		`[1439856000000000000,0.5,9223372036854775807,3,"a",true,null],` +
		`[1439856000000000001,1,null,-4,"b\n",false,null]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	err := func() error {
		// begin types
		frames, err := c.QueryFrames(ctx, "SELECT * FROM types")
		if err != nil {
			return err
		}
		f := frames[0]
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
		// end
		return nil
	}()
	fmt.Println(err)
	// Output:
	// float is float64: 0.5 1
	// integer is int64: 9223372036854775807 null
	// whole is int64: 3 -4
	// string is string: "a" "b\n"
	// boolean is bool: true false
	// null is null: null null
	// <nil>
}

func Example_wholeFrames() {
	ctx, c, s := serve(influxtest.JSON(h2o), influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	err := func() error {
		// begin wholeframes
		frames, err := c.QueryFrames(ctx, "SELECT * FROM h2o_quality") // a frame for each series
		if err != nil {
			return err
		}
		f := frames[0]
		if err := f.SetTags("location", "randtag"); err != nil { // columns that are tags
			return err
		}
		f.Measurement = "copy"
		err = c.WriteFrame(ctx, f) // in the precision of the frame; null is no field
		// end
		return err
	}()
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// copy,location=coyote_creek,randtag=1 index=41i 1439856000000000000
	// copy,location=santa_monica,randtag=2 index=99i 1439856000000000000
	// copy,location=coyote_creek,randtag=3 index=11i 1439856360000000000
	// <nil>
}

func Example_statements() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	err := func() error {
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
	}()
	fmt.Println(err)
	// Output:
	// 0 1
	// <nil>
}

func Example_cached() {
	ctx, c, s := serve(influxtest.JSON(h2o))
	defer s.Close()
	defer c.Close()
	dir, err := os.MkdirTemp("", "guide")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for range 2 {
		err = func() error {
			// begin cache
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
					return err // examples/cache keeps no such response
				}
				rows++
			}
			// end
			fmt.Println(rows, "rows,", len(s.Requests()), "request")
			return nil
		}()
	}
	fmt.Println(err)
	// Output:
	// 3 rows, 1 request
	// 3 rows, 1 request
	// <nil>
}
