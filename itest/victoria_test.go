package itest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// startVictoria runs VictoriaMetrics until the test ends and returns its address. The
// executable is named by POINTWIRE_VICTORIAMETRICS or is on the PATH. If there is none, the
// test is skipped.
func startVictoria(t *testing.T) string {
	t.Helper()
	path := os.Getenv("POINTWIRE_VICTORIAMETRICS")
	if path == "" {
		var err error
		if path, err = exec.LookPath("victoria-metrics"); err != nil {
			t.Skip("no VictoriaMetrics: ", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(path, "-httpListenAddr", addr, "-storageDataPath", t.TempDir(), "-retentionPeriod", "100y", "-memory.allowedBytes", "200MB")
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=500MiB")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		resp, err := http.Get("http://" + addr + "/health")
		if err == nil {
			resp.Body.Close()
			return addr
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("VictoriaMetrics does not respond: ", err)
		}
	}
}

// exported returns the values of a metric in VictoriaMetrics, by time in ms.
func exported(t *testing.T, addr, metric string) map[int64]float64 {
	t.Helper()
	for _, path := range []string{"/internal/force_flush", "/api/v1/export?match[]=" + url.QueryEscape(metric)} {
		resp, err := http.Get("http://" + addr + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if path == "/internal/force_flush" {
			continue
		}
		found := map[int64]float64{}
		s := bufio.NewScanner(resp.Body)
		s.Buffer(nil, 1<<24)
		for s.Scan() {
			var line struct {
				Values     []float64
				Timestamps []int64
			}
			if err := json.Unmarshal(s.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			for i, ts := range line.Timestamps {
				found[ts] = line.Values[i]
			}
		}
		return found
	}
	return nil
}

// TestVictoriaMetrics writes to VictoriaMetrics by every path that it has for line protocol,
// plain and compressed, and checks what it stored.
func TestVictoriaMetrics(t *testing.T) {
	addr := startVictoria(t)
	const points = 3000
	for i, tt := range []struct {
		name string
		o    fastclient.Options
	}{
		{"v1", fastclient.Options{Addr: "http://" + addr, Database: "ignored"}},
		{"v1 compressed", fastclient.Options{Addr: "http://" + addr, Database: "ignored", Compression: fastclient.Compression{Always: true}}},
		{"base path", fastclient.Options{Addr: "http://" + addr + "/influx", Database: "ignored", Compression: fastclient.Compression{Always: true}}},
		{"v2", fastclient.Options{Addr: "http://" + addr, API: fastclient.V2, Org: "o", Bucket: "b", Token: fastclient.NewSecret("t")}},
		{"v2 below a base path", fastclient.Options{Addr: "http://" + addr + "/influx", API: fastclient.V2, Org: "o", Bucket: "b", Token: fastclient.NewSecret("t")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := fastclient.New(tt.o)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			w, err := batch.NewWriter(c, batch.Options{BatchLines: 1000})
			if err != nil {
				t.Fatal(err)
			}
			measurement := fmt.Sprintf("pw%d", i)
			start := time.Now().Add(-time.Hour).Truncate(time.Second)
			at := func(k int) time.Time { return start.Add(time.Duration(k) * time.Millisecond) }
			err = w.Encode(t.Context(), func(e *lp.Encoder) {
				for k := range points {
					e.Point(measurement)
					e.Tag("host", "a b,c=d")
					e.Float("value", float64(k)/4)
					e.End(at(k))
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := exported(t, addr, `{__name__="`+measurement+`_value",host="a b,c=d"}`)
			if len(got) != points {
				t.Fatalf("%d points stored, want %d", len(got), points)
			}
			for k := range points {
				if v := got[at(k).UnixMilli()]; v != float64(k)/4 {
					t.Fatalf("point %d is %v", k, v)
				}
			}
		})
	}
	for _, base := range []string{"", "/influx"} {
		c, err := fastclient.New(fastclient.Options{Addr: "http://" + addr + base})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Ping(t.Context()); err != nil {
			t.Errorf("ping below %q: %v", base, err)
		}
		can, err := c.Capabilities(t.Context())
		if err != nil || !can.V1 || !can.V2 || can.V3 {
			t.Errorf("capabilities below %q: %+v, %v", base, can, err)
		}
	}
}
