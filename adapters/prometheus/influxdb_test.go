package pwprometheus_test

import (
	"bufio"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	pwprometheus "github.com/pointwire/pointwire/adapters/prometheus"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// influxd starts InfluxDB 1.8.10, which the module itest of the repository builds, and
// returns its URL. The server ends with the test.
func influxd(t *testing.T) string {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("POINTWIRE_REQUIRE_SERVER") != "" {
		missing = t.Fatalf
	}
	file := filepath.Join(t.TempDir(), "influxd")
	if out, err := exec.Command("go", "build", "-C", "../../itest", "-o", file, "./cmd/influxd").CombinedOutput(); err != nil {
		missing("no server: %v: %s", err, out)
	}
	cmd := exec.Command(file)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // the server stops
		cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// What a registry holds is in the database after an export.
func TestInfluxDB(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a server")
	}
	c, err := fastclient.New(fastclient.Options{Addr: influxd(t), Database: "metrics"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.CreateDatabase(t.Context(), "metrics"); err != nil {
		t.Fatal(err)
	}
	w, err := batch.NewWriter(c, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := prometheus.NewRegistry()
	sizes := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "size_bytes", Help: "h", Buckets: []float64{0.5, 1e6}}, []string{"of"})
	level := prometheus.NewGauge(prometheus.GaugeOpts{Name: "level", Help: "h"})
	r.MustRegister(sizes, level, pwprometheus.WriterCollector(w.Stats, nil))
	for _, v := range []float64{0.25, 3, 2e7} {
		sizes.WithLabelValues(`a, "b"=c`).Observe(v)
	}
	level.Set(math.Pi)
	if err := pwprometheus.NewExporter(r, w, pwprometheus.ExporterOptions{}).Export(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := stored(t, c)
	for key, want := range map[string]float64{
		`size_bytes a, "b"=c 0.5`: 1, `size_bytes a, "b"=c 1e+06`: 2, `size_bytes a, "b"=c +Inf`: 3, `size_bytes a, "b"=c count`: 3, `size_bytes a, "b"=c sum`: 20_000_003.25,
		"level  gauge": math.Pi, "pointwire_writer_down  gauge": 0, "pointwire_writer_settled_lines_total acked counter": 0,
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %v, %v, want %v", key, v, ok, want)
		}
	}
	if t.Failed() {
		for key := range maps.Keys(got) {
			t.Log(key)
		}
	}
}

// stored returns the values of the database by measurement, value of the tag and field.
func stored(t *testing.T, c *fastclient.Client) map[string]float64 {
	t.Helper()
	result, err := c.Query(t.Context(), "SELECT * FROM /.*/ GROUP BY *")
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	got := map[string]float64{}
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		s := row.Series()
		tags := ""
		for _, tag := range s.Tags {
			tags += tag.Value
		}
		for i, name := range s.Columns {
			if name != "time" && !row.IsNull(i) {
				v, err := row.Float(i)
				if err != nil {
					t.Fatal(err)
				}
				got[s.Name+" "+tags+" "+name] = v
			}
		}
	}
	return got
}
