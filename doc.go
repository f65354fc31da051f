// Package pointwire is the root of a library that moves time-series points
// between Go programs and InfluxDB-compatible servers.
//
// The root holds no code. Its packages, in the direction of the data:
//
//   - lp turns points into line protocol: append primitives, Encoder, Series,
//     Schema.
//   - fastclient carries line protocol to a server and query answers back.
//   - jsonscan reads query answers as a stream of rows with typed cells.
//   - frame holds results and input as typed columns.
//
// cmd/lpbench runs the whole way against a real server and prints what it
// cost.
package pointwire
