package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/measure"
)

// TestMain makes this program the command, in a process that a test starts.
func TestMain(m *testing.M) {
	if os.Getenv("BENCH_RUN_CHILD") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestProcesses shares five rounds among three processes.
func TestProcesses(t *testing.T) {
	t.Setenv("BENCH_RUN_CHILD", "1")
	args := []string{"-suite", "^numbers$", "-case", "^append-int-lt100$", "-contender", "pointwire", "-rounds", "5", "-turn", "1ns", "-size", "0.01", "-processes", "3"}
	var out, progress bytes.Buffer
	if err := run(append(args, "-json", "-progress"), &out, &progress); err != nil {
		t.Fatal(err)
	}
	contenders := 0
	for d := json.NewDecoder(&out); d.More(); {
		var line struct {
			measure.Result
			Environment *measure.Environment
		}
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if e := line.Environment; e != nil && (e.Processes != 3 || e.Rounds != 5) {
			t.Errorf("environment %+v", e)
		}
		if line.Contender == "" {
			continue
		}
		contenders++
		if r := line.Result; len(r.Processes) != 3 || len(r.Samples) != 5 || r.Rounds != 5 || r.Ratio <= 0 {
			t.Errorf("%+v", r)
		}
	}
	if contenders != 2 {
		t.Errorf("%d contenders", contenders)
	}
	if lines := strings.Split(strings.TrimSpace(progress.String()), "\n"); len(lines) != 10 || lines[3] != `{"suite":"numbers","case":"append-int-lt100","done":4,"of":12}` {
		t.Errorf("progress %q", lines)
	}
	out.Reset()
	if err := run(append(args, "-matrix"), &out, &progress); err != nil || !strings.Contains(out.String(), "| append-int-lt100 | ") {
		t.Errorf("%v:\n%s", err, &out)
	}
	// More processes than rounds are as many as rounds, and one needs no other.
	defer func(f func() (string, error)) { executable = f }(executable)
	executable = func() (string, error) { return "", errors.New("no process") }
	if err := run(append(args, "-rounds", "1"), &out, &progress); err != nil {
		t.Error(err)
	}
	executable = func() (string, error) { return filepath.Join(t.TempDir(), "absent"), nil }
	if err := run(args, &out, &progress); err == nil || !strings.Contains(err.Error(), "process 1 of 3") {
		t.Errorf("a program that is not there: %v", err)
	}
}
