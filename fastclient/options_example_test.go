package fastclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// One write as it goes to each endpoint.
func ExampleAPI() {
	for _, api := range []fastclient.API{fastclient.V1, fastclient.V2, fastclient.V3} {
		s, err := influxtest.Start()
		if err != nil {
			fmt.Println(err)
			return
		}
		o := fastclient.Options{Addr: s.URL, API: api, Database: "mydb"}
		if api != fastclient.V3 { // which has no retention policies
			o.RetentionPolicy = "week"
		}
		c, err := fastclient.New(o)
		if err != nil {
			fmt.Println(err)
			return
		}
		err = c.Write(context.Background(), []byte("m v=1 1\n"))
		fmt.Println(api, s.Last().Path, s.Last().Query.Encode(), err)
		c.Close()
		s.Close()
	}
	// Output:
	// v1 /write db=mydb&rp=week <nil>
	// v2 /api/v2/write bucket=mydb%2Fweek&precision=ns <nil>
	// v3 /api/v3/write_lp db=mydb&precision=nanosecond <nil>
}

// Options can be printed and logged: no verb shows a secret.
func ExampleOptions() {
	o := fastclient.Options{
		Addr: "https://jane:secret@influx.example.org", Database: "mydb",
		Precision: fastclient.Millisecond, Token: fastclient.NewSecret("also secret"),
	}
	fmt.Println(o)
	fmt.Printf("%#v\n", o)
	// Output:
	// fastclient.Options{https://influx.example.org:8086 api=v1 database=mydb}
	// fastclient.Options{https://influx.example.org:8086 api=v1 database=mydb}
}

// A request that was sent and got no response may have been applied. What is done
// then depends on the policy and on what the call says of itself.
func ExampleAmbiguity() {
	ctx := context.Background()
	for _, c := range []struct {
		name      string
		ambiguous fastclient.Ambiguity
	}{
		{"if idempotent", fastclient.AmbiguousIfIdempotent},
		{"never", fastclient.AmbiguousNever},
		{"always", fastclient.AmbiguousAlways},
	} {
		client, s := exampleClient(influxtest.Drop())
		retry := fastclient.Retry(fastclient.RetryPolicy{MaxAttempts: 3, MinDelay: time.Microsecond, Ambiguous: c.ambiguous})
		client.Write(ctx, []byte("m v=1\n"), retry)
		unmarked := len(s.Requests())
		client.Write(ctx, []byte("m v=1 1\n"), retry, fastclient.Idempotent())
		fmt.Println(c.name+":", unmarked, "attempts, marked as idempotent", len(s.Requests())-unmarked)
		client.Close()
		s.Close()
	}
	// Output:
	// if idempotent: 1 attempts, marked as idempotent 3
	// never: 1 attempts, marked as idempotent 1
	// always: 3 attempts, marked as idempotent 3
}

// How many nodes of a cluster must have a write before it is acknowledged.
func ExampleConsistencyLevel() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	for _, level := range []fastclient.ConsistencyLevel{
		fastclient.ConsistencyDefault, fastclient.ConsistencyAny, fastclient.ConsistencyOne,
		fastclient.ConsistencyQuorum, fastclient.ConsistencyAll,
	} {
		err := c.WithConsistency(level).Write(context.Background(), []byte("m v=1 1\n"))
		fmt.Printf("%q %s %v\n", level, s.Last().Query.Encode(), err)
	}
	// Output:
	// "" db=mydb <nil>
	// "any" consistency=any&db=mydb <nil>
	// "one" consistency=one&db=mydb <nil>
	// "quorum" consistency=quorum&db=mydb <nil>
	// "all" consistency=all&db=mydb <nil>
}

// A unit goes with the timestamps of a write and with the times of a response. Those that
// servers have different words for are sent in a finer one.
func ExamplePrecision() {
	c, s := exampleClient(influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	t := time.Unix(1_500_000_000, 0)
	for _, p := range []fastclient.Precision{
		fastclient.Nanosecond, fastclient.Microsecond, fastclient.Millisecond,
		fastclient.Second, fastclient.Minute, fastclient.Hour,
	} {
		line := lp.AppendTime([]byte("m v=1 "), t, p)
		err := c.WithPrecision(p).Write(context.Background(), line)
		fmt.Printf("%s precision=%s %v\n", bytes.TrimSpace(s.Last().Body), s.Last().Query.Get("precision"), err)
	}
	// Output:
	// m v=1 1500000000000000000 precision= <nil>
	// m v=1 1500000000000000000 precision= <nil>
	// m v=1 1500000000000 precision=ms <nil>
	// m v=1 1500000000 precision=s <nil>
	// m v=1 1500000000 precision=s <nil>
	// m v=1 1499997600 precision=s <nil>
}

// Bodies are compressed on their way to other hosts, and to this one if it is said so.
func ExampleCompression() {
	s, err := influxtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for _, how := range []fastclient.Compression{{}, {Always: true}, {Always: true, MinBytes: 1 << 20}, {Always: true, Codec: fastclient.Zstd}} {
		c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "mydb", Compression: how})
		if err != nil {
			fmt.Println(err)
			return
		}
		err = c.Write(context.Background(), []byte(strings.Repeat("cpu,host=a load=0.64 1\n", 1000)))
		r := s.Last()
		fmt.Printf("%q %v %v\n", r.Header.Get("Content-Encoding"), len(r.Wire) < 23_000, err)
		c.Close()
	}
	// Output:
	// "" false <nil>
	// "gzip" true <nil>
	// "" false <nil>
	// "zstd" true <nil>
}

// A server whose certificate comes from an authority of one's own.
func ExampleTLSFiles() {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Influxdb-Version", "1.8.10")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ca := filepath.Join(dir, "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		fmt.Println(err)
		return
	}
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, TLSFiles: fastclient.TLSFiles{CA: ca}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	pong, err := c.Ping(context.Background())
	fmt.Println(pong.Version, err)
	// Output: 1.8.10 <nil>
}

// All that happens on the way of one write: the server is busy, then finds the
// body too large, then takes its halves.
func ExampleHooks_all() {
	s, err := influxtest.Start(influxtest.Error(503, "timeout"), influxtest.Error(413, "too large"), influxtest.Status(204))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{
		Addr: s.URL, Database: "mydb",
		Retry: &fastclient.RetryPolicy{MinDelay: time.Microsecond},
		Hooks: &fastclient.Hooks{
			Dial:         func(e fastclient.DialEvent) { fmt.Println("dialled", e.Addr == s.Addr, e.Err) },
			GotConn:      func(e fastclient.ConnEvent) { fmt.Println("connection used before:", e.Reused) },
			WroteRequest: func(wire int64) { fmt.Println("wrote the request:", wire > 0) },
			FirstByte:    func(took time.Duration) { fmt.Println("first byte of the response") },
			Done:         func(e fastclient.DoneEvent) { fmt.Println("done", e.Op, e.Attempt, e.Status, e.Raw, "bytes") },
			Retry:        func(e fastclient.RetryEvent) { fmt.Println("again after attempt", e.Attempt, "with", e.Err) },
			Split:        func(e fastclient.SplitEvent) { fmt.Println("split", e.Bytes, "bytes") },
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.Write(context.Background(), []byte("m v=1 1\nm v=2 2\n")))
	// Output:
	// dialled true <nil>
	// connection used before: false
	// wrote the request: true
	// first byte of the response
	// done write 1 503 16 bytes
	// again after attempt 1 with fastclient: write: status 503: timeout
	// connection used before: true
	// wrote the request: true
	// first byte of the response
	// done write 2 413 16 bytes
	// split 16 bytes
	// connection used before: true
	// wrote the request: true
	// first byte of the response
	// done write 1 204 8 bytes
	// connection used before: true
	// wrote the request: true
	// first byte of the response
	// done write 1 204 8 bytes
	// <nil>
}

// A configuration has secrets as texts, and what is written of it has none.
func ExampleSecret() {
	var config struct{ Token, Password fastclient.Secret }
	if err := json.Unmarshal([]byte(`{"Token": "hunter2"}`), &config); err != nil { // by UnmarshalText
		log.Fatal(err)
	}
	fmt.Printf("%+v %d\n", config, config.Token)
	if config.Password.IsZero() {
		config.Password = fastclient.NewSecret("hunter3")
	}
	out, err := json.Marshal(config) // by MarshalText
	fmt.Printf("%s %v\n", out, err)
	fmt.Println(config.Token.Reveal(), config.Password.Reveal())
	// Output:
	// {Token:<secret> Password:} <secret>
	// {"Token":"\u003csecret\u003e","Password":"\u003csecret\u003e"} <nil>
	// hunter2 hunter3
}

// Decoders that know encoding.TextUnmarshaler fill a Secret, and encoders hide it.
func ExampleSecret_UnmarshalText() {
	var s fastclient.Secret
	if err := s.UnmarshalText([]byte("hunter2")); err != nil {
		log.Fatal(err)
	}
	text, err := s.MarshalText()
	fmt.Printf("%s %v %s\n", text, err, s.Reveal())
	// Output: <secret> <nil> hunter2
}
