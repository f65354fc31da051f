package itest

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/influxdata/influxdb/cmd/influx_inspect/export"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/lp"
)

func buildLpbench(t *testing.T) lpbench {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lpbench")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", file, "./cmd/lpbench").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return lpbench(file)
}

// variedLines are points of several measurements with values of each type at the ends of
// their ranges. Tags and fields come and go, one measurement has a tag and a field of one
// key, and texts hold what needs escapes; feeds says whether also line feeds.
func variedLines(t *testing.T, n int, feeds bool) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(31, 32))
	texts := []string{"", " ", "a,b=c d", `"quoted"`, `back\\slash`, "ä\u00a0€", "# no comment", "\ttab", "i", "1i", "true"}
	if feeds {
		texts = append(texts, "\n", "a\n# CONTEXT-DATABASE:trap\nb", "\nm v=1 1\n")
	}
	numbers := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1 << 53, 1 << 60, 1e21, -1e300, math.MaxFloat64, math.SmallestNonzeroFloat64, 5}
	ints := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1<<53 + 1, 7}
	var e lp.Encoder
	for i := range n {
		e.Point([]string{"m", "a measurement, with \"all\"", "both"}[r.IntN(3)])
		for k, key := range []string{"host", "a tag=,", "key"} {
			if r.IntN(2) == 0 {
				e.Tag(key, []string{"x", "y z", "=,", "ä"}[(i+k)%4])
			}
		}
		e.Float("f", numbers[r.IntN(len(numbers))])
		if r.IntN(2) == 0 {
			e.Float("random", math.Float64frombits(r.Uint64()&^(1<<62)))
			e.Int("key", ints[r.IntN(len(ints))])
		}
		if r.IntN(3) == 0 {
			e.String("a field, =", texts[r.IntN(len(texts))])
			e.Bool("b", r.IntN(2) == 0)
		}
		if err := e.EndTimestamp(1_500_000_000_000_000_000 + int64(i)*1_000_000_007); err != nil {
			t.Fatal(err)
		}
	}
	return e.Bytes()
}

// allOf is what a database holds, in the server's words: rows, tag keys and the types
// of fields.
func allOf(t *testing.T, c *fastclient.Client) (list []string) {
	t.Helper()
	for _, q := range []string{"SELECT * FROM /.*/ GROUP BY *", "SHOW TAG KEYS", "SHOW FIELD KEYS", "SHOW SERIES"} {
		body, err := c.QueryRaw(t.Context(), q, fastclient.Unchunked(), fastclient.Epoch(fastclient.Nanosecond))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		body.Close()
		list = append(list, string(text))
	}
	return list
}

// same fails unless two databases hold the same.
func same(t *testing.T, from string, got, want []string) {
	t.Helper()
	for i := range want {
		if got[i] != want[i] {
			at := 0
			for at < min(len(got[i]), len(want[i])) && got[i][at] == want[i][at] {
				at++
			}
			begin := max(0, at-100)
			t.Errorf("%s: differs at %d:\n%.300q\nwant\n%.300q", from, at, got[i][begin:], want[i][begin:])
		}
	}
}

// TestLpbenchSend sends lines to a server, exports them, and sends the export to another
// database, which then holds the same. influx -import reads the export too, and send reads
// what influx_inspect exports.
func TestLpbenchSend(t *testing.T) {
	l := buildLpbench(t)
	const points = 6_000
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		for _, feeds := range []bool{true, false} {
			c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "sent")
			file := filepath.Join(t.TempDir(), "lines")
			if err := os.WriteFile(file, variedLines(t, points, feeds), 0o666); err != nil {
				t.Fatal(err)
			}
			l.mustRun(t, "6 000", "send", "-url", s.URL(), "-db", "sent", file)
			want := allOf(t, c)
			if n := strings.Count(want[0], "[150"); n < points*9/10 {
				t.Fatalf("only %d points are stored", n)
			}
			for _, name := range []string{"x.lp", "x.gz", "x.zst"} {
				exported := filepath.Join(t.TempDir(), name)
				l.mustRun(t, "6 000 rows", "export", "-url", s.URL(), "-db", "sent", "-o", exported, "SELECT * FROM /.*/ GROUP BY *")
				again := createDatabase(t, s, c, "again")
				l.mustRun(t, "stored   6 000\n", "send", "-url", s.URL(), "-db", "again", exported)
				same(t, name, allOf(t, again), want)
			}
			if !feeds { // influx reads line by line
				l.influxImport(t, s, c, want)
			}
			l.inspect(t, s, c, want)
		}
	})
}

// TestLpbenchSendStop ends send by SIGTERM while its standard input stays open, as Telegraf
// may: what was read is stored, without the line that is not complete.
func TestLpbenchSendStop(t *testing.T) {
	l := buildLpbench(t)
	s := startInProcess(t, Config{})
	c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "stopped")
	cmd := exec.CommandContext(t.Context(), string(l), "send", "-url", s.URL(), "-db", "stopped", "-flush", "20ms")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "m v=1 1\nm v=2 2\nm v=3 33"); err != nil {
		t.Fatal(err)
	}
	for len(raws(t, c, "SELECT v FROM m")) < 2 { // until the flush
		if t.Context().Err() != nil {
			t.Fatal("nothing is stored")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("%v\n%s", err, &out)
	}
	if got := raws(t, c, "SELECT v FROM m"); fmt.Sprint(got) != "[[1 1] [2 2]]" || !strings.Contains(out.String(), "stored       2\n") {
		t.Errorf("stored %v\n%s", got, &out)
	}
}

// mustRun runs the command, which must print a text and succeed.
func (l lpbench) mustRun(t *testing.T, text string, args ...string) {
	t.Helper()
	if out, status := l.run(t, args...); status != 0 || !strings.Contains(out, text) {
		t.Fatalf("%q: status %d, no %q in\n%s", args, status, text, out)
	}
}

// influxImport has the influx of the PATH import an export.
func (l lpbench) influxImport(t *testing.T, s *Server, c *fastclient.Client, want []string) {
	influx, err := exec.LookPath("influx")
	if err != nil {
		if requireServer {
			t.Error(err)
		}
		t.Log("not compared with influx -import: ", err)
		return
	}
	imported := createDatabase(t, s, c, "imported")
	file := filepath.Join(t.TempDir(), "import")
	l.mustRun(t, "rows", "export", "-url", s.URL(), "-db", "sent", "-header", "imported", "-o", file, "SELECT * FROM /.*/ GROUP BY *")
	host, port, _ := strings.Cut(strings.TrimPrefix(s.URL(), "http://"), ":")
	out, err := exec.Command(influx, "-host", host, "-port", port, "-import", "-path", file, "-precision", "ns").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Failed 0 inserts")) {
		t.Fatalf("influx: %v\n%s", err, out)
	}
	same(t, "influx -import", allOf(t, imported), want)
	// Without -db, the comments say where lines go.
	c = createDatabase(t, s, c, "imported")
	l.mustRun(t, "stored", "send", "-url", s.URL(), file)
	same(t, "send of the file for influx -import", allOf(t, c), want)
}

// inspect sends what influx_inspect exports from the files of the server.
func (l lpbench) inspect(t *testing.T, s *Server, c *fastclient.Client, want []string) {
	if s.Dir() == "" {
		return
	}
	inspect := func() string {
		file := filepath.Join(t.TempDir(), "inspected.gz")
		cmd := export.NewCommand()
		cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
		if err := cmd.Run("-datadir", filepath.Join(s.Dir(), "data"), "-waldir", filepath.Join(s.Dir(), "wal"), "-database", "sent", "-out", file, "-compress"); err != nil {
			t.Fatal(err)
		}
		if err := c.DropDatabase(t.Context(), "sent"); err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := inspect()
	l.mustRun(t, "stored", "send", "-url", s.URL(), "-ddl", file)
	same(t, "influx_inspect", allOf(t, c), want)

	// Lines of another policy go there. The file has CREATE DATABASE … WITH NAME … for each
	// policy, of which the server takes the first.
	policy := admin.RetentionPolicyInfo{Name: "kept", Forever: true, Replication: 1}
	create := func() {
		if err := c.CreateDatabase(t.Context(), "sent"); err != nil {
			t.Fatal(err)
		}
		if err := admin.CreateRetentionPolicy(t.Context(), c, "sent", policy); err != nil {
			t.Fatal(err)
		}
	}
	create()
	if err := c.WithRetentionPolicy("kept").Write(t.Context(), []byte("m v=1 1\n")); err != nil {
		t.Fatal(err)
	}
	file = inspect()
	create()
	out, status := l.run(t, "send", "-url", s.URL(), "-ddl", file)
	if status != 1 || !strings.Contains(out, "retention policy conflicts") {
		t.Errorf("status %d\n%s", status, out)
	}
	if got := raws(t, c, `SELECT v FROM kept.m`); fmt.Sprint(got) != "[[1 1]]" {
		t.Errorf("in another policy: %v", got)
	}
}
