package admin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// A retention policy is part of the statement or an error: without it the response would
// be another one.
func TestShowRetentionPolicy(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(`{"results":[{"statement_id":0}]}`+"\n"))
	c := client(t, s)
	for name, show := range map[string]func(context.Context, ShowOptions) error{
		"SHOW SERIES":       func(ctx context.Context, o ShowOptions) error { _, err := ShowSeries(ctx, c, o); return err },
		"SHOW TAG KEYS":     func(ctx context.Context, o ShowOptions) error { _, err := ShowTagKeys(ctx, c, o); return err },
		"SHOW FIELD KEYS":   func(ctx context.Context, o ShowOptions) error { _, err := ShowFieldKeys(ctx, c, o); return err },
		"SHOW MEASUREMENTS": func(ctx context.Context, o ShowOptions) error { _, err := ShowMeasurements(ctx, c, o); return err },
		"SHOW TAG VALUES": func(ctx context.Context, o ShowOptions) error {
			_, err := ShowTagValues(ctx, c, []string{"k"}, o)
			return err
		},
	} {
		before := len(s.Requests())
		var bad *fastclient.OptionError
		if err := show(t.Context(), ShowOptions{RetentionPolicy: "week"}); !errors.As(err, &bad) || bad.Field != "RetentionPolicy" || len(s.Requests()) != before {
			t.Errorf("%s: %v", name, err)
		}
		err := show(t.Context(), ShowOptions{RetentionPolicy: "week", Measurement: "m"})
		if name == "SHOW MEASUREMENTS" {
			if !errors.As(err, &bad) || bad.Field != "RetentionPolicy" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		want := name + ` FROM "week"."m"`
		if name == "SHOW TAG VALUES" {
			want += ` WITH key = "k"`
		}
		if got := s.Last().Form.Get("q"); err != nil || got != want {
			t.Errorf("%s: %v, asked %s", name, err, got)
		}
	}
}

// TestRetentionPolicyForms: a policy that one server writes otherwise than another does not
// hide the others, and one that cannot be read is an error beside them.
func TestRetentionPolicyForms(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(`{"results":[{"series":[{"columns":["name","duration","shardGroupDuration","replicaN","default"],"values":[`+
		`["a","168h0m0s","24h0m0s",1,true],["b","INF","7d",1,false],["c",null,null,null,null],["d","2w","1d",2,false],["e","soon","1h",1,false],["f","0s","168h0m0s",1,false]]}]}]}`))
	got, err := ShowRetentionPolicies(t.Context(), client(t, s), "d")
	const day = 24 * time.Hour
	want := []RetentionPolicyInfo{
		{Name: "a", Duration: 7 * day, ShardDuration: day, Replication: 1, Default: true},
		{Name: "b", Forever: true, ShardDuration: 7 * day, Replication: 1},
		{Name: "c", Forever: true},
		{Name: "d", Duration: 14 * day, ShardDuration: day, Replication: 2},
		{Name: "f", Forever: true, ShardDuration: 7 * day, Replication: 1},
	}
	if !slices.Equal(got, want) || err == nil || !strings.Contains(err.Error(), `"e"`) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestOneColumn: a server with one column under another name is understood.
func TestOneColumn(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(`{"results":[{"series":[{"columns":["databases"],"values":[["a"],["b"]]}]}]}`))
	if got, err := ShowDatabases(t.Context(), client(t, s)); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestBounded: what is kept of a response is bounded, and an option moves the bound.
func TestBounded(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(`{"results":[{"series":[{"columns":["name"],"values":[["a"]`+strings.Repeat(`,["a"]`, 1000)+`]}]}]}`))
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, MaxResponseBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := ShowDatabases(t.Context(), c); !errors.Is(err, fastclient.ErrResponseTooLarge) {
		t.Errorf("%v, want ErrResponseTooLarge", err)
	}
	if got, err := ShowDatabases(t.Context(), c, fastclient.MaxBytes(1<<20)); err != nil || len(got) != 1001 {
		t.Errorf("%d databases, %v", len(got), err)
	}
}

// client returns a client of s.
func client(t testing.TB, s *influxtest.Server) *fastclient.Client {
	t.Helper()
	c, err := fastclient.New(fastclient.Options{Addr: s.URL, Database: "d"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
