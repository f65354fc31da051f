package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestManyFaults holds that the response is bounded, and counts the lines it does not name.
func TestManyFaults(t *testing.T) {
	r := startRelay(t, testConfig(t, influxtest.New(t)))
	const n = 100_000
	w := post(r, "/write?db=d", strings.Repeat("m v=\n", n))
	var got struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Code != 400 || len(got.Error) > maxNamed+200 || !strings.HasSuffix(got.Error, fmt.Sprintf("\nand further lines dropped=%d", n)) {
		t.Errorf("%d, %d bytes, %q", w.Code, len(got.Error), got.Error[len(got.Error)-100:])
	}
}

// TestCompressed holds that bodies are bounded both compressed and decompressed.
func TestCompressed(t *testing.T) {
	s := influxtest.New(t)
	r := startRelay(t, testConfig(t, s))
	good := influxtest.Compress("m v=1 1\n")
	for _, tt := range []struct {
		body, encoding string
		status         int
	}{
		{good, "gzip", 204},
		{"m v=2 2", "identity", 204},
		{good[:len(good)-3], "gzip", 400},
		{"m v=3 3", "gzip", 400},
		{"", "gzip", 400},
		{"m v=4 4", "zstd", 415},
		{influxtest.Compress(strings.Repeat("#", 4<<20)), "gzip", 204},
		{influxtest.Compress("m v=5 5\n" + strings.Repeat("#", 4<<20)), "gzip", 413},
	} {
		if w := post(r, "/write?db=d", tt.body, "Content-Encoding", tt.encoding); w.Code != tt.status {
			t.Errorf("%s of %d bytes: %d %s, want %d", tt.encoding, len(tt.body), w.Code, w.Body, tt.status)
		}
	}
	flush(t, r)
	if got := stored(s)["/write?db=d"]; got != "m v=1 1\nm v=2 2\n" {
		t.Errorf("sent %q", got)
	}
}

// TestBackpressure fills the memory while the server is down: the relay responds with 503 in
// time, and the lines that it accepted arrive when the server is back.
func TestBackpressure(t *testing.T) {
	s := influxtest.New(t, influxtest.Status(503))
	c := testConfig(t, s)
	c.memory, c.patience = 8<<20, 20*time.Millisecond
	r := startRelay(t, c)
	part := strings.Repeat("m,k="+strings.Repeat("x", 1000)+" v=1 1\n", 500)
	taken := uint64(0)
	for i := 0; ; i++ {
		w := post(r, "/write?db=d", part)
		if w.Code == 503 {
			if after := w.Header().Get("Retry-After"); after == "" || after == "0" {
				t.Errorf("Retry-After: %q", after)
			}
			break
		}
		if taken += 500; w.Code != 204 || i > 20 {
			t.Fatalf("body %d: %d %s", i, w.Code, w.Body)
		}
	}
	if got := r.targets["d"].writer.Stats(); got.Appended.Lines < taken || got.Memory > c.memory {
		t.Errorf("%d lines of %d, %d bytes", got.Appended.Lines, taken, got.Memory)
	}
	w := httptest.NewRecorder()
	r.handler().ServeHTTP(w, httptest.NewRequest("GET", "/health", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "the server of d is down") {
		t.Error(w.Code, w.Body)
	}
	s.Play(influxtest.Status(204))
	if err := r.targets["d"].writer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := r.targets["d"].writer.Stats(); got.Acked != got.Appended {
		t.Errorf("%d lines of %d are stored", got.Acked.Lines, got.Appended.Lines)
	}
	if w := post(r, "/write?db=d", "m v=1 1"); w.Code != 503 {
		t.Error("after the end:", w.Code)
	}
}

// TestBodiesAreBounded keeps one body from ending: the next one gets a 503.
func TestBodiesAreBounded(t *testing.T) {
	c := testConfig(t, influxtest.New(t))
	c.bodies, c.patience = 1, time.Millisecond
	r := startRelay(t, c)
	in, out := io.Pipe()
	slow := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		r.handler().ServeHTTP(w, httptest.NewRequest("POST", "/write?db=d", in))
		slow <- w.Code
	}()
	io.WriteString(out, "m v=1 1\n") // returns when it was read: the memory is taken
	if w := post(r, "/write?db=d", "m v=1 1"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Body)
	}
	out.Close()
	if code := <-slow; code != 204 {
		t.Error(code)
	}
	if w := post(r, "/write?db=d", "m v=1 1"); w.Code != 204 {
		t.Error(w.Code, w.Body)
	}
}
