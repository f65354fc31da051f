package docs

import (
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func Example_auth() {
	try(func() error {
		// begin auth
		byPassword := fastclient.Options{Username: "user", Password: fastclient.NewSecret("pass")}
		byToken := fastclient.Options{API: fastclient.V2, Org: "o", Bucket: "b", Token: fastclient.NewSecret("t")}
		byJWT := fastclient.Options{BearerAuth: true, TokenSource: func(ctx context.Context) (string, error) {
			return os.Getenv("INFLUX_JWT"), nil // called for every request
		}}
		for _, o := range []fastclient.Options{byPassword, byToken, byJWT} {
			c, err := fastclient.New(o)
			if err != nil {
				return err
			}
			fmt.Println(c) // without the secret
			c.Close()
		}
		// end
		return nil
	})
	// Output:
	// fastclient.Client{http://127.0.0.1:8086}
	// fastclient.Client{http://127.0.0.1:8086}
	// fastclient.Client{http://127.0.0.1:8086}
}

func Example_unix() {
	try(func() error {
		// begin unix
		c, err := fastclient.New(fastclient.Options{Addr: "unix:///var/run/influxdb.sock", Database: "mydb"})
		if err != nil {
			return err
		}
		defer c.Close()
		// end
		return nil
	})
	// Output:
}

func Example_timeouts() {
	ctx, c, s := serve(influxtest.Silent())
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin timeouts
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		err := c.Write(ctx, []byte("m v=1 1257894000000000000"))
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println("no response within 50 ms")
		} else if err != nil {
			return err
		}
		// end
		return nil
	})
	// Output: no response within 50 ms
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
	was, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	defer os.Chdir(was)
	if err := os.Chdir(dir); err != nil {
		log.Fatal(err)
	}
	try(func() error {
		// begin tls
		c, err := fastclient.New(fastclient.Options{
			Addr: "https://influx.example:8086",
			TLSFiles: fastclient.TLSFiles{ // read again when they change
				CA:   "ca.pem",
				Cert: "cert.pem", // of this client, if the server asks for one
				Key:  "key.pem",
			},
		})
		if err != nil {
			return err
		}
		defer c.Close()
		// end
		return nil
	})
	// Output:
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
		influxtest.Status(204),
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"cpu","columns":["key","value"],"values":[["host","a"]]}]}]}`+"\n"))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin databases
		names, err := admin.ShowDatabases(ctx, c)
		if err != nil {
			return err
		}
		fmt.Println(names)
		week := admin.RetentionPolicyInfo{Name: "week", Duration: 7 * 24 * time.Hour}
		if err := admin.CreateRetentionPolicy(ctx, c, "mydb", week); err != nil {
			return err
		}
		weekly := c.WithRetentionPolicy("week") // a view: the connections are shared
		if err := weekly.Write(ctx, []byte("cpu,host=a load=0.5")); err != nil {
			return err
		}
		hosts, err := admin.ShowTagValues(ctx, c, []string{"host"}, admin.ShowOptions{Measurement: "cpu", Limit: 100})
		if err != nil {
			return err
		}
		for _, h := range hosts {
			fmt.Println(h.Key, h.Value)
		}
		// end
		return nil
	})
	fmt.Println(s.Requests()[2].Query.Get("rp"))
	// Output:
	// [_internal mydb]
	// host a
	// week
}

func Example_debugging() {
	ctx, _, s := serve(influxtest.Status(204))
	defer s.Close()
	addr := s.URL
	defer func(out *os.File) { os.Stderr = out }(os.Stderr)
	os.Stderr = nil // the record has a time in it
	try(func() error {
		// begin debugging
		logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c, err := fastclient.New(fastclient.Options{Addr: addr, Database: "mydb", Logger: logger})
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Ping(ctx); err != nil {
			return err
		}
		fmt.Println("requests:", c.Stats().Requests)
		// end
		return nil
	})
	// Output: requests: 1
}

func Example_expvar() {
	ctx, c, s := serve(influxtest.Status(204))
	defer s.Close()
	try(func() error {
		// begin expvar
		w, err := batch.NewWriter(c, batch.Options{})
		if err != nil {
			return err
		}
		defer w.Close(ctx)
		expvar.Publish("pointwire_client", expvar.Func(func() any { return c.Stats() }))
		expvar.Publish("pointwire_writer", expvar.Func(func() any { return w.Stats() }))
		// end
		if err := w.Append(ctx, []byte("cpu load=0.64 1\n")); err != nil {
			return err
		}
		var stats batch.Stats
		if err := json.Unmarshal([]byte(expvar.Get("pointwire_writer").String()), &stats); err != nil {
			return err
		}
		fmt.Println(stats.Pending.Lines)
		return nil
	})
	// Output: 1
}

func Example_routing() {
	ctx, c, s := serve()
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin routing
		w, err := batch.NewWriter(c, batch.Options{Route: batch.RouteOptions{
			DatabaseTag: "customer", // taken off the lines, unless Keep is set
			OnMissing: func(ctx context.Context, to batch.Destination) error {
				return c.CreateDatabase(ctx, to.Database)
			},
		}})
		if err != nil {
			return err
		}
		err = w.Append(ctx, []byte("cpu,customer=blue,host=server01 load=0.64 1434055562000000000\n"))
		if err != nil {
			return err
		}
		if err := w.Close(ctx); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Print(s.Last().Query.Get("db"), ": ", string(s.Last().Body))
	// Output: blue: cpu,host=server01 load=0.64 1434055562000000000
}

func Example_failover() {
	try(func() error {
		// begin failover
		c, err := fastclient.New(fastclient.Options{
			Addr:     "http://influx1:8086",
			Addrs:    []string{"http://influx2:8086"},
			Balance:  fastclient.Failover, // or RoundRobin, Replicate, Shard
			Database: "mydb",
			Retry:    &fastclient.RetryPolicy{MaxAttempts: 5},
		})
		if err != nil {
			return err
		}
		defer c.Close()
		// end
		return nil
	})
	// Output:
}
