// Package soak runs Writers for minutes or hours through everything that goes wrong on the
// way to a server: toxiproxy's toxics, servers that are killed, paused and started again, a
// disk that is full, clocks that jump, calls that are cancelled. What was accepted is read
// back from the server.
//
// soak_test.go plays the rounds, subject_test.go opens and closes Writers, appender_test.go
// appends, chaos_test.go breaks things, ledger_test.go compares what is stored,
// watch_test.go watches the accounts and what the process uses, and wal_test.go makes up
// for a fault of the servers.
//
// The package is a module of its own because toxiproxy needs newer versions of modules that
// InfluxDB 1.8.10 uses.
package soak
