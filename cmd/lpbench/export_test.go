package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/influxtest"
)

const (
	tagKeys = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["tagKey"],"values":[["host"],["both"]]}]}]}` + "\n"
	// The field "two" is an integer in one shard and a float in another.
	fieldKeys = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["fieldKey","fieldType"],"values":[` +
		`["f","float"],["i","integer"],["u","unsigned"],["s","string"],["b","boolean"],["both","integer"],["two","integer"],["two","float"]]}]}]}` + "\n"
	exported = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","host","f","i","u","s","b","two","mean"],"values":[` +
		`[1,"a b",5,7,8,"x, \"y\"",true,1,2],[2,null,1152921504606847000,null,null,"",null,1.5,2.5],[3,"",null,null,null,null,null,null,null]]}]}]}` + "\n"
)

// exportOf runs export against a server that plays the replies.
func exportOf(t *testing.T, replies []influxtest.Reply, args ...string) (code int, out, said string, s *influxtest.Server) {
	t.Helper()
	s = influxtest.New(t, replies...)
	var stdout, stderr bytes.Buffer
	c := console{out: &stdout, progress: term.Lines(&stderr)}
	err := run(context.Background(), c, append([]string{"export", "-url", s.URL, "-db", "d"}, args...))
	return status(err, &stderr), stdout.String(), stderr.String(), s
}

func responses(bodies ...string) (list []influxtest.Reply) {
	for _, b := range bodies {
		list = append(list, influxtest.JSON(b))
	}
	return list
}

func TestExportLines(t *testing.T) {
	const want = `m,host=a\ b f=5,i=7i,u=8u,s="x, \"y\"",b=true,two=1,mean=2 1` + "\n" + `m f=1152921504606847000,s="",two=1.5,mean=2.5 2` + "\n"
	got, out, said, s := exportOf(t, responses(tagKeys, fieldKeys, exported), "SELECT * FROM m")
	if got != 0 || out != want || !strings.Contains(said, "2 rows, ") {
		t.Errorf("status %d, %q, want\n%q\n%s", got, out, want, said)
	}
	r := s.Requests()
	if q := r[2].Form; q.Get("q") != "SELECT * FROM m" || q.Get("epoch") != "ns" || q.Get("chunked") != "true" || q.Get("db") != "d" {
		t.Errorf("%v", q)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x.lp.gz")
	got, out, said, _ = exportOf(t, responses(tagKeys, fieldKeys, exported), "-o", file, "-header", "new", "-rp", "r", "SELECT * FROM m")
	z, err := gzip.NewReader(strings.NewReader(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if got != 0 || out != "" || err != nil || string(text) != "# DML\n# CONTEXT-DATABASE:new\n# CONTEXT-RETENTION-POLICY:r\n"+want {
		t.Errorf("status %d, %v, %q\n%s", got, err, text, said)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files", len(left))
	}
}

func TestExportCSV(t *testing.T) {
	const body = `{"results":[{"statement_id":0,"series":[` +
		`{"name":"cpu,x","tags":{"host":"a"},"columns":["time","load","note"],"values":[[1,0.5,"x, \"y\""],[2,null,null]]},` +
		`{"name":"cpu,x","tags":{"host":" b"},"columns":["time","load","note"],"values":[[1500000000000000000,3,"\r"]]}]},` +
		`{"statement_id":1,"series":[{"name":"databases","columns":["name"],"values":[["mydb"]]}]}]}` + "\n"
	const want = "measurement,time,load,note,host\n" +
		"\"cpu,x\",1970-01-01T00:00:00.000000001Z,0.5,\"x, \"\"y\"\"\",a\n" +
		"\"cpu,x\",1970-01-01T00:00:00.000000002Z,,,a\n" +
		"\"cpu,x\",2017-07-14T02:40:00Z,3,\"\r\",\" b\"\n\n" +
		"measurement,name\ndatabases,mydb\n"
	if got, out, said, _ := exportOf(t, responses(body), "-format", "csv", "SELECT 1; SHOW DATABASES"); got != 0 || out != want {
		t.Errorf("status %d\n%q, want\n%q\n%s", got, out, want, said)
	}
	if _, out, _, _ := exportOf(t, responses(body), "-format", "csv", "-epoch", "ms", "SELECT 1"); !strings.Contains(out, "\n\"cpu,x\",1,0.5,") {
		t.Errorf("%q", out)
	}
}

// TestExportSeveralTypes holds that a field of which the server leaves values out is reported,
// unless the query names the type.
func TestExportSeveralTypes(t *testing.T) {
	const types = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["fieldKey","fieldType"],"values":[["v","float"],["v","integer"],["v","string"]]}]}]}`
	const rows = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,1.5],[2,7]]}]}]}`
	for query, want := range map[string]int{"SELECT * FROM m": 1, "SELECT v::float FROM m": 0} {
		got, out, said, _ := exportOf(t, responses(tagKeys, types, rows), query)
		if got != want || out != "m v=1.5 1\nm v=7 2\n" || strings.Contains(said, `field "v" of "m" has several types`) != (want == 1) {
			t.Errorf("%s: status %d, %q\n%s", query, got, out, said)
		}
	}
}

// TestExportFails holds that there is no file of an incomplete export.
func TestExportFails(t *testing.T) {
	noTime := `{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["d"]]}]}]}`
	twice := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","both","both_1"],"values":[[1,1,"x"]]}]}]}`
	other := `{"results":[{"statement_id":0,"series":[{"name":"other","columns":["time","f"],"values":[[1,1]]}]}]}`
	inexact := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[[1,9007199254740993]]}]}]}`
	for _, c := range []struct {
		name    string
		replies []influxtest.Reply
		says    string
	}{
		{"no time", responses(tagKeys, fieldKeys, noTime), "rows without a time"},
		{"a tag and a field", responses(tagKeys, fieldKeys, twice), "GROUP BY *"},
		{"another database", responses(tagKeys, fieldKeys, other), `no measurement "other"`},
		{"no float", responses(tagKeys, fieldKeys, inexact), "row 0 of column \"f\""},
		{"cut", responses(tagKeys, fieldKeys, exported[:150]), "unexpected EOF"},
		{"an error", responses(tagKeys, fieldKeys, `{"results":[{"statement_id":0,"error":"no such thing"}]}`), "no such thing"},
		{"no keys", []influxtest.Reply{influxtest.Error(401, "authorization failed")}, "SHOW TAG KEYS: "},
	} {
		dir := t.TempDir()
		got, out, said, _ := exportOf(t, c.replies, "-o", filepath.Join(dir, "x.zst"), "SELECT * FROM m")
		left, err := os.ReadDir(dir)
		if got != 2 || out != "" || !strings.Contains(said, c.says) || len(left) > 0 || err != nil {
			t.Errorf("%s: status %d, %q, %d files, %v\n%s", c.name, got, out, len(left), err, said)
		}
	}
	// A row without a form in line protocol is counted, and the others are written.
	bad := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","host","f"],"values":[[1,"x\\",1],[2,"y",2]]}]}]}`
	got, out, said, _ := exportOf(t, responses(tagKeys, fieldKeys, bad), "SELECT * FROM m")
	if got != 1 || out != "m,host=y f=2 2\n" || !strings.Contains(said, "1 row not written, the first: ") {
		t.Errorf("status %d, %q\n%s", got, out, said)
	}
	for _, args := range [][]string{{}, {"a", "b"}, {"-format", "xml", "a"}, {"-epoch", "d", "a"}, {"-chunk", "0", "a"}, {"-stream", "a"},
		{"-header", "a:b", "q"}, {"-header", "a", "-format", "csv", "q"}, {"-token", "sesame", "q"}, {"-o", "/nosuch/dir/x", "q"}} {
		if got, out, said, s := exportOf(t, nil, args...); got != 2 || out != "" || strings.Contains(said, "sesame") || len(s.Requests()) > 0 {
			t.Errorf("%q: status %d\n%s", args, got, said)
		}
	}
}

// TestExportAll holds that every measurement with fields is asked for by itself, and once more for
// each type of a field that a query leaves out.
func TestExportAll(t *testing.T) {
	const types = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["fieldKey","fieldType"],"values":[["v","float"],["v","string"],["v","boolean"],["n","integer"],["n","float"]]},` +
		`{"name":"a \"b\"","columns":["fieldKey","fieldType"],"values":[["v","boolean"],["v","string"]]}]}]}`
	const policies = `{"results":[{"statement_id":0,"series":[{"columns":["name","duration","shardGroupDuration","replicaN","default"],"values":[["autogen","0s","168h0m0s",1,true],["old","0s","168h0m0s",1,false]]}]}]}`
	const none = `{"results":[{"statement_id":0}]}`
	row := func(measurement, field, value string) string {
		return `{"results":[{"statement_id":0,"series":[{"name":"` + measurement + `","columns":["time","` + field + `"],"values":[[1,` + value + `]]}]}]}`
	}
	got, out, said, s := exportOf(t, responses(tagKeys, types, policies,
		row(`a \"b\"`, "v", `"x"`), row(`a \"b\"`, "v", "true"), row("m", "v", "1.5"), none, row("m", "v", "false")), "-all")
	var asked []string
	for _, r := range s.Requests()[3:] {
		asked = append(asked, r.Form.Get("q"))
	}
	want := []string{`SELECT * FROM "a \"b\"" GROUP BY *`, `SELECT "v"::boolean FROM "a \"b\"" GROUP BY *`,
		`SELECT * FROM "m" GROUP BY *`, `SELECT "v"::string FROM "m" GROUP BY *`, `SELECT "v"::boolean FROM "m" GROUP BY *`}
	if got != 0 || !slices.Equal(asked, want) {
		t.Errorf("status %d, asked %q, want\n%q\n%s", got, asked, want, said)
	}
	if want := "a\\ \"b\" v=\"x\" 1\na\\ \"b\" v=true 1\nm v=1.5 1\nm v=false 1\n"; out != want || !strings.Contains(said, `retention policy "old"`) || strings.Contains(said, "autogen") {
		t.Errorf("%q, want\n%q\n%s", out, want, said)
	}
	// One query of both leaves out what is of another type.
	both := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[[1,1]]},{"name":"o","columns":["time","f"],"values":[[1,1]]}]}]}`
	clash := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["fieldKey","fieldType"],"values":[["f","float"]]},{"name":"o","columns":["fieldKey","fieldType"],"values":[["f","integer"]]}]}]}`
	for keys, want := range map[string]int{clash: 1, strings.Replace(clash, "integer", "float", 1): 0} {
		if got, _, said, _ := exportOf(t, responses(`{"results":[{"statement_id":0}]}`, keys, both), "SELECT * FROM /./ GROUP BY *"); got != want || strings.Contains(said, "-all") != (want == 1) {
			t.Errorf("status %d\n%s", got, said)
		}
	}
	for _, args := range [][]string{{"-all", "q"}, {"-all", "-format", "arrow"}, {"DROP DATABASE d"}, {" delete FROM m"}} {
		if got, _, said, s := exportOf(t, nil, args...); got != 2 || len(s.Requests()) > 0 {
			t.Errorf("%q: status %d\n%s", args, got, said)
		}
	}
}
