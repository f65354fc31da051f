package batch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestRouteMissingOnDisk: batches on disk for a place that does not exist do not keep those for
// others from coming, however many they are, and are sent when it exists. A Writer without
// routes leaves both there.
func TestRouteMissingOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	for _, order := range []ReplayOrder{FreshFirst, OldestFirst} {
		synctest.Test(t, func(t *testing.T) {
			var p placed
			var down, exists atomic.Bool
			down.Store(true)
			send := func(ctx context.Context, b *seam.Body, r *seam.Response) {
				switch {
				case down.Load():
					r.Err = errReset
				case b.Place.Database == "new" && !exists.Load():
					r.Status, r.Message = 404, `database not found: "new"`
				default:
					p.Send(ctx, b, r)
				}
			}
			o := Options{Overflow: Spill, BatchLines: 10, BatchBytes: 1 << 10, MaxMemory: 1 << 20}
			o.Spool = SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 16 << 20, SyncInterval: -1}, Order: order}
			w := routedWriter(t, o, RouteOptions{DatabaseTag: "db"}, send)
			ctx := context.Background()
			for n := range 400 {
				if err := w.Append(ctx, fmt.Appendf(nil, "m,db=new v=1i %d\nm,db=new v=1i 1%04[1]d\nm,db=old v=1i %[1]d\n", n)); err != nil {
					t.Fatal(err)
				}
			}
			var se *SpooledError
			if err := w.Close(ctx); !errors.As(err, &se) || se.Lines != 1200 {
				t.Fatal(err)
			}

			down.Store(false)
			plain := testConfig(t, o, seam.V1, acker)
			plain.path = "/write?bucket=&db=d&rp="
			other, err := newWriter(plain)
			if err != nil {
				t.Fatal(err)
			}
			other.startAll()
			time.Sleep(time.Minute)
			if st := other.Stats(); st.OtherTargets.Lines != 1200 || st.Acked.Lines != 0 {
				t.Errorf("%+v", st)
			}
			if err := other.Close(ctx); err != nil {
				t.Error(err)
			}

			w = routedWriter(t, o, RouteOptions{DatabaseTag: "db"}, send)
			time.Sleep(time.Minute)
			audit(t, &w.engine)
			if st := w.Stats(); len(p.lines["old"]) != 400 || len(p.lines["new"]) != 0 || st.Down || st.Acked.Lines != 400 || st.Spooled.Lines+st.Pending.Lines != 800 {
				t.Errorf("order %d: %d old, %d new, %+v", order, len(p.lines["old"]), len(p.lines["new"]), st)
			}
			if order == FreshFirst { // and new lines pass, too
				mustAppend(t, w, "m,db=old v=1i 5000\n")
				if err := w.Flush(ctx); err != nil && !errors.As(err, &se) || len(p.lines["old"]) != 401 {
					t.Error(err)
				}
			}
			exists.Store(true)
			time.Sleep(2 * time.Minute)
			audit(t, &w.engine)
			if len(p.lines["new"]) != 800 {
				t.Errorf("order %d: %d new, %+v", order, len(p.lines["new"]), w.Stats())
			}
			if err := w.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRouteBuckets: by V2, the tag is the bucket, or the database and policy are.
func TestRouteBuckets(t *testing.T) {
	for _, test := range []struct {
		o    RouteOptions
		want string
	}{
		{RouteOptions{BucketTag: "b"}, "home own; home x/y"},
		{RouteOptions{DatabaseTag: "b"}, "home own; home x/y"},
		{RouteOptions{DatabaseTag: "b", RetentionPolicyTag: "r"}, "home own; home x/y; home x/y/week"},
	} {
		s := influxtest.New(t)
		c, err := fastclient.New(fastclient.Options{Addr: s.URL, API: fastclient.V2, Org: "home", Bucket: "own"})
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWriter(c, Options{Route: test.o})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		mustAppend(t, w, "m v=1 1\nm,b=x/y v=1 1\nm,b=x/y,r=week v=1 1\n")
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
		c.Close()
		var got []string
		for _, r := range s.Requests() {
			got = append(got, r.Query.Get("org")+" "+r.Query.Get("bucket"))
		}
		slices.Sort(got)
		if strings.Join(got, "; ") != test.want {
			t.Errorf("%+v: %q", test.o, got)
		}
	}
}

// TestRouteMemory: when there is no slab for another place, those that are open share theirs.
func TestRouteMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Overflow: DropNewest, BatchBytes: 16 << 10, MaxMemory: 256 << 10, MaxInFlight: 1, MaxDelay: time.Hour}
		w := routedWriter(t, o, RouteOptions{DatabaseTag: "db", Max: 4}, black)
		ctx := context.Background()
		line := []byte("m,db=a v=\"" + strings.Repeat("x", 1000) + "\" 1\n")
		for w.slabs.made < w.slabs.budget {
			mustAppend(t, w, string(line))
		}
		for _, db := range []string{"b", "c", "d", "e", "f"} {
			mustAppend(t, w, "m,db="+db+" v=1 1\n")
		}
		audit(t, &w.engine)
		if st := w.Stats(); st.Memory > st.MemoryLimit {
			t.Errorf("%+v", st)
		}
		now, cancel := context.WithCancel(ctx)
		cancel()
		var ue *UnsentError
		if err := w.Close(now); !errors.As(err, &ue) || ue.Batches[0].To.Database != "a" || ue.Lines != w.Stats().Appended.Lines {
			t.Error(err)
		}
	})
}
