// Package itest starts real InfluxDB servers for tests: 1.8.10 inside the
// calling process ([Start]) and whatever influxd is installed, 1.6.7 on Debian,
// as a child process ([StartProcess]). Both serve on a free port of 127.0.0.1
// with their data under one directory, can be stopped and started again at the
// same place, and leave nothing behind when they are closed.
//
// The package is a module of its own because a server brings about 180 modules
// with it, none of which the library may require.
package itest
