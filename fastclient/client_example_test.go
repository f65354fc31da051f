package fastclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

func ExampleNew() {
	c, err := fastclient.New(fastclient.Options{
		Addr:     "https://influx.example.org",
		Database: "mydb",
		Username: "jane", Password: fastclient.NewSecret("secret"),
		Retry: &fastclient.RetryPolicy{MaxAttempts: 5},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c) // without the password
	_, err = fastclient.New(fastclient.Options{Addr: "https://influx.example.org", Username: "jane"})
	var bad *fastclient.OptionError
	fmt.Println(errors.As(err, &bad), bad.Field)
	// Output:
	// fastclient.Client{https://influx.example.org:8086 database=mydb}
	// true Password
}

// Buckets belong to InfluxDB 2, where CreateDatabase makes one, too.
func ExampleClient_CreateBucket() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			io.WriteString(w, `{"orgs":[{"id":"f1ceafac5d75b075","name":"home"}]}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		fmt.Println(r.Method, r.URL, string(body), err)
		w.WriteHeader(201)
	}))
	defer server.Close()
	c, err := fastclient.New(fastclient.Options{
		Addr: server.URL, API: fastclient.V2, Org: "home", Token: fastclient.NewSecret("secret"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.CreateBucket(context.Background(), fastclient.Bucket{Name: "sensors", Retention: 48 * time.Hour}))
	// Output:
	// POST /api/v2/buckets {"description":"","name":"sensors","orgID":"f1ceafac5d75b075","retentionRules":[{"type":"expire","everySeconds":172800}]} <nil>
	// <nil>
}

func ExampleOpen() {
	c, err := fastclient.Open("http://127.0.0.1:8086/?database=mydb&precision=ms")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.Database(), c.Precision())
	// Output: mydb ms
}

func ExampleClient_RetentionPolicy() {
	c, err := fastclient.Open("http://127.0.0.1:8086/?database=mydb&rp=week")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.RetentionPolicy(), c.WithRetentionPolicy("").RetentionPolicy() == "")
	// Output: week true
}

// A service that is configured by one URL adds what a URL cannot hold.
func ExampleParseURL() {
	o, err := fastclient.ParseURL("https://jane:secret@influx.example.org/?database=mydb&precision=ms")
	if err != nil {
		log.Fatal(err)
	}
	o.Logger = slog.Default()
	c, err := fastclient.New(o)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c, c.Precision())
	// Output: fastclient.Client{https://influx.example.org:8086 database=mydb} ms
}

func ExampleClient_Ping() {
	c, s := exampleClient(influxtest.Status(204, "X-Influxdb-Version", "1.8.10", "X-Influxdb-Build", "OSS"))
	defer s.Close()
	defer c.Close()
	pong, err := c.Ping(context.Background())
	fmt.Println(pong.Version, pong.Build, err)
	// Output: 1.8.10 OSS <nil>
}

func ExampleClient_Capabilities() {
	c, s := exampleClient(influxtest.Func(func(conn *influxtest.Conn, r *influxtest.Request) {
		switch r.Path { // as InfluxDB 1.8.10 responds
		case "/ping":
			influxtest.Status(204).Play(conn, r)
		case "/health":
			influxtest.JSON(`{"status":"pass"}`).Play(conn, r)
		case "/write", "/api/v2/write":
			influxtest.Error(400, "database is required").Play(conn, r)
		default:
			influxtest.Error(404, "not found").Play(conn, r)
		}
	}))
	defer s.Close()
	defer c.Close()
	can, err := c.Capabilities(context.Background())
	fmt.Println(can.Healthy, can.V1, can.V2, can.V3, err)
	// Output: true true true false <nil>
}

func ExampleClient_WithDatabase() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	// Views share the connections of the client and cost one small allocation.
	archive := c.WithDatabase("archive").WithRetentionPolicy("year").WithPrecision(fastclient.Second).WithConsistency(fastclient.ConsistencyAny)
	err := archive.Write(context.Background(), []byte("m v=1 1500000000\n"))
	fmt.Println(s.Last().Query.Encode(), err)
	// Output: consistency=any&db=archive&precision=s&rp=year <nil>
}

func ExampleClient_Write() {
	c, s := exampleClient(influxtest.Status(204), influxtest.Error(400, "partial write: field type conflict: input field v is type float dropped=1"))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	lines := []byte("cpu,host=a load=0.64 1500000000\n")
	err := c.Write(ctx, lines, fastclient.Database("metrics"), fastclient.RetentionPolicy("week"),
		fastclient.WritePrecision(fastclient.Second), fastclient.Consistency(fastclient.ConsistencyQuorum))
	fmt.Println(s.Last().Query.Encode(), err)
	err = c.Write(ctx, lines)
	var partial *fastclient.PartialWriteError
	if errors.As(err, &partial) {
		fmt.Println("dropped:", partial.Dropped)
	}
	// Output:
	// consistency=quorum&db=metrics&precision=s&rp=week <nil>
	// dropped: 1
}

func ExampleRetry() {
	c, s := exampleClient(influxtest.Error(503, "busy"), influxtest.Status(204), influxtest.Error(503, "busy"))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	lines := []byte("m v=1 1\n")
	policy := fastclient.RetryPolicy{MinDelay: time.Millisecond}
	// Every line has a timestamp: to apply the write twice does no harm.
	fmt.Println(c.Write(ctx, lines, fastclient.Retry(policy), fastclient.Idempotent()))
	err := c.Write(ctx, lines, fastclient.NoRetry())
	fmt.Println(fastclient.Retryable(err), fastclient.RetryDelay(err), errors.Is(err, fastclient.ErrUnavailable))
	// Output:
	// <nil>
	// true 0s true
}

func ExampleClient_WriteEncoder() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	var e lp.Encoder
	e.SetPrecision(lp.Millisecond)
	e.Point("cpu")
	e.Float("load", 0.64)
	e.EndTimestamp(1_500_000_000_000)
	err := c.WriteEncoder(context.Background(), &e)
	fmt.Printf("%s%s %v\n", s.Last().Body, s.Last().Query.Get("precision"), err)
	// Output:
	// cpu load=0.64 1500000000000
	// ms <nil>
}

func ExampleClient_WriteFrom() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	file := strings.NewReader("m v=1 1\nm v=2 2\n") // of any size
	n, err := c.WriteFrom(context.Background(), file)
	fmt.Println(n, err)
	file = strings.NewReader("m v=1 1\r\nm v=2 2\r\n") // from Windows
	n, err = c.WriteFrom(context.Background(), file, fastclient.TrimCR())
	fmt.Println(n, err)
	// Output:
	// 16 <nil>
	// 18 <nil>
}

func ExampleWritePoints() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	var p lp.Point
	p.SetMeasurement("cpu")
	p.SetTag("host", "a")
	p.SetFloat("load", 0.64)
	p.SetTimestamp(1)
	batch := []lp.Appender{&p, fastclient.Lines("memory,host=a free=4096i 1")}
	err := fastclient.WritePoints(context.Background(), c, batch, fastclient.DefaultTags(lp.Tag{Key: "dc", Value: "x"}))
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// cpu,host=a,dc=x load=0.64 1
	// memory,host=a,dc=x free=4096i 1
	// <nil>
}

func ExampleDefaultMeasurement() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	var p, named lp.Point
	p.SetFloat("load", 0.64)
	named.SetMeasurement("memory")
	named.SetInt("free", 4096)
	err := fastclient.WritePoints(context.Background(), c, []*lp.Point{&p, &named}, fastclient.DefaultMeasurement("cpu"))
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// cpu load=0.64
	// memory free=4096i
	// <nil>
}

func ExampleWriteSeq() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	points := func(yield func(fastclient.Lines) bool) {
		for i := range 3 {
			if !yield(fmt.Appendf(nil, "m v=%d %d", i, i)) {
				return
			}
		}
	}
	err := fastclient.WriteSeq(context.Background(), c, points)
	fmt.Printf("%s%v\n", s.Last().Body, err)
	// Output:
	// m v=0 0
	// m v=1 1
	// m v=2 2
	// <nil>
}

func ExampleLines_AppendLP() {
	batch, err := fastclient.Lines("m v=1 1").AppendLP(nil)
	fmt.Printf("%q %v\n", batch, err)
	// Output: "m v=1 1\n" <nil>
}

func ExampleHooks() {
	s, err := influxtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{
		Addr: s.URL, Database: "mydb",
		Headers: http.Header{"X-Team": {"storage"}},
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Hooks: &fastclient.Hooks{
			Done: func(e fastclient.DoneEvent) { fmt.Println("responded with", e.Status) },
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	c.Write(context.Background(), []byte("m v=1 1\n"))
	fmt.Println(s.Last().Header.Get("X-Team"), c.Stats().Writes)
	// Output:
	// responded with 204
	// storage 1
}

// exampleClient returns a client of a server that responds as replies say.
func exampleClient(replies ...influxtest.Reply) (*fastclient.Client, *influxtest.Server) {
	s, err := influxtest.Start(replies...)
	if err != nil {
		log.Fatal(err)
	}
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	return c, s
}
