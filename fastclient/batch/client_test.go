package batch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// pipeWriter returns a Writer to a server in memory, for use under a fake clock, and a
// function that ends both.
func pipeWriter(t *testing.T, o fastclient.Options, wo Options, replies ...influxtest.Reply) (*Writer, *influxtest.Server, func()) {
	t.Helper()
	s, dial := influxtest.NewPipe(t, replies...)
	o.Addr, o.Dial = s.URL, dial
	if o.Database == "" {
		o.Database = "d"
	}
	c, err := fastclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(c, wo)
	if err != nil {
		t.Fatal(err)
	}
	return w, s, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		w.Close(ctx)
		cancel()
		audit(t, &w.engine)
		c.Close()
		s.Close()
	}
}

// bodies returns the writes that the server saw.
func bodies(s *influxtest.Server) (b []string) {
	for _, r := range s.Requests() {
		b = append(b, string(r.Body))
	}
	return b
}

func TestWriterThroughTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := fastclient.Options{Precision: fastclient.Millisecond, RetentionPolicy: "rp", Compression: fastclient.Compression{Always: true, MinBytes: 1}}
		w, s, end := pipeWriter(t, o, Options{DefaultTags: []lp.Tag{{Key: "host", Value: "a"}}}, influxtest.Status(204))
		err := w.Encode(context.Background(), func(e *lp.Encoder) {
			for i := range 100 {
				e.Point("m")
				e.Int("i", int64(i))
				e.EndNoTimestamp()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		r := s.Last()
		if r.Path != "/write" || r.Query.Get("db") != "d" || r.Query.Get("rp") != "rp" || r.Query.Get("precision") != "ms" {
			t.Errorf("%s %v", r.Path, r.Query)
		}
		if r.Header.Get("Content-Encoding") != "gzip" || len(r.Wire) >= len(r.Body) {
			t.Errorf("%d bytes on the wire for %d", len(r.Wire), len(r.Body))
		}
		want := fmt.Sprintf("m,host=a i=99i %d\n", time.Now().UnixMilli()+99) // each line has its own time
		if !strings.HasSuffix(string(r.Body), want) {
			t.Errorf("body ends %q, want %q", r.Body[len(r.Body)-len(want):], want)
		}
		end()
		if st := w.Stats(); st.Acked.Lines != 100 || st.WireBytes != uint64(len(r.Wire)) {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestWriterOutage: connections are refused, cut or reset, responses are cut short, and
// others have both forms of Retry-After. When the server is back, it has every line once.
func TestWriterOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := time.Now().Add(40 * time.Second).UTC().Format(http.TimeFormat)
		w, s, end := pipeWriter(t, fastclient.Options{HeaderTimeout: 5 * time.Second}, Options{BatchLines: 1},
			influxtest.Drop(), influxtest.DropHard(), influxtest.Garbage(), influxtest.StallHeader(), influxtest.Silent(),
			influxtest.Status(503, "Retry-After", "7"), influxtest.Status(429, "Retry-After", date), influxtest.Error(500, "timeout"),
			influxtest.Refuse(413, ""), influxtest.Status(204))
		for i := range 20 {
			mustAppend(t, w, fmt.Sprintf("m v=%di\n", i))
		}
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonTooLarge || be.Lines != 1 {
			t.Errorf("Flush: %v", err)
		}
		if time.Now().UTC().Format(http.TimeFormat) < date {
			t.Error("the pause that the server asked for is not kept")
		}
		stored := map[string]bool{}
		for _, b := range bodies(s) {
			if b != "" { // refused before it was read
				stored[b] = true
			}
		}
		if st := w.Stats(); st.Acked.Lines != 19 || st.Rejected.Lines != 1 || len(stored) != 20 {
			t.Errorf("%d different bodies, stats %+v", len(stored), st)
		}
		end()
	})
}

// TestWriterV3Lines: lines that a response of version 3 names are rejected.
func TestWriterV3Lines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(grave)
		response := `{"error":"partial write of line protocol occurred","data":[{"original_line":"b","line_number":2,"error_message":"no"}]}`
		w, s, end := pipeWriter(t, fastclient.Options{API: fastclient.V3}, Options{DeadLetter: g}, influxtest.Body(400, response), influxtest.Status(204))
		mustAppend(t, w, "a v=1 1\nb v=1 1\nc v=1 1\n")
		w.Flush(context.Background())
		if got := fmt.Sprint(g.lost); got != "[line 1 no: b v=1 1\n]" {
			t.Errorf("dead letters %s", got)
		}
		if st := w.Stats(); st.Acked.Lines != 2 || s.Last().Path != "/api/v3/write_lp" {
			t.Errorf("%s: %+v", s.Last().Path, st)
		}
		end()
	})
}

// TestWriterOtherAPI: after a 405 for the write API of version 3, the Writer uses version 2;
// it changes only once.
func TestWriterOtherAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s, end := pipeWriter(t, fastclient.Options{API: fastclient.V3}, Options{}, influxtest.Error(405, "method not allowed"), influxtest.Status(204))
		mustAppend(t, w, "a v=1 1\n")
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		if r := s.Last(); r.Path != "/api/v2/write" || r.Query.Get("bucket") != "d" || r.Query.Get("precision") != "ns" {
			t.Errorf("%s %v", r.Path, r.Query)
		}
		s.Play(influxtest.Error(405, "method not allowed"))
		mustAppend(t, w, "a v=1 1\n")
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonRequest {
			t.Errorf("Flush: %v", err)
		}
		end()
	})
}

// TestWriterBlackHole: a server that accepts connections and never responds delays Close no
// longer than its context, and no goroutine is left.
func TestWriterBlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, reply := range []influxtest.Reply{influxtest.Silent(), influxtest.Deaf(), influxtest.StallHeader()} {
			w, s, end := pipeWriter(t, fastclient.Options{}, Options{}, reply)
			mustAppend(t, w, "m v=1 1\n")
			time.Sleep(2 * time.Second)
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			start := time.Now()
			err := w.Close(ctx)
			cancel()
			var ue *UnsentError
			if d := time.Since(start); d > 3100*time.Millisecond || !errors.As(err, &ue) || ue.Lines != 1 {
				t.Errorf("Close after %v: %v", d, err)
			}
			s.Close()
			end()
		}
	})
}

// TestWriterServers: with round robin the server that is up gets the batches of the one
// that is down.
func TestWriterServers(t *testing.T) {
	up := influxtest.New(t)
	down := influxtest.New(t, influxtest.Status(503))
	c := client(t, down, fastclient.Options{Addrs: []string{up.URL}, Balance: fastclient.RoundRobin})
	w, err := NewWriter(c, Options{BatchLines: 1, MaxInFlight: 1})
	if err != nil {
		t.Fatal(err)
	}
	// One sender may send many batches before the other sends its first.
	lines := 0
	for ; lines < 50 || !w.Stats().Down && lines < 100_000; lines++ {
		mustAppend(t, w, fmt.Sprintf("m v=%d 1\n", lines))
	}
	if err := w.Flush(context.Background()); err != nil {
		t.Error(err)
	}
	if st := w.Stats(); st.Acked.Lines != uint64(lines) || !st.Down {
		t.Errorf("stats %+v", st)
	}
	if n := len(up.Requests()); n != lines {
		t.Errorf("%d requests to the server that is up, of %d", n, lines)
	}
	mustClose(t, w)
}

func TestWriterOptionErrors(t *testing.T) {
	c := client(t, influxtest.New(t), fastclient.Options{})
	for field, o := range map[string]Options{
		"BatchBytes":        {BatchBytes: 100},
		"BatchLines":        {BatchLines: -1},
		"MaxDelay":          {MaxDelay: -1},
		"MaxInFlight":       {MaxInFlight: -1},
		"MaxAge":            {MaxAge: -1},
		"MaxMemory":         {MaxMemory: 1 << 20},
		"RequestTimeout":    {RequestTimeout: -1},
		"Overflow":          {Overflow: 9},
		"DefaultTags":       {DefaultTags: []lp.Tag{{Key: "a\nb", Value: "c"}}},
		"Encoder.Precision": {Encoder: lp.Options{Precision: 99}},
	} {
		_, err := NewWriter(c, o)
		var oe *fastclient.OptionError
		if !errors.As(err, &oe) || oe.Field != "Options."+field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := NewWriter(c.WithDatabase(""), Options{}); !errors.Is(err, fastclient.ErrNoDatabase) {
		t.Errorf("no database: %v", err)
	}
}
