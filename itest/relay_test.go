package itest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

// A relayProcess is a running examples/relay.
type relayProcess struct {
	cmd  *exec.Cmd
	addr string
	dead string
	log  bytes.Buffer
	read sync.WaitGroup // copies its standard error
}

// buildRelay returns the path of the command.
func buildRelay(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "relay")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", file, "./examples/relay").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// startRelay runs the relay in file to a database of s, for the user root, until stop.
func startRelay(t *testing.T, file string, s *Server, db string, flags ...string) *relayProcess {
	t.Helper()
	r := &relayProcess{dead: t.TempDir()}
	args := append([]string{"-addr", "127.0.0.1:0", "-url", s.URL(), "-to", db, "-dead", r.dead}, flags...)
	r.cmd = exec.Command(file, args...)
	r.cmd.Env = append(os.Environ(), "RELAY_USER=root", "RELAY_PASSWORD=pw")
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.cmd.Process.Kill() })
	addr := make(chan string, 1)
	r.read.Go(func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			r.log.WriteString(lines.Text() + "\n")
			if _, a, ok := strings.Cut(lines.Text(), "listening on http://"); ok {
				addr <- a
			}
		}
		close(addr)
	})
	if r.addr = <-addr; r.addr == "" {
		r.cmd.Wait()
		t.Fatalf("the relay does not listen: %s", &r.log)
	}
	return r
}

// stop interrupts the relay. When it has ended, the server has given its verdict on all
// lines.
func (r *relayProcess) stop(t *testing.T) error {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.read.Wait()
	return r.cmd.Wait()
}

// jobFor returns a job for the server or the relay at addr.
func jobFor(t *testing.T, addr, db string, gzip bool, precision string, points []clientPoint) *job {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return &job{host, n, "root", "pw", db, gzip, precision, points}
}

// TestRelay has clients of other libraries write through examples/relay and directly to the
// server. The points must be stored as meant, and refused with the same reasons.
func TestRelay(t *testing.T) {
	file := buildRelay(t)
	s := startInProcess(t, Config{})
	c := newClient(t, s, fastclient.Options{})
	for _, k := range relayClients() {
		t.Run(k.name, func(t *testing.T) {
			if k.setup != nil {
				k.setup(t)
			}
			if k.gzip {
				t.Run("gzip", k.compresses)
			}
			t.Run("points", func(t *testing.T) { k.relayPoints(t, file, s, c) })
			t.Run("partial", func(t *testing.T) { k.relayPartial(t, file, s, c) })
			if k.v2 {
				t.Run("later", func(t *testing.T) { k.relayLater(t, file, s, c) })
			}
		})
	}
}

// compresses checks that the client compresses its body when it is told to.
func (k *relayClient) compresses(t *testing.T) {
	encodings := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/write") {
			encodings <- r.Header.Get("Content-Encoding")
		}
		w.Header().Set("X-Influxdb-Version", "1.8.10")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	texts := k.write(t, jobFor(t, s.Listener.Addr().String(), "db", true, k.words["s"], k.set("s")))
	if got := <-encodings; got != "gzip" || texts[0] != "" {
		t.Errorf("encoding %q, error %q", got, texts[0])
	}
}

// TestRelayResponses checks that the relay responds like 1.8.10, byte for byte. The reasons
// differ for a few lines, such as one that ends with a comma; these are left out.
func TestRelayResponses(t *testing.T) {
	s := startInProcess(t, Config{})
	query(t, s, "", "CREATE DATABASE direct; CREATE DATABASE relayed")
	r := startRelay(t, buildRelay(t), s, "relayed", "-wait")
	defer r.stop(t)
	post := func(addr, db, params, body string) string {
		t.Helper()
		resp, err := http.Post("http://"+addr+"/write?u=root&p=pw&db="+db+params, "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusNoContent {
			resp.Header.Del("Content-Type") // there is no content
		}
		return fmt.Sprintf("%d %s %q %s", resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("X-Influxdb-Error"), text)
	}
	for _, tt := range []struct{ params, body string }{
		{"", ""}, {"", "\n \n# comment\n"}, {"", "m v=1 1"}, {"", "  m v=1   2  \n"},
		{"", "m v=1 1\nm v=2i 2\n"}, {"", "m v=2i 2\n"},
		{"", "m"}, {"", ",a=b v=1"}, {"", "m,=b v=1"}, {"", "m,a v=1"}, {"", "m,a= v=1"}, {"", "m,a=b=c v=1"},
		{"", "m,a=b,a=c v=1"}, {"", "m v="}, {"", "m v= 1"}, {"", "m =1"}, {"", "m v=tru"}, {"", "m v=-"}, {"", "m v=NaN"}, {"", "m v=x"}, {"", "m v=1a"}, {"", "m v=1ii"},
		{"", "m v=\"x 1"}, {"", "m v=1 x"}, {"", "m v=1 1 1"}, {"", "m v=1 9223372036854775807"}, {"", "m v=1 -9223372036854775808"},
		{"&precision=s", "m v=1 9223372036854775"}, {"&precision=h", "m v=1 2\n \tm v=\nm v=1 3"},
		{"", "<é> v=&\nm v=1 4\n\x80 v=\n"}, {"&consistency=all", "m v=1 5"}, {"&consistency=x", "m v=1 6"},
	} {
		if got, want := post(r.addr, "relayed", tt.params, tt.body), post(s.Addr(), "direct", tt.params, tt.body); got != want {
			t.Errorf("%s %q: %s\n1.8.10: %s", tt.params, tt.body, got, want)
		}
	}
}

// relayPoints writes points of all types and texts in all precisions, with and without
// gzip, with and without waiting for the server.
func (k *relayClient) relayPoints(t *testing.T, file string, s *Server, c *fastclient.Client) {
	began := time.Now()
	all := func(addr, db string, gzip bool) (list []string) {
		var jobs []*job
		for precision, word := range k.words {
			points := k.set(precision)
			jobs = append(jobs, jobFor(t, addr, db, gzip, word, points))
			list = append(list, meant(points, units[precision])...)
		}
		for i, text := range k.write(t, jobs...) {
			if text != "" {
				t.Errorf("%s: %s", jobs[i].Precision, text)
			}
		}
		return list
	}
	query(t, s, "", `DROP DATABASE direct; CREATE DATABASE direct`)
	want := all(s.Addr(), "direct", false)
	compare(t, "without the relay", storedPoints(t, c, "direct", began), want)

	for _, flags := range [][]string{nil, {"-wait"}} {
		for _, gzip := range []bool{false, true} {
			if gzip && !k.gzip {
				continue
			}
			query(t, s, "", `DROP DATABASE relayed; CREATE DATABASE relayed`)
			r := startRelay(t, file, s, "relayed", flags...)
			want := all(r.addr, "relayed", gzip)
			if flags != nil {
				compare(t, "responded", storedPoints(t, c, "relayed", began), want)
			}
			if err := r.stop(t); err != nil {
				t.Errorf("%v\n%s", err, &r.log)
			}
			compare(t, "through the relay "+strings.Join(flags, " "), storedPoints(t, c, "relayed", began), want)
		}
	}
}

// relayPartial writes a point that InfluxDB cannot parse between two others. The client
// must report the same as without the relay.
func (k *relayClient) relayPartial(t *testing.T, file string, s *Server, c *fastclient.Client) {
	began := time.Now()
	value := map[string]typed{"v": {"float", "1.5"}}
	points := []clientPoint{
		{Name: "m", Tags: map[string]string{"t": "1"}, Fields: value, Time: "1"},
		{Name: "m", Tags: map[string]string{"t": "2"}, Fields: value, Time: "9223372036854775807"},
		{Name: "m", Tags: map[string]string{"t": "3"}, Fields: value, Time: "3"},
	}
	named := "unable to parse 'm,t=2 v=1.5 9223372036854775807': time outside range"
	want := meant([]clientPoint{points[0], points[2]}, 1)
	if k.bad != "" {
		points[1].Time, named = "2", k.refused
		want = meant(points, 1)
		points[1].Name = k.bad
	}
	query(t, s, "", `DROP DATABASE direct; CREATE DATABASE direct`)
	direct := k.write(t, jobFor(t, s.Addr(), "direct", false, k.words["ns"], points))[0]
	if !strings.Contains(direct, named) {
		t.Fatalf("without the relay: %s", direct)
	}
	compare(t, "without the relay", storedPoints(t, c, "direct", began), want)
	for _, flags := range [][]string{nil, {"-wait"}} {
		query(t, s, "", `DROP DATABASE relayed; CREATE DATABASE relayed`)
		r := startRelay(t, file, s, "relayed", flags...)
		text := k.write(t, jobFor(t, r.addr, "relayed", false, k.words["ns"], points))[0]
		if err := r.stop(t); err != nil {
			t.Errorf("%v\n%s", err, &r.log)
		}
		switch {
		case !k.v2 && text != direct:
			t.Errorf("%v: the client reports %q, without the relay %q", flags, text, direct)
		case k.v2 && (!strings.Contains(text, "invalid: partial write: "+named) || !strings.HasSuffix(text, " dropped=0")):
			t.Errorf("%v: the client reports %s", flags, text)
		}
		compare(t, "through the relay", storedPoints(t, c, "relayed", began), want)
	}
}

// relayLater writes an unsigned integer, which line protocol has but 1.8.10 refuses. It must
// be in the file of the relay or, with -wait, in the response.
func (k *relayClient) relayLater(t *testing.T, file string, s *Server, c *fastclient.Client) {
	began := time.Now()
	points := []clientPoint{
		{Name: "m", Tags: map[string]string{"t": "1"}, Fields: map[string]typed{"v": {"float", "1.5"}}, Time: "1"},
		{Name: "m", Tags: map[string]string{"t": "1"}, Fields: map[string]typed{"u": {"uint", "18446744073709551615"}}, Time: "2"},
		{Name: "m", Tags: map[string]string{"t": "1"}, Fields: map[string]typed{"v": {"float", "2.5"}}, Time: "3"},
	}
	const refused = "m,t=1 u=18446744073709551615u 2"
	for _, wait := range []bool{false, true} {
		query(t, s, "", `DROP DATABASE relayed; CREATE DATABASE relayed`)
		r := startRelay(t, file, s, "relayed", "-wait="+strconv.FormatBool(wait))
		text := k.write(t, jobFor(t, r.addr, "relayed", false, "ns", points))[0]
		stopErr := r.stop(t)
		kept, err := os.ReadFile(filepath.Join(r.dead, "relayed.lp"))
		if err != nil {
			t.Fatal(err)
		}
		if wait {
			if !strings.Contains(text, "unable to parse '"+refused+"': invalid number") || len(kept) > 0 || stopErr != nil {
				t.Errorf("the client reports %s, %q is kept, %v", text, kept, stopErr)
			}
		} else if text != "" || !strings.HasSuffix(string(kept), "\n"+refused+"\n") || bytes.Count(kept, []byte("\n")) != 2 {
			t.Errorf("the client reports %s, %q is kept", text, kept)
		} else if stopErr == nil || !strings.Contains(r.log.String(), "3 lines taken, 2 stored, 1 refused, 0 not sent") {
			t.Errorf("%v: %s", stopErr, &r.log)
		}
		compare(t, "through the relay", storedPoints(t, c, "relayed", began), meant([]clientPoint{points[0], points[2]}, 1))
	}
}
