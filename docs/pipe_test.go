package docs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// A store is a server that keeps the lines of each database and answers the queries of
// lpbench export.
type store struct {
	*influxtest.Server
	mu    sync.Mutex
	lines map[string][]string
}

func newStore(t *testing.T) *store {
	s := &store{lines: map[string][]string{}}
	s.Server = influxtest.New(t, influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		const body = `{"results":[{"statement_id":0,"series":[{"name":"cpu",`
		switch q := r.Form.Get("q"); {
		case r.Path == "/write":
			s.mu.Lock()
			defer s.mu.Unlock()
			db := r.Query.Get("db")
			s.lines[db] = append(s.lines[db], strings.Split(strings.TrimSpace(string(r.Body)), "\n")...)
			influxtest.Status(204).Play(c, r)
		case q == "SHOW TAG KEYS":
			influxtest.JSON(body+`"columns":["tagKey"],"values":[["host"]]}]}]}`).Play(c, r)
		case q == "SHOW FIELD KEYS":
			influxtest.JSON(body+`"columns":["fieldKey","fieldType"],"values":[["load","float"]]}]}]}`).Play(c, r)
		case strings.HasSuffix(q, "GROUP BY *"):
			influxtest.JSON(body+`"tags":{"host":"a"},"columns":["time","load"],"values":[[1,5]]}]}]}`).Play(c, r)
		default:
			influxtest.JSON(body+`"columns":["time","host","load"],"values":[[1,"a",5]]}]}]}`).Play(c, r)
		}
	}))
	return s
}

// held returns the lines of a database in sorted order.
func (s *store) held(db string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.lines[db])
	slices.Sort(list)
	return list
}

// TestPipe runs the commands of the section "Lines from any pipe", and those of its
// configuration of Telegraf with lines on their standard input.
func TestPipe(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash: ", err)
	}
	guide, err := os.ReadFile("guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "\n## Lines from any pipe\n")
	section, _, _ = strings.Cut(section, "\n## ")
	s := newStore(t)
	section = strings.ReplaceAll(section, "http://127.0.0.1:8086", s.URL)

	dir := t.TempDir()
	shells := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(shells) < 3 {
		t.Fatalf("%d blocks of commands", len(shells))
	}
	run := func(where, commands, stdin string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", commands)
		cmd.Dir, cmd.Stdin = where, strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", commands, err, out)
		}
	}
	for i, block := range shells {
		if i == 0 {
			run("..", strings.Replace(block[1], "-o lpbench", "-o "+filepath.Join(dir, "lpbench"), 1), "")
			run(dir, "echo 'm v=1 1' >points.lp; printf 'm v=2 2\nm v=3i 3\n' | gzip >backup.lp.gz", "")
			continue
		}
		run(dir, block[1], "")
	}
	if got, want := s.held("mydb"), []string{"m v=1 1", "m v=2 2", "m v=2 2", "m v=3i 3", "m v=3i 3"}; !slices.Equal(got, want) {
		t.Errorf("mydb holds %q, want %q", got, want)
	}
	if got := s.held("copy"); !slices.Equal(got, []string{"cpu,host=a load=5 1"}) {
		t.Errorf("copy holds %q", got)
	}
	csv, err := os.ReadFile(filepath.Join(dir, "cpu.csv"))
	if err != nil || string(csv) != "measurement,time,host,load\ncpu,1970-01-01T00:00:00.000000001Z,a,5\n" {
		t.Errorf("%v, %q", err, csv)
	}

	commands := regexp.MustCompile(`(?m)^  command = (\[.*\])$`).FindAllStringSubmatch(section, -1)
	if len(commands) != 2 {
		t.Fatalf("%d commands of Telegraf", len(commands))
	}
	for _, c := range commands {
		var args []string
		if err := json.Unmarshal([]byte(c[1]), &args); err != nil {
			t.Fatal(err)
		}
		run(dir, quoted(args), "cpu,host=a load=5 1\n")
	}
	if got := s.held("telegraf"); !slices.Equal(got, []string{"cpu,host=a load=5 1", "cpu,host=a load=5 1"}) {
		t.Errorf("telegraf holds %q", got)
	}
}

func quoted(args []string) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteString(" '" + strings.ReplaceAll(a, "'", `'\''`) + "'")
	}
	return b.String()
}
