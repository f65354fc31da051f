package itest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/lp"
)

// TestSharedKey holds what the documentation of lp.SharedKeyPolicy says: a tag and a field of
// one key are both stored, and a query returns the second of them with another name.
func TestSharedKey(t *testing.T) {
	eachClient(t, Config{}, fastclient.Options{}, func(t *testing.T, s *Server, c *fastclient.Client) {
		c = createDatabase(t, s, c, "shared")
		ctx := t.Context()
		var e lp.Encoder
		e.Point("shared")
		e.Tag("a", "tag")
		e.Int("a", 7)
		if err := e.EndTimestamp(1); err != nil || e.Count(lp.ErrSharedKey) != 1 {
			t.Fatalf("%v, %d counted", err, e.Count(lp.ErrSharedKey))
		}
		if err := c.WriteEncoder(ctx, &e); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{
			"SELECT * FROM shared":         `[time a a_1] [1 7 "tag"]`,
			"SELECT a FROM shared":         `[time a] [1 7]`,
			"SELECT a::tag, a FROM shared": `[time a a_1] [1 "tag" 7]`,
		} {
			r, err := c.Query(ctx, query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for row, err := range r.Rows() {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(row.Series().Columns, rawCells(row)))
			}
			if !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
	})
}
