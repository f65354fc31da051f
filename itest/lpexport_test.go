package itest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
)

// TestLpbenchExportAll: -all exports points whose names have other types, or are tags, in other
// measurements or shards, and a copy of them answers as the database does. One query for all of
// them does not export them all, and says so.
func TestLpbenchExportAll(t *testing.T) {
	l := buildLpbench(t)
	const lines = `a,host=x v=1i,both=1 1500000000000000000
a,host=y v=9007199254740993i 1500000000000000001
b v="text",host=3i 1500000000000000000
c,v=tag f=t 1500000000000000000
we"ird\,\ \m v=true 1500000000000000000
parts,t=x w=1.5 1500000000000000000
parts,t=x w="x,\"y\"" 1510000000000000000
parts,t=y w=t 1520000000000000000
parts,t=y w=f 1520000000000000001
texts w="s" 1500000000000000000
texts w=t 1510000000000000000
both,k=1 k=2 1500000000000000000
`
	queries := []string{
		`SELECT * FROM a GROUP BY *`, `SELECT * FROM b GROUP BY *`, `SELECT * FROM c GROUP BY *`, `SELECT * FROM "we\"ird, \\m" GROUP BY *`,
		`SELECT w::float FROM parts GROUP BY *`, `SELECT w::string FROM parts GROUP BY *`, `SELECT w::boolean FROM parts GROUP BY *`,
		`SELECT w::string FROM texts GROUP BY *`, `SELECT w::boolean FROM texts GROUP BY *`, `SELECT * FROM both GROUP BY *`,
	}
	eachServer1(t, Config{}, func(t *testing.T, s *Server) {
		dir := t.TempDir()
		file, copied := filepath.Join(dir, "lines"), filepath.Join(dir, "copy")
		if err := os.WriteFile(file, []byte(lines), 0o666); err != nil {
			t.Fatal(err)
		}
		n := strings.Count(lines, "\n")
		c := createDatabase(t, s, newClient(t, s, fastclient.Options{}), "kinds")
		l.mustRun(t, fmt.Sprintf("stored      %d\n", n), "send", "-url", s.URL(), "-db", "kinds", file)
		again := createDatabase(t, s, c, "again")
		l.mustRun(t, fmt.Sprint(n, " rows"), "export", "-url", s.URL(), "-db", "kinds", "-all", "-o", copied)
		l.mustRun(t, fmt.Sprintf("stored      %d\n", n), "send", "-url", s.URL(), "-db", "again", copied)
		for _, q := range queries {
			want, got := raws(t, c, q), raws(t, again, q)
			if fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 {
				t.Errorf("%s\n%v, want\n%v", q, got, want)
			}
		}
		if out, status := l.run(t, "export", "-url", s.URL(), "-db", "kinds", "SELECT * FROM /^[a-c]$/ GROUP BY *"); status != 1 || !strings.Contains(out, "-all") {
			t.Errorf("status %d\n%s", status, out)
		}
		if err := c.Exec(t.Context(), `CREATE RETENTION POLICY "other one" ON kinds DURATION INF REPLICATION 1`); err != nil {
			t.Fatal(err)
		}
		l.mustRun(t, `not exported: retention policy "other one"`, "export", "-url", s.URL(), "-db", "kinds", "-all", "-format", "csv")
	})
}
