//go:build linux

package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A node is one process of the cluster.
type node struct {
	role string // meta, store or sql
	host int    // 0 to 2
	exe  string
	dir  string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

func (n *node) String() string { return fmt.Sprintf("%s-%d", n.role, n.host+1) }

// address returns the address of a host.
func address(host int) string { return fmt.Sprintf("127.0.0.%d", host+2) }

// output returns the file of what the process prints.
func (n *node) output() string { return filepath.Join(n.dir, n.String()+".out") }

// start starts the process. It ends with this one, however this one ends.
func (n *node) start() error {
	log, err := os.OpenFile(n.output(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	n.cmd = exec.Command(n.exe, "-config", filepath.Join(n.dir, "config"), "-pidfile", filepath.Join(n.dir, n.String()+".pid"))
	n.cmd.Env = append(os.Environ(), "GOMEMLIMIT=1500MiB")
	n.cmd.Dir, n.cmd.Stdout, n.cmd.Stderr = n.dir, log, log
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	n.done = done
	cmd := n.cmd
	go func() {
		cmd.Wait()
		close(done)
	}()
	return nil
}

// running reports whether the process has not ended.
func (n *node) running() bool {
	if n.done == nil {
		return false
	}
	select {
	case <-n.done:
		return false
	default:
		return true
	}
}

// signal sends a signal to the process.
func (n *node) signal(s syscall.Signal) error { return n.cmd.Process.Signal(s) }

// kill ends the process at once.
func (n *node) kill() error {
	if err := n.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-n.done
	return nil
}

// stop ends the process in good order, or at once if that takes long.
func (n *node) stop() {
	if !n.running() {
		return
	}
	n.signal(syscall.SIGTERM)
	n.signal(syscall.SIGCONT)
	select {
	case <-n.done:
	case <-time.After(10 * time.Second):
		n.kill()
	}
}

// config writes the configuration of a host, which all its nodes read.
func config(t *testing.T, dir string, host int) {
	ip := address(host)
	text := fmt.Sprintf(`[common]
meta-join = ["127.0.0.2:8092", "127.0.0.3:8092", "127.0.0.4:8092"]
ha-policy = "replication"
report-enable = false
pprof-enabled = false
[meta]
bind-address = "%[1]s:8088"
http-bind-address = "%[1]s:8091"
rpc-bind-address = "%[1]s:8092"
dir = "%[2]s/meta"
[http]
bind-address = "%[1]s:8086"
flight-address = "%[1]s:8087"
[data]
store-ingest-addr = "%[1]s:8400"
store-select-addr = "%[1]s:8401"
store-data-dir = "%[2]s/data"
store-wal-dir = "%[2]s/wal"
store-meta-dir = "%[2]s/store-meta"
[logging]
path = "%[2]s/logs"
[monitor]
store-enabled = false
[gossip]
enabled = true
log-enabled = false
bind-address = "%[1]s"
store-bind-port = 8011
meta-bind-port = 8010
sql-bind-port = 8012
members = ["127.0.0.2:8010", "127.0.0.3:8010", "127.0.0.4:8010"]
`, ip, dir)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
