package itest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// routeNames are names of databases, some of which need escapes in a tag.
func routeNames() []string {
	names := []string{"route a b", "route,x", "route=y", "route =,= z", "route.d", "Zürich", "名前", "route%2F&db=x", "route\"q", "it's", strings.Repeat("n", 255), `;`}
	for i := range 30 {
		names = append(names, fmt.Sprint("route", i))
	}
	return names
}

// TestRoute appends points in every form whose tag names one of many databases, and reads back
// every row from the database that its tag names, and from no other.
func TestRoute(t *testing.T) {
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		for _, keep := range []bool{false, true} {
			t.Run(fmt.Sprint("keep=", keep), func(t *testing.T) { routeRandomly(t, s, keep) })
		}
	})
}

func routeRandomly(t *testing.T, s *Server, keep bool) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	own := newDatabase(t, s, "route_own")
	c := newClient(t, s, fastclient.Options{Database: own})
	names := routeNames()
	for _, name := range names {
		c.DropDatabase(ctx, name)
		t.Cleanup(func() { c.DropDatabase(context.WithoutCancel(ctx), name) })
	}
	created := 0
	w, err := batch.NewWriter(c, batch.Options{
		BatchBytes: 16 << 10, MaxMemory: 16 << 20, MaxDelay: 20 * time.Millisecond,
		Route: batch.RouteOptions{DatabaseTag: "data base", Keep: keep, Max: 8, OnMissing: func(ctx context.Context, to batch.Destination) error {
			created++
			return c.CreateDatabase(ctx, to.Database)
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const points = 5000
	want := map[string][]int{}
	escape := strings.NewReplacer(",", `\,`, "=", `\=`, " ", `\ `)
	line := func(id int, name string) string {
		tags := []string{`o\ t=a\,b`, `z=\x`}
		if name != own {
			tags = append(tags, `data\ base=`+escape.Replace(name))
		}
		rng.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
		return fmt.Sprintf("m,%s v=\"x,data base=y \\\" \n\",id=%di %d\n", strings.Join(tags, ","), id, id+1)
	}
	for id := 0; id < points; {
		n := 1 + rng.IntN(20)
		var lines []string
		var ids []int
		var at []string
		for range n {
			name := own
			if rng.IntN(10) > 0 {
				name = names[rng.IntN(len(names))]
			}
			want[name] = append(want[name], id)
			lines, ids, at = append(lines, line(id, name)), append(ids, id), append(at, name)
			id++
		}
		switch rng.IntN(3) {
		case 0:
			err = w.Append(ctx, []byte(strings.Join(lines, "")))
		case 1:
			err = w.Encode(ctx, func(e *lp.Encoder) {
				for i := range ids {
					e.Point("m")
					if at[i] != own {
						e.Tag("data base", at[i])
					}
					e.Tag("o t", "a,b")
					e.Int("id", int64(ids[i]))
					e.EndTimestamp(int64(ids[i] + 1))
				}
			})
		default:
			var list []lp.Appender
			for _, l := range lines {
				list = append(list, lineAppender(l))
			}
			err = w.AppendPoints(ctx, list...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	st := w.Stats()
	if st.Acked.Lines != uint64(st.Appended.Lines) || st.Down {
		t.Errorf("%+v", st)
	}
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if created < len(names) {
		t.Errorf("%d databases were created, want %d at least", created, len(names))
	}
	total := 0
	for _, name := range append(names, own) {
		var got []int
		res, err := c.Query(ctx, `SELECT id, "data base" AS db FROM m`, fastclient.Database(name))
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range res.Rows() {
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			id, _ := r.Int(1)
			got = append(got, int(id))
			db := string(r.Raw(2))
			if tagged := keep && name != own; tagged == (db == "null") {
				t.Fatalf("%q: the tag of %d is %s", name, id, db)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want[name]) {
			t.Errorf("%q has %d rows, want %d", name, len(got), len(want[name]))
		}
		total += len(got)
	}
	if uint64(total) != st.Acked.Lines || total < points {
		t.Errorf("%d rows, want %d", total, st.Acked.Lines)
	}
}

// A lineAppender is a line that writes itself.
type lineAppender string

func (l lineAppender) AppendLP(dst []byte) ([]byte, error) { return append(dst, l...), nil }

// TestRouteNames: a value is refused if and only if the server refuses the name of the
// database.
func TestRouteNames(t *testing.T) {
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		c := newClient(t, s, fastclient.Options{Database: newDatabase(t, s, "route_names")})
		w, err := batch.NewWriter(c, batch.Options{Route: batch.RouteOptions{DatabaseTag: "db"}})
		if err != nil {
			t.Fatal(err)
		}
		escape := strings.NewReplacer(",", `\,`, "=", `\=`, " ", `\ `)
		refused := 0
		for _, name := range []string{
			".", "..", "...", "a/b", `a\b`, "/", "a.b", "a b", " ", "a\tb", "a\x01b", "a\x7fb", "a\u00a0b", "a\u0085b", "a\u200bb", "a\u2028b",
			"ü", "名", "a\U0001F600b", "a\ufffdb", "a=b", "a,b", `"`, "'", "%", "`", "\u00ad", "\ue000",
		} {
			err := c.CreateDatabase(t.Context(), name)
			c.DropDatabase(t.Context(), name)
			if err == nil {
				err = c.CreateDatabase(t.Context(), name)
			}
			var re *batch.RouteError
			appended := w.Append(t.Context(), []byte("m,db="+escape.Replace(name)+",z=1 v=1 1\n"))
			if (err != nil) != errors.As(appended, &re) {
				t.Errorf("%q: the server says %v, the Writer %v", name, err, appended)
			}
			if re != nil {
				refused++
			}
		}
		if refused < 5 {
			t.Errorf("%d names are refused", refused)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
