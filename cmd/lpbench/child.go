package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

const module = "github.com/pointwire/pointwire"

// errNoCheckout says that the nested modules are not at hand.
var errNoCheckout = errors.New("not inside a checkout of " + module)

// checkout returns the directory of the source tree, which holds the modules
// that children are built from.
func checkout(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", errNoCheckout
	}
	dir := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(dir, "itest", "go.mod")); err != nil {
		return "", errNoCheckout
	}
	return dir, nil
}

// build builds the command pkg of the nested module into file, and shows how
// many packages the compiler is done with.
func build(ctx context.Context, root, nested, pkg, file string, p *term.Progress) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, nested), "-v", "-o", file, pkg)
	names, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	bar := p.Start("building "+nested+", packages", 0)
	var said bytes.Buffer
	for s := bufio.NewScanner(names); s.Scan(); bar.Add(1) {
		// What is no package is what went wrong.
		if text := s.Text(); strings.ContainsAny(text, " :") && !strings.HasPrefix(text, "go: downloading") {
			fmt.Fprintln(&said, text)
		}
	}
	err = cmd.Wait()
	bar.End()
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", nested, err, &said)
	}
	return nil
}

// A server is a child that serves until its standard input closes.
type server struct {
	cmd *exec.Cmd
	in  io.Closer
	url string
	err *bytes.Buffer
}

// startServer starts file, which prints its URL as its first line.
func startServer(ctx context.Context, file string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, file), err: new(bytes.Buffer)}
	s.cmd.Stderr = s.err
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.in = in
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// The end of the context closes the input: the server then removes its data.
	s.cmd.Cancel = in.Close
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w\n%s", err, s.err)
	}
	s.url = strings.TrimSpace(line)
	return s, nil
}

// stop ends the server and waits for it.
func (s *server) stop() error {
	s.in.Close()
	return s.cmd.Wait()
}
