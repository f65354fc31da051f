package transport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// sinkEnv is the environment variable that makes a process the sink.
const sinkEnv = "POINTWIRE_BENCH_SINK"

// ServeSink runs the sink if this process was started as one, and then does not return.
// The programs of this module call it first in main.
func ServeSink() {
	if os.Getenv(sinkEnv) == "" {
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
			go serveConn(c)
		}
	}()
	// The sink ends when its parent process closes its standard input.
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// serveConn reads requests and responds to them until the connection ends: to queries
// with the body of a stream, to everything else with 204. Of HTTP it knows only the two
// ways of framing a body.
func serveConn(c net.Conn) {
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
		switch {
		case query && compressed:
			err = sendCompressedStream(c)
		case query:
			err = sendStream(c)
		default:
			_, err = io.WriteString(c, noContent)
		}
		if err != nil {
			return
		}
	}
}

// A sink is a running sink process.
type sink struct {
	cmd   *exec.Cmd
	stdin io.Closer
	addr  string
}

// startSink starts this program again as the sink.
func startSink() (*sink, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &sink{cmd: exec.Command(exe)}
	s.cmd.Env = append(os.Environ(), sinkEnv+"=1")
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
		s.close()
		return nil, fmt.Errorf("the sink printed no address: %w", err)
	}
	s.addr = strings.TrimSpace(line)
	return s, nil
}

func (s *sink) close() {
	s.stdin.Close()
	s.cmd.Wait()
}

// A keeper is a server in this process that keeps the body of the first request.
type keeper struct {
	server *http.Server
	l      net.Listener
	got    chan kept
}

type kept struct {
	body []byte
	err  error
}

func startKeeper() *keeper {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	k := &keeper{l: l, got: make(chan kept, 1)}
	k.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := plainBody(r)
		select {
		case k.got <- kept{body, err}:
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	})}
	go k.server.Serve(l)
	return k
}

func (k *keeper) addr() string { return k.l.Addr().String() }

func (k *keeper) close() { k.server.Close() }

func (k *keeper) body() ([]byte, error) {
	select {
	case g := <-k.got:
		return g.body, g.err
	default:
		return nil, errors.New("no request arrived")
	}
}
