package itest

import (
	"bytes"
	"os/exec"
)

// BuildInfluxd builds the program of cmd/influxd, which is InfluxDB 1.8.10, as exe. dir is
// the directory of this module.
func BuildInfluxd(dir, exe string) error {
	cmd := exec.Command("go", "build", "-o", exe, "./cmd/influxd")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return &buildError{err, out}
	}
	return nil
}

// A buildError is what the go command printed.
type buildError struct {
	err error
	out []byte
}

func (e *buildError) Error() string {
	return "itest: go build: " + e.err.Error() + "\n" + string(tail(e.out, 2000))
}

func (e *buildError) Unwrap() error { return e.err }

// StartBuilt runs InfluxDB 1.8.10 as a child process, unlike Start, so that it can be
// killed and paused. exe was made by BuildInfluxd. Config.Dir and Config.Addr apply; the
// other settings do not.
func StartBuilt(exe string, cfg Config) (*Server, error) {
	return newServer(Config{Dir: cfg.Dir, Addr: cfg.Addr}, &process{path: exe, program: &influxd18})
}

// influxd18 is cmd/influxd. Its standard input is empty from the start, which would stop
// it, so it waits for its signal.
var influxd18 = program{
	stop:        "TERM",
	args:        func(c *Config) []string { return []string{"-addr", c.Addr, "-dir", c.Dir, "-until-signal"} },
	environment: func(*Config) []string { return nil },
	address:     printedAddr,
	failed:      "influxd: ",
}

// printedAddr returns the address in the line that cmd/influxd prints.
func printedAddr(line []byte) string {
	addr, ok := bytes.CutPrefix(line, []byte("http://"))
	if !ok {
		return ""
	}
	return string(bytes.TrimSpace(addr))
}
