// Command record writes the golden responses that the tests of jsonscan replay. They come
// from InfluxDB 1.8.10 in this process, from the influxd on the PATH, and from the InfluxDB
// 2 that itest/influx2 builds.
//
//	go run -C itest ./cmd/record
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/pointwire/pointwire/itest"
	"github.com/pointwire/pointwire/itest/golden"
)

func main() {
	dir := flag.String("o", "../jsonscan/testdata", "`directory` of the golden files")
	flag.Parse()
	if err := run(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	for _, start := range []func(itest.Config) (*itest.Server, error){itest.Start, itest.StartProcess, itest.StartInfluxDB2} {
		responses, err := golden.Record(start)
		if err != nil {
			return err
		}
		size := 0
		for _, a := range responses {
			size += len(a.Body)
		}
		fmt.Printf("%s: %d responses, %d bytes\n", responses[0].Version, len(responses), size)
		if err := golden.Write(dir, responses); err != nil {
			return err
		}
	}
	return nil
}
