// Package itest starts real InfluxDB servers for tests: 1.8.10 in the calling process
// ([Start]), the installed influxd, which is 1.6.7 on Debian, as a child process
// ([StartProcess]), 2.8.0 as another child process ([StartInfluxDB2]), and 1.8.10 as one
// that can be killed and paused ([StartBuilt]). Each serves on a free port of 127.0.0.1
// with its data in one directory, can be stopped and started again with the same port and
// directory, and removes all its files when it is closed.
//
// server.go has what all servers share; inprocess.go, process.go, influxd18.go and
// influxdb2.go have the backends. The tests write with the client of this repository and
// compare with what the server stored.
//
// The package is a module of its own because a server depends on about 180 modules, none
// of which the library may require.
package itest
