package batch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// seal makes a batch of lines with another implementation of the encoding.
func seal(lines, encoding string, n int) *Sealed {
	b := &Sealed{Lines: n, Bytes: len(lines), Encoding: encoding, Body: []byte(lines)}
	var buf bytes.Buffer
	switch encoding {
	case "gzip":
		z := gzip.NewWriter(&buf)
		z.Write(b.Body)
		z.Close()
		b.Body = buf.Bytes()
	case "zstd":
		z := must(zstd.NewWriter(nil))
		b.Body = z.EncodeAll(b.Body, nil)
	}
	return b
}

// TestModelSend sends random batches to the server of TestModel, which says what it stored.
func TestModelSend(t *testing.T) {
	runHistories(t, modelHistories/20, func(t *testing.T, seed uint64) {
		h := newHistory(t, seed)
		h.server.noGzip = false
		if h.server.trust < 0.3 {
			h.server.trust = 0.3
		}
		route := &seam.Route{API: h.server.api, Targets: []seam.Target{fakeTarget{h.server}}, MinCompress: 200}
		if h.rng.IntN(2) == 0 {
			route.Compressor = compress.Gzip(1)
		}
		for range 5 {
			h.sendOne(route)
		}
	})
}

func (h *history) sendOne(route *seam.Route) {
	ids, texts := h.lines(h.rng, 1+h.rng.IntN(40))
	for i := range texts {
		if h.rng.IntN(10) > 0 && !strings.HasSuffix(texts[i], fmt.Sprint(" ", 1_000_000+ids[i])) {
			texts[i] += fmt.Sprint(" ", 1_000_000+ids[i])
		}
	}
	all := strings.Join(texts, "\n") + "\n"
	b := seal(all, []string{"", "gzip", "zstd"}[h.rng.IntN(3)], len(ids))
	before := bytes.Clone(b.Body)
	limit := time.Duration(h.rng.Int64N(int64(10 * time.Minute)))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	out, err := sendSealed(ctx, route, b)
	if late := time.Since(start) - limit; late > 0 {
		h.t.Errorf("returned %v after its context", late)
	}
	if !bytes.Equal(b.Body, before) {
		h.t.Error("the body was changed")
	}
	checkOutcome(h.t, b, all, out)
	if (out.Unsent.Lines == 0) != (err == nil) || err != nil && !errors.Is(err, context.DeadlineExceeded) {
		h.t.Errorf("%v unsent, error %v", out.Unsent, err)
	}
	reasons := make([]Reason, len(ids))
	for _, l := range out.Lost {
		for i := range l.Lines {
			reasons[l.Line-1+i] = l.Reason
		}
	}
	if len(out.Lost) == 0 && out.Unsent.Lines > 0 {
		return
	}
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	for i, id := range ids {
		stored := h.server.stored[id] != ""
		switch reason := reasons[i]; {
		case reason == 0:
			if !stored && !h.server.letGo[id] {
				h.t.Errorf("line %d is acked and not stored: %q", id, texts[i])
			}
		case reason.Rejected() && h.server.trust == 1:
			if stored {
				h.t.Errorf("line %d is rejected and stored", id)
			}
			if !isBad(texts[i]) && reason != ReasonTooLarge && reason != ReasonRequest {
				h.t.Errorf("good line %q is rejected by %v", texts[i], reason)
			}
		}
	}
}

// checkOutcome holds that the accounts of an outcome add up and that Lost has the lines that
// it says.
func checkOutcome(t *testing.T, b *Sealed, lines string, out Outcome) {
	t.Helper()
	if sum := out.Acked.plus(out.Rejected).plus(out.Uncertain).plus(out.Unsent); sum != b.count() {
		t.Errorf("the outcome is about %v, the batch has %v: %+v", sum, b.count(), out)
	}
	var all []string
	eachLine([]byte(lines), func(_ int, line string) { all = append(all, line) })
	var lost Count
	next := 1
	for _, l := range out.Lost {
		if l.Line < next || l.Line-1+l.Lines > len(all) {
			t.Fatalf("lost lines %d to %d, after %d, of %d", l.Line, l.Line+l.Lines-1, next, len(all))
		}
		if want := strings.Join(all[l.Line-1:l.Line-1+l.Lines], ""); want != string(l.Data) {
			t.Errorf("lost line %d is %q, says %q", l.Line, want, l.Data)
		}
		next = l.Line + l.Lines
		lost.add(l.Lines, len(l.Data))
	}
	if want := out.Rejected.plus(out.Uncertain).plus(out.Unsent); lost != want && len(out.Lost) > 0 {
		t.Errorf("lost %v, want %v", lost, want)
	}
}

// The body is sent as it is, to where the batch belongs.
func TestSendAsIs(t *testing.T) {
	lines := "m,id=0 v=1 1\nm,id=1 v=1 1\n"
	for _, c := range []struct {
		o     fastclient.Options
		b     Sealed
		query string
		as    string
	}{
		{fastclient.Options{Database: "own"}, Sealed{Encoding: "gzip"}, "db=own", "gzip"},
		{fastclient.Options{Database: "own"}, Sealed{Encoding: "gzip", Database: "d", RetentionPolicy: "r", Precision: fastclient.Second}, "db=d&rp=r&precision=s", "gzip"},
		{fastclient.Options{Database: "own", Compression: fastclient.Compression{Off: true}}, Sealed{Encoding: "gzip"}, "db=own", "gzip"},
		{fastclient.Options{Database: "own"}, Sealed{}, "db=own", ""},
		{fastclient.Options{Database: "own"}, Sealed{Encoding: "zstd"}, "db=own", ""}, // the server is not known to take it
		{fastclient.Options{Database: "own", Compression: fastclient.Compression{Codec: fastclient.Zstd, Always: true}}, Sealed{Encoding: "zstd"}, "db=own", "zstd"},
		{fastclient.Options{API: fastclient.V2, Org: "o", Bucket: "own"}, Sealed{Encoding: "gzip", Database: "b"}, "org=o&bucket=b&precision=ns", "gzip"},
	} {
		s, err := influxtest.Start()
		if err != nil {
			t.Fatal(err)
		}
		client := client(t, s, c.o)
		b := seal(lines, c.b.Encoding, 2)
		b.Database, b.RetentionPolicy, b.Precision = c.b.Database, c.b.RetentionPolicy, c.b.Precision
		out, err := Send(t.Context(), client, b)
		if err != nil || out.Acked != b.count() {
			t.Errorf("%+v: %+v, %v", c.b, out, err)
			continue
		}
		r := s.Last()
		want := must(url.ParseQuery(c.query))
		if r.Query.Encode() != want.Encode() || r.Header.Get("Content-Encoding") != c.as || c.as == b.Encoding && !bytes.Equal(r.Wire, b.Body) {
			t.Errorf("query %q, encoding %q; want %q and %q", r.Query.Encode(), r.Header.Get("Content-Encoding"), c.query, c.as)
		}
		s.Close()
	}
}

// A batch that is none is refused before or after the server is asked, and its lines are
// counted as the server left them.
func TestNotSealed(t *testing.T) {
	lines := "m,id=0 v=1 1\nm,id=1 v=1 1\n"
	with := func(f func(b *Sealed)) *Sealed {
		b := seal(lines, "gzip", 2)
		f(b)
		return b
	}
	partial := influxtest.Error(400, `partial write: field type conflict: input field "v" on measurement "m" is type float, already exists as type string dropped=1`)
	damaged := influxtest.Error(400, "unexpected EOF")
	for _, c := range []struct {
		name      string
		b         *Sealed
		reply     influxtest.Reply
		requests  int
		rejected  uint64
		uncertain uint64
	}{
		{"zero", new(Sealed), damaged, 0, 0, 0},
		{"no lines", with(func(b *Sealed) { b.Lines = 0 }), damaged, 0, 0, 0},
		{"more lines than bytes", with(func(b *Sealed) { b.Lines = b.Bytes / 2 }), damaged, 0, 0, 0},
		{"negative", with(func(b *Sealed) { b.Lines = -1 }), damaged, 0, 0, 0},
		{"negative bytes", with(func(b *Sealed) { b.Bytes = math.MinInt }), damaged, 0, 0, 0},
		{"too large", with(func(b *Sealed) { b.Bytes = math.MaxInt }), damaged, 0, 0, 0},
		{"empty", with(func(b *Sealed) { b.Body = nil }), damaged, 0, 0, 0},
		{"encoding", with(func(b *Sealed) { b.Encoding = "br" }), damaged, 0, 0, 0},
		{"precision", with(func(b *Sealed) { b.Precision = 99 }), damaged, 0, 0, 0},
		{"plain of another size", with(func(b *Sealed) { b.Encoding = "" }), damaged, 0, 0, 0},
		{"cut", with(func(b *Sealed) { b.Body = b.Body[:len(b.Body)-9] }), damaged, 1, 2, 0},
		{"cut, other words", with(func(b *Sealed) { b.Body = b.Body[:len(b.Body)-9] }), influxtest.Error(400, "flate: corrupt input"), 1, 0, 2},
		{"fewer lines than it says", with(func(b *Sealed) { b.Lines = 3 }), partial, 1, 0, 3},
		{"more lines than it says", with(func(b *Sealed) { b.Lines = 1 }), partial, 1, 0, 1},
		{"more bytes than it says", with(func(b *Sealed) { b.Bytes-- }), partial, 1, 0, 2},
		{"a bomb", seal(strings.Repeat("m v=1\n", 1<<20)[:100], "gzip", 2), partial, 1, 0, 2},
		{"not lines", seal("one\ntwo\nthree\n", "gzip", 2), partial, 1, 0, 2},
		{"comment", seal("# one\nm v=1 1\n", "gzip", 2), partial, 1, 0, 2},
		{"broken zstd", &Sealed{Lines: 1, Bytes: 12, Encoding: "zstd", Body: []byte("m v=1 1\n")}, partial, 0, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := influxtest.Start(c.reply)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			out, err := Send(t.Context(), client(t, s, fastclient.Options{}), c.b)
			if !errors.Is(err, ErrNotSealed) || out.Rejected.Lines != c.rejected || out.Uncertain.Lines != c.uncertain || out.Acked.Lines+out.Unsent.Lines > 0 {
				t.Errorf("%+v, %v", out, err)
			}
			if n := len(s.Requests()); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

// Send ends with its context, whatever the server does, and says what it has not sent.
func TestSendEnds(t *testing.T) {
	lines := "m,id=0 v=1 1\nm,id=1,bad=1 v=1 1\nm,id=2 v=1 1\nm,id=3 v=1 1\n"
	for name, c := range map[string]struct {
		send senderFunc
		lost int
	}{
		"black":  {black, 0},
		"down":   {func(_ context.Context, _ *seam.Body, r *seam.Response) { r.Err = errReset }, 0},
		"closed": {func(_ context.Context, _ *seam.Body, r *seam.Response) { r.Err = fastclient.ErrClosed }, 0},
		"half": {func(_ context.Context, b *seam.Body, r *seam.Response) {
			switch n := strings.Count(string(decompressed(b)), "\n"); {
			case n > 2:
				r.Status = 413
			case strings.Contains(string(decompressed(b)), "id=0"):
				r.Status = 503
			default:
				r.Status = 204
			}
		}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				b := seal(lines, "gzip", 4)
				start := time.Now()
				out, err := sendSealed(ctx, &seam.Route{Targets: []seam.Target{fakeTarget{c.send}}}, b)
				checkOutcome(t, b, lines, out)
				if time.Since(start) > 5*time.Second || err == nil || out.Unsent.Lines == 0 {
					t.Errorf("%+v, %v after %v", out, err, time.Since(start))
				}
				want := context.DeadlineExceeded
				if name == "closed" {
					want = fastclient.ErrClosed
				}
				if !errors.Is(err, want) {
					t.Error(err)
				}
			})
		})
	}
}

// A precision that the API has no word for is not sent as another one.
func TestSendPrecision(t *testing.T) {
	s, err := influxtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := seal("m v=1 1\n", "", 1)
	b.Precision = fastclient.Microsecond
	out, err := Send(t.Context(), client(t, s, fastclient.Options{}), b)
	if _, ok := errors.AsType[*fastclient.OptionError](err); !ok || out.Unsent != b.count() || len(s.Requests()) > 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// A body that claims to be small and is not takes no more memory than it claims, and neither
// does one with as many lines as fit.
func TestSendMemory(t *testing.T) {
	reject := fakeTarget{senderFunc(func(_ context.Context, _ *seam.Body, r *seam.Response) {
		r.Status, r.Message = 400, "unable to parse 'x': missing fields"
	})}
	bomb := seal(strings.Repeat("m,id=0 v=1 1\n", 4<<20), "gzip", 1000)
	bomb.Bytes = 100_000
	full := seal(strings.Repeat("m f=1\n", 100_000), "gzip", 100_000)
	for name, b := range map[string]*Sealed{"bomb": bomb, "full": full} {
		var before, after runtime.MemStats
		ctx, cancel := context.WithCancel(t.Context())
		requests := 0
		runtime.ReadMemStats(&before)
		sendSealed(ctx, &seam.Route{Targets: []seam.Target{fakeTarget{senderFunc(func(ctx context.Context, body *seam.Body, r *seam.Response) {
			if requests++; requests > 3 {
				cancel()
			}
			reject.Send(ctx, body, r)
		})}}}, b)
		runtime.ReadMemStats(&after)
		// TotalAlloc counts what was freed meanwhile, too.
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(4*b.Bytes+64*b.Lines+1<<20); got > most {
			t.Errorf("%s: %d bytes allocated for a batch of %d, want %d at most", name, got, b.Bytes, most)
		}
		cancel()
	}
}

// FuzzSend gives Send anything, and a server that answers anything.
func FuzzSend(f *testing.F) {
	good := seal("m,id=0 v=1 1\nm,id=1 v=1 1\n", "gzip", 2)
	f.Add(good.Body, good.Lines, good.Bytes, uint8(1), uint8(0), uint64(1))
	f.Add([]byte("m,id=0 v=1 1\nm,id=1 v=\"a\nb\" 1\n"), 2, 32, uint8(0), uint8(0), uint64(2))
	f.Add(seal("m,id=0 v=1 1\n", "zstd", 1).Body, 1, 13, uint8(2), uint8(3), uint64(3))
	f.Fuzz(func(t *testing.T, body []byte, lines, size int, encoding, precision uint8, seed uint64) {
		if size > 1<<20 {
			return
		}
		b := &Sealed{Body: body, Lines: lines, Bytes: size, Encoding: []string{"", "gzip", "zstd", "br"}[encoding%4], Precision: fastclient.Precision(precision)}
		if b.fault() != "" {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond) // less than a pause
		defer cancel()
		n := 0
		out, err := sendSealed(ctx, &seam.Route{API: seam.API(rng.IntN(3)), Targets: []seam.Target{fakeTarget{senderFunc(func(_ context.Context, b *seam.Body, r *seam.Response) {
			if n++; n > 100 {
				cancel()
			}
			r.Status = []int{204, 400, 413, 415, 422, 405, 507}[rng.IntN(7)]
			r.Message = []string{"", "unexpected EOF", "partial write: points beyond retention policy dropped=1", "unable to parse 'm': x", "partial write of line protocol occurred"}[rng.IntN(5)]
		})}}}, b)
		if sum := out.Acked.plus(out.Rejected).plus(out.Uncertain).plus(out.Unsent); sum != b.count() {
			t.Errorf("the outcome is about %v, the batch has %v: %v", sum, b.count(), err)
		}
		at := 1
		for _, l := range out.Lost {
			if l.Line < at || !bytes.HasSuffix(l.Data, []byte("\n")) {
				t.Errorf("lost %+v, after line %d", l, at)
			}
			at = l.Line + l.Lines
		}
	})
}
