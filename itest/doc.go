// Package itest starts real InfluxDB servers for tests: 1.8.10 inside the
// calling process ([Start]), whatever influxd is installed, 1.6.7 on Debian, as a
// child process ([StartProcess]), and 2.8.0 as another ([StartInfluxDB2]). Each
// serves on a free port of 127.0.0.1 with its data under one directory, can be
// stopped and started again at the same place, and leaves nothing behind when it is
// closed.
//
// The package is a module of its own because a server brings about 180 modules
// with it, none of which the library may require.
package itest
