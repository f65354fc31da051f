package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

const (
	response = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,2]]}]}]}` + "\n"
	failed   = `{"results":[{"statement_id":0,"error":"database not found: x"}]}` + "\n"
)

func newCache(t *testing.T, replies ...influxtest.Reply) (*cache, *influxtest.Server) {
	t.Helper()
	s := influxtest.New(t, replies...)
	client, err := fastclient.Open(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return &cache{client: client, server: "server", dir: filepath.Join(t.TempDir(), "cache"), age: time.Hour}, s
}

func get(t *testing.T, c *cache, q query) (string, bool) {
	t.Helper()
	body, cached, err := c.query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), cached
}

func TestCache(t *testing.T) {
	c, s := newCache(t, influxtest.JSON(response))
	q := query{Text: "SELECT * FROM m WHERE a = $a", Database: "d", Params: map[string]string{"a": "x"}}
	for i := range 3 {
		if body, cached := get(t, c, q); body != response || cached != (i > 0) {
			t.Errorf("call %d: %q, cached %v", i, body, cached)
		}
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	// Any difference in the query is another response.
	for _, other := range []query{
		{Text: "select * from m where a = $a", Database: "d", Params: q.Params},
		{Text: q.Text + " ", Database: "d", Params: q.Params},
		{Text: q.Text, Database: "e", Params: q.Params},
		{Text: q.Text, Database: "d", RetentionPolicy: "week", Params: q.Params},
		{Text: q.Text, Database: "d", Epoch: fastclient.Second, Params: q.Params},
		{Text: q.Text, Database: "d", Params: map[string]string{"a": "y"}},
		{Text: q.Text, Database: "d"},
	} {
		if _, cached := get(t, c, other); cached {
			t.Errorf("%+v got the response to %+v", other, q)
		}
	}
	c.server = "another"
	if _, cached := get(t, c, q); cached {
		t.Error("another server's response")
	}
}

// TestCacheKeepsNoErrors holds that a response with an error, and a truncated one, are
// requested again.
func TestCacheKeepsNoErrors(t *testing.T) {
	c, _ := newCache(t, influxtest.JSON(failed), influxtest.JSON(response[:60]), influxtest.JSON(response))
	for _, want := range []string{failed, response[:60], response} {
		if body, cached := get(t, c, query{Text: "q"}); body != want || cached {
			t.Errorf("%q, cached %v, want %q", body, cached, want)
		}
	}
}

func TestCacheAgesAndHeals(t *testing.T) {
	c, s := newCache(t, influxtest.JSON(response))
	q := query{Text: "q"}
	get(t, c, q)
	name, err := c.key(q)
	if err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(name, past, past); err != nil {
		t.Fatal(err)
	}
	if _, cached := get(t, c, q); cached {
		t.Error("an old response")
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file[len(file)-1] ^= 1
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if body, cached := get(t, c, q); cached || body != response {
		t.Errorf("a damaged file: %q", body)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests", n)
	}
}

func TestRun(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(response))
	dir := t.TempDir()
	for range 2 {
		if err := run(s.URL+"?database=d&rp=week", dir, time.Hour, "SELECT 1"); err != nil {
			t.Error(err)
		}
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	if form := s.Last().Form; form.Get("db") != "d" || form.Get("rp") != "week" {
		t.Errorf("asked for %v", form)
	}
	// Another retention policy has other responses.
	if err := run(s.URL+"?database=d&rp=year", dir, time.Hour, "SELECT 1"); err != nil || len(s.Requests()) != 2 {
		t.Errorf("%v, %d requests", err, len(s.Requests()))
	}
}
