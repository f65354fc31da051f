// Package influxd starts a real InfluxDB 1.8.10 in a process of its own, for measurements of both
// sides of a connection.
package influxd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

// A Server is a running server.
type Server struct {
	URL    string
	Client *fastclient.Client

	cmd *exec.Cmd
	in  io.Closer
}

// Build builds the program of package pkg in a module of this repository, from the directory
// bench.
func Build(ctx context.Context, module, pkg, file string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-C", module, "-o", file, pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Start builds the server in dir and starts it. The caller calls Stop.
func Start(ctx context.Context, dir string) (*Server, error) {
	file := filepath.Join(dir, "influxd")
	if err := Build(ctx, "../itest", "./cmd/influxd", file); err != nil {
		return nil, err
	}
	s := &Server{cmd: exec.Command(file)}
	var said bytes.Buffer
	s.cmd.Stderr = &said
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.in = in
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err == nil {
		s.URL = strings.TrimSpace(line)
		s.Client, err = fastclient.Open(s.URL)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start: %w\n%s", err, &said), s.Stop())
	}
	return s, nil
}

// CPU returns the processor time that the server has taken.
func (s *Server) CPU() (time.Duration, error) { return cpuOf(s.cmd.Process.Pid) }

// Stop closes the input of the server, which then removes its data.
func (s *Server) Stop() error {
	if s.Client != nil {
		s.Client.Close()
	}
	s.in.Close()
	return s.cmd.Wait()
}
