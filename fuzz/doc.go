// Package fuzz compares pointwire with other implementations of the same formats: the
// line-protocol decoder of influxdata, the parsers of InfluxDB 1.8.10 and of InfluxQL,
// encoding/json, the JSON tokenizer of go-json-experiment, strconv and time. It has only
// tests; README.md lists the targets and every difference that was found.
package fuzz
