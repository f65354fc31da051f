// Package sink is the server of the suites that write: it reads a request, discards it and
// responds 204. It runs in a process of its own, so that the processor time of this one is
// that of the client. A Keeper keeps a body instead, to check what a contender sends.
package sink

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// env is the environment variable that makes a process the sink.
const env = "POINTWIRE_BENCH_SINK"

// Serve runs the sink if this process was started as one, and then does not return. query
// responds to queries, whose client accepts gzip if compressed is true.
func Serve(query func(w io.Writer, compressed bool) error) {
	if os.Getenv(env) == "" {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveConn(c, query)
		}
	}()
	// The sink ends when its parent process closes its standard input.
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// serveConn reads requests and responds to them until the connection ends: to queries
// by respond, to everything else with 204. Of HTTP it knows only the two ways of framing a
// body.
func serveConn(c net.Conn, respond func(w io.Writer, compressed bool) error) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 256<<10)
	for {
		length, chunked, query, compressed := 0, false, false, false
		for first := true; ; first = false {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if first {
				query = bytes.Contains(line, []byte(" /query"))
			}
			line = bytes.TrimRight(line, "\r\n")
			if len(line) == 0 && !first {
				break
			}
			key, value, _ := strings.Cut(string(line), ":")
			switch strings.ToLower(key) {
			case "content-length":
				length, err = strconv.Atoi(strings.TrimSpace(value))
				if err != nil {
					return
				}
			case "transfer-encoding":
				chunked = true
			case "accept-encoding":
				compressed = strings.Contains(value, "gzip")
			}
		}
		var err error
		if chunked {
			if _, err = io.Copy(io.Discard, httputil.NewChunkedReader(r)); err == nil {
				_, err = r.ReadSlice('\n') // the empty line after the last chunk
			}
		} else {
			_, err = r.Discard(length)
		}
		if err != nil {
			return
		}
		if query {
			err = respond(c, compressed)
		} else {
			_, err = io.WriteString(c, noContent)
		}
		if err != nil {
			return
		}
	}
}

// A Sink is a running sink process.
type Sink struct {
	Addr  string // host:port
	cmd   *exec.Cmd
	stdin io.Closer
}

// Start starts this program again as the sink.
func Start() (*Sink, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &Sink{cmd: exec.Command(exe)}
	s.cmd.Env = append(os.Environ(), env+"=1")
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("the sink printed no address: %w", err)
	}
	s.Addr = strings.TrimSpace(line)
	return s, nil
}

// Close ends the process.
func (s *Sink) Close() {
	s.stdin.Close()
	s.cmd.Wait()
}
