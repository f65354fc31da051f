package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestLatencyQuantile compares quantiles with those of the sorted times, within the error
// that the documentation states.
func TestLatencyQuantile(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var l Latency
		times := make([]time.Duration, 1+r.IntN(200))
		for i := range times {
			times[i] = time.Duration(r.Int64N(1 << (10 + r.IntN(26))))
			l.add(times[i])
		}
		slices.Sort(times)
		if n := l.Count(); n != uint64(len(times)) {
			t.Fatalf("%d times, want %d", n, len(times))
		}
		for _, q := range []float64{0, 0.01, 0.07, 0.5, 0.9, 0.99, 1, r.Float64()} {
			rank := 1 // the least number of times that is the fraction q of all
			for float64(rank)/float64(len(times)) < q {
				rank++
			}
			exact, got := times[rank-1], l.Quantile(q)
			ok := exact < got && exact >= got/2
			switch got {
			case time.Millisecond:
				ok = exact < got
			case 16384 * time.Millisecond:
				ok = exact >= got/2
			}
			if !ok {
				t.Fatalf("quantile %v of %d times is %v, exact %v", q, len(times), got, exact)
			}
		}
	}
	var l Latency
	if l.Quantile(0.5) != 0 || l.Count() != 0 {
		t.Error("a quantile without times")
	}
	for _, tt := range []struct {
		took time.Duration
		at   int
		want time.Duration
	}{
		{-1, 0, time.Millisecond}, {0, 0, time.Millisecond}, {time.Millisecond - 1, 0, time.Millisecond}, {time.Millisecond, 1, 2 * time.Millisecond},
		{2 * time.Millisecond, 2, 4 * time.Millisecond}, {16384*time.Millisecond - 1, 14, 16384 * time.Millisecond},
		{16384 * time.Millisecond, 15, 16384 * time.Millisecond}, {math.MaxInt64, 15, 16384 * time.Millisecond},
	} {
		var l Latency
		if l.add(tt.took); l[tt.at] != 1 || l.Quantile(0) != tt.want || l.Quantile(1) != tt.want || l.Quantile(2) != tt.want || l.Quantile(math.NaN()) != tt.want {
			t.Errorf("%v: %v, %v", tt.took, l, l.Quantile(1))
		}
	}
}

// TestStatsLog holds what a log has of a Writer that is well and of one that is not, and
// that nothing of it begins another line.
func TestStatsLog(t *testing.T) {
	line := func(s Stats) string {
		var b strings.Builder
		log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key != "w" {
				return slog.Attr{}
			}
			return a
		}}))
		log.Info("", "w", s)
		return strings.TrimSuffix(b.String(), "\n")
	}
	well := Stats{Appended: Count{10, 100}, Acked: Count{9, 90}, Pending: Count{1, 10}, Requests: 3, RawBytes: 90, WireBytes: 30, Latency: Latency{1, 0, 2}, Memory: 5, MemoryLimit: 50}
	want := "w.appended=10 w.acked=9 w.rejected=0 w.uncertain=0 w.dropped=0 w.pending=1 w.queued=0 w.in_flight=0 w.requests=3 w.raw_bytes=90 w.wire_bytes=30 " +
		"w.latency.p50=4ms w.latency.p90=4ms w.latency.p99=4ms w.memory=5 w.memory_limit=50"
	if got := line(well); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	ill := Stats{Rejected: Count{2, 20}, RefusedInvalid: 1, NoResponse: 4, Retried: 5, Blocked: 6, BlockedFor: time.Second, Down: true, Failures: 7, RetryAt: time.Unix(0, 0).UTC(),
		EventsLost: 8, DeadLetterErrors: 9, LastErrors: []ServerFailure{{Addr: "a:8086", Err: errors.New("x\nlevel=ERROR")}, {Addr: "b:8086"}}}
	ill.ByReason[ReasonLine], ill.ByReason[ReasonTooLarge] = Count{1, 10}, Count{1, 10}
	want = `w.appended=0 w.acked=0 w.rejected=2 w.uncertain=0 w.dropped=0 w.pending=0 w.by_reason.line=1 w.by_reason.too_large=1 w.refused.invalid=1 w.queued=0 w.in_flight=0 w.requests=0 ` +
		`w.no_response=4 w.retried=5 w.raw_bytes=0 w.wire_bytes=0 w.memory=0 w.memory_limit=0 w.blocked=6 w.blocked_for=1s w.events_lost=8 w.dead_letter_errors=9 ` +
		`w.down=true w.failures=7 w.retry_at=1970-01-01T00:00:00.000Z w.last_errors.a:8086="x\nlevel=ERROR" w.last_errors.b:8086=<nil>`
	if got := line(ill); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	spooling := Stats{Spooled: Count{3, 30}, Recovered: Count{2, 20}, OldestPending: time.Unix(1, 0).UTC(), Spool: spool.Stats{MaxBytes: 7}}
	want = `w.pending=0 w.spooled=3 w.recovered=2 w.oldest_pending=1970-01-01T00:00:01.000Z w.queued=0 w.in_flight=0 w.requests=0 w.raw_bytes=0 w.wire_bytes=0 ` +
		`w.memory=0 w.memory_limit=0 w.spool.disk_bytes=0 w.spool.max_bytes=7 w.spool.waiting_batches=0 w.spool.leased_batches=0`
	if got := line(spooling); !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant at the end\n%s", got, want)
	}
	spooling.Spool.DiskBytes, spooling.Spool.Waiting.Batches, spooling.Spool.Leased.Batches, spooling.OtherTargets = 6, 5, 4, Count{1, 10}
	spooling.SpoolErr, spooling.Spool.LastSyncError = errors.New("x\nlevel=ERROR"), errors.New("y")
	want = `w.spool.disk_bytes=6 w.spool.max_bytes=7 w.spool.waiting_batches=5 w.spool.leased_batches=4 w.spool.other_targets=1 w.spool.error="x\nlevel=ERROR" w.spool.sync_error=y`
	if got := line(spooling); !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant at the end\n%s", got, want)
	}
}

// A failure in JSON keeps the text of its error, which encoding/json alone prints as an
// object of exported fields, or not at all.
func TestServerFailureJSON(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, `null`},
		{errors.New("refused \"x\"\n"), `"refused \"x\"\n"`},
		{&fastclient.TransportError{Op: "write", Phase: "dial", Addr: "b:1", Err: errors.New("refused")}, `"fastclient: write: dial b:1: refused"`},
	} {
		s := Stats{LastErrors: []ServerFailure{{Addr: "a:8086", Err: c.err, Time: time.Unix(0, 0).UTC(), Failures: 2}}}
		text, err := json.Marshal(s)
		if want := `"LastErrors":[{"Addr":"a:8086","Err":` + c.want + `,"Time":"1970-01-01T00:00:00Z","Failures":2}]`; err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s, %v\nwant in it %s", text, err, want)
		}
	}
}

// Stats in JSON have every field, and errors of the disk as texts.
func TestStatsJSON(t *testing.T) {
	disk := fmt.Errorf("%w: no numbers", spool.ErrFull)
	for _, c := range []struct {
		s    Stats
		want []string
	}{
		{Stats{}, []string{`"SpoolErr":null`, `"LastSyncError":null`}},
		{Stats{SpoolErr: disk}, []string{`"SpoolErr":"spool: full: no numbers"`, `"LastSyncError":null`}},
		{Stats{Spool: spool.Stats{LastSyncError: disk}}, []string{`"SpoolErr":null`, `"LastSyncError":"spool: full: no numbers"`}},
	} {
		text, err := json.Marshal(c.s)
		var fields map[string]any
		if err != nil || json.Unmarshal(text, &fields) != nil {
			t.Fatalf("%s, %v", text, err)
		}
		for _, want := range c.want {
			if strings.Count(string(text), want) != 1 {
				t.Errorf("%s\nwant in it %s", text, want)
			}
		}
		for f := range reflect.TypeFor[Stats]().Fields() {
			if _, ok := fields[f.Name]; !ok {
				t.Errorf("no %s in %s", f.Name, text)
			}
		}
		if n := reflect.TypeFor[Stats]().NumField(); len(fields) != n {
			t.Errorf("%d keys for %d fields", len(fields), n)
		}
	}
}

// RequestTime is the sum of the times that Latency counts.
func TestRequestTime(t *testing.T) {
	s := newScript(func(_ context.Context, _ *seam.Body, r *seam.Response) {
		time.Sleep(1500 * time.Millisecond)
		r.Status = 204
	})
	inBubble(t, Options{BatchLines: 1, MaxInFlight: 2}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		mustAppend(t, w, "m v=1 2\n")
		if err := w.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if st := w.Stats(); st.RequestTime != 3*time.Second || st.Latency != (Latency{11: 2}) {
			t.Errorf("2 requests of 1.5 s took %v, %v", st.RequestTime, st.Latency)
		}
	})
}
