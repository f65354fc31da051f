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

// suites are the suites of the bench module, for the note where that is missing.
const suites = "the suites encode, decode, numbers, query, structs, columns, transport, gzip, gunzip, spool, python and whole"

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
	in  io.WriteCloser
	url string
	err *bytes.Buffer
}

// startServer starts file, which prints its URL as its first line. The end of
// ctx ends the wait for that line, not the server, which is still needed to put
// things in order: stop ends it, and so does the end of this process.
func startServer(ctx context.Context, file string) (*server, error) {
	s := &server{cmd: exec.Command(file), err: new(bytes.Buffer)}
	s.cmd.Stderr = s.err
	ownGroup(s.cmd)
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.in = in
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { in.Close() })()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("the server did not start: %w\n%s", err, s.err)
	}
	s.url = strings.TrimSpace(line)
	return s, nil
}

// stop closes the input of the server, which then removes its data, and waits
// for it.
func (s *server) stop() error {
	s.in.Close()
	return s.cmd.Wait()
}
