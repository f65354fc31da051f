package itest

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/admin"

	"github.com/pointwire/pointwire/fastclient"
)

// An lpbench is the path of the command.
type lpbench string

// run runs the command and returns what it printed and its exit status.
func (l lpbench) run(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), string(l), args...)
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// TestLpbench runs the commands that need a server, against each server that has CREATE
// DATABASE: lpbench makes its own databases, and InfluxDB 2 has no statement for that.
func TestLpbench(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lpbench")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", file, "./cmd/lpbench").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		c := newClient(t, s, fastclient.Options{})
		t.Run("totals", func(t *testing.T) { lpbench(file).totals(t, s, c) })
		t.Run("place", func(t *testing.T) { lpbench(file).place(t, s, c) })
		t.Run("interrupt", func(t *testing.T) { lpbench(file).interrupt(t, s, c) })
	})
}

// lpbenchDatabases returns the databases that lpbench made.
func lpbenchDatabases(t *testing.T, c *fastclient.Client) []string {
	t.Helper()
	names, err := admin.ShowDatabases(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "lpbench_") })
}

// totals checks that the commands count the points that are stored, and that they leave
// nothing behind.
func (l lpbench) totals(t *testing.T, s *Server, c *fastclient.Client) {
	for _, k := range []struct {
		args string
		says []string
	}{
		{"roundtrip -trades 6000 -counters 100", []string{"6 000", "proved identical"}},
		{"write -duration 300ms -workers 3", []string{"3 workers", "schedule to stored", "points, as acknowledged"}},
		{"write -duration 300ms -rate 20000 -batch 100", []string{"20 000 points/s", "points, as acknowledged"}},
		{"query -duration 300ms -points 12000", []string{"each response had 12 000 rows, as the server counts"}},
		{"query -duration 300ms -points 3000 -rate 50 -chunk 0", []string{"each response had 3 000 rows, as the server counts"}},
	} {
		words := strings.Fields(k.args)
		out, status := l.run(t, append([]string{words[0], "-url", s.URL()}, words[1:]...)...)
		if status != 0 {
			t.Errorf("%s: status %d\n%s", k.args, status, out)
		}
		for _, part := range append(k.says, "InfluxDB "+s.Version()) {
			if !strings.Contains(out, part) {
				t.Errorf("%s: no %q in\n%s", k.args, part, out)
			}
		}
	}
	dir := t.TempDir()
	if out, status := l.run(t, "roundtrip", "-url", s.URL(), "-trades", "10", "-record", dir); status != 0 {
		t.Errorf("status %d\n%s", status, out)
	}
	if f, err := os.Stat(filepath.Join(dir, "Trade.json.gz")); err != nil || f.Size() == 0 {
		t.Errorf("the recorded response: %v", err)
	}
	if left := lpbenchDatabases(t, c); len(left) > 0 {
		t.Errorf("databases left: %q", left)
	}
	out, status := l.run(t, "query", "-url", s.URL(), "-database", "nowhere", "-q", "SELECT x FROM y", "-duration", "100ms")
	if status != 1 || !strings.Contains(out, "nowhere") {
		t.Errorf("a missing database: status %d\n%s", status, out)
	}
}

// place writes to an existing database. Its other points must stay, and with -keep those of
// the load too.
func (l lpbench) place(t *testing.T, s *Server, c *fastclient.Client) {
	c = createDatabase(t, s, c, "place")
	writeLines(t, c, "Trade size=1i 1\n")
	for _, keep := range []bool{false, true} {
		args := []string{"write", "-url", s.URL(), "-database", c.Database(), "-duration", "100ms", "-batch", "50"}
		if keep {
			args = append(args, "-keep")
		}
		if out, status := l.run(t, args...); status != 0 {
			t.Fatalf("status %d\n%s", status, out)
		}
		names, err := admin.ShowMeasurements(t.Context(), c, admin.ShowOptions{})
		if want := map[bool]int{true: 2, false: 1}[keep]; err != nil || len(names) != want || !slices.Contains(names, "Trade") {
			t.Errorf("keep %v: measurements %q, %v", keep, names, err)
		}
	}
}

// interrupt sends SIGINT in the middle of a load of an hour. The load must end soon and in
// good order, with all points counted and removed.
func (l lpbench) interrupt(t *testing.T, s *Server, c *fastclient.Client) {
	for _, k := range []struct{ name, begun, says string }{
		{"write", "writing …", "points, as acknowledged"},
		{"query", "querying …", "schedule to last row"},
	} {
		cmd := exec.CommandContext(t.Context(), string(l), k.name, "-url", s.URL(), "-duration", "1h")
		var out bytes.Buffer
		cmd.Stdout = &out
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(stderr)
		for said.Scan() && said.Text() != k.begun {
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		rest, _ := io.ReadAll(stderr)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s%s", k.name, err, &out, rest)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s: ended %v after the interrupt", k.name, took)
		}
		if !strings.Contains(out.String(), k.says) {
			t.Errorf("%s: no %q in\n%s", k.name, k.says, &out)
		}
		if left := lpbenchDatabases(t, c); len(left) > 0 {
			t.Errorf("%s: databases left: %q", k.name, left)
		}
	}
}
