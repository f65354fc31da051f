package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// This file starts processes of this program in their roles, and starts them again when they
// end. A process ends when its standard input does, so none outlives the first one.

// The environment of a process says what it is.
const (
	roleVariable     = "FLEET_ROLE" // such as "collector 3"
	settingsVariable = "FLEET_SETTINGS"
)

// runRole is the main function of a process with a role.
func runRole(role string) int {
	var s Settings
	if err := json.Unmarshal([]byte(os.Getenv(settingsVariable)), &s); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		return 2
	}
	name, number, _ := strings.Cut(role, " ")
	i, err := strconv.Atoi(number)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		return 2
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	run, ok := map[string]func(ctx context.Context, s *Settings, i int) error{
		"node": runNode, "influxdb": runInfluxDB, "collector": runCollector, "forwarder": runForwarder,
	}[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "fleet: no role", name)
		return 2
	}
	if err := run(ctx, &s, i); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "fleet:", role+":", err)
		return 1
	}
	return 0
}

// A process is started again until it is told to end and does so without an error.
type process struct {
	role     string
	settings string
	done     chan struct{} // closed when it has ended for good

	mu      sync.Mutex
	cmd     *exec.Cmd
	stdin   io.Closer
	started time.Time
	ending  bool
	starts  int
}

// restartPause is the pause before a process is started again.
const restartPause = 300 * time.Millisecond

// start starts a process in a role.
func start(s *Settings, role string, i int) (*process, error) {
	settings, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	p := &process{role: fmt.Sprint(role, " ", i), settings: string(settings), done: make(chan struct{})}
	log, err := os.OpenFile(filepath.Join(s.Dir, fmt.Sprint(role, i, ".log")), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	go p.keep(log)
	return p, nil
}

// keep runs the process until it ends for good.
func (p *process) keep(log *os.File) {
	defer close(p.done)
	defer log.Close()
	for {
		err := p.once(log)
		p.mu.Lock()
		ending := p.ending
		p.mu.Unlock()
		if ending && err == nil {
			return
		}
		fmt.Fprintln(log, "ended:", err)
		time.Sleep(restartPause)
	}
}

// once runs the process once.
func (p *process) once(log *os.File) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), roleVariable+"="+p.role, settingsVariable+"="+p.settings)
	cmd.Stdout, cmd.Stderr = log, log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	p.mu.Lock()
	if err = cmd.Start(); err == nil {
		p.cmd, p.stdin, p.started = cmd, stdin, time.Now()
		p.starts++
		if p.ending {
			stdin.Close()
		}
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	err = cmd.Wait()
	p.mu.Lock()
	p.cmd = nil
	p.mu.Unlock()
	return err
}

// kill ends the process as kill -9 does, and reports whether it ran long enough for that.
func (p *process) kill(least time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || time.Since(p.started) < least {
		return false
	}
	return p.cmd.Process.Kill() == nil
}

// end tells the process to finish, and not to start again.
func (p *process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = true
	if p.cmd != nil {
		p.stdin.Close()
	}
}

// wait waits until the process has ended for good.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s does not end: %w", p.role, ctx.Err())
	}
}
