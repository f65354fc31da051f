package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// routedWriter starts a Writer over f that chooses by o. The test closes it.
func routedWriter(tb testing.TB, o Options, r RouteOptions, f senderFunc) *Writer {
	tb.Helper()
	c := testConfig(tb, o, seam.V1, f)
	routed(tb, &c, r)
	w, err := newWriter(c)
	if err != nil {
		tb.Fatal(err)
	}
	w.startAll()
	return w
}

// placed gathers the lines of each place.
type placed struct {
	mu       sync.Mutex
	lines    map[string][]string
	requests int
}

func (p *placed) Send(_ context.Context, b *seam.Body, r *seam.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lines == nil {
		p.lines = map[string][]string{}
	}
	at := Destination{b.Place.Database, b.Place.RetentionPolicy, b.Place.Bucket}.String()
	p.lines[at] = append(p.lines[at], strings.Split(strings.TrimSuffix(string(b.Data), "\n"), "\n")...)
	p.requests++
	r.Status = 204
}

// FuzzDivide compares how lines are divided with what the Scanner reads.
func FuzzDivide(f *testing.F) {
	for _, s := range []string{
		"m v=1 1\nm,db=a v=1 1\nm,db=a,x=y v=2 2\nm,x=y,db=b v=\"q\nr\" 3\n",
		`m,db=a\ b,r\,p=x v=1 1` + "\n" + `m,r\,p=x,db=a\ b v=1 1` + "\nm,r\\,p=y v=1 1\n",
		`m,k\\ e=1,db=",z=" v=1 1` + "\n", "m,db=a/b v=1 1\nm,db=x\\\\y v=1\nm,db=\x01 v=1\nm,db=.. v=1\n",
	} {
		for mode := range uint8(8) {
			f.Add([]byte(s), mode)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, mode uint8) {
		o := RouteOptions{DatabaseTag: "db", Keep: mode&1 != 0, Required: mode&2 != 0}
		api := seam.V1
		if mode&4 != 0 {
			o.RetentionPolicyTag, api = "r,p", seam.V2
		}
		r := fakeRoute(api)
		x, err := newRouter(o, &r)
		if err != nil {
			t.Fatal(err)
		}
		var s line.Scanner
		s.Reset(data)
		var valid []byte
		n := 0
		type at struct{ db, rp, text string }
		var want []at
		bad := 0
		for s.Next() {
			if s.Fault.Rule != 0 {
				continue
			}
			n++
			text := s.AppendPlain(nil)
			valid = append(valid, text...)
			var a at
			missing := [2]bool{true, o.RetentionPolicyTag != ""}
			wrong := false
			rest := escapeMeasurement(string(s.Text(s.Name)))
			for _, tag := range s.Tags {
				key, value := string(s.Text(tag.Key)), string(s.Text(tag.Value))
				switch key {
				case "db":
					a.db, missing[0] = value, false
				case o.RetentionPolicyTag:
					a.rp, missing[1] = value, false
				default:
					rest += "," + escaper.Replace(key) + "=" + escaper.Replace(value)
					continue
				}
				wrong = wrong || wrongNamePlain(value, api == seam.V1)
				if o.Keep {
					rest += "," + escaper.Replace(key) + "=" + escaper.Replace(value)
				}
			}
			wrong = wrong || o.Required && (missing[0] || missing[1])
			a.text = string(s.AppendTime(s.AppendFields([]byte(rest)))) + "\n"
			if end, _ := line.Split([]byte(a.text)); end != len(a.text)-1 || wrong {
				bad++
				continue
			}
			want = append(want, a)
		}
		var d runs
		before := bytes.Clone(valid)
		lines := x.divide(&d, valid, n)
		if !bytes.Equal(before, valid) {
			t.Fatal("the lines of the caller were changed")
		}
		if d.bad != bad || (d.err != nil) != (bad > 0) {
			t.Fatalf("%q: %d lines have no place, want %d: %v", valid, d.bad, bad, d.err)
		}
		begin := 0
		for i := range d.list {
			run := &d.list[i]
			db, rp, _ := x.names(d.keys[run.from:run.to])
			text := lines[begin:run.end]
			begin = run.end
			for range run.lines {
				k := line.Len(text)
				if len(want) == 0 || want[0] != (at{db, rp, string(text[:k])}) {
					t.Fatalf("%q: got %q for %q %q, want %+v", valid, text[:k], db, rp, want)
				}
				want, text = want[1:], text[k:]
			}
			if len(text) > 0 {
				t.Fatalf("%q: %q is in no line", valid, text)
			}
		}
		if len(want) > 0 || begin != len(lines) {
			t.Fatalf("%q: lost %+v, %d bytes left", valid, want, len(lines)-begin)
		}
	})
}

func escapeMeasurement(s string) string { return strings.NewReplacer(",", `\,`, " ", `\ `).Replace(s) }

// wrongNamePlain is the plain twin of wrongName.
func wrongNamePlain(s string, v1 bool) bool {
	if s == "" || len(s) > 255 || strings.ToValidUTF8(s, "") != s || v1 && (s == "." || s == ".." || strings.ContainsAny(s, `/\`)) {
		return true
	}
	return strings.ContainsFunc(s, func(r rune) bool {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return true
		}
		return v1 && r >= 0x7f && !strings.ContainsRune(printableOf(r), r)
	})
}

// printableOf returns r if it prints, as the text that Go quotes.
func printableOf(r rune) string { return strings.Trim(fmt.Sprintf("%q", string(r)), `"`) }

// TestRouteForms: every form of append chooses, and the tag is that which a server reads.
func TestRouteForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p placed
		w := routedWriter(t, Options{}, RouteOptions{DatabaseTag: "d b"}, p.Send)
		ctx := context.Background()
		if err := w.Append(ctx, []byte("m,d\\ b=x\\ y,host=a v=1 1\nm,host=a v=2 2\nm,a=b,d\\ b=x\\,\\=y v=3 3")); err != nil {
			t.Error(err)
		}
		if err := w.AppendPoints(ctx, textPoint(`m,d\ b=x\ y v=4 4`)); err != nil {
			t.Error(err)
		}
		if err := w.Flush(ctx); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(p.lines); got != "map[d:[m,host=a v=2 2] x y:[m,host=a v=1 1 m v=4 4] x,=y:[m,a=b v=3 3]]" {
			t.Error(got)
		}
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestRouteErrors: lines that have no place to go are refused, each with its reason, and
// counted; the others are accepted.
func TestRouteErrors(t *testing.T) {
	for text, want := range map[string]string{
		"m,db=a/b v=1 1":        `batch: line 1 of m: tag db: has a slash or a backslash: a/b`,
		"m\\ x,db=a\x01b v=1 1": `batch: line 1 of m x: tag db: has a control character: a\x01b`,
		"m,db=\xff v=1 1":       `batch: line 1 of m: tag db: is not UTF-8: \xff`,
		"m,db=.. v=1 1":         `batch: line 1 of m: tag db: is no name: ..`,
		"m,db=\u00a0 v=1 1":     `batch: line 1 of m: tag db: has a character that no name of a database may have: \u00a0`,
		"m,db=" + strings.Repeat("x", 256) + " v=1 1": `batch: line 1 of m: tag db: is longer than 255 bytes: ` + strings.Repeat("x", 64),
		`m,k\\ e=1,db=",z=" v=1 1`:                    `batch: line 1 of m: tag db: cannot be taken off a line in which servers take a part for a string`,
	} {
		synctest.Test(t, func(t *testing.T) {
			var p placed
			w := routedWriter(t, Options{}, RouteOptions{DatabaseTag: "db"}, p.Send)
			err := w.Append(context.Background(), []byte("m,db=a v=1 1\n"+text+"\nm,db=a v=2 2\nm,db=b v=3 3\n"+text))
			var ae *AppendError
			var re *RouteError
			if !errors.As(err, &ae) || ae.Accepted != 3 || ae.Refused != 2 || !errors.As(err, &re) || re.Error() != want || re.Index != 1 || re.Tag != "db" {
				t.Errorf("%q: %v", text, err)
			}
			if err := w.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if st := w.Stats(); st.RefusedInvalid != 2 || st.RefusedOther != 0 || st.Acked.Lines != 3 {
				t.Errorf("%+v", st)
			}
			if got := fmt.Sprint(p.lines); got != "map[a:[m v=1 1 m v=2 2] b:[m v=3 3]]" {
				t.Error(got)
			}
		})
	}
}

// TestRouteRequired refuses lines without the tag.
func TestRouteRequired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p placed
		w := routedWriter(t, Options{}, RouteOptions{DatabaseTag: "db", RetentionPolicyTag: "rp", Keep: true, Required: true}, p.Send)
		err := w.Append(context.Background(), []byte("m,db=a v=1 1\nm,rp=r v=1 1\nm v=1 1\nm,db=a,rp=r v=2 2\n"))
		var re *RouteError
		if !errors.As(err, &re) || re.Reason != "is missing" || re.Tag != "rp" || re.Index != 0 {
			t.Error(err)
		}
		if err := w.Close(context.Background()); err != nil || fmt.Sprint(p.lines) != "map[a/r:[m,db=a,rp=r v=2 2]]" {
			t.Error(err, p.lines)
		}
	})
}

// TestRouteMillion: a million places with few open at a time take no more memory than a few,
// and every line arrives at its place.
func TestRouteMillion(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	var mu sync.Mutex
	seen := make([]bool, n)
	wrong := 0
	o := Options{BatchBytes: 64 << 10, MaxMemory: 8 << 20}
	w := routedWriter(t, o, RouteOptions{DatabaseTag: "db", Max: 8}, func(_ context.Context, b *seam.Body, r *seam.Response) {
		mu.Lock()
		defer mu.Unlock()
		var id int
		if _, err := fmt.Sscanf(b.Place.Database, "db%d", &id); err != nil || string(b.Data) != fmt.Sprintf("m v=%di 1\n", id) || seen[id] {
			wrong++
		}
		seen[id] = true
		r.Status = 204
	})
	buf := make([]byte, 0, 64<<10)
	for id := range n {
		buf = fmt.Appendf(buf, "m,db=db%d v=%di 1\n", id, id)
		if len(buf) > 60<<10 || id == n-1 {
			if err := w.Append(context.Background(), buf); err != nil {
				t.Fatal(err)
			}
			buf = buf[:0]
			w.mu.Lock()
			if x := w.routing; len(x.table) > 8 || x.bytes > x.limit+batchBytes+2*routeBytes+1000 || w.slabs.made*w.slabs.size+w.compressing > 8<<20 {
				t.Errorf("%d routes, %d bytes of %d, %d slabs", len(x.table), x.bytes, x.limit, w.slabs.made)
			}
			w.mu.Unlock()
		}
	}
	audit(t, &w.engine)
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if st := w.Stats(); wrong > 0 || st.Acked.Lines != uint64(n) || st.Requests != uint64(n) {
		t.Errorf("%d wrong, %+v", wrong, st)
	}
	if x := w.routing; len(x.pauses) > 0 || x.bytes > 8*(routeBytes+1000) {
		t.Errorf("%d pauses, %d bytes", len(x.pauses), x.bytes)
	}
}

// TestRouteLeastRecent: the place that had no line for the longest time is closed for another
// one.
func TestRouteLeastRecent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p placed
		w := routedWriter(t, Options{MaxDelay: time.Hour}, RouteOptions{DatabaseTag: "db", Max: 2}, p.Send)
		ctx := context.Background()
		for _, db := range []string{"a", "b", "a", "c"} {
			if err := w.Append(ctx, []byte("m,db="+db+" v=1 1\n")); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if got := fmt.Sprint(p.lines); got != "map[b:[m v=1 1]]" {
			t.Error(got)
		}
		if err := w.Append(ctx, []byte("m,db=a v=2 2\nm,db=d v=1 1\n")); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if got := fmt.Sprint(p.lines); got != "map[b:[m v=1 1] c:[m v=1 1]]" {
			t.Error(got)
		}
		if err := w.Close(ctx); err != nil || p.requests != 4 || len(p.lines["a"]) != 3 {
			t.Error(err, p.lines)
		}
	})
}

// TestRouteDelay: a place with few lines is not kept waiting by one with many.
func TestRouteDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p placed
		var mu sync.Mutex
		busy := 0
		w := routedWriter(t, Options{BatchLines: 10, MaxInFlight: 1}, RouteOptions{DatabaseTag: "db"}, func(ctx context.Context, b *seam.Body, r *seam.Response) {
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			busy++
			mu.Unlock()
			p.Send(ctx, b, r)
		})
		ctx := context.Background()
		if err := w.Append(ctx, []byte("m,db=few v=1 1\n")); err != nil {
			t.Error(err)
		}
		for n := range 1000 { // twice as much as the server takes
			if err := w.Append(ctx, fmt.Appendf(nil, "m,db=many v=1 %d\n", n)); err != nil {
				t.Error(err)
			}
			time.Sleep(2500 * time.Microsecond)
		}
		p.mu.Lock()
		if len(p.lines["few"]) != 1 {
			t.Error("the line of the place with one is not sent")
		}
		p.mu.Unlock()
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestRouteMissing: lines for a place that does not exist wait, and no others.
func TestRouteMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p placed
		exists := false
		var asked []Destination
		var kinds []string
		w := routedWriter(t, Options{MaxInFlight: 1, OnEvent: func(ev Event) {
			if ev.Kind == EventRetry || ev.Kind == EventDown {
				kinds = append(kinds, ev.Kind.String()+" "+ev.To.String())
			}
		}}, RouteOptions{DatabaseTag: "db", OnMissing: func(_ context.Context, to Destination) error {
			if asked = append(asked, to); len(asked) == 3 {
				exists = true
			}
			return nil
		}}, func(ctx context.Context, b *seam.Body, r *seam.Response) {
			if b.Place.Database == "new" && !exists {
				r.Status, r.Message = 404, `database not found: "new"`
				return
			}
			p.Send(ctx, b, r)
		})
		ctx := context.Background()
		for n := range 100 {
			if err := w.Append(ctx, fmt.Appendf(nil, "m,db=new v=1 %d\nm,db=old v=1 %[1]d\n", n)); err != nil {
				t.Error(err)
			}
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		var pe *PendingError
		if err := w.Flush(short); !errors.As(err, &pe) || pe.Lines != 100 {
			t.Error(err)
		}
		if st := w.Stats(); len(p.lines["old"]) != 100 || st.Down || len(p.lines["new"]) != 0 {
			t.Errorf("%v, %+v", p.lines, st)
		}
		if err := w.Flush(ctx); err != nil || len(p.lines["new"]) != 100 {
			t.Error(err, p.lines)
		}
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
		if fmt.Sprint(asked) != "[new new new]" || fmt.Sprint(kinds) != "[retry new retry new retry new]" {
			t.Error(asked, kinds)
		}
	})
}

// TestRouteOptions checks what is refused.
func TestRouteOptions(t *testing.T) {
	for _, test := range []struct {
		api   seam.API
		o     RouteOptions
		field string
	}{
		{seam.V1, RouteOptions{DatabaseTag: "time"}, "Route.DatabaseTag"},
		{seam.V1, RouteOptions{RetentionPolicyTag: "a\nb"}, "Route.RetentionPolicyTag"},
		{seam.V1, RouteOptions{BucketTag: "b"}, "Route.BucketTag"},
		{seam.V2, RouteOptions{BucketTag: "b", DatabaseTag: "d"}, "Route.BucketTag"},
		{seam.V3, RouteOptions{RetentionPolicyTag: "r"}, "Route.RetentionPolicyTag"},
		{seam.V1, RouteOptions{DatabaseTag: "d", RetentionPolicyTag: "d"}, "Route.RetentionPolicyTag"},
		{seam.V1, RouteOptions{Keep: true}, "Route"},
		{seam.V1, RouteOptions{DatabaseTag: "d", Max: -1}, "Route.Max"},
	} {
		var oe *fastclient.OptionError
		if _, err := (Options{Route: test.o}).withDefaults(test.api); !errors.As(err, &oe) || oe.Field != "Options."+test.field {
			t.Errorf("%+v: %v", test.o, err)
		}
	}
	c := testConfig(t, Options{}, seam.V1, acker)
	routed(t, &c, RouteOptions{DatabaseTag: "db", Max: 1000})
	var oe *fastclient.OptionError
	if _, err := newWriter(c); !errors.As(err, &oe) || oe.Field != "Options.Route.Max" {
		t.Error(err)
	}
}

// TestRouteMissingAmongMany: the memory for places is not used up by those that are open, so that
// one which does not exist stops no other.
func TestRouteMissingAmongMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{BatchBytes: 1 << 10, MaxMemory: 128 << 10, MaxInFlight: 1}
		w := routedWriter(t, o, RouteOptions{DatabaseTag: "db", Max: 40}, func(_ context.Context, b *seam.Body, r *seam.Response) {
			if r.Status = 204; b.Place.Database == "missing" {
				r.API, r.Status, r.Message = seam.V1, 404, `database not found: "missing"`
			}
		})
		mustAppend(t, w, "m,db=missing v=1 1\n")
		time.Sleep(5 * time.Second)
		for n := range 1600 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := w.Append(ctx, fmt.Appendf(nil, "m,db=%s%d v=1 %d\n", strings.Repeat("n", 50), n%40, n)); err != nil {
				t.Fatal(n, err)
			}
			cancel()
		}
		audit(t, &w.engine)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		w.Close(ctx)
		if s := w.Stats(); s.Acked.Lines != 1600 || s.Dropped.Lines != 1 {
			t.Errorf("%v acked, %v not sent", s.Acked, s.Dropped)
		}
	})
}
