package pwjetstream_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// An influxd is InfluxDB 1.8.10 in a process of its own.
type influxd struct {
	t         *testing.T
	file, dir string
	addr      string
	cmd       *exec.Cmd
}

// newInfluxd builds the server of the module itest and starts it. It ends with the test.
func newInfluxd(t *testing.T) *influxd {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("POINTWIRE_REQUIRE_SERVER") != "" {
		missing = t.Fatalf
	}
	d := &influxd{t: t, file: filepath.Join(t.TempDir(), "influxd"), dir: t.TempDir(), addr: "127.0.0.1:" + itoa(freePort(t))}
	if out, err := exec.Command("go", "build", "-C", "../../itest", "-o", d.file, "./cmd/influxd").CombinedOutput(); err != nil {
		missing("no server: %v: %s", err, out)
	}
	d.start()
	t.Cleanup(d.kill)
	return d
}

func (d *influxd) start() {
	d.t.Helper()
	d.cmd = exec.Command(d.file, "-addr", d.addr, "-dir", d.dir)
	d.cmd.Stderr = os.Stderr
	if _, err := d.cmd.StdinPipe(); err != nil { // the server stops when it is closed
		d.t.Fatal(err)
	}
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		d.t.Fatal(err)
	}
}

// kill ends the server as kill -9 does.
func (d *influxd) kill() {
	d.cmd.Process.Kill()
	d.cmd.Wait()
}

// What a server holds is what was appended, after the leader of the stream and the server
// were killed on the way. Lines of another type are refused alone, and are in dead letters.
func TestInfluxDB(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a server")
	}
	d := newInfluxd(t)
	cl := newCluster(t, 3, 8<<20)
	js := cl.connect()
	streams(t, js, 3)
	c := clientOf(t, "http://"+d.addr)
	if err := c.CreateDatabase(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	sink := newSink(t, js, pwjetstream.SinkOptions{})
	w := newWriter(t, c, sink, batch.Options{BatchLines: 200, MaxDelay: 50 * time.Millisecond, MaxInFlight: 4})
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{AckWait: 5 * time.Second, TryFor: 2 * time.Second, OnError: func(err error) { t.Log(err) }})
	appendLines(t, w, 0, 5000, "")
	eventually(t, "some are stored", func() bool { return f.Stats().Acked.Lines > 500 })
	broken := goodMessage(1)
	broken.Data = broken.Data[:len(broken.Data)-5]
	if _, err := js.PublishMsg(t.Context(), broken); err != nil {
		t.Error(err)
	}
	if err := w.Append(t.Context(), []byte("m,id=bad v=\"text\" 1700000000000005001\nm,id=6000 v=6000i 1700000000000006000\nm,id=bad v=0.5 1700000000000005002\n")); err != nil {
		t.Error(err)
	}
	eventually(t, "the rest is stored", func() bool { return f.Stats().Rejected.Lines == 3 })
	d.kill()
	appendLines(t, w, 6001, 11_000, "")
	cl.stop(cl.leader(js, "points"))
	eventually(t, "messages are returned", func() bool { return f.Stats().Returned > 0 })
	d.start()
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "nothing is pending", func() bool { return pending(t, js) == 0 && f.Stats().InFlight == 0 })
	stats := stop()
	if stats.Redelivered == stats.Returned && stats.Unconfirmed.Lines == 0 {
		sinks := sink.Stats()
		sinks.Published.Lines, sinks.Published.Bytes = sinks.Published.Lines+1, sinks.Published.Bytes+14 // the broken one
		account(t, []pwjetstream.SinkStats{sinks}, []pwjetstream.ForwarderStats{stats})
	}
	if stats.Rejected.Lines != 3 || stats.Broken != 1 || stats.Uncertain.Lines != 0 {
		t.Errorf("%+v", stats)
	}
	got := stored(t, c)
	for id := range 11_000 {
		if id >= 5000 && id < 6000 {
			continue
		}
		if v, ok := got[itoa(id)]; !ok || v != int64(id) {
			t.Fatalf("line %d is stored as %d, %v", id, v, ok)
		}
	}
	if len(got) != 10_000 {
		t.Errorf("%d lines stored", len(got))
	}
	text := ""
	for _, m := range messages(t, js, "dead") {
		text += string(m.Data)
	}
	for _, line := range []string{"m,id=bad v=\"text\" 1700000000000005001\n", "m,id=bad v=0.5 1700000000000005002\n", string(broken.Data)} {
		if !strings.Contains(text, line) {
			t.Errorf("no dead letter has %q", line)
		}
	}
}

// stored returns the value of each id, which must be at its time, and once.
func stored(t *testing.T, c *fastclient.Client) map[string]int64 {
	t.Helper()
	result, err := c.Query(t.Context(), "SELECT id, v FROM m")
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	got := map[string]int64{}
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		id, _ := row.Bytes(1)
		v, err := row.Int(2)
		at, timeErr := row.Int(0)
		if err != nil || timeErr != nil || at != 1_700_000_000_000_000_000+v {
			t.Errorf("%s has %d at %d: %v %v", id, v, at, err, timeErr)
		}
		if _, twice := got[string(id)]; twice {
			t.Errorf("%s is there twice", id)
		}
		got[string(id)] = v
	}
	return got
}
