// Command load is tsbs_load_influx with pointwire in it: it loads lines that
// tsbs_generate_data made into InfluxDB, and takes the flags of TSBS's loaders.
//
//	tsbs_generate_data --format influx … | go run -C bench/tsbs ./cmd/load --urls http://127.0.0.1:8086
package main

import (
	"log"

	"github.com/blagojts/viper"
	"github.com/spf13/pflag"
	"github.com/timescale/tsbs/load"

	"github.com/pointwire/pointwire/bench/tsbs/pointwire"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	var (
		config load.BenchmarkRunnerConfig
		o      pointwire.Options
	)
	config.AddToFlagSet(pflag.CommandLine)
	pflag.StringVar(&o.URL, "urls", "http://localhost:8086", "InfluxDB's URL")
	pflag.BoolVar(&o.Gzip, "gzip", true, "compress requests")
	pflag.IntVar(&o.Level, "level", 1, "level of compression; that of tsbs_load_influx is 6")
	pflag.BoolVar(&o.Recode, "recode", false, "decode the lines and encode their points again")
	pflag.Parse()
	if err := viper.BindPFlags(pflag.CommandLine); err != nil {
		return err
	}
	if err := viper.Unmarshal(&config); err != nil {
		return err
	}
	if config.Limit > 0 || config.HashWorkers {
		log.Fatal("--limit and --hash-workers are for items of one line; here they are batches")
	}
	o.Database, o.BatchSize, o.Lines = config.DBName, config.BatchSize, load.GetBufferedReader(config.FileName)
	b, err := pointwire.New(o)
	if err != nil {
		return err
	}
	config.BatchSize = 1 // item; Len is the number of lines, so each item is a batch
	load.GetBenchmarkRunner(config).RunBenchmark(b)
	return b.Close()
}
