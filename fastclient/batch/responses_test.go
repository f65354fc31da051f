package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// foreignReply is the reply of something that is not a database.
func foreignReply(status int, body string, fields ...string) influxtest.Reply {
	head := fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: %d\r\n", status, len(body))
	for i := 0; i+1 < len(fields); i += 2 {
		head += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	return influxtest.Raw(head + "\r\n" + body)
}

// Only a 204, and a 200 or 202 with an empty body or object, say that lines are stored.
func TestAcknowledgements(t *testing.T) {
	both(t, func(t *testing.T, o fastclient.Options) {
		for _, c := range []struct {
			name  string
			reply influxtest.Reply
			ok    bool
		}{
			{"204", influxtest.Status(204), true},
			{"204 of nobody", influxtest.Raw("HTTP/1.1 204 No Content\r\n\r\n"), true},
			{"200", influxtest.Body(200, ""), true},
			{"202", influxtest.Body(202, ""), true},
			{"200 with an object", influxtest.JSON("{}\n"), true},
			{"200 with a compressed object", influxtest.Body(200, influxtest.Compress("{}"), "Content-Encoding", "gzip"), true},
			{"201", influxtest.Body(201, ""), false},
			{"206", influxtest.Body(206, ""), false},
			{"login page", foreignReply(200, "<html>log in</html>", "Content-Type", "text/html"), false},
			{"another service", foreignReply(200, `{"status":"ok"}`), false},
			{"error at 200", influxtest.JSON(`{"error":"timeout"}`), false},
			{"compressed error at 200", influxtest.Body(200, influxtest.Compress(`{"error":"timeout"}`), "Content-Encoding", "gzip"), false},
			{"cut gzip at 200", influxtest.Body(200, influxtest.Compress("{}")[:15], "Content-Encoding", "gzip"), false},
			{"another encoding at 200", influxtest.Body(200, "{}", "Content-Encoding", "br"), false},
			{"wrong base path", influxtest.JSON(`{"code":"not found","message":"path not found"}`), false},
		} {
			s := influxtest.New(t, c.reply)
			err := client(t, s, o).Write(t.Context(), []byte("m v=1 1"))
			if (err == nil) != c.ok || !c.ok && !errors.Is(err, fastclient.ErrNotAcknowledged) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	})
}

// No status makes a Writer give up lines if it comes from something that is not a database.
func TestPagesRefuseNothing(t *testing.T) {
	for status := 200; status < 600; status++ {
		for _, body := range []string{"<html>no</html>", `{"error":"no","status":1}`, "unable to parse 'm v=1 1': missing fields"} {
			if status == 204 || status == 413 {
				continue
			}
			r := seam.Response{Status: status, Message: body, Foreign: true}
			var p verdict.Plan
			verdict.Decide(&p, []byte("m v=1 1\n"), 1, &r, verdict.Limits{Plain: true})
			if len(p.Spans) != 1 || p.Spans[0].Outcome != verdict.Again || !p.Wait {
				t.Errorf("%d %s: %+v", status, body, p)
			}
		}
	}
}

// Responses with a sign of a database, and without one.
func TestSigns(t *testing.T) {
	both(t, func(t *testing.T, o fastclient.Options) {
		for _, c := range []struct {
			name    string
			reply   influxtest.Reply
			foreign bool
		}{
			{"1.x", influxtest.Error(400, "x"), false},
			{"1.x without a body", influxtest.Body(405, ""), false},
			{"2.x", foreignReply(400, `{"code":"invalid","message":"x"}`), false},
			{"2.x, by its header", foreignReply(400, "", "X-Platform-Error-Code", "invalid"), false},
			{"3", foreignReply(400, `{"error":"partial write of line protocol occurred","data":[]}`), false},
			{"openGemini", foreignReply(400, "", "X-Geminidb-Version", ""), false},
			{"QuestDB", foreignReply(400, `{"code":"invalid","message":"x","line":1,"errorId":"y"}`), false},
			{"VictoriaMetrics", foreignReply(400, `remoteAddr: "127.0.0.1:5"; requestURI: /write?db=d; cannot parse`), false},
			{"compressed", foreignReply(400, influxtest.Compress(`{"error":"x"}`), "Content-Encoding", "gzip"), false},
			{"nginx", foreignReply(405, "<html><h1>405 Not Allowed</h1></html>", "Server", "nginx"), true},
			{"nothing", foreignReply(400, ""), true},
			{"text", foreignReply(421, "misdirected"), true},
			{"a gateway", foreignReply(404, `{"message":"no Route matched with those values"}`), true},
			{"another gateway", foreignReply(400, `{"error":"x","timestamp":1,"path":"/write"}`), true},
			{"a list", foreignReply(400, `[{"error":"x"}]`), true},
			{"words without an address", foreignReply(400, `remoteAddr: "x"`), true},
		} {
			s := influxtest.New(t, c.reply)
			err := client(t, s, o).Write(t.Context(), []byte("m v=1 1"))
			var e *fastclient.ServerError
			if !errors.As(err, &e) || e.Foreign != c.foreign {
				t.Errorf("%s: %v, foreign %v", c.name, err, e != nil && e.Foreign)
			}
		}
	})
}

// A refusal is read in whichever content encoding it comes.
func TestCompressedRefusal(t *testing.T) {
	both(t, func(t *testing.T, o fastclient.Options) {
		for _, encoding := range []string{"gzip", "x-gzip", "GZIP"} {
			body := influxtest.Compress(`{"error":"partial write: field type conflict dropped=1"}`)
			s := influxtest.New(t, influxtest.Body(400, body, "Content-Encoding", encoding))
			var p *fastclient.PartialWriteError
			if err := client(t, s, o).Write(t.Context(), []byte("m v=1 1\nm v=2 2")); !errors.As(err, &p) || p.Dropped != 1 {
				t.Errorf("%s: %v", encoding, err)
			}
		}
	})
}

// A response whose header is too long is a response: the lines are not sent for ever.
func TestUnreadableResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s, end := pipeWriter(t, fastclient.Options{}, Options{MaxInFlight: 1}, influxtest.BigHeader(20_000))
		mustAppend(t, w, "m v=1 1\n")
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonUncertain {
			t.Errorf("Flush: %v", err)
		}
		if st := w.Stats(); st.Uncertain.Lines != 1 || len(bodies(s)) != verdict.FewAttempts {
			t.Errorf("%d requests, stats %+v", len(bodies(s)), st)
		}
		end()
		w, _, end = pipeWriter(t, fastclient.Options{MaxHeaderBytes: 32 << 10}, Options{}, influxtest.BigHeader(20_000))
		mustAppend(t, w, "m v=1 1\n")
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		end()
	})
}

// After temporary refusals requests become as large again as they were. A permanent limit
// is not tried for ever.
func TestLimitRecovers(t *testing.T) {
	for _, limit := range []int{0, 40_000} {
		var sizes []int
		spurious := 12
		send := func(_ context.Context, b *seam.Body, r *seam.Response) {
			sizes = append(sizes, len(b.Data))
			if r.Status = 204; spurious > 0 {
				spurious--
				r.Status = 413
			} else if limit > 0 && len(b.Data) > limit {
				r.Status = 413
			}
		}
		synctest.Test(t, func(t *testing.T) {
			w := testWriter(t, Options{MaxInFlight: 1}, send)
			line := "m v=\"" + strings.Repeat("x", 60) + "\" 1\n"
			for range 20 {
				mustAppend(t, w, strings.Repeat(line, 5000))
				if err := w.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			before := len(sizes)
			for range 20 {
				mustAppend(t, w, strings.Repeat(line, 5000))
				if err := w.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			mustClose(t, w)
			most := 20
			if limit > 0 {
				most = 20*5000*len(line)/(limit/2) + 20
			}
			if n := len(sizes) - before; before > 1000 || n > most {
				t.Errorf("limit %d: %d requests, then %d, want %d at most", limit, before, n, most)
			}
		})
	}
}

// A missing retention policy is no reason to give up: like a missing database, it may be
// created.
func TestMissingPolicyIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		o := Options{OnMissing: func(context.Context) error { asked++; return nil }, MaxInFlight: 1}
		missing := influxtest.Error(500, "retention policy not found: rp")
		w, _, end := pipeWriter(t, fastclient.Options{RetentionPolicy: "rp"}, o, missing, missing, missing, missing, missing, influxtest.Status(204))
		mustAppend(t, w, "m v=1 1\n")
		if err := w.Flush(context.Background()); err != nil || asked != 5 {
			t.Errorf("%v, asked %d times", err, asked)
		}
		end()
	})
}

// Each failure causes one event with the delay to the next attempt.
func TestOneEventForEachFailure(t *testing.T) {
	var got []string
	var delays []time.Duration
	s := newScript(response(503, "a"), response(503, "b"), response(503, "c"), acker)
	inBubble(t, Options{MaxInFlight: 1, OnEvent: func(e Event) {
		got = append(got, fmt.Sprint(e.Kind, " ", e.Message, " ", e.Lines))
		delays = append(delays, e.Delay)
	}}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\nm v=2 2\n")
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if want := []string{"down a 2", "retry b 2", "retry c 2", "up  0"}; !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	for i, d := range delays[:3] {
		if d <= 0 || d != s.times[i+1].Sub(s.times[i]) {
			t.Errorf("event %d: delay %v", i, d)
		}
	}
}

// Flush and Stats say what a proxy responds in place of the server.
func TestLastErrorOfAProxy(t *testing.T) {
	for _, status := range []int{403, 404, 405, 415, 501, 503} {
		synctest.Test(t, func(t *testing.T) {
			s, dial := influxtest.NewPipe(t, foreignReply(status, "<html>not here</html>", "Content-Type", "text/html"))
			c, err := fastclient.New(fastclient.Options{Addr: s.URL, Dial: dial, Database: "d"})
			if err != nil {
				t.Fatal(err)
			}
			w, err := NewWriter(c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, w, "m v=1 1\n")
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			var pending *PendingError
			if err := w.Flush(ctx); !errors.As(err, &pending) || len(pending.LastErrors) != 1 {
				t.Errorf("status %d: Flush: %v", status, err)
			}
			if f := w.Stats().LastErrors; len(f) != 1 || f[0].Failures < 2 || !strings.Contains(f[0].Err.Error(), strconv.Itoa(status)) {
				t.Errorf("status %d: %+v", status, f)
			}
			w.Close(ctx)
			c.Close()
			s.Close()
		})
	}
}

// Flush, Close and Stats say if the name of the database is misspelt.
func TestLastErrorIsShown(t *testing.T) {
	for _, batch := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s, dial := influxtest.NewPipe(t, influxtest.Error(404, `database not found: "metrisc"`))
			c, err := fastclient.New(fastclient.Options{Addr: s.URL, Dial: dial, Database: "metrisc"})
			if err != nil {
				t.Fatal(err)
			}
			w, err := lineWriter(c, Options{RetryFor: 3 * time.Second}, batch)
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, w, "m v=1 1\n")
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			var pending *PendingError
			if err := w.Flush(ctx); !errors.As(err, &pending) || !strings.Contains(err.Error(), "metrisc") || !errors.Is(err, fastclient.ErrNotFound) {
				t.Errorf("batch %v: Flush: %v", batch, err)
			} else if f := pending.LastErrors; len(f) != 1 || f[0].Addr != s.URL && f[0].Addr == "" || f[0].Failures < 2 {
				t.Errorf("batch %v: %+v", batch, f)
			}
			cancel()
			if f := w.Stats().LastErrors; len(f) != 1 || !errors.Is(f[0].Err, fastclient.ErrNotFound) {
				t.Errorf("batch %v: %+v", batch, f)
			}
			ctx, cancel = context.WithTimeout(context.Background(), time.Second)
			var unsent *UnsentError
			if err := w.Close(ctx); !errors.As(err, &unsent) || !strings.Contains(unsent.Error(), "metrisc") || len(unsent.LastErrors) != 1 {
				t.Errorf("batch %v: Close: %v", batch, err)
			}
			cancel()
			c.Close()
			s.Close()
		})
	}
}
