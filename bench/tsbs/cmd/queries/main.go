// Command queries is tsbs_run_queries_influx with pointwire in it: it runs queries that
// tsbs_generate_queries made. TSBS's own program reads a response and drops it; this one reads each
// value in it. With --sum it prints what they hold.
//
//	tsbs_generate_queries --format influx … | go run -C bench/tsbs ./cmd/queries --urls http://127.0.0.1:8086
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/blagojts/viper"
	"github.com/spf13/pflag"
	"github.com/timescale/tsbs/pkg/query"

	"github.com/pointwire/pointwire/bench/tsbs/pointwire"
	"github.com/pointwire/pointwire/fastclient"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("queries: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	var config query.BenchmarkRunnerConfig
	config.AddToFlagSet(pflag.CommandLine)
	url := pflag.String("urls", "http://localhost:8086", "InfluxDB's URL")
	frames := pflag.Bool("frames", false, "read results as frames, not as rows")
	packed := pflag.Bool("msgpack", false, "ask for MessagePack, not for JSON")
	sum := pflag.Bool("sum", false, "print a sum of the results on standard error, as JSON")
	pflag.Parse()
	if err := viper.BindPFlags(pflag.CommandLine); err != nil {
		return err
	}
	if err := viper.Unmarshal(&config); err != nil {
		return err
	}
	format := fastclient.FormatJSON
	if *packed {
		format = fastclient.FormatMessagePack
	}
	q, err := pointwire.NewQueries(*url, config.DBName, *frames, format)
	if err != nil {
		return err
	}
	query.NewBenchmarkRunner(config).Run(&query.HTTPPool, q.Processor)
	if *sum {
		text, err := json.Marshal(q.Sum())
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, string(text))
	}
	return q.Close()
}
