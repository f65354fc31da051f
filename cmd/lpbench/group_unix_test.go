//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const actAsGroup = "POINTWIRE_TEST_GROUP"

// TestInterruptLeavesServer interrupts a process group as a terminal does. The
// process in it, this test again, has started a server; the server is still
// there after the interrupt, and ends when its input closes.
func TestInterruptLeavesServer(t *testing.T) {
	if file := os.Getenv(actAsGroup); file != "" {
		startAndStop(file)
		return
	}
	file := filepath.Join(t.TempDir(), "server")
	const script = `#!/bin/sh
trap 'echo interrupted >&2; exit 7' INT
echo http://here
while read -r line; do :; done
`
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run", "^TestInterruptLeavesServer$")
	cmd.Env = append(os.Environ(), actAsGroup+"="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || line != "started\n" {
		t.Errorf("%q, %v\n%s", line, err, &stderr)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Error(err)
	}
	said, err := io.ReadAll(lines)
	if err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(said), "asked: <nil>, stopped: <nil>\n") {
		t.Errorf("said %q\n%s", said, &stderr)
	}
	cmd.Wait()
}

// startAndStop is the process that is interrupted.
func startAndStop(file string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := startServer(ctx, file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("started")
	<-ctx.Done()
	// The server is asked first: it responds as long as its input is open.
	_, err = fmt.Fprintln(s.in, "there")
	fmt.Printf("asked: %v, stopped: %v\n", err, s.stop())
}
