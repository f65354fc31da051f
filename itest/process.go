package itest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// StartProcess runs the influxd on the PATH as a child process and returns when it
// responds. If there is none, the error is exec.ErrNotFound. The child ends with this
// process, however this process ends.
func StartProcess(cfg Config) (*Server, error) {
	path, err := exec.LookPath("influxd")
	if err != nil {
		return nil, fmt.Errorf("itest: %w", err)
	}
	return newServer(cfg, &process{path: path, program: &influxd1})
}

// A program says how to run one major version of influxd.
type program struct {
	// stop is the name of the signal for an orderly stop.
	stop string
	// args and environment return the settings of a Config.
	args, environment func(c *Config) []string
	// address returns the address if a line of the log reports the listener, and
	// otherwise "".
	address func(line []byte) string
	// failed is a text that the log contains if the server does not start.
	failed string
}

// influxd1 is InfluxDB 1.x.
var influxd1 = program{
	stop:        "TERM",
	args:        func(*Config) []string { return []string{"run", "-config", "/dev/null"} },
	environment: (*Config).environment,
	address:     listenAddr,
	failed:      "run: ",
}

// process is the backend of a server that is a child process.
type process struct {
	*program
	path  string
	shell *exec.Cmd
	stdin io.Closer // closing it stops influxd
	pid   int       // process id of influxd
}

// script caps the address space, starts influxd with its arguments, prints its process id
// and stops it when standard input ends, which is at the latest when the parent ends. A
// process that is paused gets its signal only after CONT. All logs go to standard error; 2.x would write its log to standard output.
const script = `ulimit -v "$1" || exit 1
stop=$2
shift 2
"$@" </dev/null >&2 &
pid=$!
echo "$pid"
read -r _
kill -s "$stop" "$pid" 2>/dev/null
kill -s CONT "$pid" 2>/dev/null
wait "$pid"`

func (p *process) open(cfg *Config) (addr string, err error) {
	logName := filepath.Join(cfg.Dir, "influxd.log")
	log, err := os.Create(logName)
	if err != nil {
		return "", err
	}
	defer log.Close()

	limit := cfg.MemoryLimit
	if limit == 0 {
		limit = DefaultMemoryLimit
	}
	args := append([]string{"-c", script, "sh", strconv.FormatInt(limit>>10, 10), p.stop, p.path}, p.args(cfg)...)
	p.shell = exec.Command("/bin/sh", args...)
	p.shell.Env = append(os.Environ(), p.environment(cfg)...)
	p.shell.Stderr = log
	stdin, err := p.shell.StdinPipe()
	if err != nil {
		return "", err
	}
	stdout, err := p.shell.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := p.shell.Start(); err != nil {
		return "", err
	}
	p.stdin = stdin
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("itest: %s did not start: %w", p.path, err)
	}
	if p.pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		return "", err
	}
	return p.waitListening(logName, cfg.UnixSocket, 10*time.Second)
}

// environment returns the settings of c as environment variables of influxd 1.x.
func (c *Config) environment() []string {
	env := []string{
		"INFLUXDB_REPORTING_DISABLED=true",
		"INFLUXDB_BIND_ADDRESS=127.0.0.1:0",
		"INFLUXDB_META_DIR=" + filepath.Join(c.Dir, "meta"),
		"INFLUXDB_DATA_DIR=" + filepath.Join(c.Dir, "data"),
		"INFLUXDB_DATA_WAL_DIR=" + filepath.Join(c.Dir, "wal"),
		"INFLUXDB_DATA_QUERY_LOG_ENABLED=false",
		"INFLUXDB_MONITOR_STORE_ENABLED=false",
		"INFLUXDB_HTTP_BIND_ADDRESS=" + c.Addr,
		"INFLUXDB_HTTP_LOG_ENABLED=false",
		"INFLUXDB_HTTP_AUTH_ENABLED=" + strconv.FormatBool(c.Auth),
		"INFLUXDB_HTTP_SHARED_SECRET=" + c.SharedSecret,
		"INFLUXDB_HTTP_MAX_ROW_LIMIT=" + strconv.Itoa(c.MaxRowLimit),
	}
	if c.MaxBodySize != 0 {
		env = append(env, "INFLUXDB_HTTP_MAX_BODY_SIZE="+strconv.Itoa(c.MaxBodySize))
	}
	if c.TLS {
		env = append(env,
			"INFLUXDB_HTTP_HTTPS_ENABLED=true",
			"INFLUXDB_HTTP_HTTPS_CERTIFICATE="+c.certFile(),
			"INFLUXDB_HTTP_HTTPS_PRIVATE_KEY="+c.keyFile())
	}
	if c.UnixSocket {
		env = append(env,
			"INFLUXDB_HTTP_UNIX_SOCKET_ENABLED=true",
			"INFLUXDB_HTTP_BIND_SOCKET="+c.socket())
	}
	return env
}

// waitListening reads the log until it reports the listener, and returns the address.
func (p *process) waitListening(logName string, socket bool, limit time.Duration) (string, error) {
	end := time.Now().Add(limit)
	for {
		log, err := os.ReadFile(logName)
		if err != nil {
			return "", err
		}
		addr := ""
		for line := range bytes.Lines(log) {
			if bytes.HasSuffix(line, []byte("\n")) && addr == "" {
				addr = p.address(line)
			}
		}
		if addr != "" && (!socket || bytes.Contains(log, []byte("Listening on unix socket"))) {
			return addr, nil
		}
		if bytes.Contains(log, []byte(p.failed)) || time.Now().After(end) {
			return "", fmt.Errorf("itest: %s does not listen; the end of its log:\n%s", p.path, tail(log, 2000))
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// listenAddr returns the address in the line of the log that reports the listener.
func listenAddr(line []byte) string {
	if !bytes.Contains(line, []byte("Listening on HTTP")) {
		return ""
	}
	_, rest, ok := bytes.Cut(line, []byte(" addr="))
	if !ok {
		return ""
	}
	return string(bytes.Fields(rest)[0])
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// close stops influxd with its signal and waits for its end.
func (p *process) close() error {
	p.stdin.Close()
	return ignoreSignal(p.shell.Wait())
}

func (p *process) kill() error {
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
		return err
	}
	p.close() // reports the signal
	return nil
}

func (p *process) signal(s syscall.Signal) error { return syscall.Kill(p.pid, s) }

// waitStopped waits until all of the process has stopped, which takes a moment after
// SIGSTOP. Without /proc it does not know.
func (p *process) waitStopped() {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/stat")
		if err != nil || bytes.Contains(stat, []byte(") T ")) {
			return
		}
	}
}

// ignoreSignal drops the error that reports the end of influxd by SIGTERM, which is the
// status 128+15 of the shell.
func ignoreSignal(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 128+int(syscall.SIGTERM) {
		return nil
	}
	return err
}
