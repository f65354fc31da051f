package admin

import (
	"context"
	"errors"
	"testing"

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
