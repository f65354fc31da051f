package main

import (
	"context"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// TestTarget holds that the request of a client, as a target, gives a client that makes the
// same request.
func TestTarget(t *testing.T) {
	s := influxtest.New(t)
	asked := func(o fastclient.Options) string {
		t.Helper()
		o.Addr = s.URL
		c, err := fastclient.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Write(context.Background(), []byte("m v=1 1\n")); err != nil {
			t.Fatal(err)
		}
		r := s.Last()
		return r.Path + "?" + r.Query.Encode()
	}
	n := 0
	for _, o := range []fastclient.Options{
		{Database: "d"},
		{Database: "a b&c=d/é?", RetentionPolicy: "two weeks"},
		{Database: "d", Consistency: fastclient.ConsistencyQuorum},
		{API: fastclient.V2, Bucket: "b/rp", Org: "o & co"},
		{API: fastclient.V2, Database: "d", RetentionPolicy: "rp"},
		{API: fastclient.V3, Database: "d"},
		{API: fastclient.V3, Database: "d", RejectPartial: true, NoSync: true},
	} {
		for p := fastclient.Nanosecond; p <= fastclient.Hour; p++ {
			if o.API != fastclient.V1 && p > fastclient.Second {
				continue
			}
			o.Precision = p
			want := asked(o)
			target, err := parseTarget([]byte(want))
			if err != nil {
				t.Errorf("%s: %v", want, err)
				continue
			}
			if got := asked(target.options(fastclient.Options{})); got != want {
				t.Errorf("%s became %s", want, got)
			}
			n++
		}
	}
	if n != 3*6+4*4 {
		t.Errorf("%d targets", n)
	}
}

func TestTargetRefused(t *testing.T) {
	for _, c := range []struct{ target, says string }{
		{"", "not the path of a write endpoint"},
		{"db=d", "not the path of a write endpoint"},
		{"/query?db=d", "not the path of a write endpoint"},
		{"/base/write?db=d", "not the path of a write endpoint"},
		{"http://x/write?db=d", "not the path of a write endpoint"},
		{"/write", "names no database"},
		{"/write?db=", "names no database"},
		{"/write?db=%zz", "not encoded as in a URL"},
		{"/write?db=d&db=e", "repeats the parameter db"},
		{"/write?db=d&p=sesame", "the parameter p, which is unknown here"},
		{"/write?db=d&\x1b=1", `the parameter "\x1b", which`},
		{"/write?db=d&precision=u", "a value for the parameter precision that is unknown"},
		{"/write?db=d&precision=", "a value for the parameter precision"},
		{"/write?db=d&precision=m", "a value for the parameter precision"},
		{"/write?db=d&precision=sesame", "a value for the parameter precision"},
		{"/write?db=d&bucket=b", "the parameter bucket, which is unknown here"},
		{"/write?db=d&consistency=sesame", "a value for the parameter consistency"},
		{"/api/v2/write?org=o&precision=ns", "names no bucket"},
		{"/api/v2/write?bucket=b&db=d", "the parameter db, which is unknown here"},
		{"/api/v2/write?bucket=b&precision=n", "a value for the parameter precision"},
		{"/api/v3/write_lp?db=d", "names no precision"},
		{"/api/v3/write_lp?db=d&precision=auto", "a value for the parameter precision"},
		{"/api/v3/write_lp?db=d&precision=second&rp=r", "the parameter rp, which is unknown here"},
		{"/api/v3/write_lp?db=d&precision=second&no_sync=sesame", "a value for the parameter no_sync"},
	} {
		if _, err := parseTarget([]byte(c.target)); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v, want %q", c.target, err, c.says)
		}
	}
	for _, word := range []string{"n", "ns", "ms", "s"} {
		if p, err := parseTarget([]byte("/write?db=d&precision=" + word)); err != nil || !strings.HasPrefix(p.precision.String(), word) {
			t.Errorf("%s: %v, %v", word, p.precision, err)
		}
	}
}
