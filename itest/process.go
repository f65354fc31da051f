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

// StartProcess runs the influxd found on the PATH as a child process and returns
// when it answers. Without one the error is exec.ErrNotFound. The child ends
// with this process, however that ends.
func StartProcess(cfg Config) (*Server, error) {
	path, err := exec.LookPath("influxd")
	if err != nil {
		return nil, fmt.Errorf("itest: %w", err)
	}
	return newServer(cfg, &process{path: path})
}

// process is the backend of StartProcess.
type process struct {
	path  string
	shell *exec.Cmd
	stdin io.Closer // closing it stops influxd
	pid   int       // of influxd
}

// script caps the address space, starts influxd, prints its process id and stops
// it when standard input ends, which happens at the latest when the parent does.
const script = `ulimit -v "$1" || exit 1
"$2" run -config /dev/null </dev/null >/dev/null &
pid=$!
echo "$pid"
read -r _
kill "$pid" 2>/dev/null
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
	p.shell = exec.Command("/bin/sh", "-c", script, "sh", strconv.FormatInt(limit>>10, 10), p.path)
	p.shell.Env = append(os.Environ(), cfg.environment()...)
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

// environment returns the settings of cfg as influxd reads them.
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

// waitListening reads the log until it names the port.
func (p *process) waitListening(logName string, socket bool, limit time.Duration) (string, error) {
	end := time.Now().Add(limit)
	for {
		log, err := os.ReadFile(logName)
		if err != nil {
			return "", err
		}
		addr := listenAddr(log)
		if addr != "" && (!socket || bytes.Contains(log, []byte("Listening on unix socket"))) {
			return addr, nil
		}
		if bytes.Contains(log, []byte("run: ")) || time.Now().After(end) {
			return "", fmt.Errorf("itest: %s does not listen; its log ends:\n%s", p.path, tail(log, 2000))
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// listenAddr returns the address in the line of log that reports the listener,
// or "" if that line has not been written.
func listenAddr(log []byte) string {
	for line := range bytes.Lines(log) {
		if !bytes.HasSuffix(line, []byte("\n")) || !bytes.Contains(line, []byte("Listening on HTTP")) {
			continue
		}
		if _, rest, ok := bytes.Cut(line, []byte(" addr=")); ok {
			return string(bytes.Fields(rest)[0])
		}
	}
	return ""
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }

// close stops influxd with SIGTERM and waits for it.
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

// ignoreSignal drops the report that influxd ended by the signal that was sent
// to it: 128+15 in the words of the shell.
func ignoreSignal(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 128+int(syscall.SIGTERM) {
		return nil
	}
	return err
}
